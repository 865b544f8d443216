//! The stores that the suite runs against.

use crate::given;
use hongbao_ledger::{
    Inquiries, Ledger, MemoryLedger, PostgresLedger, PostgresOptions, SealKey, SqliteLedger,
};
use hongbao_postgres_test::TestServer;
use std::sync::Arc;
use tempfile::TempDir;

/// A store with two merchants of ten yuan each, and the folder that it lives in.
pub struct Store {
    ledger: Arc<dyn Ledger>,
    inquiries: Arc<dyn Inquiries>,
    _folder: Option<TempDir>,
}

impl From<&Store> for Arc<dyn Ledger> {
    fn from(store: &Store) -> Self {
        store.ledger.clone()
    }
}

impl From<&Store> for Arc<dyn Inquiries> {
    fn from(store: &Store) -> Self {
        store.inquiries.clone()
    }
}

pub async fn memory() -> Option<Store> {
    Some(with_merchants(Arc::new(MemoryLedger::new()), None).await)
}

pub async fn sqlite() -> Option<Store> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let ledger = SqliteLedger::open(path, SealKey::generate()).unwrap();
    Some(with_merchants(Arc::new(ledger), Some(folder)).await)
}

/// In a database of its own; `None` where PostgreSQL is not installed.
pub async fn postgres() -> Option<Store> {
    let database = TestServer::shared()?.database();
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    Some(with_merchants(Arc::new(ledger), None).await)
}

async fn with_merchants<L>(ledger: Arc<L>, folder: Option<TempDir>) -> Store
where
    L: Ledger + Inquiries + 'static,
{
    for mch_id in [given::MCH_ID, given::OTHER_MCH_ID] {
        ledger.add_merchant(given::merchant(mch_id, 1_000)).await.unwrap();
    }
    Store { ledger: ledger.clone(), inquiries: ledger, _folder: folder }
}
