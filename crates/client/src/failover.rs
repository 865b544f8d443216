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
    pub const fn new(rest: Duration) -> Self {
        Self { rest, main_rests_until: None }
    }

    /// The host to begin with.
    pub fn host(&self, now: Instant) -> Host {
        match self.main_rests_until {
            Some(until) if now < until => Host::Failover,
            _ => Host::Main,
        }
    }

    /// Takes note of what `host` came to.
    pub fn note(&mut self, host: Host, came: Came, was_sent: bool, now: Instant) {
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
