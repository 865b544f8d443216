//! `cargo xtask crash`: processes that write are killed and the power is cut, and nothing acknowledged is lost.

use crate::process::{cargo, run_tests};
use crate::summary::{self, Summary};
use clap::Args;

/// What to damage, and how often.
#[derive(Args, Clone, Copy, Debug)]
pub struct CrashArgs {
    /// How often to kill, each time at a moment of its own [default: 1000; 100 with --postgres]
    #[arg(long, conflicts_with = "power_loss")]
    pub kills: Option<u32>,
    /// Kill a PostgreSQL server in the midst of commits instead
    #[arg(long, conflicts_with = "power_loss")]
    pub postgres: bool,
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
    let (what, test, usual) = match args.postgres {
        false => ("of processes", "what_was_acknowledged_survives_kill_9", 1_000),
        true => ("of a server", "what_was_acknowledged_survives_that_the_server_is_killed", 100),
    };
    let kills = args.kills.unwrap_or(usual).to_string();
    summary.tests(&format!("{kills} kills {what}"), || {
        let words = ["test", "-p", "hongbao-ledger", "--test", "durability", test];
        run_tests(
            cargo(&words).env("HONGBAO_TEST_KILLS", &kills).env("HONGBAO_REQUIRE_POSTGRES", "1"),
        )
    })
}

fn cut(summary: &mut Summary, args: &CrashArgs) -> Result<(), String> {
    let (ways, seeds) = (args.ways.to_string(), args.seeds.to_string());
    summary.tests(&format!("power cuts, {ways} ways, {seeds} seeds"), || {
        let test = ["test", "-p", "hongbao-crash", "--test", "sqlite", "--", "--nocapture"];
        run_tests(cargo(&test).env("HONGBAO_TEST_WAYS", &ways).env("HONGBAO_TEST_SEEDS", &seeds))
    })
}
