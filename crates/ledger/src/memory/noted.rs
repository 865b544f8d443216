//! What the store in memory holds of the merchant's side, and each operation on it.

mod archive;

use super::chains::Chains;
use crate::book::Book;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiries::too_far_ahead;
use crate::inquiry::{Inquiry, InquiryCommit, InquiryFilter, RUN_KEPT_FOR, Sighting};
use crate::lease::{Claim, Lease, SliceRequest, longest, share};
use crate::record::Key;
use crate::time::whole;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A packet with its history.
struct Kept {
    inquiry: Inquiry,
    /// Positions of its entries in the chain.
    history: Vec<u64>,
    lease: Option<Lease>,
}

/// By holder.
type Slices = BTreeMap<Box<str>, Slice>;

/// A slice of a pace: how much, until when.
struct Slice {
    per_1000_seconds: u64,
    until: Timestamp,
}

/// A run over a file.
#[derive(Default)]
struct Run {
    began_at: Option<Timestamp>,
    /// The first line of each number.
    lines: HashMap<Box<str>, u64>,
}

/// Everything that the store holds. Merchant numbers lead every key.
pub(super) struct Noted {
    pub(super) chains: Chains,
    packets: BTreeMap<Box<str>, BTreeMap<Box<str>, Kept>>,
    /// By merchant and name.
    runs: HashMap<(Box<str>, Box<str>), Run>,
    /// By merchant and pace.
    paces: HashMap<(Box<str>, Box<str>), Slices>,
}

impl Default for Noted {
    fn default() -> Self {
        Self {
            chains: Chains::new(Book::Inquiries),
            packets: BTreeMap::new(),
            runs: HashMap::new(),
            paces: HashMap::new(),
        }
    }
}

impl Noted {
    fn kept(&self, key: &Key) -> Option<&Kept> {
        self.packets.get(key.mch_id.as_str())?.get(key.mch_billno.as_str())
    }

    fn kept_mut(&mut self, key: &Key) -> Option<&mut Kept> {
        self.packets.get_mut(key.mch_id.as_str())?.get_mut(key.mch_billno.as_str())
    }

    /// A merchant's inquiries in the order of their numbers.
    fn of(&self, mch_id: &str) -> impl Iterator<Item = &Inquiry> {
        let packets = self.packets.get(mch_id).into_iter().flat_map(BTreeMap::values);
        packets.map(|kept| &kept.inquiry)
    }

    pub(super) fn inquiry(&self, key: &Key) -> Option<Inquiry> {
        self.kept(key).map(|kept| kept.inquiry.clone())
    }

    pub(super) fn history(&self, key: &Key) -> Vec<Entry> {
        self.kept(key)
            .map(|kept| self.chains.entries(key.mch_id.as_str(), &kept.history))
            .unwrap_or_default()
    }

    /// Checks everything, then changes everything.
    pub(super) fn commit(&mut self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        if commit.entries.is_empty() {
            return Err(LedgerError::NoEntries);
        }
        let stored = self.kept(&commit.inquiry.key).map(|kept| kept.inquiry.version);
        let version = commit.expect.next_version(stored)?;
        if commit
            .numbers_of_ref
            .is_some_and(|wanted| wanted != self.numbers_beside(&commit.inquiry))
        {
            return Err(LedgerError::Conflict);
        }
        let old = self.kept(&commit.inquiry.key).map(|kept| kept.inquiry.total());
        let inquiry = Inquiry { version, ..commit.inquiry }.in_whole_ms();
        let mch_id = &inquiry.key.mch_id;
        let totals = self.chains.shifted(mch_id.as_str(), old, inquiry.total())?;
        self.chains.set_totals(mch_id, totals);
        self.put(inquiry, &commit.entries);
        Ok(version)
    }

