//! What must hold in every world, by name.

use std::fmt;

/// A property that no seed may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Never is money under way or received under two numbers of one business reference.
    PaidOnce,
    /// A number is replaced by another only once it is FAILED in the issuer's truth.
    NumberKept,
    /// A final verdict says what the issuer's truth says, from the moment it is given.
    VerdictTrue,
    /// A final verdict never changes, unless the payer itself signs what excludes it: then it is
    /// a contradiction, and that stays.
    VerdictStays,
    /// In no second does a process ask more often than its pace.
    PaceKept,
    /// Every attempt of one call carries identical bytes, every send of a number one order.
    BytesKept,
    /// A number and its order are in the ledger before the first byte of its send leaves.
    IntentNoted,
    /// What the ledger acknowledged is there, and no later change takes it back.
    NothingLost,
    /// In the end every number is final, or a person was called for a reason that is true.
    NobodyForgotten,
    /// The issuer's watch on double payments found nothing.
    WatchSilent,
    /// Nothing is refused but what must be.
    RefusedRightly,
}

impl Check {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaidOnce => "paid_once",
            Self::NumberKept => "number_kept",
            Self::VerdictTrue => "verdict_true",
            Self::VerdictStays => "verdict_stays",
            Self::PaceKept => "pace_kept",
            Self::BytesKept => "bytes_kept",
            Self::IntentNoted => "intent_noted",
            Self::NothingLost => "nothing_lost",
            Self::NobodyForgotten => "nobody_forgotten",
            Self::WatchSilent => "watch_silent",
            Self::RefusedRightly => "refused_rightly",
        }
    }
}

/// A seed broke a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// Which check.
    pub check: Check,
    /// What was seen.
    pub detail: String,
    /// The last events before it, oldest first.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "check `{}` is broken: {}", self.check.as_str(), self.detail)?;
        write!(f, "replay: cargo xtask sim --seed {}", self.seed)
    }
}
