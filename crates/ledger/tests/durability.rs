//! What was acknowledged survives kill -9, with its history and the balance it took.
//!
//! `cargo xtask crash` is the long form, of a thousand kills.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod given;

use bytes::Bytes;
use given::inquiries::{asked, noted, ordered};
use given::{MCH_ID, at, budget, entry, next, record, spending};
use hongbao_ledger::{
    Audit, Budget, Commit, Entry, Filter, Inquiries, Inquiry, InquiryCommit, InquiryFilter, Ledger,
    Record, SealKey, SqliteLedger,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "HONGBAO_TEST_FOLDER";
const ROUND: &str = "HONGBAO_TEST_ROUND";
/// How many processes are killed; the short form's number where it is not given.
const KILLS: &str = "HONGBAO_TEST_KILLS";
const KILLS_SHORT: u64 = 24;
/// After so many kills another ledger begins, as each is read in full after every kill.
const KILLS_OF_A_LEDGER: u64 = 24;
const SEED: u64 = 20170720;
const BALANCE: u64 = 1_000_000_000;
/// Up to which version an inquiry is written.
const VERSIONS: u64 = 3;

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
        for task in 0..4 {
            tasks.spawn(write_packets(ledger, format!("{round}x{task}")));
            tasks.spawn(write_inquiries(ledger, format!("i{round}x{task}")));
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

/// An inquiry as its version says it is, and the entry that came with that version.
fn inquiry_at(mch_billno: &str, version: u64) -> (Inquiry, Entry) {
    let inquiry = Inquiry {
        sends: version as u32,
        due_at: (version < VERSIONS).then(|| at(version as i64)),
        reply: reply(mch_billno, version),
        version,
        ..ordered(MCH_ID, mch_billno, mch_billno)
    };
    let raw = Some(format!("{mch_billno} {version}").into_bytes().into());
    (inquiry, Entry { raw, ..entry("sent") })
}

async fn write_inquiries(ledger: &SqliteLedger, prefix: String) {
    for number in 0.. {
        let mch_billno = format!("{prefix}x{number}");
        println!("try {mch_billno}");
        for version in 1..=VERSIONS {
            let (inquiry, entry) = inquiry_at(&mch_billno, version);
            let commit = if version == 1 { noted(inquiry) } else { asked(inquiry, version - 1) };
            let commit = InquiryCommit { entries: vec![entry], numbers_of_ref: Some(0), ..commit };
            assert_eq!(ledger.commit_inquiry(commit).await.unwrap(), version);
            println!("ack {mch_billno} {version}");
        }
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

/// Kills once the process has said so many lines.
fn run_and_kill(folder: &Path, round: u64, lines_wanted: usize, said: &mut Said) {
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
        if seen == lines_wanted && !killed {
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

async fn all_inquiries(ledger: &SqliteLedger) -> HashMap<String, Inquiry> {
    let mut all = HashMap::new();
    let mut filter = InquiryFilter { limit: 1000, ..InquiryFilter::default() };
    loop {
        let page = ledger.inquiries(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { return all };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        all.extend(page.into_iter().map(|i| (i.key.mch_billno.to_string(), i)));
    }
}

async fn check(ledger: &SqliteLedger, said: &Said) {
    let (records, inquiries) = (all_records(ledger).await, all_inquiries(ledger).await);
    for mch_billno in said.acknowledged.keys() {
        let is_kept = records.contains_key(mch_billno) || inquiries.contains_key(mch_billno);
        assert!(is_kept, "{mch_billno} is lost");
    }
    for (mch_billno, found) in &records {
        let version = found.version;
        said.check(mch_billno, version);
        assert_eq!(*found, Record { version, ..record(MCH_ID, mch_billno) });
        let history = ledger.history(&found.key).await.unwrap();
        let events = ["accepted", "moved"].map(entry);
        assert_eq!(history, events[..version as usize]);
        assert_eq!(ledger.reply(MCH_ID, mch_billno).await.unwrap(), reply(mch_billno, version));
    }
    let balance = ledger.merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(balance, BALANCE - records.len() as u64, "the balance goes with the records");
    for (mch_billno, found) in &inquiries {
        said.check(mch_billno, found.version);
        assert_eq!(*found, inquiry_at(mch_billno, found.version).0);
        let history = ledger.inquiry_history(&found.key).await.unwrap();
        let entries: Vec<Entry> =
            (1..=found.version).map(|version| inquiry_at(mch_billno, version).1).collect();
        assert_eq!(history, entries);
    }
    let report = Audit::new().run(ledger, &mut |_| {}).await.unwrap();
    assert_eq!(report.faults, [], "chains and totals go with the packets");
    let due = inquiries.values().filter(|inquiry| inquiry.due_at.is_some()).count() as u64;
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap().1, due);
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let kills = std::env::var(KILLS).map_or(KILLS_SHORT, |kills| kills.parse().unwrap());
    let mut random = StdRng::seed_from_u64(SEED);
    let mut life = (tempfile::tempdir().unwrap(), Said::default());
    for round in 0..kills {
        println!("seed {SEED}, kill {round}"); // Shown where it fails.
        if round % KILLS_OF_A_LEDGER == 0 {
            life = (tempfile::tempdir().unwrap(), Said::default());
            let ledger = open(life.0.path());
            ledger.add_merchant(given::merchant(MCH_ID, BALANCE)).await.unwrap();
        }
        let (folder, said) = (life.0.path(), &mut life.1);
        run_and_kill(folder, round, random.random_range(1..400), said);
        let ledger = open(folder);
        check(&ledger, said).await;
        // And it takes new packets at once.
        let mch_billno = format!("after{round}");
        said.tried.insert(mch_billno.clone());
        let commit = spending(&mch_billno, budget(1));
        ledger.commit(Commit { reply: reply(&mch_billno, 1), ..commit }).await.unwrap();
        said.acknowledged.insert(mch_billno, 1);
    }
}
