//! The connections that read, and how long each keeps its view of the file.
//!
//! Beginning and ending a read transaction costs as much as the lookup in it. Where this process
//! alone commits records, a reader therefore keeps its transaction open from one kept reply to the
//! next. It is no view of the past: the writer counts its commits, and a reader whose count is old
//! begins anew. Nor does it hold back the write-ahead log: before a commit the writer ends what idle
//! readers keep open, and until the commit is done no reader keeps anything.

use super::fault::fault;
use crate::error::LedgerError;
use rusqlite::Connection;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// The connections that read. A thread comes back to the same one, so that a lock
/// is seldom waited for.
pub(super) struct Readers {
    readers: Box<[Mutex<Reader>]>,
    /// Whether a view may be kept open at all: nobody else commits records.
    may_keep: bool,
    /// Twice the times that views became old, such as by a commit of this process, and one more while
    /// one is under way.
    commits: AtomicU64,
}

struct Reader {
    connection: Connection,
    /// What `commits` was when the transaction began that is open; `None`: none is.
    kept: Option<u64>,
}

impl Reader {
    /// Ends the transaction that is open; the connection knows best whether one is. One that cannot
    /// be ended is tried again by whoever comes next: nobody reads on in the past.
    fn let_go(&mut self) -> Result<(), LedgerError> {
        self.kept = None;
        if self.connection.is_autocommit() {
            return Ok(());
        }
        // Nothing was written: a rollback loses nothing.
        execute(&self.connection, "COMMIT").or_else(|_| execute(&self.connection, "ROLLBACK"))
    }
}

thread_local! {
    static HOME: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The next thread's home; threads share homes when there are more of them.
static NEXT_HOME: AtomicUsize = AtomicUsize::new(0);

impl Readers {
    pub(super) fn new(connections: Vec<Connection>, may_keep: bool) -> Self {
        let reader = |connection| Mutex::new(Reader { connection, kept: None });
        let readers = connections.into_iter().map(reader).collect();
        Self { readers, may_keep, commits: AtomicU64::new(0) }
    }

    /// Runs `read` on a connection that no other thread uses meanwhile; it sees what every process
    /// has committed.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut reader = self.borrow();
        reader.let_go()?;
        read(&reader.connection)
    }

    /// The same for what this process alone changes: it sees all that this process has committed.
    pub(super) fn with_kept<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut reader = self.borrow();
        let commits = self.commits.load(Ordering::SeqCst);
        if !self.may_keep || !commits.is_multiple_of(2) {
            reader.let_go()?;
            return read(&reader.connection);
        }
        if reader.kept != Some(commits) {
            reader.let_go()?;
            execute(&reader.connection, "BEGIN")?;
            reader.kept = Some(commits);
        }
        let found = read(&reader.connection);
        // A commit that began meanwhile could not end what was in use.
        if found.is_err() || self.commits.load(Ordering::SeqCst) != commits {
            reader.let_go()?;
        }
        found
    }

    /// Until the value that it returns is dropped no reader keeps a view. The caller commits meanwhile.
    pub(super) fn begin_commit(&self) -> CommitUnderWay<'_> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.let_go();
        CommitUnderWay(self)
    }

    /// No view that is kept now is read again: another process may have changed what this one kept.
    pub(super) fn begin_anew(&self) {
        self.commits.fetch_add(2, Ordering::SeqCst);
        self.let_go();
    }

    /// Ends what idle readers keep open. What is in use is let go by who uses it, should there be a commit.
    pub(super) fn let_go(&self) {
        for reader in &self.readers {
            if let Ok(mut reader) = reader.try_lock() {
                // Whoever reads next on it finds out what is wrong with it.
                let _ = reader.let_go();
            }
        }
    }

    fn borrow(&self) -> MutexGuard<'_, Reader> {
        let home = HOME.get().unwrap_or_else(|| {
            let home = NEXT_HOME.fetch_add(1, Ordering::Relaxed);
            HOME.set(Some(home));
            home
        });
        let count = self.readers.len();
        for step in 0..count {
            match self.readers[home.wrapping_add(step) % count].try_lock() {
                Ok(reader) => return reader,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.readers[home % count].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A commit that is under way, in the eyes of the readers.
pub(super) struct CommitUnderWay<'r>(&'r Readers);

impl Drop for CommitUnderWay<'_> {
    fn drop(&mut self) {
        self.0.commits.fetch_add(1, Ordering::SeqCst);
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), LedgerError> {
    connection.prepare_cached(statement).and_then(|mut s| s.execute([])).map(drop).map_err(fault)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_fails_leaves_no_reader_in_the_past() {
        let connection = Connection::open_in_memory().unwrap();
        // The end of such a transaction is the one that a commit cannot bring about.
        let late = "PRAGMA foreign_keys = ON; CREATE TABLE a (a PRIMARY KEY); \
             CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED); \
             BEGIN; INSERT INTO b VALUES (1);";
        connection.execute_batch(late).unwrap();
        let mut reader = Reader { connection, kept: Some(0) };
        reader.let_go().unwrap();
        assert!(reader.connection.is_autocommit());
        assert_eq!(reader.kept, None);
        reader.connection.execute_batch("BEGIN").unwrap();
        reader.let_go().unwrap();
        assert!(reader.connection.is_autocommit(), "one that was not noted");
        reader.let_go().unwrap();
    }

    #[test]
    fn a_view_that_is_in_use_is_not_read_again_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)",
            )
            .unwrap();
        let readers = Readers::new(vec![Connection::open(&path).unwrap()], true);
        let read = |connection: &Connection| -> Result<i64, LedgerError> {
            connection.query_row("SELECT n FROM t", [], |row| row.get(0)).map_err(fault)
        };
        let first = readers.with_kept(|connection| {
            let found = read(connection);
            other.execute("UPDATE t SET n = 2", []).unwrap();
            readers.begin_anew();
            assert_eq!(read(connection).unwrap(), 1, "as long as it lasts");
            found
        });
        assert_eq!((first.unwrap(), readers.with_kept(read).unwrap()), (1, 2));
    }
}
