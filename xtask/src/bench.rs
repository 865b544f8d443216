//! `cargo xtask bench`: the bench room, in a release build.

use crate::process::{self, cargo};
use clap::Args;

/// What the bench room is told.
#[derive(Args, Clone, Debug, Default)]
pub struct BenchArgs {
    /// The short form: does everything run, not how fast is it
    #[arg(long)]
    pub short: bool,
    /// What the bench room understands beside it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// Runs the bench room; `docs/benchmarks.md` keeps its last table.
pub fn run(args: &BenchArgs) -> Result<(), String> {
    let mut words = vec!["run", "--quiet", "--release", "-p", "hongbao-bench", "--"];
    if args.short {
        words.push("--short");
    }
    words.extend(args.rest.iter().map(String::as_str));
    process::run(&mut cargo(&words))
}
