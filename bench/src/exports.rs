//! P8: a ledger written out as CSV and Parquet, and a month's report, against DuckDB on the same
//! rows in a file of its own.

use crate::scene::MCH_ID;
use crate::server::status_kib;
use crate::table::{Row, median};
use crate::year::{self, Year};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The goal: our rate of writing out over DuckDB's.
const LEAST: f64 = 0.5;
/// The goal: a month's report, warm, milliseconds.
const REPORT_MS_MAX: f64 = 200.0;
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is written out and reported on.
pub struct Plan<'p> {
    /// The release binary.
    pub binary: &'p Path,
    /// A server's folder, all of whose records are of one merchant: it is written out.
    pub served: &'p Path,
    /// A folder with a year of packets: it is reported on.
    pub of_year: &'p Path,
    pub year: &'p Year,
    pub rounds: usize,
}

/// What one of our commands took.
struct Took {
    seconds: f64,
    peak_mib: f64,
}

/// Rounds of ours, then of DuckDB, which reads what ours wrote.
pub fn measure(plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    rows.extend(exports(plan)?);
    rows.extend(report(plan)?);
    Ok(rows)
}

fn exports(plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let csv = plan.served.join("ours.csv");
    let (Some(as_csv), Some(as_parquet)) =
        (export(plan, &csv)?, export(plan, &csv.with_extension("parquet"))?)
    else {
        return Ok(Vec::new());
    };
    let duckdb = duckdb(plan, "export", &csv, plan.served)?;
    let records = plan.year.records;
    let row = |name: &str, ours: &Took| {
        let rate = |seconds: f64| records as f64 / seconds;
        let theirs = duckdb.iter().find(|(n, _)| n == name).map(|(_, seconds)| *seconds);
        Row {
            goal: "P8",
            what: format!("{records} records written out as {name}"),
            ours: format!("{:.0}/s, {:.0} MiB at most", rate(ours.seconds), ours.peak_mib),
            baseline: theirs.map_or_else(not_installed, |s| format!("DuckDB: {:.0}/s", rate(s))),
            ratio: theirs.map(|theirs| theirs / ours.seconds),
            asked: "≥ 0.5",
            reached: theirs.map(|theirs| theirs / ours.seconds >= LEAST),
        }
    };
    let rows = vec![row("csv", &as_csv), row("parquet", &as_parquet)];
    for written in [csv.clone(), csv.with_extension("parquet")] {
        std::fs::remove_file(written)?;
    }
    Ok(rows)
}

fn report(plan: &Plan<'_>) -> std::io::Result<Option<Row>> {
    let run = || {
        let mut command = Command::new(plan.binary);
        command.args(["report", "--by", "day", "--from", "2025-01-01", "--to", "2025-01-31"]);
        command.args(["--book", "records", "--merchant", MCH_ID, "--dir"]).arg(plan.of_year);
        ran(&mut command)
    };
    // The first one warms up.
    if run()?.is_none() {
        return Ok(None);
    }
    let mut seconds = Vec::new();
    for _ in 0..plan.rounds {
        seconds.extend(run()?.map(|took| took.seconds));
    }
    let ours = median(seconds);
    let source = plan.of_year.join("rows.csv");
    year::rows::write(plan.year, &source)?;
    let duckdb = duckdb(plan, "report", &source, plan.of_year)?;
    let theirs = duckdb.iter().find(|(name, _)| name == "month").map(|(_, seconds)| *seconds);
    let said = |s| format!("DuckDB, its own file, in a process that runs: {:.0} ms", s * 1e3);
    Ok(Some(Row {
        goal: "P8",
        what: format!("a month's report by day of one merchant, of {} records", plan.year.records),
        ours: format!("{:.0} ms, start of the process included", ours * 1e3),
        baseline: theirs.map_or_else(not_installed, said),
        ratio: theirs.map(|theirs| theirs / ours),
        asked: "≤ 200 ms",
        reached: Some(ours * 1e3 <= REPORT_MS_MAX),
    }))
}

fn not_installed() -> String {
    "DuckDB: not installed".to_owned()
}

/// Names and seconds, as the script prints them; none where DuckDB is not installed.
fn duckdb(
    plan: &Plan<'_>,
    work: &str,
    source: &Path,
    folder: &Path,
) -> std::io::Result<Vec<(String, f64)>> {
    let python = Path::new("target/bench/duckdb/bin/python");
    if !python.is_file() {
        eprintln!("P8 DuckDB is not installed: `cargo xtask bench` installs it where pip is");
        return Ok(Vec::new());
    }
    eprintln!("P8 DuckDB {work}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals/duckdb_p8.py");
    let output = Command::new(python)
        .arg(script)
        .arg(work)
        .args([source, folder])
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

/// What writing all out takes, the median of the rounds; `None` where it cannot be done.
fn export(plan: &Plan<'_>, target: &Path) -> std::io::Result<Option<Took>> {
    let (mut seconds, mut peak_mib) = (Vec::new(), 0.0_f64);
    for round in 0..plan.rounds {
        eprintln!("P8 export {} round {}/{}", target.display(), round + 1, plan.rounds);
        if target.exists() {
            std::fs::remove_file(target)?;
        }
        let mut command = Command::new(plan.binary);
        command.args(["export", "--book", "records", "--merchant", MCH_ID, "--dir"]);
        command.arg(plan.served).arg("--out").arg(target);
        let Some(took) = ran(&mut command)? else { return Ok(None) };
        seconds.push(took.seconds);
        peak_mib = peak_mib.max(took.peak_mib);
    }
    Ok(Some(Took { seconds: median(seconds), peak_mib }))
}

/// Runs one of our commands; `None` where it fails, with the reason on stderr.
fn ran(command: &mut Command) -> std::io::Result<Option<Took>> {
    let began = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut peak_kib = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_kib = peak_kib.max(status_kib(child.id(), "VmHWM:"));
        // Short at first, as a report is over in no time.
        std::thread::sleep(LOOK_EVERY.min(began.elapsed() / 20));
    };
    let seconds = began.elapsed().as_secs_f64();
    if status.success() {
        return Ok(Some(Took { seconds, peak_mib: peak_kib as f64 / 1024.0 }));
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut said)?;
    }
    eprintln!("P8 not measured: {}", said.trim());
    Ok(None)
}
