//! `status`: the packet itself.

use std::fmt;

/// The state of a packet (seed, `status`; `protocol.md` §3 and §9 row 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `SENDING` 发放中: being sent; with a `reason`, refused so far.
    Sending,
    /// `SENT` 已发放待领取: delivered, not yet opened.
    Sent,
    /// `FAILED` 发放失败: final; the only state that permits a new bill number.
    Failed,
    /// `RECEIVED` 已领取: final.
    Received,
    /// `RFUND_ING` 退款中: unclaimed for 24 h, the money is on its way back.
    RefundIng,
    /// `REFUND` 已退款: final.
    Refund,
    /// A state that this version does not know; kept, never an error.
    Unknown(Box<str>),
}

impl Status {
    /// Reads the wire's word; `REFUNDING` and `REFUND_ING` count as `RFUND_ING`.
    #[must_use]
    pub fn from_wire(word: &str) -> Self {
        match word {
            "SENDING" => Self::Sending,
            "SENT" => Self::Sent,
            "FAILED" => Self::Failed,
            "RECEIVED" => Self::Received,
            "RFUND_ING" | "REFUNDING" | "REFUND_ING" => Self::RefundIng,
            "REFUND" => Self::Refund,
            other => Self::Unknown(other.into()),
        }
    }

    /// The wire's word; `RFUND_ING` as the seed spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Received => "RECEIVED",
            Self::RefundIng => "RFUND_ING",
            Self::Refund => "REFUND",
            Self::Unknown(word) => word,
        }
    }

    /// Whether the packet can no longer change: RECEIVED, REFUND or FAILED.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Received | Self::Refund | Self::Failed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
