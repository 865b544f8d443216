//! What answers a request once it has passed every check, and where an answer came from.

use crate::gateway::Gateway;
use hongbao_issuer::Issuer;
use std::sync::Arc;

/// What answers: the paying side itself, or a gateway to it.
#[derive(Clone, Debug)]
pub enum Source {
    /// This server pays, or plays at it: its ledger is the truth.
    Issuer(Arc<Issuer>),
    /// Another server pays: the ledger is the memory of what it said.
    Gateway(Arc<Gateway>),
}

impl Source {
    /// The stable word of the mode: `sandbox`, `production` or `gateway`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Issuer(issuer) => issuer.mode().as_str(),
            Self::Gateway(_) => "gateway",
        }
    }
}

impl From<Arc<Issuer>> for Source {
    fn from(issuer: Arc<Issuer>) -> Self {
        Self::Issuer(issuer)
    }
}

impl From<Arc<Gateway>> for Source {
    fn from(gateway: Arc<Gateway>) -> Self {
        Self::Gateway(gateway)
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This server's own packets.
    Issuer,
    /// A gateway's ledger: final, young enough, or past the 30 days.
    Ledger,
    /// A gateway's ledger, older than configured, as the pace left no turn.
    LedgerStale,
    /// A gateway asked the payer just now; also where nothing usable came back.
    Upstream,
    /// Nobody was asked: a check failed, the pace left no turn, the ledger failed.
    Refused,
}

impl Origin {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Issuer, Self::Ledger, Self::LedgerStale, Self::Upstream, Self::Refused];

    /// The stable word of logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Ledger => "ledger",
            Self::LedgerStale => "ledger_stale",
            Self::Upstream => "upstream",
            Self::Refused => "refused",
        }
    }
}
