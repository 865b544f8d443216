//! The folder of a server: what the first start makes, and what later ones need.
//!
//! A first start ends by writing `hongbao.toml`; a folder without it that holds
//! `.first-start` is one that broke off, in which nothing was acknowledged to anyone:
//! it is made anew.

use crate::config::{self, ServeConfig};
use crate::exit::Failure;
use crate::files::{self, PUBLIC, SECRET};
use crate::merchant_folder::{MerchantFolder, NewMerchant, Secrets};
use crate::say;
use hongbao_authority::{Authority, AuthorityError};
use hongbao_issuer::{Clock, SystemClock};
use hongbao_ledger::{Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions};
use hongbao_server::TlsMaterial;
use hongbao_wire::Fen;
use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The merchant that a first start makes; its number is the seed's.
pub const FIRST_MCH_ID: &str = "10000098";
/// Its corpid, the seed's.
pub const FIRST_APPID: &str = "wx8888888888888888";
/// Where a new profile asks, until a server says where it listens.
pub const FIRST_URL: &str = "https://127.0.0.1:8443";
/// Its balance: 1,000,000 yuan.
const FIRST_BALANCE_FEN: u64 = 100_000_000;
/// What a first start makes, but for `hongbao.toml`.
const MADE: [&str; 9] = [
    "ca.pem",
    "ca_key.pem",
    "server.pem",
    "server_key.pem",
    "ledger.key",
    "ledger.sqlite",
    "ledger.sqlite-wal",
    "ledger.sqlite-shm",
    "merchants",
];

/// The folder of a server.
#[derive(Debug)]
pub struct WorkDir {
    path: PathBuf,
}

