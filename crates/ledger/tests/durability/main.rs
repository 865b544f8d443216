//! What was acknowledged survives that the process, or the database server, is killed: with its history and the
//! balance it took.
//!
//! `cargo xtask crash` is the long form, of a thousand kills, and of a hundred with `--postgres`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../given/mod.rs"]
mod given;
mod load;
mod postgres;
mod said;
mod sqlite;

/// How many are killed; the short form's number where it is not given.
const KILLS: &str = "HONGBAO_TEST_KILLS";
const SEED: u64 = 20170720;

fn kills(short: u64) -> u64 {
    std::env::var(KILLS).map_or(short, |kills| kills.parse().unwrap())
}
