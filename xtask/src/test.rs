//! `cargo xtask test`: everything that can fail, in one command.

use crate::needs::{self, InstallArgs};
use crate::process::{cargo, program, run_tests};
use crate::summary::{self, Summary};
use crate::{conformance, process};
use clap::Args;
use std::path::PathBuf;

/// What to run and whether anything may be installed.
#[derive(Args, Clone, Copy, Debug)]
pub struct TestArgs {
    #[command(flatten)]
    pub install: InstallArgs,
    /// Only what needs nothing but Rust and a C compiler: no SDKs, no conformance suite
    #[arg(long)]
    pub fast: bool,
}

/// Runs every test and prints a summary.
pub fn run(args: &TestArgs) -> Result<(), String> {
    summary::with(|summary| steps(summary, *args))
}

/// The steps, for `ci` to put among its own.
pub fn steps(summary: &mut Summary, args: TestArgs) -> Result<(), String> {
    if args.fast {
        return summary.tests("tests (without the SDKs and the conformance suite)", || {
            run_tests(
                cargo(&["test", "--workspace"])
                    .env_remove("HONGBAO_REQUIRE_COMPAT")
                    .env_remove("HONGBAO_REQUIRE_POSTGRES"),
            )
        });
    }
    summary.step("what the tests need", || {
        needs::ensure(args.install)?;
        conformance::fetch(args.install)
    })?;
    summary.step("building the tests", || {
        process::run(&mut cargo(&["test", "--workspace", "--no-run", "--quiet"]))
    })?;
    summary.step("the SDKs", || sdks(args.install))?;
    summary.tests("tests", || {
        run_tests(
            cargo(&["test", "--workspace"])
                .env("HONGBAO_REQUIRE_COMPAT", "1")
                .env("HONGBAO_REQUIRE_POSTGRES", "1")
                .env("HONGBAO_BIN", built("hongbao"))
                .env("HONGBAO_XMLCONF", conformance::folder()),
        )
    })
}

/// Installs the packages of the SDKs; `compat-install` knows which and where.
fn sdks(args: InstallArgs) -> Result<(), String> {
    let check: &[&str] = if args.no_install { &["--check"] } else { &[] };
    process::run(&mut program(&built("compat-install").to_string_lossy(), check))
}

/// A program of the project, built together with the tests: it lies beside this one.
/// Building it alone would build its dependencies again, with fewer features.
fn built(name: &str) -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name(name)
}
