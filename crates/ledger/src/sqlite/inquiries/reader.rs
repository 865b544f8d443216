//! Reading what the merchant's side knows, on the caller's thread.

use super::rows::{self, INQUIRY};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiries::too_far_ahead;
use crate::inquiry::{Inquiry, InquiryFilter};
use crate::lease::longest;
use crate::record::Key;
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::reader::all;
use crate::sqlite::rows::{ENTRY, entry, to_time};
use crate::time::first_ms_from;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use std::sync::LazyLock;

static BY_KEY: LazyLock<String> = LazyLock::new(|| select("WHERE mch_id = ?1 AND mch_billno = ?2"));
static OF_REF: LazyLock<String> = LazyLock::new(|| {
    select("WHERE mch_id = ?1 AND business_ref = ?2 ORDER BY noted_at, mch_billno")
});
static DUE: LazyLock<String> = LazyLock::new(|| {
    select("WHERE mch_id = ?1 AND due_at <= ?2 ORDER BY due_at, mch_billno LIMIT ?3")
});
static TOO_FAR_AHEAD: LazyLock<String> = LazyLock::new(|| {
    select("WHERE mch_id = ?1 AND due_at > ?2 ORDER BY due_at, mch_billno LIMIT ?3")
});
static DUE_AND_FREE: LazyLock<String> = LazyLock::new(|| free(&DUE));
static TOO_FAR_AHEAD_AND_FREE: LazyLock<String> = LazyLock::new(|| free(&TOO_FAR_AHEAD));
const NEXT_DUE: &str =
    "SELECT min(due_at), count(*) FROM inquiries WHERE mch_id = ?1 AND due_at IS NOT NULL";

pub(in crate::sqlite) fn inquiry(
    connection: &Connection,
    key: &Key,
) -> Result<Option<Inquiry>, LedgerError> {
    let values = [key.mch_id.as_str(), key.mch_billno.as_str()];
    Ok(all(connection, &BY_KEY, values, rows::inquiry)?.pop())
}

pub(super) fn history(connection: &Connection, key: &Key) -> Result<Vec<Entry>, LedgerError> {
    let query = format!(
        "SELECT {ENTRY} FROM inquiry_history WHERE mch_id = ?1 AND mch_billno = ?2 ORDER BY position"
    );
    all(connection, &query, [key.mch_id.as_str(), key.mch_billno.as_str()], entry)
}

pub(super) fn of_ref(
    connection: &Connection,
    mch_id: &str,
    business_ref: &str,
) -> Result<Vec<Inquiry>, LedgerError> {
    all(connection, &OF_REF, [mch_id, business_ref], rows::inquiry)
}

/// A page of those that match `filter` and that no row of `run`, where one is given, named.
pub(in crate::sqlite) fn list(
    connection: &Connection,
    mch_id: &str,
    run: Option<&str>,
    filter: &InquiryFilter,
) -> Result<Vec<Inquiry>, LedgerError> {
    let (query, values) = listing(mch_id, run, filter);
    all(connection, &query, params_from_iter(values), rows::inquiry)
}

/// A union, as no index has both columns.
const OF_RECEIVER: &str = "mch_billno IN \
     (SELECT mch_billno FROM inquiries WHERE mch_id = ?1 AND re_openid = ?_ \
     UNION SELECT mch_billno FROM inquiries WHERE mch_id = ?1 AND openid = ?_)";

const UNSIGHTED: &str = "NOT EXISTS (SELECT 1 FROM run_rows WHERE run_rows.mch_id = ?1 \
     AND run_rows.run = ?_ AND run_rows.mch_billno = inquiries.mch_billno)";

/// The query of a list. Only what is given stands in it, so that each form can use its index.
fn listing(mch_id: &str, run: Option<&str>, filter: &InquiryFilter) -> (String, Vec<Value>) {
    let mut conditions = String::from("WHERE mch_id = ?1");
    let mut values = vec![text(mch_id)];
    let bound = |at: Timestamp| Value::from(first_ms_from(at));
    let given = [
        ("status = ?_", filter.status.as_deref().map(text)),
        ("verdict = ?_", filter.verdict.as_deref().map(text)),
        ("coalesce(seen_act_name, act_name) = ?_", filter.act_name.as_deref().map(text)),
        (OF_RECEIVER, filter.openid.as_ref().map(|id| text(id.as_str()))),
        ("business_ref = ?_", filter.business_ref.as_deref().map(text)),
        ("coalesce(sent_at, noted_at) >= ?_", filter.from.map(bound)),
        ("coalesce(sent_at, noted_at) < ?_", filter.until.map(bound)),
        ("mch_billno > ?_", filter.after_billno.as_deref().map(text)),
        (UNSIGHTED, run.map(text)),
    ];
    for (condition, value) in given {
        let Some(value) = value else { continue };
        values.push(value);
        let place = format!("?{}", values.len());
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace("?_", &place));
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
    let of = |query: &str, at: Timestamp, limit: u32| {
        all(connection, query, params![mch_id, at.as_millisecond(), limit], rows::inquiry)
    };
    let mut due = of(&DUE, now, limit)?;
    let left = limit.saturating_sub(u32::try_from(due.len()).unwrap_or(limit));
    if left > 0 {
        due.extend(of(&TOO_FAR_AHEAD, too_far_ahead(now), left)?);
    }
    Ok(due)
}

