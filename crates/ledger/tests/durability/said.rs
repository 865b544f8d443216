//! What writers said before they or their store ended, and whether the ledger holds it.

use crate::given::{MCH_ID, entry, record};
use crate::load::{inquiry_at, reply};
use hongbao_ledger::{Audit, Entry, Filter, Inquiry, InquiryFilter, Record, Store};
use std::collections::{HashMap, HashSet};

/// The balance that every ledger begins with, fen.
pub const BALANCE: u64 = 1_000_000_000;

#[derive(Default)]
pub struct Said {
    pub tried: HashSet<String>,
    pub acknowledged: HashMap<String, u64>,
}

impl Said {
    pub fn read(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("try"), Some(mch_billno), None) => {
                self.tried.insert(mch_billno.to_owned());
                true
            }
            (Some("ack"), Some(mch_billno), Some(version)) => {
                self.acknowledged.insert(mch_billno.to_owned(), version.parse().unwrap());
                true
            }
            _ => false, // The test harness speaks too.
        }
    }

    /// Nothing that was acknowledged is lost, and of what was not, at most the one change
    /// that was under way is there.
    fn check(&self, mch_billno: &str, version: u64) {
        assert!(self.tried.contains(mch_billno), "{mch_billno} was never sent");
        let acknowledged = self.acknowledged.get(mch_billno).copied().unwrap_or(0);
        let possible = acknowledged..=acknowledged + 1;
        assert!(possible.contains(&version), "{mch_billno}: {version}, not {possible:?}");
    }
}

async fn all_records(ledger: &dyn Store) -> HashMap<String, Record> {
    let mut all = HashMap::new();
    let mut filter = Filter { limit: 1000, ..Filter::default() };
    loop {
        let page = ledger.records(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { return all };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        all.extend(page.into_iter().map(|r| (r.key.mch_billno.to_string(), r)));
    }
}

async fn all_inquiries(ledger: &dyn Store) -> HashMap<String, Inquiry> {
    let mut all = HashMap::new();
    let mut filter = InquiryFilter { limit: 1000, ..InquiryFilter::default() };
    loop {
        let page = ledger.inquiries(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { return all };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        all.extend(page.into_iter().map(|i| (i.key.mch_billno.to_string(), i)));
    }
}

/// Returns how many entries the histories of both sides have.
pub async fn check(ledger: &dyn Store, said: &Said) -> (u64, u64) {
    let (records, inquiries) = (all_records(ledger).await, all_inquiries(ledger).await);
    for mch_billno in said.acknowledged.keys() {
        let is_kept = records.contains_key(mch_billno) || inquiries.contains_key(mch_billno);
        assert!(is_kept, "{mch_billno} is lost");
    }
    let mut entries = (0, 0);
    for (mch_billno, found) in &records {
        let version = found.version;
        said.check(mch_billno, version);
        assert_eq!(*found, Record { version, ..record(MCH_ID, mch_billno) });
        let history = ledger.history(&found.key).await.unwrap();
        let events = ["accepted", "moved"].map(entry);
        assert_eq!(history, events[..version as usize]);
        assert_eq!(ledger.reply(MCH_ID, mch_billno).await.unwrap(), reply(mch_billno, version));
        entries.0 += version;
    }
    let balance = ledger.merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(balance, BALANCE - records.len() as u64, "the balance goes with the records");
    for (mch_billno, found) in &inquiries {
        said.check(mch_billno, found.version);
        assert_eq!(*found, inquiry_at(mch_billno, found.version).0);
        let history = ledger.inquiry_history(&found.key).await.unwrap();
        let wanted: Vec<Entry> =
            (1..=found.version).map(|version| inquiry_at(mch_billno, version).1).collect();
        assert_eq!(history, wanted);
        entries.1 += found.version;
    }
    let due = inquiries.values().filter(|inquiry| inquiry.due_at.is_some()).count() as u64;
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap().1, due);
    let report = Audit::new().run(ledger, &mut |_| {}).await.unwrap();
    assert_eq!(report.faults, [], "chains and totals go with the packets");
    entries
}
