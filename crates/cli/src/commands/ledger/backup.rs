//! `hongbao ledger backup` and `restore`: a ledger in a file, as it was at one moment.

use super::verify;
use crate::args::{BackupArgs, RestoreArgs};
use crate::exit::{Exit, Failure};
use crate::files::{self, SECRET};
use crate::ledger_place::{Kept, LedgerPlace, command_options};
use crate::output::Output;
use crate::say;
use hongbao_ledger::{LedgerError, SealKey, SqliteLedger};
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Backs it up while it is in use: written beside the name first, opened, then named.
///
/// # Errors
/// `FILE_EXISTS`, `FILE_NOT_WRITTEN`, `LEDGER_NOT_A_FILE`; the ledger's own code; `LEDGER_FAULTS` with `--full`:
/// exit 9. Nothing has the name then.
pub async fn run(args: &BackupArgs, out: &mut Output) -> Result<Exit, Failure> {
    let place = super::which(&args.which)?;
    if place.file().is_none() {
        return Err(not_a_file(&place));
    }
    free(&args.file)?;
    let ledger = place.open().await?;
    let Kept::File(file) = &ledger.kept else { return Err(not_a_file(&place)) };
    let folder = files::draft_folder(&args.file)?;
    let draft = folder.path().join("backup");
    // it reads and writes all of the file, on this thread
    let copied = tokio::task::block_in_place(|| file.backup(&draft));
    copied.map_err(|error| backup_failure(&place, &args.file, &error))?;
    let key = SealKey::load(place.key_file()).map_err(|error| place.failure(&error))?;
    if let Some(exit) = check(&draft, &args.file, key, args.full, out).await? {
        return Ok(exit);
    }
    files::settle(&draft, &args.file)?;
    let bytes = fs::metadata(&args.file).map_or(0, |metadata| metadata.len());
    if args.json {
        let file = args.file.display().to_string();
        out.json(&json!({ "file": file, "bytes": bytes, "verified": args.full }));
        return Ok(Exit::Ok);
    }
    out.data(say!("ledger-backed-up", file = args.file.display(), bytes = bytes));
    out.hint(say!("ledger-backed-up-hint", key = place.key_file().display()));
    Ok(Exit::Ok)
}

/// Puts a backup where no ledger is.
///
/// # Errors
/// `FILE_EXISTS`, `FILE_MISSING`, `FILE_NOT_WRITTEN`, `BACKUP_IN_USE`, `LEDGER_NOT_A_FILE`; the ledger's own
/// code; `LEDGER_FAULTS` with `--full`: exit 9. Nothing has the name then.
pub async fn restore(args: &RestoreArgs, out: &mut Output) -> Result<Exit, Failure> {
    let place = super::place(&args.to, None, None)?;
    let Some(target) = place.file().cloned() else { return Err(not_a_file(&place)) };
    let mut backup = File::open(&args.backup).map_err(|e| files::unreadable(&args.backup, &e))?;
    if fs::metadata(beside(&args.backup, "-wal")).is_ok_and(|log| log.len() > 0) {
        let message = say!("ledger-backup-in-use", file = args.backup.display());
        let failure = Failure::config("BACKUP_IN_USE", message);
        return Err(failure.hint(say!("ledger-backup-in-use-hint")));
    }
    free(&target)?;
    let key_file = key_file(&place, args.key_file.as_deref())?;
    let failed = |error: LedgerError| place.failure(&error);
    let key = SealKey::load(&key_file).map_err(failed)?;
    let folder = files::draft_folder(&target)?;
    let draft = folder.path().join("ledger");
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(SECRET).open(&draft);
    made.and_then(|mut file| io::copy(&mut backup, &mut file).and_then(|_| file.sync_all()))
        .map_err(|error| files::not_written(&target, &error))?;
    if let Some(exit) = check(&draft, &args.backup, key, args.full, out).await? {
        return Ok(exit);
    }
    if !place.key_file().exists() {
        files::create(place.key_file(), &files::read_secret(&key_file)?, SECRET)?;
    }
    files::settle(&draft, &target)?;
    if args.json {
        let file = target.display().to_string();
        out.json(&json!({ "file": file, "verified": args.full }));
        return Ok(Exit::Ok);
    }
    out.data(say!("ledger-restored", file = target.display()));
    out.hint(say!("ledger-restored-hint"));
    Ok(Exit::Ok)
}

/// Opens what was written, and with `full` verifies it; the exit code where it has faults.
async fn check(
    draft: &Path,
    named: &Path,
    key: SealKey,
    full: bool,
    out: &mut Output,
) -> Result<Option<Exit>, Failure> {
    let failed = |error: LedgerError| {
        let message = say!("ledger-unusable", file = named.display(), why = error);
        Failure::config(error.code(), message).hint(say!("ledger-backup-bad-hint"))
    };
    // SQLite takes an empty file for a new database
    if fs::metadata(draft).is_ok_and(|metadata| metadata.len() == 0) {
        return Err(failed(LedgerError::Damaged("it is empty".to_owned())));
    }
    let ledger = SqliteLedger::open_with(draft, key, command_options(named)).map_err(failed)?;
    if full { verify::whole(&ledger, named, out).await } else { Ok(None) }
}

/// The key file of a restored ledger: that which is where it looks, else the one that is given.
fn key_file(place: &LedgerPlace, given: Option<&Path>) -> Result<PathBuf, Failure> {
    let own = place.key_file();
    let Some(given) = given.filter(|given| *given != own) else { return Ok(own.to_owned()) };
    if own.exists() && files::read_secret(own)? != files::read_secret(given)? {
        return Err(files::exists(own));
    }
    Ok(given.to_owned())
}

/// Refuses a name that is taken, or beside which a log lies that SQLite would take for its own.
fn free(path: &Path) -> Result<(), Failure> {
    for taken in [path.to_owned(), beside(path, "-wal"), beside(path, "-journal")] {
        if fs::symlink_metadata(&taken).is_ok() {
            return Err(files::exists(&taken));
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn backup_failure(place: &LedgerPlace, file: &Path, error: &LedgerError) -> Failure {
    let message = say!("ledger-backup-failed", place = place, file = file.display(), why = error);
    Failure::config(error.code(), message).hint(say!("file-not-written-hint"))
}

fn not_a_file(place: &LedgerPlace) -> Failure {
    Failure::config("LEDGER_NOT_A_FILE", say!("ledger-not-a-file", place = place))
        .hint(say!("ledger-not-a-file-hint"))
}
