//! `hongbao.toml`: how a folder's server behaves.

use crate::exit::Failure;
use crate::files;
use crate::ledger_place::{LedgerWords, PostgresLimits};
use hongbao_issuer::{IssuerConfig, Mode, Play};
use hongbao_server::{ConnectionLimits, GatewayOptions, WireOptions};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that a first start writes: every option, explained, at its default.
pub const TEMPLATE: &str = include_str!("hongbao.toml");

/// [`TEMPLATE`], with these upstreams and this ledger in it: a folder that was made as a gateway's stays
/// one, and so does one whose ledger is elsewhere.
#[must_use]
pub fn template(upstreams: &[PathBuf], ledger: Option<&str>) -> String {
    let mut text = TEMPLATE.to_owned();
    if !upstreams.is_empty() {
        let paths = upstreams.iter().map(|path| path.display().to_string().into());
        let profiles = toml::Value::Array(paths.collect());
        text = text.replacen("#profiles = []", &format!("profiles = {profiles}"), 1);
    }
    if let Some(ledger) = ledger {
        let ledger = toml::Value::from(ledger);
        let default = format!("#ledger = \"{LEDGER_FILE}\"");
        text = text.replacen(&default, &format!("ledger = {ledger}"), 1);
    }
    text
}

/// The ledger of a folder, unless it says otherwise.
pub const LEDGER_FILE: &str = "ledger.sqlite";

/// The least that the limit of a request head can be, bytes: the server's HTTP keeps no less.
const HEAD_BYTES_LEAST: u32 = 8_192;

/// `hongbao.toml`. What is left out has its default; what is unknown is an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeConfig {
    /// Sandbox or production.
    pub mode: ModeWord,
    /// Where merchants ask.
    pub listen: SocketAddr,
    /// Where the operator asks.
    pub admin: SocketAddr,
    /// Where the ledger is: a path, or `postgres://USER@HOST/DATABASE`.
    pub ledger: String,
    /// Its key file; empty: beside the file, or `ledger.key` of the folder.
    pub ledger_key_file: PathBuf,
    /// The password of its database, one line; empty: the environment's `PGPASSWORD`.
    pub ledger_password_file: PathBuf,
    /// Whether a database is taken that may lose what it acknowledged.
    pub ledger_allow_unsafe_durability: bool,
    /// After how many days raw messages are removed; 0: never.
    pub raw_replies_days: u32,
    /// Whether double payments are watched for.
    pub watch: bool,
    /// What everything random follows from.
    pub seed: u64,
    /// Who pays, where it is another server.
    pub upstream: UpstreamOptions,
    /// What a sandbox plays.
    pub play: PlayOptions,
    /// How the wire endpoint behaves.
    pub wire: WireOptions,
    /// Time and room of a connection.
    #[serde(deserialize_with = "connection")]
    pub connection: ConnectionLimits,
    /// How a ledger in a database uses it.
    pub postgres: PostgresLimits,
    /// How logs look.
    pub log: LogOptions,
}

/// [`Mode`] as it stands in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// Packets move by themselves.
    #[default]
    Sandbox,
    /// Packets move by the admin API alone.
    Production,
}

/// [`Play`] as it stands in the file: times such as `90s` or `24h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlayOptions {
    #[serde(deserialize_with = "duration")]
    stored_after: SignedDuration,
    #[serde(deserialize_with = "duration")]
    sent_after: SignedDuration,
    #[serde(deserialize_with = "duration")]
    received_after: SignedDuration,
    #[serde(deserialize_with = "duration")]
    expired_after: SignedDuration,
    #[serde(deserialize_with = "duration")]
    refunded_after: SignedDuration,
    #[serde(deserialize_with = "duration")]
    failed_after: SignedDuration,
    #[serde(deserialize_with = "permille")]
    unclaimed_share_permille: u16,
}

