//! Rows ⇄ records, entries and findings.

use super::fault::{damaged, fault};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::{Entry, Source};
use crate::record::{Key, Order, Receipt, Record, Refund, Told};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::{DetailId, Fen, MchBillno, MchId, OpenId, Status};
use jiff::Timestamp;
use rusqlite::Row;

/// The columns of a record in the order that [`record`] reads them.
pub(super) const RECORD: &str = "mch_id, mch_billno, version, status, status_at, told, due_at, \
     play, wxappid, re_openid, total_amount, wishing, act_name, remark, sender_name, agentid, \
     sender_header_media_id, scene_id, sent_at, detail_id, reason, openid, amount, rcv_time, \
     refund_amount, refund_time";

/// A column's value; a value of another type is damage.
pub(super) fn get<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, LedgerError> {
    row.get(column).map_err(fault)
}

/// An amount; negative is damage.
pub(super) fn fen(row: &Row<'_>, column: usize) -> Result<Fen, LedgerError> {
    to_fen(get(row, column)?)
}

pub(super) fn to_fen(fen: i64) -> Result<Fen, LedgerError> {
    u64::try_from(fen).ok().and_then(Fen::new).ok_or_else(|| damaged("an amount"))
}

pub(super) fn at(row: &Row<'_>, column: usize) -> Result<Timestamp, LedgerError> {
    to_time(get(row, column)?)
}

pub(super) fn to_time(ms: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(ms).map_err(|_| damaged("a time"))
}

/// A time, where there is one.
pub(super) fn optional_time(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<Timestamp>, LedgerError> {
    get::<Option<i64>>(row, column)?.map(to_time).transpose()
}

/// A number from 1 on that grows; negative is damage.
pub(super) fn version(row: &Row<'_>, column: usize) -> Result<u64, LedgerError> {
    get::<i64>(row, column)?.try_into().map_err(|_| damaged("version"))
}

pub(super) fn text(row: &Row<'_>, column: usize) -> Result<Box<str>, LedgerError> {
    get::<String>(row, column).map(Into::into)
}

pub(super) fn optional(row: &Row<'_>, column: usize) -> Result<Option<Box<str>>, LedgerError> {
    get::<Option<String>>(row, column).map(|text| text.map(Into::into))
}

pub(super) const fn told_number(told: Told) -> i64 {
    match told {
        Told::Nothing => 0,
        Told::Unclear => 1,
        Told::Clear => 2,
        Told::Failed => 3,
    }
}

fn told(number: i64) -> Result<Told, LedgerError> {
    match number {
        0 => Ok(Told::Nothing),
        1 => Ok(Told::Unclear),
        2 => Ok(Told::Clear),
        3 => Ok(Told::Failed),
        _ => Err(damaged("told")),
    }
}

/// Reads the columns of [`RECORD`].
pub(super) fn record(row: &Row<'_>) -> Result<Record, LedgerError> {
    Ok(Record {
        key: Key::new(text_id::<MchId>(row, 0)?, text_id::<MchBillno>(row, 1)?),
        version: version(row, 2)?,
        status: status(row, 3)?,
        status_at: at(row, 4)?,
        told: told(get(row, 5)?)?,
        due_at: optional_time(row, 6)?,
        play: text(row, 7)?,
        order: order(row, 8)?,
        sent_at: at(row, 18)?,
        detail_id: optional(row, 19)?.map(DetailId::new),
        reason: optional(row, 20)?,
        receipt: receipt(row)?,
        refund: refund(row)?,
    })
}

/// A status word, without a copy of it: an export reads one a row.
fn status(row: &Row<'_>, column: usize) -> Result<Option<Status>, LedgerError> {
    let word = row.get_ref(column).map_err(fault)?.as_str_or_null();
    word.map(|word| word.map(Status::from_wire)).map_err(|_| damaged("status"))
}

pub(super) fn text_id<T: From<String>>(row: &Row<'_>, column: usize) -> Result<T, LedgerError> {
    get::<String>(row, column).map(T::from)
}

/// Reads ten columns from `first` on: those of [`RECORD`] from `wxappid` to `scene_id`.
pub(super) fn order(row: &Row<'_>, first: usize) -> Result<Order, LedgerError> {
    let sender = match (optional(row, first + 6)?, get::<Option<u32>>(row, first + 7)?) {
        (None, None) => Sender::Company,
        (Some(name), None) => Sender::Name(name),
        (None, Some(agent)) => Sender::Agent(agent),
        (Some(_), Some(_)) => return Err(damaged("agentid")),
    };
    let scene = optional(row, first + 9)?
        .map(|word| Scene::from_wire(&word).ok_or_else(|| damaged("scene_id")))
        .transpose()?;
    Ok(Order {
        wxappid: text_id(row, first)?,
        re_openid: text_id(row, first + 1)?,
        total_amount: fen(row, first + 2)?,
        wishing: text(row, first + 3)?,
        act_name: text(row, first + 4)?,
        remark: text(row, first + 5)?,
        sender,
        sender_header_media_id: optional(row, first + 8)?,
        scene,
    })
}

fn receipt(row: &Row<'_>) -> Result<Option<Receipt>, LedgerError> {
    let Some(openid) = optional(row, 21)? else { return Ok(None) };
    Ok(Some(Receipt { openid: OpenId::new(openid), amount: fen(row, 22)?, rcv_time: at(row, 23)? }))
}

fn refund(row: &Row<'_>) -> Result<Option<Refund>, LedgerError> {
    let Some(amount) = get::<Option<i64>>(row, 24)? else { return Ok(None) };
    Ok(Some(Refund { refund_amount: to_fen(amount)?, refund_time: at(row, 25)? }))
}

/// The columns of an entry in the order that [`entry`] reads them.
pub(super) const ENTRY: &str = "at, source, event, raw";

pub(super) fn entry(row: &Row<'_>) -> Result<Entry, LedgerError> {
    let source = text(row, 1)?;
    Ok(Entry {
        at: at(row, 0)?,
        source: Source::from_word(&source).ok_or_else(|| damaged("source"))?,
        event: text(row, 2)?,
        raw: get::<Option<Vec<u8>>>(row, 3)?.map(Into::into),
    })
}

/// The columns of a finding in the order that [`finding`] reads them.
pub(super) const FINDING: &str =
    "mch_id, at, first_billno, second_billno, re_openid, total_amount, told";

pub(super) fn finding(row: &Row<'_>) -> Result<Finding, LedgerError> {
    Ok(Finding {
        mch_id: text_id(row, 0)?,
        at: at(row, 1)?,
        first_billno: text_id(row, 2)?,
        second_billno: text_id(row, 3)?,
        re_openid: text_id(row, 4)?,
        total_amount: fen(row, 5)?,
        told: text(row, 6)?,
    })
}
