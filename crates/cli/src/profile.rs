//! A merchant's profile, `merchant.toml`: who asks, where, and with which credentials.

use crate::config::duration;
use crate::exit::Failure;
use crate::files;
use crate::ledger_place::{LedgerPlace, LedgerWords, Owner, PostgresLimits};
use crate::record;
use crate::say;
use hongbao_client::config::{CONNECT_TIMEOUT, PACE_PER_SECOND, READ_TIMEOUT, TOTAL_TIMEOUT};
use hongbao_client::{
    AttemptLimits, ClientConfig, Identity, IdentityError, IdentityWarning, Trust,
};
use hongbao_inquiry::{Account, Schedule};
use hongbao_issuer::{Clock, SystemClock};
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The file as it stands. Paths are relative to the file's own folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// The merchant's number, 1-32 characters.
    pub mch_id: String,
    /// The corpid: `appid` of a query, `wxappid` of a send.
    pub appid: String,
    /// `https://host[:port]`.
    pub base_url: String,
    /// The CAs that are believed; without it those of the system.
    pub ca_file: Option<PathBuf>,
    /// `apiclient_cert.pem`; goes before `p12_file`.
    pub cert_file: Option<PathBuf>,
    /// `apiclient_key.pem`.
    pub key_file: Option<PathBuf>,
    /// `apiclient_cert.p12`; its password is `mch_id`, or what `p12_password_file` holds.
    pub p12_file: Option<PathBuf>,
    /// The password of `p12_file`, one line.
    pub p12_password_file: Option<PathBuf>,
    /// The API key, one line.
    pub api_key_file: PathBuf,
    /// The API keys that the merchant had before, one line each; what the ledger kept is verified
    /// with them too.
    #[serde(default)]
    pub former_api_key_files: Vec<PathBuf>,
    /// What is demanded of a success reply's signature; a command's `--policy` goes before it.
    #[serde(default)]
    signature_policy: SignaturePolicy,
    /// The WeCom secret, one line; a send signs with it.
    pub workwx_secret_file: Option<PathBuf>,
    /// `https://host[:port]` of the host that is asked where the first is away.
    pub failover_url: Option<String>,
    /// The proxy; without it the system's.
    pub proxy: Option<ProxyUrl>,
    /// The most requests in any one second, of queries and sends together.
    #[serde(default = "pace_per_second", deserialize_with = "count")]
    pub pace_per_second: u32,
    /// How long a connection may take.
    #[serde(default = "connect_timeout", deserialize_with = "timeout")]
    connect_timeout: Duration,
    /// How long the server may keep silent.
    #[serde(default = "read_timeout", deserialize_with = "timeout")]
    read_timeout: Duration,
    /// How long an attempt may take, connection and all.
    #[serde(default = "total_timeout", deserialize_with = "timeout")]
    total_timeout: Duration,
    /// The most attempts of one call, the first included.
    #[serde(default = "attempts", deserialize_with = "count")]
    attempts: u32,
    /// What was asked, told and concluded: a path, or `postgres://USER@HOST/DATABASE`.
    /// `ledger_file` is its former name.
    #[serde(default = "ledger", alias = "ledger_file")]
    ledger: String,
    /// The ledger's key file; without it beside the file, or `ledger.key`.
    ledger_key_file: Option<PathBuf>,
    /// The password of the ledger's database, one line.
    ledger_password_file: Option<PathBuf>,
    /// Whether a database is taken that may lose what it acknowledged.
    #[serde(default)]
    ledger_allow_unsafe_durability: bool,
    /// How the ledger's database is used.
    #[serde(default)]
    postgres: PostgresLimits,
    /// After how many days raw replies are removed by `hongbao ledger trim`; `None`: never.
    pub raw_replies_days: Option<NonZeroU32>,
    /// How long a verdict may be unknown before a person is called.
    #[serde(default = "unknown_max", deserialize_with = "duration")]
    unknown_max: SignedDuration,
}

/// The words of [`Policy`] in the file.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SignaturePolicy {
    #[default]
    Require,
    VerifyIfPresent,
}

impl From<SignaturePolicy> for Policy {
    fn from(policy: SignaturePolicy) -> Self {
        match policy {
            SignaturePolicy::Require => Self::Require,
            SignaturePolicy::VerifyIfPresent => Self::VerifyIfPresent,
        }
    }
}

