//! What was run, how it went and how long it took.

use crate::process::Counts;
use std::time::{Duration, Instant};

/// The steps of one run, in order.
#[derive(Debug, Default)]
pub struct Summary {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    counts: Option<Counts>,
    outcome: Result<(), String>,
}

impl Summary {
    /// Runs a step that counts no tests. The first failure ends the run: `?` it.
    pub fn step(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        self.record(name, || (None, work()))
    }

    /// Runs a step of tests.
    pub fn tests(
        &mut self,
        name: &str,
        work: impl FnOnce() -> (Counts, Result<(), String>),
    ) -> Result<(), String> {
        self.record(name, || {
            let (counts, outcome) = work();
            (Some(counts), outcome)
        })
    }

    fn record(
        &mut self,
        name: &str,
        work: impl FnOnce() -> (Option<Counts>, Result<(), String>),
    ) -> Result<(), String> {
        eprintln!("\n== {name}");
        let began = Instant::now();
        let (counts, outcome) = work();
        let step = Step { name: name.to_owned(), took: began.elapsed(), counts, outcome };
        let result = step.outcome.clone();
        self.steps.push(step);
        result
    }

    /// All tests that were counted.
    pub fn counts(&self) -> Counts {
        self.steps.iter().filter_map(|step| step.counts).fold(Counts::default(), Counts::plus)
    }

    /// The table of steps and, where tests were counted, their number in the last line.
    pub fn print(&self) {
        println!();
        for step in &self.steps {
            let word = if step.outcome.is_ok() { "ok" } else { "FAILED" };
            println!("{:>7.1} s  {word:<6}  {}", step.took.as_secs_f64(), step.name);
        }
        let total: Duration = self.steps.iter().map(|step| step.took).sum();
        println!("{:>7.1} s  in all", total.as_secs_f64());
        if self.steps.iter().any(|step| step.counts.is_some()) {
            let Counts { passed, failed, ignored } = self.counts();
            println!("{passed} passed, {failed} failed, {ignored} skipped");
        }
    }
}

/// Prints the summary whether or not the run came to its end.
pub fn with(work: impl FnOnce(&mut Summary) -> Result<(), String>) -> Result<(), String> {
    let mut summary = Summary::default();
    let result = work(&mut summary);
    summary.print();
    result
}
