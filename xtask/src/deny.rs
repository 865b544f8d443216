//! `cargo xtask deny`: licences, advisories, bans and sources of all dependencies.

use crate::process::{program, run as run_program};
use crate::tool::{self, Tool};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Checks all that can be checked offline, then the advisories where their database can be had.
pub fn run() -> Result<(), String> {
    let path = tool::program_of(CARGO_DENY)?.to_string_lossy().into_owned();
    run_program(&mut program(&path, &["--workspace", "check", "bans", "licenses", "sources"]))?;
    if run_program(&mut program(&path, &["--workspace", "fetch", "db"])).is_err() {
        eprintln!("the advisory database cannot be reached: advisories were skipped");
        return Ok(());
    }
    run_program(&mut program(&path, &["--workspace", "check", "--disable-fetch", "advisories"]))
}
