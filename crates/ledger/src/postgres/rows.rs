//! Rows ⇄ records, entries and findings.

use super::door::Value;
use super::fault::{Fault, damaged};
use super::text::{Text, maybe, unescaped};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::{Entry, Source};
use crate::record::{Key, Order, Receipt, Record, Refund, Told};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::{DetailId, Fen, MchBillno, MchId, OpenId, Status};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// The columns of a record in the order that [`record`] reads them and its writer has them.
pub(super) const RECORD: &str = "mch_id, mch_billno, version, status, status_at, told, due_at, \
     play, wxappid, re_openid, total_amount, wishing, act_name, remark, sender_name, agentid, \
     sender_header_media_id, scene_id, sent_at, detail_id, reason, openid, amount, rcv_time, \
     refund_amount, refund_time";

/// A column's value; a value of another type is damage.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, LedgerError> {
    row.try_get(column).map_err(|e| Fault::from(e).error)
}

/// An amount; negative is damage.
pub(super) fn fen(row: &Row, column: usize) -> Result<Fen, LedgerError> {
    to_fen(get(row, column)?)
}

pub(super) fn to_fen(fen: i64) -> Result<Fen, LedgerError> {
    u64::try_from(fen).ok().and_then(Fen::new).ok_or_else(|| damaged("an amount"))
}

/// An amount, where there is one.
pub(super) fn optional_fen(row: &Row, column: usize) -> Result<Option<Fen>, LedgerError> {
    get::<Option<i64>>(row, column)?.map(to_fen).transpose()
}

pub(super) fn at(row: &Row, column: usize) -> Result<Timestamp, LedgerError> {
    to_time(get(row, column)?)
}

pub(super) fn to_time(ms: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(ms).map_err(|_| damaged("a time"))
}

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time, where there is one.
pub(super) fn optional_time(row: &Row, column: usize) -> Result<Option<Timestamp>, LedgerError> {
    get::<Option<i64>>(row, column)?.map(to_time).transpose()
}

/// A number from 0 on; negative is damage.
pub(super) fn number(row: &Row, column: usize) -> Result<u64, LedgerError> {
    get::<i64>(row, column)?.try_into().map_err(|_| damaged("a number"))
}

/// The same, of 32 bits.
pub(super) fn small(row: &Row, column: usize) -> Result<u32, LedgerError> {
    number(row, column)?.try_into().map_err(|_| damaged("a number"))
}

/// A number as a column holds it; one that it cannot hold was never written.
pub(super) fn signed(number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(|_| LedgerError::Conflict)
}

pub(super) fn text(row: &Row, column: usize) -> Result<Box<str>, LedgerError> {
    Ok(unescaped(get(row, column)?)?.into())
}

pub(super) fn optional(row: &Row, column: usize) -> Result<Option<Box<str>>, LedgerError> {
    get::<Option<&str>>(row, column)?.map(|text| Ok(unescaped(text)?.into())).transpose()
}

pub(super) fn text_id<T: From<String>>(row: &Row, column: usize) -> Result<T, LedgerError> {
    Ok(T::from(unescaped(get(row, column)?)?.into_owned()))
}

pub(super) const fn told_number(told: Told) -> i16 {
    match told {
        Told::Nothing => 0,
        Told::Unclear => 1,
        Told::Clear => 2,
        Told::Failed => 3,
    }
}

fn told(number: i16) -> Result<Told, LedgerError> {
    match number {
        0 => Ok(Told::Nothing),
        1 => Ok(Told::Unclear),
        2 => Ok(Told::Clear),
        3 => Ok(Told::Failed),
        _ => Err(damaged("told")),
    }
}

