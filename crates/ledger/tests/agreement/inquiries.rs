//! Random operations of the merchant's side.

use crate::given::inquiries::{full_inquiry, inquiry, noted, ordered, seen};
use crate::given::{at, fen};
use crate::{BILLNOS, MERCHANTS, RECEIVERS};
use hongbao_ledger::inquiry::{Seen, Sighting};
use hongbao_ledger::{Expect, Inquiries, Inquiry, InquiryCommit, InquiryFilter, Key, LedgerError};
use proptest::prelude::*;

const REFS: [Option<&str>; 3] = [None, Some("ref"), Some("Ref")];
const VERDICTS: [&str; 2] = ["open", "failed"];
const RUNS: [&str; 2] = ["run", "Run"];

/// One operation; the numbers pick from small sets, so that operations meet.
#[derive(Clone, Debug)]
pub enum Operation {
    Commit(Pick),
    Begin { merchant: usize, run: usize, now: i64 },
    Sight { merchant: usize, run: usize, rows: Vec<(usize, u64)> },
    End { merchant: usize, run: usize },
}

#[derive(Clone, Debug)]
pub struct Pick {
    merchant: usize,
    billno: usize,
    version: u64,
    business_ref: usize,
    numbers_of_ref: Option<u32>,
    base: usize,
    verdict: usize,
    order: Option<usize>,
    openid: Option<usize>,
    times: (i64, Option<i64>, Option<i64>),
    attention: bool,
    entries: usize,
}

fn pick() -> impl Strategy<Value = Pick> {
    let names = (0..MERCHANTS.len(), 0..BILLNOS.len(), 0..3_u64, 0..REFS.len());
    let guard = prop::option::weighted(0.5, 0..3_u32);
    let receivers = (prop::option::of(0..RECEIVERS.len()), prop::option::of(0..RECEIVERS.len()));
    let times = (0..5_i64, prop::option::of(0..5_i64), prop::option::of(0..5_i64));
    let rest = (0..3_usize, 0..VERDICTS.len(), any::<bool>(), 0..4_usize);
    (names, guard, receivers, times, rest).prop_map(|(names, guard, receivers, times, rest)| Pick {
        merchant: names.0,
        billno: names.1,
        version: names.2,
        business_ref: names.3,
        numbers_of_ref: guard,
        base: rest.0,
        verdict: rest.1,
        order: receivers.0,
        openid: receivers.1,
        times,
        attention: rest.2,
        entries: rest.3,
    })
}

pub fn operation() -> impl Strategy<Value = Operation> {
    let (merchant, run) = (0..MERCHANTS.len(), 0..RUNS.len());
    let rows = prop::collection::vec((0..BILLNOS.len(), 1..9_u64), 0..5);
    prop_oneof![
        8 => pick().prop_map(Operation::Commit),
        1 => (merchant.clone(), run.clone(), 0..9_i64)
            .prop_map(|(merchant, run, now)| Operation::Begin { merchant, run, now }),
        2 => (merchant.clone(), run.clone(), rows)
            .prop_map(|(merchant, run, rows)| Operation::Sight { merchant, run, rows }),
        1 => (merchant, run).prop_map(|(merchant, run)| Operation::End { merchant, run }),
    ]
}

