//! Opening the file: the durability settings, and whether it is whole and ours.

use super::fault::fault;
use super::held::{Held, is_held};
use super::migrations::{self, Told};
use super::{Durability, SqliteOptions, leftover, room};
use crate::durable::sync_parent;
use crate::error::LedgerError;
use crate::seal::{Place, SealKey};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// `hngb`: marks the file as a ledger.
pub(super) const APPLICATION_ID: i64 = 0x686e_6762;
/// Up to this size a file is checked page by page when it is opened; above it,
/// the schema and the ends of every table and index, as a start must stay fast.
const CHECK_BYTES_MAX: u64 = 8 << 20;
/// Statements kept by each connection; about ninety different ones, and the forms of filters.
const STATEMENTS_KEPT: usize = 128;

/// The header that every database file begins with.
const HEADER_BYTES: usize = 100;
/// SQLite's own choice for a new file.
const PAGE_BYTES: u64 = 4096;

const PROBE: Place<'static> = Place { column: "seal_probe", mch_id: "" };
const PROBE_TEXT: &[u8] = b"hongbao";

/// Opens the file for writing, makes or migrates it, and checks it; with the note that it is open.
pub(super) fn open_writer(
    path: &Path,
    key: &SealKey,
    options: &SqliteOptions,
) -> Result<(Connection, Held), LedgerError> {
    // One at a time within a process: POSIX drops all locks of a process on a file when
    // any of its handles is closed, that of `refuse_foreign` too.
    static OPENING: Mutex<()> = Mutex::new(());
    let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_held(path) {
        refuse_foreign(path)?;
    }
    make_file(path)?;
    leftover::put_away(path, options)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, options)?;
    connection.busy_timeout(options.busy_timeout).map_err(fault)?;
    refuse_newer(&connection)?;
    make_durable(&connection, options.busy_timeout)?;
    tune(&connection, options)?;
    let prepared = connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(fault)
        .and_then(|()| prepare(&connection, path, key, options))
        .and_then(|()| connection.execute_batch("COMMIT").map_err(fault));
    prepared?;
    check_whole(&connection, path)?;
    // What a savepoint would be undone with: some pages, which else go through a file, twice as
    // many writes as the log takes. Not sooner: indexes that are made above are sorted in files.
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(fault)?;
    // Always: whoever made the file may have ended before it came to this.
    sync_parent(path).map_err(|e| unusable(path, &e))?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update(None, "max_page_count", pages).map_err(fault)?;
    }
    Ok((connection, Held::note(path)))
}

/// Opens the file for reading; the writer has made and checked it.
pub(super) fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, options)?;
    connection.busy_timeout(options.busy_timeout).map_err(fault)?;
    tune(&connection, options)?;
    Ok(connection)
}

pub(super) fn connect(
    path: &Path,
    flags: OpenFlags,
    options: &SqliteOptions,
) -> Result<Connection, LedgerError> {
    match options.vfs.as_deref() {
        None => Connection::open_with_flags(path, flags),
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
    }
    .map_err(fault)
}

fn tune(connection: &Connection, options: &SqliteOptions) -> Result<(), LedgerError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // A negative size counts KiB.
    let cache = -i64::from(options.cache_kib);
    connection.pragma_update(None, "cache_size", cache).map_err(fault)?;
    let mapped = i64::try_from(options.mmap_bytes).unwrap_or(i64::MAX);
    // How much of it the system grants is only a matter of speed.
    connection.pragma_update(None, "mmap_size", mapped).map_err(fault)
}

