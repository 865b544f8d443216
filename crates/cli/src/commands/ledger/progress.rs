//! How far a long piece of work is: a line that is redrawn on a terminal, a line every ten seconds elsewhere.

use crate::commands::serve::Stop;
use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::future::Future;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How often the line is redrawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// How often a line is said where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Where work says how far it is.
#[derive(Debug, Default)]
pub struct Place<T>(Mutex<Option<T>>);

impl<T: Copy> Place<T> {
    /// Nowhere yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Says how far it is.
    pub fn note(&self, at: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    fn seen(&self) -> Option<T> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `work`, and shows how far it is in the words of `said`. `None` where a signal came first:
/// the work is dropped then.
pub async fn shown<T: Copy, R>(
    work: impl Future<Output = R>,
    place: &Place<T>,
    said: impl Fn(T) -> String,
    stop: &mut Stop,
    out: &mut Output,
) -> Option<R> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar
    });
    let every = if bar.is_some() { DRAW_EVERY } else { LINE_EVERY };
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            biased;
            _ = stop.wait() => break None,
            _ = ticks.tick() => {
                let Some(line) = place.seen().map(&said) else { continue };
                match &bar {
                    Some(bar) => {
                        bar.set_message(line);
                        bar.tick();
                    }
                    None => out.talk(line),
                }
            }
            done = &mut work => break Some(done),
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    done
}
