//! The key file: made once, for its owner alone, or refused.
#![allow(clippy::unwrap_used)]

use hongbao_ledger::{LedgerError, SealKey, SqliteLedger};
use std::fs;
use std::path::Path;

/// Two keys are the same when one opens the ledger that the other made.
fn are_the_same(one: SealKey, other: SealKey) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    SqliteLedger::open(&path, one).unwrap();
    SqliteLedger::open(&path, other).is_ok()
}

fn refusal(path: &Path) -> String {
    match (SealKey::load(path), SealKey::load_or_create(path)) {
        (Err(LedgerError::KeyFile { reason, .. }), Err(LedgerError::KeyFile { .. })) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_made_once_and_read_thereafter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    assert!(matches!(SealKey::load(&path), Err(LedgerError::KeyFile { .. })));
    let made = SealKey::load_or_create(&path).unwrap();
    let read = SealKey::load_or_create(&path).unwrap();
    assert!(are_the_same(made.clone(), read));
    assert!(are_the_same(made, SealKey::load(&path).unwrap()));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(names, [path], "no draft is left");
}

#[test]
fn it_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    SealKey::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(SealKey::create(&path), Err(LedgerError::KeyFile { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn each_is_another() {
    assert!(!are_the_same(SealKey::generate(), SealKey::generate()));
}

#[cfg(unix)]
#[test]
fn it_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    SealKey::load_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(refusal(&path).contains("0600"), "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    SealKey::load(&path).unwrap();
}

#[test]
fn a_file_of_another_length_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    SealKey::create(&path).unwrap();
    for length in [0, 31, 33, 1000] {
        fs::write(&path, vec![b'k'; length]).unwrap();
        assert_eq!(refusal(&path), "does not hold exactly 32 bytes");
    }
}

#[test]
fn what_is_no_file_or_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refusal(folder.path()), "is not a plain file");
    assert!(refusal(&folder.path().join("no/ledger.key")).starts_with("cannot be used"));
}