/// Sets and reads back what durability rests on.
fn make_durable(connection: &Connection, busy_timeout: Duration) -> Result<(), LedgerError> {
    let journal = write_ahead(connection, busy_timeout)?;
    if !journal.eq_ignore_ascii_case("wal") {
        return Err(LedgerError::NotDurable(format!("`journal_mode` is `{journal}`, not `wal`")));
    }
    for pragma in ["fullfsync", "checkpoint_fullfsync", "foreign_keys"] {
        connection.pragma_update(None, pragma, true).map_err(fault)?;
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
    for (pragma, wanted) in [("synchronous", 2), ("foreign_keys", 1)] {
        let found = number(connection, pragma)?;
        if found != wanted {
            let why = format!("`{pragma}` is {found}, not {wanted}");
            return Err(LedgerError::NotDurable(why));
        }
    }
    Ok(())
}

/// What durability rests on, read back.
pub(super) fn durability(connection: &Connection) -> Result<Durability, LedgerError> {
    let journal_mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
    Ok(Durability {
        journal_mode: journal_mode.map_err(fault)?,
        synchronous: number(connection, "synchronous")?,
    })
}

/// Asks for the write-ahead log. SQLite does not wait for another process that is about
/// to do the same, so this does, for as long as it would wait for anything else.
fn write_ahead(connection: &Connection, busy_timeout: Duration) -> Result<String, LedgerError> {
    const PAUSE: Duration = Duration::from_millis(5);
    let mut waits_left = busy_timeout.as_millis() / PAUSE.as_millis();
    loop {
        let set = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match set {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waits_left > 0 =>
            {
                waits_left -= 1;
                std::thread::sleep(PAUSE);
            }
            other => return other.map_err(fault),
        }
    }
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, LedgerError> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(fault)
}

/// Makes an empty file, its owner's alone, where there is none yet.
pub(super) fn make_new(path: &Path) -> Result<(), LedgerError> {
    if path.try_exists().map_err(|e| unusable(path, &e))? {
        return Err(unusable(path, &io::ErrorKind::AlreadyExists.into()));
    }
    make_file(path)
}

/// Opens a copy for reading once it has proved to be a ledger, and whole, page by page.
pub(super) fn open_checked(path: &Path) -> Result<Connection, LedgerError> {
    refuse_foreign(path)?;
    let connection = open_reader(path, &SqliteOptions::default())?;
    refuse_newer(&connection)?;
    quick_check(&connection)?;
    Ok(connection)
}

/// Makes an empty file where there is none: its owner's alone, as SQLite would not make
/// it. The files beside it take their modes from it.
fn make_file(path: &Path) -> Result<(), LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(unusable(path, &e)),
        _ => Ok(()),
    }
}

pub(super) fn unusable(path: &Path, error: &io::Error) -> LedgerError {
    LedgerError::Storage(format!("`{}`: {error}", path.display()))
}

/// A file that is no database, or whose end is missing, before SQLite is asked.
/// An empty one is a new ledger.
fn refuse_foreign(path: &Path) -> Result<(), LedgerError> {
    let storage = |e: io::Error| unusable(path, &e);
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(storage)?,
    };
    let metadata = file.metadata().map_err(storage)?;
    if metadata.is_dir() {
        return Err(LedgerError::Storage(format!("`{}` is a directory", path.display())));
    }
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(storage)?;
    // With a journal beside it, the first page is one that a power cut left half written: SQLite takes it back.
    let is_half_made = metadata.len() <= PAGE_BYTES && has_beside(path, "-journal");
    if header.is_empty() || is_half_made {
        return Ok(());
    }
    let damaged = |why: &str| Err(LedgerError::Damaged(why.to_owned()));
    if header.len() < HEADER_BYTES || !header.starts_with(b"SQLite format 3\0") {
        return damaged("it does not begin as a database does");
    }
    let has_known_versions = header[18..20].iter().all(|version| (1..=2).contains(version));
    let has_known_schema = header[44..47] == [0; 3] && header[47] <= 4;
    if !has_known_versions || !has_known_schema {
        return damaged("its header names a format that does not exist");
    }
    // With a log a cut end is no damage: the log holds what a power cut left undone.
    let page_bytes = u64::from(u16::from_be_bytes([header[16], header[17]]));
    let is_cut = page_bytes > 1 && metadata.len() % page_bytes != 0;
    if is_cut && !has_beside(path, "-wal") { damaged("its last page is cut") } else { Ok(()) }
}

