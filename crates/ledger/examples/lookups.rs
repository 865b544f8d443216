//! Lookups and commits of a ledger on disk against the driver itself:
//! `cargo run --release -p hongbao-ledger --example lookups -- [records]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::float_arithmetic)]

#[path = "../tests/given/mod.rs"]
mod given;

use given::{MCH_ID, first, merchant, record};
use hongbao_ledger::{Commit, Key, Ledger, SealKey, SqliteLedger, SqliteOptions};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const LOOKUPS: u64 = 200_000;
const ROUNDS: usize = 5;
const QUERY: &str = "SELECT reply FROM records WHERE mch_id = ?1 AND mch_billno = ?2";

fn billno(number: u64) -> String {
    format!("{MCH_ID}20170720{number:010}")
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let records = std::env::args().nth(1).map_or(100_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let options = SqliteOptions { alone: true, ..SqliteOptions::default() };
    let ledger = Arc::new(SqliteLedger::open_with(&path, SealKey::generate(), options).unwrap());
    ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap();
    for tasks in [1, 64] {
        let some = if tasks == 1 { records / 100 } else { records };
        let began = Instant::now();
        commit_all(&ledger, tasks, some, if tasks == 1 { records } else { 0 }).await;
        let rate = some as f64 / began.elapsed().as_secs_f64();
        println!("commits, {tasks} tasks: {rate:.0}/s");
    }
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("{records} records, {} bytes each with history", bytes / records);
    lookups(&ledger, &path, records).await;
}

async fn commit_all(ledger: &Arc<SqliteLedger>, tasks: u64, some: u64, from: u64) {
    let next = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (ledger, next) = (ledger.clone(), next.clone());
        running.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= some {
                    return;
                }
                let reply = Some(vec![b'x'; 385].into());
                let record = record(MCH_ID, &billno(from + number));
                ledger.commit(Commit { reply, ..first(record) }).await.unwrap();
            }
        });
    }
    running.join_all().await;
}

async fn lookups(ledger: &SqliteLedger, path: &Path, records: u64) {
    let bare = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .unwrap();
    bare.pragma_update(None, "mmap_size", 2_i64 << 30).unwrap();
    for round in 0..ROUNDS {
        let billnos = || {
            let mut random = StdRng::seed_from_u64(round as u64);
            std::iter::repeat_with(move || billno(random.random_range(0..records)))
                .take(LOOKUPS as usize)
                .collect::<Vec<_>>()
        };
        let billnos = billnos();
        println!(
            "a lookup: driver {:.2} µs, driver in an open read transaction {:.2} µs, \
             `reply` {:.2} µs, `find` {:.2} µs",
            micros(driver(&bare, &billnos, false)),
            micros(driver(&bare, &billnos, true)),
            micros(replies(ledger, &billnos).await),
            micros(finds(ledger, &billnos).await),
        );
    }
}

fn micros(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1e6 / LOOKUPS as f64
}

fn driver(bare: &Connection, billnos: &[String], in_transaction: bool) -> Duration {
    let began = Instant::now();
    if in_transaction {
        bare.execute_batch("BEGIN").unwrap();
    }
    let mut statement = bare.prepare(QUERY).unwrap();
    for billno in billnos {
        let mut rows = statement.query([MCH_ID, billno]).unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.get_ref(0).unwrap().as_blob().unwrap().len(), 385);
    }
    if in_transaction {
        bare.execute_batch("COMMIT").unwrap();
    }
    began.elapsed()
}

async fn replies(ledger: &SqliteLedger, billnos: &[String]) -> Duration {
    let began = Instant::now();
    for billno in billnos {
        assert_eq!(ledger.reply(MCH_ID, billno).await.unwrap().unwrap().len(), 385);
    }
    began.elapsed()
}

async fn finds(ledger: &SqliteLedger, billnos: &[String]) -> Duration {
    let keys: Vec<Key> = billnos.iter().map(|b| Key::new(MCH_ID, b.as_str())).collect();
    let began = Instant::now();
    for key in &keys {
        assert!(ledger.find(key).await.unwrap().is_some());
    }
    began.elapsed()
}
