//! When the packets that this process changed are due, so that it need not ask the ledger all the
//! time: what others changed is looked for now and then.

use crate::issuer::Issuer;
use hongbao_ledger::Record;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How many times are remembered, the earliest ones.
const TIMES_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    times: Mutex<BTreeSet<Timestamp>>,
    changed: Notify,
}

impl Agenda {
    fn times(&self) -> MutexGuard<'_, BTreeSet<Timestamp>> {
        // no call within can panic between two changes of it
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, record: &Record) {
        let Some(due_at) = record.due_at else { return };
        let mut times = self.times();
        times.insert(due_at);
        if times.len() > TIMES_MAX {
            times.pop_last();
        }
        let is_next = times.first() == Some(&due_at);
        drop(times);
        if is_next {
            self.changed.notify_one();
        }
    }

    /// Forgets what is looked after now.
    pub(crate) fn passed(&self, now: Timestamp) {
        let mut times = self.times();
        while times.first().is_some_and(|first| *first <= now) {
            times.pop_first();
        }
    }
}

impl Issuer {
    /// Waits for as long as `rest`, or until something is due that this process changed.
    pub async fn until_due(&self, rest: Duration) {
        let end = Instant::now() + rest;
        loop {
            let due_at = self.agenda.times().first().copied();
            let left = due_at.map(|due_at| due_at.duration_since(self.now()));
            // what is due already is so at once
            let left = left.map(|left| Duration::try_from(left).unwrap_or_default());
            let wake = left.map_or(end, |left| end.min(Instant::now() + left));
            tokio::select! {
                biased;
                () = sleep_until(wake) => return,
                () = self.agenda.changed.notified() => {}
            }
        }
    }

    /// Whether other processes may work on the same ledger.
    #[must_use]
    pub const fn is_one_of_several(&self) -> bool {
        self.config.holder.is_some()
    }
}
