//! The folder of a merchant: its certificate, its secrets, its profile.

use crate::exit::Failure;
use crate::files::{self, PUBLIC, SECRET};
use crate::workdir::authority_failure;
use hongbao_authority::{Authority, Issued};
use hongbao_ledger::{Limits, Merchant};
use hongbao_wire::{ApiKey, AppId, Fen, MchId, WorkwxSecret};
use jiff::Timestamp;
use rand::distr::{Alphanumeric, SampleString};
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The length of a made API key and WeCom secret, characters (`protocol.md` §2.1).
const SECRET_CHARS: usize = 32;

/// What a new merchant is.
#[derive(Debug)]
pub struct NewMerchant<'a> {
    /// Its number, also the password of its PKCS#12 file.
    pub mch_id: &'a str,
    /// Its corpids; the first goes into its profile.
    pub appids: &'a [String],
    /// The company's name.
    pub company: &'a str,
    /// Its balance.
    pub balance: Fen,
    /// Where its profile asks.
    pub base_url: &'a str,
    /// Its keys.
    pub secrets: Secrets,
}

/// What a merchant signs with. `Debug` shows neither.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// `key=` of signatures.
    pub api_key: ApiKey,
    /// `secret=` of `workwx_sign`.
    pub workwx_secret: WorkwxSecret,
}

impl Secrets {
    /// New ones.
    #[must_use]
    pub fn random() -> Self {
        Self {
            api_key: ApiKey::new(random_secret().as_bytes()),
            workwx_secret: WorkwxSecret::new(random_secret().as_bytes()),
        }
    }
}

/// The folder of a merchant.
#[derive(Debug)]
pub struct MerchantFolder {
    path: PathBuf,
}

impl MerchantFolder {
    /// The folder at `path`.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `merchant.toml`.
    #[must_use]
    pub fn profile_path(&self) -> PathBuf {
        self.path.join("merchant.toml")
    }

    /// The certificate that was issued last, PEM.
    ///
    /// # Errors
    /// `FILE_MISSING`, `FILE_UNREADABLE`.
    pub fn certificate(&self) -> Result<Vec<u8>, Failure> {
        files::read(&self.path.join("apiclient_cert.pem"))
    }

    /// Makes credentials and profile, all or nothing, in place of what a broken start left
    /// there; returns the merchant for the ledger.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`; what the CA says.
    pub fn make(
        &self,
        authority: &Authority,
        new: &NewMerchant<'_>,
        now: Timestamp,
    ) -> Result<Merchant, Failure> {
        let issued = authority
            .issue_merchant(new.mch_id, new.company, now)
            .map_err(|error| authority_failure(&error))?;
        let half = self.path.with_file_name(format!(".{}.new", new.mch_id));
        remove_folder(&half)?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&half)
            .map_err(|error| files::not_written(&half, &error))?;
        write_credentials(&half, &issued, new.mch_id)?;
        write_profile(&half, new)?;
        remove_folder(&self.path)?;
        files::rename(&half, &self.path).map_err(|error| files::not_written(&self.path, &error))?;
        Ok(merchant(new, now))
    }

    /// Writes the merchant's keys and profile anew; its certificate stays.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`.
    pub fn replace_profile(&self, new: &NewMerchant<'_>) -> Result<(), Failure> {
        write_profile(&self.path, new)
    }

    /// Writes a new certificate and key into it; keys and profile stay.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`.
    pub fn replace_certificate(&self, issued: &Issued, mch_id: &str) -> Result<(), Failure> {
        write_credentials(&self.path, issued, mch_id)
    }

    /// Writes the URL into its profile; everything else in it stays, and so does a URL with
    /// a host name, which a person chose.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`, `FILE_UNREADABLE`.
    pub fn point_profile_to(&self, base_url: &str) -> Result<(), Failure> {
        let path = self.profile_path();
        if !path.exists() {
            return Ok(());
        }
        let old = files::read_text(&path)?;
        let line = format!("base_url = \"{base_url}\"");
        let new: String = old
            .lines()
            .map(|old| if names_address(old) { line.as_str() } else { old })
            .map(|line| format!("{line}\n"))
            .collect();
        if new == old { Ok(()) } else { files::write(&path, new.as_bytes(), PUBLIC) }
    }
}

/// Whether a line is a `base_url` that names an address, as a start writes it.
fn names_address(line: &str) -> bool {
    let url = line.strip_prefix("base_url = \"https://").and_then(|rest| rest.strip_suffix('"'));
    url.is_some_and(|authority| authority.parse::<SocketAddr>().is_ok())
}

fn write_credentials(folder: &Path, issued: &Issued, mch_id: &str) -> Result<(), Failure> {
    let p12 = issued.to_p12_legacy(mch_id).map_err(|error| authority_failure(&error))?;
    files::write(&folder.join("apiclient_cert.pem"), issued.cert_pem.as_bytes(), PUBLIC)?;
    files::write(&folder.join("apiclient_key.pem"), issued.key_pem.as_bytes(), SECRET)?;
    files::write(&folder.join("apiclient_cert.p12"), &p12, SECRET)
}

fn write_profile(folder: &Path, new: &NewMerchant<'_>) -> Result<(), Failure> {
    write_line(&folder.join("api_key"), new.secrets.api_key.expose())?;
    write_line(&folder.join("workwx_secret"), new.secrets.workwx_secret.expose())?;
    files::write(&folder.join("merchant.toml"), profile(new).as_bytes(), PUBLIC)
}

fn write_line(path: &Path, secret: &[u8]) -> Result<(), Failure> {
    let line = Zeroizing::new([secret, b"\n"].concat());
    files::write(path, &line, SECRET)
}

fn profile(new: &NewMerchant<'_>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    format!(
        "# The profile of merchant {mch_id}, for `hongbao query --profile`, `send`, `follow` and others.\n\
         # Paths are relative to this file.\n\
         mch_id = {quoted_mch_id}\n\
         appid = {appid}\n\
         # `hongbao serve` writes its address here at every start.\n\
         base_url = {base_url}\n\
         ca_file = \"../../ca.pem\"\n\
         cert_file = \"apiclient_cert.pem\"\n\
         key_file = \"apiclient_key.pem\"\n\
         # The same certificate and key for an SDK; the password is the merchant's number.\n\
         p12_file = \"apiclient_cert.p12\"\n\
         api_key_file = \"api_key\"\n\
         workwx_secret_file = \"workwx_secret\"\n",
        mch_id = new.mch_id,
        quoted_mch_id = quoted(new.mch_id),
        appid = quoted(new.appids.first().map_or("", String::as_str)),
        base_url = quoted(new.base_url),
    )
}

fn merchant(new: &NewMerchant<'_>, now: Timestamp) -> Merchant {
    Merchant {
        mch_id: MchId::new(new.mch_id),
        name: new.company.into(),
        appids: new.appids.iter().map(|appid| AppId::new(appid.as_str())).collect(),
        api_key: new.secrets.api_key.clone(),
        workwx_secret: new.secrets.workwx_secret.clone(),
        key_version: 1,
        limits: Limits::default(),
        balance: new.balance,
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
    }
}

fn random_secret() -> Zeroizing<String> {
    Zeroizing::new(Alphanumeric.sample_string(&mut rand::rng(), SECRET_CHARS))
}

fn remove_folder(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(files::not_written(path, &error)),
        _ => Ok(()),
    }
}
