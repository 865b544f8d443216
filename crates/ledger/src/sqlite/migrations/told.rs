//! What whoever opens a ledger of an earlier version is told meanwhile: it can take long.

use crate::error::LedgerError;
use crate::sqlite::fault::fault;
use rusqlite::{Connection, OptionalExtension};
use std::fmt;
use std::sync::Arc;

/// The tables of which every row is read once or written anew.
const TABLES: [&str; 4] = ["history", "inquiry_history", "records", "inquiries"];

/// How far a ledger of an earlier version is brought forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrating {
    /// Rows that are done: entries, then packets.
    pub rows: u64,
    /// How many there are, at most. Once all are done, indexes are made, of which nobody says how far they are.
    pub rows_in_all: u64,
}

/// What is called while a ledger of an earlier version is brought forward: once before it begins, and after every few
/// thousand rows. The file is locked meanwhile, and nothing is kept of the work should the process end.
#[derive(Clone)]
pub struct OnMigration(Arc<dyn Fn(Migrating) + Send + Sync>);

impl OnMigration {
    /// Calls `tell`, on the thread that opens the ledger.
    #[must_use]
    pub fn new(tell: impl Fn(Migrating) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl fmt::Debug for OnMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnMigration")
    }
}

/// How far it is, and who is told.
pub(in crate::sqlite) struct Told<'o> {
    tell: Option<&'o OnMigration>,
    at: Migrating,
}

impl<'o> Told<'o> {
    /// Before anything is done.
    pub(in crate::sqlite) fn begin(
        connection: &Connection,
        tell: Option<&'o OnMigration>,
    ) -> Result<Self, LedgerError> {
        let told = Self { tell, at: Migrating { rows: 0, rows_in_all: rows_in_all(connection)? } };
        told.say();
        Ok(told)
    }

    /// Of a new file, in which there is nothing to do.
    pub(in crate::sqlite) const fn nobody() -> Self {
        Self { tell: None, at: Migrating { rows: 0, rows_in_all: 0 } }
    }

    pub(super) fn more(&mut self, rows: u32) {
        self.at.rows = self.at.rows.saturating_add(rows.into()).min(self.at.rows_in_all);
        self.say();
    }

    /// That all rows are done.
    pub(super) fn end(mut self) {
        self.at.rows = self.at.rows_in_all;
        self.say();
    }

    fn say(&self) {
        if let Some(OnMigration(tell)) = self.tell {
            tell(self.at);
        }
    }
}

/// By the last numbers of rows: counting them would read all.
fn rows_in_all(connection: &Connection) -> Result<u64, LedgerError> {
    let mut rows = 0_u64;
    for table in TABLES {
        let is_there = connection
            .query_row("SELECT 1 FROM sqlite_schema WHERE name = ?1", [table], |_| Ok(()))
            .optional()
            .map_err(fault)?
            .is_some();
        if is_there {
            let query = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
            let last: i64 = connection.query_row(&query, [], |row| row.get(0)).map_err(fault)?;
            rows = rows.saturating_add(u64::try_from(last).unwrap_or(0));
        }
    }
    Ok(rows)
}
