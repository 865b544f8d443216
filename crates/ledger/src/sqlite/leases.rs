//! Leases on disk: who works on what, and slices of a pace. They share the writer's transactions.

use super::fault::{damaged, fault};
use super::inquiries::reader as inquiries;
use super::reader::claimable;
use super::rows::to_time;
use super::writer::Answer;
use crate::error::LedgerError;
use crate::inquiry::Inquiry;
use crate::lease::{Claim, Lease, SliceRequest, longest, share};
use crate::record::{Key, Record};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// What can be leased or given back.
pub(super) enum Leasing {
    Due { now: Timestamp, lease: Lease, limit: u32 },
    DueInquiries { mch_id: Box<str>, now: Timestamp, lease: Lease, limit: u32 },
    Inquiry { key: Key, now: Timestamp, lease: Lease },
    Release { key: Key, holder: Box<str> },
    Pace { request: SliceRequest, now: Timestamp },
}

pub(super) fn apply(connection: &Connection, leasing: &Leasing) -> Result<Answer, LedgerError> {
    let mut answer = Answer::default();
    match leasing {
        Leasing::Due { now, lease, limit } => {
            answer.records = claim_due(connection, *now, lease, *limit)?;
        }
        Leasing::DueInquiries { mch_id, now, lease, limit } => {
            answer.inquiries = claim_due_inquiries(connection, mch_id, *now, lease, *limit)?;
        }
        Leasing::Inquiry { key, now, lease } => {
            answer.claim = Some(claim_inquiry(connection, key, *now, lease)?);
        }
        Leasing::Release { key, holder } => release_inquiry(connection, key, holder)?,
        Leasing::Pace { request, now } => answer.number = lease_pace(connection, request, *now)?,
    }
    Ok(answer)
}

/// Leases records that are due and that nobody else has, the longest due first.
fn claim_due(
    connection: &Connection,
    now: Timestamp,
    lease: &Lease,
    limit: u32,
) -> Result<Vec<Record>, LedgerError> {
    let due = claimable(connection, now, &lease.holder, limit)?;
    due.iter().try_for_each(|record| take(connection, TAKE_RECORD, &record.key, lease))?;
    Ok(due)
}

/// The same for inquiries of a merchant.
fn claim_due_inquiries(
    connection: &Connection,
    mch_id: &str,
    now: Timestamp,
    lease: &Lease,
    limit: u32,
) -> Result<Vec<Inquiry>, LedgerError> {
    let due = inquiries::claimable(connection, mch_id, now, &lease.holder, limit)?;
    due.iter().try_for_each(|inquiry| take(connection, TAKE_INQUIRY, &inquiry.key, lease))?;
    Ok(due)
}

/// Leases one inquiry, where nobody else has it.
fn claim_inquiry(
    connection: &Connection,
    key: &Key,
    now: Timestamp,
    lease: &Lease,
) -> Result<Claim, LedgerError> {
    let held: Option<(Option<i64>, Option<String>)> = connection
        .prepare_cached(
            "SELECT leased_until, leased_by FROM inquiries WHERE mch_id = ?1 AND mch_billno = ?2",
        )
        .and_then(|mut s| {
            let values = [key.mch_id.as_str(), key.mch_billno.as_str()];
            s.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(fault)?;
    let Some(held) = held else { return Ok(Claim::Absent) };
    if let (Some(until), Some(holder)) = held {
        let held = Lease { holder: holder.into(), until: to_time(until)? };
        if held.keeps_off(&lease.holder, now) {
            return Ok(Claim::Held { until: held.until });
        }
    }
    take(connection, TAKE_INQUIRY, key, lease)?;
    Ok(Claim::Taken)
}

/// Ends the holder's lease on an inquiry.
fn release_inquiry(connection: &Connection, key: &Key, holder: &str) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "UPDATE inquiries SET leased_until = NULL, leased_by = NULL \
             WHERE mch_id = ?1 AND mch_billno = ?2 AND leased_by = ?3",
        )
        .and_then(|mut s| s.execute([key.mch_id.as_str(), key.mch_billno.as_str(), holder]))
        .map(drop)
        .map_err(fault)
}

/// Gives a slice of a pace; what has ended is forgotten.
fn lease_pace(
    connection: &Connection,
    request: &SliceRequest,
    now: Timestamp,
) -> Result<u64, LedgerError> {
    let SliceRequest { mch_id, pace, whole_per_1000_seconds, lease } = request;
    connection
        .prepare_cached(
            "DELETE FROM paces WHERE mch_id = ?1 AND pace = ?2 \
             AND (until <= ?3 OR until > ?4)",
        )
        .and_then(|mut s| {
            let longest = longest(now).as_millisecond();
            s.execute(params![mch_id, pace, now.as_millisecond(), longest])
        })
        .map_err(fault)?;
    let others: Vec<i64> = connection
        .prepare_cached(
            "SELECT per_1000_seconds FROM paces \
             WHERE mch_id = ?1 AND pace = ?2 AND holder <> ?3",
        )
        .and_then(|mut s| {
            s.query_map(params![mch_id, pace, lease.holder], |row| row.get(0))?.collect()
        })
        .map_err(fault)?;
    let others: Result<Vec<u64>, _> = others.into_iter().map(u64::try_from).collect();
    let others = others.map_err(|_| damaged("per_1000_seconds"))?;
    let granted = share(*whole_per_1000_seconds, &others);
    connection
        .prepare_cached(
            "INSERT INTO paces (mch_id, pace, holder, per_1000_seconds, until) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (mch_id, pace, holder) \
             DO UPDATE SET per_1000_seconds = excluded.per_1000_seconds, until = excluded.until",
        )
        .and_then(|mut s| {
            let until = lease.until.as_millisecond();
            s.execute(params![mch_id, pace, lease.holder, granted.cast_signed(), until])
        })
        .map_err(fault)?;
    Ok(granted)
}

const TAKE_RECORD: &str = "UPDATE records SET leased_until = ?3, leased_by = ?4 \
     WHERE mch_id = ?1 AND mch_billno = ?2";

const TAKE_INQUIRY: &str = "UPDATE inquiries SET leased_until = ?3, leased_by = ?4 \
     WHERE mch_id = ?1 AND mch_billno = ?2";

fn take(
    connection: &Connection,
    statement: &str,
    key: &Key,
    lease: &Lease,
) -> Result<(), LedgerError> {
    let until = lease.until.as_millisecond();
    connection
        .prepare_cached(statement)
        .and_then(|mut s| {
            s.execute(params![key.mch_id.as_str(), key.mch_billno.as_str(), until, lease.holder])
        })
        .map(drop)
        .map_err(fault)
}
