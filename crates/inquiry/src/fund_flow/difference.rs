//! In what a packet differs from its movements of money.

use super::days::Days;
use super::movement::Flows;
use super::packet::Packet;
use hongbao_wire::Verdict;
use hongbao_wire::verdict::Open;
use jiff::{SignedDuration, Timestamp};

/// A movement may be booked so long before or after the ledger's time.
const TIME_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// A difference. None says that a packet failed, and none permits a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// More left for a packet than one payment: two movements that nothing took back.
    Doubled,
    /// Money left and did not come back for a packet that the ledger knows as FAILED.
    PaidAlthoughFailed,
    /// Money left for a packet of which the ledger does not know what became of it.
    PaidButUnknown,
    /// A movement of a red packet that the ledger does not know.
    NoPacket,
    /// A packet for which money must have left, and no movement says so.
    NoMovement,
    /// A movement has another amount than the packet.
    AmountDiffers,
    /// The packet is REFUND, and no money came back.
    RefundMissing,
    /// Money came back, and the packet is not REFUND.
    RefundUnexpected,
    /// The movement is more than a day from the ledger's time.
    TimeDiffers,
    /// The bill's own summary is not what its rows add up to, or is missing.
    SummaryDiffers,
    /// A balance does not follow from the row before.
    BalanceGap,
    /// A row of the bill cannot be read.
    UnreadableRow,
}

impl Difference {
    /// Every difference, the gravest first.
    pub const ALL: [Self; 12] = [
        Self::Doubled,
        Self::PaidAlthoughFailed,
        Self::PaidButUnknown,
        Self::NoPacket,
        Self::NoMovement,
        Self::AmountDiffers,
        Self::RefundMissing,
        Self::RefundUnexpected,
        Self::TimeDiffers,
        Self::SummaryDiffers,
        Self::BalanceGap,
        Self::UnreadableRow,
    ];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Doubled => "doubled",
            Self::PaidAlthoughFailed => "paid_although_failed",
            Self::PaidButUnknown => "paid_but_unknown",
            Self::NoPacket => "no_packet",
            Self::NoMovement => "no_movement",
            Self::AmountDiffers => "amount_differs",
            Self::RefundMissing => "refund_missing",
            Self::RefundUnexpected => "refund_unexpected",
            Self::TimeDiffers => "time_differs",
            Self::SummaryDiffers => "summary_differs",
            Self::BalanceGap => "balance_gap",
            Self::UnreadableRow => "unreadable_row",
        }
    }

    /// Whether it is about the way back.
    #[must_use]
    pub const fn is_of_refund(self) -> bool {
        matches!(self, Self::RefundMissing | Self::RefundUnexpected)
    }
}

/// In what a packet and its movements differ, in the order of [`Difference::ALL`].
#[must_use]
pub fn differences(packet: &Packet, flows: &Flows, days: &Days) -> Vec<Difference> {
    let checks = [
        (Difference::Doubled, is_doubled(packet, flows)),
        (Difference::PaidAlthoughFailed, is_failed(packet) && flows.outs > flows.ins),
        (Difference::PaidButUnknown, is_unknown(packet) && flows.outs > flows.ins),
        (Difference::NoMovement, has_no_movement(packet, flows, days)),
        (Difference::AmountDiffers, is_of_another_amount(packet, flows)),
        (Difference::RefundMissing, is_refund_missing(packet, flows, days)),
        (Difference::RefundUnexpected, is_refund_unexpected(packet, flows, days)),
        (Difference::TimeDiffers, is_at_another_time(packet, flows)),
    ];
    checks.into_iter().filter_map(|(difference, differs)| differs.then_some(difference)).collect()
}

const fn is_failed(packet: &Packet) -> bool {
    matches!(packet.verdict, Verdict::Failed(_))
}

const fn is_refunded(packet: &Packet) -> bool {
    matches!(packet.verdict, Verdict::Refunded)
}

const fn is_unknown(packet: &Packet) -> bool {
    matches!(packet.verdict, Verdict::Unknown(_) | Verdict::BeyondWindow | Verdict::NoAnswer(_))
}

/// A refund or a failure takes one payment back, so that one more is one too many.
const fn is_doubled(packet: &Packet, flows: &Flows) -> bool {
    let kept = if is_refunded(packet) || is_failed(packet) { 0 } else { 1 };
    flows.outs >= 2 && flows.outs > flows.ins + kept
}

/// Money has left where the payer took the order or a record says so; of SENDING it may not have.
fn has_no_movement(packet: &Packet, flows: &Flows, days: &Days) -> bool {
    let has_left = matches!(
        packet.verdict,
        Verdict::Received
            | Verdict::Refunded
            | Verdict::Open(Open::Accepted | Open::Sent | Open::Refunding)
    );
    has_left && flows.outs == 0 && packet.sent_at.is_some_and(|at| days.cover(at))
}

fn is_of_another_amount(packet: &Packet, flows: &Flows) -> bool {
    let differs = |amounts: &[_], known: Option<_>| {
        known.is_some_and(|known| amounts.iter().any(|amount| *amount != known))
    };
    let back = packet.refund_amount.or(packet.amount);
    differs(&flows.out_amounts, packet.amount) || differs(&flows.in_amounts, back)
}

fn is_refund_missing(packet: &Packet, flows: &Flows, days: &Days) -> bool {
    let is_due = packet.refund_time.is_some_and(|at| days.cover(at));
    is_refunded(packet) && flows.ins == 0 && is_due
}

/// A failure gives back what left, which may have been on a day before the bills.
fn is_refund_unexpected(packet: &Packet, flows: &Flows, days: &Days) -> bool {
    let is_return = match packet.verdict {
        Verdict::Refunded => true,
        Verdict::Failed(_) => flows.outs > 0 || packet.sent_at.is_none_or(|at| !days.cover(at)),
        _ => false,
    };
    flows.ins > 0 && !is_return
}

fn is_at_another_time(packet: &Packet, flows: &Flows) -> bool {
    let is_far = |booked: Option<Timestamp>, known: Option<Timestamp>| match (booked, known) {
        (Some(booked), Some(known)) => booked.duration_since(known).abs() > TIME_TOLERANCE,
        _ => false,
    };
    is_far(flows.out_at, packet.sent_at)
        || (is_refunded(packet) && is_far(flows.in_at, packet.refund_time))
}