/// `http://[user:password@]host[:port]`. `Debug` does not show it: it may hold a password.
#[derive(Clone, Deserialize)]
pub struct ProxyUrl(String);

impl ProxyUrl {
    /// The proxy's host, without what may be a password; `None` where it is no URL of a proxy.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok()?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"))?;
        Some(host.to_owned())
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl(…)")
    }
}

/// A merchant's profile with its credentials. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The merchant's number.
    pub mch_id: String,
    /// The corpid.
    pub appid: String,
    /// `key=` of signatures.
    pub api_key: ApiKey,
    /// The same of earlier times.
    pub former_api_keys: Vec<ApiKey>,
    /// `secret=` of `workwx_sign`; only a send needs it.
    pub workwx_secret: Option<WorkwxSecret>,
    /// What is demanded of a success reply's signature.
    pub policy: Policy,
    /// Where the ledger is, or will be.
    pub ledger: LedgerPlace,
    /// When packets are asked about again.
    pub schedule: Schedule,
    /// What is unusual about the certificate.
    pub warnings: Vec<IdentityWarning>,
    client: ClientConfig,
    /// The pace of a command that was told another one.
    own_pace: Option<u32>,
}

impl Profile {
    /// Reads a profile and every file that it names.
    ///
    /// # Errors
    /// A [`Failure`] with exit 9: a missing file, TOML that cannot be read or holds unknown
    /// keys (with the line), a secret that others may read, a wrong password, a certificate
    /// that has expired or is not the key's.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        match Self::load_out_of_time(path)? {
            (profile, None) => Ok(profile),
            (_, Some(out_of_time)) => Err(out_of_time),
        }
    }

    /// The same, also where the certificate has expired or does not hold yet: that is told
    /// beside the profile. Nobody answers such a certificate.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn load_out_of_time(path: &Path) -> Result<(Self, Option<Failure>), Failure> {
        let file = ProfileFile::load(path)?;
        let at = |name: &Path| beside(path, name);
        let (identity, warnings, out_of_time) = file.identity(path, &at)?;
        let trust = match &file.ca_file {
            Some(ca) => Trust::Ca(files::read(&at(ca))?),
            None => Trust::System,
        };
        let Account { api_key, former_api_keys, workwx_secret, policy, .. } =
            file.account(path, None)?;
        let (ledger, schedule) = (file.ledger(path, None)?, file.schedule());
        let client = file.client_config(identity, trust);
        let profile = Self {
            mch_id: file.mch_id,
            appid: file.appid,
            api_key,
            former_api_keys,
            workwx_secret,
            policy,
            ledger,
            schedule,
            warnings,
            client,
            own_pace: None,
        };
        Ok((profile, out_of_time))
    }

    /// The same with its ledger elsewhere, where `flag` says so; `path` is the profile's own.
    ///
    /// # Errors
    /// As [`LedgerPlace::of`].
    pub fn with_ledger(self, path: &Path, flag: Option<&str>) -> Result<Self, Failure> {
        match flag {
            None => Ok(self),
            flag => Ok(Self { ledger: ProfileFile::load(path)?.ledger(path, flag)?, ..self }),
        }
    }

    /// The same at another pace, where one is given.
    #[must_use]
    pub fn at_pace(self, per_second: Option<u32>) -> Self {
        Self { own_pace: per_second.or(self.own_pace), ..self }
    }

    /// The pace of all who ask as this merchant together, where they share a ledger.
    #[must_use]
    pub const fn whole_pace(&self) -> u32 {
        self.client.pace_per_second
    }

    /// Whom to ask, as whom, and with how much patience.
    #[must_use]
    pub fn client_config(&self) -> ClientConfig {
        let pace_per_second = self.own_pace.unwrap_or(self.client.pace_per_second);
        ClientConfig { pace_per_second, ..self.client.clone() }
    }

    /// As whom it asks; `policy` goes before the profile's own.
    #[must_use]
    pub fn account(&self, policy: Option<Policy>) -> Account {
        Account {
            mch_id: self.mch_id.as_str().into(),
            appid: self.appid.as_str().into(),
            api_key: self.api_key.clone(),
            former_api_keys: self.former_api_keys.clone(),
            workwx_secret: self.workwx_secret.clone(),
            policy: policy.unwrap_or(self.policy),
        }
    }
}

