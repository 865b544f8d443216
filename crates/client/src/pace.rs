//! The merchant's pace: turns in the order of asking, never more than a rate in one second.

mod limiter;

use limiter::Limiter;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Without FREQ_LIMIT for this long, the rate recovers by one step, a doubling.
pub const QUIET: Duration = Duration::from_secs(30);
/// FREQ_LIMITs that come together tighten once: those of this long after a tightening
/// answer what was asked before it.
const TOGETHER: Duration = Duration::from_secs(1);

/// A rate of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    per_1000_seconds: u64,
}

impl Rate {
    /// The slowest that FREQ_LIMIT tightens to: one turn in 5 s.
    pub const FLOOR: Self = Self { per_1000_seconds: 200 };

    /// So many turns a second; 0 counts as 1.
    #[must_use]
    pub const fn per_second(turns: u32) -> Self {
        let turns = if turns == 0 { 1 } else { turns };
        Self { per_1000_seconds: turns as u64 * 1000 }
    }

    /// So many turns in 1000 seconds; `None` for 0, which is no rate.
    #[must_use]
    pub const fn per_1000(turns: u64) -> Option<Self> {
        if turns == 0 { None } else { Some(Self { per_1000_seconds: turns }) }
    }

    /// Turns in 1000 seconds.
    #[must_use]
    pub const fn per_1000_seconds(self) -> u64 {
        self.per_1000_seconds
    }

    /// Never below the floor, unless it was below it already.
    fn halved(self) -> Self {
        Self { per_1000_seconds: self.per_1000_seconds / 2 }.max(Self::FLOOR.min(self))
    }

    fn doubled(self) -> Self {
        Self { per_1000_seconds: self.per_1000_seconds.saturating_mul(2) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.per_1000_seconds / 1000, self.per_1000_seconds % 1000);
        if rest == 0 { write!(f, "{whole}/s") } else { write!(f, "{whole}.{rest:03}/s") }
    }
}

/// The turn did not come in the time that was allowed for it. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the merchant's pace leaves no turn in time")]
pub struct OverPace;

impl OverPace {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "OVER_PACE"
    }
}

/// One merchant's turns. Clones share them: a process needs one for each merchant.
///
/// - In no half-open window of one second are more turns given than the rate in force, or
///   the highest of them where it changed; a rate below 1/s gives one at most.
/// - Whoever waits gets 0.99 of the rate.
/// - Turns are given in the order of asking.
/// - A waiter may be dropped at any time: it takes no turn, and the next one moves up.
///
/// FREQ_LIMIT halves the rate, down to [`Rate::FLOOR`]; each [`QUIET`] without it after
/// which a turn is asked for doubles the rate again, up to the configured one. Where several
/// processes share a merchant's turns, the configured one changes: [`Pace::permit`].
#[derive(Clone, Debug)]
pub struct Pace {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Held by whoever is next, while it waits: tokio's is fair.
    next: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Wakes whoever is next when what is permitted changes.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    configured: Rate,
    /// From when on no turns are given, unless more is permitted; `None`: never.
    until: Option<Instant>,
    rate: Rate,
    limiter: Limiter,
    /// When the last turn was given.
    given_at: Option<Instant>,
    /// The last FREQ_LIMIT or recovery.
    quiet_since: Instant,
    tightened_at: Option<Instant>,
    /// What FREQ_LIMIT and the recovery since leave, whatever is configured; `None`: there was none.
    tightened: Option<Rate>,
}

