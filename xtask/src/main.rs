//! The project's own commands: `cargo xtask test`, `cargo xtask --help`.
//!
//! Where to look: [`needs`] what the tests need and how it is installed ·
//! [`process`] running programs · [`tool`] cargo's tools, kept in `target/tools` ·
//! [`summary`] what was run and how it went · the other modules are one command each.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod ci;
mod conformance;
mod crash;
mod deny;
mod fuzz;
mod lint;
mod mutants;
mod needs;
mod process;
mod root;
mod sim;
mod summary;
mod test;
mod tool;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test; installs what they need
    Test(test::TestArgs),
    /// Run the W3C XML conformance suite against `hongbao-wire`
    Conformance(needs::InstallArgs),
    /// Fuzz `hongbao-wire` and `hongbao-sheet`; needs a nightly toolchain
    Fuzz(fuzz::FuzzArgs),
    /// Kill processes that write to a ledger, or cut the power, and see whether anything acknowledged is lost
    Crash(crash::CrashArgs),
    /// Mutate `hongbao-wire` and the client's attempt policy, and see whether their tests notice
    Mutants,
    /// Simulate merchants and WeChat Pay under many seeds, or replay one
    Sim(sim::SimArgs),
    /// Measure, as ratios against baselines of the same run
    Bench(bench::BenchArgs),
    /// Check licences, advisories, bans and sources of all dependencies
    Deny,
    /// Check format, lints and documentation
    Lint,
    /// Run what `.ci/run` runs, with timings
    Ci,
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Crash(args) => crash::run(&args),
        Command::Mutants => mutants::run(),
        Command::Sim(args) => sim::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Deny => deny::run(),
        Command::Lint => lint::run(),
        Command::Ci => ci::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
