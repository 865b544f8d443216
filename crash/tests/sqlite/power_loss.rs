//! The power is cut at every write and sync of a ledger's life: what was acknowledged is there, nothing is
//! invented, and the ledger opens and takes new packets.

use crate::cut::{Plan, Report, cut_everywhere};
use crate::story::{self, Story};
use crate::workload::{Act, Step, acts};
use hongbao_crash::{Fault, Image, Lie};
use hongbao_ledger::SealKey;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

/// How many ways the power is cut at each point; the short form's number where it is not given.
const WAYS: &str = "HONGBAO_TEST_WAYS";
const WAYS_SHORT: usize = 3;
/// How many seeds; each with all points and ways.
const SEEDS: &str = "HONGBAO_TEST_SEEDS";
/// `seed:point:way`, of one cut that failed.
const CUT: &str = "HONGBAO_TEST_CUT";
const SEED: u64 = 20170720;
const ROUNDS: u64 = 6;

fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn only() -> Option<(u64, usize, usize)> {
    let cut = std::env::var(CUT).ok()?;
    let mut parts = cut.split(':').map(|part| part.parse::<u64>().unwrap());
    let mut part = || parts.next().unwrap();
    Some((part(), part() as usize, part() as usize))
}

fn plan(seed: u64) -> Plan {
    Plan { seed, ways: number(WAYS, WAYS_SHORT), lie: None, points: usize::MAX, only: None }
}

fn show(report: &Report) {
    println!(
        "{} points, {} cuts, {} different disks, slowest opening {:?}",
        report.points, report.cuts, report.disks, report.slowest_open
    );
    assert_eq!(report.failures, [""; 0], "{}", report.failures.join("\n"));
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_every_point() {
    let story = Story::live(&acts(ROUNDS));
    if let Some((seed, point, way)) = only() {
        let plan = Plan { ways: way + 1, only: Some((point, way)), ..plan(seed) };
        return show(&cut_everywhere(&story, plan));
    }
    for seed in SEED..SEED + number(SEEDS, 1) {
        let report = cut_everywhere(&story, plan(seed));
        assert!(report.points > 2_000, "{report:?}");
        show(&report);
    }
}

/// The first page of all is written without the log.
#[test]
fn a_ledger_is_made_anew_where_the_power_went_while_it_was_made() {
    let story = Story::live(&acts(0));
    show(&cut_everywhere(&story, Plan { ways: 60, points: 20, ..plan(SEED) }));
}

/// A ledger of the first version, as `v1.sql` describes it, is brought forward.
#[test]
fn a_ledger_that_was_being_brought_forward_is_the_old_one_or_the_new_one() {
    let folder = story::folder();
    let path = folder.path().join(story::FILE);
    let direct = rusqlite::Connection::open(&path).unwrap();
    direct.execute_batch(include_str!("../../../crates/ledger/tests/given/v1.sql")).unwrap();
    drop(direct);
    let key_path = folder.path().join("ledger.key");
    std::fs::write(&key_path, b"marker-seal-key-of-version-1-abc").unwrap();
    std::fs::set_permissions(&key_path, Permissions::from_mode(0o600)).unwrap();
    let key = SealKey::load(key_path).unwrap();
    let image = Image::from([(story::FILE.into(), std::fs::read(path).unwrap())]);
    let acts = [Act::One(Step::Set("clock", "after".to_owned()))];
    let story = Story::live_on(image, key, &acts);
    show(&cut_everywhere(&story, plan(SEED)));
}

/// The same check finds a disk that says that something is there and has not written it.
#[test]
fn a_disk_that_lies_is_found_out() {
    let story = Story::live(&acts(3));
    for lie in [Lie::Log, Lie::Database, Lie::Names] {
        let report = cut_everywhere(&story, Plan { lie: Some(lie), ..plan(SEED) });
        assert!(!report.failures.is_empty(), "{lie:?} was not found in {report:?}");
        println!("{lie:?}: {}", report.failures[0]);
    }
}

/// A disk that fails a sync has dropped what it was to write, and does not say so again. SQLite
/// writes all of it again before it says that anything is there.
#[test]
fn what_a_failed_sync_dropped_is_written_again() {
    for acts in failing_syncs(false) {
        show(&cut_everywhere(&Story::live(&acts), plan(SEED)));
    }
}

/// What is in no file on the disk, but in the system's memory, is what the next process finds.
#[test]
fn what_a_failed_sync_dropped_is_not_built_upon_by_the_next_process() {
    for acts in failing_syncs(true) {
        show(&cut_everywhere(&Story::live(&acts), plan(SEED)));
    }
}

/// Lives in which one of the first changes fails at its sync, and then a checkpoint.
fn failing_syncs(is_killed: bool) -> Vec<Vec<Act>> {
    let fault = Fault::syncs().once();
    [2, 8]
        .into_iter()
        .map(|struck| {
            let mut all = acts(1);
            let Act::One(step) = all[struck].clone() else { panic!("{struck} is one change") };
            all[struck] = Act::Struck { step, fault: fault.clone(), is_killed };
            let database = fault.clone().of_file(story::FILE);
            all.insert(struck + 1, Act::Checkpoint("FULL", Some(database)));
            all.truncate(struck + 10);
            all
        })
        .collect()
}
