//! Who commits records to a file: one process alone, or any that share it.
//!
//! A process that is alone keeps answers in memory; beside it no other may commit records. Each holds a
//! lock of the operating system, which ends with the process however that ends: exclusive, or shared. It is on a
//! small file beside the ledger, as POSIX drops SQLite's locks when another handle of the ledger itself is closed.
//! The file names who took it, for messages alone.

use super::SqliteOptions;
use super::open::{beside, unusable};
use crate::error::LedgerError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// From this size on, the names of those who share a file are begun anew: most of them are gone.
const NAMES_BYTES_MAX: u64 = 4_096;

/// A process's part in committing records to a file.
pub(super) struct Lock {
    /// The file that is locked; `None` where a test stands between SQLite and the disk.
    path: Option<PathBuf>,
    ledger: PathBuf,
    held: Mutex<Option<File>>,
}

impl Lock {
    /// Takes the ledger, by the one name of [`named_once`](super::open::named_once), for this process alone, where the
    /// options say so; else nothing yet.
    pub(super) fn of(ledger: &Path, options: &SqliteOptions) -> Result<Self, LedgerError> {
        let path = options.vfs.is_none().then(|| beside(ledger, "-lock"));
        let held = match &path {
            Some(path) if options.alone => Some(take_alone(path, ledger)?),
            _ => None,
        };
        Ok(Self { path, ledger: ledger.to_owned(), held: Mutex::new(held) })
    }

    /// Commits records from now on, among others who do or alone.
    pub(super) fn join(&self) -> Result<(), LedgerError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let (None, Some(path)) = (held.as_ref(), &self.path) {
            *held = Some(share(path, &self.ledger)?);
        }
        Ok(())
    }
}

fn take_alone(path: &Path, ledger: &Path) -> Result<File, LedgerError> {
    let failed = |error: io::Error| unusable(path, &error);
    let mut file = open(path, ledger).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Err(TryLockError::WouldBlock) => return Err(in_use(&mut file)),
    }
    put_name(&mut file, true);
    Ok(file)
}

fn share(path: &Path, ledger: &Path) -> Result<File, LedgerError> {
    let failed = |error: io::Error| unusable(path, &error);
    let mut file = open(path, ledger).map_err(failed)?;
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Err(TryLockError::WouldBlock) => return Err(in_use(&mut file)),
    }
    let is_long = file.metadata().is_ok_and(|file| file.len() >= NAMES_BYTES_MAX);
    put_name(&mut file, is_long);
    Ok(file)
}

/// Made with the ledger's owner and mode, so that whoever may write the ledger may lock it, too. What another has put
/// there under that name, a link or anything but a file of names, is left as it is.
#[cfg(unix)]
fn open(path: &Path, ledger: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = match options.clone().create_new(true).open(path) {
        Ok(made) => {
            if let Ok(of) = std::fs::metadata(ledger) {
                // Only root can give a file away; whoever else made the lock may use it in any case.
                let _ = fchown(&made, Some(of.uid()), Some(of.gid()));
                made.set_permissions(std::fs::Permissions::from_mode(of.mode() & 0o666))?;
            }
            made
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path)?,
        Err(error) => return Err(error),
    };
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
    }
}

#[cfg(not(unix))]
fn open(path: &Path, _: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// Adds this process's name, or puts it in the place of all. The lock holds without it, on a full disk too.
fn put_name(file: &mut File, begins_anew: bool) {
    let name = format!("{}\n", std::process::id());
    let emptied = if begins_anew { file.set_len(0) } else { Ok(()) };
    let _ = emptied.and_then(|()| file.write_all(name.as_bytes()));
}

/// Who holds it, as far as that is known.
fn in_use(file: &mut File) -> LedgerError {
    let mut names = String::new();
    // A name that cannot be read is not worth another error.
    let _ = file.take(2 * NAMES_BYTES_MAX).read_to_string(&mut names);
    let mut processes: Vec<u32> = names.lines().filter_map(|name| name.parse().ok()).collect();
    processes.sort_unstable();
    processes.dedup();
    processes.retain(|process| is_running(*process));
    LedgerError::InUse { processes }
}

#[cfg(unix)]
fn is_running(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // One of another user may not be signalled, but is there.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_running(_: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Lock, NAMES_BYTES_MAX};
    use crate::error::LedgerError;
    use crate::sqlite::SqliteOptions;
    use crate::sqlite::open::named_once;
    use std::path::Path;

    fn lock(ledger: &Path, alone: bool) -> Result<Lock, LedgerError> {
        let options = SqliteOptions { alone, ..SqliteOptions::default() };
        Lock::of(&named_once(ledger, &options), &options)
    }

    #[track_caller]
    fn refused<T>(taken: Result<T, LedgerError>) {
        let Err(error) = taken else { panic!("it is in use") };
        let LedgerError::InUse { processes } = &error else { panic!("{error}") };
        assert_eq!(*processes, [std::process::id()]);
    }

    #[test]
    fn one_is_alone_or_many_share_until_they_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.sqlite");
        let alone = lock(&ledger, true).unwrap();
        alone.join().unwrap();
        refused(lock(&ledger, true));
        let (first, second) = (lock(&ledger, false).unwrap(), lock(&ledger, false).unwrap());
        refused(first.join());
        drop(alone);
        first.join().unwrap();
        second.join().unwrap();
        refused(lock(&ledger, true));
        drop(first);
        refused(lock(&ledger, true));
        drop(second);
        lock(&ledger, true).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn another_name_of_the_file_has_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.sqlite");
        // It is taken before the ledger is made.
        let alone = lock(&ledger, true).unwrap();
        std::fs::write(&ledger, "").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&ledger, &link).unwrap();
        refused(lock(&link, true));
        refused(lock(&folder.path().join("./ledger.sqlite"), true));
        drop(alone);
        lock(&link, true).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn it_has_the_mode_of_the_ledger_and_follows_no_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (ledger, file) = (folder.path().join("l"), folder.path().join("l-lock"));
        std::fs::write(&ledger, "").unwrap();
        std::fs::set_permissions(&ledger, std::fs::Permissions::from_mode(0o660)).unwrap();
        drop(lock(&ledger, true).unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o660);
        std::fs::remove_file(&file).unwrap();
        let other = folder.path().join("other");
        std::fs::write(&other, "kept").unwrap();
        symlink(&other, &file).unwrap();
        assert!(matches!(lock(&ledger, true), Err(LedgerError::Storage(_))));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept");
    }

    #[test]
    fn who_is_gone_is_not_named_and_the_names_do_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, file) = (folder.path().join("l"), folder.path().join("l-lock"));
        std::fs::write(&file, "4194999\nno number\n").unwrap();
        let shared = lock(&ledger, false).unwrap();
        shared.join().unwrap();
        refused(lock(&ledger, true));
        std::fs::write(&file, "1\n".repeat(2_048)).unwrap();
        lock(&ledger, false).unwrap().join().unwrap();
        assert!(std::fs::metadata(&file).unwrap().len() < NAMES_BYTES_MAX);
    }
}