/// Reads the columns of [`RECORD`].
pub(super) fn record(row: &Row) -> Result<Record, LedgerError> {
    Ok(Record {
        key: Key::new(text_id::<MchId>(row, 0)?, text_id::<MchBillno>(row, 1)?),
        version: number(row, 2)?,
        status: optional(row, 3)?.map(|word| Status::from_wire(&word)),
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

/// Reads ten columns from `first` on: those of [`RECORD`] from `wxappid` to `scene_id`.
pub(super) fn order(row: &Row, first: usize) -> Result<Order, LedgerError> {
    let agentid = get::<Option<i64>>(row, first + 7)?
        .map(|agentid| u32::try_from(agentid).map_err(|_| damaged("agentid")))
        .transpose()?;
    let sender = match (optional(row, first + 6)?, agentid) {
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

fn receipt(row: &Row) -> Result<Option<Receipt>, LedgerError> {
    let Some(openid) = optional(row, 21)? else { return Ok(None) };
    Ok(Some(Receipt { openid: OpenId::new(openid), amount: fen(row, 22)?, rcv_time: at(row, 23)? }))
}

fn refund(row: &Row) -> Result<Option<Refund>, LedgerError> {
    let Some(refund_amount) = optional_fen(row, 24)? else { return Ok(None) };
    Ok(Some(Refund { refund_amount, refund_time: at(row, 25)? }))
}

/// What an order's ten columns are set to.
pub(super) struct OrderValues<'o> {
    wxappid: Text<'o>,
    re_openid: Text<'o>,
    total_amount: i64,
    wishing: Text<'o>,
    act_name: Text<'o>,
    remark: Text<'o>,
    sender_name: Option<Text<'o>>,
    agentid: Option<i64>,
    media: Option<Text<'o>>,
    scene: Option<&'static str>,
}

impl<'o> OrderValues<'o> {
    /// Of no order.
    pub(super) const NONE: [Value<'static>; 10] = {
        const TEXT: Value<'static> = &None::<Text<'static>>;
        const NUMBER: Value<'static> = &None::<i64>;
        [TEXT, TEXT, NUMBER, TEXT, TEXT, TEXT, TEXT, NUMBER, TEXT, TEXT]
    };

    pub(super) fn new(order: &'o Order) -> Self {
        Self {
            wxappid: Text(order.wxappid.as_str()),
            re_openid: Text(order.re_openid.as_str()),
            total_amount: order.total_amount.as_i64(),
            wishing: Text(&order.wishing),
            act_name: Text(&order.act_name),
            remark: Text(&order.remark),
            sender_name: maybe(order.sender.name()),
            agentid: match order.sender {
                Sender::Agent(agentid) => Some(agentid.into()),
                _ => None,
            },
            media: maybe(order.sender_header_media_id.as_deref()),
            scene: order.scene.map(|scene| scene.as_str()),
        }
    }

    pub(super) fn values(&self) -> [Value<'_>; 10] {
        [
            &self.wxappid,
            &self.re_openid,
            &self.total_amount,
            &self.wishing,
            &self.act_name,
            &self.remark,
            &self.sender_name,
            &self.agentid,
            &self.media,
            &self.scene,
        ]
    }
}

/// What a record's columns are set to, and its reply's, but for `mch_id`.
pub(super) struct RecordValues<'r> {
    mch_billno: Text<'r>,
    version: i64,
    status: Option<Text<'r>>,
    status_at: i64,
    told: i16,
    due_at: Option<i64>,
    play: Text<'r>,
    order: OrderValues<'r>,
    sent_at: i64,
    detail_id: Option<Text<'r>>,
    reason: Option<Text<'r>>,
    openid: Option<Text<'r>>,
    amount: Option<i64>,
    rcv_time: Option<i64>,
    refund_amount: Option<i64>,
    refund_time: Option<i64>,
    reply: Option<&'r [u8]>,
}

impl<'r> RecordValues<'r> {
    pub(super) fn new(record: &'r Record, reply: Option<&'r [u8]>) -> Result<Self, LedgerError> {
        let (receipt, refund) = (record.receipt.as_ref(), record.refund.as_ref());
        Ok(Self {
            mch_billno: Text(record.key.mch_billno.as_str()),
            version: signed(record.version)?,
            status: maybe(record.status.as_ref().map(|status| status.as_str())),
            status_at: ms(record.status_at),
            told: told_number(record.told),
            due_at: record.due_at.map(ms),
            play: Text(&record.play),
            order: OrderValues::new(&record.order),
            sent_at: ms(record.sent_at),
            detail_id: maybe(record.detail_id.as_ref().map(|id| id.as_str())),
            reason: maybe(record.reason.as_deref()),
            openid: maybe(receipt.map(|receipt| receipt.openid.as_str())),
            amount: receipt.map(|receipt| receipt.amount.as_i64()),
            rcv_time: receipt.map(|receipt| ms(receipt.rcv_time)),
            refund_amount: refund.map(|refund| refund.refund_amount.as_i64()),
            refund_time: refund.map(|refund| ms(refund.refund_time)),
            reply,
        })
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        let mut values: Vec<Value<'_>> = vec![
            &self.mch_billno,
            &self.version,
            &self.status,
            &self.status_at,
            &self.told,
            &self.due_at,
            &self.play,
        ];
        values.extend(self.order.values());
        let rest: [Value<'_>; 9] = [
            &self.sent_at,
            &self.detail_id,
            &self.reason,
            &self.openid,
            &self.amount,
            &self.rcv_time,
            &self.refund_amount,
            &self.refund_time,
            &self.reply,
        ];
        values.extend(rest);
        values
    }
}

/// The columns of an entry in the order that [`entry`] reads them.
pub(super) const ENTRY: &str = "at, source, event, raw";

pub(super) fn entry(row: &Row) -> Result<Entry, LedgerError> {
    let raw = get::<Option<&[u8]>>(row, 3)?.map(Into::into);
    Ok(Entry { raw, ..happening(row, 0)? })
}

/// Reads three columns from `first` on: those of [`ENTRY`] without the raw message.
pub(super) fn happening(row: &Row, first: usize) -> Result<Entry, LedgerError> {
    let source = text(row, first + 1)?;
    Ok(Entry {
        at: at(row, first)?,
        source: Source::from_word(&source).ok_or_else(|| damaged("source"))?,
        event: text(row, first + 2)?,
        raw: None,
    })
}

/// The columns of a finding in the order that [`finding`] reads them.
pub(super) const FINDING: &str =
    "mch_id, at, first_billno, second_billno, re_openid, total_amount, told";

pub(super) fn finding(row: &Row) -> Result<Finding, LedgerError> {
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
