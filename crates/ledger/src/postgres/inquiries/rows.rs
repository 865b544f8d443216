//! Rows ⇄ inquiries.

use crate::error::LedgerError;
use crate::inquiry::{Conclusion, Inquiry, Seen};
use crate::postgres::arrays;
use crate::postgres::commit::upsert;
use crate::postgres::door::{Connection, Value};
use crate::postgres::fault::Outcome;
use crate::postgres::rows::{
    OrderValues, at, get, ms, number, optional, optional_fen, optional_time, order, signed, small,
    text, text_id,
};
use crate::postgres::text::{Text, maybe};
use crate::record::Key;
use bytes::Bytes;
use hongbao_wire::{DetailId, Fen, MchBillno, MchId, OpenId};
use std::sync::LazyLock;
use tokio_postgres::Row;

/// The columns of an inquiry in the order that [`inquiry`] reads them and its writer has them.
pub(in crate::postgres) const INQUIRY: &str = "mch_id, mch_billno, version, appid, business_ref, \
     noted_at, sent_at, sends, asks, asked_at, answered_at, verdict, cause, next_step, is_final, \
     unknown_since, is_contradicted, due_at, attention, wxappid, re_openid, total_amount, \
     wishing, act_name, remark, sender_name, agentid, sender_header_media_id, scene_id, status, \
     detail_id, seen_total_amount, reason, seen_act_name, seen_sender_name, send_time, openid, \
     amount, rcv_time, refund_amount, refund_time, reply, send_reply";

/// Where what we ordered begins, and where what we saw.
const ORDER: usize = 19;
const SEEN: usize = 29;

pub(super) static WRITE: LazyLock<String> = LazyLock::new(|| upsert("inquiries", INQUIRY));
/// For those that are known not to be there.
pub(super) static ADD: LazyLock<String> = LazyLock::new(|| arrays::insert("inquiries", INQUIRY, 1));

/// Reads the columns of [`INQUIRY`].
pub(in crate::postgres) fn inquiry(row: &Row) -> Result<Inquiry, LedgerError> {
    let is_ordered = get::<Option<&str>>(row, ORDER)?.is_some();
    Ok(Inquiry {
        key: Key::new(text_id::<MchId>(row, 0)?, text_id::<MchBillno>(row, 1)?),
        version: number(row, 2)?,
        appid: text_id(row, 3)?,
        business_ref: optional(row, 4)?,
        noted_at: at(row, 5)?,
        sent_at: optional_time(row, 6)?,
        sends: small(row, 7)?,
        asks: small(row, 8)?,
        asked_at: optional_time(row, 9)?,
        answered_at: optional_time(row, 10)?,
        conclusion: Conclusion {
            verdict: text(row, 11)?,
            cause: optional(row, 12)?,
            next_step: text(row, 13)?,
            is_final: get(row, 14)?,
        },
        unknown_since: optional_time(row, 15)?,
        is_contradicted: get(row, 16)?,
        due_at: optional_time(row, 17)?,
        attention: optional(row, 18)?,
        order: is_ordered.then(|| order(row, ORDER)).transpose()?,
        seen: seen(row, SEEN)?,
        reply: bytes(row, 41)?,
        send_reply: bytes(row, 42)?,
    })
}

fn seen(row: &Row, first: usize) -> Result<Option<Seen>, LedgerError> {
    let Some(status) = optional(row, first)? else { return Ok(None) };
    Ok(Some(Seen {
        status,
        detail_id: optional(row, first + 1)?.map(DetailId::new),
        total_amount: optional_fen(row, first + 2)?,
        reason: optional(row, first + 3)?,
        act_name: optional(row, first + 4)?,
        sender_name: optional(row, first + 5)?,
        send_time: optional_time(row, first + 6)?,
        openid: optional(row, first + 7)?.map(OpenId::new),
        amount: optional_fen(row, first + 8)?,
        rcv_time: optional_time(row, first + 9)?,
        refund_amount: optional_fen(row, first + 10)?,
        refund_time: optional_time(row, first + 11)?,
    }))
}

fn bytes(row: &Row, column: usize) -> Result<Option<Bytes>, LedgerError> {
    Ok(get::<Option<&[u8]>>(row, column)?.map(Bytes::copy_from_slice))
}

/// Writes an inquiry, new or in the place of the old one.
pub(in crate::postgres) async fn write(connection: &Connection, inquiry: &Inquiry) -> Outcome<()> {
    let mch_id = inquiry.key.mch_id.as_str();
    write_all(connection, &WRITE, mch_id, std::iter::once(inquiry)).await
}

