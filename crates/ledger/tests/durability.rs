//! What was acknowledged survives kill -9, with its history and the balance it took.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod given;

use bytes::Bytes;
use given::{MCH_ID, budget, entry, next, record, spending};
use hongbao_ledger::{Budget, Commit, Filter, Ledger, Record, SealKey, SqliteLedger};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "HONGBAO_TEST_FOLDER";
const ROUND: &str = "HONGBAO_TEST_ROUND";
const ROUNDS: u64 = 24;
const BALANCE: u64 = 1_000_000_000;

fn open(folder: &Path) -> SqliteLedger {
    let key = SealKey::load_or_create(folder.join("ledger.key")).unwrap();
    SqliteLedger::open(folder.join("ledger.sqlite"), key).unwrap()
}

fn reply(mch_billno: &str, version: u64) -> Option<Bytes> {
    Some(format!("{mch_billno} {version} {}", "x".repeat(900)).into())
}

/// Not a test by itself: the process that is killed. It writes for ever.
#[test]
fn write_until_killed() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let ledger: &SqliteLedger = Box::leak(Box::new(open(Path::new(&folder))));
    println!(); // Ends the line that the test harness has begun.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            tasks.spawn(write_packets(ledger, format!("{round}x{task}")));
        }
        tasks.join_all().await
    });
}

async fn write_packets(ledger: &SqliteLedger, prefix: String) {
    for number in 0.. {
        let mch_billno = format!("{prefix}x{number}");
        println!("try {mch_billno}");
        let order = record(MCH_ID, &mch_billno);
        let budget = Budget { re_openid: prefix.as_str().into(), ..budget(1) };
        let commit = Commit { reply: reply(&mch_billno, 1), ..spending(&mch_billno, budget) };
        assert_eq!(ledger.commit(commit).await.unwrap(), 1);
        println!("ack {mch_billno} 1");
        let commit = Commit { reply: reply(&mch_billno, 2), ..next(order, 1) };
        assert_eq!(ledger.commit(commit).await.unwrap(), 2);
        println!("ack {mch_billno} 2");
    }
}

/// What the killed processes said.
#[derive(Default)]
struct Said {
    tried: HashSet<String>,
    acknowledged: HashMap<String, u64>,
}

impl Said {
    fn read(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("try"), Some(mch_billno), None) => self.tried.insert(mch_billno.to_owned()),
            (Some("ack"), Some(mch_billno), Some(version)) => {
                self.acknowledged.insert(mch_billno.to_owned(), version.parse().unwrap());
                return true;
            }
            _ => false, // The test harness speaks too.
        };
        false
    }
}

fn run_and_kill(folder: &Path, round: u64, acknowledgements: usize, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["write_until_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut seen = 0;
    let mut line = String::new();
    let mut killed = false;
    loop {
        line.clear();
        // Lines that were written before the kill are read to the end.
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        if let Some(whole) = line.strip_suffix('\n') {
            seen += usize::from(said.read(whole));
        }
        if seen == acknowledgements && !killed {
            child.kill().unwrap(); // SIGKILL
            killed = true;
        }
    }
    assert!(killed, "the process ended by itself in round {round}");
    child.wait().unwrap();
}

async fn all_records(ledger: &SqliteLedger) -> HashMap<String, Record> {
    let mut all = HashMap::new();
    let mut filter = Filter { limit: 1000, ..Filter::default() };
    loop {
        let page = ledger.records(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { return all };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        all.extend(page.into_iter().map(|r| (r.key.mch_billno.to_string(), r)));
    }
}

async fn check(ledger: &SqliteLedger, said: &Said) {
    let kept = all_records(ledger).await;
    for (mch_billno, acknowledged) in &said.acknowledged {
        let record = &kept[mch_billno];
        assert!(record.version >= *acknowledged, "{mch_billno}: a lost change");
    }
    for (mch_billno, found) in &kept {
        assert!(said.tried.contains(mch_billno), "{mch_billno} was never sent");
        let version = found.version;
        assert_eq!(*found, Record { version, ..record(MCH_ID, mch_billno) });
        let history = ledger.history(&found.key).await.unwrap();
        let events = ["accepted", "moved"].map(entry);
        assert_eq!(history, events[..version as usize]);
        assert_eq!(ledger.reply(MCH_ID, mch_billno).await.unwrap(), reply(mch_billno, version));
    }
    let balance = ledger.merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(balance, BALANCE - kept.len() as u64, "the balance goes with the records");
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.add_merchant(given::merchant(MCH_ID, BALANCE)).await.unwrap();
    drop(ledger);
    let mut random = StdRng::seed_from_u64(20170720);
    let mut said = Said::default();
    for round in 0..ROUNDS {
        let acknowledgements = random.random_range(1..300);
        run_and_kill(folder.path(), round, acknowledgements, &mut said);
        let ledger = open(folder.path());
        check(&ledger, &said).await;
        // And it takes new packets at once.
        let mch_billno = format!("after{round}");
        said.tried.insert(mch_billno.clone());
        let commit = spending(&mch_billno, budget(1));
        ledger.commit(Commit { reply: reply(&mch_billno, 1), ..commit }).await.unwrap();
    }
}
