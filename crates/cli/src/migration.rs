//! What is said while a ledger of an earlier version is brought forward.

use crate::output::Output;
use crate::progress::Progress;
use crate::say;
use hongbao_ledger::{Migrating, OnMigration, SqliteLedger};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a line is logged.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Says it on stderr: before it begins, and as it goes on.
pub fn shown(file: &Path) -> OnMigration {
    let (file, shown) = (file.display().to_string(), Mutex::new(None));
    OnMigration::new(move |at: Migrating| {
        let mut out = Output::standard();
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = shown.get_or_insert_with(|| {
            let version = SqliteLedger::SCHEMA_VERSION;
            let rows = at.rows_in_all;
            out.talk(say!("ledger-migrating", file = file, version = version, rows = rows));
            Progress::new(Some(rows))
        });
        if at.rows < at.rows_in_all {
            progress.show_at_times(at.rows, &say!("ledger-migrating-rows"), &mut out);
        } else {
            progress.clear();
        }
    })
}

/// Logs it: before it begins, then every ten seconds, and when all rows are done.
pub fn logged(file: &Path) -> OnMigration {
    let (file, last) = (file.display().to_string(), Mutex::new(None));
    OnMigration::new(move |at: Migrating| {
        let (rows, rows_in_all) = (at.rows, at.rows_in_all);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last: Instant| last.elapsed() >= LOG_EVERY);
        if is_due || rows == rows_in_all {
            *last = Some(Instant::now());
            let version = SqliteLedger::SCHEMA_VERSION;
            tracing::info!(ledger = %file, version, rows, rows_in_all, "bringing the ledger forward");
        }
    })
}
