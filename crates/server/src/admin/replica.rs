//! Which of several servers on a ledger this one is.

use super::Desk;
use super::view::answer;
use crate::gateway::pace_of;
use crate::source::Source;
use axum::extract::State;
use axum::response::IntoResponse;
use hongbao_client::Rate;
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Replica {
    /// Its name on leases; `null`: it is the ledger's only server.
    holder: Option<Box<str>>,
    /// What it may give of every merchant's calls, millionths.
    share_millionths: u32,
    /// At which pace it asks the payer; none where it pays itself.
    upstream: Vec<PaceView>,
}

#[derive(Debug, Serialize)]
struct PaceView {
    mch_id: String,
    /// Turns in 1000 seconds now; 0: none are given.
    per_1000_seconds: u64,
}

/// `GET /replica`: its name, and its part of what the servers of the ledger may give together.
pub(crate) async fn show(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let upstream = match &desk.source {
        Source::Issuer(_) => Vec::new(),
        Source::Gateway(gateway) => gateway
            .paces()
            .map(|(mch_id, pace)| PaceView {
                mch_id: mch_id.to_owned(),
                per_1000_seconds: pace_of(pace).map_or(0, Rate::per_1000_seconds),
            })
            .collect(),
    };
    let (holder, share_millionths) = (desk.holder.clone(), desk.share.millionths());
    answer(&desk, Replica { holder, share_millionths, upstream })
}
