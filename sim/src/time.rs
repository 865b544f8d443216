//! The two clocks: the true one, which the issuer has, and those of the merchant's machines,
//! which step.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;

/// The world's time: from a fixed day on, as tokio's paused clock goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrueClock {
    began: Instant,
}

impl TrueClock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Since the world began.
    pub(crate) fn age(self) -> std::time::Duration {
        self.began.elapsed()
    }

    pub(crate) fn now(self) -> Timestamp {
        // 2026-07-20 20:00:00 at +08:00: midnight, and with it new daily limits, comes soon
        let start = Timestamp::from_second(1_784_548_800).unwrap_or(Timestamp::UNIX_EPOCH);
        let age = SignedDuration::try_from(self.age()).unwrap_or(SignedDuration::MAX);
        start.checked_add(age).unwrap_or(Timestamp::MAX)
    }
}

impl hongbao_issuer::Clock for TrueClock {
    fn now(&self) -> Timestamp {
        Self::now(*self)
    }
}

/// The clock of a merchant's machine: it goes on when a process dies, and is set at will.
#[derive(Clone, Debug)]
pub(crate) struct WallClock {
    truth: TrueClock,
    offset_ms: Arc<AtomicI64>,
}

impl WallClock {
    pub(crate) fn new(truth: TrueClock) -> Self {
        Self { truth, offset_ms: Arc::default() }
    }

    /// Sets it to the true time and so much.
    pub(crate) fn set(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

impl hongbao_inquiry::Clock for WallClock {
    fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed));
        self.truth.now().checked_add(offset).unwrap_or(Timestamp::MAX)
    }
}
