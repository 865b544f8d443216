//! A power cut, and whether the ledger is what it must be after it.

use crate::given::{MCH_ID, first, record};
use crate::state::{State, difference, is_whole, stored, told};
use crate::story::{FILE, Story, folder, options};
use hongbao_crash::{Disk, Image, Lie, Survival};
use hongbao_ledger::{Ledger, SqliteLedger};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Of so many different disks one is asked for everything, as well as read.
const ASKED_ONE_IN: u64 = 8;

/// Which cuts to try.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    /// How many ways at each point; the first two are nothing and everything.
    pub ways: usize,
    /// How the disk lies, once it has told the truth of the first step; `None`: it never does.
    pub lie: Option<Lie>,
    /// Up to which point.
    pub points: usize,
    /// This point and way alone.
    pub only: Option<(usize, usize)>,
}

/// What was tried.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub points: usize,
    pub cuts: u64,
    pub disks: u64,
    pub slowest_open: Duration,
    pub failures: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.points = self.points.max(other.points);
        self.cuts += other.cuts;
        self.disks += other.disks;
        self.slowest_open = self.slowest_open.max(other.slowest_open);
        self.failures.extend(other.failures);
    }
}

/// Cuts the power at every point of the story. Ends at the first failure.
pub fn cut_everywhere(story: &Story, plan: Plan) -> Report {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let seen = Mutex::new(HashSet::new());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|number| {
                let worker = Worker::new(story, plan, &seen, &is_over);
                scope.spawn(move || worker.work(number, workers))
            })
            .collect();
        workers.into_iter().fold(Report::default(), |mut report, worker| {
            report.add(worker.join().unwrap());
            report
        })
    })
}

struct Worker<'a> {
    story: &'a Story,
    plan: Plan,
    /// Disks that were looked at already, with the same expectation.
    seen: &'a Mutex<HashSet<u64>>,
    is_over: &'a AtomicBool,
    folder: TempDir,
    runtime: Runtime,
    report: Report,
}

fn mixed(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Worker<'a> {
    fn new(
        story: &'a Story,
        plan: Plan,
        seen: &'a Mutex<HashSet<u64>>,
        is_over: &'a AtomicBool,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (folder, report) = (folder(), Report::default());
        Self { story, plan, seen, is_over, folder, runtime, report }
    }

    fn work(mut self, number: usize, workers: usize) -> Report {
        let mut disk = Disk::holding(&self.story.begins_with);
        for point in 0..=self.story.events.len().min(self.plan.points) {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            if let Some(event) = point.checked_sub(1).map(|last| self.story.events[last].clone()) {
                let taken = match self.plan.lie {
                    Some(lie) if point > self.story.steps[0].acknowledged => lie.of(event),
                    _ => Some(event),
                };
                taken.iter().for_each(|event| disk.apply(event));
            }
            self.report.points = point + 1;
            if point % workers == number {
                self.cut(&disk, point);
            }
        }
        self.report
    }

    fn cut(&mut self, disk: &Disk, point: usize) {
        for way in 0..self.plan.ways {
            if self.plan.only.is_some_and(|only| only != (point, way)) {
                continue;
            }
            let survival = match way {
                0 | 1 => Survival::ALL[way],
                _ => Survival::ALL[2 + (point + way) % 4],
            };
            let image = disk.after_power_cut(survival, mixed((self.plan.seed, point, way)));
            self.report.cuts += 1;
            let print = mixed((&image, self.story.bounds(point)));
            if !self.seen.lock().unwrap().insert(print) {
                continue;
            }
            self.report.disks += 1;
            if let Err(why) =
                self.check(&image, point, self.report.disks.is_multiple_of(ASKED_ONE_IN))
            {
                let seed = self.plan.seed;
                let sizes: Vec<_> = image.iter().map(|(name, bytes)| (name, bytes.len())).collect();
                self.report.failures.push(format!(
                    "after {point} events, {survival:?} survives, {sizes:?}: {why}\n\
                     again: HONGBAO_TEST_CUT={seed}:{point}:{way} \
                     cargo test -p hongbao-crash --test sqlite power_cut_at_every_point"
                ));
                self.is_over.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Whether the ledger opens from what survived, holds what it must, and takes new packets at once.
    fn check(&mut self, image: &Image, point: usize, asks: bool) -> Result<(), String> {
        let path = self.folder.path().join(FILE);
        for old in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::remove_file(old.unwrap().path()).unwrap();
        }
        for (name, bytes) in image {
            std::fs::write(self.folder.path().join(&**name), bytes).unwrap();
        }
        // What other programs share in memory is no file after a cut, or one of any content.
        if point.is_multiple_of(3) {
            std::fs::write(self.folder.path().join(format!("{FILE}-shm")), [0xa5; 32 << 10])
                .unwrap();
        }
        let began = Instant::now();
        let ledger = SqliteLedger::open_with(&path, self.story.key.clone(), options(None))
            .map_err(|e| format!("it does not open: {e}"))?;
        self.report.slowest_open = self.report.slowest_open.max(began.elapsed());
        let mut found = stored(&path).map_err(|e| format!("it cannot be read: {e}"))?;
        if asks {
            let whole = is_whole(&path).map_err(|e| format!("it cannot be read: {e}"))?;
            if whole != "ok" {
                return Err(format!("it is not whole: {whole}"));
            }
            let told = self.runtime.block_on(told(&ledger)).map_err(|e| e.to_string())?;
            found.insert("(told)".to_owned(), told);
        }
        let steps = compare(self.story, &found, point)?;
        self.runtime.block_on(write(&ledger, steps)).map_err(|e| format!("it takes nothing: {e}"))
    }
}

/// Which of the possible states it is.
fn compare(story: &Story, found: &State, point: usize) -> Result<usize, String> {
    let (least, most) = story.bounds(point);
    let is_like = |wanted: &State, but: &[&str]| {
        found
            .iter()
            .all(|(name, rows)| but.contains(&name.as_str()) || wanted.get(name) == Some(rows))
            && wanted.len() - usize::from(!found.contains_key("(told)")) == found.len()
    };
    for steps in least..=most {
        let is_under_way = steps < most && story.steps[steps].is_gradual;
        let but: &[&str] = if is_under_way { &["runs", "run_rows"] } else { &[] };
        if is_like(&story.states[steps], but) {
            return Ok(steps);
        }
    }
    Err(format!(
        "it holds neither {least} steps nor any more up to {most}; beside {least}:{}",
        difference(found, &story.states[least])
    ))
}

/// A new setting, and a new packet where its merchant is there.
async fn write(ledger: &SqliteLedger, steps: usize) -> Result<(), hongbao_ledger::LedgerError> {
    ledger.check().await?;
    ledger.set_setting("after", "the cut").await?;
    if steps > 0 {
        ledger.commit(first(record(MCH_ID, "after"))).await?;
    }
    Ok(())
}
