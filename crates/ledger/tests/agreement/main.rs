//! Random operations give the same on every store as on the reference in memory.
#![allow(clippy::unwrap_used)]

#[path = "../given/mod.rs"]
mod given;
mod inquiries;

use given::{MCH_ID, OTHER_MCH_ID, at, day, entry, fen, first, full_record, merchant, record};
use hongbao_ledger::record::Told;
use hongbao_ledger::{
    Audit, Book, Budget, Commit, Entry, Expect, Filter, Finding, Key, Lease, LedgerError,
    MemoryLedger, PostgresLedger, PostgresOptions, SealKey, SqliteLedger, Store,
};
use hongbao_postgres_test::TestServer;
use hongbao_wire::Status;
use jiff::ToSpan;
use proptest::prelude::*;

const MERCHANTS: [&str; 3] = [MCH_ID, OTHER_MCH_ID, "nobody"];
const BILLNOS: [&str; 4] = ["1", "2", "a", "B"];
const RECEIVERS: [&str; 2] = ["oA", "oB"];
const STATUSES: [Option<Status>; 3] = [None, Some(Status::Sent), Some(Status::Failed)];
const TOLD: [Told; 3] = [Told::Nothing, Told::Unclear, Told::Clear];

/// One operation; the numbers pick from small sets, so that operations meet.
#[derive(Clone, Debug)]
enum Operation {
    Commit(Pick),
    TopUp { merchant: usize, amount: u64 },
    Add { merchant: usize },
    Update { merchant: usize, key_version: u32 },
    Set { value: String },
    Inquiry(Box<inquiries::Operation>),
    Claim { holder: usize, now: i64 },
    Trim { merchant: usize, before: i64, limit: u32 },
    Forget { merchant: usize, receiver: usize },
}

#[derive(Clone, Debug)]
struct Pick {
    merchant: usize,
    billno: usize,
    version: u64,
    receiver: usize,
    status: usize,
    told: usize,
    full: bool,
    due: Option<i64>,
    entries: usize,
    reply: Option<Vec<u8>>,
    budget: Option<(u64, u32, i64)>,
    refund: Option<u64>,
    finds: Option<usize>,
}

