//! Connections that are cut, and servers that end, while commits are made: nothing that was
//! acknowledged is lost, and nothing is there twice.

use crate::given::inquiries::{asked, inquiry, noted};
use crate::given::{MCH_ID, budget, fen, merchant, next, record, spending};
use crate::open;
use crate::proxy::{Break, Wire};
use hongbao_ledger::{
    Archive, Book, Budget, Commit, Entry, Head, Inquiries, InquiryCommit, Key, Ledger, LedgerError,
    Password, PostgresLedger, PostgresOptions, SealKey,
};
use hongbao_postgres_test::{Database, TestServer};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinSet;

const SEED: u64 = 20170720;
/// Set, to a number: how often each test cuts.
const CUTS: &str = "HONGBAO_TEST_CUTS";
const CUTS_SHORT: u32 = 40;
/// How many packets are worked on at one time.
const WORKERS: u64 = 16;
/// Up to which version a packet is written.
const VERSIONS: u64 = 4;
const BALANCE: u64 = 1_000_000_000;

fn cuts() -> u32 {
    std::env::var(CUTS).ok().map_or(CUTS_SHORT, |cuts| cuts.parse().unwrap())
}

/// What was acknowledged: of each packet the version, and whether more may be there.
#[derive(Default)]
struct Acknowledged(HashMap<String, (u64, bool)>);

