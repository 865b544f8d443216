//! A report adds up, to the fen, to what the records and inquiries of the ledger say: for random
//! ledgers, every store, both books, and everything that it can be by.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{inquiry, seen};
use given::{MCH_ID, OTHER_MCH_ID, at, entry, fen, first, merchant, next, record};
use hongbao_ledger::ledger::Filter;
use hongbao_ledger::record::{Receipt, Refund};
use hongbao_ledger::total::day_of;
use hongbao_ledger::{
    Book, By, Expect, Inquiry, InquiryCommit, InquiryFilter, MemoryLedger, PostgresLedger,
    PostgresOptions, Record, Report, SealKey, SqliteLedger, Store,
};
use hongbao_postgres_test::TestServer;
use hongbao_wire::Status;
use hongbao_wire::send::Sender;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

const STATUSES: [&str; 8] =
    ["", "SENDING", "SENT", "RECEIVED", "RFUND_ING", "REFUND", "FAILED", "SOMETHING_NEW"];
const VERDICTS: [&str; 7] =
    ["received", "refunded", "failed", "open", "unknown", "beyond_window", "no_answer"];
const NAMES: [&str; 3] = ["新年红包", "drive", ""];

/// One commit; the numbers pick from small sets, so that packets change several times.
#[derive(Clone, Debug)]
struct Step {
    is_record: bool,
    other_merchant: bool,
    billno: u8,
    hours: i64,
    status: usize,
    verdict: usize,
    act_name: usize,
    sender: usize,
    amount: u64,
    is_seen: bool,
    moved: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let whose = (any::<bool>(), prop::bool::weighted(0.2), 0..8_u8, -40..60_i64);
    let state = (0..STATUSES.len(), 0..VERDICTS.len(), 0..NAMES.len(), 0..3_usize);
    (whose, state, 1..20_000_u64, any::<bool>(), 0..20_000_u64).prop_map(
        |(whose, state, amount, is_seen, moved)| {
            let (is_record, other_merchant, billno, hours) = whose;
            let (status, verdict, act_name, sender) = state;
            Step {
                is_record,
                other_merchant,
                billno,
                hours,
                status,
                verdict,
                act_name,
                sender,
                amount,
                is_seen,
                moved,
            }
        },
    )
}

impl Step {
    fn mch_id(&self) -> &'static str {
        if self.other_merchant { OTHER_MCH_ID } else { MCH_ID }
    }

    fn sent_at(&self) -> Timestamp {
        at(0) + SignedDuration::from_hours(self.hours)
    }

    fn record(&self) -> Record {
        let mut record = record(self.mch_id(), &self.billno.to_string());
        record.sent_at = self.sent_at();
        record.order.total_amount = fen(self.amount);
        record.order.act_name = NAMES[self.act_name].into();
        record.order.sender = match self.sender {
            0 => Sender::Company,
            1 => Sender::Name("张三".into()),
            _ => Sender::Agent(1_000_002),
        };
        let status = STATUSES[self.status];
        record.status = (!status.is_empty()).then(|| Status::from_wire(status));
        let (openid, amount) = ("oA".into(), fen(self.moved));
        record.receipt =
            (status == "RECEIVED").then(|| Receipt { openid, amount, rcv_time: at(5) });
        record.refund =
            (status == "REFUND").then(|| Refund { refund_amount: amount, refund_time: at(6) });
        record
    }

    fn inquiry(&self) -> Inquiry {
        let mut inquiry = inquiry(self.mch_id(), &self.billno.to_string());
        inquiry.conclusion.verdict = VERDICTS[self.verdict].into();
        inquiry.noted_at = self.sent_at();
        inquiry.sent_at = (self.sender > 0).then(|| self.sent_at() + SignedDuration::from_hours(9));
        inquiry.order = (self.sender < 2).then(|| self.record().order);
        inquiry.seen = self.is_seen.then(|| {
            let mut seen = seen(STATUSES[self.status]);
            seen.total_amount = (!self.moved.is_multiple_of(3)).then(|| fen(self.amount));
            seen.amount = (self.verdict == 0).then(|| fen(self.moved));
            seen.refund_amount = (self.verdict == 1).then(|| fen(self.moved));
            seen.act_name = (!self.moved.is_multiple_of(2)).then(|| NAMES[self.act_name].into());
            seen.sender_name = (!self.moved.is_multiple_of(5)).then(|| "李四".into());
            seen
        });
        inquiry
    }
}

