//! What a ledger refuses to open, and says of it.

use crate::given::{MCH_ID, merchant};
use crate::{open, refusal};
use hongbao_ledger::{
    Key, Ledger, LedgerError, Password, PostgresLedger, PostgresOptions, SealKey,
};
use hongbao_postgres_test::{Settings, TestServer};

#[tokio::test]
async fn a_server_that_does_not_write_to_disk_is_refused_unless_allowed() {
    let configuration = vec![("fsync".to_owned(), "off".to_owned())];
    let Some(server) = TestServer::start_with(Settings { configuration, ..Settings::default() })
    else {
        return;
    };
    let mut options = PostgresOptions::new(&server.database().socket_url).unwrap();
    let error = refusal(&options).await;
    assert_eq!(error.code(), "LEDGER_NOT_DURABLE");
    assert_eq!(error.to_string(), "the ledger is not durable: the server runs with `fsync=off`");
    options.allow_unsafe_durability = true;
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    let settings = ledger.durability().unsafe_settings();
    assert_eq!(settings.as_deref(), Some("the server runs with `fsync=off`"));
    ledger.check().await.unwrap();
}

#[tokio::test]
async fn a_commit_that_does_not_wait_for_the_disk_is_refused() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let set = |value: &str| {
        let name = &database.name;
        server.sql(name, &format!("ALTER DATABASE {name} SET synchronous_commit = {value}"));
    };
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    set("off");
    let error = refusal(&options).await;
    assert_eq!(
        error.to_string(),
        "the ledger is not durable: the server runs with `synchronous_commit=off`"
    );
    set("remote_apply");
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    let durability = ledger.durability();
    assert_eq!(durability.unsafe_settings(), None);
    assert_eq!(durability.synchronous_commit.as_deref(), Some("remote_apply"));
    assert!(!durability.trusts_the_file_system());
    // It was switched off since: whoever connects from now on says so.
    set("off");
    server.sql(&database.name, &format!("{CUT} AND datname = '{}'", database.name));
    let refused = ledger.check().await.unwrap_err();
    assert!(matches!(refused, LedgerError::NotDurable(_) | LedgerError::Unreachable(_)));
    assert_eq!(ledger.check().await.unwrap_err().code(), "LEDGER_NOT_DURABLE");
}

#[tokio::test]
async fn an_old_connection_is_not_trusted_with_what_it_was_held_to() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let mut options = PostgresOptions::new(&database.socket_url).unwrap();
    options.connection_age_max = std::time::Duration::ZERO;
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    let key = Key::new(MCH_ID, "1");
    assert_eq!(ledger.find(&key).await.unwrap(), None);
    ledger.check().await.unwrap();
    let name = &database.name;
    server.sql(name, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    assert_eq!(ledger.check().await.unwrap_err().code(), "LEDGER_NOT_DURABLE");
    assert_eq!(ledger.find(&key).await.unwrap_err().code(), "LEDGER_NOT_DURABLE");
}

/// Ends every connection of a ledger.
const CUT: &str = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
     WHERE application_name = 'hongbao'";

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let mut options = PostgresOptions::new(&database.url).unwrap();
    options.password = Some(Password::new("marker"));
    let error = refusal(&options).await;
    assert_eq!(error.code(), "LEDGER_UNREACHABLE");
    assert_eq!(
        error.to_string(),
        "the store cannot be reached: password authentication failed for user \"hongbao\" \
         (SQLSTATE 28P01)"
    );
    options.password = None;
    assert_eq!(refusal(&options).await.code(), "LEDGER_UNREACHABLE");
    options.password = Some(Password::new(database.password));
    PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_is_unreachable_and_comes_back_without_hands() {
    let Some(server) = TestServer::start() else { return };
    let ledger = open(&server.database()).await;
    server.stop();
    assert_eq!(ledger.check().await.unwrap_err().code(), "LEDGER_UNREACHABLE");
    let refused = ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap_err();
    assert_eq!(refused.code(), "LEDGER_UNREACHABLE");
    server.resume();
    ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap();
    ledger.check().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_commit_is_not_ready() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    server.sql(
        &database.name,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$; \
         CREATE CONSTRAINT TRIGGER full_disk AFTER UPDATE ON seal_probe \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION full_disk()",
    );
    let error = ledger.check().await.unwrap_err();
    assert_eq!(error.to_string(), "the store failed: no room (SQLSTATE 53100)");
    server.sql(&database.name, "DROP TRIGGER full_disk ON seal_probe");
    ledger.check().await.unwrap();
}

