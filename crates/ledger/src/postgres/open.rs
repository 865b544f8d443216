//! Opening the database: whether it keeps what it acknowledges, and whether the ledger in it is ours.

use super::door::Door;
use super::durability::{self, PostgresDurability};
use super::fault::{Fault, Kind, Outcome};
use super::migrations;
use super::options::PostgresOptions;
use super::retry::Tries;
use crate::error::LedgerError;
use crate::seal::{Place, SealKey};
use deadpool_postgres::Transaction;

const PROBE: Place<'static> = Place { column: "seal_probe", mch_id: "" };
const PROBE_TEXT: &[u8] = b"hongbao";
/// The oldest server that the schema was made for.
const OLDEST: u32 = 150_000;

/// Checks the server, makes or migrates the schema, and binds it to its key file.
pub(super) async fn open(
    door: &Door,
    key: &SealKey,
    options: &PostgresOptions,
) -> Result<PostgresDurability, LedgerError> {
    let mut object = door.object().await?;
    let row = object.query_one(durability::QUERY, &[]).await.map_err(Fault::from)?;
    let found = PostgresDurability::read(&row).map_err(Fault::from)?;
    refuse_server(&found)?;
    if let Some(settings) = found.unsafe_settings().filter(|_| !options.allow_unsafe_durability) {
        return Err(LedgerError::NotDurable(settings));
    }
    let mut tries = Tries::default();
    loop {
        let begun = object.transaction().await.map_err(Fault::from)?;
        match prepare(&begun, key).await {
            Ok(()) => begun.commit().await.map_err(Fault::from)?,
            // Another process made the same at the same time: the next look finds it made.
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => continue,
            Err(fault) => return Err(fault.error),
        }
        return Ok(found);
    }
}

fn refuse_server(found: &PostgresDurability) -> Result<(), LedgerError> {
    let version = &found.server_version;
    if found.version_number < OLDEST {
        let why = format!("the server is PostgreSQL {version}; 15 or newer is needed");
        return Err(LedgerError::Storage(why));
    }
    match found.encoding.as_deref() {
        Some("UTF8") => Ok(()),
        other => {
            let other = other.unwrap_or("unknown");
            Err(LedgerError::Storage(format!("the database's encoding is {other}, not UTF8")))
        }
    }
}

/// Makes what is missing, inside a transaction. [`Kind::Clash`] where making it failed, which it
/// does for the second of two that do so at one time.
async fn prepare(begun: &Transaction<'_>, key: &SealKey) -> Outcome<()> {
    let (found, known) = (migrations::version(begun).await?, migrations::NEWEST);
    if found > known {
        return Err(LedgerError::NewerVersion { found, known }.into());
    }
    if found == 0 {
        refuse_foreign(begun).await?;
    }
    let clash = |error| Fault { error, kind: Kind::Clash };
    if found < known {
        migrations::migrate(begun).await.map_err(clash)?;
    }
    let query = "SELECT sealed FROM seal_probe WHERE name = 'probe'";
    if let Some(row) = begun.query_opt(query, &[]).await? {
        let sealed: Vec<u8> = row.try_get(0)?;
        return Ok(key.open(PROBE, &sealed).map(drop)?);
    }
    let sealed = key.seal(PROBE, PROBE_TEXT)?;
    let insert = "INSERT INTO seal_probe (name, sealed) VALUES ('probe', $1)";
    begun.execute(insert, &[&sealed]).await.map_err(|e| clash(Fault::from(e).error))?;
    Ok(())
}

/// A schema with tables of somebody else's is not ours to add to.
async fn refuse_foreign(begun: &Transaction<'_>) -> Outcome<()> {
    let query = "SELECT count(*) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')";
    match begun.query_one(query, &[]).await?.try_get::<_, i64>(0)? {
        0 => Ok(()),
        _ => Err(LedgerError::Damaged("the database has tables, but no ledger".to_owned()).into()),
    }
}
