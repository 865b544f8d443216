//! A packet: what is known of it now.

use crate::time::whole;
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::{AppId, DetailId, Fen, MchBillno, MchId, OpenId, SendRequest, Status};
use jiff::{SignedDuration, Timestamp};

/// How long after it was sent a packet counts as open that nothing is due for and that is not final:
/// no longer can it be asked about (`protocol.md` §2), and what nobody asks for changes no more.
pub const CLOSED_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What names a packet: a merchant and its own number. Nothing is looked up across merchants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The merchant.
    pub mch_id: MchId,
    /// The merchant's number of the packet.
    pub mch_billno: MchBillno,
}

impl Key {
    /// A key of two texts.
    pub fn new(mch_id: impl Into<MchId>, mch_billno: impl Into<MchBillno>) -> Self {
        Self { mch_id: mch_id.into(), mch_billno: mch_billno.into() }
    }
}

/// What was ordered; it never changes (`protocol.md` §1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The corpid under which it was sent.
    pub wxappid: AppId,
    /// The intended receiver.
    pub re_openid: OpenId,
    /// The amount, fen.
    pub total_amount: Fen,
    /// `wishing`.
    pub wishing: Box<str>,
    /// `act_name`.
    pub act_name: Box<str>,
    /// `remark`.
    pub remark: Box<str>,
    /// Under whose name.
    pub sender: Sender,
    /// `sender_header_media_id`.
    pub sender_header_media_id: Option<Box<str>>,
    /// `scene_id`.
    pub scene: Option<Scene>,
}

impl From<&SendRequest> for Order {
    /// What a send orders, without what is made anew with every send.
    fn from(request: &SendRequest) -> Self {
        Self {
            wxappid: request.wxappid.clone(),
            re_openid: request.re_openid.clone(),
            total_amount: request.total_amount,
            wishing: request.wishing.clone(),
            act_name: request.act_name.clone(),
            remark: request.remark.clone(),
            sender: request.sender.clone(),
            sender_header_media_id: request.sender_header_media_id.clone(),
            scene: request.scene,
        }
    }
}

/// That it was received: by whom, how much, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The receiver.
    pub openid: OpenId,
    /// The amount, fen.
    pub amount: Fen,
    /// When; whole milliseconds.
    pub rcv_time: Timestamp,
}

/// That it went back: how much, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The amount, fen.
    pub refund_amount: Fen,
    /// When; whole milliseconds.
    pub refund_time: Timestamp,
}

/// What the merchant was last told of a packet, for the watch on double payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Something from which the outcome cannot be known: an error, NOT_FOUND, a lost reply.
    Unclear,
    /// A status, or that the order was accepted.
    Clear,
    /// For certain that it failed.
    Failed,
}

/// A packet: what is known of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What names it.
    pub key: Key,
    /// What was ordered.
    pub order: Order,
    /// When the order was taken; `send_time` of the reply. Whole milliseconds.
    pub sent_at: Timestamp,
    /// WeChat's number of it; `None` until the order is accepted.
    pub detail_id: Option<DetailId>,
    /// `None`: taken, but not (or never) stored by the payer: a query says NOT_FOUND.
    pub status: Option<Status>,
    /// When it got that status.
    pub status_at: Timestamp,
    /// `reason`: why it is refused or failed.
    pub reason: Option<Box<str>>,
    /// Once received.
    pub receipt: Option<Receipt>,
    /// Once refunded.
    pub refund: Option<Refund>,
    /// When something next happens to it by itself; the issuer says what.
    pub due_at: Option<Timestamp>,
    /// What the sandbox plays with it; an opaque word of the issuer, empty for nothing.
    pub play: Box<str>,
    /// What the merchant was last told.
    pub told: Told,
    /// 1 when first committed, one more with every commit.
    pub version: u64,
}

impl Record {
    /// With its times in whole milliseconds, as every store keeps them.
    pub(crate) fn in_whole_ms(mut self) -> Self {
        self.sent_at = whole(self.sent_at);
        self.status_at = whole(self.status_at);
        self.due_at = self.due_at.map(whole);
        if let Some(receipt) = &mut self.receipt {
            receipt.rcv_time = whole(receipt.rcv_time);
        }
        if let Some(refund) = &mut self.refund {
            refund.refund_time = whole(refund.refund_time);
        }
        self
    }

    /// Whether something can still happen to it by itself at `at`: it is due, or on its way and
    /// sent less than [`CLOSED_AFTER`] before.
    #[must_use]
    pub fn can_still_change(&self, at: Timestamp) -> bool {
        let is_final =
            matches!(self.status, None | Some(Status::Received | Status::Refund | Status::Failed));
        self.due_at.is_some() || (!is_final && at.duration_since(self.sent_at) < CLOSED_AFTER)
    }

    /// Whether the receiver stands in it, as who was meant or as who received.
    pub(crate) fn names(&self, openid: &OpenId) -> bool {
        let received_by = self.receipt.as_ref().map(|receipt| &receipt.openid);
        self.order.re_openid == *openid || received_by == Some(openid)
    }

    /// With `alias` in the receiver's place.
    pub(crate) fn renamed(mut self, openid: &OpenId, alias: &OpenId) -> Self {
        if self.order.re_openid == *openid {
            self.order.re_openid = alias.clone();
        }
        if let Some(receipt) = &mut self.receipt
            && receipt.openid == *openid
        {
            receipt.openid = alias.clone();
        }
        self
    }
}