/// Who pays, where it is another server: then this one is a gateway to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamOptions {
    /// The merchants' real profiles; relative paths are so to the folder. None: no gateway.
    pub profiles: Vec<PathBuf>,
    #[serde(deserialize_with = "duration")]
    fresh_for: SignedDuration,
    #[serde(deserialize_with = "duration")]
    wait_for_turn: SignedDuration,
    stale_over_pace: bool,
    follow: bool,
}

/// How logs look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogOptions {
    /// Text for people or JSON for programs.
    pub format: LogFormat,
    /// The least level that is written.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

/// The least level that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl ServeConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// `FILE_MISSING`, `FILE_UNREADABLE`; `TOML` with the line.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        files::read_toml(path)
    }

    /// What it says of the folder's ledger.
    #[must_use]
    pub fn ledger(&self) -> LedgerWords {
        let given = |path: &PathBuf| Some(path.clone()).filter(|path| !path.as_os_str().is_empty());
        LedgerWords {
            place: self.ledger.clone(),
            key_file: given(&self.ledger_key_file),
            password_file: given(&self.ledger_password_file),
            allow_unsafe_durability: self.ledger_allow_unsafe_durability,
            postgres: self.postgres,
        }
    }

    /// What the issuer is told.
    #[must_use]
    pub fn issuer(&self) -> IssuerConfig {
        IssuerConfig {
            mode: match self.mode {
                ModeWord::Sandbox => Mode::Sandbox,
                ModeWord::Production => Mode::Production,
            },
            play: self.play.into(),
            watch: self.watch,
            seed: self.seed,
            style: self.wire.reply_style(),
            holder: None,
        }
    }
}

impl Default for ServeConfig {
    fn default() -> Self {
        let issuer = IssuerConfig::default();
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            mode: ModeWord::default(),
            listen: loopback(8443),
            admin: loopback(8080),
            ledger: LEDGER_FILE.to_owned(),
            ledger_key_file: PathBuf::new(),
            ledger_password_file: PathBuf::new(),
            ledger_allow_unsafe_durability: false,
            raw_replies_days: 0,
            watch: issuer.watch,
            seed: issuer.seed,
            upstream: UpstreamOptions::default(),
            play: PlayOptions::default(),
            wire: WireOptions::default(),
            connection: ConnectionLimits::default(),
            postgres: PostgresLimits::default(),
            log: LogOptions::default(),
        }
    }
}

impl ServeConfig {
    /// What a gateway is told.
    #[must_use]
    pub fn gateway(&self) -> GatewayOptions {
        let options = &self.upstream;
        GatewayOptions {
            fresh_for: options.fresh_for,
            // no duration of the file is negative
            wait_for_turn: Duration::try_from(options.wait_for_turn).unwrap_or_default(),
            stale_over_pace: options.stale_over_pace,
            follow: options.follow,
            style: self.wire.reply_style(),
            holder: None,
        }
    }
}

impl Default for UpstreamOptions {
    fn default() -> Self {
        let options = GatewayOptions::default();
        let wait_for_turn = SignedDuration::try_from(options.wait_for_turn);
        Self {
            profiles: Vec::new(),
            fresh_for: options.fresh_for,
            wait_for_turn: wait_for_turn.unwrap_or_default(),
            stale_over_pace: options.stale_over_pace,
            follow: options.follow,
        }
    }
}

impl Default for PlayOptions {
    fn default() -> Self {
        let play = Play::default();
        Self {
            stored_after: play.stored_after,
            sent_after: play.sent_after,
            received_after: play.received_after,
            expired_after: play.expired_after,
            refunded_after: play.refunded_after,
            failed_after: play.failed_after,
            unclaimed_share_permille: play.unclaimed_share_permille,
        }
    }
}

impl From<PlayOptions> for Play {
    fn from(options: PlayOptions) -> Self {
        Self {
            stored_after: options.stored_after,
            sent_after: options.sent_after,
            received_after: options.received_after,
            expired_after: options.expired_after,
            refunded_after: options.refunded_after,
            failed_after: options.failed_after,
            unclaimed_share_permille: options.unclaimed_share_permille,
        }
    }
}

