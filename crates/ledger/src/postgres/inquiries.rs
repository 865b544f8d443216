//! The merchant's side in PostgreSQL.

pub(super) mod commit;
pub(super) mod reader;
pub(super) mod rows;
mod runs;

use super::{PostgresLedger, leases};
use crate::book::Book;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiries::Inquiries;
use crate::inquiry::{Inquiry, InquiryCommit, InquiryFilter, Sighting};
use crate::lease::{Claim, Lease, SliceRequest};
use crate::record::Key;
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl Inquiries for PostgresLedger {
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
        reader::by_key(&self.door, key).await
    }

    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        self.ready(Book::Inquiries, commit.entries.iter().map(|entry| entry.at)).await?;
        let mch_id = commit.inquiry.key.mch_id.clone();
        self.inquiries.write(mch_id.as_str(), commit).await
    }

    async fn inquiry_history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        super::reader::history(&self.door, Book::Inquiries, key).await
    }

    async fn inquiries_of_ref(
        &self,
        mch_id: &str,
        business_ref: &str,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        reader::of_ref(&self.door, mch_id, business_ref).await
    }

    async fn inquiries(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        reader::list(&self.door, mch_id, None, filter).await
    }

    async fn due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        reader::due(&self.door, mch_id, now, limit).await
    }

    async fn claim_due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        leases::claim_due_inquiries(&self.door, mch_id, now, lease, limit).await
    }

    async fn claim_inquiry(
        &self,
        key: &Key,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<Claim, LedgerError> {
        leases::claim_inquiry(&self.door, key, now, lease).await
    }

    async fn release_inquiry(&self, key: &Key, holder: &str) -> Result<(), LedgerError> {
        leases::release_inquiry(&self.door, key, holder).await
    }

    async fn lease_pace(&self, request: &SliceRequest, now: Timestamp) -> Result<u64, LedgerError> {
        leases::lease_pace(&self.door, request, now).await
    }

    async fn shared_time(&self) -> Result<Option<Timestamp>, LedgerError> {
        leases::time(&self.door).await
    }

    async fn next_due(&self, mch_id: &str) -> Result<(Option<Timestamp>, u64), LedgerError> {
        reader::next_due(&self.door, mch_id).await
    }

    async fn begin_run(
        &self,
        mch_id: &str,
        run: &str,
        now: Timestamp,
    ) -> Result<Timestamp, LedgerError> {
        let began = runs::begin(&self.door, mch_id, run, now).await?;
        for ended in runs::ended(&self.door, mch_id).await? {
            runs::forget(&self.door, mch_id, &ended).await?;
        }
        Ok(began)
    }

    async fn sight(
        &self,
        mch_id: &str,
        run: &str,
        rows: Vec<Sighting>,
    ) -> Result<Vec<u64>, LedgerError> {
        runs::sight(&self.door, mch_id, run, &rows).await
    }

    async fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        reader::list(&self.door, mch_id, Some(run), filter).await
    }

    async fn end_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError> {
        runs::end(&self.door, mch_id, run).await?;
        runs::forget(&self.door, mch_id, run).await
    }
}