impl Pick {
    fn commit(&self) -> InquiryCommit {
        let (mch_id, mch_billno) = (MERCHANTS[self.merchant], BILLNOS[self.billno]);
        let base = match self.base {
            0 => inquiry(mch_id, mch_billno),
            1 => ordered(mch_id, mch_billno, ""),
            _ => full_inquiry(mch_id, mch_billno),
        };
        let mut inquiry = Inquiry {
            business_ref: REFS[self.business_ref].map(Into::into),
            noted_at: at(self.times.0),
            sent_at: self.times.1.map(at),
            due_at: self.times.2.map(at),
            attention: self.attention.then(|| "looks".into()),
            ..base
        };
        inquiry.send_reply = inquiry.send_reply.map(|reply| reply.slice(..9));
        // So much that the totals of some of them are too large.
        if let Some(seen) = &mut inquiry.seen {
            seen.total_amount = Some(fen(1 << 61));
        }
        inquiry.conclusion.verdict = VERDICTS[self.verdict].into();
        if let (Some(receiver), Some(order)) = (self.order, &mut inquiry.order) {
            order.re_openid = RECEIVERS[receiver].into();
        }
        if let Some(receiver) = self.openid {
            let openid = Some(RECEIVERS[receiver].into());
            inquiry.seen = Some(Seen { openid, ..inquiry.seen.unwrap_or(seen("SENT")) });
        }
        InquiryCommit {
            expect: match self.version {
                0 => Expect::Absent,
                version => Expect::Version(version),
            },
            numbers_of_ref: self.numbers_of_ref,
            entries: crate::entries(self.entries),
            ..noted(inquiry)
        }
    }
}

pub async fn run(ledger: &dyn Inquiries, operation: &Operation) -> String {
    let outcome: Result<String, LedgerError> = match operation {
        Operation::Commit(pick) => {
            ledger.commit_inquiry(pick.commit()).await.map(|version| version.to_string())
        }
        Operation::Begin { merchant, run, now } => ledger
            .begin_run(MERCHANTS[*merchant], RUNS[*run], at(*now))
            .await
            .map(|began| began.to_string()),
        Operation::Sight { merchant, run, rows } => {
            let row = |(billno, line): &(usize, u64)| Sighting {
                mch_billno: BILLNOS[*billno].into(),
                line: *line,
            };
            let rows = rows.iter().map(row).collect();
            let lines = ledger.sight(MERCHANTS[*merchant], RUNS[*run], rows).await;
            lines.map(|lines| format!("{lines:?}"))
        }
        Operation::End { merchant, run } => {
            ledger.end_run(MERCHANTS[*merchant], RUNS[*run]).await.map(|()| String::new())
        }
    };
    format!("{outcome:?}")
}

/// Filters of every kind, each beside the others.
fn filters() -> Vec<InquiryFilter> {
    let given = |bits: u32, bit: u32| bits & (1 << bit) != 0;
    (0..512)
        .filter(|bits: &u32| bits.count_ones() <= 2)
        .map(|bits| InquiryFilter {
            status: given(bits, 0).then(|| "SENT".into()),
            verdict: given(bits, 1).then(|| "open".into()),
            act_name: given(bits, 2).then(|| "活动".into()),
            openid: given(bits, 3).then(|| "oA".into()),
            business_ref: given(bits, 4).then(|| "ref".into()),
            attention: given(bits, 5).then_some(!given(bits, 1)),
            from: given(bits, 6).then(|| at(2)),
            until: given(bits, 7).then(|| at(3)),
            after_billno: given(bits, 8).then(|| "1".into()),
            limit: 3,
        })
        .collect()
}

/// Everything of the merchant's side that can be read.
pub async fn everything(ledger: &dyn Inquiries) -> Vec<String> {
    let mut seen = Vec::new();
    let filters = filters();
    for mch_id in MERCHANTS {
        seen.push(format!("{:?}", ledger.next_due(mch_id).await.unwrap()));
        seen.push(format!("{:?}", ledger.due_inquiries(mch_id, at(3), 2).await.unwrap()));
        for business_ref in REFS.into_iter().flatten() {
            let found = ledger.inquiries_of_ref(mch_id, business_ref).await.unwrap();
            seen.push(format!("{found:?}"));
        }
        for filter in &filters {
            seen.push(format!("{:?}", ledger.inquiries(mch_id, filter).await.unwrap()));
            let unsighted = ledger.unsighted(mch_id, RUNS[0], filter).await.unwrap();
            seen.push(format!("{unsighted:?}"));
        }
        for billno in BILLNOS {
            let key = Key::new(mch_id, billno);
            seen.push(format!("{:?}", ledger.inquiry(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.inquiry_history(&key).await.unwrap()));
        }
    }
    seen
}
