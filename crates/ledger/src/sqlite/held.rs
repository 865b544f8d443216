//! Which files this process has open as ledgers.
//!
//! POSIX drops all locks of a process on a file when any of its handles is closed, those of SQLite's
//! connections too. So a file that is open here already is not read past SQLite again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file: its device and its number there.
type FileId = (u64, u64);

static HELD: Mutex<BTreeMap<FileId, usize>> = Mutex::new(BTreeMap::new());

fn held() -> MutexGuard<'static, BTreeMap<FileId, usize>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// That a file is open; until it is dropped.
pub(super) struct Held(Option<FileId>);

impl Held {
    pub(super) fn note(path: &Path) -> Self {
        let id = id_of(path);
        if let Some(id) = id {
            *held().entry(id).or_default() += 1;
        }
        Self(id)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        let mut held = held();
        if let Some(count) = held.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                held.remove(&id);
            }
        }
    }
}

/// Whether this process has the file open, by whichever of its names.
pub(super) fn is_held(path: &Path) -> bool {
    id_of(path).is_some_and(|id| held().contains_key(&id))
}

#[cfg(unix)]
fn id_of(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere a lock belongs to the handle.
#[cfg(not(unix))]
fn id_of(_: &Path) -> Option<FileId> {
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Held, is_held};

    #[test]
    fn a_file_is_held_by_any_of_its_names_until_the_last_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, "").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        assert!(!is_held(&path));
        let (first, second) = (Held::note(&path), Held::note(&other));
        drop(first);
        assert!(is_held(&path));
        assert!(is_held(&other));
        drop(second);
        assert!(!is_held(&path));
        assert!(!is_held(&folder.path().join("none")));
    }
}
