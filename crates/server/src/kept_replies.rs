//! Replies in memory, in front of any ledger.

use async_trait::async_trait;
use bytes::Bytes;
use hongbao_ledger::ledger::{Commit, Filter, Ledger};
use hongbao_ledger::{Entry, Finding, Key, Lease, LedgerError, Merchant, Record};
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A ledger that keeps the replies it gave in memory, as much as it may.
///
/// [`Ledger::commit`] through this value takes the record's reply out of memory
/// before it returns, and a reply that was being read meanwhile is not kept. So
/// every commit to the ledger below must go through the one `KeptReplies` in
/// front of it: true as long as only one process commits records to it, which a
/// server's lock on its folder ensures. Other processes may change merchants,
/// of which nothing is kept here, and forget receivers: all replies are dropped
/// when [`Ledger::merchants_version`], which the server polls, is another one.
#[derive(Clone, Debug)]
pub struct KeptReplies {
    below: Arc<dyn Ledger>,
    replies: Arc<Cache<Key, Bytes, Weight>>,
    /// What the version of the merchants was when it was last asked.
    version: Arc<AtomicU64>,
}

impl KeptReplies {
    /// Keeps replies of the ledger `below`, up to about `mib_max` MiB of them.
    #[must_use]
    pub fn new(below: Arc<dyn Ledger>, mib_max: u32) -> Self {
        let bytes_max = u64::from(mib_max) * 1_024 * 1_024;
        // A reply is about a kilobyte; the number only sizes the first allocation.
        let replies_estimate = usize::try_from(bytes_max / 1_024).unwrap_or(usize::MAX);
        let cache = Cache::with_weighter(replies_estimate, bytes_max, Weight);
        Self { below, replies: Arc::new(cache), version: Arc::default() }
    }
}

/// What a kept reply takes of the memory.
#[derive(Clone, Debug)]
struct Weight;

impl Weighter<Key, Bytes> for Weight {
    fn weight(&self, key: &Key, reply: &Bytes) -> u64 {
        // 128 for the entry itself and its allocations.
        let text = key.mch_id.as_str().len() + key.mch_billno.as_str().len();
        (text + reply.len() + 128) as u64
    }
}

/// A [`Key`] that is borrowed; it hashes as that one does.
#[derive(Hash)]
struct KeyRef<'k> {
    mch_id: &'k str,
    mch_billno: &'k str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.mch_id == key.mch_id.as_str() && self.mch_billno == key.mch_billno.as_str()
    }
}

#[async_trait]
impl Ledger for KeptReplies {
    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        if let Some(reply) = self.replies.get(&KeyRef { mch_id, mch_billno }) {
            return Ok(Some(reply));
        }
        match self.replies.get_value_or_guard_async(&Key::new(mch_id, mch_billno)).await {
            Ok(reply) => Ok(Some(reply)),
            Err(guard) => {
                let reply = self.below.reply(mch_id, mch_billno).await?;
                if let Some(reply) = &reply {
                    // A commit meanwhile took the guard's place away: then it is not kept.
                    let _ = guard.insert(reply.clone());
                }
                Ok(reply)
            }
        }
    }

    /// In a task of its own: where the caller goes away half-way, the reply is
    /// still taken out after the store has committed.
    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        let kept = self.clone();
        let committed = tokio::spawn(async move {
            let key = commit.record.key.clone();
            let committed = kept.below.commit(commit).await;
            // After a failure too: it may have been one of telling, not of storing.
            kept.replies.remove(&key);
            committed
        });
        match committed.await {
            Ok(committed) => committed,
            Err(error) => Err(LedgerError::Storage(format!("a commit was cut short: {error}"))),
        }
    }

    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        self.below.find(key).await
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.below.history(key).await
    }

    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        self.below.records(mch_id, filter).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        self.below.due(now, limit).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        self.below.claim_due(now, lease, limit).await
    }

    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        self.below.unclear(mch_id, re_openid, total_amount, since).await
    }

    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        self.below.findings(mch_id).await
    }

    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        self.below.merchants().await
    }

    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        self.below.merchant(mch_id).await
    }

    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.below.add_merchant(merchant).await
    }

    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.below.update_merchant(merchant).await
    }

    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        self.below.top_up(mch_id, amount).await
    }

    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        let version = self.below.merchants_version().await?;
        if self.version.swap(version, Ordering::SeqCst) != version {
            // Those that are being read are not kept either.
            self.replies.clear();
        }
        Ok(version)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.below.setting(name).await
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.below.set_setting(name, value).await
    }

    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        self.below.replace_setting(name, was, value).await
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.below.check().await
    }
}
