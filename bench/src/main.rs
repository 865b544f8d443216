//! Benchmarks of hongbao: ratios against baselines that run in the same minutes on
//! the same machine. `cargo xtask bench` runs them all.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    reason = "a program that prints figures"
)]

mod bare;
mod chained;
mod exports;
mod fill;
mod handshakes;
mod load;
mod lookups;
mod postgres;
mod reconcile;
mod rivals;
mod scene;
mod server;
mod startup;
mod table;
mod turns;
mod wire_face;
mod writes;
mod year;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Measures the goals of performance, P1-P9, and keeps the table in docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    /// Few rounds, short ones; the page stays as it is.
    #[arg(long)]
    short: bool,
    /// Only these goals, such as P2 or P5,P7.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many records the ledgers of P1, P5 and P8 hold.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Where the ledgers are kept between runs: 2-3 kB a record.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// How many records the ledger in PostgreSQL holds; it is filled in every run.
    #[arg(long, default_value_t = 200_000)]
    postgres_records: u64,
    /// What the packets of the year are drawn from.
    #[arg(long, default_value_t = 2_025)]
    seed: u64,
    /// How many bill numbers P6 reconciles.
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
    /// The pace of P6, questions a second.
    #[arg(long, default_value_t = 2_000)]
    pace: u32,
    #[command(subcommand)]
    role: Option<Role>,
}

impl Arguments {
    fn wants(&self, goal: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == goal)
    }

    /// Rounds that count; their median is the figure.
    const fn rounds(&self) -> usize {
        if self.short { 1 } else { 5 }
    }

    fn ledger_records(&self) -> u64 {
        if self.short { self.records.min(2_000) } else { self.records }
    }
}

#[derive(Subcommand)]
enum Role {
    /// The bare baseline, as a process of its own.
    #[command(hide = true)]
    ServeBare { dir: PathBuf },
    /// Fills the ledgers of a year, and measures nothing; a fill that was stopped goes on.
    Fill {
        /// Also the merchant's side: a tenth as many packets that were asked about.
        #[arg(long)]
        asked: bool,
    },
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.role {
        Some(Role::ServeBare { dir }) => return bare::serve(dir),
        Some(Role::Fill { asked }) => return fill_years(&arguments, *asked),
        None => {}
    }
    let mut rows = in_memory(&arguments);
    rows.extend(on_the_wire(&arguments)?);
    rows.extend(of_the_ledger(&arguments)?);
    let text = table::markdown(&rows);
    println!("{text}");
    if !arguments.short && arguments.only.is_empty() {
        let now = jiff::Timestamp::now();
        let date = &hongbao_wire::time::format(now)[..10];
        let records = arguments.records;
        let head = format!("\n{date}, {}, {records} records.\n\n", table::machine());
        table::keep(Path::new("docs/benchmarks.md"), &format!("{head}{text}\n"))?;
    }
    Ok(())
}

fn in_memory(arguments: &Arguments) -> Vec<table::Row> {
    let calls = if arguments.short { 20_000 } else { 200_000 };
    let mut rows = Vec::new();
    if arguments.wants("P2") {
        rows.extend(turns::server(arguments.rounds(), calls));
    }
    if arguments.wants("P3") {
        rows.extend(turns::client(arguments.rounds(), calls, Path::new("target/compat")));
    }
    if arguments.wants("chain") {
        let year = year::Year::new(arguments.seed, 1_000_000);
        rows.extend(chained::measure(&year, arguments.rounds(), calls as u64));
    }
    rows
}

