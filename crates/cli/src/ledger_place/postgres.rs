//! A ledger in a PostgreSQL database: its URL, without a password, and how it is opened.

use super::file::{MAKING, lock};
use super::{Facts, Kept, LedgerPlace, LedgerWords, OpenLedger};
use crate::exit::Failure;
use crate::files;
use crate::say;
use hongbao_ledger::postgres::{Password, PostgresDurability, PostgresLedger, PostgresOptions};
use hongbao_ledger::{LedgerError, SealKey};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the URLs of databases begin with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Where PostgreSQL's own tools look for a password.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// Whether a place is a database's, or was meant to be: what may hold a password is never taken for a
/// file's name, which messages repeat.
pub(super) fn is_url(place: &str) -> bool {
    let place = place.to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| place.starts_with(scheme))
        || place.contains("://")
        || place.contains("password=")
}

/// A database, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// As it was given, which is without a password.
    url: String,
    options: PostgresOptions,
    password_file: Option<PathBuf>,
}

impl Database {
    /// Reads the URL; `sslrootcert` is relative to `folder`.
    ///
    /// # Errors
    /// `LEDGER_URL_HAS_PASSWORD`; `LEDGER_ADDRESS`. Neither repeats the URL: a slip of the pen may have
    /// put a password anywhere in it.
    pub(super) fn of(
        words: &LedgerWords,
        folder: &Path,
        password_file: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let url = &words.place;
        if has_password(url) {
            let failure = Failure::config("LEDGER_URL_HAS_PASSWORD", say!("ledger-url-password"));
            return Err(failure.hint(say!("ledger-url-password-hint")));
        }
        let options = PostgresOptions::new(url).map_err(|error| refused(&error))?;
        let mut options = words.postgres.hold(options);
        options.root_ca = options.root_ca.map(|path| folder.join(path));
        options.allow_unsafe_durability = words.allow_unsafe_durability;
        Ok(Self { url: url.clone(), options, password_file })
    }

    /// The URL, which holds no password.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn set_password_file(&mut self, file: &Path) {
        self.password_file = Some(file.to_owned());
    }

    /// Opens the ledger, which must be there.
    pub(super) async fn open(&self, place: &LedgerPlace) -> Result<OpenLedger, Failure> {
        let options = self.with_password()?;
        let is_there = PostgresLedger::is_there(&options).await;
        if !is_there.map_err(|error| place.failure(&error))? {
            return Err(place.missing());
        }
        let key = SealKey::load(&place.key_file).map_err(|error| place.failure(&error))?;
        open_with(place, &options, key).await
    }

    /// Opens the ledger, or makes it where neither tables nor key file are there.
    pub(super) async fn open_or_make(
        &self,
        place: &LedgerPlace,
    ) -> Result<(OpenLedger, bool), Failure> {
        let failed = |error: LedgerError| place.failure(&error);
        let lock_path = place.key_file.with_extension("lock");
        let unwritten = |error: std::io::Error| files::not_written(&lock_path, &error);
        let options = self.with_password()?;
        let is_being_made = std::fs::metadata(&lock_path).is_ok_and(|lock| lock.len() > 0);
        if !is_being_made && PostgresLedger::is_there(&options).await.map_err(failed)? {
            return Ok((self.open(place).await?, false));
        }
        let mut lock = lock(&lock_path).map_err(unwritten)?;
        let made = |lock: &File| lock.set_len(0).and_then(|()| lock.sync_all()).map_err(unwritten);
        // somebody else may have made it meanwhile
        if PostgresLedger::is_there(&options).await.map_err(failed)? {
            let ledger = self.open(place).await?;
            made(&lock)?;
            return Ok((ledger, false));
        }
        // a making that broke off returned no ledger to anybody: its key sealed nothing
        let broke_off = lock.metadata().map_err(unwritten)?.len() > 0;
        let key = match place.key_file.exists() {
            true if broke_off => SealKey::load(&place.key_file).map_err(failed)?,
            true => return Err(place.gone()),
            false => {
                lock.write_all(MAKING).and_then(|()| lock.sync_all()).map_err(unwritten)?;
                SealKey::create(&place.key_file).map_err(failed)?
            }
        };
        let ledger = open_with(place, &options, key).await?;
        made(&lock)?;
        Ok((ledger, true))
    }

    fn with_password(&self) -> Result<PostgresOptions, Failure> {
        let password = match &self.password_file {
            Some(file) => Some(Password::new(files::read_password(file)?.as_str())),
            None => std::env::var(PASSWORD_VARIABLE).ok().map(Password::new),
        };
        let mut options = self.options.clone();
        options.password = password;
        Ok(options)
    }
}

async fn open_with(
    place: &LedgerPlace,
    options: &PostgresOptions,
    key: SealKey,
) -> Result<OpenLedger, Failure> {
    let ledger = PostgresLedger::open(options, key).await;
    let ledger = Arc::new(ledger.map_err(|error| place.failure(&error))?);
    let kept = Kept::Database(Arc::clone(&ledger));
    Ok(OpenLedger { store: ledger, kept, place: place.clone() })
}

/// What may be lost of what the server acknowledges.
pub(super) fn danger(durability: &PostgresDurability) -> Option<String> {
    durability.unsafe_settings()
}

/// What the database is.
pub(super) async fn facts(ledger: &PostgresLedger) -> Result<Facts, LedgerError> {
    let durability = ledger.durability();
    let settings = [
        ("server_version", Some(durability.server_version.clone())),
        ("fsync", durability.fsync.clone()),
        ("synchronous_commit", durability.synchronous_commit.clone()),
        ("full_page_writes", durability.full_page_writes.clone()),
    ];
    let settings = settings.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(Facts {
        kind: "postgresql",
        schema_version: PostgresLedger::SCHEMA_VERSION,
        durability: settings.collect(),
        bytes: ledger.bytes().await?,
    })
}

/// Whether there is a password in a URL, as far as that can be seen without understanding it.
fn has_password(url: &str) -> bool {
    let (address, _) = url.split_once('?').unwrap_or((url, ""));
    let authority = address.split_once("://").map_or(address, |(_, rest)| rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || url.to_ascii_lowercase().contains("password=")
}

fn refused(error: &LedgerError) -> Failure {
    Failure::config(error.code(), say!("ledger-address", why = error))
        .hint(say!("ledger-address-hint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_seen_wherever_it_stands() {
        for url in [
            "postgres://user:secret@host/db",
            "postgres://user:@host/db",
            "postgres://user:p@ss@host:5432/db",
            "postgres://user@host/db?sslmode=require&password=secret",
            "postgres://user@host/db?PASSWORD=secret",
            "POSTGRES://user:secret@host/db",
            "host=h user=u password=secret",
        ] {
            assert!(is_url(url) && has_password(url), "{url}");
        }
        for url in [
            "postgres://user@host:5432/db",
            "postgres://host:5432/db",
            "postgres://user@[::1]:5432/db?sslmode=disable",
            "postgres://user@%2Frun%2Fpostgresql:5432/db",
            "postgres://user@a:1,b:2/db",
        ] {
            assert!(!has_password(url), "{url}");
        }
    }
}
