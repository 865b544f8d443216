//! Whether there is room to write a file anew.

use crate::error::LedgerError;
use std::path::Path;

/// Refuses where the disk has less room than writing the whole file anew takes: once into the log,
/// and once into the file, which gives nothing back before the end.
pub(super) fn check(path: &Path) -> Result<(), LedgerError> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    free(path).map_or(Ok(()), |free| compare(bytes, free))
}

fn compare(bytes: u64, free: u64) -> Result<(), LedgerError> {
    let needed = bytes.saturating_mul(2);
    if free >= needed {
        return Ok(());
    }
    Err(LedgerError::Storage(format!(
        "bringing the ledger forward to this version needs {} MiB of free space, {} MiB are free; \
         nothing was changed",
        needed.div_ceil(1 << 20),
        free >> 20
    )))
}

/// The free space beside the file; `None` where it cannot be told.
#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::compare;

    #[test]
    fn too_little_room_is_refused_with_both_sizes() {
        let mib = 1 << 20;
        compare(5 * mib, 10 * mib).unwrap();
        let refused = compare(5 * mib, 10 * mib - 1).unwrap_err();
        assert_eq!(refused.code(), "LEDGER_STORAGE");
        let said = refused.to_string();
        assert!(said.contains("needs 10 MiB of free space, 9 MiB are free"), "{said}");
    }
}
