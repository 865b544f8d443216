//! P5: lookups as the ledger grows, against the driver's own kept statement on the same file in
//! the same rounds.

use crate::table::{Row, median};
use crate::year::Year;
use hongbao_ledger::{Key, Ledger, SealKey, SqliteLedger, SqliteOptions};
use rusqlite::{Connection, OpenFlags};
use std::io::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

const REPLY: &str = "SELECT reply FROM records WHERE mch_id = ?1 AND mch_billno = ?2";
const WHOLE: &str = "SELECT * FROM records WHERE mch_id = ?1 AND mch_billno = ?2";
/// The goal: bytes of the file a record.
const BYTES_A_RECORD_MAX: f64 = 600.0;
/// The goal: our median over the driver's.
const OVER_THE_DRIVER_MAX: f64 = 1.2;
/// The goal: how much the median may grow while the ledger grows tenfold.
const GROWTH_MAX: f64 = 1.5;

/// What is looked up, how often.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// Lookups a round.
    pub lookups: usize,
}

/// Medians of a lookup, µs.
struct Figures {
    driver: f64,
    driver_in_transaction: f64,
    driver_whole: f64,
    reply: f64,
    find: f64,
}

/// The same for every ledger, the smallest first.
pub fn measure(ledgers: &[(Year, PathBuf)], plan: Plan) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut smaller: Option<(u64, f64)> = None;
    for (year, folder) in ledgers {
        eprintln!("P5 {} records", year.records);
        let figures = of_one(year, folder, plan)?;
        rows.extend(rows_of(year.records, &figures));
        rows.push(bytes_a_record(year.records, &folder.join("ledger.sqlite"))?);
        if let Some((records, p50)) = smaller {
            let decades = (year.records as f64 / records as f64).log10();
            let growth = (figures.reply / p50).powf(1.0 / decades);
            rows.push(Row {
                goal: "P5",
                what: format!(
                    "growth of the kept reply's p50, {records} to {} records",
                    year.records
                ),
                ours: format!("× {growth:.2} a decade"),
                baseline: "–".to_owned(),
                ratio: None,
                asked: "< 1.5",
                reached: Some(growth < GROWTH_MAX),
            });
        }
        smaller = Some((year.records, figures.reply));
    }
    Ok(rows)
}

