//! What the watch on the merchant found.

use hongbao_wire::{Fen, MchBillno, MchId, OpenId};
use jiff::Timestamp;

/// A double payment in the making: an unclear outcome answered with a new number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The merchant.
    pub mch_id: MchId,
    /// When the second number was sent.
    pub at: Timestamp,
    /// The number whose outcome was unclear.
    pub first_billno: MchBillno,
    /// The number that was sent instead of asking or repeating.
    pub second_billno: MchBillno,
    /// Who would be paid twice.
    pub re_openid: OpenId,
    /// How much, fen.
    pub total_amount: Fen,
    /// What the merchant had been told of the first: a short stable word such as
    /// `SYSTEMERROR`, `NOT_FOUND`, `reply_lost`.
    pub told: Box<str>,
}
