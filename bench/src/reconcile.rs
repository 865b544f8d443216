//! P6: a file of bill numbers, reconciled against the sandbox at a configured pace, stopped half
//! way and gone on with.

use crate::fill;
use crate::scene::MCH_ID;
use crate::server::{Server, status_kib};
use crate::table::Row;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The exit code of a run that was stopped.
const STOPPED: i32 = 130;
/// The memory that is allowed, MiB.
const MEMORY_MAX_MIB: f64 = 64.0;

/// What is measured.
pub struct Plan<'p> {
    /// The release binary.
    pub binary: &'p Path,
    /// A folder that [`fill::prepare`] has filled.
    pub dir: &'p Path,
    /// How many numbers, at most as many as it has records.
    pub rows: u64,
    /// Questions a second.
    pub pace: u32,
}

/// What the server saw of one stretch of questions: when, in microseconds.
struct Stretch {
    arrivals: Vec<u64>,
}

/// Reconciles once, with a stop half way.
pub fn measure(plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let merchant = plan.dir.join("merchants").join(MCH_ID);
    let (input, output, log) =
        (merchant.join("p6.csv"), merchant.join("p6-found.csv"), merchant.join("p6.log"));
    forget(&merchant)?;
    numbers(&input, plan.rows)?;
    let server = Server::hongbao_logged(plan.binary, plan.dir, File::create(&log)?)?;
    let half = Duration::from_secs_f64(plan.rows as f64 / f64::from(plan.pace) / 2.0);
    eprintln!("P6 {} numbers at {}/s, first half", plan.rows, plan.pace);
    let (code, first_kib) = run(plan, &input, &output, Some(half))?;
    if code != STOPPED {
        return Err(Error::other(format!("the run ended with {code} before it was stopped")));
    }
    let first = arrivals(&log)?.len();
    eprintln!("P6 second half");
    let (code, second_kib) = run(plan, &input, &output, None)?;
    if code != 0 {
        return Err(Error::other(format!("the run ended with {code}")));
    }
    drop(server);
    let mut all = arrivals(&log)?;
    let asked = all.len() as u64;
    let second = Stretch { arrivals: all.split_off(first) };
    let first = Stretch { arrivals: all };
    let written = BufReader::new(File::open(&output)?).lines().count() as u64 - 1;
    let ledger = std::fs::metadata(merchant.join("ledger.sqlite"))?.len() / (1 << 20);
    eprintln!("P6 rows written {written}, the merchant's ledger {ledger} MiB");
    forget(&merchant)?;
    [input, output, log].iter().try_for_each(std::fs::remove_file)?;
    let peak_mib = first_kib.max(second_kib) as f64 / 1024.0;
    Ok(rows(plan, &[first, second], asked, written, peak_mib))
}

fn rows(plan: &Plan<'_>, both: &[Stretch; 2], asked: u64, written: u64, mib: f64) -> Vec<Row> {
    let pace = f64::from(plan.pace);
    let questions: u64 = both.iter().map(Stretch::intervals).sum();
    let seconds: f64 = both.iter().map(Stretch::seconds).sum();
    let rate = questions as f64 / seconds;
    let most = both.iter().map(Stretch::most_in_one_second).max().unwrap_or(0);
    let row = |what: String, ours, ratio, asked, reached| Row {
        goal: "P6",
        what,
        ours,
        baseline: format!("the pace: {}/s", plan.pace),
        ratio,
        asked,
        reached: Some(reached),
    };
    vec![
        row(
            format!("reconcile {} numbers, stopped half way", plan.rows),
            format!("{rate:.0}/s; most in one second {most}"),
            Some(rate / pace),
            "≥ 0.98, never above",
            rate / pace >= 0.98 && most <= u64::from(plan.pace),
        ),
        row(
            "questions beyond one a number; rows that are missing".to_owned(),
            format!("{}; {}", asked.abs_diff(plan.rows), plan.rows.abs_diff(written)),
            None,
            "0; 0",
            asked == plan.rows && written == plan.rows,
        ),
        row(
            "peak memory of `hongbao reconcile`".to_owned(),
            format!("{mib:.1} MiB"),
            None,
            "≤ 64 MiB",
            mib <= MEMORY_MAX_MIB,
        ),
    ]
}

/// Runs it, interrupts it after a while; its exit code and peak memory, KiB.
fn run(
    plan: &Plan<'_>,
    input: &Path,
    output: &Path,
    stop_after: Option<Duration>,
) -> std::io::Result<(i32, u64)> {
    let merchant = plan.dir.join("merchants").join(MCH_ID);
    let mut child = Command::new(plan.binary)
        .arg("reconcile")
        .arg("--profile")
        .arg(merchant.join("merchant.toml"))
        .arg(input)
        .arg("--out")
        .arg(output)
        .args(["--no-unexpected", "--pace", &plan.pace.to_string()])
        .stderr(Stdio::null())
        .spawn()?;
    let started = Instant::now();
    let (mut peak_kib, mut stop_after) = (0, stop_after);
    loop {
        peak_kib = peak_kib.max(status_kib(child.id(), "VmHWM:"));
        if let Some(status) = child.try_wait()? {
            return Ok((status.code().unwrap_or(-1), peak_kib));
        }
        if stop_after.is_some_and(|after| started.elapsed() >= after) {
            interrupt(&child)?;
            stop_after = None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn interrupt(child: &Child) -> std::io::Result<()> {
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().map(drop)
}

fn numbers(path: &Path, rows: u64) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "mch_billno")?;
    (0..rows).try_for_each(|n| writeln!(file, "{}", fill::billno(n)))?;
    file.flush()
}

/// Removes what the merchant remembers of an earlier run.
fn forget(merchant: &Path) -> std::io::Result<()> {
    let names = ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.key"];
    let paths: Vec<PathBuf> = names.iter().map(|name| merchant.join(name)).collect();
    paths.iter().filter(|path| path.exists()).try_for_each(std::fs::remove_file)
}

/// When the server answered each query, by its log.
fn arrivals(log: &Path) -> std::io::Result<Vec<u64>> {
    let mut arrivals = Vec::new();
    for line in BufReader::new(File::open(log)?).lines() {
        let line = line?;
        if line.contains("answered") && line.contains("query") {
            let micros = micros_of(&line);
            arrivals.push(micros.ok_or_else(|| Error::other(format!("no time in `{line}`")))?);
        }
    }
    Ok(arrivals)
}

/// The microsecond of a line that begins with a time such as `2026-11-24T06:12:33.123456Z`.
fn micros_of(line: &str) -> Option<u64> {
    let at: jiff::Timestamp = line.split_whitespace().next()?.parse().ok()?;
    u64::try_from(at.as_microsecond()).ok()
}

impl Stretch {
    fn intervals(&self) -> u64 {
        self.arrivals.len().saturating_sub(1) as u64
    }

    fn seconds(&self) -> f64 {
        let (Some(first), Some(last)) = (self.arrivals.iter().min(), self.arrivals.iter().max())
        else {
            return 0.0;
        };
        (last - first) as f64 / 1e6
    }

    fn most_in_one_second(&self) -> u64 {
        let mut sorted = self.arrivals.clone();
        sorted.sort_unstable();
        let mut most = 0;
        let mut from = 0;
        for (at, arrival) in sorted.iter().enumerate() {
            while sorted[from] + 1_000_000 <= *arrival {
                from += 1;
            }
            most = most.max(at - from + 1);
        }
        most as u64
    }
}
