//! P8: a ledger written out as CSV and Parquet, and a month's report, against DuckDB on the same
//! rows in a file of its own.

use crate::table::{Row, median};
use crate::year::{self, Year};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The goal: our rate of writing out over DuckDB's.
const LEAST: f64 = 0.5;
/// The goal: a month's report, warm, milliseconds.
const REPORT_MS_MAX: f64 = 200.0;

/// What is written out.
pub struct Plan<'p> {
    /// The release binary.
    pub binary: &'p Path,
    /// The ledger's folder.
    pub folder: &'p Path,
    pub year: &'p Year,
    pub rounds: usize,
}

/// Rounds of ours, then of DuckDB; each writes the whole ledger.
pub fn measure(plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let duckdb = duckdb(plan)?;
    let seconds = |name: &str| duckdb.iter().find(|(n, _)| n == name).map(|(_, seconds)| *seconds);
    let mut rows = Vec::new();
    for (format, asked) in [("csv", "≥ 0.5"), ("parquet", "≥ 0.5")] {
        let Some(ours) = export(plan, format)? else { continue };
        let rate = |seconds: f64| plan.year.records as f64 / seconds;
        let theirs = seconds(format);
        rows.push(Row {
            goal: "P8",
            what: format!("{} records written out as {format}", plan.year.records),
            ours: format!("{:.0}/s", rate(ours)),
            baseline: theirs.map_or_else(not_installed, |s| format!("DuckDB: {:.0}/s", rate(s))),
            ratio: theirs.map(|theirs| theirs / ours),
            asked,
            reached: theirs.map(|theirs| theirs / ours >= LEAST),
        });
    }
    if let Some(ours) = report(plan)? {
        let theirs = seconds("month");
        let said = |s| format!("DuckDB, its own file: {:.0} ms", s * 1e3);
        rows.push(Row {
            goal: "P8",
            what: format!("a month's report by day and status, of {} records", plan.year.records),
            ours: format!("{:.0} ms, start of the process included", ours * 1e3),
            baseline: theirs.map_or_else(not_installed, said),
            ratio: theirs.map(|theirs| theirs / ours),
            asked: "≤ 200 ms",
            reached: Some(ours * 1e3 <= REPORT_MS_MAX),
        });
    }
    Ok(rows)
}

fn not_installed() -> String {
    "DuckDB: not installed".to_owned()
}

/// Names and seconds, as the script prints them; none where DuckDB is not installed.
fn duckdb(plan: &Plan<'_>) -> std::io::Result<Vec<(String, f64)>> {
    let python = Path::new("target/bench/duckdb/bin/python");
    if !python.is_file() {
        eprintln!("P8 DuckDB is not installed: `cargo xtask bench` installs it where pip is");
        return Ok(Vec::new());
    }
    let source = plan.folder.join("rows.csv");
    eprintln!("P8 rows for DuckDB");
    year::rows::write(plan.year, &source)?;
    eprintln!("P8 DuckDB");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals/duckdb_p8.py");
    let output = Command::new(python)
        .arg(script)
        .args([&source, plan.folder])
        .arg(plan.rounds.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(std::io::Error::other("DuckDB's script failed"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    eprint!("{text}");
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
}

/// Seconds of writing all out, the median; `None` where the program does not know how.
fn export(plan: &Plan<'_>, format: &str) -> std::io::Result<Option<f64>> {
    let target = plan.folder.join(format!("ours.{format}"));
    let mut seconds = Vec::new();
    for round in 0..plan.rounds {
        eprintln!("P8 export {format} round {}/{}", round + 1, plan.rounds);
        let began = Instant::now();
        let mut command = Command::new(plan.binary);
        command.arg("export").arg(&target).arg("--ledger").arg(plan.folder.join("ledger.sqlite"));
        if !ran(&mut command)? {
            return Ok(None);
        }
        seconds.push(began.elapsed().as_secs_f64());
        std::fs::remove_file(&target)?;
    }
    Ok(Some(median(seconds)))
}

/// Seconds of a report over a month, the process's start included.
fn report(plan: &Plan<'_>) -> std::io::Result<Option<f64>> {
    let mut seconds = Vec::new();
    for _ in 0..=plan.rounds {
        let began = Instant::now();
        let mut command = Command::new(plan.binary);
        command
            .args(["report", "--by", "day", "--from", "2025-01-01", "--to", "2025-01-31"])
            .arg("--ledger")
            .arg(plan.folder.join("ledger.sqlite"));
        if !ran(&mut command)? {
            return Ok(None);
        }
        seconds.push(began.elapsed().as_secs_f64());
    }
    // The first one warms up.
    Ok(Some(median(seconds.split_off(1))))
}

fn ran(command: &mut Command) -> std::io::Result<bool> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
    if !output.status.success() {
        eprintln!("P8 not measured: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.status.success())
}
