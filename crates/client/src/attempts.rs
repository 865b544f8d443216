//! Whether a call is made again: one pure function and its table.

use crate::transport::{Call, Host};
use hongbao_wire::ErrorCode;
use hongbao_wire::observation::{Observation, Silence};
use std::time::Duration;

/// How often one call is attempted, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptLimits {
    /// The most attempts, the first included; 0 counts as 1.
    pub count_max: u32,
    /// From the first attempt's turn to the end of the last attempt.
    pub deadline: Duration,
    /// Whether only what certainly never left is attempted again.
    pub unsent_only: bool,
}

impl AttemptLimits {
    /// 3 attempts within 30 s.
    pub const DEFAULT: Self =
        Self { count_max: 3, deadline: Duration::from_secs(30), unsent_only: false };
    /// One attempt: for who decides on repetition elsewhere.
    pub const ONCE: Self = Self { count_max: 1, ..Self::DEFAULT };
    /// A second attempt where the first certainly never left, as of the other host: the payer
    /// sees one request at most.
    pub const ARRIVING_ONCE: Self = Self { count_max: 2, unsent_only: true, ..Self::DEFAULT };
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The shortest interval between two sends of one order (`protocol.md` §1.5).
pub(crate) const SAME_ORDER_MIN: Duration = Duration::from_secs(1);
/// An attempt that would have less time than this is not begun.
pub(crate) const ATTEMPT_MIN: Duration = Duration::from_secs(1);
/// The bound of the first jitter.
const BACK_OFF: Duration = Duration::from_millis(250);
/// The bound of the first jitter where the payer is overloaded or says "too fast".
const BACK_OFF_SLOW: Duration = Duration::from_secs(2);
/// The most that the bound grows to.
const BACK_OFF_MAX: Duration = Duration::from_secs(8);

/// What came of one attempt, as far as repeating goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// No connection, no reply in time, or a connection that was lost.
    Silence,
    /// HTTP 5xx: whoever is in front of the payer is not well.
    ServerError,
    /// SYSTEMERROR, PSYSTEMERROR: outcome unknown.
    Busy,
    /// FREQ_LIMIT.
    TooFast,
    /// Whatever else: asking the same again would not change it, or not within this call.
    Answer,
}

impl Came {
    /// Sorts an observation.
    pub fn of<R>(seen: &Observation<R>) -> Self {
        match seen {
            Observation::Silence(Silence::HttpStatus(500..=599)) => Self::ServerError,
            Observation::Silence(Silence::HttpStatus(_)) => Self::Answer,
            Observation::Silence(
                Silence::NotConnected | Silence::TimedOut | Silence::ConnectionLost,
            ) => Self::Silence,
            Observation::Failure(failure) => match failure.err_code {
                Some(ErrorCode::SystemError | ErrorCode::PSystemError) => Self::Busy,
                Some(ErrorCode::FreqLimit) => Self::TooFast,
                _ => Self::Answer,
            },
            Observation::Success(_)
            | Observation::CertificateRefused
            | Observation::Unreadable(_) => Self::Answer,
        }
    }
}

/// One attempt, and what is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pub call: Call,
    pub came: Came,
    /// Whether the request may have reached the payer.
    pub was_sent: bool,
    /// Attempts made so far, this one included.
    pub made: u32,
    /// What is left of the deadline.
    pub time_left: Duration,
    /// The host of this attempt.
    pub host: Host,
    /// Whether there is another host.
    pub has_failover: bool,
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing more within this call.
    Stop,
    /// The same bytes again, `after_min` and a jitter of zero to `jitter_max` from now.
    Again { after_min: Duration, jitter_max: Duration, host: Host },
}

/// Decides what follows an attempt.
///
/// | what came back | was it sent? | query again after | send again after | host |
/// |---|---|---|---|---|
/// | no connection | no | jitter | jitter | the other |
/// | time-out, connection lost | maybe | jitter | 1 s + jitter | the same |
/// | HTTP 5xx | maybe | jitter | 1 s + jitter | the other |
/// | SYSTEMERROR, PSYSTEMERROR | yes | slow jitter | 1 s + slow jitter | the same |
/// | FREQ_LIMIT | yes | slow jitter | 1 s + slow jitter | the same |
/// | a success, any other `err_code` (PROCESSING, NOT_FOUND …), none | yes | stop | stop | |
/// | certificate refused, HTTP 400 or another status, unreadable | any | stop | stop | |
/// | any of these, and it may have been sent, with `unsent_only` | maybe | stop | stop | |
/// | any of these, and `count_max` attempts were made | any | stop | stop | |
/// | any of these, and less than 1 s would be left for the attempt | any | stop | stop | |
///
/// The jitter is full: from zero to a bound that doubles with each attempt, 250 ms (slow:
/// 2 s) after the first, 8 s at most, and no more than the time that is left allows. A send
/// that may have arrived waits 1 s more: the shortest interval of one order (`protocol.md`
/// §1.5). Without a failover host the other host is the same.
#[must_use]
pub(crate) fn next(tried: &Tried, limits: AttemptLimits) -> Next {
    let (first, elsewhere) = match tried.came {
        Came::Answer => return Next::Stop,
        _ if limits.unsent_only && tried.was_sent => return Next::Stop,
        Came::Silence => (BACK_OFF, !tried.was_sent),
        Came::ServerError => (BACK_OFF, true),
        Came::Busy | Came::TooFast => (BACK_OFF_SLOW, false),
    };
    let after_min = match tried.call {
        Call::Send if tried.was_sent => SAME_ORDER_MIN,
        Call::Send | Call::Query => Duration::ZERO,
    };
    let room = tried.time_left.checked_sub(after_min + ATTEMPT_MIN);
    match room {
        Some(room) if tried.made < limits.count_max => Next::Again {
            after_min,
            jitter_max: back_off(first, tried.made).min(room),
            host: if elsewhere && tried.has_failover { tried.host.other() } else { tried.host },
        },
        _ => Next::Stop,
    }
}

/// `first`, doubled with each attempt after the first.
fn back_off(first: Duration, made: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(made.saturating_sub(1));
    first.saturating_mul(doubled).min(BACK_OFF_MAX)
}

#[cfg(test)]
mod tests;
