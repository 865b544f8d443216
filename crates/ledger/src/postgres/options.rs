//! Where the database is, and how a ledger uses it.

use crate::error::LedgerError;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

/// The password of a database user: wiped when dropped, never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(Zeroizing::new(password.into()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How a ledger uses a PostgreSQL database. The defaults suit a server.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Where it is, and as whom; without a password.
    address: Config,
    /// The user's password, where one is asked for.
    pub password: Option<Password>,
    /// PEM file of the CAs that may vouch for the server; default: those of the operating system.
    pub root_ca: Option<PathBuf>,
    /// Whether a server on another machine may be talked to without TLS. Default: no.
    pub allow_plaintext: bool,
    /// Whether to run on a server that forgets what it acknowledged (`fsync` or
    /// `synchronous_commit` off). Default: no.
    pub allow_unsafe_durability: bool,
    /// The most connections at one time, at least 2; default 16.
    pub connections: usize,
    /// A connection that is older is closed instead of used again, so that what a connection is held to is
    /// asked anew; default 5 minutes.
    pub connection_age_max: Duration,
    /// How long to wait for a connection, free or new; default 5 s.
    pub connect_timeout: Duration,
    /// The server ends a statement that takes longer; default 30 s.
    pub statement_timeout: Duration,
    /// The server ends a statement that waits longer for a lock; default 10 s.
    pub lock_timeout: Duration,
    /// The server ends a connection that leaves a transaction alone for longer; default 10 s.
    pub idle_in_transaction_timeout: Duration,
    /// The most changes that share one transaction; default 256.
    pub group_max: usize,
}

impl PostgresOptions {
    /// The defaults, for the database at `url`: `postgres://USER@HOST:PORT/DATABASE`, with the
    /// parameters of libpq that this program knows behind a `?`. `sslmode` may be `disable`, `require`,
    /// `verify-ca` or `verify-full`; the last three mean the same, as a server is always verified.
    ///
    /// # Errors
    /// [`LedgerError::Address`]: no address, or one with a password in it.
    pub fn new(url: &str) -> Result<Self, LedgerError> {
        let (bare, given) = take_parameters(url)?;
        let mut address: Config = bare.parse().map_err(|_| {
            refused("it is not `postgres://USER@HOST:PORT/DATABASE` with known parameters")
        })?;
        if address.get_password().is_some() {
            return Err(refused("there is a password in it; give that apart"));
        }
        if address.get_hosts().is_empty() && address.get_hostaddrs().is_empty() {
            return Err(refused("it names no host"));
        }
        if address.get_dbname().is_none() {
            return Err(refused("it names no database"));
        }
        address.ssl_mode(given.tls.unwrap_or(match is_local(&address) {
            true => SslMode::Disable,
            false => SslMode::Require,
        }));
        address.application_name("hongbao");
        Ok(Self {
            address,
            password: None,
            root_ca: given.root_ca,
            allow_plaintext: false,
            allow_unsafe_durability: false,
            connections: 16,
            connection_age_max: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
            group_max: 256,
        })
    }

    /// The driver's configuration, where it is a safe one.
    pub(super) fn config(&self) -> Result<Config, LedgerError> {
        let mut config = self.address.clone();
        if config.get_ssl_mode() == SslMode::Disable && !is_local(&config) && !self.allow_plaintext
        {
            return Err(refused("it says `sslmode=disable`, and the server is on another machine"));
        }
        if let Some(password) = &self.password {
            config.password(password.expose());
        }
        config.connect_timeout(self.connect_timeout);
        // A server that is gone without a word is noticed within half a minute.
        config.keepalives_idle(Duration::from_secs(15));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        // The same for what was sent and never arrived: the system keeps quiet about it for a
        // quarter of an hour.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(15));
        }
        Ok(config)
    }

    /// How long an answer is waited for: longer than the server takes to end a statement by itself.
    pub(super) fn patience(&self) -> Duration {
        match self.statement_timeout {
            Duration::ZERO => Duration::MAX,
            longest => longest.saturating_add(self.connect_timeout),
        }
    }
}

/// What this program reads of the parameters by itself.
#[derive(Default)]
struct Given {
    tls: Option<SslMode>,
    root_ca: Option<PathBuf>,
}

