//! `cargo xtask fuzz`: libFuzzer over the targets of `fuzz/`.

use crate::process::{self, answer, cargo, program};
use crate::root;
use crate::tool::{self, Tool};
use clap::Args;
use std::path::Path;

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };
/// Seconds a target in the short form.
const SHORT_S: u32 = 10;
/// Seconds a target otherwise.
const LONG_S: u32 = 300;

/// Which targets, and for how long.
#[derive(Args, Clone, Debug, Default)]
pub struct FuzzArgs {
    /// The target; all of them where none is given
    pub target: Option<String>,
    /// 10 seconds a target
    #[arg(long)]
    pub short: bool,
    /// Seconds a target
    #[arg(long, conflicts_with = "short")]
    pub seconds: Option<u32>,
    /// Only run over the committed corpora, on the stable toolchain
    #[arg(long, conflicts_with_all = ["short", "seconds"])]
    pub replay: bool,
}

/// Fuzzes, or, without a nightly toolchain, replays the corpora and says so.
pub fn run(args: &FuzzArgs) -> Result<(), String> {
    let targets = targets(args.target.as_deref())?;
    if args.replay {
        return targets.iter().try_for_each(|target| replay(target));
    }
    if answer("cargo", &["+nightly", "--version"]).is_none() {
        eprintln!("no nightly toolchain: fuzzing is skipped, the committed corpora are replayed");
        eprintln!("hint: `rustup toolchain install nightly --profile minimal`");
        return targets.iter().try_for_each(|target| replay(target));
    }
    let cargo_fuzz = tool::program_of(CARGO_FUZZ)?;
    let seconds = args.seconds.unwrap_or(if args.short { SHORT_S } else { LONG_S });
    targets.iter().try_for_each(|target| fuzz(&cargo_fuzz, target, seconds))
}

/// Every input of a target's corpus, once, on the stable toolchain.
fn replay(target: &str) -> Result<(), String> {
    let corpus = format!("fuzz/corpus/{target}");
    let build = ["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--bin", target];
    process::run(cargo(&build).args(["--", "-runs=0", "-timeout=5", &corpus]))
}

/// One target. What it finds goes to `fuzz/target/corpus`, so that the committed
/// corpus changes only by hand.
fn fuzz(cargo_fuzz: &Path, target: &str, seconds: u32) -> Result<(), String> {
    let grown = format!("fuzz/target/corpus/{target}");
    let kept = format!("fuzz/corpus/{target}");
    for folder in [&grown, &kept] {
        std::fs::create_dir_all(root::path(folder))
            .map_err(|e| format!("`{folder}` could not be made: {e}"))?;
    }
    let limit = format!("-max_total_time={seconds}");
    let mut command = program(
        &cargo_fuzz.to_string_lossy(),
        &["fuzz", "run", target, &grown, &kept, "--", &limit, "-timeout=5", "-verbosity=-1"],
    );
    // cargo-fuzz asks the `cargo` of this toolchain, which must be nightly.
    process::run(command.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO"))
}

/// The targets' names: the files of `fuzz/fuzz_targets`.
fn targets(only: Option<&str>) -> Result<Vec<String>, String> {
    let folder = root::path("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("`fuzz/fuzz_targets`: {e}"))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    names.sort_unstable();
    match only {
        None if names.is_empty() => Err("`fuzz/fuzz_targets` holds no target".to_owned()),
        None => Ok(names),
        Some(one) if names.iter().any(|name| name == one) => Ok(vec![one.to_owned()]),
        Some(one) => Err(format!("no target `{one}`\nhint: one of {}", names.join(", "))),
    }
}