/// The same, without what another one than the holder has leased.
pub(in crate::sqlite) fn claimable(
    connection: &Connection,
    mch_id: &str,
    now: Timestamp,
    holder: &str,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let (now_ms, longest) = (now.as_millisecond(), longest(now).as_millisecond());
    let of = |query: &str, at: Timestamp, limit: u32| {
        let values = params![mch_id, at.as_millisecond(), limit, now_ms, holder, longest];
        all(connection, query, values, rows::inquiry)
    };
    let mut due = of(&DUE_AND_FREE, now, limit)?;
    let left = limit.saturating_sub(u32::try_from(due.len()).unwrap_or(limit));
    if left > 0 {
        due.extend(of(&TOO_FAR_AHEAD_AND_FREE, too_far_ahead(now), left)?);
    }
    Ok(due)
}

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

/// A query of what is due, without what another one than `?5` has leased at `?4`.
fn free(due: &str) -> String {
    let free = "AND (leased_until IS NULL OR leased_until <= ?4 OR leased_until > ?6 \
         OR leased_by = ?5) ORDER BY";
    due.replacen("ORDER BY", free, 1)
}

fn select(conditions: &str) -> String {
    format!("SELECT {INQUIRY} FROM inquiries {conditions}")
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sqlite::migrations;

    fn plan(query: &str, values: Vec<Value>) -> String {
        let connection = Connection::open_in_memory().unwrap();
        migrations::migrate(&connection, migrations::Told::nobody()).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let steps = statement.query_map(params_from_iter(values), |row| row.get(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<String>>().join("; ")
    }

    /// No list reads a merchant from one end to the other where an index knows the few,
    /// and none sorts them: the first page of ten million comes as soon as that of ten.
    #[test]
    fn every_list_goes_by_an_index_and_in_its_order() {
        let all = InquiryFilter::default;
        let text = |text: &str| Some(text.into());
        let receiver = || Some("o".into());
        let cases = [
            (all(), "inquiries_1 (mch_id=?)"),
            (InquiryFilter { after_billno: text("1"), ..all() }, "(mch_id=? AND mch_billno>?)"),
            (InquiryFilter { status: text("SENT"), ..all() }, "inquiries_status ("),
            (InquiryFilter { verdict: text("open"), ..all() }, "inquiries_verdict ("),
            (InquiryFilter { attention: Some(true), ..all() }, "inquiries_attention ("),
            (InquiryFilter { business_ref: text("r"), ..all() }, "inquiries_ref ("),
            (InquiryFilter { openid: receiver(), ..all() }, "inquiries_ordered_for ("),
            (InquiryFilter { openid: receiver(), ..all() }, "inquiries_received_by ("),
            (InquiryFilter { openid: receiver(), ..all() }, "(mch_id=? AND mch_billno=?)"),
        ];
        for (filter, wanted) in cases {
            for run in [None, Some("run")] {
                let (query, values) = listing("1", run, &filter);
                let plan = plan(&query, values);
                assert!(plan.contains(wanted), "{filter:?}: {plan}");
                assert!(!plan.contains("SCAN inquiries"), "{filter:?}: {plan}");
                assert!(!plan.contains("FOR ORDER BY"), "{filter:?}: {plan}");
            }
        }
    }

    #[test]
    fn what_is_due_and_a_reference_go_by_their_indexes() {
        let due = plan(&DUE, vec![text("1"), Value::from(1), Value::from(1)]);
        assert_eq!(due, "SEARCH inquiries USING INDEX inquiries_due (mch_id=? AND due_at<?)");
        let ahead = plan(&TOO_FAR_AHEAD, vec![text("1"), Value::from(1), Value::from(1)]);
        assert_eq!(ahead, "SEARCH inquiries USING INDEX inquiries_due (mch_id=? AND due_at>?)");
        let next = plan(NEXT_DUE, vec![text("1")]);
        assert_eq!(
            next,
            "SEARCH inquiries USING COVERING INDEX inquiries_due (mch_id=? AND due_at>?)"
        );
        let of_ref = plan(&OF_REF, vec![text("1"), text("r")]);
        assert!(of_ref.contains("inquiries_ref (mch_id=? AND business_ref=?)"), "{of_ref}");
    }
}
