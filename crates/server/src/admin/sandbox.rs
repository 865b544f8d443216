//! The sandbox's clock, faults and findings.

use super::Desk;
use super::body::JsonBody;
use super::problem::Problem;
use super::view::{FindingView, answer, time};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hongbao_issuer::{FaultRule, Issuer, IssuerError, Mode};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Serialize)]
struct Now {
    now: String,
}

/// `GET /sandbox`: the mode and the issuer's time.
pub(crate) async fn show(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    Ok(answer(&desk, Now { now: time(desk.issuer()?.now()) }))
}

/// By how much.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    by: String,
}

#[derive(Debug, Serialize)]
struct Advanced {
    now: String,
    moved: usize,
}

/// `POST /sandbox/advance {"by": "24h"}`: moves the clock and everything that is due then.
pub(crate) async fn advance(
    State(desk): State<Arc<Desk>>,
    JsonBody(advance): JsonBody<Advance>,
) -> Result<impl IntoResponse, Problem> {
    let by = duration(&advance.by)?;
    let advanced = desk.issuer()?.advance(by).await?;
    let rest = Advanced { now: time(advanced.now), moved: advanced.moved };
    Ok(answer(&desk, rest))
}

/// A duration as people write it, `90s`, `24h`, `31d`; a day is 24 hours.
fn duration(text: &str) -> Result<SignedDuration, Problem> {
    let span = text.parse::<Span>();
    span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours())).map_err(|_| {
        Problem::bad_request("`by` is not a duration", "write it as `90s`, `24h` or `31d`")
    })
}

#[derive(Debug, Serialize)]
struct Faults {
    faults: Vec<FaultRule>,
}

/// `GET /sandbox/faults`: the rules, in the order that they are tried.
pub(crate) async fn faults(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    Ok(answer(&desk, Faults { faults: desk.issuer()?.faults() }))
}

#[derive(Debug, Serialize)]
struct Added {
    fault: FaultRule,
}

/// `POST /sandbox/faults`: adds a rule and answers with it and its id.
pub(crate) async fn add_fault(
    State(desk): State<Arc<Desk>>,
    JsonBody(rule): JsonBody<FaultRule>,
) -> Result<impl IntoResponse, Problem> {
    let fault = sandbox(&desk)?.add_fault(rule).await?;
    Ok((StatusCode::CREATED, answer(&desk, Added { fault })))
}

#[derive(Debug, Serialize)]
struct Removed {
    removed: usize,
}

/// `DELETE /sandbox/faults`: takes all rules away.
pub(crate) async fn clear_faults(
    State(desk): State<Arc<Desk>>,
) -> Result<impl IntoResponse, Problem> {
    let removed = sandbox(&desk)?.clear_faults(None).await?;
    Ok(answer(&desk, Removed { removed }))
}

/// `DELETE /sandbox/faults/{id}`: takes one rule away.
pub(crate) async fn clear_fault(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let removed = sandbox(&desk)?.clear_faults(Some(&id)).await?;
    if removed == 0 {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "NO_FAULT",
            "there is no fault rule with this id",
            "list the rules with `GET /sandbox/faults`",
        ));
    }
    Ok(answer(&desk, Removed { removed }))
}

fn sandbox(desk: &Desk) -> Result<&Issuer, Problem> {
    let issuer = desk.issuer()?;
    match issuer.mode() {
        Mode::Sandbox => Ok(issuer),
        Mode::Production => Err(IssuerError::NotInProduction.into()),
    }
}

/// Whose findings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    mch_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct Findings {
    findings: Vec<FindingView>,
}

/// `GET /sandbox/findings?mch_id=`: double payments in the making, oldest first.
pub(crate) async fn findings(
    State(desk): State<Arc<Desk>>,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(whose) = whose.map_err(|error| {
        Problem::bad_request(error.body_text(), "the only parameter is `mch_id`")
    })?;
    let findings = desk.issuer()?.findings(whose.mch_id.as_deref()).await?;
    let findings = findings.into_iter().map(FindingView::from).collect();
    Ok(answer(&desk, Findings { findings }))
}
