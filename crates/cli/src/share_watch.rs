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
            if pace.permitted().is_some() {
                self.since = now;
            }
            if now.saturating_duration_since(self.since) >= within {
                return;
            }
        }
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
    use hongbao_client::Rate;
    use tokio::time::timeout;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_share_that_is_missing_is_told_after_the_time_and_one_that_comes_back_is_not() {
        let pace = Pace::per_second(20);
        let mut watch = ShareWatch::new(Some(&pace));
        let began = Instant::now();
        // looked at in pieces, as beside other work
        assert!(timeout(40 * SECOND, watch.missing(30 * SECOND)).await.is_err());
        pace.forbid();
        for _ in 0..290 {
            assert!(timeout(SECOND / 10, watch.missing(30 * SECOND)).await.is_err());
        }
        pace.permit(Rate::per_second(1), None);
        assert!(timeout(SECOND, watch.missing(30 * SECOND)).await.is_err());
        pace.forbid();
        watch.got_on();
        watch.missing(30 * SECOND).await;
        assert_eq!(began.elapsed(), 100 * SECOND);
        // who shares with nobody has all of it
        let mut alone = ShareWatch::new(None);
        assert!(timeout(90 * SECOND, alone.missing(30 * SECOND)).await.is_err());
    }
}
