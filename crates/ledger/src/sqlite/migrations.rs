//! The schema, forward only: each step is applied once, in one transaction with the rest.

mod chaining;
mod told;

pub(super) use told::Told;
pub use told::{Migrating, OnMigration};

use super::fault::fault;
use crate::error::LedgerError;
use refinery_core::traits::sync::{Migrate, Query, Transaction};
use refinery_core::{Migration, Runner};
use rusqlite::Connection;

/// The newest schema version that this program knows.
pub(super) const NEWEST: i64 = 3;

const STEPS: [(&str, &str); NEWEST as usize] = [
    ("V1__packets", include_str!("migrations/V1__packets.sql")),
    ("V2__inquiries", include_str!("migrations/V2__inquiries.sql")),
    ("V3__chains", include_str!("migrations/V3__chains.sql")),
];

/// Brings the schema to [`NEWEST`] inside the caller's transaction.
pub(super) fn migrate(connection: &Connection, told: Told<'_>) -> Result<(), LedgerError> {
    let storage = |e: refinery_core::Error| LedgerError::Storage(format!("migration: {e}"));
    let steps: Result<Vec<Migration>, _> =
        STEPS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    Runner::new(&steps.map_err(storage)?)
        .set_grouped(true)
        .run(&mut Driver(connection))
        .map_err(storage)?;
    // After the statements of version 3, and in one transaction with them.
    let is_unchained = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'history_unchained'")
        .and_then(|mut s| s.exists([]))
        .map_err(fault)?;
    if is_unchained {
        chaining::chain(connection, told)?;
    }
    connection.pragma_update(None, "user_version", NEWEST).map_err(fault)
}

/// The migration library's view of a connection that is inside a transaction already.
struct Driver<'c>(&'c Connection);

impl Transaction for Driver<'_> {
    type Error = rusqlite::Error;

    fn execute<'a, T: Iterator<Item = &'a str>>(
        &mut self,
        statements: T,
    ) -> Result<usize, Self::Error> {
        let mut count = 0;
        for statement in statements {
            self.0.execute_batch(statement)?;
            count += 1;
        }
        Ok(count)
    }
}

impl Query<Vec<Migration>> for Driver<'_> {
    fn query(&mut self, query: &str) -> Result<Vec<Migration>, Self::Error> {
        let mut statement = self.0.prepare(query)?;
        let applied = statement.query_map([], |row| {
            let applied_on: String = row.get(2)?;
            let checksum: String = row.get(3)?;
            let applied_on = time::OffsetDateTime::parse(
                &applied_on,
                &time::format_description::well_known::Rfc3339,
            );
            let unreadable = |column, e: Box<dyn std::error::Error + Send + Sync>| {
                rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, e)
            };
            Ok(Migration::applied(
                row.get(0)?,
                row.get(1)?,
                applied_on.map_err(|e| unreadable(2, e.into()))?,
                checksum.parse().map_err(|e: std::num::ParseIntError| unreadable(3, e.into()))?,
            ))
        })?;
        applied.collect()
    }
}

impl Migrate for Driver<'_> {}
