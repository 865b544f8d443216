//! The stores that the suite runs against.

use crate::given;
use hongbao_ledger::{
    Inquiries, Ledger, MemoryLedger, PostgresLedger, PostgresOptions, SealKey, SqliteLedger,
};
use hongbao_postgres_test::TestServer;
use std::sync::Arc;
use tempfile::TempDir;

/// Everything that a store does.
pub type Whole = Arc<dyn hongbao_ledger::Store>;

/// A store with two merchants of ten yuan each, and the folder that it lives in.
pub struct Store {
    whole: Whole,
    _folder: Option<TempDir>,
}

impl From<&Store> for Whole {
    fn from(store: &Store) -> Self {
        store.whole.clone()
    }
}

impl From<&Store> for Arc<dyn Ledger> {
    fn from(store: &Store) -> Self {
        store.whole.clone()
    }
}

impl From<&Store> for Arc<dyn Inquiries> {
    fn from(store: &Store) -> Self {
        store.whole.clone()
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

async fn with_merchants(whole: Whole, folder: Option<TempDir>) -> Store {
    for mch_id in [given::MCH_ID, given::OTHER_MCH_ID] {
        whole.add_merchant(given::merchant(mch_id, 1_000)).await.unwrap();
    }
    Store { whole, _folder: folder }
}
