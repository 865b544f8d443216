//! `cargo xtask lint`: format, lints and documentation, warnings denied.

use crate::process::{cargo, run as run_program};
use crate::summary::{self, Summary};

/// Checks all three.
pub fn run() -> Result<(), String> {
    summary::with(steps)
}

/// The steps, for `ci` to put among its own.
pub fn steps(summary: &mut Summary) -> Result<(), String> {
    summary.step("format", || run_program(&mut cargo(&["fmt", "--all", "--check"])))?;
    summary.step("lints", || {
        let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        run_program(&mut cargo(&args))
    })?;
    summary.step("documentation", || {
        run_program(
            cargo(&["doc", "--workspace", "--no-deps", "--quiet"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })
}