fn on_the_wire(arguments: &Arguments) -> std::io::Result<Vec<table::Row>> {
    let mut rows = Vec::new();
    if !["P1", "P4", "P6", "P9"].into_iter().any(|goal| arguments.wants(goal)) {
        return Ok(rows);
    }
    let (rounds, seconds) = (arguments.rounds(), if arguments.short { 0.5 } else { 3.0 });
    let records = arguments.ledger_records();
    let binary = release_binary()?;
    let dir = std::path::absolute(&arguments.dir)?.join(format!("records-{records}"));
    fill::prepare(&binary, &dir, records)?;
    let scene = scene::Scene::open(&dir)?;
    let first = fill::billno(0);
    if arguments.wants("P1") {
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
    if arguments.wants("P4") {
        rows.extend(handshakes::measure(&scene, &binary, &first, rounds, seconds)?);
    }
    if arguments.wants("P6") {
        let rows_of_file = if arguments.short { 1_500 } else { arguments.rows };
        let pace = if arguments.short { 500 } else { arguments.pace };
        let plan =
            reconcile::Plan { binary: &binary, dir: &dir, rows: rows_of_file.min(records), pace };
        rows.extend(reconcile::measure(&plan)?);
    }
    if arguments.wants("P9") {
        rows.extend(startup::measure(&scene, &binary, &first, rounds)?);
    }
    Ok(rows)
}

/// What needs no server.
fn of_the_ledger(arguments: &Arguments) -> std::io::Result<Vec<table::Row>> {
    let mut rows = Vec::new();
    let dir = std::path::absolute(&arguments.dir)?;
    let year = Arc::new(year::Year::new(arguments.seed, arguments.ledger_records()));
    if arguments.wants("P5") {
        year::prepare(&release_binary()?, &dir, &year, year::Book::Records)?;
        let lookups = if arguments.short { 2_000 } else { 200_000 };
        let plan = lookups::Plan { rounds: arguments.rounds(), lookups };
        rows.extend(lookups::measure(&years_at(&dir, arguments)?, plan)?);
    }
    if arguments.wants("P7") {
        let (many, one_by_one, followed) =
            if arguments.short { (2_000, 100, 200) } else { (50_000, 5_000, 10_000) };
        // The packets of a year of a million, whatever the ledgers hold.
        let year = Arc::new(year::Year::new(arguments.seed, 1_000_000));
        let plan = writes::Plan { rounds: arguments.rounds(), many, one_by_one, followed };
        rows.extend(writes::measure(&dir, &year, plan)?);
    }
    rows.extend(on_postgres(arguments)?);
    if arguments.wants("P8") {
        let (binary, records) = (release_binary()?, arguments.ledger_records());
        let served = dir.join(format!("records-{records}"));
        fill::prepare(&binary, &served, records)?;
        let plan = exports::Plan {
            binary: &binary,
            served: &served,
            of_year: &year::prepare(&binary, &dir, &year, year::Book::Records)?,
            year: &year,
            rounds: arguments.rounds(),
        };
        rows.extend(exports::measure(&plan)?);
    }
    Ok(rows)
}

/// P5 and P7 on a PostgreSQL server of this run's own, where one is installed.
fn on_postgres(arguments: &Arguments) -> std::io::Result<Vec<table::Row>> {
    let wants = (arguments.wants("P5"), arguments.wants("P7"));
    if wants == (false, false) {
        return Ok(Vec::new());
    }
    let records = arguments.postgres_records;
    let (records, lookups, many) = if arguments.short {
        (records.min(2_000), 2_000, 1_000)
    } else {
        (records, 100_000, 20_000)
    };
    let year = Arc::new(year::Year::new(arguments.seed, records));
    postgres::measure(&postgres::Plan {
        year: &year,
        rounds: arguments.rounds(),
        lookups,
        many,
        wants,
    })
}

fn fill_years(arguments: &Arguments, asked: bool) -> std::io::Result<()> {
    let dir = std::path::absolute(&arguments.dir)?;
    let year = Arc::new(year::Year::new(arguments.seed, arguments.records));
    let binary = release_binary()?;
    println!("{}", year::prepare(&binary, &dir, &year, year::Book::Records)?.display());
    if asked {
        let year = Arc::new(year::Year::new(arguments.seed, (arguments.records / 10).max(1)));
        println!("{}", year::prepare(&binary, &dir, &year, year::Book::Inquiries)?.display());
    }
    Ok(())
}

/// The years that lie filled in the folder, of at most as many records as are asked for; the smallest first.
fn years_at(dir: &Path, arguments: &Arguments) -> std::io::Result<Vec<(year::Year, PathBuf)>> {
    let mut years = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let records = name.strip_prefix("year-").and_then(|count| count.parse::<u64>().ok());
        let Some(records) = records.filter(|records| *records <= arguments.ledger_records()) else {
            continue;
        };
        if folder.join("filled").is_file() {
            years.push((year::Year::new(arguments.seed, records), folder));
        }
    }
    years.sort_by_key(|(year, _)| year.records);
    Ok(years)
}

/// The release binary beside this one.
fn release_binary() -> std::io::Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name("hongbao");
    if binary.is_file() {
        return Ok(binary);
    }
    Err(std::io::Error::other("build it first: `cargo build --release -p hongbao`"))
}