/// Held by the one server of a folder, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl WorkDir {
    /// The folder that a start made before.
    ///
    /// # Errors
    /// `DIR_NOT_OURS` where there is no `hongbao.toml` in it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let dir = Self { path: path.to_owned() };
        if dir.config_path().exists() {
            return Ok(dir);
        }
        let message = say!("dir-not-ours", dir = path.display());
        Err(Failure::config("DIR_NOT_OURS", message).hint(say!("dir-not-ours-hint")))
    }

    /// Takes the folder for a server; fills it where it is missing or empty: with a sandbox and
    /// its merchant, or, where there are profiles of upstreams, as a gateway's.
    ///
    /// # Errors
    /// `DIR_LOCKED` where a server runs in it; `DIR_FOREIGN` where it holds other things;
    /// `FILE_NOT_WRITTEN`; what making certificates or the ledger says.
    pub async fn take(
        path: &Path,
        at: IpAddr,
        upstreams: &[PathBuf],
    ) -> Result<(Self, Lock), Failure> {
        let dir = Self { path: path.to_owned() };
        dir.make_folder(path)?;
        let lock = dir.lock()?;
        let broke_off = dir.path(".first-start").exists();
        if !dir.config_path().exists() {
            if !broke_off && dir.holds_anything()? {
                let message = say!("dir-foreign", dir = path.display());
                return Err(Failure::config("DIR_FOREIGN", message).hint(say!("dir-foreign-hint")));
            }
            dir.fill(at, upstreams).await?;
        } else if broke_off {
            remove(&dir.path(".first-start"))?;
        }
        Ok((dir, lock))
    }

    /// Its path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// `hongbao.toml`.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.path("hongbao.toml")
    }

    /// How its server behaves.
    ///
    /// # Errors
    /// As [`ServeConfig::load`].
    pub fn config(&self) -> Result<ServeConfig, Failure> {
        ServeConfig::load(&self.config_path())
    }

    /// The CA, to issue more certificates.
    ///
    /// # Errors
    /// A missing or unusable `ca.pem` or `ca_key.pem`.
    pub fn authority(&self) -> Result<Authority, Failure> {
        let cert = files::read_text(&self.path("ca.pem"))?;
        let key = files::read_secret(&self.path("ca_key.pem"))?;
        Authority::load(&cert, &String::from_utf8_lossy(&key)).map_err(|e| authority_failure(&e))
    }

    /// What the server shows and trusts in a handshake.
    ///
    /// # Errors
    /// A missing file; `CERTIFICATE_UNREADABLE`, `KEY_UNUSABLE`.
    pub fn tls(&self) -> Result<TlsMaterial, Failure> {
        let key_path = self.path("server_key.pem");
        let key = files::read_secret(&key_path)?;
        let server_key = PrivateKeyDer::from_pem_slice(&key)
            .map_err(|error| unusable("KEY_UNUSABLE", &key_path, &error))?;
        Ok(TlsMaterial {
            server_chain: certificates(&self.path("server.pem"))?,
            server_key,
            client_ca: certificates(&self.path("ca.pem"))?,
        })
    }

    /// The ledger.
    ///
    /// # Errors
    /// `LEDGER_MISSING`: a ledger is never made anew beside what was made with it; else the
    /// ledger's own code: a newer version, damage, another key.
    pub fn ledger(&self) -> Result<SqliteLedger, Failure> {
        open_ledger(&self.path("ledger.sqlite"), &self.path("ledger.key"))
    }

    /// The same for the holder of the folder's lock, who alone commits records to it.
    ///
    /// # Errors
    /// As [`WorkDir::ledger`].
    pub fn own_ledger(&self, _lock: &Lock) -> Result<SqliteLedger, Failure> {
        let options = SqliteOptions { alone: true, ..SqliteOptions::default() };
        open_ledger_with(&self.path("ledger.sqlite"), &self.path("ledger.key"), options)
    }

    /// The folder of a merchant's credentials.
    #[must_use]
    pub fn merchant(&self, mch_id: &str) -> MerchantFolder {
        MerchantFolder::new(self.path("merchants").join(mch_id))
    }

    /// Writes the URL that merchants reach the server by into every profile of the folder.
    ///
    /// # Errors
    /// `FILE_NOT_WRITTEN`, `FILE_UNREADABLE`.
    pub fn point_profiles_to(&self, base_url: &str) -> Result<(), Failure> {
        let folder = self.path("merchants");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(files::not_written(&folder, &error)),
        };
        for entry in entries.flatten() {
            MerchantFolder::new(entry.path()).point_profile_to(base_url)?;
        }
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> Result<(), Failure> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| files::not_written(&self.path, &error))
    }

    fn lock(&self) -> Result<Lock, Failure> {
        let path = self.path("lock");
        let failed = |error| files::not_written(&path, &error);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(SECRET)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let message = say!("dir-locked", dir = self.path.display());
                Err(Failure::config("DIR_LOCKED", message).hint(say!("dir-locked-hint")))
            }
        }
    }

    /// Whether there is anything in it but our own lock.
    fn holds_anything(&self) -> Result<bool, Failure> {
        let entries = fs::read_dir(&self.path).map_err(|e| files::not_written(&self.path, &e))?;
        Ok(entries.flatten().any(|entry| entry.file_name() != "lock"))
    }

    async fn fill(&self, at: IpAddr, upstreams: &[PathBuf]) -> Result<(), Failure> {
        for name in MADE {
            remove(&self.path(name))?;
        }
        files::write(&self.path(".first-start"), b"", SECRET)?;
        let now = SystemClock.now();
        let failed = |error: AuthorityError| authority_failure(&error);
        let authority = Authority::create(now).map_err(failed)?;
        let mut names = vec!["localhost", "127.0.0.1", "::1"];
        let at = at.to_string();
        if !names.contains(&at.as_str()) {
            names.push(&at);
        }
        let server = authority.issue_server(&names, now).map_err(failed)?;
        files::write(&self.path("ca.pem"), authority.cert_pem().as_bytes(), PUBLIC)?;
        files::write(&self.path("ca_key.pem"), authority.key_pem().as_bytes(), SECRET)?;
        files::write(&self.path("server.pem"), server.cert_pem.as_bytes(), PUBLIC)?;
        files::write(&self.path("server_key.pem"), server.key_pem.as_bytes(), SECRET)?;
        self.make_folder(&self.path("merchants"))?;
        let ledger = self.new_ledger()?;
        if upstreams.is_empty() {
            self.add_first_merchant(&ledger, &authority, now).await?;
        }
        files::write(&self.config_path(), config::template(upstreams).as_bytes(), PUBLIC)?;
        remove(&self.path(".first-start"))
    }

    fn new_ledger(&self) -> Result<SqliteLedger, Failure> {
        let path = self.path("ledger.sqlite");
        let failed = |error: LedgerError| ledger_failure(&path, &error);
        let key = SealKey::create(self.path("ledger.key")).map_err(failed)?;
        // openids are in it: its owner's alone, whatever the mask of the process
        files::write(&path, b"", SECRET)?;
        SqliteLedger::open(&path, key).map_err(failed)
    }

    async fn add_first_merchant(
        &self,
        ledger: &SqliteLedger,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let new = NewMerchant {
            mch_id: FIRST_MCH_ID,
            appids: &[FIRST_APPID.to_owned()],
            company: "沙箱商户",
            balance: Fen::new(FIRST_BALANCE_FEN).unwrap_or_default(),
            base_url: FIRST_URL,
            secrets: Secrets::random(),
        };
        let merchant = self.merchant(FIRST_MCH_ID).make(authority, &new, now)?;
        let added = ledger.add_merchant(merchant).await;
        added.map_err(|error| ledger_failure(&self.path("ledger.sqlite"), &error))
    }
}