async fn commit(store: &dyn Store, versions: &mut HashMap<(bool, bool, u8), u64>, step: &Step) {
    let version = versions.entry((step.is_record, step.other_merchant, step.billno)).or_default();
    if step.is_record {
        let commit = match *version {
            0 => first(step.record()),
            known => next(step.record(), known),
        };
        *version = store.commit(commit).await.unwrap();
        return;
    }
    let expect = if *version == 0 { Expect::Absent } else { Expect::Version(*version) };
    let (inquiry, entries) = (step.inquiry(), vec![entry("asked")]);
    let commit = InquiryCommit { inquiry, expect, numbers_of_ref: None, entries };
    *version = store.commit_inquiry(commit).await.unwrap();
}

/// Packets and fen: sent, and received, refunded, failed, outstanding, unknown.
type Sums = [(u64, u64); 6];

/// What one packet is, told apart here anew.
struct Packet {
    day: Date,
    activity: String,
    status: String,
    sender: String,
    outcome: usize,
    ordered: u64,
    moved: u64,
}

fn sender(sender: &Sender) -> String {
    match sender {
        Sender::Company => String::new(),
        Sender::Name(name) => name.to_string(),
        Sender::Agent(id) => format!("agentid {id}"),
    }
}

fn of_record(record: &Record) -> Packet {
    let status = record.status.as_ref().map(Status::to_string).unwrap_or_default();
    let (outcome, moved) = match status.as_str() {
        "RECEIVED" => (1, record.receipt.as_ref().unwrap().amount),
        "REFUND" => (2, record.refund.as_ref().unwrap().refund_amount),
        "FAILED" => (3, record.order.total_amount),
        "SENDING" | "SENT" | "RFUND_ING" => (4, record.order.total_amount),
        _ => (5, record.order.total_amount),
    };
    Packet {
        day: day_of(record.sent_at),
        activity: record.order.act_name.to_string(),
        status,
        sender: sender(&record.order.sender),
        outcome,
        ordered: record.order.total_amount.get(),
        moved: moved.get(),
    }
}

fn of_inquiry(inquiry: &Inquiry) -> Packet {
    let (seen, order) = (inquiry.seen.as_ref(), inquiry.order.as_ref());
    let or = |seen: Option<String>, order: Option<String>| seen.or(order).unwrap_or_default();
    let ordered = seen.and_then(|seen| seen.total_amount).or(order.map(|o| o.total_amount));
    let ordered = ordered.unwrap_or_default();
    let received = seen.and_then(|seen| seen.amount).unwrap_or_default();
    let refunded = seen.and_then(|seen| seen.refund_amount).unwrap_or_default();
    let (outcome, moved) = match &*inquiry.conclusion.verdict {
        "received" => (1, received),
        "refunded" => (2, refunded),
        "failed" => (3, ordered),
        "open" => (4, ordered),
        _ => (5, ordered),
    };
    let act_name = seen.and_then(|seen| seen.act_name.as_ref()).map(ToString::to_string);
    let sender_name = seen.and_then(|seen| seen.sender_name.as_ref()).map(ToString::to_string);
    Packet {
        day: day_of(inquiry.sent_at.unwrap_or(inquiry.noted_at)),
        activity: or(act_name, order.map(|order| order.act_name.to_string())),
        status: or(seen.map(|seen| seen.status.to_string()), None),
        sender: or(sender_name, order.map(|order| sender(&order.sender))),
        outcome,
        ordered: ordered.get(),
        moved: moved.get(),
    }
}