fn of_one(year: &Year, folder: &Path, plan: Plan) -> std::io::Result<Figures> {
    let path = folder.join("ledger.sqlite");
    let seal = SealKey::load(folder.join("ledger.key")).map_err(Error::other)?;
    let options = SqliteOptions { alone: true, ..SqliteOptions::default() };
    let ledger = SqliteLedger::open_with(&path, seal, options).map_err(Error::other)?;
    let bare = bare(&path).map_err(Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let keys = year.keys(plan.lookups);
    let mut lanes: [Vec<f64>; 5] = Default::default();
    // The first round warms up and does not count.
    for round in 0..=plan.rounds {
        let found = [
            driver(&bare, REPLY, &keys).map_err(Error::other)?,
            in_transaction(&bare, &keys).map_err(Error::other)?,
            driver(&bare, WHOLE, &keys).map_err(Error::other)?,
            runtime.block_on(replies(&ledger, &keys)).map_err(Error::other)?,
            runtime.block_on(finds(&ledger, &keys)).map_err(Error::other)?,
        ];
        if round > 0 {
            lanes.iter_mut().zip(found).for_each(|(lane, p50)| lane.push(p50));
        }
    }
    let [driver, driver_in_transaction, driver_whole, reply, find] = lanes.map(median);
    Ok(Figures { driver, driver_in_transaction, driver_whole, reply, find })
}

fn rows_of(records: u64, figures: &Figures) -> [Row; 3] {
    let row = |what: &str, ours: f64, name: &str, driver: f64| {
        let over = ours / driver;
        Row {
            goal: "P5",
            what: format!("{what}, uniform of {records} records, p50"),
            ours: format!("{ours:.2} µs"),
            baseline: format!("{name}: {driver:.2} µs"),
            ratio: Some(driver / ours),
            asked: "≤ 1.2 × the driver's",
            reached: Some(over <= OVER_THE_DRIVER_MAX),
        }
    };
    let kept = "rusqlite, kept statement, the reply alone";
    let open = "the same in an open read transaction";
    [
        row("a kept reply", figures.reply, kept, figures.driver),
        row("a kept reply", figures.reply, open, figures.driver_in_transaction),
        row("a whole record", figures.find, "rusqlite, kept statement", figures.driver_whole),
    ]
}

fn bytes_a_record(records: u64, path: &Path) -> std::io::Result<Row> {
    let bytes = std::fs::metadata(path)?.len() as f64 / records as f64;
    by_table(path, records);
    Ok(Row {
        goal: "P5",
        what: format!("bytes on disk a record, of {records}, history and indexes included"),
        ours: format!("{bytes:.0}"),
        baseline: "–".to_owned(),
        ratio: None,
        asked: "≤ 600",
        reached: Some(bytes <= BYTES_A_RECORD_MAX),
    })
}

/// What each table and index takes, on stderr.
fn by_table(path: &Path, records: u64) {
    const QUERY: &str = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY 2 DESC";
    let print = || -> rusqlite::Result<()> {
        let bare = bare(path)?;
        let mut statement = bare.prepare(QUERY)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, bytes): (String, i64) = (row.get(0)?, row.get(1)?);
            let each = bytes as f64 / records as f64;
            if each >= 1.0 {
                eprintln!("  {each:>8.1} bytes a record in `{name}`");
            }
        }
        Ok(())
    };
    if let Err(error) = print() {
        eprintln!("  by table: {error}");
    }
}

/// The driver alone, with the map that the ledger has.
pub fn bare(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let bare = Connection::open_with_flags(path, flags)?;
    bare.pragma_update(None, "mmap_size", 256_i64 << 30)?;
    Ok(bare)
}

/// The median of all, µs.
fn p50(mut nanos: Vec<u64>) -> f64 {
    nanos.sort_unstable();
    nanos.get(nanos.len() / 2).copied().unwrap_or_default() as f64 / 1_000.0
}

fn in_transaction(bare: &Connection, keys: &[Key]) -> rusqlite::Result<f64> {
    bare.execute_batch("BEGIN")?;
    let p50 = driver(bare, REPLY, keys);
    bare.execute_batch("COMMIT")?;
    p50
}

fn driver(bare: &Connection, query: &str, keys: &[Key]) -> rusqlite::Result<f64> {
    let mut statement = bare.prepare(query)?;
    let columns = statement.column_count();
    let mut nanos = Vec::with_capacity(keys.len());
    for key in keys {
        let began = Instant::now();
        let mut rows = statement.query([key.mch_id.as_str(), key.mch_billno.as_str()])?;
        if let Some(row) = rows.next()? {
            for column in 0..columns {
                std::hint::black_box(row.get_ref(column)?);
            }
        }
        drop(rows);
        nanos.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(p50(nanos))
}

async fn replies(ledger: &SqliteLedger, keys: &[Key]) -> Result<f64, hongbao_ledger::LedgerError> {
    let mut nanos = Vec::with_capacity(keys.len());
    for key in keys {
        let began = Instant::now();
        let reply = ledger.reply(key.mch_id.as_str(), key.mch_billno.as_str()).await?;
        nanos.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
        std::hint::black_box(reply);
    }
    Ok(p50(nanos))
}

async fn finds(ledger: &SqliteLedger, keys: &[Key]) -> Result<f64, hongbao_ledger::LedgerError> {
    let mut nanos = Vec::with_capacity(keys.len());
    for key in keys {
        let began = Instant::now();
        let record = ledger.find(key).await?;
        nanos.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
        assert!(
            record.is_some(),
            "the ledger lacks a packet of its year: delete it and fill it anew"
        );
    }
    Ok(p50(nanos))
}
