//! P7: observations written durably, against the driver alone, which writes the very rows that
//! ours wrote, with the same durability and in groups of the same size.

use crate::table::{Row, median};
use crate::year::{Asked, Year};
use hongbao_ledger::{
    Commit, Inquiries, Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::io::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// Changes that share a transaction, ours and the driver's.
const GROUP: usize = 256;
/// Commits under way at once.
const AT_ONCE: usize = 2 * GROUP;
const LEAST: f64 = 0.8;

/// How much is written.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// New packets a round, many at once.
    pub many: u64,
    /// New packets a round, one after the other.
    pub one_by_one: u64,
    /// Packets of the day that is followed.
    pub followed: u64,
}

/// A column of rows as the driver takes them.
type Rows = Vec<Vec<Value>>;

/// Writes in fresh files under `dir`, on the disk on which the ledgers lie.
pub fn measure(dir: &Path, year: &Arc<Year>, plan: Plan) -> std::io::Result<Vec<Row>> {
    let dir = dir.join("p7");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut lanes: [Vec<f64>; 5] = Default::default();
    for round in 0..plan.rounds {
        eprintln!("P7 round {}/{}", round + 1, plan.rounds);
        fresh(&dir)?;
        let whole: Result<[f64; 5], Error> = (|| {
            let many = runtime.block_on(commits(&dir.join("a"), year, plan.many, AT_ONCE))?;
            let driver_many = driver(&dir, year, "a", GROUP)?;
            fresh(&dir)?;
            let single = runtime.block_on(commits(&dir.join("a"), year, plan.one_by_one, 1))?;
            let driver_single = driver(&dir, year, "a", 1)?;
            fresh(&dir)?;
            let followed = runtime.block_on(follow(&dir.join("a"), year, plan.followed))?;
            Ok([many, driver_many, single, driver_single, followed])
        })();
        lanes.iter_mut().zip(whole?).for_each(|(lane, rate)| lane.push(rate));
    }
    std::fs::remove_dir_all(&dir)?;
    let [many, driver_many, single, driver_single, followed] = lanes.map(median);
    let row = |what: String, ours: f64, driver: f64| Row {
        goal: "P7",
        what,
        ours: format!("{ours:.0}/s"),
        baseline: format!("rusqlite, the same rows and indexes: {driver:.0}/s"),
        ratio: Some(ours / driver),
        asked: "≥ 0.8",
        reached: Some(ours / driver >= LEAST),
    };
    let days = followed * 86_400.0 / 1e6;
    Ok(vec![
        row(format!("new packets written durably, {AT_ONCE} at once"), many, driver_many),
        row("new packets written durably, one after the other".to_owned(), single, driver_single),
        Row {
            goal: "P7",
            what: "a day of following, replayed: noted, asked, answered until final".to_owned(),
            ours: format!("{followed:.0} questions/s noted: {days:.0} million a day"),
            baseline: "–".to_owned(),
            ratio: None,
            asked: "–",
            reached: None,
        },
    ])
}

fn fresh(dir: &Path) -> std::io::Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::create_dir_all(dir)
}

/// A new ledger that knows the year's merchants.
async fn open(folder: &Path, year: &Year) -> std::io::Result<Arc<SqliteLedger>> {
    std::fs::create_dir_all(folder)?;
    let options = SqliteOptions { group_max: GROUP, alone: true, ..SqliteOptions::default() };
    let path = folder.join("ledger.sqlite");
    let ledger =
        SqliteLedger::open_with(path, SealKey::generate(), options).map_err(Error::other)?;
    for merchant in year.merchants() {
        ledger.add_merchant(merchant.clone()).await.map_err(Error::other)?;
    }
    Ok(Arc::new(ledger))
}

