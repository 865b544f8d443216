//! What can go wrong with an issuer; replies on the wire are no errors.

use hongbao_ledger::LedgerError;

/// Why the issuer refused or could not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The ledger failed.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    /// There is no such packet.
    #[error("there is no packet with this number")]
    NoPacket,
    /// The packet is in a state that the trigger does not fit.
    #[error("a packet that is {status} cannot {trigger}")]
    NotNow {
        /// The packet's state: a wire status or `NOT_STORED`.
        status: Box<str>,
        /// The trigger's word.
        trigger: &'static str,
    },
    /// The sandbox is off: the clock cannot be advanced and faults cannot be set.
    #[error("the sandbox is off: this is a production issuer")]
    NotInProduction,
    /// A fault rule cannot be kept.
    #[error("the fault rule cannot be kept: {0}")]
    BadFault(String),
    /// The clock cannot be advanced by that much.
    #[error("the clock cannot be advanced so: {0}")]
    BadAdvance(&'static str),
    /// A setting of the ledger cannot be read.
    #[error("the setting `{0}` of the ledger cannot be read")]
    BadSetting(&'static str),
}

impl IssuerError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ledger(LedgerError::NoMerchant(_)) => "NO_MERCHANT",
            Self::Ledger(LedgerError::Conflict) => "CONFLICT",
            Self::Ledger(_) => "LEDGER_FAILED",
            Self::NoPacket => "NO_PACKET",
            Self::NotNow { .. } => "TRANSITION_REFUSED",
            Self::NotInProduction => "SANDBOX_OFF",
            Self::BadFault(_) => "BAD_FAULT",
            Self::BadAdvance(_) => "BAD_ADVANCE",
            Self::BadSetting(_) => "BAD_SETTING",
        }
    }
}
