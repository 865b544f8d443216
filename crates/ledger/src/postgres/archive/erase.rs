//! Removing raw messages; their hashes stay.

use crate::book::Book;
use crate::chain::Link;
use crate::error::LedgerError;
use crate::postgres::chains::{self, history};
use crate::postgres::door::{Connection, Door};
use crate::postgres::fault::{Fault, Kind, Outcome};
use crate::postgres::retry::Tries;
use crate::postgres::rows::signed;
use crate::postgres::text::Text;
use jiff::Timestamp;

/// The most messages that one call removes.
const TRIM_MAX: u32 = 1_000;

/// How many entries one statement names.
const AT_ONCE: usize = 1_000;

/// Puts in the place of a message its hash. The server does it: no message is read for it.
const WITHOUT_RAW: &str = "raw = NULL, raw_removed = sha256(raw)";

/// Removes raw messages of entries before a time, the oldest first.
pub(super) async fn trim(
    door: &Door,
    book: Book,
    mch_id: &str,
    before: Timestamp,
    limit: u32,
) -> Result<u64, LedgerError> {
    let mut tries = Tries::default();
    let limit = i64::from(limit.min(TRIM_MAX));
    loop {
        match try_to_trim(door, book, mch_id, before, limit).await {
            // What was removed is not there to be removed again.
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_to_trim(
    door: &Door,
    book: Book,
    mch_id: &str,
    before: Timestamp,
    limit: i64,
) -> Outcome<u64> {
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    chains::lock(&connection, book, mch_id).await?;
    let table = history(book);
    let statement = format!(
        "UPDATE {table} h SET {WITHOUT_RAW} FROM (SELECT position, at FROM {table} \
         WHERE mch_id = $1 AND at < $2 AND raw IS NOT NULL ORDER BY at, position LIMIT $3) old \
         WHERE h.mch_id = $1 AND h.position = old.position AND h.at = old.at"
    );
    let before = crate::time::first_ms_from(before);
    let removed = connection.execute(&statement, &[&Text(mch_id), &before, &limit]).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(removed)
}

/// Removes those of packets; returns how many.
pub(super) async fn of_packets(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    links: &[Link],
) -> Outcome<u64> {
    let numbers: Vec<Text<'_>> = links.iter().map(|link| Text(link.mch_billno.as_str())).collect();
    let statement = format!(
        "UPDATE {} SET {WITHOUT_RAW} \
         WHERE mch_id = $1 AND mch_billno = ANY($2) AND raw IS NOT NULL",
        history(book)
    );
    connection.execute(&statement, &[&Text(mch_id), &numbers]).await
}

/// Removes those of entries; returns how many of them had one still.
pub(super) async fn of_entries(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    positions: &[i64],
) -> Outcome<u64> {
    let statement = format!(
        "UPDATE {} SET {WITHOUT_RAW} \
         WHERE mch_id = $1 AND position = ANY($2) AND raw IS NOT NULL",
        history(book)
    );
    let mut removed = 0;
    for some in positions.chunks(AT_ONCE) {
        removed += connection.execute(&statement, &[&Text(mch_id), &some]).await?;
    }
    Ok(removed)
}

/// Removes those of the packets that these links forget, of the entries before each of them.
pub(super) async fn before_forgotten(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    links: &[&Link],
) -> Outcome<()> {
    let forgotten: Vec<&&Link> = links.iter().filter(|link| link.entry.is_forgotten()).collect();
    if forgotten.is_empty() {
        return Ok(());
    }
    let numbers: Vec<Text<'_>> =
        forgotten.iter().map(|link| Text(link.mch_billno.as_str())).collect();
    let positions: Result<Vec<i64>, LedgerError> =
        forgotten.iter().map(|link| signed(link.position)).collect();
    let statement = format!(
        "UPDATE {} h SET {WITHOUT_RAW} FROM unnest($2::text[], $3::bigint[]) AS f (billno, place) \
         WHERE h.mch_id = $1 AND h.mch_billno = f.billno AND h.position < f.place \
         AND h.raw IS NOT NULL",
        history(book)
    );
    connection.execute(&statement, &[&Text(mch_id), &numbers, &positions?]).await.map(drop)
}
