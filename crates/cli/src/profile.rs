//! A merchant's profile, `merchant.toml`: who asks, where, and with which credentials.

use crate::exit::Failure;
use crate::files;
use crate::say;
use hongbao_client::{Identity, IdentityError, Trust};
use hongbao_issuer::{Clock, SystemClock};
use hongbao_wire::{ApiKey, WorkwxSecret};
use serde::Deserialize;
use std::path::{Path, PathBuf};

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
    /// The WeCom secret, one line; a send signs with it.
    pub workwx_secret_file: Option<PathBuf>,
}

/// A merchant's profile with its credentials. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The merchant's number.
    pub mch_id: String,
    /// The corpid.
    pub appid: String,
    /// `https://host[:port]`.
    pub base_url: String,
    /// The client certificate and its key; current when it was loaded.
    pub identity: Identity,
    /// Which servers are believed.
    pub trust: Trust,
    /// `key=` of signatures.
    pub api_key: ApiKey,
    /// `secret=` of `workwx_sign`; only a send needs it.
    pub workwx_secret: Option<WorkwxSecret>,
}

impl Profile {
    /// Reads a profile and every file that it names.
    ///
    /// # Errors
    /// A [`Failure`] with exit 9: a missing file, TOML that cannot be read or holds unknown
    /// keys (with the line), a secret that others may read, a wrong password, a certificate
    /// that has expired or is not the key's.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let file = ProfileFile::load(path)?;
        let at = |name: &Path| path.parent().unwrap_or(Path::new("")).join(name);
        let identity = file.identity(path, &at)?;
        let trust = match &file.ca_file {
            Some(ca) => Trust::Ca(files::read(&at(ca))?),
            None => Trust::System,
        };
        let api_key = files::read_secret_line(&at(&file.api_key_file))?;
        let workwx_secret = match &file.workwx_secret_file {
            Some(secret) => {
                let secret = files::read_secret_line(&at(secret))?;
                Some(WorkwxSecret::new(secret.as_slice()))
            }
            None => None,
        };
        Ok(Self {
            mch_id: file.mch_id,
            appid: file.appid,
            base_url: file.base_url,
            identity,
            trust,
            api_key: ApiKey::new(api_key.as_slice()),
            workwx_secret,
        })
    }
}

impl ProfileFile {
    /// Reads the file alone, and none that it names.
    ///
    /// # Errors
    /// `FILE_MISSING`, `FILE_UNREADABLE`; `TOML` with the line.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        files::read_toml(path)
    }

    fn identity(&self, profile: &Path, at: &dyn Fn(&Path) -> PathBuf) -> Result<Identity, Failure> {
        let (from, identity) = match (&self.cert_file, &self.key_file, &self.p12_file) {
            (Some(cert), Some(key), _) => {
                let (cert, key) = (at(cert), at(key));
                let key = files::read_secret(&key)?;
                let identity = Identity::from_pem(&files::read(&cert)?, &key);
                (cert, identity)
            }
            (None, None, Some(p12)) => {
                let p12 = at(p12);
                let bytes = files::read_secret(&p12)?;
                let identity = match &self.p12_password_file {
                    None => Identity::from_p12(&bytes, &self.mch_id),
                    Some(file) => {
                        let password = files::read_secret_line(&at(file))?;
                        // a secret line is ASCII
                        Identity::from_p12(&bytes, &String::from_utf8_lossy(&password))
                    }
                };
                (p12, identity)
            }
            _ => return Err(no_identity(profile)),
        };
        identity
            .and_then(|identity| identity.check_time(SystemClock.now()).map(|()| identity))
            .map_err(|error| unusable(&from, &error))
    }
}

/// That a profile names no client certificate.
#[must_use]
pub fn no_identity(profile: &Path) -> Failure {
    let message = say!("profile-no-identity", file = profile.display());
    Failure::config("PROFILE_NO_IDENTITY", message).hint(say!("profile-no-identity-hint"))
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
        IdentityError::KeyEncrypted => say!("identity-encrypted"),
        IdentityError::KeyMismatch => say!("identity-mismatch"),
        IdentityError::NotPkcs12(why) => say!("identity-not-p12", why = why),
        IdentityError::WrongPassword => say!("identity-password"),
        IdentityError::Expired(at) => say!("identity-expired", at = at),
        IdentityError::NotYetValid(at) => say!("identity-not-yet", at = at),
    }
}
