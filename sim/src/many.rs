//! Many seeds side by side, one runtime to each.

use crate::bug::Bug;
use crate::check::{Check, Violation};
use crate::judge::Tally;
use crate::run::{Plan, run};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs the seeds `from`, `from + 1`, … on every core, until there are `count`, one breaks a
/// check, or `goes_on`, which is told the number of seeds that held, says no.
///
/// # Errors
/// The broken check of the lowest seed that was seen to break one.
pub fn seeds(
    from: u64,
    count: u64,
    goes_on: impl Fn(u64) -> bool + Sync,
) -> Result<(u64, Tally), Violation> {
    let (next, held, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let outcome: Mutex<(Tally, Option<Violation>)> = Mutex::default();
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return;
            }
            let ran = run(&Plan::of(from + at));
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match ran {
                Ok(report) => {
                    outcome.0.add(&report.tally);
                    let held = held.fetch_add(1, Ordering::Relaxed) + 1;
                    if !goes_on(held) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Err(violation) => {
                    if outcome.1.as_ref().is_none_or(|first| violation.seed < first.seed) {
                        outcome.1 = Some(violation);
                    }
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let (tally, broken) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    broken.map_or(Ok((held.into_inner(), tally)), Err)
}

/// The first seed of `count` that finds the bug, and which check it breaks; `muted` checks are
/// not made.
#[must_use]
pub fn find(bug: Bug, count: u64, muted: &[Check]) -> Option<Violation> {
    (0..count).find_map(|seed| {
        let plan = Plan { bug: Some(bug), muted: muted.to_vec(), ..Plan::of(seed) };
        run(&plan).err()
    })
}
