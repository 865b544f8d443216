//! What a row of a file claims of a packet.

use hongbao_wire::{DetailId, Fen, MchBillno, OpenId, Status, time};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How far ahead of us the clock of who wrote the file may be.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What a row claims. Nothing of it is verified; what it does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number.
    pub mch_billno: MchBillno,
    /// The merchant's own name of what was paid, at most 128 characters.
    pub business_ref: Option<Box<str>>,
    /// When it was sent; whole milliseconds, as are all times here.
    pub sent_at: Option<Timestamp>,
    /// What became of it, as it stood in the file: a word of the wire, or the console's Chinese.
    pub status: Option<Box<str>>,
    /// What it holds, fen.
    pub total_amount: Option<Fen>,
    /// What was received, fen.
    pub received: Option<Fen>,
    /// When it was received.
    pub rcv_time: Option<Timestamp>,
    /// What went back, fen.
    pub refunded: Option<Fen>,
    /// When it went back.
    pub refund_time: Option<Timestamp>,
    /// WeChat's number of it.
    pub detail_id: Option<DetailId>,
    /// To whom it was sent, or who received it.
    pub openid: Option<OpenId>,
    /// `act_name`.
    pub act_name: Option<Box<str>>,
    /// `sender_name`.
    pub sender_name: Option<Box<str>>,
    /// `wishing`; kept in the history alone.
    pub wishing: Option<Box<str>>,
    /// `remark`; kept in the history alone.
    pub remark: Option<Box<str>>,
}

/// Why a claim cannot be true of any packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// A text is longer than its field may be.
    TooLong,
    /// It was sent later than now: a wrong clock, or a wrong column.
    SentAhead,
}

impl Claim {
    /// A claim that there is such a packet, and nothing else.
    #[must_use]
    pub const fn of(mch_billno: MchBillno) -> Self {
        Self {
            mch_billno,
            business_ref: None,
            sent_at: None,
            status: None,
            total_amount: None,
            received: None,
            rcv_time: None,
            refunded: None,
            refund_time: None,
            detail_id: None,
            openid: None,
            act_name: None,
            sender_name: None,
            wishing: None,
            remark: None,
        }
    }

    /// Why it cannot be true at `now`; `None`: it may be.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<ClaimFault> {
        let texts = [
            (self.business_ref.as_deref(), 128),
            (self.status.as_deref(), 64),
            (self.detail_id.as_ref().map(DetailId::as_str), 32),
            (self.openid.as_ref().map(OpenId::as_str), 32),
            (self.act_name.as_deref(), 128),
            (self.sender_name.as_deref(), 128),
            (self.wishing.as_deref(), 128),
            (self.remark.as_deref(), 256),
        ];
        let is_too_long = |(text, max): &(Option<&str>, usize)| {
            text.is_some_and(|text| text.chars().count() > *max)
        };
        if texts.iter().any(is_too_long) {
            return Some(ClaimFault::TooLong);
        }
        let is_ahead = self.sent_at.is_some_and(|sent| sent.duration_since(now) > AHEAD_MAX);
        is_ahead.then_some(ClaimFault::SentAhead)
    }

    /// The status that is claimed, where its word is known: it decides nothing but what reports
    /// count beyond the 30 days.
    #[must_use]
    pub fn claimed(&self) -> Option<Status> {
        let word = self.status.as_deref()?.trim();
        let chinese = match word {
            "发放中" => Status::Sending,
            "已发放待领取" | "发放成功" | "已发放" | "待领取" | "未领取" => {
                Status::Sent
            }
            "发放失败" | "失败" => Status::Failed,
            "已领取" | "已接收" => Status::Received,
            "退款中" => Status::RefundIng,
            "已退款" | "退款成功" => Status::Refund,
            _ => match Status::from_wire(&word.to_ascii_uppercase()) {
                Status::Unknown(_) => return None,
                known => known,
            },
        };
        Some(chinese)
    }

    /// The claim as JSON: names in the order of the alphabet, nothing that it does not say, no
    /// blanks; times RFC 3339 at +08:00, amounts in fen. The same claim is always the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        let at = |at: Option<Timestamp>| at.map(time::rfc3339);
        let canonical = Canonical {
            act_name: self.act_name.as_deref(),
            business_ref: self.business_ref.as_deref(),
            detail_id: self.detail_id.as_ref().map(DetailId::as_str),
            mch_billno: self.mch_billno.as_str(),
            openid: self.openid.as_ref().map(OpenId::as_str),
            rcv_time: at(self.rcv_time),
            received_fen: self.received.map(Fen::get),
            refund_time: at(self.refund_time),
            refunded_fen: self.refunded.map(Fen::get),
            remark: self.remark.as_deref(),
            sender_name: self.sender_name.as_deref(),
            sent_at: at(self.sent_at),
            status: self.status.as_deref(),
            total_amount_fen: self.total_amount.map(Fen::get),
            wishing: self.wishing.as_deref(),
        };
        serde_json::to_string(&canonical).expect("texts and numbers are always JSON")
    }
}

#[derive(Serialize)]
struct Canonical<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    act_name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    business_ref: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_id: Option<&'c str>,
    mch_billno: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcv_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_fen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_fen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_name: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_amount_fen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wishing: Option<&'c str>,
}
