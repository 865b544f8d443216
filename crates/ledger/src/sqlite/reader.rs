//! Reading, on the caller's thread: a lookup takes microseconds, less than handing it over.

use super::fault::{damaged, fault};
use super::rows::{self, ENTRY, FINDING, RECORD};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::longest;
use crate::ledger::Filter;
use crate::record::{Key, Record, Told};
use bytes::Bytes;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, params};
use std::sync::LazyLock;

/// The hot path: one column, by the primary key.
pub(super) fn reply(
    connection: &Connection,
    mch_id: &str,
    mch_billno: &str,
) -> Result<Option<Bytes>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT reply FROM records WHERE mch_id = ?1 AND mch_billno = ?2")
        .map_err(fault)?;
    let mut rows = statement.query([mch_id, mch_billno]).map_err(fault)?;
    let Some(row) = rows.next().map_err(fault)? else { return Ok(None) };
    match row.get_ref(0).map_err(fault)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(reply) => Ok(Some(Bytes::copy_from_slice(reply))),
        _ => Err(damaged("reply")),
    }
}

pub(super) fn find(connection: &Connection, key: &Key) -> Result<Option<Record>, LedgerError> {
    static QUERY: LazyLock<String> =
        LazyLock::new(|| select_records("WHERE mch_id = ?1 AND mch_billno = ?2"));
    let values = [key.mch_id.as_str(), key.mch_billno.as_str()];
    Ok(all(connection, &QUERY, values, rows::record)?.pop())
}

pub(super) fn history(connection: &Connection, key: &Key) -> Result<Vec<Entry>, LedgerError> {
    let query = format!(
        "SELECT {ENTRY} FROM history WHERE mch_id = ?1 AND mch_billno = ?2 ORDER BY position"
    );
    all(connection, &query, [key.mch_id.as_str(), key.mch_billno.as_str()], rows::entry)
}

pub(super) fn records(
    connection: &Connection,
    mch_id: &str,
    filter: &Filter,
) -> Result<Vec<Record>, LedgerError> {
    let limit = filter.rows_max() as i64;
    let openid = filter.re_openid.as_ref().map(OpenId::as_str);
    let mut conditions = String::from("WHERE mch_id = ?1");
    let mut values: Vec<&dyn ToSql> = vec![&mch_id];
    // Only what is given stands in the query, so that each form can use its index.
    let given: [(&str, Option<&dyn ToSql>); 3] = [
        ("status =", filter.status.as_ref().map(|status| status as &dyn ToSql)),
        ("re_openid =", openid.as_ref().map(|openid| openid as &dyn ToSql)),
        ("mch_billno >", filter.after_billno.as_ref().map(|after| after as &dyn ToSql)),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(&format!(" AND {condition} ?{}", values.len()));
        }
    }
    values.push(&limit);
    conditions.push_str(&format!(" ORDER BY mch_billno LIMIT ?{}", values.len()));
    all(connection, &select_records(&conditions), &*values, rows::record)
}

pub(super) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    let query = select_records(
        "WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, mch_id, mch_billno LIMIT ?2",
    );
    all(connection, &query, params![now.as_millisecond(), limit], rows::record)
}

/// What is due and nobody but the holder has leased.
pub(super) fn claimable(
    connection: &Connection,
    now: Timestamp,
    holder: &str,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    static QUERY: LazyLock<String> = LazyLock::new(|| {
        select_records(
            "WHERE due_at IS NOT NULL AND due_at <= ?1 \
             AND (leased_until IS NULL OR leased_until <= ?1 OR leased_until > ?4 \
             OR leased_by = ?2) ORDER BY due_at, mch_id, mch_billno LIMIT ?3",
        )
    });
    let longest = longest(now).as_millisecond();
    let values = params![now.as_millisecond(), holder, limit, longest];
    all(connection, &QUERY, values, rows::record)
}

pub(super) fn unclear(
    connection: &Connection,
    mch_id: &str,
    re_openid: &OpenId,
    total_amount: Fen,
    since: Timestamp,
) -> Result<Vec<Record>, LedgerError> {
    let query = select_records(
        "WHERE mch_id = ?1 AND re_openid = ?2 AND total_amount = ?3 AND sent_at >= ?4 \
         AND told = ?5 ORDER BY sent_at, mch_billno",
    );
    let values = params![
        mch_id,
        re_openid.as_str(),
        total_amount.as_i64(),
        since.as_millisecond(),
        rows::told_number(Told::Unclear),
    ];
    all(connection, &query, values, rows::record)
}

pub(super) fn findings(
    connection: &Connection,
    mch_id: Option<&str>,
) -> Result<Vec<Finding>, LedgerError> {
    let order = "ORDER BY at, mch_id, first_billno, second_billno";
    match mch_id {
        Some(mch_id) => {
            let query = format!("SELECT {FINDING} FROM findings WHERE mch_id = ?1 {order}");
            all(connection, &query, [mch_id], rows::finding)
        }
        None => {
            let query = format!("SELECT {FINDING} FROM findings {order}");
            all(connection, &query, [], rows::finding)
        }
    }
}

pub(super) fn setting(connection: &Connection, name: &str) -> Result<Option<String>, LedgerError> {
    connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |row| row.get(0)).optional())
        .map_err(fault)
}

fn select_records(conditions: &str) -> String {
    format!("SELECT {RECORD} FROM records {conditions}")
}

/// Every row of a query, read.
pub(super) fn all<T>(
    connection: &Connection,
    query: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let mut statement = connection.prepare_cached(query).map_err(fault)?;
    let mut rows = statement.query(values).map_err(fault)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        found.push(read(row)?);
    }
    Ok(found)
}
