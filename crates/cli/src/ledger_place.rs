//! Where a ledger is: a file, or a PostgreSQL database; and the one way to open it.
//!
//! A ledger that is gone is not made anew: a new one would not know what was paid, and a reference
//! would be paid again. What tells that there was one is its key file, which stays.

mod file;
mod limits;
mod postgres;

pub use file::command_options;

use crate::exit::Failure;
use crate::output::Output;
use crate::say;
use hongbao_ledger::postgres::PostgresLedger;
use hongbao_ledger::{LedgerError, SqliteLedger, Store};
pub use limits::PostgresLimits;
use postgres::Database;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a configuration or a command line says of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerWords {
    /// A path, or `postgres://USER@HOST/DATABASE`.
    pub place: String,
    /// Its key file; without it beside the file, or `ledger.key` of the folder.
    pub key_file: Option<PathBuf>,
    /// The password of the database, one line.
    pub password_file: Option<PathBuf>,
    /// Whether a database is taken that may lose what it acknowledged.
    pub allow_unsafe_durability: bool,
    /// How a database is used.
    pub postgres: PostgresLimits,
}

/// Whose ledger it is: what is said where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A server's folder.
    Server,
    /// A merchant's profile.
    Profile,
    /// Nobody that was named.
    Nobody,
}

/// Where a ledger is.
#[derive(Clone, Debug)]
pub struct LedgerPlace {
    at: At,
    key_file: PathBuf,
    owner: Owner,
}

#[derive(Clone, Debug)]
enum At {
    File(PathBuf),
    Database(Box<Database>),
}

/// A ledger that was opened.
#[derive(Clone, Debug)]
pub struct OpenLedger {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// How it keeps what it is told.
    pub kept: Kept,
    /// Where it is.
    pub place: LedgerPlace,
}

/// How a ledger keeps what it is told.
#[derive(Clone, Debug)]
pub enum Kept {
    /// In a file.
    File(Arc<SqliteLedger>),
    /// In a database.
    Database(Arc<PostgresLedger>),
}

impl LedgerPlace {
    /// The place that `words` name; paths are relative to `folder`.
    ///
    /// # Errors
    /// `LEDGER_URL`, `LEDGER_URL_HAS_PASSWORD` (exit 2).
    pub fn of(words: &LedgerWords, folder: &Path, owner: Owner) -> Result<Self, Failure> {
        let beside = |path: &PathBuf| folder.join(path);
        let key_file = words.key_file.as_ref().map(beside);
        if !postgres::is_url(&words.place) {
            let path = folder.join(&words.place);
            let key_file = key_file.unwrap_or_else(|| path.with_extension("key"));
            return Ok(Self { at: At::File(path), key_file, owner });
        }
        let password_file = words.password_file.as_ref().map(beside);
        let database = Database::of(words, folder, password_file)?;
        let key_file = key_file.unwrap_or_else(|| folder.join("ledger.key"));
        Ok(Self { at: At::Database(Box::new(database)), key_file, owner })
    }

    /// The place that a command line names, where it does; else that of the configuration.
    ///
    /// A file has its key beside it. A database that a command line names has key, password and
    /// safety of the configuration.
    ///
    /// # Errors
    /// As [`LedgerPlace::of`].
    pub fn flagged(
        flag: Option<&str>,
        words: &LedgerWords,
        folder: &Path,
        owner: Owner,
    ) -> Result<Self, Failure> {
        match flag {
            None => Self::of(words, folder, owner),
            Some(place) if postgres::is_url(place) => {
                Self::of(&LedgerWords { place: place.to_owned(), ..words.clone() }, folder, owner)
            }
            Some(file) => {
                let words = LedgerWords { place: file.to_owned(), ..LedgerWords::default() };
                Self::of(&words, Path::new(""), owner)
            }
        }
    }

