//! The file: opening, sharing, damage, a full disk, secrets.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{full_inquiry, noted};
use given::{
    API_KEY, MCH_ID, OTHER_MCH_ID, WORKWX_SECRET, budget, first, full_record, merchant, record,
    spending,
};
use hongbao_ledger::{
    Commit, Durability, Inquiries, Key, Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with a closed ledger that holds two merchants and fifty packets.
struct Closed {
    folder: TempDir,
    key: SealKey,
}

impl Closed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let closed = Self { folder, key: SealKey::generate() };
        let ledger = closed.open().unwrap();
        for mch_id in [MCH_ID, OTHER_MCH_ID] {
            ledger.add_merchant(merchant(mch_id, 1_000)).await.unwrap();
        }
        for number in 0..50 {
            ledger.commit(first(record(MCH_ID, &number.to_string()))).await.unwrap();
        }
        closed
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    fn open(&self) -> Result<SqliteLedger, LedgerError> {
        SqliteLedger::open(self.path(), self.key.clone())
    }

    fn damaged(&self) -> bool {
        matches!(self.open(), Err(LedgerError::Damaged(_)))
    }
}

#[tokio::test]
async fn it_says_what_its_durability_rests_on() {
    let closed = Closed::new().await;
    let wanted = Durability { journal_mode: "wal".to_owned(), synchronous: 2 };
    assert_eq!(closed.open().unwrap().durability(), &wanted);
}

#[tokio::test]
async fn reopening_finds_everything() {
    let closed = Closed::new().await;
    let ledger = closed.open().unwrap();
    let full = full_record(MCH_ID, "full");
    let commit = Commit { reply: Some("reply".into()), ..first(full.clone()) };
    ledger.commit(Commit { budget: Some(budget(1)), ..commit }).await.unwrap();
    ledger.set_setting("clock", "+1h").await.unwrap();
    let version = ledger.merchants_version().await.unwrap();
    drop(ledger);

    let ledger = closed.open().unwrap();
    assert_eq!(ledger.find(&full.key).await.unwrap(), Some(full.clone()));
    assert_eq!(ledger.reply(MCH_ID, "full").await.unwrap(), Some("reply".into()));
    assert_eq!(ledger.history(&full.key).await.unwrap(), [given::entry("accepted")]);
    assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("+1h"));
    assert_eq!(ledger.merchants_version().await.unwrap(), version);
    let found = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!((found.balance.get(), found.api_key.expose()), (999, API_KEY));
}

#[tokio::test]
async fn two_that_have_it_open_see_each_others_changes() {
    let closed = Closed::new().await;
    let (one, other) = (closed.open().unwrap(), closed.open().unwrap());
    for number in 0..50_u64 {
        let (writes, reads) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let before = reads.merchants_version().await.unwrap();
        writes.add_merchant(merchant(&format!("m{number}"), 0)).await.unwrap();
        assert_eq!(reads.merchants_version().await.unwrap(), before + 1);
        writes.commit(first(record(MCH_ID, &format!("both{number}")))).await.unwrap();
        let key = Key::new(MCH_ID, format!("both{number}"));
        assert!(reads.find(&key).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_may_write_at_the_same_time() {
    let closed = Closed::new().await;
    let ledgers = [Arc::new(closed.open().unwrap()), Arc::new(closed.open().unwrap())];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let ledger = ledgers[task % 2].clone();
        tasks.spawn(async move {
            for number in 0..8 {
                let commit = spending(&format!("{task}.{number}"), budget(1));
                ledger.commit(commit).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let balance = ledgers[0].merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(balance, 1_000 - 32 * 8);
}

#[test]
fn many_may_make_it_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key_path = folder.path().join("ledger.key");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let key = SealKey::load_or_create(&key_path).unwrap();
                SqliteLedger::open(&path, key).unwrap();
            });
        }
    });
}

