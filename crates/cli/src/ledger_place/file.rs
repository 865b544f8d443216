//! A ledger in a file: opened where it is, made only where there never was one.

use super::{Facts, Kept, LedgerPlace, OpenLedger};
use crate::exit::Failure;
use crate::files::{self, SECRET};
use crate::migration;
use hongbao_ledger::{LedgerError, SealKey, SqliteLedger, SqliteOptions};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the lock file of a ledger holds as long as the ledger is being made.
pub(super) const MAKING: &[u8] = b"making\n";

/// Who opens it.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// A command: what is mapped counts as the process's memory, which must not grow with the ledger.
    Merchant,
    /// A server: mapped, look-ups are faster; faster still where it commits records alone.
    Server { alone: bool },
}

/// The ledger at `path`, which must be there.
pub(super) fn open(place: &LedgerPlace, path: &Path, user: Use) -> Result<OpenLedger, Failure> {
    if !path.exists() {
        return Err(place.missing());
    }
    if !holds_anything(path) {
        return Err(empty(place));
    }
    let key = SealKey::load(&place.key_file).map_err(|error| place.failure(&error))?;
    open_with(place, path, key, user)
}

/// The ledger at `path`, or a new one, and whether it is new. Both files are made for their owner
/// alone. Several processes may do this at once: one makes it, under a lock on the file with the
/// extension `.lock`.
pub(super) fn open_or_make(
    place: &LedgerPlace,
    path: &Path,
) -> Result<(OpenLedger, bool), Failure> {
    let lock_path = path.with_extension("lock");
    let is_being_made = fs::metadata(&lock_path).is_ok_and(|lock| lock.len() > 0);
    if holds_anything(path) && !is_being_made {
        return Ok((open(place, path, Use::Merchant)?, false));
    }
    let failed = |error: io::Error| files::not_written(&lock_path, &error);
    let mut lock = lock(&lock_path).map_err(failed)?;
    let made = |lock: &File| lock.set_len(0).and_then(|()| lock.sync_all()).map_err(failed);
    // somebody else may have made it meanwhile
    if holds_anything(path) {
        let ledger = open(place, path, Use::Merchant)?;
        made(&lock)?;
        return Ok((ledger, false));
    }
    // a making that broke off returned no ledger to anybody: nothing was noted in it
    if lock.metadata().map_err(failed)?.len() > 0 {
        remove_half_made(path, &place.key_file)?;
    }
    if path.exists() {
        return Err(empty(place));
    }
    if place.key_file.exists() {
        return Err(place.gone());
    }
    lock.write_all(MAKING).and_then(|()| lock.sync_all()).map_err(failed)?;
    let key = SealKey::create(&place.key_file).map_err(|error| place.failure(&error))?;
    let ledger = open_with(place, path, key, Use::Merchant)?;
    made(&lock)?;
    Ok((ledger, true))
}

fn open_with(
    place: &LedgerPlace,
    path: &Path,
    key: SealKey,
    user: Use,
) -> Result<OpenLedger, Failure> {
    let options = match user {
        Use::Merchant => command_options(path),
        Use::Server { alone } => {
            let on_migration = Some(migration::logged(path));
            SqliteOptions { alone, on_migration, ..SqliteOptions::default() }
        }
    };
    let ledger = SqliteLedger::open_with(path, key, options);
    let ledger = ledger.map_err(|error| place.failure(&error))?;
    let ledger = Arc::new(ledger);
    let kept = Kept::File(Arc::clone(&ledger));
    Ok(OpenLedger { store: ledger, kept, place: place.clone() })
}

/// How a command opens a file.
pub fn command_options(path: &Path) -> SqliteOptions {
    let on_migration = Some(migration::shown(path));
    SqliteOptions { mmap_bytes: 0, on_migration, ..SqliteOptions::default() }
}

/// Whether both are one file: through links, and by whichever mount.
pub(super) fn is_same(ours: &Path, theirs: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    id(ours).is_some_and(|ours| id(theirs) == Some(ours))
}

/// What a file is: with its log, which holds what is not in it yet.
pub(super) fn facts(path: &Path, ledger: &SqliteLedger) -> Facts {
    let durability = ledger.durability();
    // the log lies beside the file, not beside a link to it
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let synchronous = durability.synchronous.to_string();
    Facts {
        kind: "sqlite",
        schema_version: SqliteLedger::SCHEMA_VERSION,
        durability: vec![
            ("journal_mode", durability.journal_mode.clone()),
            ("synchronous", synchronous),
        ],
        bytes: Some(bytes(path) + bytes(&beside(path, "-wal"))),
    }
}

/// Whether there is a file with anything in it: `SQLite` takes an empty one for a new database.
fn holds_anything(path: &Path) -> bool {
    // what cannot be looked at is left to the opening, which says why
    match fs::metadata(path) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn empty(place: &LedgerPlace) -> Failure {
    place.failure(&LedgerError::Damaged("it is empty".into()))
}

/// Waits for whoever makes the ledger, and keeps others from it until the file is dropped.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(SECRET).open(path)?;
    file.lock()?;
    Ok(file)
}

fn remove_half_made(path: &Path, key_file: &Path) -> Result<(), Failure> {
    let halves = [path.to_owned(), beside(path, "-wal"), beside(path, "-shm"), key_file.to_owned()];
    for half in halves {
        match fs::remove_file(&half) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(files::not_written(&half, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file that SQLite keeps beside its own.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