fn pick() -> impl Strategy<Value = Pick> {
    let names = (0..MERCHANTS.len(), 0..BILLNOS.len(), 0..3_u64, 0..RECEIVERS.len());
    let state = (0..3_usize, 0..3_usize, any::<bool>(), prop::option::of(0..5_i64));
    let beside = (0..4_usize, prop::option::of(prop::collection::vec(any::<u8>(), 0..8)));
    let money = (
        prop::option::of((0..400_u64, 0..4_u32, 0..2_i64)),
        prop::option::weighted(0.2, prop_oneof![0..300_u64, Just(i64::MAX as u64)]),
        prop::option::weighted(0.2, 0..BILLNOS.len()),
    );
    (names, state, beside, money).prop_map(|(names, state, beside, money)| Pick {
        merchant: names.0,
        billno: names.1,
        version: names.2,
        receiver: names.3,
        status: state.0,
        told: state.1,
        full: state.2,
        due: state.3,
        entries: beside.0,
        reply: beside.1,
        budget: money.0,
        refund: money.1,
        finds: money.2,
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let merchant = 0..MERCHANTS.len();
    let merchants = merchant.clone();
    prop_oneof![
        8 => pick().prop_map(Operation::Commit),
        1 => (merchant.clone(), prop_oneof![0..500_u64, Just(i64::MAX as u64)])
            .prop_map(|(merchant, amount)| Operation::TopUp { merchant, amount }),
        1 => merchant.clone().prop_map(|merchant| Operation::Add { merchant }),
        1 => (merchant, any::<u32>())
            .prop_map(|(merchant, key_version)| Operation::Update { merchant, key_version }),
        1 => ".{0,5}".prop_map(|value| Operation::Set { value }),
        1 => (0..3_usize, 0..9_i64).prop_map(|(holder, now)| Operation::Claim { holder, now }),
        1 => (merchants.clone(), 0..3_i64, 0..4_u32)
            .prop_map(|(merchant, before, limit)| Operation::Trim { merchant, before, limit }),
        1 => (merchants, 0..RECEIVERS.len())
            .prop_map(|(merchant, receiver)| Operation::Forget { merchant, receiver }),
        8 => inquiries::operation().prop_map(|operation| Operation::Inquiry(Box::new(operation))),
    ]
}

impl Pick {
    fn commit(&self) -> Commit {
        let (mch_id, mch_billno) = (MERCHANTS[self.merchant], BILLNOS[self.billno]);
        let make = if self.full { full_record } else { record };
        let mut record = make(mch_id, mch_billno);
        // So much that the totals of some of them are too large.
        if self.full {
            record.order.total_amount = fen(1 << 61);
        }
        record.order.re_openid = RECEIVERS[self.receiver].into();
        record.status = STATUSES[self.status].clone();
        record.told = TOLD[self.told];
        record.due_at = self.due.map(at);
        let finding = |first: usize| Finding {
            mch_id: mch_id.into(),
            at: at(self.version as i64),
            first_billno: BILLNOS[first].into(),
            second_billno: mch_billno.into(),
            re_openid: RECEIVERS[self.receiver].into(),
            total_amount: fen(100),
            told: "NOT_FOUND".into(),
        };
        Commit {
            expect: match self.version {
                0 => Expect::Absent,
                version => Expect::Version(version),
            },
            entries: entries(self.entries),
            reply: self.reply.clone().map(Into::into),
            budget: self.budget.map(|(amount, packets, days)| Budget {
                day: day().checked_add(days.days()).unwrap(),
                re_openid: RECEIVERS[self.receiver].into(),
                amount: fen(amount),
                user_packets_max: packets,
                user_amount_max: fen(500),
                merchant_amount_max: fen(700),
            }),
            refund: self.refund.map(fen),
            findings: self.finds.map(finding).into_iter().collect(),
            ..first(record)
        }
    }
}

/// Every other entry with a message.
fn entries(count: usize) -> Vec<Entry> {
    let one = |number: usize| Entry {
        at: at(number as i64),
        raw: (number.is_multiple_of(2)).then(|| number.to_string().into_bytes().into()),
        ..entry(&number.to_string())
    };
    (0..count).map(one).collect()
}

async fn run(ledger: &dyn Store, operation: &Operation) -> String {
    let outcome: Result<String, LedgerError> = match operation {
        Operation::Commit(pick) => ledger.commit(pick.commit()).await.map(|v| v.to_string()),
        Operation::TopUp { merchant, amount } => {
            ledger.top_up(MERCHANTS[*merchant], fen(*amount)).await.map(|f| f.to_string())
        }
        Operation::Add { merchant: index } => {
            ledger.add_merchant(merchant(MERCHANTS[*index], 1_000)).await.map(|()| String::new())
        }
        Operation::Update { merchant: index, key_version } => {
            let mut merchant = merchant(MERCHANTS[*index], 5);
            merchant.key_version = *key_version;
            ledger.update_merchant(merchant).await.map(|()| String::new())
        }
        Operation::Set { value } => ledger.set_setting("name", value).await.map(|()| String::new()),
        Operation::Claim { holder, now } => {
            let lease = Lease { holder: holder.to_string().into(), until: at(now + 3) };
            let records = ledger.claim_due(at(*now), &lease, 2).await;
            let inquiries = ledger.claim_due_inquiries(MCH_ID, at(*now), &lease, 2).await;
            let claim = ledger.claim_inquiry(&Key::new(MCH_ID, "1"), at(*now), &lease).await;
            Ok(format!("{records:?} {inquiries:?} {claim:?}"))
        }
        Operation::Trim { merchant, before, limit } => {
            let mut trimmed = Vec::new();
            for book in Book::ALL {
                let mch_id = MERCHANTS[*merchant];
                trimmed.push(ledger.trim(book, mch_id, at(*before), *limit).await.unwrap());
            }
            Ok(format!("{trimmed:?}"))
        }
        Operation::Forget { merchant, receiver } => ledger
            .forget(MERCHANTS[*merchant], &RECEIVERS[*receiver].into(), &"gone".into(), at(9))
            .await
            .map(|forgotten| format!("{forgotten:?}")),
        Operation::Inquiry(operation) => Ok(inquiries::run(ledger, operation).await),
    };
    format!("{outcome:?}")
}

/// Everything that can be read.
async fn everything(ledger: &dyn Store) -> Vec<String> {
    let mut seen = vec![
        format!("{:?}", ledger.merchants().await.unwrap()),
        format!("{:?}", ledger.merchants_version().await.unwrap()),
        format!("{:?}", ledger.findings(None).await.unwrap()),
        format!("{:?}", ledger.setting("name").await.unwrap()),
        format!("{:?}", ledger.due(at(3), 3).await.unwrap()),
    ];
    for mch_id in MERCHANTS {
        seen.push(format!("{:?}", ledger.merchant(mch_id).await.unwrap()));
        seen.push(format!("{:?}", ledger.findings(Some(mch_id)).await.unwrap()));
        for status in [None, Some("SENT".into())] {
            for re_openid in [None, Some("oA".into())] {
                let filter = Filter { status: status.clone(), re_openid, ..Filter::default() };
                let filter = Filter { limit: 3, ..filter };
                seen.push(format!("{:?}", ledger.records(mch_id, &filter).await.unwrap()));
            }
        }
        for receiver in RECEIVERS {
            let unclear = ledger.unclear(mch_id, &receiver.into(), fen(100), at(0)).await;
            seen.push(format!("{:?}", unclear.unwrap()));
        }
        for billno in BILLNOS {
            let key = Key::new(mch_id, billno);
            seen.push(format!("{:?}", ledger.find(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.history(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.reply(mch_id, billno).await.unwrap()));
        }
    }
    seen.push(format!("{:?}", ledger.heads().await.unwrap()));
    seen.push(format!("{:?}", ledger.settings().await.unwrap()));
    for mch_id in MERCHANTS {
        for book in Book::ALL {
            seen.push(format!("{:?}", ledger.links(book, mch_id, 0, 1_000).await.unwrap()));
            seen.push(format!("{:?}", ledger.standings(book, mch_id, "1", 2).await.unwrap()));
            seen.push(format!("{:?}", ledger.totals(book, mch_id, None, None).await.unwrap()));
        }
        seen.push(format!("{:?}", ledger.estate(mch_id, day()).await.unwrap()));
    }
    let report = Audit::new().run(ledger, &mut |_| {}).await.unwrap();
    assert_eq!(report.faults, []);
    seen.extend(inquiries::everything(ledger).await);
    seen
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_170_720),
        ..ProptestConfig::default()
    })]

    #[test]
    fn sqlite_agrees_with_memory(operations in prop::collection::vec(operation(), 1..100)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("ledger.sqlite");
            let key = SealKey::generate();
            let memory = MemoryLedger::new();
            let sqlite = SqliteLedger::open(&path, key.clone()).unwrap();
            for ledger in [&memory as &dyn Store, &sqlite] {
                ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
                ledger.add_merchant(merchant(OTHER_MCH_ID, 1_000)).await.unwrap();
            }
            for operation in &operations {
                let (ours, theirs) = (run(&memory, operation).await, run(&sqlite, operation).await);
                assert_eq!(ours, theirs, "{operation:?}");
            }
            let wanted = everything(&memory).await;
            assert_eq!(everything(&sqlite).await, wanted);
            drop(sqlite);
            let reopened = SqliteLedger::open(&path, key).unwrap();
            assert_eq!(everything(&reopened).await, wanted);
        });
    }
}

proptest! {
    // Each has a database of its own and waits for the disk with every commit.
    #![proptest_config(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_170_721),
        ..ProptestConfig::default()
    })]

    #[test]
    fn postgres_agrees_with_memory(operations in prop::collection::vec(operation(), 1..100)) {
        let Some(server) = TestServer::shared() else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = PostgresOptions::new(&server.database().socket_url).unwrap();
            let key = SealKey::generate();
            let memory = MemoryLedger::new();
            let postgres = PostgresLedger::open(&options, key.clone()).await.unwrap();
            for ledger in [&memory as &dyn Store, &postgres] {
                ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
                ledger.add_merchant(merchant(OTHER_MCH_ID, 1_000)).await.unwrap();
            }
            for operation in &operations {
                let ours = run(&memory, operation).await;
                assert_eq!(ours, run(&postgres, operation).await, "{operation:?}");
            }
            let wanted = everything(&memory).await;
            assert_eq!(everything(&postgres).await, wanted);
            let reopened = PostgresLedger::open(&options, key).await.unwrap();
            assert_eq!(everything(&reopened).await, wanted);
        });
    }
}