#[test]
fn a_path_that_cannot_be_a_ledger_is_a_storage_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let paths = [folder.path().to_owned(), folder.path().join("no/ledger"), file.join("ledger")];
    for path in paths {
        let refused = SqliteLedger::open(&path, SealKey::generate());
        assert!(matches!(refused, Err(LedgerError::Storage(_))), "{path:?}: {refused:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_not_writable_is_a_storage_error() {
    // Not even the superuser makes files there.
    let refused = SqliteLedger::open("/proc/ledger.sqlite", SealKey::generate());
    assert!(matches!(refused, Err(LedgerError::Storage(_))), "{refused:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let closed = Closed::new().await;
    let ledger = closed.open().unwrap();
    ledger.set_setting("clock", "1").await.unwrap();
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let metadata = fs::metadata(closed.folder.path().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_damaged() {
    let closed = Closed::new().await;
    for content in [&b"x"[..], b"SQLite format 3\0", &[0; 4096], &[0xa5; 10_000]] {
        fs::write(closed.path(), content).unwrap();
        assert!(closed.damaged(), "{} bytes", content.len());
        assert_eq!(fs::read(closed.path()).unwrap(), content, "it is left as it was");
    }
    fs::remove_file(closed.path()).unwrap();
    let foreign = rusqlite::Connection::open(closed.path()).unwrap();
    foreign.execute_batch("CREATE TABLE records (x); PRAGMA user_version = 1").unwrap();
    drop(foreign);
    let Err(LedgerError::Damaged(why)) = closed.open() else { panic!("it was opened") };
    assert_eq!(why, "it is a database, but not a ledger");
}

#[tokio::test]
async fn a_file_that_is_cut_is_damaged() {
    let closed = Closed::new().await;
    let whole = fs::read(closed.path()).unwrap();
    for keep in [17, 99, 100, 4_095, 4_096, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        fs::write(closed.path(), &whole[..keep]).unwrap();
        assert!(closed.damaged(), "{keep} of {} bytes", whole.len());
    }
    fs::write(closed.path(), &whole).unwrap();
    assert_eq!(closed.open().unwrap().merchants().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_page_that_is_overwritten_is_damaged() {
    let closed = Closed::new().await;
    let whole = fs::read(closed.path()).unwrap();
    for page in 1..whole.len() / 4_096 {
        let mut changed = whole.clone();
        changed[page * 4_096..(page + 1) * 4_096].fill(0xff);
        fs::write(closed.path(), changed).unwrap();
        assert!(closed.damaged(), "page {page}");
    }
}

#[tokio::test]
async fn a_changed_header_never_panics() {
    let closed = Closed::new().await;
    let whole = fs::read(closed.path()).unwrap();
    for at in 0..100 {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        fs::write(closed.path(), changed).unwrap();
        match closed.open() {
            // Counters and the like: nothing hangs on them.
            Ok(ledger) => assert_eq!(ledger.merchants().await.unwrap().len(), 2, "byte {at}"),
            Err(LedgerError::Damaged(_) | LedgerError::NewerVersion { .. }) => {}
            Err(other) => panic!("byte {at}: {other}"),
        }
        let magic_or_id = (0..16).contains(&at) || (68..72).contains(&at);
        fs::write(closed.path(), &whole).unwrap();
        if magic_or_id {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(closed.path(), changed).unwrap();
            assert!(closed.damaged(), "byte {at}");
            fs::write(closed.path(), &whole).unwrap();
        }
    }
}

#[tokio::test]
async fn a_newer_ledger_is_refused_and_left_as_it_is() {
    let closed = Closed::new().await;
    let newer = rusqlite::Connection::open(closed.path()).unwrap();
    newer.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(newer);
    let before = fs::read(closed.path()).unwrap();
    let refused = closed.open();
    assert!(
        matches!(refused, Err(LedgerError::NewerVersion { found: 7, known: 3 })),
        "{refused:?}"
    );
    assert_eq!(fs::read(closed.path()).unwrap(), before);
}

#[tokio::test]
async fn another_key_file_is_refused() {
    let closed = Closed::new().await;
    let other = SqliteLedger::open(closed.path(), SealKey::generate());
    assert!(matches!(other, Err(LedgerError::Unsealable)), "{other:?}");
    // Also before there is any merchant.
    let path = closed.folder.path().join("empty.sqlite");
    SqliteLedger::open(&path, closed.key.clone()).unwrap();
    let other = SqliteLedger::open(&path, SealKey::generate());
    assert!(matches!(other, Err(LedgerError::Unsealable)), "{other:?}");
    SqliteLedger::open(&path, closed.key.clone()).unwrap();
}

#[tokio::test]
async fn a_secret_moved_to_another_merchant_does_not_open() {
    let closed = Closed::new().await;
    let direct = rusqlite::Connection::open(closed.path()).unwrap();
    let swap = "UPDATE merchants SET api_key = \
                (SELECT api_key FROM merchants WHERE mch_id = '10000099')";
    direct.execute_batch(swap).unwrap();
    drop(direct);
    let ledger = closed.open().unwrap();
    let refused = ledger.merchant(MCH_ID).await;
    assert!(matches!(refused, Err(LedgerError::Unsealable)));
    ledger.merchant(OTHER_MCH_ID).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_value_that_cannot_be_is_damage() {
    let closed = Closed::new().await;
    let direct = rusqlite::Connection::open(closed.path()).unwrap();
    let changes = [
        "total_amount = -1",
        "told = 9",
        "version = -1",
        "status_at = 9223372036854775807",
        "scene_id = 'PRODUCT_9'",
        "wishing = x'ff'",
        "sender_name = 'a', agentid = 1",
        "openid = 'o', amount = NULL",
    ];
    let ledger = closed.open().unwrap();
    for (number, change) in changes.iter().enumerate() {
        direct
            .execute(&format!("UPDATE records SET {change} WHERE mch_billno = '{number}'"), [])
            .unwrap();
        let found = ledger.find(&Key::new(MCH_ID, number.to_string())).await;
        assert!(matches!(found, Err(LedgerError::Damaged(_))), "{change}: {found:?}");
    }
}

#[tokio::test]
async fn a_value_that_no_inquiry_can_have_is_damage() {
    let closed = Closed::new().await;
    let direct = rusqlite::Connection::open(closed.path()).unwrap();
    let changes = [
        "version = -1",
        "sends = -1",
        "asks = 4294967296",
        "is_final = 'yes'",
        "noted_at = 9223372036854775807",
        "due_at = x'00'",
        "total_amount = NULL",
        "seen_total_amount = -1",
        "verdict = x'ff'",
        "reply = 'text'",
        "sender_name = 'a', agentid = 1",
    ];
    let ledger = closed.open().unwrap();
    for (number, change) in changes.iter().enumerate() {
        let mut inquiry = full_inquiry(MCH_ID, &number.to_string());
        inquiry.seen.as_mut().unwrap().total_amount = Some(given::fen(1));
        ledger.commit_inquiry(noted(inquiry.clone())).await.unwrap();
        direct
            .execute(&format!("UPDATE inquiries SET {change} WHERE mch_billno = '{number}'"), [])
            .unwrap();
        let found = ledger.inquiry(&inquiry.key).await;
        assert!(matches!(found, Err(LedgerError::Damaged(_))), "{change}: {found:?}");
    }
}

#[tokio::test]
async fn no_secret_stands_in_any_file() {
    let closed = Closed::new().await;
    let ledger = closed.open().unwrap();
    ledger.update_merchant(merchant(MCH_ID, 0)).await.unwrap();
    let holds = |path: &Path, marker: &[u8]| {
        fs::read(path).unwrap().windows(marker.len()).any(|window| window == marker)
    };
    let check = || {
        let files: Vec<PathBuf> =
            fs::read_dir(closed.folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
        for path in &files {
            assert!(!holds(path, API_KEY) && !holds(path, WORKWX_SECRET), "{path:?}");
        }
        files
    };
    assert!(check().iter().any(|path| path.ends_with("ledger.sqlite-wal")), "while it is open");
    drop(ledger);
    check();
    assert!(holds(&closed.path(), MCH_ID.as_bytes()), "the search finds what is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_an_error_and_passes() {
    let closed = Closed::new().await;
    let options = SqliteOptions { pages_max: Some(60), ..SqliteOptions::default() };
    let small = SqliteLedger::open_with(closed.path(), closed.key.clone(), options).unwrap();
    small.set_setting("clock", "1").await.unwrap();
    let of = |number: u32| Commit {
        reply: Some(vec![7; 1_000].into()),
        ..first(record(OTHER_MCH_ID, &number.to_string()))
    };
    let mut kept = 0;
    let error = loop {
        match small.commit(of(kept)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, LedgerError::Storage(why) if why.contains("full")), "{error}");
    // What is there is still there; what needs no room still works.
    for number in 0..kept {
        let key = Key::new(OTHER_MCH_ID, number.to_string());
        assert!(small.find(&key).await.unwrap().is_some());
    }
    assert_eq!(small.find(&Key::new(OTHER_MCH_ID, kept.to_string())).await.unwrap(), None);
    small.set_setting("clock", "2").await.unwrap();
    small.check().await.unwrap();
    // One that fills the disk does not take those with it that share its transaction.
    let big = Commit { reply: Some(vec![7; 1_000_000].into()), ..of(kept) };
    let (big, little) = tokio::join!(small.commit(big), small.set_setting("clock", "3"));
    assert!(matches!(big, Err(LedgerError::Storage(_))), "{big:?}");
    little.unwrap();
    drop(small);
    let roomy = closed.open().unwrap();
    assert_eq!(roomy.commit(of(kept)).await.unwrap(), 1);
    assert_eq!(roomy.setting("clock").await.unwrap().as_deref(), Some("3"));
}

/// Whoever cannot begin is told so with all that wait beside it, not one after another.
#[tokio::test]
async fn another_that_writes_for_long_is_waited_for_once() {
    const COMMITS: u32 = 64;
    let closed = Closed::new().await;
    let options =
        SqliteOptions { busy_timeout: Duration::from_millis(200), ..SqliteOptions::default() };
    let wait = options.busy_timeout;
    let ledger = SqliteLedger::open_with(closed.path(), closed.key.clone(), options).unwrap();
    let other = rusqlite::Connection::open(closed.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ledger = Arc::new(ledger);
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..COMMITS {
        let ledger = ledger.clone();
        let commit = first(record(MCH_ID, &format!("busy{number}")));
        tasks.spawn(async move { ledger.commit(commit).await });
    }
    for committed in tasks.join_all().await {
        assert!(matches!(committed, Err(LedgerError::Storage(_))), "{committed:?}");
    }
    assert!(began.elapsed() < wait * COMMITS / 2, "{:?}", began.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    ledger.commit(first(record(MCH_ID, "busy0"))).await.unwrap();
}

/// What a killed process left in the log may be in memory alone: it is written again where it is, and
/// nothing is appended to it.
#[tokio::test]
async fn a_log_that_was_left_is_written_again() {
    a_log_is_written_again(false).await;
}

/// SQLite's log lies beside the file, not beside the link.
#[cfg(unix)]
#[tokio::test]
async fn a_log_that_was_left_is_written_again_where_a_link_names_the_file() {
    a_log_is_written_again(true).await;
}

async fn a_log_is_written_again(is_linked: bool) {
    let closed = Closed::new().await;
    let killed = closed.open().unwrap();
    killed.set_setting("clock", "left").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let beside = |name: &str| folder.path().join(name);
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        fs::copy(closed.folder.path().join(name), beside(name)).unwrap();
    }
    let left = fs::read(beside("ledger.sqlite-wal")).unwrap();
    // The same file under another name, as the ledger removes it once it is in the database.
    fs::hard_link(beside("ledger.sqlite-wal"), beside("witness")).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    fs::File::options()
        .write(true)
        .open(beside("witness"))
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let links = tempfile::tempdir().unwrap();
    let mut named = beside("ledger.sqlite");
    #[cfg(unix)]
    if is_linked {
        named = links.path().join("link");
        std::os::unix::fs::symlink(beside("ledger.sqlite"), &named).unwrap();
    }
    let ledger = SqliteLedger::open(&named, closed.key.clone()).unwrap();
    assert_ne!(fs::metadata(beside("witness")).unwrap().modified().unwrap(), long_ago);
    assert_eq!(fs::read(beside("witness")).unwrap(), left);
    assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("left"));
    // Beside one that has it open, the log is left to that one.
    drop(SqliteLedger::open(beside("ledger.sqlite"), closed.key.clone()).unwrap());
    ledger.set_setting("clock", "right").await.unwrap();
    assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("right"));
}

#[tokio::test]
async fn settings_of_durability_are_in_force() {
    let closed = Closed::new().await;
    let _open = closed.open().unwrap();
    let direct = rusqlite::Connection::open(closed.path()).unwrap();
    let ask = |pragma: &str| -> String {
        direct
            .query_row(&format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    assert_eq!(ask("journal_mode"), "wal");
    assert_eq!(ask("application_id"), 0x686e_6762.to_string());
    assert_eq!(ask("user_version"), "3");
}

#[test]
fn more_than_two_gib_of_a_file_can_be_mapped() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let direct = rusqlite::Connection::open(file.path()).unwrap();
    let wanted = i64::try_from(SqliteOptions::default().mmap_bytes).unwrap();
    let granted: i64 =
        direct.pragma_update_and_check(None, "mmap_size", wanted, |row| row.get(0)).unwrap();
    assert_eq!(granted, wanted, "SQLite was built without the flag of `.cargo/config.toml`");
}

#[tokio::test]
async fn every_key_leads_with_the_merchant() {
    let closed = Closed::new().await;
    let direct = rusqlite::Connection::open(closed.path()).unwrap();
    let mut statement = direct
        .prepare(
            "SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND p.pk = 1 ORDER BY m.name",
        )
        .unwrap();
    let leading: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let of = |table: &str, column: &str| (table.to_owned(), column.to_owned());
    assert_eq!(
        leading,
        [
            of("chains", "mch_id"),
            of("findings", "mch_id"),
            of("history", "mch_id"),
            of("inquiries", "mch_id"),
            of("inquiry_history", "mch_id"),
            of("merchants", "mch_id"),
            of("paces", "mch_id"),
            of("records", "mch_id"),
            of("refinery_schema_history", "version"),
            of("run_rows", "mch_id"),
            of("runs", "mch_id"),
            of("seal_probe", "name"),
            of("settings", "name"),
            of("totals", "mch_id"),
            of("usage", "mch_id"),
        ]
    );
}

#[tokio::test]
async fn it_prints_no_secret() {
    let closed = Closed::new().await;
    let ledger = closed.open().unwrap();
    let printed = format!("{ledger:?} {:?}", ledger.merchants().await.unwrap());
    assert!(!printed.contains("marker"), "{printed}");
}
