//! What an order must keep to be paid (`protocol.md` §1.1, §1.2, §1.4, §1.5).

use crate::query::{appid_failure, is_bound};
use crate::text;
use hongbao_ledger::record::Order;
use hongbao_ledger::{Budget, LedgerError, Merchant};
use hongbao_wire::{ErrorCode, FailureReply, Fen, SendRequest, time};
use jiff::Timestamp;

/// A `wxappid` that is not bound to the merchant: PARAM_ERROR, worded like q02.
pub(crate) fn appid(merchant: &Merchant, request: &SendRequest) -> Option<FailureReply> {
    let bound = is_bound(merchant, request.wxappid.as_str());
    (!bound).then(|| appid_failure("wxappid"))
}

/// What makes an order impossible for this merchant: MONEY_LIMIT, API_METHOD_CLOSED.
/// Nothing is stored of it.
pub(crate) fn terms(merchant: &Merchant, request: &SendRequest) -> Option<FailureReply> {
    let limits = &merchant.limits;
    let amount = request.total_amount;
    let money_limit = |text| Some(FailureReply::business(ErrorCode::MoneyLimit, text));
    let within = limits.packet_min <= amount && amount <= limits.packet_max;
    let within_with_scene = amount > Fen::ZERO && amount <= limits.packet_max_with_scene;
    match request.scene {
        None if !within => return money_limit(text::SCENE_NEEDED),
        Some(_) if !within && !within_with_scene => return money_limit(text::OUT_OF_RANGE),
        _ if amount == Fen::ZERO => return money_limit(text::OUT_OF_RANGE),
        _ => {}
    }
    let closed = || FailureReply::business(ErrorCode::ApiMethodClosed, text::API_CLOSED);
    (!merchant.api_send_enabled).then(closed)
}

/// The same number with other parameters: another amount is PARAM_ERROR, another openid
/// or anything else FATAL_ERROR; the first order stands.
pub(crate) fn difference(order: &Order, request: &SendRequest) -> Option<FailureReply> {
    let fatal = || FailureReply::business(ErrorCode::FatalError, text::OTHER_PARAMETERS);
    if order.re_openid != request.re_openid {
        return Some(fatal());
    }
    if order.total_amount != request.total_amount {
        return Some(FailureReply::business(ErrorCode::ParamError, text::OTHER_AMOUNT));
    }
    let same = order.wxappid == request.wxappid
        && order.wishing == request.wishing
        && order.act_name == request.act_name
        && order.remark == request.remark
        && order.sender == request.sender
        && order.sender_header_media_id == request.sender_header_media_id
        && order.scene == request.scene;
    (!same).then(fatal)
}

/// SEND_FAILED: the only code that permits a new number.
pub(crate) fn failed(has_expired: bool) -> FailureReply {
    let words = if has_expired { text::EXPIRED } else { text::FAILED };
    FailureReply::business(ErrorCode::SendFailed, words)
}

/// What an order takes from the limits of the day (+08:00) and from the balance.
pub(crate) fn budget(merchant: &Merchant, order: &Order, now: Timestamp) -> Budget {
    let limits = &merchant.limits;
    Budget {
        day: time::zoned(now).date(),
        re_openid: order.re_openid.clone(),
        amount: order.total_amount,
        user_packets_max: limits.user_packets_per_day,
        user_amount_max: limits.user_amount_per_day,
        merchant_amount_max: limits.merchant_amount_per_day,
    }
}

/// Why an order was taken but not paid; the order stays SENDING with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UserCount,
    UserAmount,
    MerchantAmount,
    NotEnough,
}

impl Refusal {
    /// The refusal that a failed commit means, or the error itself.
    pub(crate) fn of(error: LedgerError) -> Result<Self, LedgerError> {
        match error {
            LedgerError::UserCountUsedUp => Ok(Self::UserCount),
            LedgerError::UserAmountUsedUp => Ok(Self::UserAmount),
            LedgerError::MerchantAmountUsedUp => Ok(Self::MerchantAmount),
            LedgerError::BalanceTooLow => Ok(Self::NotEnough),
            other => Err(other),
        }
    }

    /// The code of the send's reply.
    pub(crate) const fn err_code(self) -> ErrorCode {
        match self {
            Self::UserCount => ErrorCode::SendNumLimit,
            Self::UserAmount => ErrorCode::RcvdAmountLimit,
            Self::MerchantAmount => ErrorCode::SendAmountLimit,
            Self::NotEnough => ErrorCode::NotEnough,
        }
    }

    /// The words of the send's reply, and the `reason` of the query's.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::UserCount => text::USER_COUNT,
            Self::UserAmount => text::USER_AMOUNT,
            Self::MerchantAmount => text::MERCHANT_AMOUNT,
            Self::NotEnough => text::NOT_ENOUGH,
        }
    }
}
