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
        let args = ["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"];
        // A crate's first page is a map of its rooms, the private ones too.
        run_program(
            cargo(&args).env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"),
        )
    })
}
