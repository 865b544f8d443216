//! `[postgres]` of a configuration: how a ledger in a database uses it.

use crate::config;
use hongbao_ledger::postgres::PostgresOptions;
use serde::{Deserialize, Deserializer, de};
use std::ops::RangeInclusive;
use std::time::Duration;

/// How many connections a process may have: one commits, one looks.
const CONNECTIONS: RangeInclusive<usize> = 2..=1_000;
/// What a time-out may be: long enough for an answer, short enough to be noticed.
const TIME_OUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);

/// Room and time of a ledger's connections. What is left out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresLimits {
    /// The most connections at one time, of each process: 16.
    #[serde(deserialize_with = "connections")]
    pub connections: usize,
    /// How long to wait for a connection, free or new: 5 s.
    #[serde(deserialize_with = "time_out")]
    pub connect_timeout: Duration,
    /// The database ends a statement that takes longer: 30 s.
    #[serde(deserialize_with = "time_out")]
    pub statement_timeout: Duration,
    /// The database ends a statement that waits longer for a lock: 10 s.
    #[serde(deserialize_with = "time_out")]
    pub lock_timeout: Duration,
    /// The database ends a connection that leaves a transaction alone for longer: 10 s.
    #[serde(deserialize_with = "time_out")]
    pub idle_in_transaction_timeout: Duration,
}

impl Default for PostgresLimits {
    fn default() -> Self {
        Self {
            connections: 16,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
        }
    }
}

impl PostgresLimits {
    /// The same options, held to these.
    pub(super) fn hold(&self, mut options: PostgresOptions) -> PostgresOptions {
        options.connections = self.connections;
        options.connect_timeout = self.connect_timeout;
        options.statement_timeout = self.statement_timeout;
        options.lock_timeout = self.lock_timeout;
        options.idle_in_transaction_timeout = self.idle_in_transaction_timeout;
        options
    }
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let count = usize::deserialize(deserializer)?;
    let (least, most) = (CONNECTIONS.start(), CONNECTIONS.end());
    match CONNECTIONS.contains(&count) {
        true => Ok(count),
        false => Err(de::Error::custom(format!("{count} is not between {least} and {most}"))),
    }
}

fn time_out<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let given = config::duration(deserializer)?;
    // no duration of a file is negative
    let time_out = Duration::try_from(given).unwrap_or_default();
    match TIME_OUT.contains(&time_out) {
        true => Ok(time_out),
        false => Err(de::Error::custom(format!("`{given:#}` is not between `100ms` and `1h`"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options() -> PostgresOptions {
        PostgresOptions::new("postgres://hongbao@localhost/hongbao").unwrap()
    }

    #[test]
    fn the_defaults_are_those_of_the_ledger() {
        let held = PostgresLimits::default().hold(options());
        assert_eq!(format!("{held:?}"), format!("{:?}", options()));
    }

    #[test]
    fn what_is_given_reaches_the_ledger() {
        let text = "connections = 2\nconnect_timeout = \"100ms\"\nstatement_timeout = \"1h\"\n\
                    lock_timeout = \"3s\"\nidle_in_transaction_timeout = \"4s\"\n";
        let held = toml::from_str::<PostgresLimits>(text).unwrap().hold(options());
        let times = [held.connect_timeout, held.statement_timeout, held.lock_timeout];
        assert_eq!(times.map(|time| time.as_millis()), [100, 3_600_000, 3_000]);
        assert_eq!((held.connections, held.idle_in_transaction_timeout.as_secs()), (2, 4));
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        for (text, why) in [
            ("connections = 1", "1 is not between 2 and 1000"),
            ("connections = 1001", "1001 is not between 2 and 1000"),
            ("lock_timeout = \"99ms\"", "is not between `100ms` and `1h`"),
            ("statement_timeout = \"0s\"", "is not between `100ms` and `1h`"),
            ("connect_timeout = \"61m\"", "is not between `100ms` and `1h`"),
            ("pool = 1", "unknown field `pool`"),
        ] {
            let error = toml::from_str::<PostgresLimits>(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
