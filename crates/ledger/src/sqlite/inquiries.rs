//! The merchant's side on disk.

pub(super) mod commit;
pub(super) mod reader;
pub(super) mod rows;
pub(super) mod runs;

use super::SqliteLedger;
use super::leases::Leasing;
use super::rows::to_time;
use super::writer::Change;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiries::Inquiries;
use crate::inquiry::{Inquiry, InquiryCommit, InquiryFilter, Sighting};
use crate::lease::{Claim, Lease, SliceRequest};
use crate::record::Key;
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl Inquiries for SqliteLedger {
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
        self.readers.with(|c| reader::inquiry(c, key))
    }

    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        let change = Change::CommitInquiry(Box::new(commit.into()));
        self.writer.write(change).await.map(|answer| answer.number)
    }

    async fn inquiry_history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.readers.with(|c| reader::history(c, key))
    }

    async fn inquiries_of_ref(
        &self,
        mch_id: &str,
        business_ref: &str,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.readers.with(|c| reader::of_ref(c, mch_id, business_ref))
    }

    async fn inquiries(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.readers.with(|c| reader::list(c, mch_id, None, filter))
    }

    async fn due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.readers.with(|c| reader::due(c, mch_id, now, limit))
    }

    async fn claim_due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        let is_idle = self.readers.with(|c| {
            reader::claimable(c, mch_id, now, &lease.holder, 1).map(|due| due.is_empty())
        })?;
        if is_idle {
            return Ok(Vec::new());
        }
        let (mch_id, lease) = (mch_id.into(), lease.clone());
        let change = Change::Lease(Leasing::DueInquiries { mch_id, now, lease, limit });
        self.writer.write(change).await.map(|answer| answer.inquiries)
    }

    async fn claim_inquiry(
        &self,
        key: &Key,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<Claim, LedgerError> {
        let change = Leasing::Inquiry { key: key.clone(), now, lease: lease.clone() };
        self.writer
            .write(Change::Lease(change))
            .await
            .map(|answer| answer.claim.unwrap_or(Claim::Absent))
    }

    async fn release_inquiry(&self, key: &Key, holder: &str) -> Result<(), LedgerError> {
        let change = Leasing::Release { key: key.clone(), holder: holder.into() };
        self.writer.write(Change::Lease(change)).await.map(drop)
    }

    async fn lease_pace(&self, request: &SliceRequest, now: Timestamp) -> Result<u64, LedgerError> {
        let change = Leasing::Pace { request: request.clone(), now };
        self.writer.write(Change::Lease(change)).await.map(|answer| answer.number)
    }

    async fn next_due(&self, mch_id: &str) -> Result<(Option<Timestamp>, u64), LedgerError> {
        self.readers.with(|c| reader::next_due(c, mch_id))
    }

    async fn begin_run(
        &self,
        mch_id: &str,
        run: &str,
        now: Timestamp,
    ) -> Result<Timestamp, LedgerError> {
        let change = Change::BeginRun { mch_id: mch_id.into(), run: run.into(), now };
        let began = to_time(self.writer.write(change).await?.number.cast_signed())?;
        for ended in self.readers.with(|c| runs::ended(c, mch_id))? {
            self.forget_run(mch_id, &ended).await?;
        }
        Ok(began)
    }

    async fn sight(
        &self,
        mch_id: &str,
        run: &str,
        rows: Vec<Sighting>,
    ) -> Result<Vec<u64>, LedgerError> {
        let change = Change::Sight { mch_id: mch_id.into(), run: run.into(), rows };
        self.writer.write(change).await.map(|answer| answer.lines)
    }

    async fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.readers.with(|c| reader::list(c, mch_id, Some(run), filter))
    }

    async fn end_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError> {
        self.writer.write(Change::EndRun { mch_id: mch_id.into(), run: run.into() }).await?;
        self.forget_run(mch_id, run).await
    }
}

impl SqliteLedger {
    /// Forgets a run that has ended, a few rows at a time: other changes take their turn in
    /// between.
    async fn forget_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError> {
        let forget = || Change::ForgetRows { mch_id: mch_id.into(), run: run.into() };
        while self.writer.write(forget()).await?.number > 0 {}
        Ok(())
    }
}
