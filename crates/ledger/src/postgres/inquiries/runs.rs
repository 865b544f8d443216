//! Runs over files: which numbers a file named, and on which line first.

use crate::error::LedgerError;
use crate::inquiry::{RUN_KEPT_FOR, Sighting};
use crate::postgres::door::{Door, Value};
use crate::postgres::fault::{Fault, Kind, Outcome, damaged};
use crate::postgres::retry::Tries;
use crate::postgres::rows::{get, number, text, to_time};
use crate::postgres::text::Text;
use futures_util::future::try_join_all;
use jiff::Timestamp;

/// How many rows one change forgets.
const FORGOTTEN_MAX: i64 = 5_000;

const OLD: &str =
    "UPDATE runs SET began_at = NULL WHERE mch_id = $1 AND run <> $2 AND began_at < $3";
const FIND: &str = "SELECT began_at FROM runs WHERE mch_id = $1 AND run = $2 FOR UPDATE";
const CLEAR: &str = "DELETE FROM run_rows WHERE mch_id = $1 AND run = $2";
const PUT: &str = "INSERT INTO runs (mch_id, run, began_at) VALUES ($1, $2, $3) \
     ON CONFLICT (mch_id, run) DO UPDATE SET began_at = excluded.began_at";
const ADD: &str = "INSERT INTO runs (mch_id, run, began_at) VALUES ($1, $2, NULL) \
     ON CONFLICT (mch_id, run) DO NOTHING";
const SIGHT: &str = "INSERT INTO run_rows (mch_id, run, mch_billno, line) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (mch_id, run, mch_billno) \
     DO UPDATE SET line = least(excluded.line, run_rows.line) RETURNING line";

/// Begins a run, or finds it begun. Runs of long ago that nobody continued are marked as ended.
pub(super) async fn begin(
    door: &Door,
    mch_id: &str,
    run: &str,
    now: Timestamp,
) -> Result<Timestamp, LedgerError> {
    let mut tries = Tries::default();
    loop {
        match try_to_begin(door, mch_id, run, now).await {
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => return to_time(outcome?),
        }
    }
}

async fn try_to_begin(door: &Door, mch_id: &str, run: &str, now: Timestamp) -> Outcome<i64> {
    let oldest = now.as_millisecond().saturating_sub(RUN_KEPT_FOR.as_millis() as i64);
    let now = now.as_millisecond();
    let (of, name) = (Text(mch_id), Text(run));
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    connection.execute(OLD, &[&of, &name, &oldest]).await?;
    let is_new = connection.execute(ADD, &[&of, &name]).await? == 1;
    let row = connection.row(FIND, &[&of, &name]).await?.ok_or_else(|| damaged("run"))?;
    let began = match get::<Option<i64>>(&row, 0)? {
        Some(began) => began,
        None => {
            if !is_new {
                // It ended, but whoever ended it did not come to forget all its rows.
                connection.execute(CLEAR, &[&of, &name]).await?;
            }
            connection.execute(PUT, &[&of, &name, &now]).await?;
            now
        }
    };
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(began)
}

/// Notes rows; returns for each the first line of its number.
pub(super) async fn sight(
    door: &Door,
    mch_id: &str,
    run: &str,
    rows: &[Sighting],
) -> Result<Vec<u64>, LedgerError> {
    let mut tries = Tries::default();
    loop {
        match try_to_sight(door, mch_id, run, rows).await {
            // Noting the same rows again changes nothing.
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_to_sight(
    door: &Door,
    mch_id: &str,
    run: &str,
    rows: &[Sighting],
) -> Outcome<Vec<u64>> {
    let connection = door.connection().await?;
    connection.prepare(&[SIGHT]).await?;
    connection.run("BEGIN").await?;
    let note = async |row: &Sighting| -> Outcome<u64> {
        let line = i64::try_from(row.line)
            .map_err(|_| LedgerError::Storage(format!("no file has a line {}", row.line)))?;
        let values: [Value<'_>; 4] = [&Text(mch_id), &Text(run), &Text(&row.mch_billno), &line];
        let first = connection.row(SIGHT, &values).await?.ok_or_else(|| damaged("line"))?;
        Ok(number(&first, 0)?)
    };
    let lines = try_join_all(rows.iter().map(note)).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(lines)
}

/// Marks a run as ended: from now on it can begin anew.
pub(super) async fn end(door: &Door, mch_id: &str, run: &str) -> Result<(), LedgerError> {
    let ended: Option<i64> = None;
    door.change(PUT, &[&Text(mch_id), &Text(run), &ended]).await?;
    Ok(())
}

/// The runs that have ended and are not forgotten yet.
pub(super) async fn ended(door: &Door, mch_id: &str) -> Result<Vec<Box<str>>, LedgerError> {
    let query = "SELECT run FROM runs WHERE mch_id = $1 AND began_at IS NULL";
    door.all(query, &[&Text(mch_id)], |row| text(row, 0)).await
}

/// Forgets a run that has ended, some rows at a time. One that began anew meanwhile keeps its rows.
pub(super) async fn forget(door: &Door, mch_id: &str, run: &str) -> Result<(), LedgerError> {
    // By the last of them: a list of rows would be compared with each.
    let some = "SELECT mch_billno FROM run_rows WHERE mch_id = $1 AND run = $2 \
         ORDER BY mch_billno OFFSET $3 LIMIT 1";
    let rows = "DELETE FROM run_rows WHERE mch_id = $1 AND run = $2 AND mch_billno <= $3 \
         AND EXISTS (SELECT 1 FROM runs WHERE mch_id = $1 AND run = $2 AND began_at IS NULL)";
    let rest = "DELETE FROM run_rows WHERE mch_id = $1 AND run = $2 \
         AND EXISTS (SELECT 1 FROM runs WHERE mch_id = $1 AND run = $2 AND began_at IS NULL)";
    let (of, name) = (Text(mch_id), Text(run));
    loop {
        let last = door.one(some, &[&of, &name, &FORGOTTEN_MAX], |row| text(row, 0)).await?;
        let Some(last) = last else { break };
        if door.change(rows, &[&of, &name, &Text(&last)]).await? == 0 {
            return Ok(());
        }
    }
    door.change(rest, &[&of, &name]).await?;
    let run = "DELETE FROM runs WHERE mch_id = $1 AND run = $2 AND began_at IS NULL";
    door.change(run, &[&of, &name]).await?;
    Ok(())
}
