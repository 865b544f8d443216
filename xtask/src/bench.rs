//! `cargo xtask bench`: the bench room, in an optimised build.

use crate::process::{self, cargo, program};
use clap::Args;

/// The short form asks whether everything runs, not how fast: it is built in a third of the time.
const SHORT_PROFILE: [&str; 4] = [
    "profile.short.inherits='release'",
    "profile.short.lto='off'",
    "profile.short.codegen-units=16",
    "profile.short.opt-level=2",
];

/// What the bench room is told.
#[derive(Args, Clone, Debug, Default)]
pub struct BenchArgs {
    /// The short form: does everything run, not how fast is it
    #[arg(long)]
    pub short: bool,
    /// What the bench room understands beside it, such as `--only P2`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// Builds the server and the bench room and runs it; `docs/benchmarks.md` keeps its last table.
pub fn run(args: &BenchArgs) -> Result<(), String> {
    let profile = if args.short { "short" } else { "release" };
    let mut build = vec!["build", "--quiet", "-p", "hongbao", "-p", "hongbao-bench"];
    build.extend(["--profile", profile]);
    if args.short {
        build.extend(SHORT_PROFILE.iter().flat_map(|option| ["--config", option]));
    }
    process::run(&mut cargo(&build))?;
    let mut words: Vec<&str> = if args.short { vec!["--short"] } else { Vec::new() };
    words.extend(args.rest.iter().map(String::as_str));
    process::run(&mut program(&built(profile, "hongbao-bench").to_string_lossy(), &words))
}

/// A program of another profile than this one's: `target/<profile>/<name>`.
fn built(profile: &str, name: &str) -> std::path::PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    let target = this.ancestors().nth(2).unwrap_or(&this);
    target.join(profile).join(name)
}
