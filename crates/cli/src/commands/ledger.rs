//! `hongbao ledger`: what is done for a ledger as a whole, wherever it is.

mod backup;
mod copy;
mod forget;
mod head;
mod info;
mod progress;
mod signed_head;
mod trim;
mod verify;

pub use verify::FAULTS;

use crate::args::{LedgerArgs, LedgerCommand, WhichLedger};
use crate::exit::{Exit, Failure};
use crate::ledger_place::{LedgerPlace, LedgerWords, Owner};
use crate::output::Output;
use crate::profile::ProfileFile;
use crate::say;
use crate::workdir::WorkDir;
use std::path::Path;

/// Runs it.
///
/// # Errors
/// The ledger cannot be used, or is not what it should be: exit 9.
pub async fn run(args: &LedgerArgs, out: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        LedgerCommand::Info(args) => info::run(args, out).await,
        LedgerCommand::Verify(args) => verify::run(args, out).await,
        LedgerCommand::Head(args) => head::run(args, out).await,
        LedgerCommand::Backup(args) => backup::run(args, out).await,
        LedgerCommand::Restore(args) => backup::restore(args, out).await,
        LedgerCommand::Copy(args) => copy::run(args, out).await,
        LedgerCommand::Forget(args) => forget::run(args, out).await,
        LedgerCommand::Trim(args) => trim::run(args, out).await,
    }
}

/// The ledger that is meant.
fn which(args: &WhichLedger) -> Result<LedgerPlace, Failure> {
    let place = match (&args.profile, &args.dir, args.at.place()) {
        (Some(profile), _, flag) => ProfileFile::load(profile)?.ledger(profile, flag)?,
        (None, Some(dir), flag) => WorkDir::open(dir)?.ledger_at(flag)?,
        (None, None, flag) => {
            bare(flag.expect("the parser demands one of the three"), args.key_file.as_deref())?
        }
    };
    Ok(place.with_key(args.key_file.as_deref()).with_password_file(args.password_file.as_deref()))
}

/// What a text means as a place: a URL, a server's folder, a profile, or a file.
fn place(
    text: &str,
    key_file: Option<&Path>,
    password_file: Option<&Path>,
) -> Result<LedgerPlace, Failure> {
    let path = Path::new(text);
    let place = if path.is_dir() {
        WorkDir::open(path)?.ledger_at(None)?
    } else if path.file_name().is_some_and(|name| name == "hongbao.toml") {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        WorkDir::open(folder.unwrap_or(Path::new(".")))?.ledger_at(None)?
    } else if path.extension().is_some_and(|extension| extension == "toml") {
        ProfileFile::load(path)?.ledger(path, None)?
    } else {
        bare(text, key_file)?
    };
    Ok(place.with_key(key_file).with_password_file(password_file))
}

/// A place that no configuration stands behind: of a database, nothing says where its key file is.
fn bare(text: &str, key_file: Option<&Path>) -> Result<LedgerPlace, Failure> {
    let words = LedgerWords::default();
    let place = LedgerPlace::flagged(Some(text), &words, Path::new(""), Owner::Nobody)?;
    if place.file().is_none() && key_file.is_none() {
        let message = say!("ledger-key-needed", place = place);
        let failure = Failure::usage("LEDGER_KEY_NEEDED", message);
        return Err(failure.hint(say!("ledger-key-needed-hint")));
    }
    Ok(place)
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
