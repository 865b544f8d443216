//! Several servers on one PostgreSQL ledger, under load, while some are killed, connections are cut
//! and the database crashes: nothing is lost, doubled or stuck. Then two gateways on one ledger.
#![allow(clippy::unwrap_used)]

#[path = "replicas/fleet.rs"]
mod fleet;
#[path = "replicas/load.rs"]
mod load;
mod support;

use fleet::{Fleet, MCH_ID, until};
use hongbao_client::Dice;
use hongbao_ledger::{Filter, Key, Ledger, PostgresLedger, PostgresOptions, SealKey};
use load::Load;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How the troubles come. Another one: `HONGBAO_SEED=2 cargo test -p hongbao --test replicas`.
fn seed() -> u64 {
    std::env::var("HONGBAO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// Packets that end within seconds, one in five of them unclaimed.
const PLAY: &[(&str, &str)] = &[
    ("sent_after", "\"300ms\""),
    ("received_after", "\"500ms\""),
    ("expired_after", "\"2s\""),
    ("refunded_after", "\"500ms\""),
    ("failed_after", "\"2s\""),
    ("unclaimed_share_permille", "200"),
];

/// The words of the history but for what merchants were told, which may come again.
async fn is_whole(ledger: &PostgresLedger, key: &Key, seed: u64) {
    let mut times = BTreeMap::<String, u32>::new();
    for entry in ledger.history(key).await.unwrap() {
        *times.entry(entry.event.into()).or_default() += 1;
    }
    times.retain(|event, _| !event.starts_with("told:"));
    let billno = &key.mch_billno;
    assert!(times.values().all(|times| *times == 1), "seed {seed}: {billno}: {times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_stuck_whatever_dies() {
    let Some(mut fleet) = Fleet::sandbox(3, PLAY) else { return };
    let seed = seed();
    let load = Load::begin(&fleet, seed);
    let dice = Dice::seeded(seed);
    for _ in 0..8 {
        load.wait_for_progress().await;
        let trouble = dice.below(Duration::from_nanos(6)).as_nanos();
        let which = usize::try_from(dice.below(Duration::from_nanos(2)).as_nanos()).unwrap();
        match trouble {
            0 | 1 => fleet.server.restart(true),
            2 => fleet.cut_connections(),
            _ => {
                fleet.kill(which);
                load.wait_for_progress().await;
                fleet.start(which);
                load.moved(which, fleet.client(which));
            }
        }
    }
    let accepted = load.finish().await;
    // one dies over all that is due
    let end = jiff::Timestamp::now().as_millisecond() + 5_000;
    fleet.sql(&format!(
        "UPDATE records SET leased_by = 'dead', leased_until = {end} WHERE due_at IS NOT NULL"
    ));
    fleet.kill(0);
    let ledger = fleet.open().await;
    let began = Instant::now();
    loop {
        let open = fleet.sql(
            "SELECT count(*) FROM records WHERE status NOT IN ('RECEIVED', 'REFUND', 'FAILED')",
        );
        if open == "0" {
            break;
        }
        // a lease, what the play takes, and plenty
        assert!(began.elapsed() < Duration::from_secs(90), "seed {seed}: {open} are stuck");
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let leases = format!("SELECT count(*) FROM records WHERE leased_until < {now}");
    assert_eq!(fleet.sql(&leases), "0", "seed {seed}: a lease that ended is of nothing");
    let mut received = 0;
    let filter = Filter { limit: 1000, ..Filter::default() };
    let records = ledger.records(MCH_ID, &filter).await.unwrap();
    for record in &records {
        is_whole(&ledger, &record.key, seed).await;
        let is_received =
            record.status.as_ref().is_some_and(|status| status.as_str() == "RECEIVED");
        received += u64::from(is_received) * record.order.total_amount.get();
        let amount = accepted.get(record.key.mch_billno.as_str()).copied();
        assert_eq!(amount, Some(record.order.total_amount.get()), "seed {seed}: {record:?}");
    }
    assert_eq!(records.len(), accepted.len(), "seed {seed}");
    let merchant = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(merchant.balance.get() + received, 100_000_000, "seed {seed}");
    assert!(ledger.findings(None).await.unwrap().is_empty(), "seed {seed}");
    let verified = fleet.run(&["ledger", "verify", "--dir", &fleet.dir(1)]);
    assert_eq!(verified.exit, 0, "seed {seed}: {verified:?}");
}

fn paces(seen: &Value) -> Vec<u64> {
    let paces = seen["upstream"].as_array().unwrap().iter();
    paces.map(|pace| pace["per_1000_seconds"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_ask_once_and_keep_one_pace() {
    let payer = support::Served::start_logged();
    payer.tune("pace_per_second = 10\n");
    let Some(fleet) = Fleet::gateways(2, &payer.profile()) else { return };
    for which in 0..2 {
        until(|| paces(&fleet.desk(which, "/replica")) == [5_000]);
    }
    let (one, other) = (fleet.client(0), fleet.client(1));
    // twins: the payer takes so long that both are on their way at once
    let slow = ["fault", "add", "delay", "--delay", "400ms", "--on", "query"];
    assert_eq!(
        support::hongbao(&[&["sandbox", "--admin", &payer.admin()], &slow[..]].concat()).exit,
        0
    );
    for n in 0..5 {
        let billno = format!("TWIN{n}");
        let sent =
            payer.run(&["send", "--to", support::OPENID, "--amount", "1", "--billno", &billno]);
        assert_eq!(sent.exit, 0, "{sent:?}");
        let before = payer.calls("query");
        let (first, second) = tokio::join!(one.status(&billno), other.status(&billno));
        assert_eq!((first.as_deref(), second.as_deref()), (Some("SENDING"), Some("SENDING")));
        assert_eq!(payer.calls("query") - before, 1, "{billno}");
    }
    let clear = ["fault", "clear"];
    assert_eq!(
        support::hongbao(&[&["sandbox", "--admin", &payer.admin()], &clear[..]].concat()).exit,
        0
    );
    // more questions at both than the pace permits, for a while
    let before = payer.calls("query");
    let began = Instant::now();
    let mut asking = tokio::task::JoinSet::new();
    for worker in 0..24 {
        let client = if worker % 2 == 0 { one.clone() } else { other.clone() };
        asking.spawn(async move {
            for n in 0.. {
                if began.elapsed() > Duration::from_secs(6) {
                    return;
                }
                client.status(&format!("W{worker}N{n}")).await;
            }
        });
    }
    asking.join_all().await;
    let asked = payer.calls("query") - before;
    let most = usize::try_from(began.elapsed().as_secs()).unwrap() * 10 + 20;
    assert!((42..=most).contains(&asked), "{asked} questions in {:?} at 10/s", began.elapsed());
    // in no second did the payer hear more than that, as its log has it
    let times = payer.times("query");
    let busiest = times
        .iter()
        .enumerate()
        .map(|(at, first)| times[at..].iter().take_while(|time| **time - *first < 950).count());
    assert!(busiest.max().unwrap() <= 10, "{times:?}");
}

impl Fleet {
    /// The ledger, as another process on it.
    async fn open(&self) -> PostgresLedger {
        let mut options = PostgresOptions::new(&self.database.url).unwrap();
        options.password = Some(hongbao_ledger::Password::new(&self.database.password));
        let key = SealKey::load(self.path(0).join("ledger.key")).unwrap();
        PostgresLedger::open(&options, key).await.unwrap()
    }
}
