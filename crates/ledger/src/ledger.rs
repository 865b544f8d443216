//! The trait of every store for the paying side.

use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::Lease;
use crate::merchant::Merchant;
use crate::record::{Key, Record};
use async_trait::async_trait;
use bytes::Bytes;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use jiff::civil::Date;

/// What a record must be for a commit to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Not there yet.
    Absent,
    /// At this version.
    Version(u64),
}

impl Expect {
    /// The version after a commit, where what is stored is as expected.
    pub(crate) fn next_version(self, stored: Option<u64>) -> Result<u64, LedgerError> {
        match (self, stored) {
            (Self::Absent, None) => Ok(1),
            (Self::Version(expected), Some(version)) if expected == version => Ok(version + 1),
            _ => Err(LedgerError::Conflict),
        }
    }
}

/// What an accepted send takes from the limits, in the same transaction as the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The day at +08:00.
    pub day: Date,
    /// The receiver.
    pub re_openid: OpenId,
    /// The amount, fen: taken from the balance and added to the day's sums.
    pub amount: Fen,
    /// The most packets of the receiver in the day.
    pub user_packets_max: u32,
    /// The most money of the receiver in the day, fen.
    pub user_amount_max: Fen,
    /// The most money of the merchant in the day, fen.
    pub merchant_amount_max: Fen,
}

/// One change of one record, with everything that must happen with it or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The record as it shall be; its `version` is set by the store.
    pub record: Record,
    /// What it must be now; else [`LedgerError::Conflict`].
    pub expect: Expect,
    /// What happened, appended to its history in this order; never empty.
    pub entries: Vec<Entry>,
    /// The finished answer of a query, kept beside the record as it is; opaque to the ledger.
    pub reply: Option<Bytes>,
    /// What it takes from the limits and the balance.
    pub budget: Option<Budget>,
    /// What it gives back to the merchant's balance, fen (a refund, a failure).
    pub refund: Option<Fen>,
    /// What the watch found with it.
    pub findings: Vec<Finding>,
}

/// Which records to list: those for which all that is given holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those with this status word.
    pub status: Option<Box<str>>,
    /// Only those to this receiver.
    pub re_openid: Option<OpenId>,
    /// Only those with bill numbers after this one, in bytewise order: the next page.
    pub after_billno: Option<Box<str>>,
    /// The most records, 1-1000; 0 counts as 1, more than 1000 as 1000.
    pub limit: u32,
}

impl Filter {
    /// The limit, brought into its range.
    pub(crate) fn rows_max(&self) -> usize {
        self.limit.clamp(1, 1000) as usize
    }
}

/// A durable memory of packets and merchants.
///
/// What a method has returned `Ok` for survives kill -9 and, in a store on disk,
/// a power cut. Methods may block for the time of one disk access.
#[async_trait]
pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// The record of a packet.
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError>;

    /// The kept answer of a query, as it was committed: the fast path. `None` where
    /// there is no record or none was kept.
    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError>;

    /// Makes one change, atomically; returns the record's new version.
    ///
    /// Concurrent commits may share one transaction; each fails alone.
    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError>;

    /// The history of a packet, oldest first.
    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError>;

    /// Records of a merchant in the order of their numbers.
    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError>;

    /// Records that were due at `now`, the longest due first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError>;

    /// The same, those alone on which nobody else has a lease, each leased to the caller. A commit
    /// of the record ends its lease.
    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError>;

    /// Records of the merchant to this receiver over this amount of which it was last
    /// told something unclear, sent at or after `since`.
    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError>;

    /// What the watch found, oldest first; of one merchant or of all.
    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError>;

    /// All merchants, in the order of their numbers.
    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError>;

    /// One merchant, its balance as of now.
    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError>;

    /// Adds a merchant.
    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError>;

    /// Replaces everything of a merchant but its balance and `added_at`, where it is still at
    /// the version that was read; else [`LedgerError::Conflict`]: read it again and decide anew.
    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError>;

    /// Adds to a merchant's balance; returns the new one.
    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError>;

    /// A number that grows with every change of a merchant other than its balance, and where a
    /// receiver of its packets is forgotten: readers that keep merchants or replies in memory poll it.
    async fn merchants_version(&self) -> Result<u64, LedgerError>;

    /// A setting of the room above, such as the sandbox's clock; opaque to the ledger.
    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError>;

    /// Sets a setting, durably.
    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError>;

    /// Sets a setting, durably, where it still has the value that was read (`None`: it was not
    /// there); else [`LedgerError::Conflict`]: read it again and decide anew.
    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError>;

    /// Whether the store answers and can write: the readiness check.
    async fn check(&self) -> Result<(), LedgerError>;
}
