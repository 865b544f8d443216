//! What runs beside the requests until the server stops.

use crate::roster::RosterKeeper;
use hongbao_issuer::Issuer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Keeps the merchants in memory as the ledger has them.
pub(crate) async fn refresh(
    roster: Arc<RosterKeeper>,
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
    }
}

/// Moves the packets that are due.
pub(crate) async fn settle(issuer: Arc<Issuer>, every_ms: u32, mut stop: watch::Receiver<bool>) {
    let mut ticks = ticks(every_ms);
    let mut failing = false;
    while next(&mut ticks, &mut stop).await {
        let settled = issuer.settle_due().await;
        match &settled {
            Ok(0) => {}
            Ok(moved) => tracing::debug!(moved, "packets moved"),
            // Said once for a row of failures; they are tried again.
            Err(error) if !failing => tracing::warn!(%error, "packets that are due did not move"),
            Err(_) => {}
        }
        failing = settled.is_err();
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
