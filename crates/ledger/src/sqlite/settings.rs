//! Settings that several processes change.

use super::fault::fault;
use crate::error::LedgerError;
use rusqlite::{Connection, params};

/// Sets a setting where it is what it was.
pub(super) fn replace(
    connection: &Connection,
    name: &str,
    was: Option<&str>,
    value: &str,
) -> Result<(), LedgerError> {
    let replaced = match was {
        Some(was) => connection
            .prepare_cached("UPDATE settings SET value = ?3 WHERE name = ?1 AND value = ?2")
            .and_then(|mut s| s.execute(params![name, was, value])),
        None => connection
            .prepare_cached(
                "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
            )
            .and_then(|mut s| s.execute(params![name, value])),
    };
    match replaced.map_err(fault)? {
        0 => Err(LedgerError::Conflict),
        _ => Ok(()),
    }
}
