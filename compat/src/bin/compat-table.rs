//! Runs every SDK into every fault of the sandbox and writes the table of `docs/compat.md`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use hongbao_compat::{document, lab, rows, write_table};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(lab) = lab().filter(|lab| lab.is_complete()) else {
        eprintln!(
            "the table needs every SDK: run `cargo run -p hongbao-compat --bin compat-install`"
        );
        return ExitCode::FAILURE;
    };
    let table = document(&rows(lab));
    write_table(&table);
    println!("{table}");
    ExitCode::SUCCESS
}
