//! What every request of the admin listener passes: it comes from a program on
//! this machine and not from a web page, and its answer says the mode.

use super::Desk;
use super::problem::Problem;
use crate::wire_log::RequestId;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::field::display;

/// The header that says the mode, on every answer.
pub(crate) const MODE_HEADER: &str = "hongbao-mode";

/// Guards one request and finishes its answer.
pub(crate) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<RequestId>().copied().map(display);
    let mode = desk.source.mode();
    let mut response = match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.write(mode),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(axum::http::header::ALLOW);
        response = problem.write(mode);
        if let Some(allow) = allow {
            response.headers_mut().insert(axum::http::header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(MODE_HEADER, HeaderValue::from_static(mode));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let status = response.status().as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(request = id, %method, path, status, micros, "admin");
    } else if method == Method::GET {
        tracing::debug!(request = id, %method, path, status, micros, "admin");
    } else {
        tracing::info!(request = id, %method, path, status, micros, "admin");
    }
    response
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if !names_loopback(headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "HOST_REFUSED",
            "the header `host` does not name this machine's loopback",
            "use `localhost`, `127.0.0.1` or `[::1]` in the address",
        ));
    }
    // A web page cannot send this type elsewhere without being asked first, and
    // nobody answers that question here.
    if method == Method::POST && !is_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "NOT_JSON",
            "the header `content-type` is not `application/json`",
            "send `content-type: application/json`, with an empty body too",
        ));
    }
    Ok(())
}

fn names_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