    /// Puts an inquiry in the place of what is there, and its entries after those that are.
    fn put(&mut self, inquiry: Inquiry, entries: &[Entry]) {
        let Key { mch_id, mch_billno } = &inquiry.key;
        let state = inquiry.state_digest();
        let positions = self.chains.append(mch_id, mch_billno, entries, state);
        let packets = self.packets.entry(mch_id.as_str().into()).or_default();
        let billno: Box<str> = mch_billno.as_str().into();
        let mut history = packets.remove(&billno).map(|kept| kept.history).unwrap_or_default();
        history.extend(positions);
        packets.insert(billno, Kept { inquiry, history, lease: None });
    }

    /// How many other numbers have the inquiry's reference; without one, none.
    fn numbers_beside(&self, inquiry: &Inquiry) -> u32 {
        let Some(business_ref) = &inquiry.business_ref else { return 0 };
        let others = self
            .of(inquiry.key.mch_id.as_str())
            .filter(|other| other.business_ref.as_ref() == Some(business_ref))
            .filter(|other| other.key != inquiry.key);
        others.count().try_into().unwrap_or(u32::MAX)
    }

    pub(super) fn of_ref(&self, mch_id: &str, business_ref: &str) -> Vec<Inquiry> {
        let mut found: Vec<Inquiry> = self
            .of(mch_id)
            .filter(|inquiry| inquiry.business_ref.as_deref() == Some(business_ref))
            .cloned()
            .collect();
        // Stable: equal times stay in the order of the numbers.
        found.sort_by_key(|inquiry| inquiry.noted_at);
        found
    }

    /// A page of those that match `filter` and `beside`.
    pub(super) fn list(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
        beside: impl Fn(&Inquiry) -> bool,
    ) -> Vec<Inquiry> {
        self.of(mch_id)
            .filter(|inquiry| holds(filter, inquiry) && beside(inquiry))
            .take(filter.rows_max())
            .cloned()
            .collect()
    }

    pub(super) fn due(&self, mch_id: &str, now: Timestamp, limit: u32) -> Vec<Inquiry> {
        let mut due: Vec<&Inquiry> =
            self.of(mch_id).filter(|inquiry| is_due(inquiry, now)).collect();
        // Stable: equal times stay in the order of the numbers.
        due.sort_by_key(|inquiry| inquiry.due_at);
        due.into_iter().take(limit as usize).cloned().collect()
    }

