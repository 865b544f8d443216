//! A ledger on SQLite whose disk loses its power, is full, may only be read, or fails.
//!
//! `cargo xtask crash --power-loss` is the long form.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod care;
mod cut;
mod faults;
#[path = "../../../crates/ledger/tests/given/mod.rs"]
mod given;
mod power_loss;
mod state;
mod story;
mod workload;