#[tokio::test]
async fn another_key_file_is_refused() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    open(&database).await;
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    assert!(matches!(refusal(&options).await, LedgerError::Unsealable));
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    open(&database).await;
    server.sql(
        &database.name,
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         VALUES (7, 'later', '2027-01-01T00:00:00Z', '1')",
    );
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    let error = refusal(&options).await;
    assert!(matches!(error, LedgerError::NewerVersion { found: 7, known: 2 }), "{error}");
}

#[tokio::test]
async fn the_schema_of_another_ledger_on_the_search_path_is_not_taken_for_its_own() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let name = &database.name;
    open(&database).await;
    server.sql(
        name,
        &format!("CREATE SCHEMA ours; ALTER DATABASE {name} SET search_path = ours, public"),
    );
    // With another key: it is another ledger.
    open(&database).await.check().await.unwrap();
    let probes = "SELECT count(*) FROM ours.seal_probe";
    assert_eq!(server.sql(name, probes), "1");
}

#[tokio::test]
async fn a_database_of_others_tables_is_refused() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    server.sql(&database.name, "CREATE TABLE theirs (one INTEGER)");
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    assert_eq!(refusal(&options).await.code(), "LEDGER_DAMAGED");
    assert_eq!(
        server.sql(&database.name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "1"
    );
}

#[tokio::test]
async fn another_encoding_is_refused() {
    let Some(server) = TestServer::shared() else { return };
    let name = "test_latin1";
    server.sql("postgres", &format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0"));
    let url = server.database().socket_url;
    let (bare, _) = url.rsplit_once('/').unwrap();
    let options = PostgresOptions::new(&format!("{bare}/{name}")).unwrap();
    let error = refusal(&options).await;
    assert_eq!(error.code(), "LEDGER_STORAGE");
    assert!(error.to_string().contains("LATIN1, not UTF8"), "{error}");
}

#[tokio::test]
async fn many_that_open_a_new_ledger_at_one_time_all_find_it_made() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    let key = SealKey::generate();
    let opening = (0..8).map(|_| PostgresLedger::open(&options, key.clone()));
    let opened = futures_util::future::join_all(opening).await;
    for ledger in opened {
        ledger.unwrap().check().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_may_only_be_read_says_so_and_works_again_without_hands() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    let name = &database.name;
    let set = |value: &str| {
        let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        // Whoever is to change it back must be able to.
        server.sql("postgres", &sql);
        server.sql("postgres", &format!("{CUT} AND datname = '{name}'"));
    };
    set("on");
    // A cut connection may be found out by the first who uses it.
    let _ = ledger.check().await;
    let error = ledger.check().await.unwrap_err();
    assert_eq!(error.code(), "LEDGER_STORAGE");
    assert!(error.to_string().contains("read-only"), "{error}");
    assert_eq!(ledger.merchants_version().await.unwrap(), 0);
    let refused = ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap_err();
    assert_eq!(refused.code(), "LEDGER_STORAGE");
    set("off");
    let _ = ledger.check().await;
    ledger.check().await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, 1)).await.unwrap();
}

/// What the first version lacks is taken away again.
const BACK_TO_1: &str = "DROP TABLE detached; DROP INDEX records_status, records_receiver; \
     CREATE INDEX records_status ON records (mch_id, status, mch_billno); \
     CREATE INDEX records_receiver ON records (mch_id, re_openid, total_amount); \
     DELETE FROM refinery_schema_history WHERE version = 2";

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_forward_with_what_it_holds() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let options = PostgresOptions::new(&database.socket_url).unwrap();
    let key = SealKey::generate();
    let ledger = PostgresLedger::open(&options, key.clone()).await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    drop(ledger);
    server.sql(&database.name, BACK_TO_1);
    let ledger = PostgresLedger::open(&options, key).await.unwrap();
    assert_eq!(ledger.merchant(MCH_ID).await.unwrap().unwrap().mch_id.as_str(), MCH_ID);
    drop(ledger);
    // Both fail where it is not there.
    server.sql(&database.name, "SELECT count(*) FROM detached");
    let index = "pg_get_indexdef('records_status'::regclass) LIKE '%\"left\"(status, 64)%'";
    server.sql(&database.name, &format!("SELECT 1 / ({index})::int"));
}
