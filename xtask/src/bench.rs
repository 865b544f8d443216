//! `cargo xtask bench`: the bench room, in an optimised build.

use crate::process::{self, cargo, program};
use crate::root::path;
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
    install_duckdb();
    let mut words: Vec<&str> = if args.short { vec!["--short"] } else { Vec::new() };
    words.extend(args.rest.iter().map(String::as_str));
    process::run(&mut program(&built(profile, "hongbao-bench").to_string_lossy(), &words))
}

/// The baseline of P8, in a Python environment of its own. Without it the rows say so.
fn install_duckdb() {
    let (list, place) = (path("bench/rivals/duckdb-requirements.txt"), path("target/bench/duckdb"));
    let (wanted, stamp) = (std::fs::read(&list).ok(), place.join("installed-from"));
    if wanted.is_some() && wanted == std::fs::read(&stamp).ok() {
        return;
    }
    let (list_text, place_text) = (list.to_string_lossy(), place.to_string_lossy());
    let python = place.join("bin/python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &*list_text];
    let installed = process::run(&mut program("python3", &["-m", "venv", "--clear", &*place_text]))
        .and_then(|()| process::run(&mut program(&python.to_string_lossy(), &pip)))
        .and_then(|()| std::fs::copy(&list, &stamp).map(drop).map_err(|e| e.to_string()));
    if let Err(error) = installed {
        eprintln!("DuckDB is not installed, P8 goes without it: {error}");
    }
}

/// A program of another profile than this one's: `target/<profile>/<name>`.
fn built(profile: &str, name: &str) -> std::path::PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    let target = this.ancestors().nth(2).unwrap_or(&this);
    target.join(profile).join(name)
}
