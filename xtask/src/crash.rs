//! `cargo xtask crash`: processes that write are killed and the power is cut, and nothing acknowledged is lost.

use crate::process::{cargo, run_tests};
use crate::summary::{self, Summary};
use clap::Args;

/// What to damage, and how often.
#[derive(Args, Clone, Copy, Debug)]
pub struct CrashArgs {
    /// How many processes to kill, each at a moment of its own
    #[arg(long, default_value_t = 1_000, conflicts_with = "power_loss")]
    pub kills: u32,
    /// Cut the power below SQLite instead, at every write and sync
    #[arg(long)]
    pub power_loss: bool,
    /// In how many ways at each point
    #[arg(long, default_value_t = 24, requires = "power_loss")]
    pub ways: u32,
    /// With how many seeds
    #[arg(long, default_value_t = 4, requires = "power_loss")]
    pub seeds: u32,
}

/// The long forms of the tests of durability, which every run of the tests does in short.
pub fn run(args: &CrashArgs) -> Result<(), String> {
    summary::with(|summary| if args.power_loss { cut(summary, args) } else { kill(summary, args) })
}

fn kill(summary: &mut Summary, args: &CrashArgs) -> Result<(), String> {
    let kills = args.kills.to_string();
    summary.tests(&format!("{kills} kills"), || {
        let test = ["test", "-p", "hongbao-ledger", "--test", "durability"];
        run_tests(cargo(&test).env("HONGBAO_TEST_KILLS", &kills))
    })
}

fn cut(summary: &mut Summary, args: &CrashArgs) -> Result<(), String> {
    let (ways, seeds) = (args.ways.to_string(), args.seeds.to_string());
    summary.tests(&format!("power cuts, {ways} ways, {seeds} seeds"), || {
        let test = ["test", "-p", "hongbao-crash", "--test", "sqlite", "--", "--nocapture"];
        run_tests(cargo(&test).env("HONGBAO_TEST_WAYS", &ways).env("HONGBAO_TEST_SEEDS", &seeds))
    })
}
