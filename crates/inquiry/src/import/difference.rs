//! In what a file differs from what the ledger knows of a packet already.

use super::Claim;
use crate::learning::CLOCK_MAX;
use hongbao_ledger::Inquiry;
use hongbao_wire::Status;
use jiff::Timestamp;

/// The fields, by their names on the wire, in which both say something, and not the same. What an
/// own order or a record says counts as known, and so does an earlier import.
pub(super) fn of(claim: &Claim, known: &Inquiry) -> Vec<&'static str> {
    let (order, seen) = (known.order.as_ref(), known.seen.as_ref());
    let seen_text = |text: Option<&Box<str>>| text.cloned();
    let total = [order.map(|o| o.total_amount), seen.and_then(|s| s.total_amount)];
    let openids = [order.map(|o| o.re_openid.clone()), seen.and_then(|seen| seen.openid.clone())];
    let act_names = [
        order.map(|order| order.act_name.clone()),
        seen_text(seen.and_then(|seen| seen.act_name.as_ref())),
    ];
    let senders = [
        order.and_then(|order| order.sender.name()).map(Into::into),
        seen_text(seen.and_then(|seen| seen.sender_name.as_ref())),
    ];
    let checks = [
        ("total_amount", differs(claim.total_amount, total)),
        ("openid", differs(claim.openid.clone(), openids)),
        ("act_name", differs(claim.act_name.clone(), act_names)),
        ("sender_name", differs(claim.sender_name.clone(), senders)),
        (
            "detail_id",
            differs(claim.detail_id.clone(), [seen.and_then(|seen| seen.detail_id.clone())]),
        ),
        ("business_ref", differs(claim.business_ref.clone(), [known.business_ref.clone()])),
        ("send_time", is_away(claim.sent_at, known.sent_at)),
        ("status", is_other_end(claim, known)),
        ("amount", differs(claim.received, [seen.and_then(|seen| seen.amount)])),
        ("refund_amount", differs(claim.refunded, [seen.and_then(|seen| seen.refund_amount)])),
        ("wishing", differs(claim.wishing.clone(), [order.map(|o| o.wishing.clone())])),
        ("remark", differs(claim.remark.clone(), [order.map(|o| o.remark.clone())])),
    ];
    checks.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

/// Whether any that is known is another than the one that is claimed.
fn differs<T: PartialEq, const N: usize>(claimed: Option<T>, known: [Option<T>; N]) -> bool {
    claimed.is_some_and(|claimed| known.into_iter().flatten().any(|known| known != claimed))
}

/// Whether two times of a sending cannot be the same but for clocks.
fn is_away(claimed: Option<Timestamp>, known: Option<Timestamp>) -> bool {
    let away = claimed.zip(known).map(|(claimed, known)| claimed.duration_since(known).abs());
    away.is_some_and(|away| away >= CLOCK_MAX)
}

/// Whether the file claims another end than the verified record says, or has. What is still on
/// its way in the file may have ended since.
fn is_other_end(claim: &Claim, known: &Inquiry) -> bool {
    let verified = known.seen.as_ref().filter(|_| known.reply.is_some());
    match (claim.claimed(), verified.map(|seen| Status::from_wire(&seen.status))) {
        (Some(claimed), Some(verified)) => claimed.is_final() && claimed != verified,
        _ => false,
    }
}
