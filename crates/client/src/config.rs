//! Whom to ask, as whom, and with how much patience.

use crate::attempts::AttemptLimits;
use crate::dice::Dice;
use crate::error::without_user;
use crate::failover::FAILOVER_REST;
use crate::identity::Identity;
use crate::pace::Pace;
use crate::trust::Trust;
use std::fmt;
use std::time::Duration;

/// How long a connection may take (`protocol.md` §5: what merchants use).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(6);
/// How long the server may keep silent, before or within its reply (`protocol.md` §5).
pub const READ_TIMEOUT: Duration = Duration::from_secs(8);
/// How long an attempt may take, connection and all.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Turns in a second: WeChat Pay permits 30 sends a second and names no number for queries
/// (`protocol.md` §5).
pub const PACE_PER_SECOND: u32 = 20;

/// Whom to ask over HTTP, as whom, and with how much patience.
///
/// `Debug` shows no key and no password.
#[derive(Clone)]
pub struct ClientConfig {
    /// `https://host[:port]`, without the path of an API.
    pub base_url: String,
    /// The same of the failover host, such as `https://api2.mch.weixin.qq.com`.
    pub failover_url: Option<String>,
    /// The merchant's certificate.
    pub identity: Identity,
    /// Which servers to believe, of both hosts.
    pub trust: Trust,
    /// `http://[user:password@]host[:port]`; without it the system's proxy, which is never
    /// used for a loopback `base_url`.
    pub proxy: Option<String>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the server may keep silent, before or within its reply.
    pub read_timeout: Duration,
    /// How long an attempt may take, connection and all.
    pub total_timeout: Duration,
    /// How often a call is attempted, and for how long.
    pub attempts: AttemptLimits,
    /// The most attempts in any one second, of all calls together; 0 counts as 1.
    pub pace_per_second: u32,
    /// The turns that several clients of one merchant share; it goes before `pace_per_second`,
    /// of which each client would otherwise make its own.
    pub pace: Option<Pace>,
    /// How long the main host is left alone after it failed.
    pub failover_rest: Duration,
}

impl ClientConfig {
    /// Without failover and proxy, and with the defaults of this module.
    #[must_use]
    pub fn new(base_url: impl Into<String>, identity: Identity, trust: Trust) -> Self {
        Self {
            base_url: base_url.into(),
            failover_url: None,
            identity,
            trust,
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            attempts: AttemptLimits::DEFAULT,
            pace_per_second: PACE_PER_SECOND,
            pace: None,
            failover_rest: FAILOVER_REST,
        }
    }

    /// What does not concern the transport: for [`crate::Client::with_transport`].
    #[must_use]
    pub fn options(&self) -> ClientOptions {
        ClientOptions {
            attempts: self.attempts,
            pace: self.pace.clone().unwrap_or_else(|| Pace::per_second(self.pace_per_second)),
            dice: Dice::random(),
            has_failover: self.failover_url.is_some(),
            failover_rest: self.failover_rest,
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("base_url", &without_user(&self.base_url))
            .field("failover_url", &self.failover_url.as_deref().map(without_user))
            .field("identity", &self.identity)
            // its URL may hold a password
            .field("has_proxy", &self.proxy.is_some())
            .field("attempts", &self.attempts)
            .field("pace_per_second", &self.pace_per_second)
            .finish_non_exhaustive()
    }
}

/// How a client behaves over whatever transport.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// How often a call is attempted, and for how long.
    pub attempts: AttemptLimits,
    /// The merchant's pace; clones of it share its turns.
    pub pace: Pace,
    /// Where jitter comes from.
    pub dice: Dice,
    /// Whether the transport has a failover host.
    pub has_failover: bool,
    /// How long the main host is left alone after it failed.
    pub failover_rest: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            attempts: AttemptLimits::DEFAULT,
            pace: Pace::per_second(PACE_PER_SECOND),
            dice: Dice::random(),
            has_failover: false,
            failover_rest: FAILOVER_REST,
        }
    }
}
