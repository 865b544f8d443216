//! Totals: how many packets and how much money, kept in step with every commit.
//!
//! A report over ten million records is then a walk over a few thousand totals, and exact.

use crate::error::LedgerError;
use crate::inquiry::Inquiry;
use crate::record::{Order, Record};
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, Status};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// What became of a packet, as reports count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Received.
    Received,
    /// The money went back.
    Refunded,
    /// It failed for certain.
    Failed,
    /// On its way, either way: nothing is final.
    Outstanding,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::Received, Self::Refunded, Self::Failed, Self::Outstanding, Self::Unknown];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Outstanding => "outstanding",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the stable word; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    fn of_status(status: Option<&Status>) -> Self {
        match status {
            Some(Status::Received) => Self::Received,
            Some(Status::Refund) => Self::Refunded,
            Some(Status::Failed) => Self::Failed,
            Some(Status::Sending | Status::Sent | Status::RefundIng) => Self::Outstanding,
            None | Some(Status::Unknown(_)) => Self::Unknown,
        }
    }

    /// Of the words of a conclusion: no answer and beyond the window are unknown.
    fn of_verdict(word: &str) -> Self {
        match word {
            "received" => Self::Received,
            "refunded" => Self::Refunded,
            "failed" => Self::Failed,
            "open" => Self::Outstanding,
            _ => Self::Unknown,
        }
    }
}

/// What a total is of. Texts are empty where nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TotalKey {
    /// The day at +08:00 on which it was sent; where that is unknown, noted.
    pub day: Date,
    /// The status word of the record, or of the newest record that was seen.
    pub status: Box<str>,
    /// What became of it.
    pub outcome: Outcome,
    /// `act_name`.
    pub act_name: Box<str>,
    /// `sender_name`, or `agentid N`.
    pub sender: Box<str>,
}

/// So many packets and so much money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Packets.
    pub packets: u64,
    /// What was ordered, fen.
    pub ordered: Fen,
    /// What was received, fen.
    pub received: Fen,
    /// What went back, fen.
    pub refunded: Fen,
}

impl Sum {
    /// Both together; `None` where a sum goes over [`Fen::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            packets: self.packets.checked_add(other.packets)?,
            ordered: self.ordered.checked_add(other.ordered)?,
            received: self.received.checked_add(other.received)?,
            refunded: self.refunded.checked_add(other.refunded)?,
        })
    }

    /// Both together; what goes over the largest amount stays at it.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        let add = |one: Fen, other: Fen| one.checked_add(other).unwrap_or(Fen::MAX);
        Self {
            packets: self.packets.saturating_add(other.packets).min(i64::MAX.unsigned_abs()),
            ordered: add(self.ordered, other.ordered),
            received: add(self.received, other.received),
            refunded: add(self.refunded, other.refunded),
        }
    }

    /// This without the other; what is not in it counts as nothing.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        let sub = |one: Fen, other: Fen| one.checked_sub(other).unwrap_or_default();
        Self {
            packets: self.packets.saturating_sub(other.packets),
            ordered: sub(self.ordered, other.ordered),
            received: sub(self.received, other.received),
            refunded: sub(self.refunded, other.refunded),
        }
    }
}

/// A total. Stores keep none of no packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// What it is of.
    pub key: TotalKey,
    /// How much.
    pub sum: Sum,
}

impl Record {
    /// What this packet adds to the totals.
    #[must_use]
    pub fn total(&self) -> Total {
        let key = TotalKey {
            day: day_of(self.sent_at),
            status: self.status.as_ref().map(Status::as_str).unwrap_or_default().into(),
            outcome: Outcome::of_status(self.status.as_ref()),
            act_name: self.order.act_name.clone(),
            sender: sender_of(&self.order),
        };
        let sum = Sum {
            packets: 1,
            ordered: self.order.total_amount,
            received: self.receipt.as_ref().map(|r| r.amount).unwrap_or_default(),
            refunded: self.refund.as_ref().map(|r| r.refund_amount).unwrap_or_default(),
        };
        Total { key, sum }
    }
}

impl Inquiry {
    /// What this packet adds to the totals. What a verified record said comes before what we ordered.
    #[must_use]
    pub fn total(&self) -> Total {
        let (order, seen) = (self.order.as_ref(), self.seen.as_ref());
        let act_name = seen.and_then(|seen| seen.act_name.clone());
        let sender = seen.and_then(|seen| seen.sender_name.clone());
        let ordered = seen.and_then(|seen| seen.total_amount);
        let key = TotalKey {
            day: day_of(self.sent_at.unwrap_or(self.noted_at)),
            status: seen.map(|seen| seen.status.clone()).unwrap_or_default(),
            outcome: Outcome::of_verdict(&self.conclusion.verdict),
            act_name: act_name
                .or_else(|| order.map(|order| order.act_name.clone()))
                .unwrap_or_default(),
            sender: sender.or_else(|| order.map(sender_of)).unwrap_or_default(),
        };
        let sum = Sum {
            packets: 1,
            ordered: ordered.or_else(|| order.map(|o| o.total_amount)).unwrap_or_default(),
            received: seen.and_then(|seen| seen.amount).unwrap_or_default(),
            refunded: seen.and_then(|seen| seen.refund_amount).unwrap_or_default(),
        };
        Total { key, sum }
    }
}

/// The totals that change when a packet counts as `new` and no longer as `old`, as they are then;
/// `stored` says what they are now.
///
/// Totals are counted from the packets and never stand in the way of one: where a total was lost,
/// changed or cannot be read, or a sum goes over [`Fen::MAX`], it stays at the end of its range and
/// the audit finds it ([`Wrong::TotalDiffers`](crate::audit::Wrong::TotalDiffers),
/// [`Wrong::TotalOverflows`](crate::audit::Wrong::TotalOverflows)).
///
/// # Errors
/// That the store cannot be read.
pub(crate) fn shifted(
    old: Option<Total>,
    new: Total,
    mut stored: impl FnMut(&TotalKey) -> Result<Sum, LedgerError>,
) -> Result<Vec<Total>, LedgerError> {
    let mut stored = |key: &TotalKey| match stored(key) {
        Err(LedgerError::Damaged(_)) => Ok(Sum::default()),
        other => other,
    };
    let mut changed = Vec::with_capacity(2);
    let mut into = stored(&new.key)?;
    if let Some(old) = old {
        let is_same = old.key == new.key;
        let from = if is_same { into } else { stored(&old.key)? };
        let rest = from.saturating_sub(old.sum);
        if is_same {
            into = rest;
        } else {
            changed.push(Total { key: old.key, sum: rest });
        }
    }
    changed.push(Total { key: new.key, sum: into.saturating_add(new.sum) });
    Ok(changed)
}

/// The day at +08:00.
#[must_use]
pub fn day_of(at: Timestamp) -> Date {
    Offset::constant(8).to_datetime(at).date()
}

fn sender_of(order: &Order) -> Box<str> {
    match &order.sender {
        Sender::Name(name) => name.clone(),
        Sender::Agent(agentid) => format!("agentid {agentid}").into(),
        Sender::Company => "".into(),
    }
}
