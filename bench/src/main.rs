//! Benchmarks of hongbao: ratios against baselines that run in the same minutes on
//! the same machine. `cargo xtask bench` runs them all.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    reason = "a program that prints figures"
)]

mod bare;
mod fill;
mod handshakes;
mod load;
mod reconcile;
mod rivals;
mod scene;
mod server;
mod startup;
mod table;
mod turns;
mod wire_face;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

/// Measures P1-P4, P6 and P9 of the goals and keeps the table in docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    /// Few rounds, short ones; the page stays as it is.
    #[arg(long)]
    short: bool,
    /// Only this goal, such as P2.
    #[arg(long)]
    only: Option<String>,
    /// How many records the ledger of P1 holds.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Where the ledger of P1 is kept between runs.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// How many bill numbers P6 reconciles.
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
    /// The pace of P6, questions a second.
    #[arg(long, default_value_t = 2_000)]
    pace: u32,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The bare baseline, as a process of its own.
    #[command(hide = true)]
    ServeBare { dir: PathBuf },
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Role::ServeBare { dir }) = &arguments.role {
        return bare::serve(dir);
    }
    let rows = measure(&arguments)?;
    let text = table::markdown(&rows);
    println!("{text}");
    if !arguments.short && arguments.only.is_none() {
        let now = jiff::Timestamp::now();
        let date = &hongbao_wire::time::format(now)[..10];
        let records = arguments.records;
        let head = format!("\n{date}, {}, {records} records.\n\n", table::machine());
        table::keep(Path::new("docs/benchmarks.md"), &format!("{head}{text}\n"))?;
    }
    Ok(())
}

fn measure(arguments: &Arguments) -> std::io::Result<Vec<table::Row>> {
    let wanted = |goal: &str| arguments.only.as_deref().is_none_or(|only| only == goal);
    let (rounds, seconds) = if arguments.short { (1, 0.5) } else { (5, 3.0) };
    let calls = if arguments.short { 20_000 } else { 200_000 };
    let mut rows = Vec::new();
    if wanted("P2") {
        rows.extend(turns::server(rounds, calls));
    }
    if wanted("P3") {
        rows.extend(turns::client(rounds, calls, Path::new("target/compat")));
    }
    if !["P1", "P4", "P6", "P9"].into_iter().any(wanted) {
        return Ok(rows);
    }
    let records = if arguments.short { arguments.records.min(2_000) } else { arguments.records };
    let binary = release_binary()?;
    let dir = std::path::absolute(&arguments.dir)?.join(format!("records-{records}"));
    fill::prepare(&binary, &dir, records)?;
    let scene = scene::Scene::open(&dir)?;
    let first = fill::billno(0);
    if wanted("P1") {
        let plan = wire_face::Plan {
            binary: &binary,
            hot: &fill::hot(records),
            uniform: &fill::uniform(records, 300_000),
            records,
            rounds,
            seconds,
        };
        rows.extend(wire_face::measure(&scene, &plan)?);
    }
    if wanted("P4") {
        rows.extend(handshakes::measure(&scene, &binary, &first, rounds, seconds)?);
    }
    if wanted("P6") {
        let rows_of_file = if arguments.short { 1_500 } else { arguments.rows };
        let pace = if arguments.short { 500 } else { arguments.pace };
        let plan =
            reconcile::Plan { binary: &binary, dir: &dir, rows: rows_of_file.min(records), pace };
        rows.extend(reconcile::measure(&plan)?);
    }
    if wanted("P9") {
        rows.extend(startup::measure(&scene, &binary, &first, rounds)?);
    }
    Ok(rows)
}

/// The release binary beside this one.
fn release_binary() -> std::io::Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name("hongbao");
    if binary.is_file() {
        return Ok(binary);
    }
    Err(std::io::Error::other("build it first: `cargo build --release -p hongbao`"))
}
