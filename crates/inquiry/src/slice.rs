//! A pace that several processes share: each leases a slice of it, and together they never have
//! more than the whole.
//!
//! Where that is asked for, it holds in any second, although a change is heard of at different times: less is in force at
//! once, more only `SETTLE` later, and who has asked for its slice and has had no reply for
//! `REPLY_MAX` gives no turns until it has one, as the slice may have become smaller. The second
//! between the two covers the window: the turns of the last second count too.

use crate::clock::Clock;
use hongbao_ledger::{Inquiries, Lease, LedgerError, SliceRequest};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// The name of the pace at which a merchant's payer is asked, whoever asks.
pub const UPSTREAM_PACE: &str = "upstream";
/// For how long a slice is leased; what a process that died had is free after that.
pub const SLICE_LEASE: Duration = Duration::from_secs(6);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How often it is asked for where there is none, or where the ledger failed.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// After how long without a reply no turns are given.
const REPLY_MAX: Duration = Duration::from_secs(1);
/// How much later than granted more is in force.
const SETTLE: Duration = Duration::from_secs(2);

/// What one process may give, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Turns in 1000 seconds.
    pub per_1000_seconds: u64,
    /// When it ends, should it not be renewed.
    pub until: Instant,
}

/// Keeps a slice of one pace.
#[derive(Clone, Debug)]
pub struct SliceKeeper {
    /// Where the slices are leased.
    pub ledger: Arc<dyn Inquiries>,
    /// The time of leases, where the ledger has none of its own.
    pub clock: Arc<dyn Clock>,
    /// Whose pace.
    pub mch_id: Box<str>,
    /// Which one, 1-32 characters.
    pub pace: Box<str>,
    /// All that the processes may give together: turns in 1000 seconds.
    pub whole_per_1000_seconds: u64,
    /// This process.
    pub holder: Box<str>,
    /// Whether no second may ever see more than the whole. Where that is not asked for, more is in
    /// force at once, and a slice without a reply holds to the end of its lease.
    pub is_exact: bool,
}

impl SliceKeeper {
    /// Keeps the slice until it is dropped; `set` hears of every change, and of every renewal.
    pub async fn keep(&self, mut set: impl FnMut(Slice)) {
        let mut grants = Grants::new(self.is_exact, Instant::now());
        let mut failing = false;
        loop {
            let began = Instant::now();
            grants.asked(began);
            let granted = grants.meanwhile(self.ask(SLICE_LEASE), &mut set).await;
            match &granted {
                Ok(granted) => grants.granted(*granted, began, Instant::now()),
                Err(error) if !failing => {
                    let (mch_id, pace) = (&self.mch_id, &self.pace);
                    tracing::warn!(mch_id, pace, %error, "no turns are given without a slice");
                }
                Err(_) => {}
            }
            failing = granted.is_err();
            let rest = match granted {
                Ok(1..) => sleep_until(began + RENEW_EVERY),
                Ok(0) | Err(_) => sleep_until(Instant::now() + AGAIN_AFTER),
            };
            grants.tell(&mut set);
            grants.meanwhile(rest, &mut set).await;
        }
    }

    /// Gives the slice back, so that others need not wait for its end. No turns may be given by then.
    pub async fn release(&self) {
        if !matches!(timeout(REPLY_MAX, self.ask(Duration::ZERO)).await, Ok(Ok(_))) {
            tracing::debug!("a slice was not given back");
        }
    }

    async fn ask(&self, length: Duration) -> Result<u64, LedgerError> {
        // read after the caller's own clock began to run: what is forgotten in between is not lost
        let now = self.ledger.shared_time().await?.unwrap_or_else(|| self.clock.now());
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
        let request = SliceRequest {
            mch_id: self.mch_id.clone(),
            pace: self.pace.clone(),
            whole_per_1000_seconds: self.whole_per_1000_seconds,
            lease: Lease { holder: self.holder.clone(), until },
        };
        self.ledger.lease_pace(&request, now).await
    }
}

/// What was granted in the last while, and what of it is in force.
#[derive(Debug)]
struct Grants {
    settle: Duration,
    reply_max: Duration,
    /// How much, and when that was heard of; the first one is older than `settle`, but it counts
    /// until the second one is.
    heard: VecDeque<(u64, Instant)>,
    until: Instant,
    /// When the slice was first asked for without a reply since.
    unanswered_since: Option<Instant>,
}

impl Grants {
    fn new(is_exact: bool, now: Instant) -> Self {
        let (settle, reply_max) =
            if is_exact { (SETTLE, REPLY_MAX) } else { (Duration::ZERO, SLICE_LEASE) };
        let heard = VecDeque::from([(0, now)]);
        Self { settle, reply_max, heard, until: now, unanswered_since: None }
    }

    fn asked(&mut self, now: Instant) {
        self.unanswered_since.get_or_insert(now);
    }

    fn granted(&mut self, granted: u64, asked_at: Instant, now: Instant) {
        self.silence(now);
        self.unanswered_since = None;
        self.until = asked_at + SLICE_LEASE;
        self.heard.push_back((granted, now));
    }

    /// No reply for so long counts as nothing.
    fn silence(&mut self, now: Instant) {
        let is_silent = self.unanswered_since.is_some_and(|since| since + self.reply_max <= now);
        if is_silent && self.heard.back().is_none_or(|(last, _)| *last > 0) {
            self.heard.push_back((0, now));
        }
    }

    /// The least of what was heard of within `settle`, and of what held when that began.
    fn in_force(&mut self, now: Instant) -> u64 {
        self.silence(now);
        while self.heard.get(1).is_some_and(|(_, at)| *at + self.settle <= now) {
            self.heard.pop_front();
        }
        self.heard.iter().map(|(granted, _)| *granted).min().unwrap_or(0)
    }

    /// When what is in force may change by itself.
    fn next_change(&self) -> Option<Instant> {
        let has_something = self.heard.back().is_some_and(|(last, _)| *last > 0);
        let silence =
            self.unanswered_since.filter(|_| has_something).map(|since| since + self.reply_max);
        let more = self.heard.get(1).map(|(_, at)| *at + self.settle);
        silence.into_iter().chain(more).min()
    }

    fn tell(&mut self, set: &mut impl FnMut(Slice)) {
        let per_1000_seconds = self.in_force(Instant::now());
        set(Slice { per_1000_seconds, until: self.until });
    }

    /// Waits for `work`, and tells what changes meanwhile.
    async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
        set: &mut impl FnMut(Slice),
    ) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            let change = self.next_change();
            let change = async move {
                match change {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = change => self.tell(set),
            }
        }
    }
}

/// What of a slice is used so that no second sees more than the whole, whoever gives how much: whole
/// turns in a second. Where there are fewer than one for each process, each gives one at a time: then
/// a second may see as many turns as there are processes, but the rate holds over time.
#[must_use]
pub const fn whole_turns(per_1000_seconds: u64) -> u64 {
    if per_1000_seconds < 1000 { per_1000_seconds } else { per_1000_seconds / 1000 * 1000 }
}
