//! A thousand worlds, half of them calm; the same seed is the same world.
#![allow(clippy::unwrap_used)]

use hongbao_sim::{Plan, many, run};

const SEEDS: u64 = 1_000;

#[test]
fn every_check_holds() {
    let (held, tally) = many::seeds(0, SEEDS, |_| true).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(held, SEEDS);
    // worlds in which nothing happens prove nothing
    assert!(tally.numbers > SEEDS && tally.finals > tally.numbers / 100 * 99, "{tally:?}");
    assert!(tally.replaced > SEEDS / 10, "{tally:?}");
    assert!(tally.deaths > SEEDS, "{tally:?}");
    assert!(tally.refusals > SEEDS && tally.over_pace > SEEDS, "{tally:?}");
    assert!(tally.attention > 0, "{tally:?}");
}

#[test]
fn a_seed_replays_to_the_last_event() {
    for seed in 0..20 {
        let plan = Plan { whole_trace: true, ..Plan::of(seed) };
        let (one, two) = (run(&plan).unwrap(), run(&plan).unwrap());
        assert_eq!(one.trace, two.trace, "seed {seed}");
        assert_eq!(one, two, "seed {seed}");
    }
}

/// The payer says FAILED, then signs a status that no page names, to one who asked before FAILED
/// was known: a person is called, and the number permits nothing any more.
#[test]
fn a_payer_that_contradicts_itself_is_a_persons_to_judge() {
    let report = run(&Plan::of(5_419)).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!((report.tally.contradicted, report.tally.attention), (1, 1), "{report:?}");
}
