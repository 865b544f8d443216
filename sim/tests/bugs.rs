//! The simulator finds what it is for: three planted bugs, each by the right check.
#![allow(clippy::unwrap_used)]

use hongbao_sim::{Bug, Check, many};

/// The check that finds the bug within so many seeds, if it is left out that the others see it.
fn found(bug: Bug, seeds: u64, muted: &[Check]) -> Check {
    let violation = many::find(bug, seeds, muted);
    let violation = violation.unwrap_or_else(|| panic!("{bug:?} was not found in {seeds} seeds"));
    let replay = format!("cargo xtask sim --seed {}", violation.seed);
    assert!(violation.to_string().ends_with(&replay));
    violation.check
}

#[test]
fn not_found_taken_for_failed_pays_twice() {
    let bug = Bug::NotFoundIsFailed;
    assert_eq!(found(bug, 20, &[]), Check::VerdictTrue);
    let muted = [Check::VerdictTrue];
    assert_eq!(found(bug, 50, &muted), Check::NumberKept);
    let muted = [Check::VerdictTrue, Check::NumberKept];
    assert_eq!(found(bug, 100, &muted), Check::PaidOnce);
}

#[test]
fn an_intent_that_was_forgotten_pays_twice() {
    let bug = Bug::IntentForgotten;
    assert_eq!(found(bug, 20, &[]), Check::IntentNoted);
    // without what it stored the merchant's side is confused in many ways; this is the worst
    let muted = [
        Check::IntentNoted,
        Check::NothingLost,
        Check::VerdictTrue,
        Check::VerdictStays,
        Check::RefusedRightly,
    ];
    assert_eq!(found(bug, 100, &muted), Check::NumberKept);
    let muted = [&muted[..], &[Check::NumberKept, Check::WatchSilent]].concat();
    assert_eq!(found(bug, 200, &muted), Check::PaidOnce);
}

#[test]
fn a_wrong_signature_that_is_ignored_is_believed() {
    let bug = Bug::SignatureIgnored;
    assert_eq!(found(bug, 200, &[]), Check::VerdictTrue);
    let muted = [Check::VerdictTrue];
    assert_eq!(found(bug, 400, &muted), Check::NumberKept);
}
