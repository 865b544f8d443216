//! Merchants: looked at, never with their secrets, and topped up.

use super::Desk;
use super::body::JsonBody;
use super::problem::Problem;
use super::view::{MerchantView, answer};
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use hongbao_wire::Fen;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Merchants {
    merchants: Vec<MerchantView>,
}

/// `GET /merchants`: all of them, in the order of their numbers.
pub(crate) async fn list(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    let merchants = desk.ledger.merchants().await?;
    let merchants = merchants.into_iter().map(MerchantView::from).collect();
    Ok(answer(&desk, Merchants { merchants }))
}

/// How much.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopUp {
    amount_fen: u64,
}

#[derive(Debug, Serialize)]
struct Balance {
    mch_id: String,
    balance: u64,
}

/// `POST /merchants/{mch_id}/top-up {"amount_fen": 100}`: adds to its balance.
pub(crate) async fn top_up(
    State(desk): State<Arc<Desk>>,
    Path(mch_id): Path<String>,
    JsonBody(top_up): JsonBody<TopUp>,
) -> Result<impl IntoResponse, Problem> {
    let amount = Fen::new(top_up.amount_fen).filter(|amount| *amount > Fen::ZERO);
    let amount = amount.ok_or_else(|| {
        Problem::bad_request("`amount_fen` is 0 or too large", "give a positive number of fen")
    })?;
    // the balance is the paying side's
    desk.issuer()?;
    let balance = desk.ledger.top_up(&mch_id, amount).await?.get();
    Ok(answer(&desk, Balance { mch_id, balance }))
}
