//! Time for connections: a coarse clock that costs one load, and deadlines that
//! cost one store.
//!
//! A timer for every head, body and pause would be the dearest part of a query's
//! turn. Instead each connection writes down until when it may be in its phase,
//! and the listener sweeps all of them at every tick.

use crate::config::ConnectionLimits;
use hongbao_issuer::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// After how many ticks an idle connection may rest: with the defaults, a second.
const REST_TICKS: u64 = 4;

/// A coarse clock: it moves when [`Ticker::tick`] is called.
#[derive(Debug)]
pub(crate) struct Ticker {
    opened: Instant,
    length: Duration,
    ticks: AtomicU64,
    unix_s: AtomicI64,
    clock: Arc<dyn Clock>,
}

impl Ticker {
    /// A clock whose ticks are a quarter of the shortest time-out, 5-250 ms.
    pub(crate) fn new(limits: &ConnectionLimits, clock: Arc<dyn Clock>) -> Self {
        let phases =
            [limits.handshake_ms, limits.head_ms, limits.body_ms, limits.write_ms, limits.idle_ms];
        let shortest = phases.into_iter().min().unwrap_or_default();
        let length = Duration::from_millis(u64::from(shortest / 4).clamp(5, 250));
        let unix_s = AtomicI64::new(clock.now().as_second());
        Self { opened: Instant::now(), length, ticks: AtomicU64::new(0), unix_s, clock }
    }

    /// How long a tick is.
    pub(crate) const fn length(&self) -> Duration {
        self.length
    }

    /// Reads the real clocks.
    pub(crate) fn tick(&self) {
        let ticks = self.opened.elapsed().as_millis() / self.length.as_millis();
        self.ticks.store(u64::try_from(ticks).unwrap_or(u64::MAX), Relaxed);
        self.unix_s.store(self.clock.now().as_second(), Relaxed);
    }

    /// Seconds since 1970, as of the last tick: for the validity of certificates.
    pub(crate) fn unix_s(&self) -> i64 {
        self.unix_s.load(Relaxed)
    }

    /// So many milliseconds in ticks, rounded up.
    fn ticks_of(&self, ms: u32) -> u64 {
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        u64::from(ms).div_ceil(length)
    }
}

/// What a connection is doing, as far as time is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// The TLS handshake.
    Handshake,
    /// Waiting for the first byte of a request.
    Idle,
    /// Reading a request's head.
    Head,
    /// Reading its body.
    Body,
    /// Our turn: without a deadline, as the other side has no say in it.
    Turn,
    /// Writing the reply.
    Write,
}

/// The deadline of one connection.
#[derive(Debug)]
pub(crate) struct Pulse {
    ticker: Arc<Ticker>,
    allowed: [u64; 6],
    phase: AtomicU8,
    deadline: AtomicU64,
    reset: AtomicBool,
}

impl Pulse {
    /// The deadline of a connection that begins in `phase`.
    pub(crate) fn new(ticker: Arc<Ticker>, limits: &ConnectionLimits, phase: Phase) -> Self {
        let ticks = |ms| ticker.ticks_of(ms);
        let allowed = [
            ticks(limits.handshake_ms),
            ticks(limits.idle_ms),
            ticks(limits.head_ms),
            ticks(limits.body_ms),
            u64::MAX,
            ticks(limits.write_ms),
        ];
        let pulse = Self {
            ticker,
            allowed,
            phase: AtomicU8::new(0),
            deadline: AtomicU64::new(0),
            reset: AtomicBool::new(false),
        };
        pulse.enter(phase);
        pulse
    }

    /// Begins a phase and its time.
    pub(crate) fn enter(&self, phase: Phase) {
        let allowed = self.allowed[phase as usize];
        let now = self.ticker.ticks.load(Relaxed);
        // One more, as the current tick is partly over.
        self.deadline.store(now.saturating_add(allowed).saturating_add(1), Relaxed);
        self.phase.store(phase as u8, Relaxed);
    }

    /// Goes from one phase to the next, where it is in that one.
    pub(crate) fn advance(&self, from: Phase, to: Phase) {
        if self.is_in(from) {
            self.enter(to);
        }
    }

    /// Whether the phase has lasted too long.
    pub(crate) fn is_over(&self) -> bool {
        self.ticker.ticks.load(Relaxed) > self.deadline.load(Relaxed)
    }

    /// Until when it may be idle, in ticks, where it has been idle for a while.
    pub(crate) fn long_idle(&self) -> Option<u64> {
        let deadline = self.deadline.load(Relaxed);
        let since = deadline.saturating_sub(self.allowed[Phase::Idle as usize]);
        let is_long = self.ticker.ticks.load(Relaxed) > since.saturating_add(REST_TICKS);
        (self.is_in(Phase::Idle) && is_long).then_some(deadline)
    }

    /// Whether it is in this phase.
    pub(crate) fn is_in(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    /// The coarse clock.
    pub(crate) fn ticker(&self) -> &Ticker {
        &self.ticker
    }

    /// Asks that the connection ends with a reset instead of an orderly close.
    pub(crate) fn ask_reset(&self) {
        self.reset.store(true, Relaxed);
    }

    /// Whether the connection shall end with a reset.
    pub(crate) fn wants_reset(&self) -> bool {
        self.reset.load(Relaxed)
    }
}
