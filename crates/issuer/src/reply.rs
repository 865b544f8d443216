//! The bytes of replies, and how a query's finished reply is kept beside its record.

use crate::clock::later;
use crate::config::ReplyStyle;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use hongbao_ledger::{Merchant, Record};
use hongbao_wire::{ErrorCode, FailureReply, HumanText, QueryReply, SendReply, Status, WireTime};
use jiff::{SignedDuration, Timestamp};

/// How long after its send a packet can be queried (seed, 注意事项 1); from then on NOT_FOUND.
pub const QUERY_WINDOW: SignedDuration = hongbao_wire::verdict::WINDOW;

/// Of a query's record: the same bytes for the same record, always (`protocol.md` §9).
/// `None` where the packet is not stored.
pub(crate) fn of_record(record: &Record, merchant: &Merchant, style: &ReplyStyle) -> Option<Bytes> {
    let status = record.status.clone()?;
    let order = &record.order;
    let receipt = record.receipt.as_ref().filter(|_| status == Status::Received);
    let refund = record.refund.as_ref().filter(|_| status == Status::Refund);
    let says_why = matches!(status, Status::Sending | Status::Failed);
    let reply = QueryReply {
        mch_billno: record.key.mch_billno.clone(),
        mch_id: record.key.mch_id.clone(),
        detail_id: record.detail_id.clone(),
        status,
        send_type: Some("API".into()),
        total_amount: Some(order.total_amount),
        reason: record.reason.as_deref().filter(|_| says_why).map(HumanText::new),
        send_time: Some(WireTime::at(record.sent_at)),
        refund_time: refund.map(|r| WireTime::at(r.refund_time)),
        refund_amount: refund.map(|r| r.refund_amount),
        wishing: Some(order.wishing.clone()),
        remark: Some(order.remark.clone()),
        act_name: Some(order.act_name.clone()),
        openid: receipt.map(|r| r.openid.clone()),
        amount: receipt.map(|r| r.amount),
        rcv_time: receipt.map(|r| WireTime::at(r.rcv_time)),
        sender_name: order.sender.name().map(Into::into),
        sender_header_media_id: order.sender_header_media_id.clone(),
        err_code: None,
        unknown_fields: Vec::new(),
    };
    Some(reply.write(style.sign_success.then_some(&merchant.api_key)).into())
}

/// Of an accepted send, in the page's order (`protocol.md` §1.3); the same bytes for every
/// repetition, as no time stands in it.
pub(crate) fn of_accepted(record: &Record, merchant: &Merchant, style: &ReplyStyle) -> Bytes {
    let order = &record.order;
    let reply = SendReply {
        mch_billno: record.key.mch_billno.clone(),
        mch_id: record.key.mch_id.clone(),
        wxappid: Some(order.wxappid.clone()),
        re_openid: Some(order.re_openid.clone()),
        total_amount: Some(order.total_amount),
        send_listid: record.detail_id.clone(),
        sender_name: order.sender.name().map(Into::into),
        sender_header_media_id: order.sender_header_media_id.clone(),
        err_code: None,
        unknown_fields: Vec::new(),
    };
    reply.write(style.sign_success.then_some(&merchant.api_key)).into()
}

/// Of a failure.
pub(crate) fn of_failure(failure: &FailureReply, merchant: &Merchant, style: &ReplyStyle) -> Bytes {
    failure.write(style.sign_failures.then_some(&merchant.api_key)).into()
}

/// NOT_FOUND with the ids echoed, as q01 has it.
pub(crate) fn not_found(mch_billno: &str, mch_id: &str) -> FailureReply {
    FailureReply::business(ErrorCode::NotFound, crate::text::NOT_FOUND)
        .echoing(mch_billno.into(), mch_id.into())
}

/// How a kept reply begins: which form, made with which key, right until when.
const HEADER_BYTES: usize = 13;

/// The form byte: replies of another style are made anew.
const fn form(style: &ReplyStyle) -> u8 {
    if style.sign_success { 1 } else { 2 }
}

/// Until when a record's reply is right if nothing is committed to it: its next
/// move, or the end of the 30 days.
pub(crate) fn valid_until(record: &Record) -> Timestamp {
    let end = later(record.sent_at, QUERY_WINDOW);
    record.due_at.map_or(end, |due| due.min(end))
}

/// A record's finished reply as [`hongbao_ledger::Commit::reply`] holds it: a header of
/// form (1 byte), key version (4, big-endian) and the milliseconds since 1970 until which
/// it is right (8), then the body. `None` where the packet is not stored.
#[must_use]
pub fn kept(record: &Record, merchant: &Merchant, style: &ReplyStyle) -> Option<Bytes> {
    let body = of_record(record, merchant, style)?;
    let mut kept = BytesMut::with_capacity(HEADER_BYTES + body.len());
    kept.put_u8(form(style));
    kept.put_u32(merchant.key_version);
    kept.put_i64(valid_until(record).as_millisecond());
    kept.put_slice(&body);
    Some(kept.freeze())
}

/// The body of a kept reply; `None` where it is not right now.
pub(crate) fn unpack(
    mut kept: Bytes,
    merchant: &Merchant,
    style: &ReplyStyle,
    now: Timestamp,
) -> Option<Bytes> {
    let header = kept.get(..HEADER_BYTES)?;
    let (form_byte, rest) = header.split_first()?;
    let (version, until) = rest.split_at_checked(4)?;
    let until = i64::from_be_bytes(until.try_into().ok()?);
    let right = *form_byte == form(style)
        && version == merchant.key_version.to_be_bytes()
        && now.as_millisecond() < until;
    if !right {
        return None;
    }
    kept.advance(HEADER_BYTES);
    Some(kept)
}
