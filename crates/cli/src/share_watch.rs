//! Whether this process still has its share of a pace that others use too. Without one it waits, and
//! a person should hear of that.

use crate::exit::{Exit, Failure};
use crate::say;
use hongbao_client::Pace;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long a command does without a share before it gives up.
pub const SHARE_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether there is one.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Watches one pace. What it knows outlives a wait that is dropped.
#[derive(Debug)]
pub struct ShareWatch<'p> {
    /// `None`: nobody shares it.
    pace: Option<&'p Pace>,
    /// When there was a share, or something got on without one.
    since: Instant,
    next_look: Instant,
}

impl<'p> ShareWatch<'p> {
    /// Watches from now on.
    #[must_use]
    pub fn new(pace: Option<&'p Pace>) -> Self {
        let now = Instant::now();
        Self { pace, since: now, next_look: now + LOOK_EVERY }
    }

    /// Something got on: the time without a share begins anew.
    pub fn got_on(&mut self) {
        self.since = Instant::now();
    }

    /// Waits until there was no share, and nothing got on, for so long; for ever where nobody
    /// shares the pace.
    pub async fn missing(&mut self, within: Duration) {
        let Some(pace) = self.pace else { return std::future::pending().await };
        loop {
            sleep_until(self.next_look).await;
            let now = Instant::now();
            self.next_look = now + LOOK_EVERY;
            if self.looks_missing(pace.permitted().is_some(), now, within) {
                return;
            }
        }
    }

    fn looks_missing(&mut self, has_share: bool, now: Instant, within: Duration) -> bool {
        if has_share {
            self.since = now;
        }
        now.saturating_duration_since(self.since) >= within
    }
}

/// Why a command that got no share ends. The code is that of a turn that did not come in time.
#[must_use]
pub fn no_share() -> Failure {
    Failure {
        code: "OVER_PACE",
        message: say!("side-no-share"),
        hint: Some(say!("side-no-share-hint")),
        exit: Exit::NoAnswer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_missed_after_the_time_and_not_while_it_comes_or_something_gets_on() {
        let mut watch = ShareWatch::new(None);
        let began = watch.since;
        let mut at = |seconds, has_share| {
            watch.looks_missing(has_share, began + Duration::from_secs(seconds), SHARE_WITHIN)
        };
        assert!(!at(29, false));
        assert!(!at(40, true), "it came");
        assert!(!at(69, false));
        assert!(at(70, false));
        watch.got_on();
        assert!(!watch.looks_missing(false, watch.since + SHARE_WITHIN / 2, SHARE_WITHIN));
        assert!(watch.looks_missing(false, watch.since + SHARE_WITHIN, SHARE_WITHIN));
    }
}
