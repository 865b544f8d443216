//! A copy of the ledger while it is in use: consistent, whole, and proved to be so.

use super::archive::{heads, passes};
use super::fault::fault;
use super::open::{make_new, open_checked, open_reader, unusable};
use super::{SqliteLedger, SqliteOptions};
use crate::chain::Head;
use crate::durable::sync_parent;
use crate::error::LedgerError;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

impl SqliteLedger {
    /// Copies the ledger, as it is at one moment, into a new file at `to`; returns the heads of
    /// the chains in it. Those who write are not held up. The copy is read back before it gets its name:
    /// what is there is whole. Its key file is that of the ledger. Blocks for as long as reading and
    /// writing all of it takes.
    ///
    /// # Errors
    /// [`LedgerError::Storage`] where `to` exists already or cannot be written,
    /// [`LedgerError::Damaged`] where the copy is not whole; then nothing is left of it.
    pub fn backup(&self, to: &Path) -> Result<Vec<Head>, LedgerError> {
        if to.try_exists().map_err(|e| unusable(to, &e))? {
            return Err(unusable(to, &io::ErrorKind::AlreadyExists.into()));
        }
        let part = part_of(to);
        let copied = self.copy(&part).and_then(|heads| {
            name(&part, to).map_err(|e| unusable(to, &e))?;
            Ok(heads)
        });
        // It is gone already where it could only be renamed.
        let _ = fs::remove_file(&part);
        let heads = copied?;
        sync_parent(to).map_err(|e| unusable(to, &e))?;
        Ok(heads)
    }

    fn copy(&self, part: &Path) -> Result<Vec<Head>, LedgerError> {
        let name = part
            .to_str()
            .ok_or_else(|| LedgerError::Storage("the path is not UTF-8".to_owned()))?;
        make_new(part)?;
        // A connection of its own: readers do not wait for it.
        let reader = open_reader(&self.path, &SqliteOptions::default())?;
        let before = heads(&reader)?;
        reader.execute("VACUUM INTO ?1", [name]).map_err(fault)?;
        File::open(part).and_then(|file| file.sync_all()).map_err(|e| unusable(part, &e))?;
        let found = heads(&open_checked(part)?)?;
        let is_there = |old: &Head| {
            found.iter().any(|new| {
                (new.book, &new.mch_id) == (old.book, &old.mch_id) && new.position >= old.position
            })
        };
        for head in &found {
            if !passes(&reader, head)? || !before.iter().all(is_there) {
                let why = format!("the copy ends `{}` otherwise than the ledger", head.mch_id);
                return Err(LedgerError::Damaged(why));
            }
        }
        Ok(found)
    }
}

/// Gives the file its name, where that is free. Unlike a rename, a link never takes the place of
/// another file; not every file system has links.
fn name(part: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(part, to) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists && !to.try_exists()? => {
            fs::rename(part, to)
        }
        other => other,
    }
}

/// Beside the file, under a name of its own, until it is whole.
fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(format!(".{:016x}.part", rand::random::<u64>()));
    name.into()
}
