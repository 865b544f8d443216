//! What the issuer hands to the server.

use bytes::Bytes;
use hongbao_wire::ErrorCode;
use std::time::Duration;

/// A complete reply and how it travels.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The reply's bytes, finished, faults included.
    pub body: Bytes,
    /// How they travel.
    pub delivery: Delivery,
    /// The reply's `err_code`, for logs and metrics; `None` on a success.
    pub err_code: Option<ErrorCode>,
}

/// How a reply travels: anything but `Plain` is a fault of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// At once, HTTP 200.
    Plain,
    /// HTTP 200 after a delay.
    After(Duration),
    /// HTML with this HTTP status, 400 or 502.
    Html(u16),
    /// Nothing was processed: close the connection without a reply.
    ResetBeforeRequest,
    /// The request was processed: close the connection without a reply.
    ResetAfterRequest,
}
