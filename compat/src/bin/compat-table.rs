//! Runs every SDK into every fault of the sandbox and writes the table of `docs/compat.md`.
#![allow(clippy::print_stdout, clippy::print_stderr)]
fn main() {}