impl Pace {
    /// A pace of so many turns a second; 0 counts as 1.
    #[must_use]
    pub fn per_second(turns: u32) -> Self {
        let rate = Rate::per_second(turns);
        let state = State {
            configured: rate,
            until: None,
            rate,
            limiter: Limiter::full(rate),
            given_at: None,
            quiet_since: Instant::now(),
            tightened_at: None,
            tightened: None,
        };
        let (next, changed) = (tokio::sync::Mutex::default(), Notify::new());
        Self { shared: Arc::new(Shared { next, state: Mutex::new(state), changed }) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        let _next = self.shared.next.lock().await;
        self.next_turn(None).await.unwrap_or_default();
    }

    /// Waits for a turn, but no longer than `wait_max`; at once where the next in line can
    /// tell that it would be longer.
    ///
    /// # Errors
    /// [`OverPace`]: no turn was taken.
    pub async fn turn_within(&self, wait_max: Duration) -> Result<(), OverPace> {
        let now = Instant::now();
        let Some(latest) = now.checked_add(wait_max) else {
            self.turn().await;
            return Ok(());
        };
        let lock = timeout_at(latest, self.shared.next.lock());
        let _next = lock.await.map_err(|_| OverPace)?;
        self.next_turn(Some(latest)).await
    }

    /// Waits for the turn of whoever is next. What is permitted may change meanwhile.
    async fn next_turn(&self, latest: Option<Instant>) -> Result<(), OverPace> {
        loop {
            // before the look: a change after it wakes
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let earliest = match self.state().take(Instant::now()) {
                Taken::Turn => return Ok(()),
                Taken::At(earliest) if latest.is_some_and(|latest| earliest > latest) => {
                    return Err(OverPace);
                }
                Taken::At(earliest) => Some(earliest),
                Taken::NotNow if latest.is_some_and(|latest| latest <= Instant::now()) => {
                    return Err(OverPace);
                }
                Taken::NotNow => latest,
            };
            match earliest {
                Some(earliest) => drop(timeout_at(earliest, changed).await),
                None => changed.await,
            }
        }
    }

    /// Permits another rate from now on, for as long as it `lasts`, or for ever; after that no turns are
    /// given until more is permitted. Less takes effect at once; in no window of a second are more
    /// turns given than the highest rate in force in it. What FREQ_LIMIT tightened stays so where
    /// it is below.
    pub fn permit(&self, rate: Rate, lasts: Option<Duration>) {
        let now = Instant::now();
        // what lasts longer than there is time lasts for ever
        let until = lasts.and_then(|lasts| now.checked_add(lasts));
        self.state().permit(rate, until, now);
        self.shared.changed.notify_waiters();
    }

    /// Gives no turns until more is permitted.
    pub fn forbid(&self) {
        self.state().until = Some(Instant::now());
        self.shared.changed.notify_waiters();
    }

    /// The rate that is permitted where there is no FREQ_LIMIT; `None`: no turns are given.
    #[must_use]
    pub fn permitted(&self) -> Option<Rate> {
        let state = self.state();
        state.permits(Instant::now()).then_some(state.configured)
    }

    /// Takes note of a FREQ_LIMIT.
    pub fn freq_limited(&self) {
        self.state().tighten(Instant::now());
    }

    /// The rate in force.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.state().rate
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // no call within can panic between two changes of it
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of asking for a turn.
enum Taken {
    Turn,
    /// Not before then.
    At(Instant),
    /// Not before something else is permitted.
    NotNow,
}

impl State {
    /// Takes a turn, or says when to try again.
    fn take(&mut self, now: Instant) -> Taken {
        if !self.permits(now) {
            return Taken::NotNow;
        }
        if let Some(cap) = self.tightened
            && now >= self.quiet_since + QUIET
        {
            self.quiet_since = now;
            let cap = cap.doubled();
            self.tightened = Some(cap);
            let rate = cap.min(self.configured);
            if rate > self.rate {
                self.change(rate);
            }
        }
        match self.limiter.take() {
            Ok(()) => {
                self.given_at = Some(now);
                Taken::Turn
            }
            Err(earliest) => Taken::At(earliest),
        }
    }

    fn permits(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn permit(&mut self, rate: Rate, until: Option<Instant>, now: Instant) {
        let is_the_same = self.permits(now) && self.configured == rate;
        self.until = until;
        if is_the_same {
            return;
        }
        self.configured = rate;
        // a share that shrinks and grows again makes no FREQ_LIMIT forgotten
        self.rate = self.tightened.map_or(rate, |cap| cap.min(rate));
        // a slow rate that changes often must not begin to wait anew each time
        self.limiter = Limiter::after(self.rate, self.given_at);
    }

    fn tighten(&mut self, now: Instant) {
        self.quiet_since = now;
        if self.tightened_at.is_some_and(|at| now < at + TOGETHER) {
            return;
        }
        self.tightened_at = Some(now);
        if self.rate > Rate::FLOOR {
            self.change(self.rate.halved());
        }
        // a share below the floor is nothing that FREQ_LIMIT made, and no bound for a larger one
        self.tightened = Some(self.rate.max(Rate::FLOOR));
    }

    fn change(&mut self, rate: Rate) {
        self.rate = rate;
        // what the old one gave still counts: the new one begins with nothing to give
        self.limiter = Limiter::empty(rate);
    }
}

#[cfg(test)]
mod tests;
