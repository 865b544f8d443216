//! The same packets as the merchant's side knows them: noted, asked about, answered.

use super::Year;
use bytes::Bytes;
use hongbao_ledger::inquiry::{Conclusion, Seen};
use hongbao_ledger::{Entry, Expect, Inquiry, InquiryCommit, Record, Source};
use hongbao_wire::Status;
use jiff::{SignedDuration, Timestamp};

/// How long after a send it is asked about first, and again.
const ASK_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A year of packets, seen by those who ask.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'y>(pub &'y Year);

impl Asked<'_> {
    /// The intent to send the `n`th packet, noted before its first byte leaves.
    pub fn noted(&self, n: u64) -> InquiryCommit {
        let record = self.0.record(n);
        let at = record.sent_at;
        let inquiry = Inquiry {
            appid: record.order.wxappid.clone(),
            business_ref: Some(format!("bonus/{n}").into()),
            noted_at: at,
            sent_at: Some(at),
            sends: 1,
            asks: 0,
            asked_at: None,
            answered_at: None,
            conclusion: conclusion(None),
            unknown_since: None,
            is_contradicted: false,
            seen: None,
            reply: None,
            send_reply: None,
            due_at: Some(later(at, ASK_AFTER)),
            attention: None,
            version: 0,
            key: record.key,
            order: Some(record.order),
        };
        let entry = Entry { at, source: Source::Merchant, event: "send".into(), raw: None };
        InquiryCommit {
            inquiry,
            expect: Expect::Absent,
            numbers_of_ref: None,
            entries: vec![entry],
        }
    }

    /// What an answer about the `n`th packet changes in what is known of it at `at`: before the last one it
    /// is on its way.
    pub fn answered(
        &self,
        n: u64,
        mut inquiry: Inquiry,
        at: Timestamp,
        is_last: bool,
    ) -> InquiryCommit {
        let mut record = self.0.record(n);
        if !is_last {
            record.status = Some(Status::Sent);
            (record.receipt, record.refund, record.reason) = (None, None, None);
        }
        let raw = self.reply(&record);
        let expect = Expect::Version(inquiry.version);
        let is_new = inquiry.reply != raw;
        let word = record.status.as_ref().map_or("NOT_FOUND", Status::as_str);
        let event = format!("query {word}").into();
        inquiry.asks += 1;
        (inquiry.asked_at, inquiry.answered_at) = (Some(at), Some(at));
        inquiry.conclusion = conclusion(record.status.as_ref());
        inquiry.due_at = (!inquiry.conclusion.is_final).then(|| later(at, ASK_AFTER));
        inquiry.seen = record.status.is_some().then(|| seen(&record));
        inquiry.reply = raw.clone();
        let raw = raw.filter(|_| is_new).map(|raw| raw[..].into());
        let entry = Entry { at, source: Source::Upstream, event, raw };
        InquiryCommit { inquiry, expect, numbers_of_ref: None, entries: vec![entry] }
    }

    /// The one commit that makes the `n`th packet as it stands when the year is over: sent, asked about
    /// twice.
    pub fn commit(&self, n: u64) -> InquiryCommit {
        let noted = self.noted(n);
        let first = later(noted.inquiry.noted_at, ASK_AFTER);
        let once = self.answered(n, noted.inquiry, first, false);
        let twice = self.answered(n, once.inquiry, later(first, ASK_AFTER), true);
        let entries = [noted.entries, once.entries, twice.entries].concat();
        InquiryCommit { entries, expect: Expect::Absent, ..twice }
    }

    /// The bytes of a query's reply.
    fn reply(&self, record: &Record) -> Option<Bytes> {
        let merchant = self.0.merchant_of(&record.key);
        let style = hongbao_issuer::ReplyStyle::default();
        let kept = hongbao_issuer::reply::kept(record, merchant, &style)?;
        let body = kept.windows(5).position(|bytes| bytes == b"<xml>")?;
        Some(kept.slice(body..))
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

fn conclusion(status: Option<&Status>) -> Conclusion {
    let (verdict, cause, next_step) = match status {
        None => ("unknown", Some("not_found"), "check_then_ask_or_resend_same"),
        Some(Status::Received) => ("received", None, "done"),
        Some(Status::Refund) => ("refunded", None, "done"),
        Some(Status::Failed) => ("failed", None, "new_billno_permitted"),
        Some(Status::RefundIng) => ("open", Some("refunding"), "ask_again"),
        Some(Status::Sending) => ("open", Some("sending"), "ask_again"),
        Some(_) => ("open", Some("sent"), "ask_again"),
    };
    Conclusion {
        verdict: verdict.into(),
        cause: cause.map(Into::into),
        next_step: next_step.into(),
        is_final: matches!(status, Some(Status::Received | Status::Refund | Status::Failed)),
    }
}

fn seen(record: &Record) -> Seen {
    let (receipt, refund) = (record.receipt.as_ref(), record.refund.as_ref());
    Seen {
        status: record.status.as_ref().map(Status::as_str).unwrap_or_default().into(),
        detail_id: record.detail_id.clone(),
        total_amount: Some(record.order.total_amount),
        reason: record.reason.clone(),
        act_name: Some(record.order.act_name.clone()),
        sender_name: record.order.sender.name().map(Into::into),
        send_time: Some(record.sent_at),
        openid: receipt.map(|receipt| receipt.openid.clone()),
        amount: receipt.map(|receipt| receipt.amount),
        rcv_time: receipt.map(|receipt| receipt.rcv_time),
        refund_amount: refund.map(|refund| refund.refund_amount),
        refund_time: refund.map(|refund| refund.refund_time),
    }
}
