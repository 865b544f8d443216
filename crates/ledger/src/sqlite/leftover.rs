//! What a process that was killed left in the write-ahead log.

use super::SqliteOptions;
use super::fault::fault;
use super::open::{beside, connect, unusable};
use crate::error::LedgerError;
use rusqlite::{ErrorCode, OpenFlags};
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

const CHUNK_BYTES: usize = 1 << 20;

/// Puts it on the disk and into the database, before anybody builds on it.
///
/// Where a sync failed, the system keeps what it could not write, takes it for written and shows it to
/// whoever reads. A process that makes such a change is told so and writes the same place again; the next
/// process finds a change like any other. What it appended would be lost with it in a power cut, however
/// often it was synced. So the log is written once more, byte for byte, while nobody else has it open.
pub(super) fn put_away(path: &Path, options: &SqliteOptions) -> Result<(), LedgerError> {
    let log = beside(path, "-wal");
    if std::fs::metadata(&log).map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, options)?;
    connection.busy_timeout(Duration::ZERO).map_err(fault)?;
    connection
        .pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))
        .map_err(fault)?;
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        // Who has it open has seen to it, or wrote it.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => return Ok(()),
        other => other.map_err(fault)?,
    }
    write_again(&log).map_err(|e| unusable(&log, &e))?;
    // The last to close it brings the log into the database.
    connection.close().map_err(|(_, error)| fault(error))
}

fn write_again(log: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().read(true).write(true).open(log) {
        // It was none of this database, and SQLite has removed it.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let at = file.stream_position()?;
        let length = file.read(&mut chunk)?;
        if length == 0 {
            return file.sync_all();
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&chunk[..length])?;
    }
}
