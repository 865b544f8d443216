//! Reading the paying side.

use super::chains;
use super::door::{Door, Value};
use super::rows::{self, ENTRY, FINDING, RECORD, get, told_number};
use super::text::{Text, is, unescaped};
use crate::book::Book;
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::ledger::Filter;
use crate::record::{Key, Record, Told};
use bytes::Bytes;
use futures_util::future::try_join_all;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use std::sync::LazyLock;

const REPLY: &str = "SELECT reply FROM records WHERE mch_id = $1 AND mch_billno = $2";
static FIND: LazyLock<String> =
    LazyLock::new(|| select_records("WHERE mch_id = $1 AND mch_billno = $2"));
static UNCLEAR: LazyLock<String> = LazyLock::new(|| {
    select_records(&format!(
        "WHERE mch_id = $1 AND {} AND total_amount = $3 AND sent_at >= $4 \
         AND told = $5 ORDER BY sent_at, mch_billno",
        is("re_openid", "$2")
    ))
});
static DUE: LazyLock<String> = LazyLock::new(|| {
    select_records("WHERE mch_id = $1 AND due_at <= $2 ORDER BY due_at, mch_billno LIMIT $3")
});
/// How many merchants are asked at one time.
pub(super) const AT_ONCE: usize = 64;

/// The hot path: one column, by the primary key.
pub(super) async fn reply(
    door: &Door,
    mch_id: &str,
    mch_billno: &str,
) -> Result<Option<Bytes>, LedgerError> {
    let read =
        |row: &tokio_postgres::Row| Ok(get::<Option<&[u8]>>(row, 0)?.map(Bytes::copy_from_slice));
    Ok(door.lookup(REPLY, &[&Text(mch_id), &Text(mch_billno)], read).await?.flatten())
}

pub(super) async fn find(door: &Door, key: &Key) -> Result<Option<Record>, LedgerError> {
    let values: [Value<'_>; 2] = [&Text(key.mch_id.as_str()), &Text(key.mch_billno.as_str())];
    door.lookup(&FIND, &values, rows::record).await
}

/// A packet's entries, in the order of the chain.
pub(super) async fn history(door: &Door, book: Book, key: &Key) -> Result<Vec<Entry>, LedgerError> {
    let query = format!(
        "SELECT {ENTRY} FROM {} WHERE mch_id = $1 AND mch_billno = $2 ORDER BY position",
        chains::history(book)
    );
    let values: [Value<'_>; 2] = [&Text(key.mch_id.as_str()), &Text(key.mch_billno.as_str())];
    door.all(&query, &values, rows::entry).await
}

pub(super) async fn records(
    door: &Door,
    mch_id: &str,
    filter: &Filter,
) -> Result<Vec<Record>, LedgerError> {
    let mch_id = Text(mch_id);
    let limit = filter.rows_max() as i64;
    let given = [
        ("status", filter.status.as_deref().map(Text)),
        ("re_openid", filter.re_openid.as_ref().map(|openid| Text(openid.as_str()))),
        ("mch_billno", filter.after_billno.as_deref().map(Text)),
    ];
    let mut conditions = String::from("WHERE mch_id = $1");
    let mut values: Vec<Value<'_>> = vec![&mch_id];
    // Only what is given stands in the query, so that each form can use its index.
    for (column, value) in &given {
        let Some(value) = value else { continue };
        values.push(value);
        let place = format!("${}", values.len());
        let condition = match *column {
            "mch_billno" => format!("mch_billno > {place}"),
            column => is(column, &place),
        };
        conditions.push_str(&format!(" AND {condition}"));
    }
    values.push(&limit);
    conditions.push_str(&format!(" ORDER BY mch_billno LIMIT ${}", values.len()));
    door.all(&select_records(&conditions), &values, rows::record).await
}

/// Merchant by merchant, so that each query is of one shard.
pub(super) async fn due(
    door: &Door,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    let mut due = Vec::new();
    for merchants in merchants(door).await?.chunks(AT_ONCE) {
        let asked = merchants.iter().map(|mch_id| due_of(door, mch_id, now, limit));
        due.extend(try_join_all(asked).await?.into_iter().flatten());
    }
    due.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
    due.truncate(limit as usize);
    Ok(due)
}

async fn due_of(
    door: &Door,
    mch_id: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    let values: [Value<'_>; 3] = [&Text(mch_id), &now.as_millisecond(), &i64::from(limit)];
    door.all(&DUE, &values, rows::record).await
}

/// The numbers of all merchants, in their order.
pub(super) async fn merchants(door: &Door) -> Result<Vec<Box<str>>, LedgerError> {
    door.all("SELECT mch_id FROM merchants ORDER BY mch_id", &[], |row| rows::text(row, 0)).await
}

pub(super) async fn unclear(
    door: &Door,
    mch_id: &str,
    re_openid: &OpenId,
    total_amount: Fen,
    since: Timestamp,
) -> Result<Vec<Record>, LedgerError> {
    let values: [Value<'_>; 5] = [
        &Text(mch_id),
        &Text(re_openid.as_str()),
        &total_amount.as_i64(),
        &since.as_millisecond(),
        &told_number(Told::Unclear),
    ];
    door.all(&UNCLEAR, &values, rows::record).await
}

pub(super) async fn findings(
    door: &Door,
    mch_id: Option<&str>,
) -> Result<Vec<Finding>, LedgerError> {
    let order = "ORDER BY at, mch_id, first_billno, second_billno";
    match mch_id {
        Some(mch_id) => {
            let query = format!("SELECT {FINDING} FROM findings WHERE mch_id = $1 {order}");
            door.all(&query, &[&Text(mch_id)], rows::finding).await
        }
        None => {
            let query = format!("SELECT {FINDING} FROM findings {order}");
            door.all(&query, &[], rows::finding).await
        }
    }
}

pub(super) async fn setting(door: &Door, name: &str) -> Result<Option<String>, LedgerError> {
    let query = "SELECT value FROM settings WHERE name = $1";
    let read = |row: &tokio_postgres::Row| Ok(unescaped(get(row, 0)?)?.into_owned());
    door.one(query, &[&Text(name)], read).await
}

pub(super) fn select_records(conditions: &str) -> String {
    format!("SELECT {RECORD} FROM records {conditions}")
}
