//! A disk that is full, may only be read, or fails: what is refused, what still works, and that everything does
//! once the fault is gone.

use crate::state::{State, stored, told};
use crate::story::{FILE, folder, options, states};
use crate::workload::{Act, Step, acts};
use hongbao_crash::{Fault, Shim};
use hongbao_ledger::{Expect, Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Each of the ways in which nothing can be written.
const UNWRITABLE: [fn() -> Fault; 4] = [Fault::full, Fault::read_only, Fault::writes, Fault::syncs];

/// A ledger on a disk that fails when it is told to.
struct Watched {
    folder: TempDir,
    shim: Shim,
    key: SealKey,
}

impl Watched {
    fn new(key: &SealKey) -> Self {
        Self { folder: folder(), shim: Shim::register(), key: key.clone() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Without the map: what is mapped is read without being asked for.
    fn open(&self) -> Result<SqliteLedger, LedgerError> {
        let options = SqliteOptions { mmap_bytes: 0, ..options(Some(self.shim)) };
        SqliteLedger::open_with(self.path(), self.key.clone(), options)
    }

    async fn state(&self, ledger: &SqliteLedger) -> State {
        state(ledger, &self.path()).await
    }
}

async fn state(ledger: &SqliteLedger, path: &Path) -> State {
    let mut state = stored(path).unwrap();
    state.insert("(told)".to_owned(), told(ledger).await.unwrap());
    state
}

/// Every kind of change, one after another.
fn steps() -> Vec<Step> {
    acts(1).iter().flat_map(Act::steps).cloned().collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, LedgerError>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "LEDGER_STORAGE", "{error}");
    error.to_string()
}

/// Makes all changes with this fault in wait; what it hits is made again. Returns whether it hit.
async fn play_struck(fault: Fault, steps: &[Step], wanted: &[State]) -> bool {
    let watched = Watched::new(&SealKey::generate());
    let ledger = watched.open().unwrap();
    watched.shim.fail(fault.clone());
    let mut refusals = 0;
    for (number, step) in steps.iter().enumerate() {
        let mut outcome = step.play(&ledger).await;
        if matches!(outcome, Err(LedgerError::Storage(_))) {
            refused(outcome);
            refusals += 1;
            outcome = step.play(&ledger).await;
        }
        let is_made = !matches!(outcome, Err(LedgerError::Storage(_)));
        assert!(is_made, "{fault:?}: step {number} does not come back: {outcome:?}");
    }
    let struck = watched.shim.lift();
    assert!(refusals <= struck, "{fault:?}: {refusals} refusals");
    let wanted = wanted.last().unwrap();
    assert!(watched.state(&ledger).await == *wanted, "{fault:?}");
    drop(ledger);
    let reopened = watched.open().unwrap();
    assert!(watched.state(&reopened).await == *wanted, "{fault:?}, opened again");
    struck > 0
}

/// The fault hits every call in turn, once in each life; a change that it hits is refused whole.
async fn play_struck_everywhere(fault: impl Fn(u64) -> Fault, step_by: u64) -> u64 {
    let steps = steps();
    let wanted = states(&acts(1), &SealKey::generate()).await;
    let mut lives = 0;
    while play_struck(fault(lives * step_by).once().after(lives * step_by), &steps, &wanted).await {
        lives += 1;
    }
    lives
}

#[tokio::test]
async fn a_write_that_fails_is_refused_whole_and_succeeds_when_made_again() {
    let lives = play_struck_everywhere(
        |call| [Fault::full(), Fault::writes(), Fault::read_only()][call as usize % 3].clone(),
        4,
    )
    .await;
    assert!(lives > 50, "{lives}");
}

#[tokio::test]
async fn a_sync_that_fails_is_refused_whole_and_succeeds_when_made_again() {
    let lives = play_struck_everywhere(|_| Fault::syncs(), 1).await;
    assert!(lives > 15, "{lives}");
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_until_it_can() {
    for fault in UNWRITABLE {
        let watched = Watched::new(&SealKey::generate());
        let ledger = watched.open().unwrap();
        let all = steps();
        for step in &all {
            let _ = step.play(&ledger).await;
        }
        let before = watched.state(&ledger).await;
        watched.shim.fail(fault());
        for step in next_steps() {
            refused(step.play(&ledger).await);
        }
        refused(ledger.check().await);
        // All that was there is still told.
        assert_eq!(told(&ledger).await.unwrap(), before["(told)"], "{:?}", fault());
        assert!(watched.shim.lift() > 0);
        ledger.check().await.unwrap();
        assert!(watched.state(&ledger).await == before, "{:?}", fault());
        for step in next_steps() {
            step.play(&ledger).await.unwrap();
        }
    }
}

/// Of what a second round brings, those changes that nothing but the disk refuses.
fn next_steps() -> Vec<Step> {
    let all: Vec<Step> = acts(2).iter().flat_map(Act::steps).cloned().collect();
    let new = all[steps().len()..].iter().filter(|step| match step {
        Step::Commit(commit) => {
            commit.budget.is_some() && commit.record.key.mch_id == "10000098".into()
        }
        Step::Inquire(commit) => commit.expect == Expect::Absent,
        Step::Set(..) | Step::TopUp(..) | Step::BeginRun(_) => true,
        _ => false,
    });
    new.cloned().collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_never_absent() {
    let watched = Watched::new(&SealKey::generate());
    let ledger = watched.open().unwrap();
    for step in steps() {
        let _ = step.play(&ledger).await;
    }
    drop(ledger);
    // Nothing of it is in memory.
    let options = SqliteOptions { mmap_bytes: 0, cache_kib: 0, ..options(Some(watched.shim)) };
    let ledger = SqliteLedger::open_with(watched.path(), watched.key.clone(), options).unwrap();
    let before = watched.state(&ledger).await;
    let Some(Step::Commit(commit)) = steps().into_iter().find(|s| matches!(s, Step::Commit(_)))
    else {
        panic!("a packet is among them")
    };
    let key = commit.record.key;
    watched.shim.fail(Fault::reads());
    refused(ledger.find(&key).await);
    refused(ledger.reply(key.mch_id.as_str(), key.mch_billno.as_str()).await);
    refused(ledger.history(&key).await);
    refused(told(&ledger).await);
    refused(ledger.check().await);
    watched.shim.lift();
    ledger.check().await.unwrap();
    assert!(watched.state(&ledger).await == before);
}

#[tokio::test]
async fn opening_on_a_disk_that_fails_is_an_error_and_works_afterwards() {
    let watched = Watched::new(&SealKey::generate());
    for fault in UNWRITABLE {
        watched.shim.fail(fault());
        refused(watched.open().map(drop));
        watched.shim.lift();
    }
    let ledger = watched.open().unwrap();
    ledger.set_setting("clock", "1").await.unwrap();
    drop(ledger);
    for fault in UNWRITABLE {
        watched.shim.fail(fault());
        refused(watched.open().map(drop));
        watched.shim.lift();
        let ledger = watched.open().unwrap();
        assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("1"));
    }
}

/// A small disk of its own; it is taken away at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(folder.path())
            .output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder))
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let status =
            Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap();
        assert!(status.success(), "{how}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Where this user may mount a disk; elsewhere the faults above stand for it.
#[tokio::test]
async fn a_real_disk_that_is_full_or_read_only_is_an_error_and_passes() {
    let Some(disk) = SmallDisk::mount() else {
        return println!("not run: this user may not mount a small disk");
    };
    let path = disk.0.path().join(FILE);
    let key = SealKey::generate();
    let ledger = SqliteLedger::open_with(&path, key.clone(), options(None)).unwrap();
    for step in steps() {
        let _ = step.play(&ledger).await;
    }
    let ballast = disk.0.path().join("ballast");
    let written = std::fs::write(&ballast, vec![1; 16 << 20]);
    assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    let mut kept = 0;
    let error = loop {
        match ledger.set_setting("clock", &format!("{kept} {}", "x".repeat(5_000))).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(refused::<()>(Err(error)).contains("full"));
    assert!(refused(ledger.check().await).contains("full"));
    let clock = ledger.setting("clock").await.unwrap().unwrap();
    assert!(kept == 0 || clock.starts_with(&format!("{} ", kept - 1)), "{kept}");
    std::fs::remove_file(&ballast).unwrap();
    ledger.check().await.unwrap();
    ledger.set_setting("clock", "after").await.unwrap();
    drop(ledger);
    disk.remount("ro");
    refused(SqliteLedger::open_with(&path, key.clone(), options(None)).map(drop));
    disk.remount("rw");
    let ledger = SqliteLedger::open_with(&path, key, options(None)).unwrap();
    assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some("after"));
}
