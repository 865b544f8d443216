//! How often a merchant may call (FREQ_LIMIT).

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

/// Counts the calls of one merchant; a whole period's worth may come at once.
#[derive(Debug)]
pub(crate) struct PaceKeeper(Option<DefaultDirectRateLimiter>);

impl PaceKeeper {
    /// So many a second; 0 permits none.
    pub(crate) fn per_second(calls: u32) -> Self {
        Self(NonZeroU32::new(calls).map(|calls| RateLimiter::direct(Quota::per_second(calls))))
    }

    /// So many a minute; 0 permits none.
    pub(crate) fn per_minute(calls: u32) -> Self {
        Self(NonZeroU32::new(calls).map(|calls| RateLimiter::direct(Quota::per_minute(calls))))
    }

    /// Whether one more call is permitted now; if so, it is counted.
    pub(crate) fn permits_one(&self) -> bool {
        self.0.as_ref().is_some_and(|limiter| limiter.check().is_ok())
    }
}
