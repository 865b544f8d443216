//! This server's part of what several may give together: of what merchants may call, and of the
//! pace at which the payer is asked.

use crate::config::Replica;
use crate::gateway::Gateway;
use crate::pace::Share;
use futures_util::future::join_all;
use hongbao_inquiry::{Part, SLICE_LEASE, SliceKeeper};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Under which merchant and pace the share of all merchants' limits is leased: one lease a server,
/// however many merchants there are.
const ALL_MERCHANTS: &str = "*";
const CALLS_PACE: &str = "calls";
/// What a start waits for its first part: servers that run give it up within a renewal, those that
/// died with their lease.
const FIRST_MAX: Duration = SLICE_LEASE.saturating_add(Duration::from_secs(4));

/// The parts that are kept, until they are given back.
#[derive(Debug)]
pub(crate) struct Slices(Vec<Part>);

impl Slices {
    /// Begins to keep them; returns once there is something of each, or after a while without.
    pub(crate) async fn keep(
        replica: Option<&Replica>,
        share: &Arc<Share>,
        gateway: Option<&Gateway>,
    ) -> Self {
        let heard = Arc::new(Notify::new());
        let mut slices = Vec::new();
        if let Some(replica) = replica {
            let (share, heard) = (share.clone(), heard.clone());
            slices.push(Part::keep(share_of(replica), move |slice| {
                share.set(slice.per_1000_seconds);
                heard.notify_one();
            }));
        }
        let parts = gateway.map(Gateway::slices).unwrap_or_default();
        for (keeper, pace) in parts.clone() {
            let heard = heard.clone();
            slices.push(Part::of_pace(keeper, pace, move || heard.notify_one()));
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
        Self(slices)
    }

    /// Gives them back.
    pub(crate) async fn release(self) {
        join_all(self.0.into_iter().map(Part::give_back)).await;
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
