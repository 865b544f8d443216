//! A ledger that fails or waits when it is told to, and counts what it is asked.

use async_trait::async_trait;
use bytes::Bytes;
use hongbao_ledger::{Commit, Entry, Filter, Finding, Key, Lease, Ledger, LedgerError};
use hongbao_ledger::{MemoryLedger, Merchant, Record};
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use tokio::sync::Semaphore;

/// A ledger in memory behind a gate.
#[derive(Debug)]
pub struct GatedLedger {
    /// What is behind the gate.
    pub below: MemoryLedger,
    /// Whether the store fails.
    pub fails: AtomicBool,
    /// How often a kept reply was read.
    pub replies: AtomicUsize,
    /// Whether reads of replies wait for `open`.
    pub gated: AtomicBool,
    /// One permit for every read that waits at the gate.
    pub arrived: Semaphore,
    /// A permit lets one read through.
    pub open: Semaphore,
}

impl Default for GatedLedger {
    fn default() -> Self {
        Self {
            below: MemoryLedger::new(),
            fails: AtomicBool::new(false),
            replies: AtomicUsize::new(0),
            gated: AtomicBool::new(false),
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
        }
    }
}

impl GatedLedger {
    fn works(&self) -> Result<(), LedgerError> {
        if self.fails.load(SeqCst) {
            return Err(LedgerError::Storage("the disk is full".into()));
        }
        Ok(())
    }

    /// Resolves when a read waits at the gate.
    pub async fn has_arrived(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl Ledger for GatedLedger {
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        self.works()?;
        self.below.find(key).await
    }
    /// Reads first and waits then: what it returns may be old by then.
    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        self.works()?;
        self.replies.fetch_add(1, SeqCst);
        let reply = self.below.reply(mch_id, mch_billno).await;
        if self.gated.load(SeqCst) {
            self.arrived.add_permits(1);
            self.open.acquire().await.unwrap().forget();
        }
        reply
    }
    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        self.works()?;
        self.below.commit(commit).await
    }
    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.works()?;
        self.below.history(key).await
    }
    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        self.works()?;
        self.below.records(mch_id, filter).await
    }
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        self.works()?;
        self.below.due(now, limit).await
    }
    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        self.works()?;
        self.below.claim_due(now, lease, limit).await
    }
    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        self.works()?;
        self.below.unclear(mch_id, re_openid, total_amount, since).await
    }
    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        self.works()?;
        self.below.findings(mch_id).await
    }
    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        self.works()?;
        self.below.merchants().await
    }
    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        self.works()?;
        self.below.merchant(mch_id).await
    }
    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.below.add_merchant(merchant).await
    }
    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.below.update_merchant(merchant).await
    }
    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        self.works()?;
        self.below.top_up(mch_id, amount).await
    }
    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        self.works()?;
        self.below.merchants_version().await
    }
    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.below.setting(name).await
    }
    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.works()?;
        self.below.set_setting(name, value).await
    }
    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        self.works()?;
        self.below.replace_setting(name, was, value).await
    }
    async fn check(&self) -> Result<(), LedgerError> {
        self.works()
    }
}
