//! How far a run is: a bar on a terminal, a line every ten seconds elsewhere.

use super::tally::Tally;
use crate::output::Output;
use crate::say;
use hongbao_wire::Verdict;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often the bar is told how far the run is.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How often a line is said where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
const TEMPLATE: &str = "{bar:24} {pos}/{len} {per_sec:1} ETA {eta}  {msg}";

/// What shows how far a run is, on stderr.
pub struct Progress {
    bar: Option<ProgressBar>,
    is_over: bool,
    total: u64,
    started: Instant,
    ticks: Interval,
}

impl Progress {
    /// Begins at none of `total` rows.
    #[must_use]
    pub fn new(total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(TEMPLATE);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let every = if bar.is_some() { BAR_EVERY } else { LINE_EVERY };
        let started = Instant::now();
        let mut ticks = interval_at(started + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { bar, is_over: false, total, started, ticks }
    }

    /// Waits until something is to be shown.
    pub async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    /// Shows how far the run is.
    pub fn show(&self, tally: &Tally, out: &mut Output) {
        if self.is_over {
            return;
        }
        let counts = counts(tally);
        if let Some(bar) = &self.bar {
            bar.set_message(counts);
            bar.set_position(tally.rows);
            return;
        }
        let elapsed = self.started.elapsed().as_millis().max(1);
        let rows = u128::from(tally.rows);
        let left = u128::from(self.total.saturating_sub(tally.rows));
        // digits alone, such as `00:01:05`, are of no language; with no row done yet, nobody can tell
        let eta = (left * elapsed / 1000).checked_div(rows).map_or("?".to_owned(), |seconds| {
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            indicatif::FormattedDuration(Duration::from_secs(seconds)).to_string()
        });
        let rate = rows * 1000 / elapsed;
        let (rows, total) = (tally.rows, self.total);
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

/// The verdicts that there are, such as `received 12, open 3`; the words are the contract's.
fn counts(tally: &Tally) -> String {
    let counts = Verdict::WORDS.iter().zip(&tally.verdicts).filter(|(_, c)| c.packets > 0);
    let counts: Vec<String> =
        counts.map(|(word, count)| format!("{word} {}", count.packets)).collect();
    counts.join(", ")
}
