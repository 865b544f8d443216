//! `cargo xtask mutants`: mutation testing of `hongbao-wire`.

use crate::process::{program, run as run_program};
use crate::tool::{self, Tool};

const CARGO_MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// Fails where a mutant survives.
pub fn run() -> Result<(), String> {
    let path = tool::program_of(CARGO_MUTANTS)?;
    run_program(&mut program(
        &path.to_string_lossy(),
        &["mutants", "--package", "hongbao-wire", "--output", "target", "--no-shuffle"],
    ))
}
