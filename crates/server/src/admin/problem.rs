//! Errors of the admin listener: problem details (RFC 9457) with a stable `code`
//! and a `hint`.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hongbao_inquiry::InquiryError;
use hongbao_issuer::IssuerError;
use hongbao_ledger::LedgerError;
use serde::Serialize;

/// One error.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: &'static str,
}

/// As it is written.
#[derive(Debug, Serialize)]
struct Body<'p> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'p str,
    code: &'static str,
    hint: &'static str,
    mode: &'static str,
}

impl Problem {
    /// A problem.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self { status, code, detail: detail.into(), hint }
    }

    /// A request that cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>, hint: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", detail, hint)
    }

    /// No such path.
    pub(crate) fn no_such_path() -> Self {
        let detail = "there is nothing at this path";
        Self::new(StatusCode::NOT_FOUND, "NO_SUCH_PATH", detail, "see `GET /health`")
    }

    /// The path has no such method.
    pub(crate) fn method_not_allowed() -> Self {
        let (status, detail) = (StatusCode::METHOD_NOT_ALLOWED, "the path has no such method");
        Self::new(status, "METHOD_NOT_ALLOWED", detail, "look at the header `allow`")
    }

    /// There is no such packet.
    pub(crate) fn no_packet() -> Self {
        IssuerError::NoPacket.into()
    }

    /// What only the paying side can do.
    pub(crate) fn not_in_gateway() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "NOT_IN_GATEWAY",
            "this server is a gateway: the packets are the payer's",
            "ask the payer itself; what is known here is at `GET /packets/{mch_id}`",
        )
    }

    /// The answer. The body is written when the mode is known.
    pub(crate) fn write(&self, mode: &'static str) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            hint: self.hint,
            mode,
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, bytes).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem to the guard, which knows the mode.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        IssuerError::Ledger(error).into()
    }
}

impl From<InquiryError> for Problem {
    fn from(error: InquiryError) -> Self {
        match error {
            InquiryError::Ledger(error) => error.into(),
            other => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                other.code(),
                other.to_string(),
                "look at the server's log",
            ),
        }
    }
}

impl From<IssuerError> for Problem {
    fn from(error: IssuerError) -> Self {
        let (status, hint) = match &error {
            IssuerError::NoPacket => {
                (StatusCode::NOT_FOUND, "list the merchant's packets with `GET /packets/{mch_id}`")
            }
            IssuerError::NotNow { .. } => {
                (StatusCode::CONFLICT, "look at the packet's `status` and history first")
            }
            IssuerError::NotInProduction => (
                StatusCode::CONFLICT,
                "set the mode to sandbox in the configuration, or do not play",
            ),
            IssuerError::BadFault(_) => {
                (StatusCode::BAD_REQUEST, "`hongbao sandbox fault --help` describes the faults")
            }
            IssuerError::BadAdvance(_) => {
                (StatusCode::BAD_REQUEST, "advance forwards, by as much as `24h` or `31d`")
            }
            IssuerError::Ledger(LedgerError::NoMerchant(_)) => {
                (StatusCode::NOT_FOUND, "list the merchants with `GET /merchants`")
            }
            IssuerError::Ledger(LedgerError::Conflict) => {
                (StatusCode::CONFLICT, "the record changed meanwhile; try again")
            }
            IssuerError::Ledger(LedgerError::Overflow) => {
                (StatusCode::BAD_REQUEST, "choose a smaller amount")
            }
            _ => (StatusCode::SERVICE_UNAVAILABLE, "look at the server's log and the disk"),
        };
        Self::new(status, error.code(), error.to_string(), hint)
    }
}
