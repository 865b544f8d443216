//! Metrics for Prometheus.

use super::Desk;
use super::problem::Problem;
use crate::source::Source;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use std::sync::Arc;

/// The type of OpenMetrics text, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`: everything that is counted. What a gateway's ledger holds is looked up now.
pub(crate) async fn metrics(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    if let Source::Gateway(gateway) = &desk.source {
        gateway.look().await?;
    }
    desk.metrics.share(&desk.share);
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], desk.metrics.write()))
}
