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

    /// This without the other; `None` where the other is not in it.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self {
            packets: self.packets.checked_sub(other.packets)?,
            ordered: self.ordered.checked_sub(other.ordered)?,
            received: self.received.checked_sub(other.received)?,
            refunded: self.refunded.checked_sub(other.refunded)?,
        })
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
/// # Errors
/// [`LedgerError::Overflow`] where a sum goes over [`Fen::MAX`], [`LedgerError::Damaged`] where
/// what the packet counted as is not in its total.
pub(crate) fn shifted(
    old: Option<Total>,
    new: Total,
    mut stored: impl FnMut(&TotalKey) -> Result<Sum, LedgerError>,
) -> Result<Vec<Total>, LedgerError> {
    let mut changed = Vec::with_capacity(2);
    let mut into = stored(&new.key)?;
    if let Some(old) = old {
        let is_same = old.key == new.key;
        let from = if is_same { into } else { stored(&old.key)? };
        let rest = from.checked_sub(old.sum).ok_or_else(|| {
            LedgerError::Damaged(format!("the totals of {} lack a packet", old.key.day))
        })?;
        if is_same {
            into = rest;
        } else {
            changed.push(Total { key: old.key, sum: rest });
        }
    }
    let sum = into.checked_add(new.sum).ok_or(LedgerError::Overflow)?;
    changed.push(Total { key: new.key, sum });
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
