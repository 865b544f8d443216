//! What is checked of a ledger: that it opens, keeps what it is told, and has room.

use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::files;
use crate::ledger_place::{Kept, LedgerPlace, OpenLedger};
use crate::say;
use hongbao_ledger::Durability;
use hongbao_ledger::postgres::PostgresDurability;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `synchronous=FULL`: every commit waits for the disk.
const FULL: i64 = 2;
/// Below this a disk is warned of, bytes.
const FREE_BYTES_LEAST: u64 = 1 << 30;
/// The checks of a ledger in a file, after that it opens.
const FILE_CHECKS: [&str; 3] = ["ledger_durability", "ledger_file", "disk"];
/// The checks of a ledger in a database, after that it opens.
const DATABASE_CHECKS: [&str; 2] = ["ledger_durability", "ledger_tls"];

/// Checks the ledger of a profile. Where there is none yet, the folder and disk that it will be on.
pub async fn examine_own(place: Result<LedgerPlace, Failure>, report: &mut Report<'_>) {
    let Some(place) = report.tried("ledger", place) else {
        report.skip(&FILE_CHECKS, "ledger");
        return;
    };
    let has_key = place.key_file().exists();
    let Some(file) = place.file().filter(|file| !file.exists() && !has_key) else {
        examine(&place, report).await;
        return;
    };
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if report.tried("ledger", files::whole_path(dir)).is_some() {
        report.add(Finding::fine("ledger", say!("doctor-ledger-none", file = place)));
        report.add(disk(dir));
    }
}

/// Checks a ledger; returns it where it opens.
pub async fn examine(place: &LedgerPlace, report: &mut Report<'_>) -> Option<OpenLedger> {
    let checks = if place.file().is_some() { &FILE_CHECKS[..] } else { &DATABASE_CHECKS };
    let Some(ledger) = report.tried("ledger", place.open().await) else {
        report.skip(checks, "ledger");
        return None;
    };
    report.add(Finding::fine("ledger", say!("doctor-ledger", file = place)));
    match &ledger.kept {
        Kept::File(file) => report.add(durability(file.durability())),
        Kept::Database(database) => {
            report.add(settings(database.durability()));
            let encrypted = database.is_encrypted().await;
            if let Some(encrypted) =
                report.tried("ledger_tls", encrypted.map_err(|error| place.failure(&error)))
            {
                report.add(Finding::fine("ledger_tls", encryption(encrypted)));
            }
        }
    }
    if let Some(file) = place.file() {
        report.add(permissions(file));
        report.add(disk(file));
    }
    Some(ledger)
}

fn durability(settings: &Durability) -> Finding {
    let (journal, synchronous) = (&settings.journal_mode, settings.synchronous);
    let found = say!("doctor-durability", journal = journal, synchronous = synchronous);
    if journal.eq_ignore_ascii_case("wal") && synchronous >= FULL {
        Finding::fine("ledger_durability", found)
    } else {
        let failure = Failure::config("LEDGER_NOT_DURABLE", found);
        Finding::failed("ledger_durability", failure.hint(say!("ledger-storage-hint")))
    }
}

/// That the database may lose what it acknowledged was allowed, else it would not have opened.
fn settings(settings: &PostgresDurability) -> Finding {
    let version = &settings.server_version;
    match settings.unsafe_settings() {
        None => Finding::fine("ledger_durability", say!("doctor-database", version = version)),
        Some(why) => {
            let failure = Failure::config("LEDGER_NOT_DURABLE", why);
            Finding::failed("ledger_durability", failure.hint(say!("ledger-unsafe-hint")))
                .into_warning()
        }
    }
}

fn encryption(encrypted: Option<bool>) -> String {
    match encrypted {
        Some(true) => say!("doctor-database-tls"),
        Some(false) => say!("doctor-database-plain"),
        None => say!("doctor-database-silent"),
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
