//! What can go wrong with a ledger.

use hongbao_wire::Fen;

/// Why a ledger refused or could not.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The record changed since it was read, or exists already: read it again and decide anew.
    #[error("the record changed meanwhile")]
    Conflict,
    /// A commit without entries: the history would not say what happened.
    #[error("a commit has no entries")]
    NoEntries,
    /// The merchant's balance is lower than the amount.
    #[error("the balance is too low")]
    BalanceTooLow,
    /// The receiver has had the most packets of a day.
    #[error("the receiver's daily count is used up")]
    UserCountUsedUp,
    /// The receiver has had the most money of a day.
    #[error("the receiver's daily amount is used up")]
    UserAmountUsedUp,
    /// The merchant has paid out the most money of a day.
    #[error("the merchant's daily amount is used up")]
    MerchantAmountUsedUp,
    /// No such merchant.
    #[error("there is no merchant `{0}`")]
    NoMerchant(String),
    /// The merchant is there already.
    #[error("the merchant `{0}` exists already")]
    MerchantExists(String),
    /// A sum of money went over [`Fen::MAX`].
    #[error("an amount went over {max} fen", max = Fen::MAX)]
    Overflow,
    /// The file was written by a newer version of this program.
    #[error("the ledger has schema version {found}, this program knows {known}")]
    NewerVersion {
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The file is damaged, or no ledger at all.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// A durability setting is not what it must be.
    #[error("the ledger is not durable: {0}")]
    NotDurable(String),
    /// A sealed secret does not open: another key, or damage.
    #[error("a sealed secret does not open with this key file")]
    Unsealable,
    /// The key file cannot be made or read, or is not what a key file must be.
    #[error("the key file `{path}` {reason}")]
    KeyFile {
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store failed: full disk, read-only, I/O.
    #[error("the store failed: {0}")]
    Storage(String),
    /// The store cannot be reached, or the connection broke: what was being written may be there
    /// or not, unless the method says otherwise.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// The address of the store is none, or one that is not safe to use.
    #[error("the address of the ledger is refused: {0}")]
    Address(String),
    /// Another process commits records to the file, and one of the two would be alone.
    #[error("another process commits to it{who}", who = named(processes))]
    InUse {
        /// Those that are known and running, by their ids.
        processes: Vec<u32>,
    },
    /// A packet can still change by itself.
    #[error("the packet `{0}` is not final yet")]
    StillOpen(String),
    /// Entries are not here, as months of the history that hold them are detached.
    #[error("entries {position} to {last} of `{mch_id}` lie in detached months: {months}")]
    Detached {
        /// The merchant.
        mch_id: String,
        /// The first entry that lies there.
        position: u64,
        /// The last one of those that follow on it and lie there.
        last: u64,
        /// The tables that hold the months.
        months: String,
    },
    /// Entries do not follow on the chain that is there.
    #[error("the chain of `{mch_id}` is broken: {flaw}")]
    ChainBroken {
        /// The merchant.
        mch_id: String,
        /// What is wrong.
        flaw: crate::chain::Flaw,
    },
}

impl LedgerError {
    /// A stable code for people and programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict => "LEDGER_CONFLICT",
            Self::NoEntries => "LEDGER_NO_ENTRIES",
            Self::BalanceTooLow => "BALANCE_TOO_LOW",
            Self::UserCountUsedUp => "USER_COUNT_USED_UP",
            Self::UserAmountUsedUp => "USER_AMOUNT_USED_UP",
            Self::MerchantAmountUsedUp => "MERCHANT_AMOUNT_USED_UP",
            Self::NoMerchant(_) => "NO_MERCHANT",
            Self::MerchantExists(_) => "MERCHANT_EXISTS",
            Self::Overflow => "AMOUNT_OVERFLOW",
            Self::NewerVersion { .. } => "LEDGER_NEWER",
            Self::Damaged(_) => "LEDGER_DAMAGED",
            Self::NotDurable(_) => "LEDGER_NOT_DURABLE",
            Self::Unsealable => "LEDGER_UNSEALABLE",
            Self::KeyFile { .. } => "LEDGER_KEY_FILE",
            Self::Storage(_) => "LEDGER_STORAGE",
            Self::Unreachable(_) => "LEDGER_UNREACHABLE",
            Self::Address(_) => "LEDGER_ADDRESS",
            Self::InUse { .. } => "LEDGER_IN_USE",
            Self::StillOpen(_) => "PACKET_STILL_OPEN",
            Self::Detached { .. } => "LEDGER_DETACHED",
            Self::ChainBroken { .. } => "LEDGER_CHAIN_BROKEN",
        }
    }
}

fn named(processes: &[u32]) -> String {
    match processes {
        [] => String::new(),
        processes => {
            let ids: Vec<String> = processes.iter().map(u32::to_string).collect();
            format!(": process {}", ids.join(", "))
        }
    }
}
