//! The issuer's truth: what has really become of a number.

use crate::world::World;
use futures_util::FutureExt;
use hongbao_ledger::{Key, Ledger, Record};
use hongbao_wire::Status;

/// What a number is in the issuer's truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// The issuer has never heard of it, or has taken no order: it may still arrive.
    Nothing,
    /// Refused so far: no money moves, but it may be sent again.
    Refused,
    /// Money is under way.
    UnderWay,
    /// Received.
    Received,
    /// Refunded.
    Refunded,
    /// Failed: it never moves money again.
    Failed,
}

impl Truth {
    fn of(record: &Record) -> Self {
        match &record.status {
            None if record.detail_id.is_none() => Self::Nothing,
            Some(Status::Sending) if record.reason.is_some() => Self::Refused,
            Some(Status::Received) => Self::Received,
            Some(Status::Refund) => Self::Refunded,
            Some(Status::Failed) => Self::Failed,
            _ => Self::UnderWay,
        }
    }

    /// Whether money moved under it, or may any moment.
    pub(crate) const fn pays(self) -> bool {
        matches!(self, Self::UnderWay | Self::Received | Self::Refunded)
    }

    /// Whether nothing changes any more.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Received | Self::Refunded | Self::Failed)
    }

    /// The verdict's word that says so.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Nothing | Self::Refused | Self::UnderWay => "",
        }
    }
}

impl World {
    /// The truth of a number, as it was last committed.
    pub(crate) fn truth(&self, mch_billno: &str) -> Truth {
        let key = Key::new(self.merchant.mch_id.as_str(), mch_billno);
        let found = self.payer_ledger.find(&key).now_or_never();
        let found = found.expect("a ledger in memory answers at once");
        found.ok().flatten().map_or(Truth::Nothing, |record| Truth::of(&record))
    }
}