impl ProfileFile {
    /// When packets are asked about again, and a person is called.
    pub const fn schedule(&self) -> Schedule {
        Schedule { unknown_max: self.unknown_max }
    }

    /// Reads the file alone, and none that it names.
    ///
    /// # Errors
    /// `FILE_MISSING`, `FILE_UNREADABLE`; `TOML` with the line.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        files::read_toml(path)
    }

    /// The names and keys of the profile at `path`, without its certificate; `policy` goes before
    /// the profile's own.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn account(&self, path: &Path, policy: Option<Policy>) -> Result<Account, Failure> {
        let api_key = |file: &PathBuf| -> Result<ApiKey, Failure> {
            let key = files::read_secret_line(&beside(path, file))?;
            Ok(ApiKey::new(key.as_slice()))
        };
        let former = self.former_api_key_files.iter().map(api_key).collect::<Result<_, _>>()?;
        let secret = self.workwx_secret_file.as_ref().map(|file| beside(path, file));
        let secret = secret.map(|file| files::read_secret_line(&file)).transpose()?;
        Ok(Account {
            mch_id: self.mch_id.as_str().into(),
            appid: self.appid.as_str().into(),
            api_key: api_key(&self.api_key_file)?,
            former_api_keys: former,
            workwx_secret: secret.map(|secret| WorkwxSecret::new(secret.as_slice())),
            policy: policy.unwrap_or(self.signature_policy.into()),
        })
    }

    /// Whom to ask, as whom, and with how much patience.
    #[must_use]
    pub fn client_config(&self, identity: Identity, trust: Trust) -> ClientConfig {
        ClientConfig {
            failover_url: self.failover_url.clone(),
            proxy: self.proxy.clone().map(|ProxyUrl(url)| url),
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
            total_timeout: self.total_timeout,
            attempts: AttemptLimits {
                count_max: self.attempts,
                deadline: AttemptLimits::DEFAULT.deadline.max(self.total_timeout),
                ..AttemptLimits::DEFAULT
            },
            pace_per_second: self.pace_per_second,
            ..ClientConfig::new(self.base_url.clone(), identity, trust)
        }
    }

    /// Where the ledger of the profile at `path` is, or will be; `flag` goes before the file.
    ///
    /// # Errors
    /// As [`LedgerPlace::of`].
    pub fn ledger(&self, path: &Path, flag: Option<&str>) -> Result<LedgerPlace, Failure> {
        let words = LedgerWords {
            place: self.ledger.clone(),
            key_file: self.ledger_key_file.clone(),
            password_file: self.ledger_password_file.clone(),
            allow_unsafe_durability: self.ledger_allow_unsafe_durability,
            postgres: self.postgres,
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        LedgerPlace::flagged(flag, &words, folder, Owner::Profile)
    }

    fn identity(
        &self,
        profile: &Path,
        at: &dyn Fn(&Path) -> PathBuf,
    ) -> Result<(Identity, Vec<IdentityWarning>, Option<Failure>), Failure> {
        let (from, identity) = match (&self.cert_file, &self.key_file, &self.p12_file) {
            (Some(cert), Some(key), _) => (at(cert), pem_pair(&at(cert), &at(key))?),
            (None, None, Some(p12)) => {
                let password = self.p12_password_file.as_deref().map(at);
                (at(p12), keystore(&at(p12), password.as_deref(), &self.mch_id)?)
            }
            _ => return Err(no_identity(profile)),
        };
        match identity.check(&self.mch_id, now()) {
            Ok(warnings) => Ok((identity, warnings, None)),
            Err(error @ (IdentityError::Expired(_) | IdentityError::NotYetValid(_))) => {
                Ok((identity, Vec::new(), Some(unusable(&from, &error))))
            }
            Err(error) => Err(unusable(&from, &error)),
        }
    }
}

/// The PEM pair of a profile.
///
/// # Errors
/// What is wrong with a file, or why they make no identity.
pub fn pem_pair(cert: &Path, key: &Path) -> Result<Identity, Failure> {
    let secret = files::read_secret(key)?;
    Identity::from_pem(&files::read(cert)?, &secret).map_err(|error| unusable(cert, &error))
}