/// The ledger of a file that is there.
///
/// # Errors
/// As [`WorkDir::ledger`].
pub fn open_ledger(path: &Path, key: &Path) -> Result<SqliteLedger, Failure> {
    open_ledger_with(path, key, SqliteOptions::default())
}

fn open_ledger_with(
    path: &Path,
    key: &Path,
    options: SqliteOptions,
) -> Result<SqliteLedger, Failure> {
    if !path.exists() {
        let message = say!("ledger-missing", file = path.display());
        return Err(Failure::config("LEDGER_MISSING", message).hint(say!("ledger-missing-hint")));
    }
    // SQLite takes an empty file for a new database
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0) {
        return Err(ledger_failure(path, &LedgerError::Damaged("it is empty".into())));
    }
    SealKey::load(key)
        .and_then(|key| SqliteLedger::open_with(path, key, options))
        .map_err(|error| ledger_failure(path, &error))
}

/// What a ledger said, with what to do.
#[must_use]
pub fn ledger_failure(path: &Path, error: &LedgerError) -> Failure {
    let hint = match error {
        LedgerError::NewerVersion { .. } => say!("ledger-newer-hint"),
        LedgerError::Damaged(_) => say!("ledger-damaged-hint"),
        LedgerError::Unsealable | LedgerError::KeyFile { .. } => say!("ledger-key-hint"),
        LedgerError::Conflict => say!("ledger-conflict-hint"),
        LedgerError::Overflow => say!("ledger-overflow-hint"),
        LedgerError::MerchantExists(_) => say!("merchant-exists-hint"),
        _ => say!("ledger-storage-hint"),
    };
    let message = say!("ledger-unusable", file = path.display(), why = error);
    Failure::config(error.code(), message).hint(hint)
}

/// What the CA said.
#[must_use]
pub fn authority_failure(error: &AuthorityError) -> Failure {
    Failure::config(error.code(), say!("authority-failed", why = error))
        .hint(say!("authority-failed-hint"))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let pem = files::read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(unusable("CERTIFICATE_MISSING", path, &say!("identity-no-certificate"))),
        Err(error) => Err(unusable("CERTIFICATE_UNREADABLE", path, &error)),
    }
}

fn unusable(code: &'static str, path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::config(code, say!("identity-unusable", file = path.display(), why = why))
        .hint(say!("dir-damaged-hint"))
}

fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(files::not_written(path, &error)),
        _ => Ok(()),
    }
}
