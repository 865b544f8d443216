//! How often a merchant may call (FREQ_LIMIT).

use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What this process may give of every limit, where several answer for the same merchants.
#[derive(Debug)]
pub(crate) struct Share(AtomicU32);

impl Share {
    /// All of it, in millionths.
    pub(crate) const WHOLE: u32 = 1_000_000;

    /// So many millionths.
    pub(crate) const fn of_millionths(millionths: u32) -> Self {
        Self(AtomicU32::new(millionths))
    }

    pub(crate) fn set(&self, millionths: u64) {
        let millionths = u32::try_from(millionths).unwrap_or(Self::WHOLE).min(Self::WHOLE);
        self.0.store(millionths, Ordering::Release);
    }

    pub(crate) fn millionths(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    /// For people and graphs: 1 is all of it.
    #[expect(clippy::float_arithmetic, reason = "a gauge, not money")]
    pub(crate) fn fraction(&self) -> f64 {
        f64::from(self.millionths()) / f64::from(Self::WHOLE)
    }
}

/// Counts the calls of one merchant; a whole period's worth may come at once.
#[derive(Debug)]
pub(crate) struct PaceKeeper<C: Clock = DefaultClock> {
    calls: u32,
    period: Duration,
    share: Arc<Share>,
    clock: C,
    /// Made anew when the share changes: it goes on with what the former one had left, and never with
    /// more, or every server that joins or leaves would be worth a burst.
    limited: ArcSwap<Limited<C>>,
    changing: Mutex<()>,
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

#[derive(Debug)]
struct Limited<C: Clock> {
    millionths: u32,
    limiter: Option<Limiter<C>>,
    /// What was left when the share became nothing.
    left: u32,
}

impl PaceKeeper {
    /// So many a second among all; 0 permits none.
    pub(crate) fn per_second(calls: u32, share: Arc<Share>) -> Self {
        Self::new(calls, Duration::from_secs(1), share, DefaultClock::default())
    }

    /// So many a minute among all; 0 permits none.
    pub(crate) fn per_minute(calls: u32, share: Arc<Share>) -> Self {
        Self::new(calls, Duration::from_secs(60), share, DefaultClock::default())
    }
}

impl<C: Clock + Clone> PaceKeeper<C> {
    fn new(calls: u32, period: Duration, share: Arc<Share>, clock: C) -> Self {
        let nothing = Limited { millionths: 0, limiter: None, left: u32::MAX };
        let limited = ArcSwap::from_pointee(nothing);
        Self { calls, period, share, clock, limited, changing: Mutex::default() }
    }

    /// Whether one more call is permitted now; if so, it is counted.
    pub(crate) fn permits_one(&self) -> bool {
        let millionths = self.share.millionths();
        let mut in_force = self.limited.load();
        if in_force.millionths != millionths {
            drop(in_force);
            self.change(millionths);
            in_force = self.limited.load();
        }
        in_force.limiter.as_ref().is_some_and(|limiter| limiter.check().is_ok())
    }

    fn change(&self, millionths: u32) {
        // no call within can panic between two changes of it
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let former = self.limited.load_full();
        if former.millionths != millionths {
            let left = former.limiter.as_ref().map_or(former.left, take_all);
            self.limited.store(Arc::new(self.limited(millionths, left)));
        }
    }

    /// A part of the limit, of which so much is left at most.
    fn limited(&self, millionths: u32, left: u32) -> Limited<C> {
        let whole = u128::from(Share::WHOLE);
        let part = u128::from(self.calls) * u128::from(millionths);
        let burst = u32::try_from(part / whole).unwrap_or(u32::MAX);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let between = |part| u64::try_from(self.period.as_nanos() * whole / part);
        let limiter = (part > 0).then(|| {
            let between = Duration::from_nanos(between(part).unwrap_or(u64::MAX).max(1));
            let quota = Quota::with_period(between)?.allow_burst(burst);
            Some(RateLimiter::direct_with_clock(quota, self.clock.clone()))
        });
        let limiter = limiter.flatten();
        if let (Some(limiter), Some(gone)) =
            (&limiter, NonZeroU32::new(burst.get().saturating_sub(left)))
        {
            let taken = limiter.check_n(gone);
            debug_assert!(matches!(taken, Ok(Ok(()))), "a full bucket gives all it has");
        }
        Limited { millionths, limiter, left }
    }
}

/// How many calls a limiter still permitted; it permits none after that.
fn take_all<C: Clock>(limiter: &Limiter<C>) -> u32 {
    let halves = (0..u32::BITS).rev().map(|bit| 1_u32 << bit);
    let taken = halves.filter(|calls| {
        NonZeroU32::new(*calls).is_some_and(|calls| matches!(limiter.check_n(calls), Ok(Ok(()))))
    });
    taken.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    const SECOND: Duration = Duration::from_secs(1);

    fn count(keeper: &PaceKeeper<FakeRelativeClock>) -> usize {
        (0..10_000).filter(|_| keeper.permits_one()).count()
    }

    /// A limit of 120 a minute, its share, and the clock, which stands still.
    fn limit() -> (PaceKeeper<FakeRelativeClock>, Arc<Share>, FakeRelativeClock) {
        let share = Arc::new(Share::of_millionths(0));
        let clock = FakeRelativeClock::default();
        let keeper = PaceKeeper::new(120, 60 * SECOND, share.clone(), clock.clone());
        (keeper, share, clock)
    }

    #[test]
    fn a_share_of_a_limit_is_given_at_once_and_no_more() {
        for (millionths, calls) in
            [(0, 0), (1, 1), (333_333, 39), (1_000_000, 120), (u64::MAX, 120)]
        {
            let (keeper, share, _) = limit();
            share.set(millionths);
            assert_eq!(count(&keeper), calls, "{millionths}");
        }
        let share = Arc::new(Share::of_millionths(Share::WHOLE));
        assert!(!PaceKeeper::per_second(0, share).permits_one());
    }

    #[test]
    fn a_share_that_changes_is_worth_no_burst() {
        let (keeper, share, clock) = limit();
        share.set(1_000_000);
        assert_eq!(count(&keeper), 120);
        // one joins, one leaves, one joins: nothing comes back by that
        for millionths in [500_000, 1_000_000, 333_333, 0, 1_000_000] {
            share.set(millionths);
            assert_eq!(count(&keeper), 0, "{millionths}");
        }
        clock.advance(10 * SECOND);
        assert_eq!(count(&keeper), 20, "two a second come back");
        share.set(250_000);
        assert_eq!(count(&keeper), 0);
        clock.advance(10 * SECOND);
        assert_eq!(count(&keeper), 5);
    }

    #[test]
    fn what_is_left_stays_as_far_as_the_new_share_reaches() {
        let (keeper, share, _) = limit();
        share.set(1_000_000);
        assert_eq!((0..20).filter(|_| keeper.permits_one()).count(), 20);
        share.set(750_000);
        assert!(keeper.permits_one());
        share.set(1_000_000);
        assert_eq!(count(&keeper), 89, "of 100 left 90 stayed");
        share.set(0);
        assert_eq!(count(&keeper), 0);
    }
}
