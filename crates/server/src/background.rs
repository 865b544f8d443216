//! What runs beside the requests until the server stops.

use crate::metrics::Metrics;
use crate::roster::RosterKeeper;
use crate::source::Source;
use hongbao_inquiry::Follower;
use hongbao_inquiry::follow::{Event, Until};
use hongbao_issuer::Issuer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

/// Keeps in memory as the ledger has them: the merchants, and where other servers share it, the
/// sandbox's clock and faults.
pub(crate) async fn refresh(
    roster: Arc<RosterKeeper>,
    source: Source,
    every_ms: u32,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticks = ticks(every_ms);
    let mut failing = false;
    while next(&mut ticks, &mut stop).await {
        let refreshed = roster.refresh().await;
        if let (Err(error), false) = (&refreshed, failing) {
            tracing::warn!(%error, "the merchants stay as they were read last");
        }
        failing = refreshed.is_err();
        if let Source::Issuer(issuer) = &source {
            let refreshed = issuer.refresh().await;
            if let (Err(error), false) = (&refreshed, failing) {
                tracing::warn!(%error, "the sandbox's clock and faults stay as they were read last");
            }
            failing |= refreshed.is_err();
        }
    }
}

/// The longest that a server among others rests before it looks again for what they left.
const SETTLE_REST_MAX: Duration = Duration::from_secs(1);

/// Moves the packets that are due. Where others do so too, the ledger, which is asked once for each
/// merchant, is asked less and less while there is nothing to do: what this server changed
/// is moved on time all the same.
pub(crate) async fn settle(issuer: Arc<Issuer>, every_ms: u32, mut stop: watch::Receiver<bool>) {
    let every = Duration::from_millis(u64::from(every_ms.max(1)));
    let (mut rest, mut failing) = (every, false);
    loop {
        let settled = issuer.settle_due().await;
        rest = match settled {
            Ok(0) if issuer.is_one_of_several() => (rest * 2).min(SETTLE_REST_MAX).max(every),
            _ => every,
        };
        match &settled {
            Ok(0) => {}
            Ok(moved) => tracing::debug!(moved, "packets moved"),
            // Said once for a row of failures; they are tried again.
            Err(error) if !failing => tracing::warn!(%error, "packets that are due did not move"),
            Err(_) => {}
        }
        failing = settled.is_err();
        let rested = async {
            sleep(every.min(rest)).await;
            issuer.until_due(rest.saturating_sub(every)).await;
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = rested => {}
        }
    }
}

/// How long following rests after the ledger could not be read, milliseconds.
const FOLLOW_REST_MS: u32 = 5_000;

/// Asks about a merchant's numbers on schedule until they are final.
pub(crate) async fn follow(
    mch_id: Box<str>,
    follower: Follower,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticks = ticks(FOLLOW_REST_MS);
    while next(&mut ticks, &mut stop).await {
        let mut stopped = stop.clone();
        let stopped = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let note = |event: Event| match event {
            Event::Asked(_) => metrics.step(&mch_id, "asked"),
            Event::Resent(_) => metrics.step(&mch_id, "resent"),
            Event::Failed { mch_billno, error } => {
                metrics.step(&mch_id, "failed");
                tracing::warn!(mch_id, %mch_billno, %error, "a number could not be followed");
            }
        };
        if let Err(error) = follower.run(Until::Stopped, stopped, note).await {
            tracing::error!(mch_id, %error, "following rests");
        }
    }
}

fn ticks(every_ms: u32) -> Interval {
    let mut ticks = interval(Duration::from_millis(u64::from(every_ms.max(1))));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits for the next tick; `false` when the server stops.
async fn next(ticks: &mut Interval, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => false,
        _ = ticks.tick() => true,
    }
}