/// Commits packets, one after the other, until told to stop.
async fn work(
    ledger: Arc<PostgresLedger>,
    worker: u64,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Semaphore>,
    server: Arc<RwLock<()>>,
) -> Acknowledged {
    let mut known = Acknowledged::default();
    for number in 0_u64.. {
        let name = format!("{worker}.{number}");
        for version in 0..VERSIONS {
            if stop.load(Ordering::Relaxed) {
                return known;
            }
            let outcome = match worker % 2 {
                0 => ledger.commit(packet(&name, version)).await,
                _ => ledger.commit_inquiry(question(&name, version)).await,
            };
            match outcome {
                Ok(written) => {
                    assert_eq!(written, version + 1, "{name}");
                    known.0.insert(name.clone(), (written, false));
                    acknowledged.add_permits(1);
                }
                Err(LedgerError::Unreachable(_)) => {
                    // It may be there or not; nobody writes it any more.
                    known.0.entry(name.clone()).or_default().1 = true;
                    // Until it is back.
                    drop(server.read().await);
                    break;
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
    known
}

fn entry_of(name: &str, version: u64) -> Vec<Entry> {
    let mut entry = crate::given::entry(&format!("to {}", version + 1));
    entry.raw = Some(name.as_bytes().into());
    vec![entry]
}

fn packet(name: &str, version: u64) -> Commit {
    let commit = match version {
        0 => spending(name, Budget { re_openid: name.into(), ..budget(1) }),
        version => next(record(MCH_ID, name), version),
    };
    Commit { entries: entry_of(name, version), reply: Some(name.to_owned().into()), ..commit }
}

fn question(name: &str, version: u64) -> InquiryCommit {
    let inquiry = inquiry(MCH_ID, name);
    let commit = if version == 0 { noted(inquiry) } else { asked(inquiry, version) };
    InquiryCommit { entries: entry_of(name, version), ..commit }
}

/// Works on packets while `cut` is done again and again, each time after some commits.
async fn work_while(
    database: &Database,
    mut cut: impl FnMut(u32, &mut StdRng) + Send + 'static,
) -> (Arc<PostgresLedger>, Acknowledged) {
    println!("seed {SEED}, {} cuts; {CUTS} sets how many", cuts());
    let ledger = Arc::new(open(database).await);
    ledger.add_merchant(merchant(MCH_ID, BALANCE)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Semaphore::new(0));
    // Whoever takes the server away has it alone.
    let server = Arc::new(RwLock::new(()));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
        workers.spawn(work(ledger.clone(), worker, stop, acknowledged, server.clone()));
    }
    let mut dice = StdRng::seed_from_u64(SEED);
    for number in 0..cuts() {
        let commits = dice.random_range(1..40);
        acknowledged.acquire_many(commits).await.unwrap().forget();
        let taken = server.clone().write_owned().await;
        (cut, dice) = tokio::task::spawn_blocking(move || {
            cut(number, &mut dice);
            (cut, dice)
        })
        .await
        .unwrap();
        drop(taken);
    }
    acknowledged.acquire_many(32).await.unwrap().forget();
    stop.store(true, Ordering::Relaxed);
    let mut known = Acknowledged::default();
    for more in workers.join_all().await {
        known.0.extend(more.0);
    }
    (ledger, known)
}

/// Whether everything is there once: by packet, by chain, by sums.
async fn check(ledger: &PostgresLedger, known: &Acknowledged) {
    let (mut packets, mut entries) = ([0_u64; 2], [0_u64; 2]);
    for (name, (acknowledged, is_open)) in &known.0 {
        let key = Key::new(MCH_ID, name.as_str());
        let worker: u64 = name.split('.').next().unwrap().parse().unwrap();
        let (side, version, history) = if worker.is_multiple_of(2) {
            let found = ledger.find(&key).await.unwrap();
            (0, found.map(|record| record.version), ledger.history(&key).await.unwrap())
        } else {
            let found = ledger.inquiry(&key).await.unwrap();
            (1, found.map(|i| i.version), ledger.inquiry_history(&key).await.unwrap())
        };
        let version = version.unwrap_or(0);
        let most = acknowledged + u64::from(*is_open);
        assert!((*acknowledged..=most).contains(&version), "{name}: {version}, not {most}");
        let wanted: Vec<Entry> = (0..version).flat_map(|at| entry_of(name, at)).collect();
        assert_eq!(history, wanted, "{name}");
        packets[side] += u64::from(version > 0);
        entries[side] += version;
    }
    let balance = ledger.merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(balance, BALANCE - packets[0], "each packet was paid for once");
    for (side, book) in Book::ALL.into_iter().enumerate() {
        assert_eq!(follow(ledger, book).await, entries[side], "{book:?}");
        let totals = ledger.totals(book, MCH_ID, None, None).await.unwrap();
        assert_eq!(totals.iter().map(|total| total.sum.packets).sum::<u64>(), packets[side]);
    }
    let ordered = ledger.totals(Book::Records, MCH_ID, None, None).await.unwrap()[0].sum.ordered;
    assert_eq!(ordered, fen(packets[0] * 100));
}

/// Follows a chain to its head, and compares every packet with it; returns how many entries it has.
async fn follow(ledger: &PostgresLedger, book: Book) -> u64 {
    let mut head = Head::empty(book, MCH_ID.into());
    loop {
        let links = ledger.links(book, MCH_ID, head.position, 1000).await.unwrap();
        if links.is_empty() {
            break;
        }
        links.iter().for_each(|link| head.follow(link).unwrap());
    }
    assert!(ledger.heads().await.unwrap().contains(&head), "{head:?}");
    let mut after = String::new();
    loop {
        let page = ledger.standings(book, MCH_ID, &after, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.mch_billno.to_string();
        page.iter().for_each(|at| assert!(at.found.is_some() && at.chained == at.found, "{at:?}"));
    }
    head.position
}

/// A wire to a server, and a ledger's options that go by it.
async fn wired(server: &TestServer, database: &Database, when: Break) -> (Wire, PostgresOptions) {
    let wire = Wire::to(server.port(), when).await;
    let url = database.url.replace(&server.port().to_string(), &wire.port.to_string());
    let mut options = PostgresOptions::new(&url).unwrap();
    options.password = Some(Password::new(database.password.clone()));
    (wire, options)
}

/// The wire breaks at three commits in a row, each time before or after the server got it.
async fn breaks_at_commits(when: Break) {
    let Some(server) = TestServer::shared() else { return };
    let (wire, options) = wired(server, &server.database(), when).await;
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, BALANCE)).await.unwrap();
    let mut known = Acknowledged::default();
    for (worker, name) in ["0.0", "1.0"].into_iter().enumerate() {
        for version in 0..VERSIONS {
            wire.break_at(3);
            let written = match worker {
                0 => ledger.commit(packet(name, version)).await.unwrap(),
                _ => ledger.commit_inquiry(question(name, version)).await.unwrap(),
            };
            assert_eq!(written, version + 1, "{name}");
            assert_eq!(wire.left(), if when == Break::BeforeCommit { 0 } else { 2 });
            known.0.insert(name.to_owned(), (written, false));
        }
    }
    wire.break_at(0);
    check(&ledger, &known).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_made_again() {
    breaks_at_commits(Break::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_found_and_not_made_again() {
    breaks_at_commits(Break::AfterCommit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_found_is_not_made_again_as_the_wire_breaks_once_more() {
    breaks_at_commits(Break::AfterCommitAndAtRollback).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_in_a_commit_is_left_and_the_commit_made_again() {
    let Some(server) = TestServer::shared() else { return };
    let (wire, mut options) = wired(server, &server.database(), Break::Silently).await;
    options.connect_timeout = Duration::from_secs(2);
    options.statement_timeout = Duration::from_secs(1);
    // Until then the lock is held by the connection that was left.
    options.idle_in_transaction_timeout = Duration::from_millis(500);
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, BALANCE)).await.unwrap();
    ledger.commit_inquiry(question("1.0", 0)).await.unwrap();
    wire.break_at(1);
    let commit = ledger.commit(packet("0.0", 0));
    let written = tokio::time::timeout(Duration::from_secs(60), commit).await;
    assert_eq!(written.expect("an answer within a minute").unwrap(), 1);
    assert_eq!(wire.left(), 0);
    let known = ["0.0", "1.0"].map(|name| (name.to_owned(), (1, false)));
    check(&ledger, &Acknowledged(known.into())).await;
}

#[tokio::test]
async fn a_change_waits_for_a_server_that_comes_back() {
    let Some(server) = TestServer::start() else { return };
    let ledger = open(&server.database()).await;
    ledger.add_merchant(merchant(MCH_ID, BALANCE)).await.unwrap();
    ledger.commit(packet("0.0", 0)).await.unwrap();
    server.stop();
    let resume = tokio::task::spawn_blocking(move || {
        server.resume();
        server
    });
    let (written, _server) = tokio::join!(ledger.commit(packet("0.1", 0)), resume);
    assert_eq!(written.unwrap(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_a_whole_group_at_once() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let (wire, options) = wired(server, &database, Break::BeforeCommit).await;
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, BALANCE)).await.unwrap();
    ledger.commit(packet("0.0", 0)).await.unwrap();
    server.sql(
        &database.name,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON records EXECUTE FUNCTION full_disk()",
    );
    let before = wire.begun();
    let names: Vec<String> = (1..=16).map(|number| format!("0.{number}")).collect();
    let commits = names.iter().map(|name| ledger.commit(packet(name, 0)));
    for refused in futures_util::future::join_all(commits).await {
        let error = refused.unwrap_err();
        assert_eq!(error.to_string(), "the store failed: no room (SQLSTATE 53100)");
    }
    assert_eq!(wire.begun() - before, 1);
    server.sql(&database.name, "DROP TRIGGER full_disk ON records");
    ledger.commit(packet("0.1", 0)).await.unwrap();
}

/// A `pg_terminate_backend` of one of the ledger's connections, whatever it is doing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_cut_in_the_middle_of_commits() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let name = database.name.clone();
    // A commit takes ten milliseconds, so that most are cut in the middle of one.
    for (setting, value) in [("commit_delay", 10_000), ("commit_siblings", 0)] {
        server.sql(&name, &format!("ALTER DATABASE {name} SET {setting} = {value}"));
    }
    let cut = move |number: u32, dice: &mut StdRng| {
        // One that writes at this moment, where there is one; any other every third time.
        let which = if number.is_multiple_of(3) { "true" } else { "state <> 'idle'" };
        let skip = dice.random_range(0..4);
        server.sql(
            &name,
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = 'hongbao' AND datname = '{name}' AND {which} \
                 ORDER BY pid OFFSET {skip} LIMIT 2"
            ),
        );
    };
    let (ledger, known) = work_while(&database, cut).await;
    check(&ledger, &known).await;
}

/// The server is killed, or ended at once, and started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_in_the_middle_of_commits() {
    let Some(server) = TestServer::start() else { return };
    let server = Arc::new(server);
    let database = server.database();
    let restarted = server.clone();
    let cut = move |number: u32, dice: &mut StdRng| {
        // A restart takes a second: every fourth cut is one.
        if !number.is_multiple_of(4) {
            return;
        }
        match dice.random_range(0..3) {
            0 => restarted.restart(false),
            1 => restarted.restart(true),
            _ => {
                restarted.kill();
                restarted.resume();
            }
        }
    };
    let (ledger, known) = work_while(&database, cut).await;
    check(&ledger, &known).await;
}