/// Commits the first `count` packets of the year; how many a second.
async fn commits(folder: &Path, year: &Year, count: u64, at_once: usize) -> std::io::Result<f64> {
    let ledger = open(folder, year).await?;
    let commits: Vec<Commit> = (0..count).map(|n| year.commit(n)).collect();
    let began = Instant::now();
    let done = if at_once == 1 {
        one_by_one(&ledger, commits).await
    } else {
        all_at_once(&ledger, commits, at_once).await
    };
    done.map_err(Error::other)?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

async fn one_by_one(ledger: &SqliteLedger, commits: Vec<Commit>) -> Result<(), LedgerError> {
    for commit in commits {
        ledger.commit(commit).await?;
    }
    Ok(())
}

async fn all_at_once(
    ledger: &Arc<SqliteLedger>,
    commits: Vec<Commit>,
    at_once: usize,
) -> Result<(), LedgerError> {
    let mut running = JoinSet::new();
    for commit in commits {
        if running.len() >= at_once {
            joined(running.join_next().await)?;
        }
        let ledger = Arc::clone(ledger);
        running.spawn(async move { ledger.commit(commit).await.map(drop) });
    }
    while let Some(done) = running.join_next().await {
        joined(Some(done))?;
    }
    Ok(())
}

fn joined(
    done: Option<Result<Result<(), LedgerError>, tokio::task::JoinError>>,
) -> Result<(), LedgerError> {
    done.map_or(Ok(()), |done| done.expect("a commit does not panic"))
}

/// The driver writes into a new file what ours wrote into `ours`; how many packets a second.
fn driver(dir: &Path, year: &Year, ours: &str, group: usize) -> std::io::Result<f64> {
    let target = dir.join("b");
    std::fs::create_dir_all(&target)?;
    // Ours makes the tables and indexes, and then lets go of the file.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    drop(runtime.block_on(open(&target, year))?);
    copy(&dir.join(ours).join("ledger.sqlite"), &target.join("ledger.sqlite"), group)
        .map_err(Error::other)
}

fn copy(from: &Path, to: &Path, group: usize) -> rusqlite::Result<f64> {
    let source = Connection::open(from)?;
    let (records, history) = (rows(&source, "records")?, rows(&source, "history")?);
    let target = Connection::open(to)?;
    for (pragma, value) in
        [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "OFF")]
    {
        target.pragma_update(None, pragma, value)?;
    }
    let mut insert_record = target.prepare(&insert("records", &records))?;
    let mut insert_entry = target.prepare(&insert("history", &history))?;
    let entries_each = history.len() as f64 / records.len().max(1) as f64;
    let began = Instant::now();
    let mut entries = history.iter();
    let mut entries_due = 0.0;
    for group in records.chunks(group) {
        target.execute_batch("BEGIN IMMEDIATE")?;
        for record in group {
            insert_record.execute(params_from_iter(record))?;
            entries_due += entries_each;
            while entries_due >= 1.0 {
                entries_due -= 1.0;
                if let Some(entry) = entries.next() {
                    insert_entry.execute(params_from_iter(entry))?;
                }
            }
        }
        target.execute_batch("COMMIT")?;
    }
    Ok(records.len() as f64 / began.elapsed().as_secs_f64())
}

/// All rows of a table in the order in which they were written.
fn rows(source: &Connection, table: &str) -> rusqlite::Result<Rows> {
    let mut statement = source.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let values: rusqlite::Result<Vec<Value>> = (0..columns).map(|at| row.get(at)).collect();
        found.push(values?);
    }
    Ok(found)
}

fn insert(table: &str, rows: &Rows) -> String {
    let columns = rows.first().map_or(1, Vec::len);
    let places = vec!["?"; columns].join(", ");
    format!("INSERT INTO {table} VALUES ({places})")
}

/// Notes the first `count` packets and follows each until it is final, by what is due, as `hongbao
/// follow` does; answers come at once. How many questions a second are noted.
async fn follow(folder: &Path, year: &Arc<Year>, count: u64) -> std::io::Result<f64> {
    const PAGE: u32 = 500;
    let ledger = open(folder, year).await?;
    let asked = Asked(year);
    let mut numbers = std::collections::HashMap::new();
    let mut running = JoinSet::new();
    for n in 0..count {
        let commit = asked.noted(n);
        numbers.insert(commit.inquiry.key.clone(), n);
        let ledger = Arc::clone(&ledger);
        running.spawn(async move { ledger.commit_inquiry(commit).await });
    }
    for noted in running.join_all().await {
        noted.map_err(Error::other)?;
    }
    let (began, mut questions) = (Instant::now(), 0_u64);
    let mch_id = |k: usize| year.merchants()[k].mch_id.as_str();
    for k in 0..year.merchants().len() {
        loop {
            let due =
                ledger.due_inquiries(mch_id(k), year.end(), PAGE).await.map_err(Error::other)?;
            if due.is_empty() {
                break;
            }
            let mut running = JoinSet::new();
            for inquiry in due {
                let n = numbers.get(&inquiry.key).copied().unwrap_or_default();
                // Every packet is asked about one to four times before the answer is final.
                let is_last = u64::from(inquiry.asks) >= n % 4;
                let at = inquiry.due_at.unwrap_or(inquiry.noted_at);
                let mut commit = asked.answered(n, inquiry, at, is_last);
                if is_last {
                    commit.inquiry.due_at = None;
                }
                let ledger = Arc::clone(&ledger);
                questions += 1;
                running.spawn(async move { ledger.commit_inquiry(commit).await });
            }
            for noted in running.join_all().await {
                noted.map_err(Error::other)?;
            }
        }
    }
    Ok(questions as f64 / began.elapsed().as_secs_f64())
}
