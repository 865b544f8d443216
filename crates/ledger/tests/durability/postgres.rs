//! kill -9 of the database server's first process, in the midst of commits.

use crate::given::{self, MCH_ID};
use crate::load::{Listener, write_inquiries, write_packets};
use crate::said::{BALANCE, Said, check};
use crate::{SEED, kills};
use hongbao_ledger::{
    Archive, Book, Head, Ledger, LedgerError, PostgresLedger, PostgresOptions, SealKey,
};
use hongbao_postgres_test::{Database, TestServer};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::task::JoinSet;

const KILLS_SHORT: u64 = 4;
/// After so many kills another database begins, as each is read in full after every kill.
const KILLS_OF_A_LEDGER: u64 = 10;

/// What is said in this process.
struct Ear {
    said: Mutex<Said>,
    /// How many changes were acknowledged.
    acknowledged: watch::Sender<u64>,
    is_over: AtomicBool,
}

impl Listener for Ear {
    fn hear(&self, line: String) {
        assert!(self.said.lock().unwrap().read(&line));
        if line.starts_with("ack ") {
            self.acknowledged.send_modify(|count| *count += 1);
        }
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// A server that is away for long is all that there may be: what became of the change nobody knows.
    fn fails(&self, error: LedgerError) {
        assert!(matches!(error, LedgerError::Unreachable(_)), "{error}");
    }
}

async fn open(database: &Database, key: &SealKey) -> Arc<PostgresLedger> {
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    Arc::new(PostgresLedger::open(&options, key.clone()).await.unwrap())
}

/// Kills the server once so many changes were acknowledged, brings it back and lets the writers come to an end.
async fn load_and_kill(
    server: &'static TestServer,
    ledger: &Arc<PostgresLedger>,
    round: u64,
    acknowledged: u64,
    said: Said,
) -> Said {
    let ear = Arc::new(Ear {
        said: Mutex::new(said),
        acknowledged: watch::Sender::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut writers = JoinSet::new();
    for task in 0..4 {
        let (ours, heard, prefix) = (ledger.clone(), ear.clone(), format!("{round}x{task}"));
        writers.spawn(async move { write_packets(&*ours, &prefix, &*heard).await });
        let (ours, heard, prefix) = (ledger.clone(), ear.clone(), format!("i{round}x{task}"));
        writers.spawn(async move { write_inquiries(&*ours, &prefix, &*heard).await });
    }
    ear.acknowledged.subscribe().wait_for(|count| *count >= acknowledged).await.unwrap();
    let killed = tokio::task::spawn_blocking(|| {
        server.kill();
        server.resume();
    });
    killed.await.unwrap();
    // Each writer ends its number: with the server that is back, or because it was away.
    ear.is_over.store(true, Ordering::Relaxed);
    writers.join_all().await;
    let ear = Arc::into_inner(ear).unwrap();
    ear.said.into_inner().unwrap()
}

/// The chain of every entry holds, from the first to the head.
async fn check_chain(ledger: &PostgresLedger, book: Book, entries: u64) {
    let heads = ledger.heads().await.unwrap();
    let head = heads.into_iter().find(|head| head.book == book && head.mch_id.as_str() == MCH_ID);
    let mut followed = Head::empty(book, MCH_ID.into());
    loop {
        let links = ledger.links(book, MCH_ID, followed.position, 1000).await.unwrap();
        if links.is_empty() {
            break;
        }
        for link in links {
            followed.follow(&link).unwrap();
        }
    }
    assert_eq!(followed.position, entries, "{book:?}: as many links as entries");
    assert_eq!(head.unwrap_or_else(|| Head::empty(book, MCH_ID.into())), followed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_that_the_server_is_killed() {
    let Some(server) = TestServer::shared() else { return };
    let mut random = StdRng::seed_from_u64(SEED);
    let mut life = None;
    for round in 0..kills(KILLS_SHORT) {
        println!("seed {SEED}, kill {round}"); // Shown where it fails.
        if round % KILLS_OF_A_LEDGER == 0 {
            life = None;
        }
        let (database, key, said) = match life.take() {
            Some(life) => life,
            None => {
                let (database, key) = (server.database(), SealKey::generate());
                let ledger = open(&database, &key).await;
                ledger.add_merchant(given::merchant(MCH_ID, BALANCE)).await.unwrap();
                (database, key, Said::default())
            }
        };
        let ledger = open(&database, &key).await;
        let acknowledged = random.random_range(1..400);
        let said = load_and_kill(server, &ledger, round, acknowledged, said).await;
        drop(ledger);
        let ledger = open(&database, &key).await;
        let (records, inquiries) = check(&*ledger, &said).await;
        check_chain(&ledger, Book::Records, records).await;
        check_chain(&ledger, Book::Inquiries, inquiries).await;
        ledger.set_setting("clock", &round.to_string()).await.unwrap();
        life = Some((database, key, said));
    }
}
