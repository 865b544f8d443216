//! A backup is the ledger of one moment, whole, while others write.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{full_inquiry, noted};
use given::{MCH_ID, first, merchant, next, record};
use hongbao_ledger::audit::Progress;
use hongbao_ledger::{
    Archive, Audit, Filter, Inquiries, Key, Ledger, LedgerError, SealKey, SqliteLedger,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn ledger(folder: &Path) -> (Arc<SqliteLedger>, SealKey) {
    let key = SealKey::generate();
    let ledger = SqliteLedger::open(folder.join("ledger.sqlite"), key.clone()).unwrap();
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    for number in 0..20 {
        ledger.commit(first(record(MCH_ID, &number.to_string()))).await.unwrap();
    }
    ledger.commit_inquiry(noted(full_inquiry(MCH_ID, "full"))).await.unwrap();
    (Arc::new(ledger), key)
}

#[tokio::test]
async fn a_backup_is_the_ledger_and_opens_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, key) = ledger(folder.path()).await;
    let to = folder.path().join("backup.sqlite");
    let heads = ledger.backup(&to).unwrap();
    assert_eq!(heads, ledger.heads().await.unwrap());
    assert_eq!(heads.iter().map(|head| head.position).collect::<Vec<_>>(), [20, 1]);
    ledger.commit(next(record(MCH_ID, "1"), 1)).await.unwrap();
    let copy = SqliteLedger::open(&to, key).unwrap();
    assert_eq!(copy.heads().await.unwrap(), heads);
    let one = copy.find(&Key::new(MCH_ID, "1")).await.unwrap().unwrap();
    assert_eq!(one, record(MCH_ID, "1"), "of that moment");
    let full = full_inquiry(MCH_ID, "full");
    assert_eq!(copy.inquiry(&full.key).await.unwrap(), Some(full));
    let report = Audit::new().run(&copy, &mut |_: Progress| {}).await.unwrap();
    assert_eq!(report.faults, []);
    // And it is a ledger like any other.
    copy.commit(next(record(MCH_ID, "1"), 1)).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = ledger(folder.path()).await;
    let to = folder.path().join("backup.sqlite");
    ledger.backup(&to).unwrap();
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_backup_never_takes_the_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = ledger(folder.path()).await;
    let to = folder.path().join("backup.sqlite");
    fs::write(&to, "mine").unwrap();
    let own = folder.path().join("ledger.sqlite");
    for taken in [&to, &own, &folder.path().to_owned(), &folder.path().join("no/backup")] {
        let refused = ledger.backup(taken);
        assert!(matches!(refused, Err(LedgerError::Storage(_))), "{taken:?}: {refused:?}");
    }
    assert_eq!(fs::read(&to).unwrap(), b"mine");
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let parts = names.filter(|name| name.to_string_lossy().ends_with(".part")).count();
    assert_eq!(parts, 0, "nothing is left lying about");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_taken_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, key) = ledger(folder.path()).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (ledger, is_done) = (ledger.clone(), is_done.clone());
        async move {
            let mut number = 0_u64;
            while !is_done.load(Ordering::SeqCst) {
                ledger.commit(first(record(MCH_ID, &format!("w{number}")))).await.unwrap();
                number += 1;
            }
            number
        }
    });
    let mut last = 0;
    for number in 0..5 {
        let to = folder.path().join(format!("backup{number}"));
        let heads = tokio::task::block_in_place(|| ledger.backup(&to)).unwrap();
        assert!(heads[0].position >= last, "later ones hold no less");
        last = heads[0].position;
        let copy = SqliteLedger::open(&to, key.clone()).unwrap();
        let report = Audit::new().run(&copy, &mut |_: Progress| {}).await.unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(report.heads, heads);
        let filter = Filter { limit: 1, ..Filter::default() };
        assert_eq!(copy.records(MCH_ID, &filter).await.unwrap().len(), 1);
    }
    is_done.store(true, Ordering::SeqCst);
    let written = writer.await.unwrap();
    assert_eq!(ledger.heads().await.unwrap()[0].position, 20 + written);
}
