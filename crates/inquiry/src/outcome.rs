//! What a question or a payment came to.

use hongbao_client::Exchange;
use hongbao_ledger::Inquiry;
use hongbao_wire::{QueryReply, SendReply, Verdict};
use jiff::Timestamp;

/// Where an answer came from.
#[derive(Clone, Debug)]
pub enum Origin<R> {
    /// The payer was asked just now.
    Upstream(Exchange<R>),
    /// The ledger knew.
    Ledger {
        /// When the payer was last asked.
        asked_at: Option<Timestamp>,
    },
}

impl<R> Origin<R> {
    /// What came back, where the payer was asked.
    pub const fn exchange(&self) -> Option<&Exchange<R>> {
        match self {
            Self::Upstream(exchange) => Some(exchange),
            Self::Ledger { .. } => None,
        }
    }

    /// The stable word: `upstream` or `ledger`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Upstream(_) => "upstream",
            Self::Ledger { .. } => "ledger",
        }
    }
}

/// What a question came to.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is known of the packet now, as it was committed.
    pub inquiry: Inquiry,
    /// What that means.
    pub verdict: Verdict,
    /// Where the answer came from.
    pub origin: Origin<QueryReply>,
}

/// What a payment came to.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What is known of the packet now, as it was committed; its number among it.
    pub inquiry: Inquiry,
    /// What that means.
    pub verdict: Verdict,
    /// Where the answer came from: the ledger, where the number needs no sending any more.
    pub origin: Origin<SendReply>,
}
