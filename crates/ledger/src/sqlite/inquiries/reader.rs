//! Reading what the merchant's side knows, on the caller's thread.

use super::rows::{self, INQUIRY};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::{Inquiry, InquiryFilter};
use crate::record::Key;
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::reader::all;
use crate::sqlite::rows::{ENTRY, entry, to_time};
use crate::time::first_ms_from;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use std::sync::LazyLock;

pub(super) fn inquiry(connection: &Connection, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
    static QUERY: LazyLock<String> =
        LazyLock::new(|| select("WHERE mch_id = ?1 AND mch_billno = ?2"));
    let values = [key.mch_id.as_str(), key.mch_billno.as_str()];
    Ok(all(connection, &QUERY, values, rows::inquiry)?.pop())
}

pub(super) fn history(connection: &Connection, key: &Key) -> Result<Vec<Entry>, LedgerError> {
    let query = format!(
        "SELECT {ENTRY} FROM inquiry_history WHERE mch_id = ?1 AND mch_billno = ?2 ORDER BY seq"
    );
    all(connection, &query, [key.mch_id.as_str(), key.mch_billno.as_str()], entry)
}

pub(super) fn of_ref(
    connection: &Connection,
    mch_id: &str,
    business_ref: &str,
) -> Result<Vec<Inquiry>, LedgerError> {
    let query = select("WHERE mch_id = ?1 AND business_ref = ?2 ORDER BY noted_at, mch_billno");
    all(connection, &query, [mch_id, business_ref], rows::inquiry)
}

/// A page of those that match `filter` and that no row of `run`, where one is given, named.
pub(super) fn list(
    connection: &Connection,
    mch_id: &str,
    run: Option<&str>,
    filter: &InquiryFilter,
) -> Result<Vec<Inquiry>, LedgerError> {
    let (query, values) = listing(mch_id, run, filter);
    all(connection, &query, params_from_iter(values), rows::inquiry)
}

/// The query of a list. Only what is given stands in it, so that each form can use its index.
fn listing(mch_id: &str, run: Option<&str>, filter: &InquiryFilter) -> (String, Vec<Value>) {
    let mut conditions = String::from("WHERE mch_id = ?1");
    let mut values = vec![text(mch_id)];
    let bound = |at: Timestamp| Value::from(first_ms_from(at));
    let given = [
        ("status = ?", filter.status.as_deref().map(text)),
        ("verdict = ?", filter.verdict.as_deref().map(text)),
        ("coalesce(seen_act_name, act_name) = ?", filter.act_name.as_deref().map(text)),
        ("(re_openid = ? OR openid = ?)", filter.openid.as_ref().map(|id| text(id.as_str()))),
        ("business_ref = ?", filter.business_ref.as_deref().map(text)),
        ("coalesce(sent_at, noted_at) >= ?", filter.from.map(bound)),
        ("coalesce(sent_at, noted_at) < ?", filter.until.map(bound)),
        ("mch_billno > ?", filter.after_billno.as_deref().map(text)),
        (
            "NOT EXISTS (SELECT 1 FROM run_rows AS r WHERE r.mch_id = inquiries.mch_id \
             AND r.run = ? AND r.mch_billno = inquiries.mch_billno)",
            run.map(text),
        ),
    ];
    for (condition, value) in given {
        let Some(value) = value else { continue };
        values.push(value);
        let place = format!("?{}", values.len());
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace('?', &place));
    }
    conditions.push_str(match filter.attention {
        None => "",
        Some(true) => " AND attention IS NOT NULL",
        Some(false) => " AND attention IS NULL",
    });
    values.push(Value::from(filter.rows_max() as i64));
    conditions.push_str(&format!(" ORDER BY mch_billno LIMIT ?{}", values.len()));
    (select(&conditions), values)
}

pub(super) fn due(
    connection: &Connection,
    mch_id: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let query = select("WHERE mch_id = ?1 AND due_at <= ?2 ORDER BY due_at, mch_billno LIMIT ?3");
    all(connection, &query, params![mch_id, now.as_millisecond(), limit], rows::inquiry)
}

const NEXT_DUE: &str =
    "SELECT min(due_at), count(*) FROM inquiries WHERE mch_id = ?1 AND due_at IS NOT NULL";

pub(super) fn next_due(
    connection: &Connection,
    mch_id: &str,
) -> Result<(Option<Timestamp>, u64), LedgerError> {
    let (first, count): (Option<i64>, i64) = connection
        .prepare_cached(NEXT_DUE)
        .and_then(|mut s| s.query_row([mch_id], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(fault)?;
    let count = count.try_into().map_err(|_| damaged("a count"))?;
    Ok((first.map(to_time).transpose()?, count))
}

fn select(conditions: &str) -> String {
    format!("SELECT {INQUIRY} FROM inquiries {conditions}")
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}
