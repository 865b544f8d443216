//! A ledger of an earlier version is brought forward with everything in it.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{full_inquiry, noted};
use given::{API_KEY, MCH_ID, WORKWX_SECRET, entry, full_record, record};
use hongbao_ledger::{Inquiries, Ledger, LedgerError, Record, SealKey, SqliteLedger};
use hongbao_wire::send::Sender;
use std::path::Path;

const V1: &str = include_str!("given/v1.sql");
const V1_KEY: &[u8; 32] = b"marker-seal-key-of-version-1-abc";

/// The ledger that `v1.sql` describes, and its key.
fn ledger_of_v1(path: &Path) -> SealKey {
    let direct = rusqlite::Connection::open(path).unwrap();
    direct.execute_batch(V1).unwrap();
    let key_path = path.with_extension("key");
    std::fs::write(&key_path, V1_KEY).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&key_path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    SealKey::load(key_path).unwrap()
}

async fn check(ledger: &SqliteLedger) {
    let merchant = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(merchant.balance.get(), 999);
    assert_eq!(
        (merchant.api_key.expose(), merchant.workwx_secret.expose()),
        (API_KEY, WORKWX_SECRET)
    );
    let mut full = Record { version: 2, ..full_record(MCH_ID, "full") };
    full.order.sender = Sender::Name("张三 ' \" ]]>".into());
    assert_eq!(ledger.find(&full.key).await.unwrap().as_ref(), Some(&full));
    let history = ledger.history(&full.key).await.unwrap();
    assert_eq!(history, [entry("accepted"), entry("moved")]);
    let bare = record(MCH_ID, "bare");
    assert_eq!(ledger.find(&bare.key).await.unwrap().as_ref(), Some(&bare));
    assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("+1h"));
}

#[tokio::test]
async fn a_ledger_of_version_1_is_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of_v1(&path);
    let ledger = SqliteLedger::open(&path, key.clone()).unwrap();
    check(&ledger).await;
    let inquiry = full_inquiry(MCH_ID, "full");
    assert_eq!(ledger.commit_inquiry(noted(inquiry.clone())).await.unwrap(), 1);
    drop(ledger);
    // Once: opening it again changes nothing.
    let ledger = SqliteLedger::open(&path, key).unwrap();
    check(&ledger).await;
    assert_eq!(ledger.inquiry(&inquiry.key).await.unwrap(), Some(inquiry));
    let direct = rusqlite::Connection::open(&path).unwrap();
    let ask = |query: &str| direct.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(ask("PRAGMA user_version"), 3);
    assert_eq!(ask("SELECT count(*) FROM refinery_schema_history"), 3);
}

/// What was brought forward has the very tables of what was made anew.
#[tokio::test]
async fn a_ledger_brought_forward_is_like_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let schema = |name: &str| -> Vec<String> {
        let direct = rusqlite::Connection::open(folder.path().join(name)).unwrap();
        let mut statement = direct
            .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let key = ledger_of_v1(&folder.path().join("old"));
    assert!(!schema("old").iter().any(|sql| sql.contains("inquiries")));
    SqliteLedger::open(folder.path().join("old"), key).unwrap();
    SqliteLedger::open(folder.path().join("new"), SealKey::generate()).unwrap();
    let bare = |name: &str| -> Vec<String> {
        schema(name).iter().map(|sql| sql.replace(['"', '\''], "")).collect()
    };
    assert_eq!(bare("old"), bare("new"));
}

#[tokio::test]
async fn a_ledger_that_another_program_changed_is_not_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of_v1(&path);
    let direct = rusqlite::Connection::open(&path).unwrap();
    direct.execute_batch("CREATE TABLE runs (x)").unwrap();
    let refused = SqliteLedger::open(&path, key);
    assert!(matches!(refused, Err(LedgerError::Storage(_))), "{refused:?}");
    let version: i64 = direct.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let tables: i64 = direct
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'inquiries'", [], |r| r.get(0))
        .unwrap();
    assert_eq!((version, tables), (1, 0), "nothing of it stays");
}
