//! The store in memory: for tests and simulations, and the reference that the
//! others are compared with.

mod archive;
mod chains;
mod inquiries;
mod noted;
mod state;

use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::Lease;
use crate::ledger::{Commit, Filter, Ledger};
use crate::merchant::Merchant;
use crate::record::{Key, Record};
use async_trait::async_trait;
use bytes::Bytes;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use noted::Noted;
use state::State;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A ledger that forgets everything when it is dropped.
///
/// Every method takes one lock for as long as it runs, so each is atomic.
#[derive(Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
    noted: Mutex<Noted>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A change is checked in full before anything is written, so what a
        // panicking thread left behind is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        Ok(self.state().find(key))
    }

    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        Ok(self.state().reply(mch_id, mch_billno))
    }

    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        self.state().commit(commit)
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        Ok(self.state().history(key))
    }

    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        Ok(self.state().records(mch_id, filter))
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        Ok(self.state().due(now, limit))
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        Ok(self.state().claim_due(now, lease, limit))
    }

    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        Ok(self.state().unclear(mch_id, re_openid, total_amount, since))
    }

    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        Ok(self.state().findings(mch_id))
    }

    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        Ok(self.state().merchants())
    }

    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        Ok(self.state().merchant(mch_id))
    }

    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.state().add_merchant(merchant)
    }

    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.state().update_merchant(merchant)
    }

    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        self.state().top_up(mch_id, amount)
    }

    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        Ok(self.state().merchants_version())
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        Ok(self.state().setting(name))
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.state().set_setting(name, value);
        Ok(())
    }

    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        self.state().replace_setting(name, was, value)
    }

    async fn check(&self) -> Result<(), LedgerError> {
        drop(self.state());
        Ok(())
    }
}