/// The one name of the file, through whichever links it is named: SQLite's log lies beside that, and the lock.
pub(super) fn named_once(ledger: &Path, options: &SqliteOptions) -> PathBuf {
    if options.vfs.is_some() {
        return ledger.to_owned();
    }
    if let Ok(whole) = std::fs::canonicalize(ledger) {
        return whole;
    }
    // It is not there yet; its folder is.
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (std::fs::canonicalize(folder.unwrap_or_else(|| Path::new("."))), ledger.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => ledger.to_owned(),
    }
}

/// A file of SQLite's own beside the ledger.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Whether there is more than nothing in it.
fn has_beside(path: &Path, suffix: &str) -> bool {
    std::fs::metadata(beside(path, suffix)).is_ok_and(|metadata| metadata.len() > 0)
}

/// Refuses before anything is written: a newer schema is not ours to touch.
fn refuse_newer(connection: &Connection) -> Result<(), LedgerError> {
    let found = number(connection, "user_version")?;
    let application_id = number(connection, "application_id")?;
    let is_empty = number(connection, "schema_version")? == 0;
    if application_id != APPLICATION_ID && !is_empty {
        return Err(LedgerError::Damaged("it is a database, but not a ledger".to_owned()));
    }
    if found > migrations::NEWEST {
        return Err(LedgerError::NewerVersion { found, known: migrations::NEWEST });
    }
    Ok(())
}

/// Marks, migrates and binds the ledger to its key file; in one transaction.
fn prepare(
    connection: &Connection,
    path: &Path,
    key: &SealKey,
    options: &SqliteOptions,
) -> Result<(), LedgerError> {
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
    // Again, now that nobody else can migrate in between.
    refuse_newer(connection)?;
    let version = number(connection, "user_version")?;
    if version < migrations::NEWEST {
        let told = if version > 0 {
            room::check(path)?;
            Told::begin(connection, options.on_migration.as_ref())?
        } else {
            // A new file has nothing to be written anew.
            Told::nobody()
        };
        migrations::migrate(connection, told)?;
    }
    let probe: Option<Vec<u8>> = connection
        .query_row("SELECT sealed FROM seal_probe WHERE name = 'probe'", [], |row| row.get(0))
        .optional()
        .map_err(fault)?;
    match probe {
        Some(sealed) => key.open(PROBE, &sealed).map(drop),
        None => {
            let sealed = key.seal(PROBE, PROBE_TEXT)?;
            let insert = "INSERT INTO seal_probe (name, sealed) VALUES ('probe', ?1)";
            connection.execute(insert, [sealed]).map(drop).map_err(fault)
        }
    }
}

fn quick_check(connection: &Connection) -> Result<(), LedgerError> {
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fault)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        other => Err(LedgerError::Damaged(other.to_owned())),
    }
}

fn check_whole(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if bytes <= CHECK_BYTES_MAX {
        return quick_check(connection);
    }
    let ends = [
        ("records", "mch_id, mch_billno"),
        ("history", "mch_id, position"),
        ("merchants", "mch_id"),
        ("usage", "mch_id, day, openid"),
        ("findings", "mch_id, first_billno, second_billno"),
        ("settings", "name"),
        ("inquiries", "mch_id, mch_billno"),
        ("inquiry_history", "mch_id, position"),
        ("chains", "mch_id, book"),
        ("totals", "mch_id, book, day, status, outcome, act_name, sender"),
        ("paces", "mch_id, pace, holder"),
        ("runs", "mch_id, run"),
        ("run_rows", "mch_id, run, mch_billno"),
    ];
    for (table, order) in ends {
        let last_first = order.replace(',', " DESC,") + " DESC";
        for order in [order, &last_first] {
            let query = format!("SELECT * FROM {table} ORDER BY {order} LIMIT 1");
            let mut statement = connection.prepare(&query).map_err(fault)?;
            statement.query([]).and_then(|mut rows| rows.next().map(drop)).map_err(fault)?;
        }
    }
    Ok(())
}
