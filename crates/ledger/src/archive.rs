//! The trait of every store for those who look after a ledger: auditors, reports, copies, erasure.

use crate::book::Book;
use crate::chain::{Head, Link};
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::inquiry::Inquiry;
use crate::merchant::Merchant;
use crate::record::Record;
use crate::total::Total;
use async_trait::async_trait;
use bytes::Bytes;
use hongbao_wire::{Fen, MchBillno, MchId, OpenId};
use jiff::Timestamp;
use jiff::civil::Date;

/// A packet's state beside what the chain says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The packet's number.
    pub mch_billno: MchBillno,
    /// What its newest entry with a digest says; `None` where it has none.
    pub chained: Option<StateDigest>,
    /// The digest of what is there; `None` where nothing is.
    pub found: Option<StateDigest>,
}

/// A day's use of a limit (see [`Budget`](crate::Budget)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The day at +08:00.
    pub day: Date,
    /// The receiver, or of one that was forgotten a digest; empty for the merchant's total.
    pub openid: Box<str>,
    /// Packets of the day.
    pub packets: u32,
    /// Money of the day, fen.
    pub amount: Fen,
}

/// A part of a ledger on its way to another. All of it arrives in one transaction.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// Which history.
    pub book: Book,
    /// Whose.
    pub mch_id: Box<str>,
    /// The next entries of the chain, without a gap. Those that are there already are compared and left.
    pub links: Vec<Link>,
    /// The newest state of every packet that `links` name, with the kept reply; for [`Book::Records`].
    pub records: Vec<(Record, Option<Bytes>)>,
    /// The same for [`Book::Inquiries`].
    pub inquiries: Vec<Inquiry>,
}

impl Shipment {
    /// Refuses what belongs to another merchant.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        let records = self.records.iter().map(|(record, _)| &record.key);
        let mut keys = records.chain(self.inquiries.iter().map(|inquiry| &inquiry.key));
        match keys.find(|key| *key.mch_id.as_str() != *self.mch_id) {
            None => Ok(()),
            Some(key) => Err(LedgerError::Storage(format!(
                "a part of `{}` holds a packet of `{}`",
                self.mch_id, key.mch_id
            ))),
        }
    }
}

/// What belongs to a merchant beside its packets, and small enough to copy whole.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// The merchant, balance and version included; `None` where the ledger lists none.
    pub merchant: Option<Merchant>,
    /// Its use of the limits, of the days from a given one on.
    pub usage: Vec<Usage>,
    /// What the watch found.
    pub findings: Vec<Finding>,
}

/// What forgetting a receiver changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Packets in which the receiver stood.
    pub packets: u64,
    /// Raw messages and kept replies that were removed.
    pub messages: u64,
}

/// Whether a raw message names a receiver: its openid stands in it, as a word of its own.
pub(crate) fn names(raw: &[u8], openid: &OpenId) -> bool {
    let word = openid.as_str().as_bytes();
    let is_of_word =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b));
    !word.is_empty()
        && raw.windows(word.len()).enumerate().any(|(at, window)| {
            window == word
                && !is_of_word(at.checked_sub(1).and_then(|before| raw.get(before)))
                && !is_of_word(raw.get(at + word.len()))
        })
}

/// Refuses a receiver as its own alias: nothing would be forgotten.
pub(crate) fn check_alias(openid: &OpenId, alias: &OpenId) -> Result<(), LedgerError> {
    if openid == alias {
        return Err(LedgerError::Storage("a receiver cannot be its own alias".to_owned()));
    }
    Ok(())
}

/// Refuses a receiver of the merchant as an alias: their packets could not be told apart any more.
pub(crate) fn alias_is_used() -> LedgerError {
    LedgerError::Storage("the alias is itself a receiver of the merchant".to_owned())
}

/// The end of a chain: which book, whose, and what is there or why that cannot be read.
pub type EachHead = (Book, MchId, Result<Head, LedgerError>);

/// A ledger as those see it who look after it.
#[async_trait]
pub trait Archive: Send + Sync + std::fmt::Debug {
    /// The end of every chain, by book and merchant. A merchant without entries has none.
    async fn heads(&self) -> Result<Vec<Head>, LedgerError>;

    /// The same, each by itself: one that is damaged keeps nobody from the others.
    async fn each_head(&self) -> Result<Vec<EachHead>, LedgerError> {
        let heads = self.heads().await?;
        Ok(heads.into_iter().map(|head| (head.book, head.mch_id.clone(), Ok(head))).collect())
    }

    /// Entries after a position in the order in which they lie in the store, which is that of their
    /// positions unless somebody changed it; at most `limit` (1-1000). They end before those that lie in a
    /// detached month.
    ///
    /// # Errors
    /// [`LedgerError::Detached`] where the next one lies in a detached month.
    async fn links(
        &self,
        book: Book,
        mch_id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, LedgerError>;

    /// The packets after a number that have a state or an entry, in bytewise order; at most
    /// `limit` (1-1000).
    async fn standings(
        &self,
        book: Book,
        mch_id: &str,
        after_billno: &str,
        limit: u32,
    ) -> Result<Vec<Standing>, LedgerError>;

    /// The totals of the days from `from` to `to`, both included, in the order of their keys.
    async fn totals(
        &self,
        book: Book,
        mch_id: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Vec<Total>, LedgerError>;

    /// Removes raw messages of entries before `before`, at most `limit` of them; returns how many.
    /// Their hashes stay, and so do the replies that are kept beside a packet.
    async fn trim(
        &self,
        book: Book,
        mch_id: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, LedgerError>;

    /// Puts `alias` in the place of a receiver in every packet of a merchant in both books, and removes the
    /// raw messages and kept replies of those packets; each gets an entry `forgotten` at `at`, of
    /// [`Source::Admin`](crate::Source::Admin). All or nothing. Where a packet of the records is among them,
    /// the merchant's version grows, and with it [`merchants_version`](crate::Ledger::merchants_version).
    /// Raw messages of other packets go too, where they name the receiver.
    ///
    /// What it used of the limits of the day of `at`, of the day before and of later ones stays under a digest
    /// of it, and goes on counting; of earlier days it stands under the alias.
    ///
    /// # Errors
    /// [`LedgerError::StillOpen`] where a packet of the receiver can still change by itself;
    /// [`LedgerError::Storage`] where `alias` is the receiver, or another one whose packets name it.
    async fn forget(
        &self,
        mch_id: &str,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Result<Forgotten, LedgerError>;

    /// Takes in a part of another ledger. What is there already and the same is left; a packet that is
    /// there in the same or a newer version too.
    ///
    /// # Errors
    /// [`LedgerError::ChainBroken`] where the links do not follow on this ledger's chain.
    async fn receive(&self, shipment: Shipment) -> Result<(), LedgerError>;

    /// What belongs to a merchant beside its packets; `usage` from `from` on.
    async fn estate(&self, mch_id: &str, from: Date) -> Result<Estate, LedgerError>;

    /// Puts what belongs to a merchant in the place of what is there.
    async fn receive_estate(&self, mch_id: &str, estate: Estate) -> Result<(), LedgerError>;

    /// All settings, by name.
    async fn settings(&self) -> Result<Vec<(String, String)>, LedgerError>;
}
