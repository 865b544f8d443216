//! Leases: which of several processes does a piece of work, for how long at most.
//!
//! A lease only spares work twice. What must not happen twice is kept by the versions that every
//! commit names: a lease that is lost, or two clocks that differ, cost a question, not a payment.
//! Processes on several machines tell each other's leases by the time of their database,
//! [`Inquiries::shared_time`](crate::Inquiries::shared_time), so that no clock of theirs matters.

use crate::time::whole;
use jiff::{SignedDuration, Timestamp};

/// The longest lease that is believed. One that ends later was made by a clock that is ahead, and counts as
/// ended: nothing waits for it.
pub const LEASE_MAX: SignedDuration = SignedDuration::from_mins(5);

/// The latest end of a lease that is believed at `now`, in whole milliseconds.
pub(crate) fn longest(now: Timestamp) -> Timestamp {
    whole(now.checked_add(LEASE_MAX).unwrap_or(Timestamp::MAX))
}

/// Who works on something, and until when nobody else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The process: a text of its own, 1-64 characters, new with every start.
    pub holder: Box<str>,
    /// When it ends by itself. A holder that died is forgotten then.
    pub until: Timestamp,
}

impl Lease {
    /// Whether it keeps another one off at `now`.
    pub(crate) fn keeps_off(&self, holder: &str, now: Timestamp) -> bool {
        *self.holder != *holder && whole(self.until) > whole(now) && self.until <= longest(now)
    }
}

/// What came of asking for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's.
    Taken,
    /// Another one has it until then.
    Held {
        /// When it ends by itself.
        until: Timestamp,
    },
    /// There is nothing to lease.
    Absent,
}

/// What a process asks of a merchant's pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceRequest {
    /// Whose pace.
    pub mch_id: Box<str>,
    /// Which one, such as `upstream`: 1-32 characters.
    pub pace: Box<str>,
    /// All that may be granted together: turns in 1000 seconds.
    pub whole_per_1000_seconds: u64,
    /// Who asks, and until when the slice is wanted.
    pub lease: Lease,
}

/// What a process gets of a pace beside what the others hold: its even share, or what is free
/// of the whole where that is less.
pub(crate) fn share(whole: u64, others: &[u64]) -> u64 {
    let whole = whole.min(i64::MAX as u64);
    let holders = 1 + others.len() as u64;
    let held = others.iter().fold(0_u64, |sum, held| sum.saturating_add(*held));
    (whole / holders).min(whole.saturating_sub(held))
}
