//! A ledger in a PostgreSQL database: its URL, without a password, and how it is opened.

use super::{LedgerPlace, OpenLedger};
use crate::exit::Failure;
use crate::say;
use hongbao_ledger::LedgerError;
use reqwest::Url;
use std::path::{Path, PathBuf};

/// What the URLs of databases begin with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Whether a place is a database's.
pub(super) fn is_url(place: &str) -> bool {
    SCHEMES.iter().any(|scheme| place.starts_with(scheme))
}

/// A database, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// As it was given, which is without a password.
    url: String,
    /// The CAs that are believed; without it those of the system.
    root_ca: Option<PathBuf>,
    password_file: Option<PathBuf>,
    allow_unsafe_durability: bool,
}

impl Database {
    /// Reads the URL; `sslrootcert` is relative to `folder`.
    pub(super) fn of(
        text: &str,
        folder: &Path,
        password_file: Option<PathBuf>,
        allow_unsafe_durability: bool,
    ) -> Result<Self, Failure> {
        // before anything else of it is said: nothing of a password may be repeated
        let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        let names = || query.split('&').filter_map(|pair| pair.split_once('='));
        if user.contains(':') || names().any(|(name, _)| name.eq_ignore_ascii_case("password")) {
            return Err(has_password());
        }
        let parsed = Url::parse(text).map_err(|_| bad(text))?;
        let has_database = parsed.path().len() > 1;
        if !parsed.has_host() || !has_database {
            return Err(bad(text));
        }
        let root_ca = parsed.query_pairs().find(|(name, _)| name == "sslrootcert");
        let root_ca = root_ca.map(|(_, path)| folder.join(path.as_ref()));
        Ok(Self { url: text.to_owned(), root_ca, password_file, allow_unsafe_durability })
    }

    pub(super) fn set_password_file(&mut self, file: &Path) {
        self.password_file = Some(file.to_owned());
    }

    /// The URL, which holds no password.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn open(&self, place: &LedgerPlace) -> Result<OpenLedger, Failure> {
        let _ = (&self.root_ca, &self.password_file, self.allow_unsafe_durability);
        Err(place.failure(&LedgerError::Unreachable("not merged".into())))
    }

    pub(super) async fn open_or_make(
        &self,
        place: &LedgerPlace,
    ) -> Result<(OpenLedger, bool), Failure> {
        self.open(place).await.map(|ledger| (ledger, false))
    }
}

/// That a URL holds a password; what it was is not repeated.
fn has_password() -> Failure {
    Failure::config("LEDGER_URL_HAS_PASSWORD", say!("ledger-url-password"))
        .hint(say!("ledger-url-password-hint"))
}

fn bad(text: &str) -> Failure {
    Failure::usage("LEDGER_URL", say!("ledger-url", url = text)).hint(say!("ledger-url-hint"))
}