fn summed<'p>(packets: impl Iterator<Item = &'p Packet>, by: By) -> BTreeMap<String, Sums> {
    let mut sums = BTreeMap::<String, Sums>::new();
    for packet in packets {
        let key = match by {
            By::Day => packet.day.to_string(),
            By::Activity => packet.activity.clone(),
            By::Status => packet.status.clone(),
            By::Sender => packet.sender.clone(),
        };
        let sums = sums.entry(key).or_default();
        for (at, fen) in [(0, packet.ordered), (packet.outcome, packet.moved)] {
            sums[at].0 += 1;
            sums[at].1 += fen;
        }
    }
    sums
}

fn reported(report: &Report) -> BTreeMap<String, Sums> {
    let line = |line: &hongbao_ledger::report::Line| {
        let mut sums = [line.sent; 6];
        sums[1..].copy_from_slice(&line.outcomes);
        sums.map(|money| (money.packets, money.fen.get()))
    };
    let lines = report.lines.iter().map(|l| (l.key.to_string(), line(l))).collect();
    let total = summed_up(&lines);
    assert_eq!(line(&report.total), total, "the total is the sum of the lines");
    lines
}

fn summed_up(lines: &BTreeMap<String, Sums>) -> Sums {
    lines.values().fold(Sums::default(), |mut all, sums| {
        for (into, from) in all.iter_mut().zip(sums) {
            *into = (into.0 + from.0, into.1 + from.1);
        }
        all
    })
}

async fn packets(store: &dyn Store, book: Book, mch_id: &str) -> Vec<Packet> {
    match book {
        Book::Records => {
            let filter = Filter { limit: 1000, ..Filter::default() };
            store.records(mch_id, &filter).await.unwrap().iter().map(of_record).collect()
        }
        Book::Inquiries => {
            let filter = InquiryFilter { limit: 1000, ..InquiryFilter::default() };
            store.inquiries(mch_id, &filter).await.unwrap().iter().map(of_inquiry).collect()
        }
    }
}

async fn check(store: &dyn Store, steps: &[Step], from: Option<Date>, to: Option<Date>) {
    for mch_id in [MCH_ID, OTHER_MCH_ID] {
        store.add_merchant(merchant(mch_id, 1_000)).await.unwrap();
    }
    let mut versions = HashMap::new();
    for step in steps {
        commit(store, &mut versions, step).await;
    }
    for mch_id in [MCH_ID, OTHER_MCH_ID, "nobody"] {
        for book in Book::ALL {
            let packets = packets(store, book, mch_id).await;
            let of_days = packets.iter().filter(|packet| {
                from.is_none_or(|from| from <= packet.day) && to.is_none_or(|to| packet.day <= to)
            });
            let totals = store.totals(book, mch_id, from, to).await.unwrap();
            for by in By::ALL {
                let report = Report::of(&totals, by, None).unwrap();
                assert_eq!(
                    reported(&report),
                    summed(of_days.clone(), by),
                    "{mch_id} {book:?} {by:?}"
                );
            }
        }
    }
}

/// Commits, and the days that are asked for.
type Story = (Vec<Step>, Option<Date>, Option<Date>);

fn story() -> impl Strategy<Value = Story> {
    let day = |days: i64| day_of(at(0) + SignedDuration::from_hours(24 * (days - 2)));
    let day = move || prop::option::of((0..5_i64).prop_map(day));
    (prop::collection::vec(step(), 0..60), day(), day())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_report_adds_up_to_the_fen((steps, from, to) in story()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let sqlite = SqliteLedger::open(&path, SealKey::generate()).unwrap();
        runtime().block_on(async {
            check(&MemoryLedger::new(), &steps, from, to).await;
            check(&sqlite, &steps, from, to).await;
        });
    }
}

proptest! {
    // a database is made for each
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Where PostgreSQL is installed.
    #[test]
    fn a_report_of_postgres_adds_up_to_the_fen((steps, from, to) in story()) {
        let Some(server) = TestServer::shared() else { return Ok(()) };
        let options = PostgresOptions::new(&server.database().socket_url).unwrap();
        runtime().block_on(async {
            let postgres = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
            check(&postgres, &steps, from, to).await;
        });
    }
}
