//! The store for many processes: PostgreSQL.

mod archive;
mod arrays;
mod chains;
mod commit;
mod door;
mod durability;
mod facts;
mod fault;
mod inquiries;
mod leases;
mod merchants;
mod migrations;
mod months;
mod open;
mod options;
mod reader;
mod retry;
mod rows;
mod tally;
mod text;
mod writer;

pub use durability::PostgresDurability;
pub use options::{Password, PostgresOptions};

use crate::book::Book;
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::Lease;
use crate::ledger::{Commit, Filter, Ledger};
use crate::merchant::Merchant;
use crate::record::{Key, Record};
use crate::seal::SealKey;
use async_trait::async_trait;
use bytes::Bytes;
use commit::RecordDesk;
use door::Door;
use hongbao_wire::{Fen, OpenId};
use inquiries::commit::InquiryDesk;
use jiff::Timestamp;
use months::Months;
use std::fmt;
use std::sync::Arc;
use text::Text;
use writer::Writer;

/// A ledger in a PostgreSQL database, 15 or newer.
///
/// Any number of processes may have it open at once. Whatever was acknowledged is seen by every
/// reader of any of them. It must be used inside a tokio runtime, and always the same one.
pub struct PostgresLedger {
    key: SealKey,
    door: Arc<Door>,
    records: Writer<RecordDesk>,
    inquiries: Writer<InquiryDesk>,
    months: Months,
    durability: PostgresDurability,
}

impl PostgresLedger {
    /// Opens or makes the ledger in a database, its schema brought forward.
    ///
    /// # Errors
    /// [`LedgerError::Address`] for an address that is not safe to use,
    /// [`LedgerError::Unreachable`] where no connection can be had,
    /// [`LedgerError::NotDurable`] for a server that forgets what it acknowledged,
    /// [`LedgerError::NewerVersion`] for a newer schema, [`LedgerError::Unsealable`] for another key
    /// file, [`LedgerError::Damaged`] for a database of somebody else's tables,
    /// [`LedgerError::Storage`] for a server or an encoding that is of no use.
    pub async fn open(options: &PostgresOptions, key: SealKey) -> Result<Self, LedgerError> {
        let door = Arc::new(Door::new(options)?);
        let durability = open::open(&door, &key, options).await?;
        Ok(Self {
            key,
            records: Writer::new(Arc::clone(&door), options.group_max),
            inquiries: Writer::new(Arc::clone(&door), options.group_max),
            door,
            months: Months::default(),
            durability,
        })
    }

    /// What its durability rests on, as it was when it was opened. Every new connection is held to the
    /// same.
    #[must_use]
    pub const fn durability(&self) -> &PostgresDurability {
        &self.durability
    }

    /// Sees to it that the months of these times are there.
    fn ready(
        &self,
        book: Book,
        times: impl Iterator<Item = Timestamp>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send {
        let missing = self.months.missing(book, times);
        self.months.make(&self.door, book, missing)
    }
}

impl fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for PostgresLedger {
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        reader::find(&self.door, key).await
    }

    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        reader::reply(&self.door, mch_id, mch_billno).await
    }

    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        self.ready(Book::Records, commit.entries.iter().map(|entry| entry.at)).await?;
        let mch_id = commit.record.key.mch_id.clone();
        self.records.write(mch_id.as_str(), commit).await
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        reader::history(&self.door, Book::Records, key).await
    }

    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        reader::records(&self.door, mch_id, filter).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        reader::due(&self.door, now, limit).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        leases::claim_due(&self.door, now, lease, limit).await
    }

    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        reader::unclear(&self.door, mch_id, re_openid, total_amount, since).await
    }

    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        reader::findings(&self.door, mch_id).await
    }

    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        merchants::all(&self.door, &self.key).await
    }

    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        merchants::one(&self.door, &self.key, mch_id).await
    }

    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        merchants::add(&self.door, &self.key, &merchant).await
    }

    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        merchants::update(&self.door, &self.key, &merchant).await
    }

    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        merchants::top_up(&self.door, mch_id, amount).await
    }

    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        merchants::version(&self.door).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        reader::setting(&self.door, name).await
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        let statement = "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.door.change(statement, &[&Text(name), &Text(value)]).await?;
        Ok(())
    }

    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        let replaced = match was {
            Some(was) => {
                let statement = "UPDATE settings SET value = $3 WHERE name = $1 AND value = $2";
                self.door.change(statement, &[&Text(name), &Text(was), &Text(value)]).await?
            }
            None => {
                let statement = "INSERT INTO settings (name, value) VALUES ($1, $2) \
                     ON CONFLICT (name) DO NOTHING";
                self.door.change(statement, &[&Text(name), &Text(value)]).await?
            }
        };
        if replaced == 0 { Err(LedgerError::Conflict) } else { Ok(()) }
    }

    async fn check(&self) -> Result<(), LedgerError> {
        let connection = self.door.connection().await?;
        // It is committed, so that the log is written and on the disk when it returns.
        connection.run("UPDATE seal_probe SET sealed = sealed").await?;
        connection.give_back();
        Ok(())
    }
}
