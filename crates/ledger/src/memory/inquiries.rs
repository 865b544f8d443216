//! The merchant's side in memory.

use super::MemoryLedger;
use super::noted::Noted;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiries::Inquiries;
use crate::inquiry::{Inquiry, InquiryCommit, InquiryFilter, Sighting};
use crate::lease::{Claim, Lease, SliceRequest};
use crate::record::Key;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::{MutexGuard, PoisonError};

impl MemoryLedger {
    pub(super) fn noted(&self) -> MutexGuard<'_, Noted> {
        // As for records: checked in full before anything is written.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inquiries for MemoryLedger {
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
        Ok(self.noted().inquiry(key))
    }

    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        self.noted().commit(commit)
    }

    async fn inquiry_history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        Ok(self.noted().history(key))
    }

    async fn inquiries_of_ref(
        &self,
        mch_id: &str,
        business_ref: &str,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        Ok(self.noted().of_ref(mch_id, business_ref))
    }

    async fn inquiries(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        Ok(self.noted().list(mch_id, filter, |_| true))
    }

    async fn due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        Ok(self.noted().due(mch_id, now, limit))
    }

    async fn claim_due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        Ok(self.noted().claim_due(mch_id, now, lease, limit))
    }

    async fn claim_inquiry(
        &self,
        key: &Key,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<Claim, LedgerError> {
        Ok(self.noted().claim(key, now, lease))
    }

    async fn release_inquiry(&self, key: &Key, holder: &str) -> Result<(), LedgerError> {
        self.noted().release(key, holder);
        Ok(())
    }

    async fn lease_pace(&self, request: &SliceRequest, now: Timestamp) -> Result<u64, LedgerError> {
        Ok(self.noted().lease_pace(request, now))
    }

    async fn next_due(&self, mch_id: &str) -> Result<(Option<Timestamp>, u64), LedgerError> {
        Ok(self.noted().next_due(mch_id))
    }

    async fn begin_run(
        &self,
        mch_id: &str,
        run: &str,
        now: Timestamp,
    ) -> Result<Timestamp, LedgerError> {
        Ok(self.noted().begin_run(mch_id, run, now))
    }

    async fn sight(
        &self,
        mch_id: &str,
        run: &str,
        rows: Vec<Sighting>,
    ) -> Result<Vec<u64>, LedgerError> {
        Ok(self.noted().sight(mch_id, run, rows))
    }

    async fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        Ok(self.noted().unsighted(mch_id, run, filter))
    }

    async fn end_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError> {
        self.noted().end_run(mch_id, run);
        Ok(())
    }
}
