//! `cargo xtask mutants`: mutation testing of `hongbao-wire`, of the client's attempt policy, and of
//! the merchant's schedule and of what its ledger proves.

use crate::process::{program, run as run_program};
use crate::tool::{self, Tool};

const CARGO_MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// Whether a call is made again.
const ATTEMPT_POLICY: &str = "crates/client/src/attempts.rs";

/// When a number is asked about again, and what the ledger proves.
const SCHEDULE: &str = "crates/inquiry/src/schedule.rs";
const STANDING: &str = "crates/inquiry/src/standing.rs";

/// Fails where a mutant survives.
pub fn run() -> Result<(), String> {
    let path = tool::program_of(CARGO_MUTANTS)?;
    let mutate = |what: &[&str]| {
        let args = [&["mutants", "--output", "target", "--no-shuffle"], what].concat();
        run_program(&mut program(&path.to_string_lossy(), &args))
    };
    mutate(&["--package", "hongbao-wire"])?;
    mutate(&["--package", "hongbao-client", "--file", ATTEMPT_POLICY, "--", "--lib", "attempts"])?;
    let judged = ["--package", "hongbao-inquiry", "--file", SCHEDULE, "--file", STANDING];
    mutate(&judged)
}
