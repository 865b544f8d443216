//! Rows → inquiries.

use crate::error::LedgerError;
use crate::inquiry::{Conclusion, Inquiry, Seen};
use crate::record::Key;
use crate::sqlite::rows::{
    at, get, optional, optional_time, order, text, text_id, to_fen, version,
};
use bytes::Bytes;
use hongbao_wire::{DetailId, Fen, MchBillno, MchId, OpenId};
use rusqlite::Row;

/// The columns of an inquiry in the order that [`inquiry`] reads them.
pub(in crate::sqlite) const INQUIRY: &str = "mch_id, mch_billno, version, appid, business_ref, noted_at, \
     sent_at, sends, asks, asked_at, answered_at, verdict, cause, next_step, is_final, \
     unknown_since, is_contradicted, due_at, attention, wxappid, re_openid, total_amount, \
     wishing, act_name, remark, sender_name, agentid, sender_header_media_id, scene_id, status, \
     detail_id, seen_total_amount, reason, seen_act_name, seen_sender_name, send_time, openid, \
     amount, rcv_time, refund_amount, refund_time, reply, send_reply";

/// Where what we ordered begins.
const ORDER: usize = 19;

/// Reads the columns of [`INQUIRY`].
pub(in crate::sqlite) fn inquiry(row: &Row<'_>) -> Result<Inquiry, LedgerError> {
    let is_ordered = get::<Option<String>>(row, ORDER)?.is_some();
    Ok(Inquiry {
        key: Key::new(text_id::<MchId>(row, 0)?, text_id::<MchBillno>(row, 1)?),
        version: version(row, 2)?,
        appid: text_id(row, 3)?,
        business_ref: optional(row, 4)?,
        noted_at: at(row, 5)?,
        sent_at: optional_time(row, 6)?,
        sends: get(row, 7)?,
        asks: get(row, 8)?,
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
        seen: seen(row)?,
        reply: bytes(row, 41)?,
        send_reply: bytes(row, 42)?,
    })
}

fn seen(row: &Row<'_>) -> Result<Option<Seen>, LedgerError> {
    let Some(status) = optional(row, 29)? else { return Ok(None) };
    Ok(Some(Seen {
        status,
        detail_id: optional(row, 30)?.map(DetailId::new),
        total_amount: amount(row, 31)?,
        reason: optional(row, 32)?,
        act_name: optional(row, 33)?,
        sender_name: optional(row, 34)?,
        send_time: optional_time(row, 35)?,
        openid: optional(row, 36)?.map(OpenId::new),
        amount: amount(row, 37)?,
        rcv_time: optional_time(row, 38)?,
        refund_amount: amount(row, 39)?,
        refund_time: optional_time(row, 40)?,
    }))
}

fn amount(row: &Row<'_>, column: usize) -> Result<Option<Fen>, LedgerError> {
    get::<Option<i64>>(row, column)?.map(to_fen).transpose()
}

fn bytes(row: &Row<'_>, column: usize) -> Result<Option<Bytes>, LedgerError> {
    Ok(get::<Option<Vec<u8>>>(row, column)?.map(Bytes::from))
}
