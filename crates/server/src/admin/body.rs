//! Bodies of requests, under their cap.

use super::problem::Problem;
use crate::pulse::{Phase, Pulse};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A JSON body; where there is none, `{}`.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let pulse = request.extensions().get::<Arc<Pulse>>().cloned();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let hint = "a body has at most 64 KiB";
            Problem::new(rejection.status(), "BODY_REFUSED", rejection.body_text(), hint)
        })?;
        if let Some(pulse) = pulse {
            pulse.enter(Phase::Turn);
        }
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(json).map(Self).map_err(|error| {
            let detail = format!("the body cannot be read: {error}");
            Problem::bad_request(detail, "see the names and types of the fields")
        })
    }
}
