//! One seed, from the first process to the last verdict.

use crate::bug::Bug;
use crate::check::{Check, Violation};
use crate::judge::Tally;
use crate::world::{MCH, World};
use crate::{end, hand, process};
use hongbao_ledger::{Inquiries, LedgerError};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::sleep;

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The seed of everything. Even ones are calm.
    pub seed: u64,
    /// A bug to be found.
    pub bug: Option<Bug>,
    /// Checks that are not made: what else would have found it?
    pub muted: Vec<Check>,
    /// Whether every event is kept, for people to read.
    pub whole_trace: bool,
}

impl Plan {
    /// The plain run of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }
}

/// A seed in which every check held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A hash of all that happened: the same for every run of the seed.
    pub hash: u64,
    /// What was counted.
    pub tally: Tally,
    /// How long it took in the simulation.
    pub took: Duration,
    /// The last events, or all of them.
    pub trace: Vec<String>,
}

/// How long all may take after the storm: the window, and a little.
const END: Duration = Duration::from_secs(32 * 24 * 3600);

/// Runs a seed.
///
/// # Errors
/// The first check that is broken.
///
/// # Panics
/// Where the simulation itself cannot go on.
pub fn run(plan: &Plan) -> Result<Report, Violation> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without sockets needs nothing");
    runtime.block_on(async {
        let world = World::new(plan).await;
        tokio::select! {
            biased;
            () = world.broken.notified() => {}
            over = live(&world) => over.expect("a ledger in memory does not fail"),
        }
        report(&world)
    })
}

async fn live(world: &Arc<World>) -> Result<(), LedgerError> {
    tokio::spawn(hand::payer(world.clone()));
    tokio::spawn(hand::clocks(world.clone()));
    for machine in 0..world.clocks.len() {
        tokio::spawn(process::run(world.clone(), machine));
    }
    sleep(world.weather.lasts).await;
    world.calm_down().await;
    loop {
        sleep(Duration::from_secs(1800)).await;
        let (_, due) = world.ledger.next_due(MCH).await?;
        let done = world.judge().done.iter().filter(|(machine, _)| *machine == 0).count();
        if due == 0 && done == world.jobs.len() {
            break;
        }
        if world.time.age() > world.weather.lasts + END {
            let detail = format!("{due} numbers are due and {done} jobs done, a month later");
            world.blame(Check::NobodyForgotten, detail);
            return Ok(());
        }
    }
    end::check(world).await
}

fn report(world: &World) -> Result<Report, Violation> {
    let judge = world.judge();
    let trace = world.trace();
    match &judge.broken {
        Some((check, detail)) => Err(Violation {
            seed: world.seed,
            check: *check,
            detail: detail.clone(),
            trace: trace.lines(),
        }),
        None => Ok(Report {
            hash: trace.hash(),
            tally: judge.tally,
            took: world.time.age(),
            trace: trace.lines(),
        }),
    }
}
