//! Leases: each is one statement, and none is waited for to reach the disk. A lease that a power
//! cut takes back costs a question asked twice, as one whose holder died does.

use super::door::{Door, Value};
use super::fault::{Fault, Kind, Outcome};
use super::inquiries::rows::{INQUIRY, inquiry};
use super::reader;
use super::retry::Tries;
use super::rows::{RECORD, get, ms, number, record, signed, text, to_time};
use super::text::Text;
use crate::error::LedgerError;
use crate::inquiries::too_far_ahead;
use crate::inquiry::Inquiry;
use crate::lease::{Claim, LEASE_MAX, Lease, SliceRequest, share};
use crate::record::{Key, Record};
use futures_util::future::{try_join, try_join_all, try_join3};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tokio_postgres::Row;

const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off";
/// A lease that ends later than any that is believed keeps nobody off.
static FREE: LazyLock<String> = LazyLock::new(|| {
    let lease_max = LEASE_MAX.as_millis();
    format!(
        "(leased_until IS NULL OR leased_until <= $2 OR leased_until > $2 + {lease_max} \
         OR leased_by = $3)"
    )
});
static FORGET_PACES: LazyLock<String> = LazyLock::new(|| {
    let lease_max = LEASE_MAX.as_millis();
    format!(
        "DELETE FROM paces WHERE mch_id = $1 AND pace = $2 \
         AND (until <= $3 OR until > $3 + {lease_max})"
    )
});

/// Who is due, so that the longest due of all merchants come first.
static DUE: LazyLock<String> = LazyLock::new(|| {
    let free = &*FREE;
    format!(
        "SELECT due_at FROM records WHERE mch_id = $1 AND due_at <= $2 AND {free} \
         ORDER BY due_at, mch_billno LIMIT $4"
    )
});
static CLAIM_RECORDS: LazyLock<String> = LazyLock::new(|| claim("records", RECORD, "due_at <= $2"));
static CLAIM_INQUIRIES: LazyLock<String> =
    LazyLock::new(|| claim("inquiries", INQUIRY, "due_at <= $2"));
static CLAIM_FAR_AHEAD: LazyLock<String> =
    LazyLock::new(|| claim("inquiries", INQUIRY, "due_at > $6"));

/// Those that somebody else is leasing at this moment are passed over.
fn claim(table: &str, columns: &str, due: &str) -> String {
    let columns: Vec<String> =
        columns.split(',').map(|column| format!("t.{}", column.trim())).collect();
    let free = &*FREE;
    format!(
        "WITH free AS MATERIALIZED (SELECT mch_billno FROM {table} \
         WHERE mch_id = $1 AND {due} AND {free} \
         ORDER BY due_at, mch_billno LIMIT $4 FOR UPDATE SKIP LOCKED) \
         UPDATE {table} t SET leased_by = $3, leased_until = $5 FROM free \
         WHERE t.mch_id = $1 AND t.mch_billno = free.mch_billno RETURNING {}",
        columns.join(", ")
    )
}

/// Leases records that are due, the longest due first.
pub(super) async fn claim_due(
    door: &Door,
    now: Timestamp,
    lease: &Lease,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    let mut due: Vec<(i64, Box<str>)> = Vec::new();
    for merchants in reader::merchants(door).await?.chunks(reader::AT_ONCE) {
        let asked = merchants.iter().map(|mch_id| due_of(door, mch_id, now, lease, limit));
        due.extend(try_join_all(asked).await?.into_iter().flatten());
    }
    due.sort();
    due.truncate(limit as usize);
    let mut counts: BTreeMap<Box<str>, u32> = BTreeMap::new();
    for (_, mch_id) in due {
        *counts.entry(mch_id).or_default() += 1;
    }
    let mut claimed = Vec::new();
    for (mch_id, count) in &counts {
        let values = Values::new(mch_id, now, lease, *count);
        claimed.extend(take(door, &CLAIM_RECORDS, &values.all()[..5], record).await?);
    }
    claimed.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
    Ok(claimed)
}

async fn due_of(
    door: &Door,
    mch_id: &str,
    now: Timestamp,
    lease: &Lease,
    limit: u32,
) -> Result<Vec<(i64, Box<str>)>, LedgerError> {
    let values = Values::new(mch_id, now, lease, limit);
    door.all(&DUE, &values.all()[..4], |row| Ok((get(row, 0)?, mch_id.into()))).await
}

/// The same for inquiries of a merchant; then those that a clock that was ahead made due.
pub(super) async fn claim_due_inquiries(
    door: &Door,
    mch_id: &str,
    now: Timestamp,
    lease: &Lease,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let in_order = |mut claimed: Vec<Inquiry>| {
        claimed.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
        claimed
    };
    let values = Values::new(mch_id, now, lease, limit);
    let mut due = in_order(take(door, &CLAIM_INQUIRIES, &values.all()[..5], inquiry).await?);
    let left = limit.saturating_sub(u32::try_from(due.len()).unwrap_or(limit));
    if left > 0 {
        let values = Values::new(mch_id, now, lease, left);
        due.extend(in_order(take(door, &CLAIM_FAR_AHEAD, &values.all(), inquiry).await?));
    }
    Ok(due)
}

