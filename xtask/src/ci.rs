//! `cargo xtask ci`: what `.ci/run` runs, in order, up to the first failure.

use crate::bench::{self, BenchArgs};
use crate::fuzz::{self, FuzzArgs};
use crate::needs::InstallArgs;
use crate::test::{self, TestArgs};
use crate::{deny, lint, summary};

/// Everything that a change must pass.
pub fn run() -> Result<(), String> {
    summary::with(|summary| {
        lint::steps(summary)?;
        test::steps(summary, TestArgs { install: InstallArgs { no_install: false }, fast: false })?;
        summary.step("dependencies", deny::run)?;
        let short = FuzzArgs { short: true, ..FuzzArgs::default() };
        summary.step("fuzzing, short", || fuzz::run(&short))?;
        let short = BenchArgs { short: true, ..BenchArgs::default() };
        summary.step("benchmarks, short", || bench::run(&short))
    })
}