    pub(super) fn claim_due(
        &mut self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Vec<Inquiry> {
        let packets = self.packets.get_mut(mch_id).into_iter().flat_map(BTreeMap::values_mut);
        let is_free = |kept: &&mut Kept| {
            is_due(&kept.inquiry, now)
                && kept.lease.as_ref().is_none_or(|held| !held.keeps_off(&lease.holder, now))
        };
        let mut due: Vec<&mut Kept> = packets.filter(is_free).collect();
        due.sort_by_key(|kept| kept.inquiry.due_at);
        let claim = |kept: &mut Kept| {
            kept.lease = Some(lease.clone());
            kept.inquiry.clone()
        };
        due.into_iter().take(limit as usize).map(claim).collect()
    }

    pub(super) fn claim(&mut self, key: &Key, now: Timestamp, lease: &Lease) -> Claim {
        let Some(kept) = self.kept_mut(key) else { return Claim::Absent };
        match &kept.lease {
            Some(held) if held.keeps_off(&lease.holder, now) => {
                Claim::Held { until: whole(held.until) }
            }
            _ => {
                kept.lease = Some(lease.clone());
                Claim::Taken
            }
        }
    }

    pub(super) fn release(&mut self, key: &Key, holder: &str) {
        if let Some(kept) = self.kept_mut(key)
            && kept.lease.as_ref().is_some_and(|held| *held.holder == *holder)
        {
            kept.lease = None;
        }
    }

    pub(super) fn lease_pace(&mut self, request: &SliceRequest, now: Timestamp) -> u64 {
        let name = (request.mch_id.clone(), request.pace.clone());
        let slices = self.paces.entry(name).or_default();
        slices.retain(|holder, slice| {
            let until = whole(slice.until);
            *holder != request.lease.holder && until > whole(now) && until <= longest(now)
        });
        let others: Vec<u64> = slices.values().map(|slice| slice.per_1000_seconds).collect();
        let per_1000_seconds = share(request.whole_per_1000_seconds, &others);
        let slice = Slice { per_1000_seconds, until: request.lease.until };
        slices.insert(request.lease.holder.clone(), slice);
        per_1000_seconds
    }

    pub(super) fn next_due(&self, mch_id: &str) -> (Option<Timestamp>, u64) {
        let due = || self.of(mch_id).filter_map(|inquiry| inquiry.due_at);
        (due().min(), due().count() as u64)
    }

    fn run(&mut self, mch_id: &str, run: &str) -> &mut Run {
        self.runs.entry((mch_id.into(), run.into())).or_default()
    }

    pub(super) fn begin_run(&mut self, mch_id: &str, run: &str, now: Timestamp) -> Timestamp {
        let is_kept = |began: Timestamp| whole(now).duration_since(began) <= RUN_KEPT_FOR;
        self.runs.retain(|(of, name), kept| {
            &**of != mch_id || &**name == run || kept.began_at.is_none_or(is_kept)
        });
        *self.run(mch_id, run).began_at.get_or_insert(whole(now))
    }

    pub(super) fn sight(&mut self, mch_id: &str, run: &str, rows: Vec<Sighting>) -> Vec<u64> {
        let lines = &mut self.run(mch_id, run).lines;
        let sight = |row: Sighting| {
            let first = lines.entry(row.mch_billno).or_insert(row.line);
            *first = row.line.min(*first);
            *first
        };
        rows.into_iter().map(sight).collect()
    }

    pub(super) fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Vec<Inquiry> {
        let lines = self.runs.get(&(mch_id.into(), run.into())).map(|run| &run.lines);
        self.list(mch_id, filter, |inquiry| {
            lines.is_none_or(|lines| !lines.contains_key(inquiry.key.mch_billno.as_str()))
        })
    }

    pub(super) fn end_run(&mut self, mch_id: &str, run: &str) {
        self.runs.remove(&(mch_id.into(), run.into()));
    }
}

fn is_due(inquiry: &Inquiry, now: Timestamp) -> bool {
    inquiry.due_at.is_some_and(|at| at <= now || at > too_far_ahead(now))
}

/// Whether all that is given holds.
fn holds(filter: &InquiryFilter, inquiry: &Inquiry) -> bool {
    let (seen, order) = (inquiry.seen.as_ref(), inquiry.order.as_ref());
    let status = seen.map(|seen| &seen.status);
    let act_name =
        seen.and_then(|seen| seen.act_name.as_ref()).or(order.map(|order| &order.act_name));
    let receivers =
        [order.map(|order| &order.re_openid), seen.and_then(|seen| seen.openid.as_ref())];
    let sent_at = inquiry.sent_at.unwrap_or(inquiry.noted_at);
    let after = filter.after_billno.as_deref();
    filter.status.as_ref().is_none_or(|wanted| status == Some(wanted))
        && filter.verdict.as_ref().is_none_or(|wanted| inquiry.conclusion.verdict == *wanted)
        && filter.act_name.as_ref().is_none_or(|wanted| act_name == Some(wanted))
        && filter.openid.as_ref().is_none_or(|wanted| receivers.contains(&Some(wanted)))
        && filter.business_ref.as_ref().is_none_or(|r| inquiry.business_ref.as_ref() == Some(r))
        && filter.attention.is_none_or(|wanted| inquiry.attention.is_some() == wanted)
        && filter.from.is_none_or(|from| sent_at >= from)
        && filter.until.is_none_or(|until| sent_at < until)
        && after.is_none_or(|after| inquiry.key.mch_billno.as_str() > after)
}
