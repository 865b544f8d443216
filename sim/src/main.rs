//! `cargo xtask sim`: many seeds, or one with all that happens.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clap::Parser;
use hongbao_sim::{Plan, many, run};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Simulates merchants and WeChat Pay under many seeds
#[derive(Parser)]
#[command(name = "cargo xtask sim", bin_name = "cargo xtask sim")]
struct Args {
    /// How many seeds
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this seed, with all that happens in it
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// No new seed is begun after so many minutes
    #[arg(long)]
    minutes: Option<u64>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.seed {
        Some(seed) => one(seed),
        None => all(&args),
    }
}

fn one(seed: u64) -> ExitCode {
    match run(&Plan { whole_trace: true, ..Plan::of(seed) }) {
        Ok(report) => {
            report.trace.iter().for_each(|line| println!("{line}"));
            println!("{:?}, hash {:016x}: every check held", report.tally, report.hash);
            ExitCode::SUCCESS
        }
        Err(violation) => {
            eprintln!("{violation}");
            ExitCode::FAILURE
        }
    }
}

fn all(args: &Args) -> ExitCode {
    let began = Instant::now();
    let limit = args.minutes.map(|minutes| Duration::from_secs(minutes * 60));
    let said = Mutex::new(began);
    let goes_on = |held: u64| {
        if let Ok(mut said) = said.lock()
            && said.elapsed() > Duration::from_secs(10)
        {
            *said = Instant::now();
            println!("{held} of {} seeds held in {} s", args.seeds, began.elapsed().as_secs());
        }
        limit.is_none_or(|limit| began.elapsed() < limit)
    };
    match many::seeds(args.from, args.seeds, goes_on) {
        Ok((held, tally)) => {
            println!("{held} seeds held in {} s: {tally:?}", began.elapsed().as_secs());
            ExitCode::SUCCESS
        }
        Err(violation) => {
            eprintln!("{violation}");
            ExitCode::FAILURE
        }
    }
}
