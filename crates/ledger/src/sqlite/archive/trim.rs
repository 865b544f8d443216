//! Removing raw messages; their hashes stay.

use super::history_of;
use crate::archive::names;
use crate::book::Book;
use crate::error::LedgerError;
use crate::sqlite::fault::fault;
use crate::sqlite::reader::all;
use crate::sqlite::rows::get;
use crate::time::first_ms_from;
use hongbao_wire::OpenId;
use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, params};
use sha2::{Digest as _, Sha256};

/// Removes those before a time, the oldest first; returns how many.
pub(super) fn trim(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    before: Timestamp,
    limit: u32,
) -> Result<u64, LedgerError> {
    let which = format!(
        "SELECT position FROM {} WHERE mch_id = ?1 AND raw IS NOT NULL AND at < ?2 \
         ORDER BY at, position LIMIT ?3",
        history_of(book)
    );
    strip(connection, book, mch_id, &which, params![mch_id, first_ms_from(before), limit])
}

/// Removes those of one packet; returns how many.
pub(super) fn of_packet(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    mch_billno: &str,
) -> Result<u64, LedgerError> {
    let which = format!(
        "SELECT position FROM {} WHERE mch_id = ?1 AND mch_billno = ?2 AND raw IS NOT NULL",
        history_of(book)
    );
    strip(connection, book, mch_id, &which, [mch_id, mch_billno])
}

/// Removes those that name a receiver, of whichever packet; returns how many.
pub(super) fn naming(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    openid: &OpenId,
) -> Result<u64, LedgerError> {
    let which = format!(
        "SELECT position, raw FROM {} WHERE mch_id = ?1 AND raw IS NOT NULL \
         AND instr(raw, CAST(?2 AS BLOB)) > 0",
        history_of(book)
    );
    let read = |row: &Row<'_>| Ok((get::<i64>(row, 0)?, names(&get::<Vec<u8>>(row, 1)?, openid)));
    let found = all(connection, &which, [mch_id, openid.as_str()], read)?;
    let named = found.into_iter().filter(|(_, is_named)| *is_named);
    strip_at(connection, book, mch_id, &named.map(|(position, _)| position).collect::<Vec<_>>())
}

fn strip(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    which: &str,
    values: impl Params,
) -> Result<u64, LedgerError> {
    let positions: Vec<i64> = connection
        .prepare_cached(which)
        .and_then(|mut s| s.query_map(values, |row| row.get(0))?.collect())
        .map_err(fault)?;
    strip_at(connection, book, mch_id, &positions)
}

fn strip_at(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    positions: &[i64],
) -> Result<u64, LedgerError> {
    let table = history_of(book);
    let read = format!("SELECT raw FROM {table} WHERE mch_id = ?1 AND position = ?2");
    let write = format!(
        "UPDATE {table} SET raw = NULL, raw_digest = ?3 WHERE mch_id = ?1 AND position = ?2"
    );
    let mut read = connection.prepare_cached(&read).map_err(fault)?;
    let mut write = connection.prepare_cached(&write).map_err(fault)?;
    for position in positions {
        let raw: Vec<u8> =
            read.query_row(params![mch_id, position], |row| row.get(0)).map_err(fault)?;
        let digest: [u8; 32] = Sha256::digest(&raw).into();
        write.execute(params![mch_id, position, digest]).map_err(fault)?;
    }
    Ok(positions.len() as u64)
}
