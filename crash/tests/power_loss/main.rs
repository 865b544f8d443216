//! The power is cut at every write and sync of a ledger's life: what was acknowledged is there, nothing is
//! invented, and the ledger opens and takes new packets.
//!
//! `cargo xtask crash --power-loss` is the long form.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod cut;
#[path = "../../../crates/ledger/tests/given/mod.rs"]
mod given;
mod state;
mod story;
mod workload;

use cut::{Plan, Report, cut_everywhere};
use hongbao_crash::Lie;
use story::Story;
use workload::acts;

/// How many ways the power is cut at each point; the short form's number where it is not given.
const WAYS: &str = "HONGBAO_TEST_WAYS";
const WAYS_SHORT: usize = 3;
/// How many seeds; each with all points and ways.
const SEEDS: &str = "HONGBAO_TEST_SEEDS";
/// `seed:point:way`, of one cut that failed.
const CUT: &str = "HONGBAO_TEST_CUT";
const SEED: u64 = 20170720;
const ROUNDS: u64 = 9;

fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn only() -> Option<(u64, usize, usize)> {
    let cut = std::env::var(CUT).ok()?;
    let mut parts = cut.split(':').map(|part| part.parse::<u64>().unwrap());
    let mut part = || parts.next().unwrap();
    Some((part(), part() as usize, part() as usize))
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
        let plan = Plan { seed, ways: way + 1, lie: None, only: Some((point, way)) };
        return show(&cut_everywhere(&story, plan));
    }
    let ways = number(WAYS, WAYS_SHORT);
    for seed in 0..number(SEEDS, 1) {
        let plan = Plan { seed: SEED + seed, ways, lie: None, only: None };
        let report = cut_everywhere(&story, plan);
        assert!(report.points > 2_000, "{report:?}");
        show(&report);
    }
}

/// The same check finds a disk that says that something is there and has not written it.
#[test]
fn a_disk_that_lies_is_found_out() {
    let story = Story::live(&acts(4));
    for lie in [Lie::Log, Lie::Database, Lie::Names] {
        let plan = Plan { seed: SEED, ways: WAYS_SHORT, lie: Some(lie), only: None };
        let report = cut_everywhere(&story, plan);
        assert!(!report.failures.is_empty(), "{lie:?} was not found in {report:?}");
        println!("{lie:?}: {}", report.failures[0]);
    }
}
