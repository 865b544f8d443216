//! `cargo xtask crash`: processes that write are killed, and nothing acknowledged is lost.

use crate::process::{cargo, run_tests};
use crate::summary;
use clap::Args;

/// How often.
#[derive(Args, Clone, Copy, Debug)]
pub struct CrashArgs {
    /// How many processes to kill, each at a moment of its own
    #[arg(long, default_value_t = 1_000)]
    pub kills: u32,
}

/// The long form of the test of durability, which every run of the tests does in short.
pub fn run(args: &CrashArgs) -> Result<(), String> {
    let kills = args.kills.to_string();
    summary::with(|summary| {
        summary.tests(&format!("{kills} kills"), || {
            let test = ["test", "-p", "hongbao-ledger", "--test", "durability"];
            run_tests(cargo(&test).env("HONGBAO_TEST_KILLS", &kills))
        })
    })
}
