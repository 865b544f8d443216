//! How often a merchant may call (FREQ_LIMIT).

use arc_swap::ArcSwap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
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
pub(crate) struct PaceKeeper {
    calls: u32,
    period: Duration,
    share: Arc<Share>,
    /// Made anew when the share changes: it then begins with its period's worth.
    limited: ArcSwap<Limited>,
}

#[derive(Debug)]
struct Limited {
    millionths: u32,
    limiter: Option<DefaultDirectRateLimiter>,
}

impl PaceKeeper {
    /// So many a second among all; 0 permits none.
    pub(crate) fn per_second(calls: u32, share: Arc<Share>) -> Self {
        Self::new(calls, Duration::from_secs(1), share)
    }

    /// So many a minute among all; 0 permits none.
    pub(crate) fn per_minute(calls: u32, share: Arc<Share>) -> Self {
        Self::new(calls, Duration::from_secs(60), share)
    }

    fn new(calls: u32, period: Duration, share: Arc<Share>) -> Self {
        let limited = ArcSwap::from_pointee(limited(calls, period, share.millionths()));
        Self { calls, period, share, limited }
    }

    /// Whether one more call is permitted now; if so, it is counted.
    pub(crate) fn permits_one(&self) -> bool {
        let millionths = self.share.millionths();
        let mut in_force = self.limited.load();
        if in_force.millionths != millionths {
            let new = Arc::new(limited(self.calls, self.period, millionths));
            // of those who see the change at once, one is counted by
            self.limited.compare_and_swap(&*in_force, new);
            in_force = self.limited.load();
        }
        in_force.limiter.as_ref().is_some_and(|limiter| limiter.check().is_ok())
    }
}

fn limited(calls: u32, period: Duration, millionths: u32) -> Limited {
    let (whole, part) = (u128::from(Share::WHOLE), u128::from(calls) * u128::from(millionths));
    let burst = u32::try_from(part / whole).unwrap_or(u32::MAX);
    let between = |part| u64::try_from(period.as_nanos() * whole / part).unwrap_or(u64::MAX);
    let limiter = (part > 0).then(|| {
        let quota = Quota::with_period(Duration::from_nanos(between(part).max(1)));
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        quota.map(|quota| RateLimiter::direct(quota.allow_burst(burst)))
    });
    Limited { millionths, limiter: limiter.flatten() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(keeper: &PaceKeeper) -> usize {
        (0..10_000).filter(|_| keeper.permits_one()).count()
    }

    #[test]
    fn a_share_of_a_limit_is_given_at_once_and_no_more() {
        // a minute is long enough for nothing to come back meanwhile
        let share = Arc::new(Share::of_millionths(Share::WHOLE));
        let keeper = PaceKeeper::per_minute(120, share.clone());
        assert_eq!(count(&keeper), 120);
        share.set(333_333);
        assert_eq!(count(&keeper), 39);
        share.set(0);
        assert_eq!(count(&keeper), 0);
        share.set(1);
        assert_eq!(count(&keeper), 1, "in two years the next");
        share.set(u64::MAX);
        assert_eq!(count(&keeper), 120);
        assert_eq!(count(&PaceKeeper::per_second(0, share)), 0);
    }
}