    /// The same with another key file, where one is given.
    #[must_use]
    pub fn with_key(self, key_file: Option<&Path>) -> Self {
        match key_file {
            Some(key_file) => Self { key_file: key_file.to_owned(), ..self },
            None => self,
        }
    }

    /// The same with another file of the password of its database, where one is given.
    #[must_use]
    pub fn with_password_file(mut self, password_file: Option<&Path>) -> Self {
        if let (At::Database(database), Some(password_file)) = (&mut self.at, password_file) {
            database.set_password_file(password_file);
        }
        self
    }

    /// The key file.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// Its path, where it is a file.
    #[must_use]
    pub const fn file(&self) -> Option<&PathBuf> {
        match &self.at {
            At::File(path) => Some(path),
            At::Database(_) => None,
        }
    }

    /// Whether both are the same ledger, as far as that is to be told before they are opened: one file, by
    /// whichever names, or one URL.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.at, &other.at) {
            (At::File(ours), At::File(theirs)) => ours == theirs || file::is_same(ours, theirs),
            (At::Database(ours), At::Database(theirs)) => ours.url() == theirs.url(),
            _ => false,
        }
    }

    /// The one name by which it is known, wherever and by whichever links it is named.
    #[must_use]
    pub fn named_once(&self) -> String {
        match &self.at {
            At::File(path) => {
                let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                whole.display().to_string()
            }
            At::Database(database) => database.url().to_owned(),
        }
    }

    /// Opens it, which must be there.
    ///
    /// # Errors
    /// `LEDGER_MISSING`; the ledger's own code: a newer version, damage, another key, a database
    /// that is not reached or may lose what it acknowledges.
    pub async fn open(&self) -> Result<OpenLedger, Failure> {
        match &self.at {
            At::File(path) => file::open(self, path, file::Use::Merchant),
            At::Database(database) => database.open(self).await,
        }
    }

    /// The same for a server, which maps a file into its memory. `alone`: nobody else may commit
    /// records to the file.
    ///
    /// # Errors
    /// As [`LedgerPlace::open`]; `LEDGER_IN_USE` where another server, or a copy into it, keeps this one from it.
    pub async fn open_for_server(&self, alone: bool) -> Result<OpenLedger, Failure> {
        match &self.at {
            At::File(path) => {
                let opened = file::open(self, path, file::Use::Server { alone })?;
                opened.join()?;
                Ok(opened)
            }
            At::Database(database) => database.open(self).await,
        }
    }

    /// Opens it, or makes it where neither it nor its key file is there, and says whether it is new.
    /// Several processes may do this at once.
    ///
    /// # Errors
    /// `LEDGER_MISSING` where its key file is there and it is not; `FILE_NOT_WRITTEN`; else as
    /// [`LedgerPlace::open`].
    pub async fn open_or_make(&self) -> Result<(OpenLedger, bool), Failure> {
        match &self.at {
            At::File(path) => file::open_or_make(self, path),
            At::Database(database) => database.open_or_make(self).await,
        }
    }

    /// What the ledger said, with what to do.
    #[must_use]
    pub fn failure(&self, error: &LedgerError) -> Failure {
        let hint = match (error, &self.at) {
            (LedgerError::Unreachable(_), _) => say!("ledger-unreachable-hint"),
            (LedgerError::NotDurable(_), At::Database(_)) => say!("ledger-unsafe-hint"),
            (LedgerError::Storage(_), At::Database(_)) => say!("ledger-database-hint"),
            (LedgerError::Unsealable | LedgerError::KeyFile { .. }, _) => {
                say!("ledger-key-hint", key = self.key_file.display())
            }
            _ => hint(error),
        };
        let message = say!("ledger-unusable", file = self, why = error);
        Failure::config(error.code(), message).hint(hint)
    }

    /// That it is not there, and never was as far as the key file tells.
    fn missing(&self) -> Failure {
        let (message, hint) = match self.owner {
            Owner::Server => (say!("ledger-missing", file = self), say!("ledger-missing-hint")),
            Owner::Profile if self.key_file.exists() => return self.gone(),
            Owner::Profile => (say!("side-no-ledger", file = self), say!("side-no-ledger-hint")),
            Owner::Nobody => (say!("ledger-none", file = self), say!("ledger-none-hint")),
        };
        Failure::config("LEDGER_MISSING", message).hint(hint)
    }

    /// That it is gone, although its key file is there.
    fn gone(&self) -> Failure {
        let key = self.key_file.display();
        let message = say!("side-ledger-gone", file = self, key = key);
        Failure::config("LEDGER_MISSING", message).hint(say!("side-ledger-gone-hint", key = key))
    }
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::File(path) => path.display().fmt(f),
            At::Database(database) => f.write_str(database.url()),
        }
    }
}

