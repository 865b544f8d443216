//! The ledger of a merchant's profile: opened where it is, made only where there never was one.
//!
//! A ledger that is gone is not made anew: a new one would not know what was paid, and a reference
//! would be paid again. What tells that there was one is its key file, which stays.

use crate::exit::Failure;
use crate::files::{self, SECRET};
use crate::say;
use crate::workdir::ledger_failure;
use hongbao_ledger::{LedgerError, SealKey, SqliteLedger, SqliteOptions};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What the lock file of a ledger holds as long as the ledger is being made.
const MAKING: &[u8] = b"making\n";

/// The ledger at `path`, or a new one, and whether it is new. Its key file is the same with the
/// extension `.key`; both are made for their owner alone. Several processes may do this at once:
/// one makes it, under a lock on the file with the extension `.lock`.
///
/// # Errors
/// `LEDGER_MISSING` where its key file is there and it is not; `FILE_NOT_WRITTEN`; the ledger's
/// own code: a newer version, damage, another key.
pub fn open_or_make(path: &Path) -> Result<(SqliteLedger, bool), Failure> {
    let lock_path = path.with_extension("lock");
    let is_being_made = fs::metadata(&lock_path).is_ok_and(|lock| lock.len() > 0);
    if holds_anything(path) && !is_being_made {
        return Ok((open(path)?, false));
    }
    let failed = |error: io::Error| files::not_written(&lock_path, &error);
    let mut lock = lock(&lock_path).map_err(failed)?;
    let made = |lock: &File| lock.set_len(0).and_then(|()| lock.sync_all()).map_err(failed);
    // somebody else may have made it meanwhile
    if holds_anything(path) {
        let ledger = open(path)?;
        made(&lock)?;
        return Ok((ledger, false));
    }
    // a making that broke off returned no ledger to anybody: nothing was noted in it
    if lock.metadata().map_err(failed)?.len() > 0 {
        remove_half_made(path)?;
    }
    if path.exists() {
        return Err(empty(path));
    }
    if key_path(path).exists() {
        let (file, key) = (path.display(), key_path(path));
        let message = say!("side-ledger-gone", file = file, key = key.display());
        let hint = say!("side-ledger-gone-hint", key = key.display());
        return Err(Failure::config("LEDGER_MISSING", message).hint(hint));
    }
    lock.write_all(MAKING).and_then(|()| lock.sync_all()).map_err(failed)?;
    let key = SealKey::create(key_path(path)).map_err(|error| ledger_failure(path, &error))?;
    let ledger = open_with(path, key)?;
    made(&lock)?;
    Ok((ledger, true))
}

/// The ledger at `path`, which must be there.
///
/// # Errors
/// `LEDGER_MISSING`; the ledger's own code, as [`open_or_make`].
pub fn open(path: &Path) -> Result<SqliteLedger, Failure> {
    if !path.exists() {
        let message = say!("side-no-ledger", file = path.display());
        return Err(Failure::config("LEDGER_MISSING", message).hint(say!("side-no-ledger-hint")));
    }
    if !holds_anything(path) {
        return Err(empty(path));
    }
    let key = SealKey::load(key_path(path)).map_err(|error| ledger_failure(path, &error))?;
    open_with(path, key)
}

fn open_with(path: &Path, key: SealKey) -> Result<SqliteLedger, Failure> {
    // what is mapped counts as the process's memory, which must not grow with the ledger
    let options = SqliteOptions { mmap_bytes: 0, ..SqliteOptions::default() };
    SqliteLedger::open_with(path, key, options).map_err(|error| ledger_failure(path, &error))
}

fn key_path(path: &Path) -> PathBuf {
    path.with_extension("key")
}

/// Whether there is a file with anything in it: `SQLite` takes an empty one for a new database.
fn holds_anything(path: &Path) -> bool {
    // what cannot be looked at is left to the opening, which says why
    match fs::metadata(path) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn empty(path: &Path) -> Failure {
    ledger_failure(path, &LedgerError::Damaged("it is empty".into()))
}

/// Waits for whoever makes the ledger, and keeps others from it until the file is dropped.
fn lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(SECRET).open(path)?;
    file.lock()?;
    Ok(file)
}

fn remove_half_made(path: &Path) -> Result<(), Failure> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for half in [beside(""), beside("-wal"), beside("-shm"), key_path(path)] {
        match fs::remove_file(&half) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(files::not_written(&half, &error));
            }
            _ => {}
        }
    }
    Ok(())
}
