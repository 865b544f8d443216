//! This server's part of what several may give together: of what merchants may call, and of the
//! pace at which the payer is asked.

use crate::config::Replica;
use crate::gateway::Gateway;
use crate::pace::Share;
use hongbao_client::{Pace, Rate};
use hongbao_inquiry::slice::whole_turns;
use hongbao_inquiry::{SLICE_LEASE, Slice, SliceKeeper};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Under which merchant and pace the share of all merchants' limits is leased: one lease a server,
/// however many merchants there are.
const ALL_MERCHANTS: &str = "*";
const CALLS_PACE: &str = "calls";
/// What a start waits for its first part: servers that run give it up within a renewal, those that
/// died with their lease.
const FIRST_MAX: Duration = SLICE_LEASE.saturating_add(Duration::from_secs(4));
/// What a stop waits for its parts to be given back.
const RELEASE_MAX: Duration = Duration::from_millis(1_500);

/// What keeps the parts, until they are given back.
#[derive(Debug)]
pub(crate) struct Slices {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Slices {
    /// Begins to keep them; returns once there is something of each, or after a while without.
    pub(crate) async fn keep(
        replica: Option<&Replica>,
        share: &Arc<Share>,
        gateway: Option<&Gateway>,
    ) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut slices = Self { stop, tasks: JoinSet::new() };
        let heard = Arc::new(Notify::new());
        if let Some(replica) = replica {
            let (share, heard) = (share.clone(), heard.clone());
            let set = move |slice: Slice| {
                share.set(slice.per_1000_seconds);
                heard.notify_one();
            };
            slices.tasks.spawn(keep(share_of(replica), set, stopping.clone()));
        }
        let parts = gateway.map(Gateway::slices).unwrap_or_default();
        for (keeper, pace) in parts.clone() {
            pace.forbid();
            let heard = heard.clone();
            let set = move |slice: Slice| {
                give(&pace, slice);
                heard.notify_one();
            };
            slices.tasks.spawn(keep(keeper, set, stopping.clone()));
        }
        let has_all =
            || share.millionths() > 0 && parts.iter().all(|(_, pace)| pace.permitted().is_some());
        let wait = async {
            while !has_all() {
                heard.notified().await;
            }
        };
        if timeout(FIRST_MAX, wait).await.is_err() {
            tracing::warn!("it starts without a part of what the servers may give together");
        }
        slices
    }

    /// Gives them back.
    pub(crate) async fn release(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(RELEASE_MAX, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

fn share_of(replica: &Replica) -> SliceKeeper {
    SliceKeeper {
        ledger: replica.ledger.clone(),
        clock: replica.clock.clone(),
        mch_id: ALL_MERCHANTS.into(),
        pace: CALLS_PACE.into(),
        whole_per_1000_seconds: u64::from(Share::WHOLE),
        holder: replica.holder.clone(),
        // a limit counts by its period, of which a whole one's worth may come at once
        is_exact: false,
    }
}

fn give(pace: &Pace, slice: Slice) {
    match Rate::per_1000(whole_turns(slice.per_1000_seconds)) {
        Some(rate) => pace
            .permit(rate, Some(slice.until.saturating_duration_since(tokio::time::Instant::now()))),
        None => pace.forbid(),
    }
}

async fn keep(keeper: SliceKeeper, mut set: impl FnMut(Slice), mut stop: watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => {}
        () = keeper.keep(&mut set) => {}
    }
    set(Slice { per_1000_seconds: 0, until: tokio::time::Instant::now() });
    keeper.release().await;
}