/// What `hongbao ledger info` says of a ledger.
#[derive(Debug)]
pub struct Facts {
    /// `sqlite` or `postgresql`.
    pub kind: &'static str,
    /// The version of its tables.
    pub schema_version: i64,
    /// What its durability rests on, by the names of the settings.
    pub durability: Vec<(&'static str, String)>,
    /// The room that it takes, bytes; `None` where nobody says.
    pub bytes: Option<u64>,
}

impl OpenLedger {
    /// Whether both are the same ledger, though their places have other names.
    ///
    /// # Errors
    /// What a database says.
    pub async fn is_same(&self, other: &Self) -> Result<bool, Failure> {
        match (&self.kept, &other.kept) {
            (Kept::Database(ours), Kept::Database(theirs)) => {
                ours.is_same(theirs).await.map_err(|error| self.place.failure(&error))
            }
            _ => Ok(self.place.is_same(&other.place)),
        }
    }

    /// Commits records to it from now on, among others who do.
    ///
    /// # Errors
    /// `LEDGER_IN_USE` where a server is alone with the file.
    pub fn join(&self) -> Result<(), Failure> {
        match &self.kept {
            Kept::File(ledger) => ledger.join().map_err(|error| self.place.failure(&error)),
            Kept::Database(_) => Ok(()),
        }
    }

    /// What it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn facts(&self) -> Result<Facts, Failure> {
        match &self.kept {
            Kept::File(ledger) => {
                Ok(file::facts(self.place.file().map_or(Path::new(""), PathBuf::as_path), ledger))
            }
            Kept::Database(ledger) => {
                postgres::facts(ledger).await.map_err(|error| self.place.failure(&error))
            }
        }
    }

    /// Whether processes on other machines may ask over it at the same time.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.kept, Kept::Database(_))
    }

    /// What may be lost of what it acknowledges; `None` where nothing is.
    #[must_use]
    pub fn danger(&self) -> Option<String> {
        match &self.kept {
            Kept::File(_) => None,
            Kept::Database(ledger) => postgres::danger(ledger.durability()),
        }
    }

    /// Says on stderr what may be lost.
    pub fn warn(&self, out: &mut Output) {
        if let Some(why) = self.danger() {
            out.warning("LEDGER_NOT_DURABLE", say!("ledger-unsafe", file = self.place, why = why));
        }
    }
}

fn hint(error: &LedgerError) -> String {
    match error {
        LedgerError::NewerVersion { .. } => say!("ledger-newer-hint"),
        LedgerError::Damaged(_) => say!("ledger-damaged-hint"),
        LedgerError::Conflict => say!("ledger-conflict-hint"),
        LedgerError::Overflow => say!("ledger-overflow-hint"),
        LedgerError::InUse { .. } => say!("ledger-in-use-hint"),
        LedgerError::MerchantExists(_) => say!("merchant-exists-hint"),
        LedgerError::StillOpen(_) => say!("ledger-still-open-hint"),
        LedgerError::ChainBroken { .. } => say!("ledger-chain-hint"),
        LedgerError::Detached { .. } => say!("ledger-detached-hint"),
        _ => say!("ledger-storage-hint"),
    }
}
