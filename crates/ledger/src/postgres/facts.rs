//! What a database is, for those who look after it.

use super::door::Door;
use super::fault::Fault;
use super::{PostgresLedger, PostgresOptions, migrations};
use crate::error::LedgerError;

impl PostgresLedger {
    /// The version of the tables of every ledger that this program opened.
    pub const SCHEMA_VERSION: i64 = migrations::NEWEST;

    /// Whether there is a ledger in the database, whoever's key it has. Nothing is made.
    ///
    /// # Errors
    /// [`LedgerError::Address`], [`LedgerError::Unreachable`], [`LedgerError::NotDurable`].
    pub async fn is_there(options: &PostgresOptions) -> Result<bool, LedgerError> {
        let door = Door::new(options)?;
        let mut object = door.object().await?;
        let begun = object.transaction().await.map_err(Fault::from)?;
        Ok(migrations::version(&begun).await? > 0)
    }

    /// The room that the database takes, bytes; `None` where the server does not say.
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub async fn bytes(&self) -> Result<Option<u64>, LedgerError> {
        let query = "SELECT pg_database_size(current_database())";
        self.told(query, |row| row.try_get(0))
            .await
            .map(|bytes: Option<i64>| bytes.and_then(|bytes| u64::try_from(bytes).ok()))
    }

    /// Whether both are the same ledger in the same running database, by whichever names they were reached: the
    /// same sealed probe, which is drawn when a ledger is made, and no clone of it on another server. Of a server that
    /// does not say since when it runs: no.
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub async fn is_same(&self, other: &Self) -> Result<bool, LedgerError> {
        let query = "SELECT sealed, pg_catalog.pg_postmaster_start_time()::text, \
             current_database()::text FROM seal_probe WHERE name = 'probe'";
        let read = |row: &tokio_postgres::Row| -> Result<_, tokio_postgres::Error> {
            let (sealed, since, name): (Vec<u8>, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok((sealed, since, name))
        };
        let (ours, theirs) = (self.told(query, read).await?, other.told(query, read).await?);
        Ok(ours.is_some() && ours == theirs)
    }

    /// Whether its connections are encrypted; `None` where the server does not say.
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub async fn is_encrypted(&self) -> Result<Option<bool>, LedgerError> {
        let query = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()";
        self.told(query, |row| row.try_get(0)).await
    }

    /// A value that not every server that speaks PostgreSQL's protocol has.
    async fn told<T>(
        &self,
        query: &str,
        read: impl Fn(&tokio_postgres::Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Option<T>, LedgerError> {
        let read = |row: &tokio_postgres::Row| read(row).map_err(|e| Fault::from(e).error);
        match self.door.one(query, &[], read).await {
            Err(LedgerError::Storage(_)) => Ok(None),
            told => told,
        }
    }
}
