//! What is known of a packet that a row names, as far as a row of the output shows it.

use crate::outcome::Asked;
use hongbao_ledger::inquiry::Seen;
use hongbao_wire::{Fen, OpenId, Verdict};
use jiff::Timestamp;

/// What is known of a packet now. Smaller than [`Asked`], of which a run holds many.
#[derive(Clone, Debug)]
pub struct Found {
    /// What became of it.
    pub verdict: Verdict,
    /// What the newest verified record said.
    pub seen: Option<Seen>,
    /// What we ordered: how much, and for whom.
    pub ordered: Option<(Fen, OpenId)>,
    /// When it was sent, where that is known.
    pub sent_at: Option<Timestamp>,
    /// When the payer was last asked.
    pub asked_at: Option<Timestamp>,
    /// Whether the payer was asked since the run began; else the ledger knew.
    pub is_asked_in_run: bool,
}

impl Found {
    /// What a run that began at `began` keeps of an answer.
    #[must_use]
    pub fn new(asked: Asked, began: Timestamp) -> Self {
        let Asked { inquiry, verdict, .. } = asked;
        let asked_at = inquiry.asked_at;
        Self {
            verdict,
            seen: inquiry.seen,
            ordered: inquiry.order.map(|order| (order.total_amount, order.re_openid)),
            sent_at: inquiry.sent_at,
            asked_at,
            is_asked_in_run: asked_at.is_some_and(|at| at >= began),
        }
    }

    /// Where the answer came from: the stable word `upstream` or `ledger`. An interrupted run
    /// says the same of what it asked before.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        if self.is_asked_in_run { "upstream" } else { "ledger" }
    }
}
