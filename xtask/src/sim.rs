//! `cargo xtask sim`: the simulator.

use crate::process::{cargo, run as run_program};
use clap::Args;

/// What the simulator is told.
#[derive(Args, Clone, Debug, Default)]
pub struct SimArgs {
    /// What the simulator understands: `--seeds N`, `--from S`, `--minutes M`, `--seed S`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// Runs many seeds, or replays one. The profile is that of the tests, its debug assertions
/// included: a seed then means the same in both.
pub fn run(args: &SimArgs) -> Result<(), String> {
    let mut words = vec!["run", "--quiet", "-p", "hongbao-sim", "--"];
    words.extend(args.rest.iter().map(String::as_str));
    run_program(&mut cargo(&words))
}