/// Writes inquiries of one merchant by one of the two statements.
pub(super) async fn write_all(
    connection: &Connection,
    statement: &str,
    mch_id: &str,
    inquiries: impl Iterator<Item = &Inquiry>,
) -> Outcome<()> {
    let values = inquiries.map(InquiryValues::new).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = values.iter().map(InquiryValues::values).collect();
    arrays::execute(connection, statement, &[&Text(mch_id)], &rows).await
}

/// What an inquiry's columns are set to, but for `mch_id`.
struct InquiryValues<'i> {
    inquiry: &'i Inquiry,
    mch_billno: Text<'i>,
    version: i64,
    appid: Text<'i>,
    business_ref: Option<Text<'i>>,
    noted_at: i64,
    sent_at: Option<i64>,
    sends: i64,
    asks: i64,
    asked_at: Option<i64>,
    answered_at: Option<i64>,
    verdict: Text<'i>,
    cause: Option<Text<'i>>,
    next_step: Text<'i>,
    unknown_since: Option<i64>,
    due_at: Option<i64>,
    attention: Option<Text<'i>>,
    order: Option<OrderValues<'i>>,
    seen: SeenValues<'i>,
    reply: Option<&'i [u8]>,
    send_reply: Option<&'i [u8]>,
}

impl<'i> InquiryValues<'i> {
    fn new(inquiry: &'i Inquiry) -> Result<Self, LedgerError> {
        let conclusion = &inquiry.conclusion;
        Ok(Self {
            inquiry,
            mch_billno: Text(inquiry.key.mch_billno.as_str()),
            version: signed(inquiry.version)?,
            appid: Text(inquiry.appid.as_str()),
            business_ref: maybe(inquiry.business_ref.as_deref()),
            noted_at: ms(inquiry.noted_at),
            sent_at: inquiry.sent_at.map(ms),
            sends: inquiry.sends.into(),
            asks: inquiry.asks.into(),
            asked_at: inquiry.asked_at.map(ms),
            answered_at: inquiry.answered_at.map(ms),
            verdict: Text(&conclusion.verdict),
            cause: maybe(conclusion.cause.as_deref()),
            next_step: Text(&conclusion.next_step),
            unknown_since: inquiry.unknown_since.map(ms),
            due_at: inquiry.due_at.map(ms),
            attention: maybe(inquiry.attention.as_deref()),
            order: inquiry.order.as_ref().map(OrderValues::new),
            seen: SeenValues::new(inquiry.seen.as_ref()),
            reply: inquiry.reply.as_deref(),
            send_reply: inquiry.send_reply.as_deref(),
        })
    }

    fn values(&self) -> Vec<Value<'_>> {
        let mut values: Vec<Value<'_>> = vec![
            &self.mch_billno,
            &self.version,
            &self.appid,
            &self.business_ref,
            &self.noted_at,
            &self.sent_at,
            &self.sends,
            &self.asks,
            &self.asked_at,
            &self.answered_at,
            &self.verdict,
            &self.cause,
            &self.next_step,
            &self.inquiry.conclusion.is_final,
            &self.unknown_since,
            &self.inquiry.is_contradicted,
            &self.due_at,
            &self.attention,
        ];
        match &self.order {
            Some(order) => values.extend(order.values()),
            None => values.extend(OrderValues::NONE),
        }
        values.extend(self.seen.values());
        values.push(&self.reply);
        values.push(&self.send_reply);
        values
    }
}

/// What the columns of what we saw are set to; all of them NULL where we saw nothing.
#[derive(Default)]
struct SeenValues<'s> {
    texts: [Option<Text<'s>>; 6],
    amounts: [Option<i64>; 3],
    times: [Option<i64>; 3],
}

impl<'s> SeenValues<'s> {
    fn new(seen: Option<&'s Seen>) -> Self {
        let Some(seen) = seen else { return Self::default() };
        Self {
            texts: [
                Some(Text(&seen.status)),
                maybe(seen.detail_id.as_ref().map(|id| id.as_str())),
                maybe(seen.reason.as_deref()),
                maybe(seen.act_name.as_deref()),
                maybe(seen.sender_name.as_deref()),
                maybe(seen.openid.as_ref().map(|openid| openid.as_str())),
            ],
            amounts: [seen.total_amount, seen.amount, seen.refund_amount]
                .map(|amount| amount.map(Fen::as_i64)),
            times: [seen.send_time, seen.rcv_time, seen.refund_time].map(|at| at.map(ms)),
        }
    }

    fn values(&self) -> [Value<'_>; 12] {
        let [status, detail_id, reason, act_name, sender_name, openid] = &self.texts;
        let [total_amount, amount, refund_amount] = &self.amounts;
        let [send_time, rcv_time, refund_time] = &self.times;
        [
            status,
            detail_id,
            total_amount,
            reason,
            act_name,
            sender_name,
            send_time,
            openid,
            amount,
            rcv_time,
            refund_amount,
            refund_time,
        ]
    }
}
