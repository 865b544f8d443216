//! Packets: looked at, and moved by hand. A gateway shows what it knows of them instead.

use super::body::JsonBody;
use super::problem::Problem;
use super::view::{EntryView, PacketView, answer};
use super::{Desk, inquiries};
use crate::source::Source;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use hongbao_issuer::Trigger;
use hongbao_ledger::{Filter, InquiryFilter, Key};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many packets a page has where the request does not say.
const PAGE: u32 = 100;
/// The most packets of a page.
const PAGE_MAX: u32 = 1_000;

/// Which packets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    status: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Packets {
    packets: Vec<PacketView>,
    /// `after` of the next page; `null` on the last.
    next: Option<String>,
}

/// `GET /packets/{mch_id}?status&after&limit`: a merchant's packets in the order of
/// their numbers, at most 1,000 (default 100).
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Path(mch_id): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    let hint = "the parameters are `status`, `after` and `limit`";
    let Query(which) = which.map_err(|error| Problem::bad_request(error.body_text(), hint))?;
    let limit = which.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request("`limit` is not 1-1000", hint));
    }
    let issuer = match &desk.source {
        Source::Issuer(issuer) => issuer,
        Source::Gateway(gateway) => {
            let filter = InquiryFilter {
                status: which.status.map(Into::into),
                after_billno: which.after.map(Into::into),
                limit,
                ..InquiryFilter::default()
            };
            return Ok(inquiries::list(&desk, gateway, &mch_id, &filter).await?.into_response());
        }
    };
    let filter = Filter {
        status: which.status.map(Into::into),
        re_openid: None,
        after_billno: which.after.map(Into::into),
        limit,
    };
    let records = issuer.records(&mch_id, &filter).await?;
    let full = u32::try_from(records.len()).is_ok_and(|count| count == limit);
    let last = records.last().filter(|_| full);
    let next = last.map(|record| record.key.mch_billno.to_string());
    let packets = records.into_iter().map(PacketView::from).collect();
    Ok(answer(&desk, Packets { packets, next }).into_response())
}

#[derive(Debug, Serialize)]
struct Packet {
    packet: PacketView,
    history: Vec<EntryView>,
}

/// `GET /packets/{mch_id}/{mch_billno}`: one packet and its history, oldest first.
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Path((mch_id, mch_billno)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let key = Key::new(mch_id, mch_billno);
    let issuer = match &desk.source {
        Source::Issuer(issuer) => issuer,
        Source::Gateway(gateway) => {
            return Ok(inquiries::show(&desk, gateway, &key).await?.into_response());
        }
    };
    let record = issuer.record(&key).await?.ok_or_else(Problem::no_packet)?;
    let history = issuer.history(&key).await?.into_iter().map(EntryView::from).collect();
    Ok(answer(&desk, Packet { packet: record.into(), history }).into_response())
}

/// Why, where there is a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Moved {
    packet: PacketView,
}

/// `POST /packets/{mch_id}/{mch_billno}/{deliver|receive|refuse|fail|expire|refund}`
/// with `{"reason": "…"}` where there is one: moves a packet by hand.
pub(crate) async fn trigger(
    State(desk): State<Arc<Desk>>,
    Path((mch_id, mch_billno, word)): Path<(String, String, String)>,
    JsonBody(why): JsonBody<Why>,
) -> Result<impl IntoResponse, Problem> {
    let trigger = Trigger::from_word(&word, why.reason.as_deref());
    let trigger = trigger.ok_or_else(Problem::no_such_path)?;
    let record = desk.issuer()?.trigger(&Key::new(mch_id, mch_billno), trigger).await?;
    Ok(answer(&desk, Moved { packet: record.into() }))
}