/// Leases one inquiry, where nobody else has it.
pub(super) async fn claim_inquiry(
    door: &Door,
    key: &Key,
    now: Timestamp,
    lease: &Lease,
) -> Result<Claim, LedgerError> {
    let free = &*FREE;
    let query = format!(
        "UPDATE inquiries SET leased_by = $3, leased_until = $5 \
         WHERE mch_id = $1 AND mch_billno = $4 AND {free} RETURNING mch_billno"
    );
    let (mch_id, mch_billno) = (Text(key.mch_id.as_str()), Text(key.mch_billno.as_str()));
    let values: [Value<'_>; 5] =
        [&mch_id, &ms(now), &Text(&lease.holder), &mch_billno, &ms(lease.until)];
    if !take(door, &query, &values, |row| text(row, 0)).await?.is_empty() {
        return Ok(Claim::Taken);
    }
    let query = "SELECT leased_until FROM inquiries WHERE mch_id = $1 AND mch_billno = $2";
    let until = door.one(query, &[&mch_id, &mch_billno], |row| get::<Option<i64>>(row, 0)).await?;
    Ok(match until {
        None => Claim::Absent,
        // Given back since: the caller asks again at once.
        Some(None) => Claim::Held { until: now },
        Some(Some(until)) => Claim::Held { until: to_time(until)? },
    })
}

/// Ends the holder's lease on an inquiry.
pub(super) async fn release_inquiry(
    door: &Door,
    key: &Key,
    holder: &str,
) -> Result<(), LedgerError> {
    let query = "UPDATE inquiries SET leased_until = NULL, leased_by = NULL \
         WHERE mch_id = $1 AND mch_billno = $2 AND leased_by = $3 RETURNING mch_billno";
    let values: [Value<'_>; 3] =
        [&Text(key.mch_id.as_str()), &Text(key.mch_billno.as_str()), &Text(holder)];
    take(door, query, &values, |row| text(row, 0)).await.map(drop)
}

/// The database's time.
pub(super) async fn time(door: &Door) -> Result<Option<Timestamp>, LedgerError> {
    let query = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    door.one(query, &[], |row| to_time(get(row, 0)?)).await
}

/// What a claim is asked with.
struct Values<'l> {
    mch_id: Text<'l>,
    now: i64,
    holder: Text<'l>,
    limit: i64,
    until: i64,
    far_ahead: i64,
}

impl<'l> Values<'l> {
    fn new(mch_id: &'l str, now: Timestamp, lease: &'l Lease, limit: u32) -> Self {
        Self {
            mch_id: Text(mch_id),
            now: ms(now),
            holder: Text(&lease.holder),
            limit: limit.into(),
            until: ms(lease.until),
            far_ahead: ms(too_far_ahead(now)),
        }
    }

    /// $1 to $6.
    fn all(&self) -> [Value<'_>; 6] {
        [&self.mch_id, &self.now, &self.holder, &self.limit, &self.until, &self.far_ahead]
    }
}

/// Executes a claim; what it returns, read. The same claim may be made twice: the caller's own lease
/// keeps nobody off.
async fn take<T>(
    door: &Door,
    statement: &str,
    values: &[Value<'_>],
    read: impl Fn(&Row) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let mut tries = Tries::default();
    let rows = loop {
        match try_to_take(door, statement, values).await {
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => break outcome?,
        }
    };
    rows.iter().map(read).collect()
}

async fn try_to_take(door: &Door, statement: &str, values: &[Value<'_>]) -> Outcome<Vec<Row>> {
    let connection = door.connection().await?;
    connection.prepare(&[statement]).await?;
    // Polled, and so sent, in this order: one round trip.
    let ((), rows, ()) = try_join3(
        connection.run(BEGIN),
        connection.rows(statement, values),
        connection.run("COMMIT"),
    )
    .await?;
    connection.give_back();
    Ok(rows)
}

/// Gives a slice of a pace; what has ended is forgotten. Durable, unlike the leases on packets: two
/// processes must not hold more than the whole, not even after a power cut.
pub(super) async fn lease_pace(
    door: &Door,
    request: &SliceRequest,
    now: Timestamp,
) -> Result<u64, LedgerError> {
    let mut tries = Tries::default();
    loop {
        match try_to_lease_pace(door, request, now).await {
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_to_lease_pace(door: &Door, request: &SliceRequest, now: Timestamp) -> Outcome<u64> {
    let (mch_id, pace) = (Text(&request.mch_id), Text(&request.pace));
    let holder = Text(&request.lease.holder);
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    let put = "INSERT INTO paces (mch_id, pace, holder, per_1000_seconds, until) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (mch_id, pace, holder) \
         DO UPDATE SET per_1000_seconds = excluded.per_1000_seconds, until = excluded.until";
    // Nobody's row, which everyone writes first: the lock on the others.
    connection.execute(put, &[&mch_id, &pace, &Text(""), &0_i64, &i64::MAX]).await?;
    let forget = &*FORGET_PACES;
    let others = "SELECT per_1000_seconds FROM paces WHERE mch_id = $1 AND pace = $2 \
         AND holder <> $3 AND holder <> ''";
    let (now, values): (i64, [Value<'_>; 3]) = (ms(now), [&mch_id, &pace, &holder]);
    let forgotten: [Value<'_>; 3] = [&mch_id, &pace, &now];
    connection.prepare(&[forget, others]).await?;
    let (_, rows) =
        try_join(connection.execute(forget, &forgotten), connection.rows(others, &values)).await?;
    let others: Result<Vec<u64>, _> = rows.iter().map(|row| number(row, 0)).collect();
    let granted = share(request.whole_per_1000_seconds, &others?);
    let until = ms(request.lease.until);
    connection.execute(put, &[&mch_id, &pace, &holder, &signed(granted)?, &until]).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(granted)
}
