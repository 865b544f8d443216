//! Runs over files: which numbers a file named, and on which line first.

use crate::error::LedgerError;
use crate::inquiry::{RUN_KEPT_FOR, Sighting};
use crate::sqlite::fault::{damaged, fault};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// How many rows one change forgets: about as long as other changes wait for it.
const FORGOTTEN_MAX: u64 = 5_000;

/// Begins a run, or finds it begun; returns the millisecond in which it began. Runs of long ago
/// that nobody continued are marked as ended.
pub(in crate::sqlite) fn begin(
    connection: &Connection,
    mch_id: &str,
    run: &str,
    now: Timestamp,
) -> Result<u64, LedgerError> {
    let oldest = now.as_millisecond().saturating_sub(RUN_KEPT_FOR.as_millis() as i64);
    connection
        .prepare_cached(
            "UPDATE runs SET began_at = NULL WHERE mch_id = ?1 AND run <> ?2 AND began_at < ?3",
        )
        .and_then(|mut s| s.execute(params![mch_id, run, oldest]))
        .map_err(fault)?;
    let began: Option<Option<i64>> = connection
        .prepare_cached("SELECT began_at FROM runs WHERE mch_id = ?1 AND run = ?2")
        .and_then(|mut s| s.query_row([mch_id, run], |row| row.get(0)).optional())
        .map_err(fault)?;
    if let Some(Some(began_at)) = began {
        return Ok(began_at.cast_unsigned());
    }
    if began.is_some() {
        // It ended, but whoever ended it did not come to forget all its rows.
        connection
            .prepare_cached("DELETE FROM run_rows WHERE mch_id = ?1 AND run = ?2")
            .and_then(|mut s| s.execute([mch_id, run]))
            .map_err(fault)?;
    }
    let now = now.as_millisecond();
    connection
        .prepare_cached(
            "INSERT INTO runs (mch_id, run, began_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (mch_id, run) DO UPDATE SET began_at = excluded.began_at",
        )
        .and_then(|mut s| s.execute(params![mch_id, run, now]))
        .map_err(fault)?;
    Ok(now.cast_unsigned())
}

/// Notes rows; returns for each the first line of its number.
pub(in crate::sqlite) fn sight(
    connection: &Connection,
    mch_id: &str,
    run: &str,
    rows: &[Sighting],
) -> Result<Vec<u64>, LedgerError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO run_rows (mch_id, run, mch_billno, line) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (mch_id, run, mch_billno) DO UPDATE SET line = \
             CASE WHEN excluded.line < run_rows.line THEN excluded.line ELSE run_rows.line END \
             RETURNING line",
        )
        .map_err(fault)?;
    let mut sight = |row: &Sighting| {
        let line = i64::try_from(row.line)
            .map_err(|_| LedgerError::Storage(format!("no file has a line {}", row.line)))?;
        let first: i64 = statement
            .query_row(params![mch_id, run, row.mch_billno, line], |row| row.get(0))
            .map_err(fault)?;
        first.try_into().map_err(|_| damaged("line"))
    };
    rows.iter().map(&mut sight).collect()
}

/// Marks a run as ended: from now on it can begin anew.
pub(in crate::sqlite) fn end(
    connection: &Connection,
    mch_id: &str,
    run: &str,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO runs (mch_id, run, began_at) VALUES (?1, ?2, NULL) \
             ON CONFLICT (mch_id, run) DO UPDATE SET began_at = NULL",
        )
        .and_then(|mut s| s.execute([mch_id, run]))
        .map(drop)
        .map_err(fault)
}

/// The runs that have ended and are not forgotten yet.
pub(in crate::sqlite) fn ended(
    connection: &Connection,
    mch_id: &str,
) -> Result<Vec<String>, LedgerError> {
    connection
        .prepare_cached("SELECT run FROM runs WHERE mch_id = ?1 AND began_at IS NULL")
        .and_then(|mut s| s.query_map([mch_id], |row| row.get(0))?.collect())
        .map_err(fault)
}

/// Forgets some rows of a run that has ended, or, once there are none, the run; returns how
/// many rows it forgot. A run that began anew meanwhile keeps its rows.
pub(in crate::sqlite) fn forget(
    connection: &Connection,
    mch_id: &str,
    run: &str,
) -> Result<u64, LedgerError> {
    let has_ended = connection
        .prepare_cached("SELECT 1 FROM runs WHERE mch_id = ?1 AND run = ?2 AND began_at IS NULL")
        .and_then(|mut s| s.exists([mch_id, run]))
        .map_err(fault)?;
    if !has_ended {
        return Ok(0);
    }
    let forgotten = connection
        .prepare_cached(
            "DELETE FROM run_rows WHERE mch_id = ?1 AND run = ?2 AND mch_billno IN \
             (SELECT mch_billno FROM run_rows WHERE mch_id = ?1 AND run = ?2 LIMIT ?3)",
        )
        .and_then(|mut s| s.execute(params![mch_id, run, FORGOTTEN_MAX as i64]))
        .map_err(fault)? as u64;
    if forgotten == 0 {
        connection
            .prepare_cached("DELETE FROM runs WHERE mch_id = ?1 AND run = ?2")
            .and_then(|mut s| s.execute([mch_id, run]))
            .map_err(fault)?;
    }
    Ok(forgotten)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sqlite::migrations;

    fn rows(count: u64) -> Vec<Sighting> {
        (1..=count).map(|line| Sighting { mch_billno: line.to_string().into(), line }).collect()
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        connection.query_row(&query, [], |row| row.get(0)).unwrap()
    }

    fn with_an_ended_run() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migrations::migrate(&connection, migrations::Told::nobody()).unwrap();
        let began = Timestamp::from_millisecond(5).unwrap();
        assert_eq!(begin(&connection, "1", "run", began).unwrap(), 5);
        sight(&connection, "1", "run", &rows(2 * FORGOTTEN_MAX + 1)).unwrap();
        end(&connection, "1", "run").unwrap();
        connection
    }

    #[test]
    fn an_ended_run_is_forgotten_in_parts() {
        let connection = with_an_ended_run();
        for forgotten in [FORGOTTEN_MAX, FORGOTTEN_MAX, 1, 0, 0] {
            assert_eq!(forget(&connection, "1", "run").unwrap(), forgotten);
        }
        assert_eq!((count(&connection, "run_rows"), count(&connection, "runs")), (0, 0));
    }

    /// As after a crash while it was forgotten.
    #[test]
    fn a_run_that_begins_anew_has_no_row_of_the_old_one() {
        let connection = with_an_ended_run();
        forget(&connection, "1", "run").unwrap();
        let anew = Timestamp::from_millisecond(9).unwrap();
        assert_eq!(begin(&connection, "1", "run", anew).unwrap(), 9);
        assert_eq!(count(&connection, "run_rows"), 0);
        let later = [Sighting { mch_billno: "1".into(), line: 7 }];
        assert_eq!(sight(&connection, "1", "run", &later).unwrap(), [7]);
        // Whoever was forgetting the old one keeps off the new.
        assert_eq!(forget(&connection, "1", "run").unwrap(), 0);
        assert_eq!(count(&connection, "run_rows"), 1);
    }
}
