//! What the columns say of a packet.

use crate::args::BookArg;
use crate::commands::records;
use crate::packet_field::Field;
use hongbao_ledger::{Inquiry, Record};
use hongbao_sheet::View;
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, OpenId, Verdict, time};
use jiff::Timestamp;
use std::borrow::Cow;

/// A packet, as one of the books has it.
pub enum Packet {
    /// What the merchant's side was told, and the verdict.
    Inquiry(Box<Inquiry>, Verdict),
    /// The payer's own.
    Record(Box<Record>),
}

impl Packet {
    /// Its number.
    pub fn mch_billno(&self) -> &str {
        match self {
            Self::Inquiry(inquiry, _) => inquiry.key.mch_billno.as_str(),
            Self::Record(record) => record.key.mch_billno.as_str(),
        }
    }
}

/// Whether a book has the field.
pub fn has(book: BookArg, field: Field) -> bool {
    use Field::{
        AnsweredAt, AskedAt, Asks, Attention, BusinessRef, Cause, DueAt, NextStep, NotedAt, Sends,
        StatusAt,
    };
    let of_inquiries = matches!(
        field,
        AnsweredAt
            | AskedAt
            | Asks
            | Attention
            | BusinessRef
            | Cause
            | DueAt
            | NextStep
            | NotedAt
            | Sends
            | Field::Verdict
    );
    match book {
        BookArg::Inquiries => field != StatusAt,
        BookArg::Records => !of_inquiries,
    }
}

/// What a field says of a packet.
pub fn cell(field: Field, packet: &Packet) -> View<'_> {
    match packet {
        Packet::Inquiry(inquiry, verdict) => of_inquiry(field, inquiry, verdict),
        Packet::Record(record) => of_record(field, record),
    }
}

fn of_inquiry<'p>(field: Field, inquiry: &'p Inquiry, verdict: &'p Verdict) -> View<'p> {
    let (seen, order) = (inquiry.seen.as_ref(), inquiry.order.as_ref());
    match field {
        Field::MchId => text(Some(inquiry.key.mch_id.as_str())),
        Field::MchBillno => text(Some(inquiry.key.mch_billno.as_str())),
        Field::BusinessRef => text(inquiry.business_ref.as_deref()),
        Field::SentAt => at(inquiry.sent_at),
        Field::Status => text(seen.map(|seen| &*seen.status)),
        Field::Reason => text(seen.and_then(|seen| seen.reason.as_deref())),
        Field::Verdict => text(Some(verdict.as_str())),
        Field::Cause => text(verdict.cause()),
        Field::NextStep => text(Some(verdict.next_step().as_str())),
        Field::IsFinal => truth(verdict.is_final()),
        Field::TotalAmount => fen(records::amount(inquiry)),
        Field::Received => fen(seen.and_then(|seen| seen.amount)),
        Field::Refunded => fen(seen.and_then(|seen| seen.refund_amount)),
        Field::RcvTime => at(seen.and_then(|seen| seen.rcv_time)),
        Field::RefundTime => at(seen.and_then(|seen| seen.refund_time)),
        Field::ActName => {
            let act_name = seen.and_then(|seen| seen.act_name.as_deref());
            text(act_name.or_else(|| order.map(|order| &*order.act_name)))
        }
        Field::SenderName => {
            let name = seen.and_then(|seen| seen.sender_name.as_deref());
            text(name.or_else(|| order.and_then(|order| order.sender.name())))
        }
        Field::AgentId => order.map_or(View::Empty, |order| agent(&order.sender)),
        Field::Remark => text(order.map(|order| &*order.remark)),
        Field::Wishing => text(order.map(|order| &*order.wishing)),
        Field::SceneId => text(order.and_then(|order| order.scene).map(|scene| scene.as_str())),
        Field::DetailId => text(seen.and_then(|seen| Some(seen.detail_id.as_ref()?.as_str()))),
        Field::Openid => text(records::openid(inquiry).map(OpenId::as_str)),
        Field::Attention => text(inquiry.attention.as_deref()),
        Field::NotedAt => at(Some(inquiry.noted_at)),
        Field::AskedAt => at(inquiry.asked_at),
        Field::AnsweredAt => at(inquiry.answered_at),
        Field::DueAt => at(inquiry.due_at),
        Field::Sends => View::Int(inquiry.sends.into()),
        Field::Asks => View::Int(inquiry.asks.into()),
        Field::AppId => text(Some(inquiry.appid.as_str())),
        Field::StatusAt => View::Empty,
    }
}

fn of_record(field: Field, record: &Record) -> View<'_> {
    let (order, status) = (&record.order, record.status.as_ref());
    let (receipt, refund) = (record.receipt.as_ref(), record.refund.as_ref());
    match field {
        Field::MchId => text(Some(record.key.mch_id.as_str())),
        Field::MchBillno => text(Some(record.key.mch_billno.as_str())),
        Field::SentAt => at(Some(record.sent_at)),
        Field::Status => text(status.map(|status| status.as_str())),
        Field::StatusAt => at(Some(record.status_at)),
        Field::Reason => text(record.reason.as_deref()),
        Field::IsFinal => truth(status.is_some_and(|status| status.is_final())),
        Field::TotalAmount => fen(Some(order.total_amount)),
        Field::Received => fen(receipt.map(|receipt| receipt.amount)),
        Field::RcvTime => at(receipt.map(|receipt| receipt.rcv_time)),
        Field::Refunded => fen(refund.map(|refund| refund.refund_amount)),
        Field::RefundTime => at(refund.map(|refund| refund.refund_time)),
        Field::ActName => text(Some(&order.act_name)),
        Field::SenderName => text(order.sender.name()),
        Field::AgentId => agent(&order.sender),
        Field::Remark => text(Some(&order.remark)),
        Field::Wishing => text(Some(&order.wishing)),
        Field::SceneId => text(order.scene.map(|scene| scene.as_str())),
        Field::DetailId => text(record.detail_id.as_ref().map(|id| id.as_str())),
        Field::Openid => {
            let received = receipt.map(|receipt| receipt.openid.as_str());
            text(received.or(Some(order.re_openid.as_str())))
        }
        Field::AppId => text(Some(order.wxappid.as_str())),
        Field::BusinessRef
        | Field::Verdict
        | Field::Cause
        | Field::NextStep
        | Field::Attention
        | Field::NotedAt
        | Field::AskedAt
        | Field::AnsweredAt
        | Field::DueAt
        | Field::Sends
        | Field::Asks => View::Empty,
    }
}

/// Text; an empty one is no text.
fn text(text: Option<&str>) -> View<'_> {
    text.map_or(View::Empty, View::of_text)
}

/// An amount, as a number of fen.
fn fen(fen: Option<Fen>) -> View<'static> {
    fen.map_or(View::Empty, |fen| View::Int(fen.as_i64()))
}

/// A time, as RFC 3339 at +08:00.
fn at(at: Option<Timestamp>) -> View<'static> {
    at.map_or(View::Empty, |at| View::Text(Cow::Owned(time::rfc3339(at))))
}

const fn truth(is: bool) -> View<'static> {
    View::Text(Cow::Borrowed(if is { "true" } else { "false" }))
}

fn agent(sender: &Sender) -> View<'static> {
    match sender {
        Sender::Agent(agentid) => View::Text(Cow::Owned(agentid.to_string())),
        Sender::Name(_) | Sender::Company => View::Empty,
    }
}
