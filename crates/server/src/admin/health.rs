//! Whether the server lives, and whether it can work.

use super::Desk;
use super::problem::Problem;
use super::view::answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Condition {
    status: &'static str,
}

/// `GET /health`: it answers.
pub(crate) async fn health(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    answer(&desk, Condition { status: "up" })
}

/// `GET /ready`: the ledger answers and can write, and among several servers this one has a share
/// of what merchants may call; else 503 `NOT_READY`.
pub(crate) async fn ready(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    match desk.ledger.check().await {
        Ok(()) if desk.share.millionths() == 0 => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "NOT_READY",
            "the other servers of the ledger hold all that merchants may call",
            "it changes within seconds; if not, look at the server's log",
        )),
        Ok(()) => Ok(answer(&desk, Condition { status: "ready" })),
        Err(error) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "NOT_READY",
            error.to_string(),
            "look at the server's log and the disk",
        )),
    }
}
