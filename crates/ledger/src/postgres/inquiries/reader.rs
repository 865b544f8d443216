//! Reading what the merchant's side knows.

use super::rows::{INQUIRY, inquiry};
use crate::error::LedgerError;
use crate::inquiries::too_far_ahead;
use crate::inquiry::{Inquiry, InquiryFilter};
use crate::postgres::door::{Door, Value};
use crate::postgres::rows::{number, optional_time};
use crate::postgres::text::{Text, is};
use crate::record::Key;
use crate::time::first_ms_from;
use jiff::Timestamp;
use std::sync::LazyLock;
use tokio_postgres::types::ToSql;

static BY_KEY: LazyLock<String> = LazyLock::new(|| select("WHERE mch_id = $1 AND mch_billno = $2"));
static OF_REF: LazyLock<String> = LazyLock::new(|| {
    let business_ref = is("business_ref", "$2");
    select(&format!("WHERE mch_id = $1 AND {business_ref} ORDER BY noted_at, mch_billno"))
});
static DUE: LazyLock<String> = LazyLock::new(|| {
    select("WHERE mch_id = $1 AND due_at <= $2 ORDER BY due_at, mch_billno LIMIT $3")
});
static TOO_FAR_AHEAD: LazyLock<String> = LazyLock::new(|| {
    select("WHERE mch_id = $1 AND due_at > $2 ORDER BY due_at, mch_billno LIMIT $3")
});
const NEXT_DUE: &str =
    "SELECT min(due_at), count(*) FROM inquiries WHERE mch_id = $1 AND due_at IS NOT NULL";

pub(super) async fn by_key(door: &Door, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
    let values: [Value<'_>; 2] = [&Text(key.mch_id.as_str()), &Text(key.mch_billno.as_str())];
    door.lookup(&BY_KEY, &values, inquiry).await
}

pub(super) async fn of_ref(
    door: &Door,
    mch_id: &str,
    business_ref: &str,
) -> Result<Vec<Inquiry>, LedgerError> {
    door.all(&OF_REF, &[&Text(mch_id), &Text(business_ref)], inquiry).await
}

/// The condition that a packet of $1 names a receiver. A union, as no index has both columns.
pub(in crate::postgres) fn of_receiver(table: &str, place: &str) -> String {
    format!(
        "mch_billno IN (SELECT mch_billno FROM {table} WHERE mch_id = $1 AND {} \
         UNION SELECT mch_billno FROM {table} WHERE mch_id = $1 AND {})",
        is("re_openid", place),
        is("openid", place)
    )
}

const UNSIGHTED: &str = "NOT EXISTS (SELECT 1 FROM run_rows WHERE run_rows.mch_id = $1 \
     AND run_rows.run = $_ AND run_rows.mch_billno = inquiries.mch_billno)";

type Given<'g> = Box<dyn ToSql + Sync + Send + 'g>;

/// A page of those that match `filter` and that no row of `run`, where one is given, named.
pub(super) async fn list(
    door: &Door,
    mch_id: &str,
    run: Option<&str>,
    filter: &InquiryFilter,
) -> Result<Vec<Inquiry>, LedgerError> {
    let (query, given) = listing(mch_id, run, filter);
    let values: Vec<Value<'_>> = given.iter().map(|value| &**value as Value<'_>).collect();
    door.all(&query, &values, inquiry).await
}

/// The query of a list. Only what is given stands in it, so that each form can use its index.
fn listing<'g>(
    mch_id: &'g str,
    run: Option<&'g str>,
    filter: &'g InquiryFilter,
) -> (String, Vec<Given<'g>>) {
    fn text(text: &str) -> Given<'_> {
        Box::new(Text(text))
    }
    let bound = |at: Timestamp| -> Given<'g> { Box::new(first_ms_from(at)) };
    let mut conditions = String::from("WHERE mch_id = $1");
    let mut values = vec![text(mch_id)];
    let (status, receiver) = (is("status", "$_"), of_receiver("inquiries", "$_"));
    let business_ref = is("business_ref", "$_");
    let given = [
        (&*status, filter.status.as_deref().map(text)),
        ("verdict = $_", filter.verdict.as_deref().map(text)),
        ("coalesce(seen_act_name, act_name) = $_", filter.act_name.as_deref().map(text)),
        (&receiver, filter.openid.as_ref().map(|id| text(id.as_str()))),
        (&business_ref, filter.business_ref.as_deref().map(text)),
        ("coalesce(sent_at, noted_at) >= $_", filter.from.map(bound)),
        ("coalesce(sent_at, noted_at) < $_", filter.until.map(bound)),
        ("mch_billno > $_", filter.after_billno.as_deref().map(text)),
        (UNSIGHTED, run.map(text)),
    ];
    for (condition, value) in given {
        let Some(value) = value else { continue };
        values.push(value);
        let place = format!("${}", values.len());
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace("$_", &place));
    }
    conditions.push_str(match filter.attention {
        None => "",
        Some(true) => " AND attention IS NOT NULL",
        Some(false) => " AND attention IS NULL",
    });
    values.push(Box::new(filter.rows_max() as i64));
    conditions.push_str(&format!(" ORDER BY mch_billno LIMIT ${}", values.len()));
    (select(&conditions), values)
}

pub(super) async fn due(
    door: &Door,
    mch_id: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let mut due = due_by(door, &DUE, mch_id, now, limit).await?;
    let left = limit.saturating_sub(u32::try_from(due.len()).unwrap_or(limit));
    if left > 0 {
        due.extend(due_by(door, &TOO_FAR_AHEAD, mch_id, too_far_ahead(now), left).await?);
    }
    Ok(due)
}

async fn due_by(
    door: &Door,
    query: &str,
    mch_id: &str,
    at: Timestamp,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let values: [Value<'_>; 3] = [&Text(mch_id), &at.as_millisecond(), &i64::from(limit)];
    door.all(query, &values, inquiry).await
}

pub(super) async fn next_due(
    door: &Door,
    mch_id: &str,
) -> Result<(Option<Timestamp>, u64), LedgerError> {
    let read = |row: &tokio_postgres::Row| Ok((optional_time(row, 0)?, number(row, 1)?));
    Ok(door.one(NEXT_DUE, &[&Text(mch_id)], read).await?.unwrap_or_default())
}

fn select(conditions: &str) -> String {
    format!("SELECT {INQUIRY} FROM inquiries {conditions}")
}
