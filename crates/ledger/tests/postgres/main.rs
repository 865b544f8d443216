//! What is the PostgreSQL store's alone: what it refuses to run on, how it is reached, what it does when
//! its connections are cut, and its months.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod auditing;
mod cut;
mod erasing;
#[path = "../given/mod.rs"]
mod given;
mod groups;
mod months;
mod opening;
mod proxy;
mod tls;

use hongbao_ledger::{LedgerError, PostgresLedger, PostgresOptions, SealKey};
use hongbao_postgres_test::Database;

/// Opens a database as its owner does, by the socket.
async fn open(database: &Database) -> PostgresLedger {
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    PostgresLedger::open(&options, SealKey::generate()).await.unwrap()
}

/// Why it does not open.
async fn refusal(options: &PostgresOptions) -> LedgerError {
    PostgresLedger::open(options, SealKey::generate()).await.unwrap_err()
}
