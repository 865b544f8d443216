//! The folder of a server: what the first start makes, and what later ones need.
//!
//! A first start ends by writing `hongbao.toml`; a folder without it that holds
//! `.first-start` is one that broke off, in which nothing was acknowledged to anyone:
//! it is made anew.

use crate::config::{self, LEDGER_FILE, ServeConfig};
use crate::exit::Failure;
use crate::files::{self, PUBLIC, SECRET};
use crate::ledger_place::{LedgerPlace, OpenLedger, Owner};
use crate::merchant_folder::{MerchantFolder, NewMerchant, Secrets};
use crate::say;
use hongbao_authority::{Authority, AuthorityError};
use hongbao_issuer::{Clock, SystemClock};
use hongbao_ledger::LedgerError;
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
/// What a first start makes, but for `hongbao.toml` and the ledger.
const MADE: [&str; 5] = ["ca.pem", "ca_key.pem", "server.pem", "server_key.pem", "merchants"];
/// The ledger that a first start makes, where it is to be in the folder.
const MADE_LEDGER: [&str; 5] =
    ["ledger.key", LEDGER_FILE, "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.lock"];

/// What a first start is told.
#[derive(Clone, Copy, Debug)]
pub struct FirstStart<'f> {
    /// The address by which the server is reached.
    pub at: IpAddr,
    /// The real profiles of a gateway's merchants; none: it is a sandbox.
    pub upstreams: &'f [PathBuf],
    /// Where the ledger is to be; `None`: in the folder.
    pub ledger: Option<&'f str>,
}

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
    pub async fn take(path: &Path, first: FirstStart<'_>) -> Result<(Self, Lock), Failure> {
        let dir = Self { path: path.to_owned() };
        dir.make_folder(path)?;
        let lock = dir.lock()?;
        let broke_off = dir.path(".first-start").exists();
        if !dir.config_path().exists() {
            if !broke_off && dir.holds_anything()? {
                let message = say!("dir-foreign", dir = path.display());
                return Err(Failure::config("DIR_FOREIGN", message).hint(say!("dir-foreign-hint")));
            }
            dir.fill(first).await?;
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

    /// Where the ledger is, as the folder's file says; `flag` goes before it.
    ///
    /// # Errors
    /// As [`ServeConfig::load`] and [`LedgerPlace::of`].
    pub fn ledger_at(&self, flag: Option<&str>) -> Result<LedgerPlace, Failure> {
        self.ledger_of(&self.config()?, flag)
    }

    /// The same, of a file that was read already.
    ///
    /// # Errors
    /// As [`LedgerPlace::of`].
    pub fn ledger_of(
        &self,
        config: &ServeConfig,
        flag: Option<&str>,
    ) -> Result<LedgerPlace, Failure> {
        LedgerPlace::flagged(flag, &config.ledger(), &self.path, Owner::Server)
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

    async fn fill(&self, first: FirstStart<'_>) -> Result<(), Failure> {
        let place = self.ledger_of(&ServeConfig::default(), first.ledger)?;
        let own_ledger = if first.ledger.is_none() { &MADE_LEDGER[..] } else { &[] };
        for name in MADE.iter().chain(own_ledger) {
            remove(&self.path(name))?;
        }
        files::write(&self.path(".first-start"), b"", SECRET)?;
        let now = SystemClock.now();
        let failed = |error: AuthorityError| authority_failure(&error);
        let authority = Authority::create(now).map_err(failed)?;
        let mut names = vec!["localhost", "127.0.0.1", "::1"];
        let at = first.at.to_string();
        if !names.contains(&at.as_str()) {
            names.push(&at);
        }
        let server = authority.issue_server(&names, now).map_err(failed)?;
        files::write(&self.path("ca.pem"), authority.cert_pem().as_bytes(), PUBLIC)?;
        files::write(&self.path("ca_key.pem"), authority.key_pem().as_bytes(), SECRET)?;
        files::write(&self.path("server.pem"), server.cert_pem.as_bytes(), PUBLIC)?;
        files::write(&self.path("server_key.pem"), server.key_pem.as_bytes(), SECRET)?;
        self.make_folder(&self.path("merchants"))?;
        let (ledger, _) = place.open_or_make().await?;
        // before anything is written into one that another server is alone with
        ledger.join()?;
        if first.upstreams.is_empty() {
            self.add_first_merchant(&ledger, &authority, now).await?;
        }
        let elsewhere = first.ledger.map(|_| whole_place(&place)).transpose()?;
        let config = config::template(first.upstreams, elsewhere.as_deref());
        files::write(&self.config_path(), config.as_bytes(), PUBLIC)?;
        remove(&self.path(".first-start"))
    }

    async fn add_first_merchant(
        &self,
        ledger: &OpenLedger,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let failed = |error: LedgerError| ledger.place.failure(&error);
        // a first start that broke off may have come to it, in a ledger that is not in the folder
        let known = ledger.store.merchant(FIRST_MCH_ID).await.map_err(failed)?;
        let secrets = known.as_ref().map(|known| Secrets {
            api_key: known.api_key.clone(),
            workwx_secret: known.workwx_secret.clone(),
        });
        let new = NewMerchant {
            mch_id: FIRST_MCH_ID,
            appids: &[FIRST_APPID.to_owned()],
            company: "沙箱商户",
            balance: Fen::new(FIRST_BALANCE_FEN).unwrap_or_default(),
            base_url: FIRST_URL,
            secrets: secrets.unwrap_or_else(Secrets::random),
        };
        let merchant = self.merchant(FIRST_MCH_ID).make(authority, &new, now)?;
        match known {
            Some(_) => Ok(()),
            None => ledger.store.add_merchant(merchant).await.map_err(failed),
        }
    }
}

/// A place so that it means the same from anywhere.
fn whole_place(place: &LedgerPlace) -> Result<String, Failure> {
    match place.file() {
        Some(path) => Ok(files::whole_path(path)?.display().to_string()),
        None => Ok(place.to_string()),
    }
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