/// A duration such as `90s` or `24h`, not negative.
///
/// # Errors
/// What is wrong with it.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<SignedDuration>() {
        Ok(duration) if !duration.is_negative() => Ok(duration),
        _ => Err(de::Error::custom(format!("`{text}` is no duration such as `90s` or `24h`"))),
    }
}

fn permille<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        share @ 0..=1000 => Ok(share),
        share => Err(de::Error::custom(format!("{share} is more than a thousand of a thousand"))),
    }
}

/// A head that is cut shorter than the server can keep to is refused, not raised in silence.
fn connection<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConnectionLimits, D::Error> {
    let limits = ConnectionLimits::deserialize(deserializer)?;
    match limits.head_bytes_max {
        HEAD_BYTES_LEAST.. => Ok(limits),
        less => Err(de::Error::custom(format!(
            "`head_bytes_max` is {less}, and must be at least {HEAD_BYTES_LEAST}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<ServeConfig, Failure> {
        files::parse_toml(Path::new("hongbao.toml"), text)
    }

    #[test]
    fn the_template_says_the_defaults_and_every_option() {
        assert_eq!(parse(TEMPLATE).unwrap(), ServeConfig::default());
        let uncommented: String = TEMPLATE
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(parse(&uncommented).unwrap(), ServeConfig::default());
        assert_eq!(uncommented.lines().filter(|line| line.contains(" = ")).count(), 46);
    }

    #[test]
    fn a_gateways_template_names_its_upstreams() {
        let paths = [PathBuf::from("/real/\"merchant\".toml"), PathBuf::from("/b.toml")];
        let config = parse(&template(&paths, None)).unwrap();
        assert_eq!(config.upstream.profiles, paths);
        assert_eq!(template(&[], None), TEMPLATE);
        let place = "postgres://hongbao@db.example/\"ledger\"";
        assert_eq!(parse(&template(&[], Some(place))).unwrap().ledger().place, place);
        let text = "[upstream]\nfresh_for = \"1m\"\nwait_for_turn = \"500ms\"\n\
                    stale_over_pace = true\nfollow = false\n[wire]\npsystemerror = true\n";
        let gateway = parse(text).unwrap().gateway();
        assert_eq!(gateway.fresh_for, SignedDuration::from_secs(60));
        assert_eq!(gateway.wait_for_turn, Duration::from_millis(500));
        assert!(gateway.stale_over_pace && !gateway.follow);
        assert_eq!(gateway.style.system_error.as_str(), "PSYSTEMERROR");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let message = |text: &str| parse(text).unwrap_err().message;
        assert!(message("mode = \"sandbox\"\nmood = 1\n").contains("line 2: unknown field `mood`"));
        assert!(message("[play]\n\nsent_after = \"soon\"").contains("line 3: `soon` is no dur"));
        assert!(message("[play]\nunclaimed_share_permille = 1001").contains("line 2: 1001"));
        let head = message("mode = \"sandbox\"\n[connection]\nhead_bytes_max = 8191\n");
        assert!(head.contains("`head_bytes_max` is 8191, and must be at least 8192"), "{head}");
        assert!(parse("[connection]\nhead_bytes_max = 8192\n").is_ok());
        let many = message("[postgres]\nconnections = 1\n");
        assert!(many.contains("line 2: 1 is not between 2 and 1000"), "{many}");
        assert!(message("mode = ").contains("line 1: "));
        assert!(message("admin = \"nowhere\"").contains("line 1: "));
        assert_eq!(parse("mode = 1").unwrap_err().code, "TOML");
    }

    #[test]
    fn options_reach_the_issuer() {
        let text = "mode = \"production\"\nseed = 7\n[play]\nsent_after = \"2m\"\n\
                    [wire]\nsign_failures = true\n";
        let issuer = parse(text).unwrap().issuer();
        assert_eq!(issuer.mode, Mode::Production);
        assert_eq!(issuer.seed, 7);
        assert_eq!(issuer.play.sent_after, SignedDuration::from_secs(120));
        assert!(issuer.style.sign_failures);
    }
}
