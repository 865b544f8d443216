//! The schema, forward only: each step is applied once, in one transaction with the rest.

use super::fault::{Fault, damaged};
use super::rows::get;
use crate::error::LedgerError;
use deadpool_postgres::Transaction as Begun;
use refinery_core::traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction};
use refinery_core::{Migration, Runner};
use tokio_postgres::Row;

const STEPS: [(&str, &str); 2] = [
    ("V1__ledger", include_str!("migrations/V1__ledger.sql")),
    ("V2__bounds", include_str!("migrations/V2__bounds.sql")),
];
/// The newest schema version that this program knows.
pub(super) const NEWEST: i64 = STEPS.len() as i64;
/// Where the migration library keeps what was applied.
const HISTORY: &str = "refinery_schema_history";

/// Which version the schema has; 0: there is none.
pub(super) async fn version(begun: &Begun<'_>) -> Result<i64, Fault> {
    // In the schema that it is made in; another one on the search path may hold somebody else's.
    let query = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1)::text IS NOT NULL";
    let is_there = begun.query_one(query, &[&HISTORY]).await?;
    if !is_there.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let newest = format!("SELECT coalesce(max(version), 0)::bigint FROM {HISTORY}");
    Ok(begun.query_one(&newest, &[]).await?.try_get(0)?)
}

/// Brings the schema to [`NEWEST`] inside the caller's transaction.
pub(super) async fn migrate(begun: &Begun<'_>) -> Result<(), LedgerError> {
    let storage = |e: refinery_core::Error| LedgerError::Storage(format!("migration: {e}"));
    let steps: Result<Vec<Migration>, _> =
        STEPS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    let mut driver = Driver(begun);
    Runner::new(&steps.map_err(storage)?)
        .set_grouped(true)
        .run_async(&mut driver)
        .await
        .map_err(storage)?;
    Ok(())
}

/// The migration library's view of a connection that is inside a transaction already.
struct Driver<'c>(&'c Begun<'c>);

impl AsyncTransaction for Driver<'_> {
    type Error = LedgerError;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        statements: T,
    ) -> Result<usize, Self::Error> {
        let mut count = 0;
        for statement in statements {
            self.0.batch_execute(statement).await.map_err(Fault::from)?;
            count += 1;
        }
        Ok(count)
    }
}

impl AsyncQuery<Vec<Migration>> for Driver<'_> {
    async fn query<'a>(&'a mut self, query: &'a str) -> Result<Vec<Migration>, Self::Error> {
        let rows = self.0.query(query, &[]).await.map_err(Fault::from)?;
        rows.iter().map(applied).collect()
    }
}

impl AsyncMigrate for Driver<'_> {}

fn applied(row: &Row) -> Result<Migration, LedgerError> {
    let (version, name): (i32, String) = (get(row, 0)?, get(row, 1)?);
    let applied_on: &str = get(row, 2)?;
    let applied_on =
        time::OffsetDateTime::parse(applied_on, &time::format_description::well_known::Rfc3339)
            .map_err(|_| damaged("applied_on"))?;
    let checksum = get::<&str>(row, 3)?.parse().map_err(|_| damaged("checksum"))?;
    Ok(Migration::applied(version, name, applied_on, checksum))
}
