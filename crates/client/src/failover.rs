//! Which host a call begins with: memory of the main host's last failure.

use crate::attempts::Came;
use crate::transport::Host;
use std::time::Duration;
use tokio::time::Instant;

/// How long the main host is left alone after it failed.
pub const FAILOVER_REST: Duration = Duration::from_secs(30);

/// Remembers until when the main host rests.
///
/// | seen | then calls begin with |
/// |---|---|
/// | the main host cannot be connected to, or says 5xx | the failover host, for the rest |
/// | the rest is over | the main host |
/// | the main host answers anything else | the main host |
/// | the failover host cannot be connected to, or says 5xx | the main host |
/// | a time-out or a lost connection, of either | no change |
#[derive(Debug)]
pub(crate) struct Failover {
    rest: Duration,
    main_rests_until: Option<Instant>,
}

impl Failover {
    /// Begins with the main host.
    pub(crate) const fn new(rest: Duration) -> Self {
        Self { rest, main_rests_until: None }
    }

    /// The host to begin with.
    pub(crate) fn host(&self, now: Instant) -> Host {
        match self.main_rests_until {
            Some(until) if now < until => Host::Failover,
            _ => Host::Main,
        }
    }

    /// Takes note of what `host` came to.
    pub(crate) fn note(&mut self, host: Host, came: Came, was_sent: bool, now: Instant) {
        let failed = match came {
            Came::ServerError => true,
            Came::Silence if was_sent => return,
            Came::Silence => true,
            Came::Busy | Came::TooFast | Came::Answer => false,
        };
        match (host, failed) {
            (Host::Main, true) => self.main_rests_until = Some(now + self.rest),
            (Host::Main, false) | (Host::Failover, true) => self.main_rests_until = None,
            (Host::Failover, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn at(failover: &Failover) -> Host {
        failover.host(Instant::now())
    }

    fn note(failover: &mut Failover, host: Host, came: Came, was_sent: bool) -> Host {
        failover.note(host, came, was_sent, Instant::now());
        at(failover)
    }

    #[tokio::test(start_paused = true)]
    async fn the_main_host_rests_after_a_failure_and_is_then_tried_again() {
        for (came, was_sent) in [(Came::Silence, false), (Came::ServerError, true)] {
            let mut failover = Failover::new(FAILOVER_REST);
            assert_eq!(at(&failover), Host::Main);
            assert_eq!(note(&mut failover, Host::Main, came, was_sent), Host::Failover);
            advance(FAILOVER_REST - Duration::from_millis(1)).await;
            assert_eq!(at(&failover), Host::Failover);
            advance(Duration::from_millis(1)).await;
            assert_eq!(at(&failover), Host::Main, "it is tried");
            assert_eq!(note(&mut failover, Host::Main, came, was_sent), Host::Failover);
            // a call that began before says that it is back
            assert_eq!(note(&mut failover, Host::Main, Came::Answer, true), Host::Main);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_failure_to_connect_and_5xx_are_failures_of_a_host() {
        let others = [
            (Came::Silence, true),
            (Came::Busy, true),
            (Came::TooFast, true),
            (Came::Answer, true),
        ];
        for (came, was_sent) in others {
            let mut main = Failover::new(FAILOVER_REST);
            assert_eq!(note(&mut main, Host::Main, came, was_sent), Host::Main, "{came:?}");
            let mut resting = Failover::new(FAILOVER_REST);
            note(&mut resting, Host::Main, Came::ServerError, true);
            let after = note(&mut resting, Host::Failover, came, was_sent);
            assert_eq!(after, Host::Failover, "{came:?}");
        }
        // the failover host failed too
        for (came, was_sent) in [(Came::Silence, false), (Came::ServerError, true)] {
            let mut both = Failover::new(FAILOVER_REST);
            note(&mut both, Host::Main, Came::ServerError, true);
            assert_eq!(note(&mut both, Host::Failover, came, was_sent), Host::Main);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_out_of_the_main_host_does_not_end_its_rest() {
        let mut failover = Failover::new(FAILOVER_REST);
        note(&mut failover, Host::Main, Came::ServerError, true);
        assert_eq!(note(&mut failover, Host::Main, Came::Silence, true), Host::Failover);
        for answered in [Came::Busy, Came::TooFast, Came::Answer] {
            note(&mut failover, Host::Main, Came::ServerError, true);
            assert_eq!(note(&mut failover, Host::Main, answered, true), Host::Main);
        }
    }
}
