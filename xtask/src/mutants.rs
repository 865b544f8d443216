//! `cargo xtask mutants`: mutation testing of `hongbao-wire`, and of the client's attempt policy.

use crate::process::{program, run as run_program};
use crate::tool::{self, Tool};

const CARGO_MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// Whether a call is made again.
const ATTEMPT_POLICY: &str = "crates/client/src/attempts.rs";

/// Fails where a mutant survives.
pub fn run() -> Result<(), String> {
    let path = tool::program_of(CARGO_MUTANTS)?;
    let mutate = |what: &[&str]| {
        let args = [&["mutants", "--output", "target", "--no-shuffle"], what].concat();
        run_program(&mut program(&path.to_string_lossy(), &args))
    };
    mutate(&["--package", "hongbao-wire"])?;
    mutate(&["--package", "hongbao-client", "--file", ATTEMPT_POLICY, "--", "--lib", "attempts"])
}