/// The PKCS#12 file of a profile; without a file of its password, that is `mch_id`.
///
/// # Errors
/// As [`pem_pair`].
pub fn keystore(p12: &Path, password: Option<&Path>, mch_id: &str) -> Result<Identity, Failure> {
    let bytes = files::read_secret(p12)?;
    let identity = match password {
        None => Identity::from_p12(&bytes, mch_id),
        Some(file) => Identity::from_p12(&bytes, &files::read_password(file)?),
    };
    identity.map_err(|error| unusable(p12, &error))
}

/// That a profile names no client certificate.
#[must_use]
pub fn no_identity(profile: &Path) -> Failure {
    let message = say!("profile-no-identity", file = profile.display());
    Failure::config("PROFILE_NO_IDENTITY", message).hint(say!("profile-no-identity-hint"))
}

/// A path of a profile: relative to the profile's own folder.
#[must_use]
pub fn beside(profile: &Path, name: &Path) -> PathBuf {
    profile.parent().unwrap_or(Path::new("")).join(name)
}

const fn pace_per_second() -> u32 {
    PACE_PER_SECOND
}

const fn connect_timeout() -> Duration {
    CONNECT_TIMEOUT
}

const fn read_timeout() -> Duration {
    READ_TIMEOUT
}

const fn total_timeout() -> Duration {
    TOTAL_TIMEOUT
}

const fn attempts() -> u32 {
    AttemptLimits::DEFAULT.count_max
}

fn ledger() -> String {
    "ledger.sqlite".to_owned()
}

fn unknown_max() -> SignedDuration {
    Schedule::default().unknown_max
}

/// A time above zero.
fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let timeout = Duration::try_from(duration(deserializer)?).map_err(de::Error::custom)?;
    if timeout.is_zero() { Err(de::Error::custom("a time-out is above `0s`")) } else { Ok(timeout) }
}

/// A number above zero.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(de::Error::custom("it must be at least 1")),
        count => Ok(count),
    }
}

/// The time of day, as certificates have it.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::try_from(SystemClock.now()).expect("the machine's clock gave it as one")
}

/// Why a file makes no identity, with what to do.
#[must_use]
pub fn unusable(file: &Path, error: &IdentityError) -> Failure {
    let file = file.display();
    let hint = match error {
        IdentityError::WrongPassword => say!("identity-password-hint"),
        IdentityError::KeyEncrypted => say!("identity-encrypted-hint"),
        IdentityError::KeyMismatch => say!("identity-mismatch-hint"),
        IdentityError::Expired(_) => say!("identity-expired-hint"),
        IdentityError::NotYetValid(_) => say!("identity-not-yet-hint"),
        IdentityError::CnMismatch { .. } => say!("identity-other-merchant-hint"),
        _ => say!("identity-unreadable-hint"),
    };
    let message = say!("identity-unusable", file = file, why = why(error));
    Failure::config(error.code(), message).hint(hint)
}

fn why(error: &IdentityError) -> String {
    match error {
        IdentityError::NoCertificate => say!("identity-no-certificate"),
        IdentityError::NoKey => say!("identity-no-key"),
        IdentityError::BadCertificate(why) => say!("identity-bad-certificate", why = why),
        IdentityError::BadKey(why) => say!("identity-bad-key", why = why),
        IdentityError::WeakKey { bits } => say!("identity-weak-key", bits = bits),
        IdentityError::KeyEncrypted => say!("identity-encrypted"),
        IdentityError::KeyMismatch => say!("identity-mismatch"),
        IdentityError::NotPkcs12(why) => say!("identity-not-p12", why = why),
        IdentityError::WrongPassword => say!("identity-password"),
        IdentityError::Expired(at) => say!("identity-expired", at = readable_time(*at)),
        IdentityError::NotYetValid(at) => say!("identity-not-yet", at = readable_time(*at)),
        IdentityError::CnMismatch { common_name, .. } => {
            say!("identity-other-merchant", common_name = common_name)
        }
    }
}

/// An instant of a certificate, as people read it.
#[must_use]
pub fn readable_time(at: SystemTime) -> String {
    Timestamp::try_from(at).map_or_else(|_| "?".to_owned(), record::readable)
}
