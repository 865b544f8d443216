//! Why the merchant's side could not ask, or would not send.

use hongbao_ledger::LedgerError;
use hongbao_wire::MchBillno;

/// Why there is no outcome.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InquiryError {
    /// The ledger failed; nothing was asked that was not noted.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    /// The merchant's pace would have made it wait longer than permitted; nothing was asked.
    #[error("the merchant's pace is used up")]
    OverPace,
    /// A payment that would have been wrong; nothing was sent.
    #[error("the payment is refused: {0}")]
    Refused(#[from] SendRefusal),
}

impl InquiryError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::OverPace => "OVER_PACE",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// Why a payment is refused before WeChat Pay sees it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendRefusal {
    /// The number was sent with other parameters; the first order stands.
    #[error("`{mch_billno}` was sent with another `{field}`")]
    OtherParameters {
        /// The number.
        mch_billno: MchBillno,
        /// The first field that differs, as the wire names it.
        field: &'static str,
    },
    /// The reference has a number that has not failed for certain: a new one could pay twice.
    #[error("`{business_ref}` has the number `{mch_billno}`, which has not failed for certain")]
    ReferenceOpen {
        /// The reference.
        business_ref: Box<str>,
        /// Its newest number.
        mch_billno: MchBillno,
    },
    /// The number belongs to another reference, or to none.
    #[error("`{mch_billno}` was sent under another reference, or under none")]
    OtherReference {
        /// The number.
        mch_billno: MchBillno,
    },
    /// The number was seen, or noted more than a day ago, and not sent from this ledger: it may
    /// be a packet of somebody else's, even where NOT_FOUND answers for it.
    #[error("`{mch_billno}` is known here and was not sent from this ledger")]
    SentElsewhere {
        /// The number.
        mch_billno: MchBillno,
    },
    /// No number can be made for this merchant: its own is too long.
    #[error("no bill number can be made for merchant `{0}`")]
    BillnoNeeded(Box<str>),
    /// A send is signed with the WeCom secret too.
    #[error("the merchant's WeCom secret is missing")]
    NoSecret,
}

impl SendRefusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherParameters { .. } => "SEND_OTHER_PARAMETERS",
            Self::ReferenceOpen { .. } => "SEND_REF_OPEN",
            Self::OtherReference { .. } => "SEND_OTHER_REF",
            Self::SentElsewhere { .. } => "SEND_ELSEWHERE",
            Self::BillnoNeeded(_) => "BILLNO_NEEDED",
            Self::NoSecret => "PROFILE_NO_SECRET",
        }
    }
}
