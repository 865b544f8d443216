//! What is checked of a ledger: that it opens, keeps what it is told, and has room.

use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::files;
use crate::say;
use crate::workdir;
use hongbao_ledger::SqliteLedger;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `synchronous=FULL`: every commit waits for the disk.
const FULL: i64 = 2;
/// Below this a disk is warned of, bytes.
const FREE_BYTES_LEAST: u64 = 1 << 30;
/// The checks of a ledger, after that it opens.
const CHECKS: [&str; 3] = ["ledger_durability", "ledger_file", "disk"];

/// Checks the ledger of a profile. Where there is none yet, the folder and disk that it will be on.
pub fn examine_own(file: &Path, report: &mut Report<'_>) {
    if file.exists() {
        examine(file, workdir::open_ledger(file, &file.with_extension("key")), report);
        return;
    }
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if report.tried("ledger", files::whole_path(dir)).is_some() {
        report.add(Finding::fine("ledger", say!("doctor-ledger-none", file = file.display())));
        report.add(disk(dir));
    }
}

/// Checks a ledger; returns it where it opens.
pub fn examine(
    file: &Path,
    ledger: Result<SqliteLedger, Failure>,
    report: &mut Report<'_>,
) -> Option<SqliteLedger> {
    let Some(ledger) = report.tried("ledger", ledger) else {
        report.skip(&CHECKS, "ledger");
        return None;
    };
    report.add(Finding::fine("ledger", say!("doctor-ledger", file = file.display())));
    report.add(durability(&ledger));
    report.add(permissions(file));
    report.add(disk(file));
    Some(ledger)
}

fn durability(ledger: &SqliteLedger) -> Finding {
    let settings = ledger.durability();
    let (journal, synchronous) = (&settings.journal_mode, settings.synchronous);
    let found = say!("doctor-durability", journal = journal, synchronous = synchronous);
    if journal.eq_ignore_ascii_case("wal") && synchronous >= FULL {
        Finding::fine("ledger_durability", found)
    } else {
        let failure = Failure::config("LEDGER_NOT_DURABLE", found);
        Finding::failed("ledger_durability", failure.hint(say!("ledger-storage-hint")))
    }
}

/// Openids are in it: its owner's alone.
fn permissions(file: &Path) -> Finding {
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    let found = say!("doctor-mode", file = file.display(), mode = format!("{mode:03o}"));
    if mode & 0o077 == 0 {
        Finding::fine("ledger_file", found)
    } else {
        Finding::of("ledger_file", Symptom::LedgerOpenToOthers, found)
    }
}

fn disk(file: &Path) -> Finding {
    match rustix::fs::statvfs(file) {
        Err(error) => Finding::skipped("disk", say!("doctor-disk-unknown", why = error)),
        Ok(disk) => room(disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn room(free_bytes: u64) -> Finding {
    let found = say!("doctor-disk", mib = free_bytes >> 20);
    if free_bytes < FREE_BYTES_LEAST {
        Finding::of("disk", Symptom::DiskLow, found)
    } else {
        Finding::fine("disk", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_a_gibibyte_is_little() {
        assert_eq!(room(FREE_BYTES_LEAST).code, "DOCTOR_OK");
        assert_eq!(room(FREE_BYTES_LEAST - 1).code, "DOCTOR_DISK_LOW");
    }
}
