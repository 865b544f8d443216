//! This process's part of a pace, kept beside its work until it is given back.

use crate::slice::{Slice, SliceKeeper, whole_turns};
use hongbao_client::{Pace, Rate};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// What giving back may take; after that the part ends with its lease.
const GIVE_BACK_MAX: Duration = Duration::from_millis(1_500);

/// A part that is kept. One that is dropped gives itself back, where the runtime lives on.
#[derive(Debug)]
pub struct Part {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Part {
    /// Keeps the part; `set` hears of every change, of every renewal, and of nothing in the end.
    #[must_use]
    pub fn keep(keeper: SliceKeeper, mut set: impl FnMut(Slice) + Send + 'static) -> Self {
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => {}
                () = keeper.keep(&mut set) => {}
            }
            set(Slice { per_1000_seconds: 0, until: Instant::now() });
            keeper.release().await;
        });
        Self { stop, task }
    }

    /// Keeps the part of `pace`, which gives no turns without one, and never more than its own rate;
    /// `heard` is called after every change.
    #[must_use]
    pub fn of_pace(
        keeper: SliceKeeper,
        pace: Pace,
        mut heard: impl FnMut() + Send + 'static,
    ) -> Self {
        let own = pace.rate();
        pace.forbid();
        Self::keep(keeper, move |slice| {
            slice.give(&pace, own);
            heard();
        })
    }

    /// Gives it back, so that others need not wait for the end of its lease. No turns come of
    /// it any more.
    pub async fn give_back(mut self) {
        self.stop.send_replace(true);
        if timeout(GIVE_BACK_MAX, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Slice {
    /// Lets the pace give what this is of it, and no more than `most`, until it ends.
    fn give(self, pace: &Pace, most: Rate) {
        match Rate::per_1000(whole_turns(self.per_1000_seconds)) {
            Some(rate) => {
                pace.permit(
                    rate.min(most),
                    Some(self.until.saturating_duration_since(Instant::now())),
                );
            }
            None => pace.forbid(),
        }
    }
}
