//! How far a run is: a bar on a terminal, a line every ten seconds elsewhere.

use crate::output::Output;
use crate::say;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often the bar is told how far the run is.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How often a line is said where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
const TEMPLATE: &str = "{bar:24} {pos}/{len} {per_sec:1} ETA {eta}  {msg}";
/// The same where nobody knows how many there will be.
const ENDLESS: &str = "{spinner} {pos} {per_sec:1}  {msg}";

/// What shows how far a run is, on stderr.
pub struct Progress {
    bar: Option<ProgressBar>,
    is_over: bool,
    total: Option<u64>,
    started: Instant,
    every: Duration,
    next: Instant,
    ticks: Interval,
}

impl Progress {
    /// Begins at none of `total` rows, where that is known.
    #[must_use]
    pub fn new(total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            let template = if total.is_some() { TEMPLATE } else { ENDLESS };
            let style = ProgressStyle::with_template(template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let every = if bar.is_some() { BAR_EVERY } else { LINE_EVERY };
        let started = Instant::now();
        let mut ticks = interval_at(started + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { bar, is_over: false, total, started, every, next: started + every, ticks }
    }

    /// Waits until something is to be shown.
    pub async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    /// Shows how far the run is, if it was not shown lately.
    pub fn show_at_times(&mut self, rows: u64, counts: &str, out: &mut Output) {
        let now = Instant::now();
        if now >= self.next {
            self.next = now + self.every;
            self.show(rows, counts, out);
        }
    }

    /// Shows how far the run is, and in words what it came to until now.
    pub fn show(&self, rows: u64, counts: &str, out: &mut Output) {
        if self.is_over {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_message(counts.to_owned());
            bar.set_position(rows);
            return;
        }
        let elapsed = self.started.elapsed().as_millis().max(1);
        let rate = u128::from(rows) * 1000 / elapsed;
        let Some(total) = self.total else {
            let line = say!("data-progress", rows = rows, rate = rate, counts = counts);
            out.talk(line.trim_end());
            return;
        };
        let left = u128::from(total.saturating_sub(rows));
        // digits alone, such as `00:01:05`, are of no language; with no row done yet, nobody can tell
        let eta = (left * elapsed / 1000).checked_div(rows.into());
        let eta = eta.map_or("?".to_owned(), |seconds| {
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            indicatif::FormattedDuration(Duration::from_secs(seconds)).to_string()
        });
        out.talk(say!(
            "reconcile-progress",
            rows = rows,
            total = total,
            rate = rate,
            eta = eta,
            counts = counts
        ));
    }

    /// Takes the bar away, and shows nothing any more.
    pub fn clear(&mut self) {
        self.is_over = true;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
