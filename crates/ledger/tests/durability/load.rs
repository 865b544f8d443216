//! Writers of both sides, that never end by themselves.

use crate::given::inquiries::{asked, noted, ordered};
use crate::given::{MCH_ID, at, budget, entry, fen, next, record, spending};
use bytes::Bytes;
use hongbao_ledger::record::Order;
use hongbao_ledger::{
    Budget, Commit, Entry, Inquiries, Inquiry, InquiryCommit, Ledger, LedgerError,
};

/// Up to which version an inquiry is written.
pub const VERSIONS: u64 = 3;

/// Who hears what is tried and what was acknowledged.
pub trait Listener: Sync {
    fn hear(&self, line: String);

    /// Whether to go on with another number.
    fn goes_on(&self) -> bool;

    /// What to do with a failure: only a store that is away may have one.
    fn fails(&self, error: LedgerError);
}

pub fn reply(mch_billno: &str, version: u64) -> Option<Bytes> {
    Some(format!("{mch_billno} {version} {}", "x".repeat(900)).into())
}

/// An inquiry as its version says it is, and the entry that came with that version.
pub fn inquiry_at(mch_billno: &str, version: u64) -> (Inquiry, Entry) {
    let ordered = ordered(MCH_ID, mch_billno, mch_billno);
    // The sum of all must stay below the most that there is.
    let order = ordered.order.map(|order| Order { total_amount: fen(100), ..order });
    let inquiry = Inquiry {
        order,
        sends: version as u32,
        due_at: (version < VERSIONS).then(|| at(version as i64)),
        reply: reply(mch_billno, version),
        version,
        ..ordered
    };
    let raw = Some(format!("{mch_billno} {version}").into_bytes().into());
    (inquiry, Entry { raw, ..entry("sent") })
}

/// Says that it was acknowledged; whether it was.
fn told(listener: &impl Listener, mch_billno: &str, wanted: u64, outcome: Outcome) -> bool {
    match outcome {
        Ok(version) => {
            assert_eq!(version, wanted);
            listener.hear(format!("ack {mch_billno} {version}"));
            true
        }
        Err(error) => {
            listener.fails(error);
            false
        }
    }
}

type Outcome = Result<u64, LedgerError>;

pub async fn write_packets(ledger: &impl Ledger, prefix: &str, listener: &impl Listener) {
    for number in 0.. {
        if !listener.goes_on() {
            return;
        }
        let mch_billno = format!("{prefix}x{number}");
        listener.hear(format!("try {mch_billno}"));
        let budget = Budget { re_openid: prefix.into(), ..budget(1) };
        let first = Commit { reply: reply(&mch_billno, 1), ..spending(&mch_billno, budget) };
        let order = record(MCH_ID, &mch_billno);
        let second = Commit { reply: reply(&mch_billno, 2), ..next(order, 1) };
        for (version, commit) in [(1, first), (2, second)] {
            if !told(listener, &mch_billno, version, ledger.commit(commit).await) {
                break;
            }
        }
    }
}

pub async fn write_inquiries(ledger: &impl Inquiries, prefix: &str, listener: &impl Listener) {
    for number in 0.. {
        if !listener.goes_on() {
            return;
        }
        let mch_billno = format!("{prefix}x{number}");
        listener.hear(format!("try {mch_billno}"));
        for version in 1..=VERSIONS {
            let (inquiry, entry) = inquiry_at(&mch_billno, version);
            let commit = if version == 1 { noted(inquiry) } else { asked(inquiry, version - 1) };
            let commit = InquiryCommit { entries: vec![entry], numbers_of_ref: Some(0), ..commit };
            if !told(listener, &mch_billno, version, ledger.commit_inquiry(commit).await) {
                break;
            }
        }
    }
}
