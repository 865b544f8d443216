//! A ledger of an earlier version is brought forward with everything in it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod given;

use given::inquiries::{asked, full_inquiry, noted};
use given::{API_KEY, MCH_ID, OTHER_MCH_ID, WORKWX_SECRET, entry, full_record, next, record};
use hongbao_ledger::audit::Progress;
use hongbao_ledger::{
    Archive, Audit, Book, Head, Inquiries, Key, Ledger, LedgerError, Migrating, OnMigration,
    Record, SealKey, SqliteLedger, SqliteOptions,
};
use hongbao_wire::send::Sender;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const V1: &str = include_str!("given/v1.sql");
const V2: &str = include_str!("given/v2.sql");
const OLD_KEY: &[u8; 32] = b"marker-seal-key-of-version-1-abc";

/// The ledger that a file of statements describes, and its key.
fn ledger_of(statements: &str, path: &Path) -> SealKey {
    let direct = rusqlite::Connection::open(path).unwrap();
    direct.execute_batch(statements).unwrap();
    let key_path = path.with_extension("key");
    std::fs::write(&key_path, OLD_KEY).unwrap();
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

/// Nothing is wrong; the ends of the chains.
async fn audited(ledger: &SqliteLedger) -> Vec<(Book, String, u64)> {
    let report = Audit::new().run(ledger, &mut |_: Progress| {}).await.unwrap();
    assert_eq!(report.faults, []);
    let end = |head: Head| (head.book, head.mch_id.to_string(), head.position);
    report.heads.into_iter().map(end).collect()
}

/// Every entry is chained in the order in which it was written, the last of each packet with
/// what is known, and the totals are what the packets come to.
#[tokio::test]
async fn a_ledger_of_version_2_is_chained_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of(V2, &path);
    let ledger = SqliteLedger::open(&path, key.clone()).unwrap();
    let ends = |(book, mch_id, position): (Book, &str, u64)| (book, mch_id.to_owned(), position);
    let wanted = [
        (Book::Records, MCH_ID, 6),
        (Book::Records, OTHER_MCH_ID, 1),
        (Book::Inquiries, MCH_ID, 3),
        (Book::Inquiries, "nobody", 1),
    ];
    assert_eq!(audited(&ledger).await, wanted.map(ends));
    let links = ledger.links(Book::Records, MCH_ID, 0, 9).await.unwrap();
    let seen: Vec<_> = links
        .iter()
        .map(|link| (link.mch_billno.as_str(), &*link.entry.event, link.state.is_some()))
        .collect();
    assert_eq!(
        seen,
        [
            ("bare", "accepted", false),
            ("bare", "told_unclear", false),
            ("full", "accepted", false),
            ("bare", "moved", false),
            ("bare", "told_clear", true),
            ("full", "moved", true),
        ]
    );
    let full = Record { version: 2, ..full_record(MCH_ID, "full") };
    let found = ledger.find(&full.key).await.unwrap().unwrap();
    assert_eq!((found.version, found.status), (full.version, full.status));
    let history = ledger.history(&Key::new(MCH_ID, "bare")).await.unwrap();
    assert_eq!(history[0].raw.as_deref(), Some(&b"<xml>\xff</xml>"[..]));
    assert_eq!(history.len(), 4);
    let totals = ledger.totals(Book::Inquiries, MCH_ID, None, None).await.unwrap();
    assert_eq!(totals.iter().map(|total| total.sum.packets).sum::<u64>(), 2);
    let inquiry = ledger.inquiry(&Key::new(MCH_ID, "full")).await.unwrap().unwrap();
    assert_eq!(inquiry.send_reply, Some("sent".into()));
    // The chain goes on where it ends.
    ledger.commit(next(record(MCH_ID, "bare"), 2)).await.unwrap();
    ledger.commit_inquiry(asked(inquiry, 2)).await.unwrap();
    assert_eq!(audited(&ledger).await[0].2, 7);
    drop(ledger);
    let ledger = SqliteLedger::open(&path, key).unwrap();
    assert_eq!(audited(&ledger).await[0].2, 7, "it is chained once");
}

#[tokio::test]
async fn a_ledger_of_version_1_is_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of(V1, &path);
    let ledger = SqliteLedger::open(&path, key.clone()).unwrap();
    check(&ledger).await;
    assert_eq!(audited(&ledger).await, [(Book::Records, MCH_ID.to_owned(), 3)]);
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
    let key = ledger_of(V1, &folder.path().join("old"));
    assert!(!schema("old").iter().any(|sql| sql.contains("inquiries")));
    SqliteLedger::open(folder.path().join("old"), key).unwrap();
    let key = ledger_of(V2, &folder.path().join("second"));
    SqliteLedger::open(folder.path().join("second"), key).unwrap();
    SqliteLedger::open(folder.path().join("new"), SealKey::generate()).unwrap();
    let bare = |name: &str| -> Vec<String> {
        schema(name).iter().map(|sql| sql.replace(['"', '\''], "")).collect()
    };
    assert_eq!(bare("old"), bare("new"));
    assert_eq!(bare("second"), bare("new"));
}

#[tokio::test]
async fn a_ledger_that_another_program_changed_is_not_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of(V1, &path);
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

fn telling(then: impl Fn(Migrating) + Send + Sync + 'static) -> SqliteOptions {
    let on_migration = Some(OnMigration::new(then));
    SqliteOptions { on_migration, ..SqliteOptions::default() }
}

#[tokio::test]
async fn who_opens_an_old_ledger_is_told_how_far_it_is_and_of_a_new_one_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of(V2, &path);
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let options = telling(move |at| noted.lock().unwrap().push((at.rows, at.rows_in_all)));
    SqliteLedger::open_with(&path, key.clone(), options.clone()).unwrap();
    // Entries of both books, then packets of both.
    let wanted = [(0, 17), (7, 17), (11, 17), (14, 17), (17, 17), (17, 17)];
    assert_eq!(*told.lock().unwrap(), wanted);
    SqliteLedger::open_with(&path, key, options.clone()).unwrap();
    SqliteLedger::open_with(folder.path().join("new"), SealKey::generate(), options).unwrap();
    assert_eq!(told.lock().unwrap().len(), wanted.len());
}

const FOLDER: &str = "HONGBAO_TEST_FOLDER";

/// Not a test by itself: a process that is in the midst of bringing a ledger forward, for ever.
#[test]
fn stay_in_the_midst() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let path = Path::new(&folder).join("ledger.sqlite");
    let key = SealKey::load(path.with_extension("key")).unwrap();
    let options = telling(|at| {
        if at.rows > 0 {
            println!("\nin the midst");
            loop {
                std::thread::park();
            }
        }
    });
    SqliteLedger::open_with(path, key, options).unwrap();
}

#[tokio::test]
async fn a_migration_that_is_killed_is_begun_anew_by_the_next_who_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = ledger_of(V2, &path);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["stay_in_the_midst", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map(Result::unwrap).find(|line| line == "in the midst");
    assert!(said.is_some(), "it ended before");
    child.kill().unwrap();
    child.wait().unwrap();
    let version = |path: &Path| -> i64 {
        let direct = rusqlite::Connection::open(path).unwrap();
        direct.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&path), 2, "nothing of it stays");
    let ledger = SqliteLedger::open(&path, key).unwrap();
    assert_eq!(audited(&ledger).await[0].2, 6);
    assert_eq!(version(&path), SqliteLedger::SCHEMA_VERSION);
}
