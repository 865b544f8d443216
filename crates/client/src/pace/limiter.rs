//! A token bucket of `governor` that no window of a second can catch out.

use crate::pace::Rate;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Add;
use std::time::Duration;
use tokio::time::Instant;

/// How late a turn may be taken without the next ones being late too: timers are.
const SLACK: Duration = Duration::from_millis(10);
/// What one turn costs, in cells of the bucket: the resolution of the slack.
const CELLS: NonZeroU32 = NonZeroU32::new(100).expect("100 is not 0");

/// Turns at a rate.
///
/// Between turns lie `(1 s + SLACK) / rate`, and a turn may be `SLACK` ahead of that: so `n`
/// turns span at least `(n - 1) (1 s + SLACK) / rate - SLACK`, which is below 1 s for `n` up
/// to the rate alone.
#[derive(Debug)]
pub(super) struct Limiter {
    bucket: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<At>>,
}

impl Limiter {
    /// One that nothing was taken from.
    pub(super) fn full(rate: Rate) -> Self {
        Self { bucket: RateLimiter::direct_with_clock(quota(rate), TokioClock) }
    }

    /// One whose first turn comes a whole interval from now.
    pub(super) fn empty(rate: Rate) -> Self {
        Self::lacking(rate, CELLS.get())
    }

    /// One whose first turn comes an interval after the last one of another rate: at once, where
    /// that is past. The slack begins anew, so that no window sees it twice.
    pub(super) fn after(rate: Rate, last: Option<Instant>) -> Self {
        let cell = cell(rate);
        let lacking = last.map_or(0, |last| {
            let left = (last + cell * CELLS.get()).saturating_duration_since(Instant::now());
            left.as_nanos().div_ceil(cell.as_nanos()).min(u128::from(CELLS.get()))
        });
        Self::lacking(rate, u32::try_from(lacking).unwrap_or(CELLS.get()))
    }

    /// One without slack, and with so many cells less than a turn costs.
    fn lacking(rate: Rate, cells: u32) -> Self {
        let limiter = Self::full(rate);
        let slack = quota(rate).burst_size().get() - CELLS.get();
        if let Some(taken) = NonZeroU32::new(slack + cells) {
            let taken = limiter.bucket.check_n(taken);
            debug_assert!(matches!(taken, Ok(Ok(()))), "a full bucket gives all it has");
        }
        limiter
    }

    /// Takes a turn, or says when to try again.
    pub(super) fn take(&self) -> Result<(), Instant> {
        match self.bucket.check_n(CELLS) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.earliest_possible().0),
            Err(_) => unreachable!("a bucket holds the cells of at least one turn"),
        }
    }
}

/// How long a cell takes to come back; rounded so that it gives rather less.
fn cell(rate: Rate) -> Duration {
    let cell_ns = ((Duration::from_secs(1) + SLACK).as_nanos() * 1000)
        .div_ceil(u128::from(rate.per_1000_seconds()) * u128::from(CELLS.get()))
        .max(1);
    Duration::from_nanos(u64::try_from(cell_ns).unwrap_or(u64::MAX))
}

fn quota(rate: Rate) -> Quota {
    let cell = cell(rate);
    let slack = u32::try_from(SLACK.as_nanos() / cell.as_nanos()).unwrap_or(0);
    Quota::with_period(cell)
        .expect("a cell lasts at least 1 ns")
        .allow_burst(CELLS.saturating_add(slack))
}

/// Tokio's clock, which tests and simulations pause.
#[derive(Clone, Debug)]
struct TokioClock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct At(Instant);

impl Clock for TokioClock {
    type Instant = At;

    fn now(&self) -> At {
        At(Instant::now())
    }
}

impl Add<Nanos> for At {
    type Output = Self;

    fn add(self, by: Nanos) -> Self {
        Self(self.0 + Duration::from(by))
    }
}

impl Reference for At {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, by: Nanos) -> Self {
        self.0.checked_sub(by.into()).map_or(*self, Self)
    }
}
