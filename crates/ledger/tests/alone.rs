//! A ledger whose records one process alone commits: its readers keep their view of the file open
//! between two kept replies, see every commit nevertheless, and do not hold back the log.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{noted, plainly_ordered};
use given::{MCH_ID, first, merchant, record};
use hongbao_ledger::{
    Commit, Expect, Inquiries, Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;

/// SQLite's own: it copies the log into the file once it has so many pages.
const LOG_PAGES: u64 = 1_000;
const PAGE_BYTES: u64 = 4_096;

struct Alone {
    folder: TempDir,
    ledger: Arc<SqliteLedger>,
}

impl Alone {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { alone: true, readers: 2, ..SqliteOptions::default() };
        let path = folder.path().join("ledger.sqlite");
        let ledger = SqliteLedger::open_with(path, SealKey::generate(), options).unwrap();
        ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap();
        let alone = Self { folder, ledger: Arc::new(ledger) };
        alone.commit(0).await;
        alone
    }

    /// Commits the one packet's next version, whose reply is that number on ten pages.
    async fn commit(&self, version: u64) {
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let commit = Commit { reply: Some(reply(version).into()), expect, ..first(one()) };
        self.ledger.commit(commit).await.unwrap();
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite-wal")
    }

    /// Whether another process could empty the log now.
    fn lets_go_of_the_log(&self) -> bool {
        let other = rusqlite::Connection::open(self.folder.path().join("ledger.sqlite")).unwrap();
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        let busy: i64 =
            other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        busy == 0
    }
}

fn one() -> hongbao_ledger::Record {
    record(MCH_ID, "one")
}

fn reply(version: u64) -> String {
    format!("{version:040000}")
}

async fn version_of(ledger: &SqliteLedger) -> u64 {
    let reply = ledger.reply(MCH_ID, "one").await.unwrap().unwrap();
    std::str::from_utf8(&reply).unwrap().parse().unwrap()
}

/// Readers on more threads than there are connections, beside a writer that counts up what it was
/// told is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_seen_by_every_reader() {
    const COMMITS: u64 = 300;
    let alone = Alone::new().await;
    let (acknowledged, is_done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (ledger, runtime) = (alone.ledger.clone(), tokio::runtime::Handle::current());
            let (acknowledged, is_done) = (acknowledged.clone(), is_done.clone());
            std::thread::spawn(move || {
                while !is_done.load(Ordering::SeqCst) {
                    let before = acknowledged.load(Ordering::SeqCst);
                    let seen = runtime.block_on(version_of(&ledger));
                    assert!(seen >= before, "{seen} is seen, {before} was acknowledged before");
                }
            })
        })
        .collect();
    for version in 1..=COMMITS {
        alone.commit(version).await;
        acknowledged.store(version, Ordering::SeqCst);
        assert_eq!(version_of(&alone.ledger).await, version);
    }
    is_done.store(true, Ordering::SeqCst);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    let log_bytes = std::fs::metadata(alone.log()).unwrap().len();
    assert!(log_bytes < 3 * LOG_PAGES * PAGE_BYTES, "the log grew to {log_bytes} bytes");
}

#[tokio::test]
async fn what_another_process_removed_is_gone_once_the_merchants_were_looked_at() {
    let alone = Alone::new().await;
    assert_eq!(version_of(&alone.ledger).await, 0);
    let other = rusqlite::Connection::open(alone.folder.path().join("ledger.sqlite")).unwrap();
    assert_eq!(other.execute("UPDATE records SET reply = NULL", []).unwrap(), 1);
    assert_eq!(version_of(&alone.ledger).await, 0, "its view is open");
    alone.ledger.merchants_version().await.unwrap();
    assert_eq!(alone.ledger.reply(MCH_ID, "one").await.unwrap(), None);
}

#[tokio::test]
async fn an_idle_reader_lets_go_of_the_log_with_the_next_commit() {
    let alone = Alone::new().await;
    assert_eq!(version_of(&alone.ledger).await, 0);
    assert!(!alone.lets_go_of_the_log(), "its view is open");
    alone.commit(1).await;
    assert!(alone.lets_go_of_the_log());
    assert_eq!(version_of(&alone.ledger).await, 1);
}

#[tokio::test]
async fn an_idle_reader_lets_go_of_the_log_when_it_is_looked_for_others_changes() {
    let alone = Alone::new().await;
    assert_eq!(version_of(&alone.ledger).await, 0);
    alone.ledger.merchants_version().await.unwrap();
    assert!(alone.lets_go_of_the_log());
}

#[tokio::test]
async fn merchants_that_another_process_changes_are_seen_all_the_same() {
    let alone = Alone::new().await;
    let path = alone.folder.path().join("ledger.sqlite");
    let other = rusqlite::Connection::open(path).unwrap();
    for name in ["a", "b"] {
        assert_eq!(version_of(&alone.ledger).await, 0);
        other.execute("UPDATE merchants SET name = ?1", [name]).unwrap();
        let found = alone.ledger.find(&one().key).await.unwrap().unwrap();
        assert_eq!(found.version, 1);
        assert_eq!(version_of(&alone.ledger).await, 0);
        let merchant = alone.ledger.merchant(MCH_ID).await.unwrap().unwrap();
        assert_eq!(&*merchant.name, name);
    }
}

#[tokio::test]
async fn beside_it_nobody_commits_a_record_and_everything_else_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("ledger.sqlite"), SealKey::generate());
    let open = |alone| {
        let options = SqliteOptions { alone, ..SqliteOptions::default() };
        SqliteLedger::open_with(&path, key.clone(), options)
    };
    let alone = open(true).unwrap();
    alone.add_merchant(merchant(MCH_ID, 1)).await.unwrap();
    let other = open(false).unwrap();
    other.commit_inquiry(noted(plainly_ordered(MCH_ID, "asked"))).await.unwrap();
    other.set_setting("clock", "1").await.unwrap();
    let ours = [std::process::id()];
    let refused = other.commit(first(one())).await.unwrap_err();
    let LedgerError::InUse { processes } = &refused else { panic!("{refused}") };
    assert_eq!((processes[..] == ours, refused.code()), (true, "LEDGER_IN_USE"));
    let refused = open(true).unwrap_err();
    assert!(matches!(refused, LedgerError::InUse { .. }), "{refused}");
    alone.commit(first(one())).await.unwrap();
    drop(alone);
    other.commit(first(record(MCH_ID, "two"))).await.unwrap();
    let refused = open(true).unwrap_err();
    assert!(matches!(refused, LedgerError::InUse { .. }), "{refused}");
    drop(other);
    open(true).unwrap();
}