/// The address without the parameters that the driver does not know as libpq does.
fn take_parameters(url: &str) -> Result<(String, Given), LedgerError> {
    let mut given = Given::default();
    let Some((bare, parameters)) = url.split_once('?') else { return Ok((url.to_owned(), given)) };
    let mut left = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", mode)) => {
                given.tls = Some(match mode {
                    "disable" => SslMode::Disable,
                    "require" | "verify-ca" | "verify-full" => SslMode::Require,
                    _ => {
                        return Err(refused(
                            "`sslmode` is not `disable`, `require`, `verify-ca` or `verify-full`",
                        ));
                    }
                });
            }
            Some(("sslrootcert", path)) => given.root_ca = Some(file(path)?),
            _ => left.push(parameter),
        }
    }
    let bare = match left.is_empty() {
        true => bare.to_owned(),
        false => format!("{bare}?{}", left.join("&")),
    };
    Ok((bare, given))
}

/// A path whose bytes may be written as `%` and two digits, as libpq reads it.
fn file(path: &str) -> Result<PathBuf, LedgerError> {
    let path = percent_decode_str(path).decode_utf8();
    path.map(|path| PathBuf::from(&*path)).map_err(|_| refused("`sslrootcert` is not UTF-8"))
}

/// Whether every host is this machine: a socket in the file system, or loopback.
fn is_local(config: &Config) -> bool {
    let is_loopback = |text: &str| text.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    config.get_hostaddrs().iter().all(IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => name == "localhost" || is_loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
}

fn refused(why: &str) -> LedgerError {
    LedgerError::Address(why.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mode(url: &str) -> SslMode {
        PostgresOptions::new(url).unwrap().address.get_ssl_mode()
    }

    #[test]
    fn tls_is_required_of_other_machines_unless_it_is_said_otherwise() {
        for url in [
            "postgres://hongbao@db.example/ledger",
            "postgres://hongbao@10.0.0.1:5433/ledger",
            "postgres://hongbao@localhost,db.example/ledger",
            "postgres://hongbao@localhost/ledger?hostaddr=10.0.0.1",
            "postgres://hongbao@localhost/ledger?sslmode=verify-full",
        ] {
            assert_eq!(mode(url), SslMode::Require, "{url}");
        }
        for url in [
            "postgres://hongbao@localhost/ledger",
            "postgres://hongbao@127.0.0.2/ledger",
            "postgres://hongbao@[::1]/ledger",
            "postgres://hongbao@%2Fvar%2Frun%2Fpostgresql/ledger",
            "postgres:///ledger?host=/var/run/postgresql&user=hongbao",
            "postgres://hongbao@db.example/ledger?sslmode=disable",
        ] {
            assert_eq!(mode(url), SslMode::Disable, "{url}");
        }
    }

    #[test]
    fn the_path_of_the_cas_is_read_as_libpq_reads_it() {
        for (given, path) in [
            ("/etc/ca.pem", "/etc/ca.pem"),
            ("%2Fetc%2Fa%20b%26c.pem", "/etc/a b&c.pem"),
            ("%E7%BA%A2.pem", "红.pem"),
        ] {
            let url = format!("postgres://hongbao@db.example/ledger?sslrootcert={given}");
            assert_eq!(PostgresOptions::new(&url).unwrap().root_ca, Some(path.into()), "{given}");
        }
    }

    #[test]
    fn plain_text_to_another_machine_must_be_allowed() {
        let mut options =
            PostgresOptions::new("postgres://hongbao@db.example/ledger?sslmode=disable").unwrap();
        assert!(matches!(options.config(), Err(LedgerError::Address(_))));
        options.allow_plaintext = true;
        options.config().unwrap();
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "postgres://hongbao:marker@db.example/ledger",
            "postgres://hongbao@db.example/ledger?password=marker",
            "postgres://hongbao@db.example/ledger?marker=1",
            "postgres://hongbao@db.example/ledger?sslmode=marker",
            "postgres://marker@db.example",
            "postgres:///marker",
            "mysql://marker",
        ] {
            let error = PostgresOptions::new(url).unwrap_err();
            assert_eq!(error.code(), "LEDGER_ADDRESS", "{url}");
            assert!(!error.to_string().contains("marker"), "{error}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let mut options = PostgresOptions::new("postgres://hongbao@db.example/ledger").unwrap();
        options.password = Some(Password::new("marker"));
        assert!(!format!("{options:?}").contains("marker"));
        assert!(!format!("{:?}", options.config().unwrap()).contains("marker"));
    }
}
