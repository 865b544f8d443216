//! The trait of every store for the merchant's side.

use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::{Inquiry, InquiryCommit, InquiryFilter, Sighting};
use crate::lease::{Claim, Lease, SliceRequest};
use crate::record::Key;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// How far ahead an inquiry can be due, and two hours: a day.
pub const DUE_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(26);

/// From when on what is due is due at `now`.
pub(crate) fn too_far_ahead(now: Timestamp) -> Timestamp {
    now.checked_add(DUE_AHEAD_MAX).unwrap_or(Timestamp::MAX)
}

/// A durable memory of what was asked, told and concluded.
///
/// What a method has returned `Ok` for survives kill -9 and, in a store on disk,
/// a power cut. No merchant needs to be added first.
#[async_trait]
pub trait Inquiries: Send + Sync + std::fmt::Debug {
    /// What is known of a packet.
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError>;

    /// Makes one change, atomically; returns the inquiry's new version. Concurrent commits may
    /// share one transaction; each fails alone.
    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError>;

    /// The history of a packet, oldest first.
    async fn inquiry_history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError>;

    /// Every number of a reference, the first noted first.
    async fn inquiries_of_ref(
        &self,
        mch_id: &str,
        business_ref: &str,
    ) -> Result<Vec<Inquiry>, LedgerError>;

    /// Inquiries of a merchant in the order of their numbers.
    async fn inquiries(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError>;

    /// Inquiries of a merchant that were due at `now`, the longest due first; after them those
    /// that are due more than [`DUE_AHEAD_MAX`] later: a clock set them that was ahead.
    async fn due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError>;

    /// The same, those alone on which nobody else has a lease, each leased to the caller. A commit
    /// of the inquiry ends its lease.
    async fn claim_due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError>;

    /// Leases one inquiry, where nobody else has a lease on it at `now`; the caller's own is
    /// prolonged.
    async fn claim_inquiry(
        &self,
        key: &Key,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<Claim, LedgerError>;

    /// Ends the holder's lease on an inquiry, should it still have it.
    async fn release_inquiry(&self, key: &Key, holder: &str) -> Result<(), LedgerError>;

    /// A slice of a merchant's pace for one process: how many turns in 1000 seconds it may take until its
    /// lease ends. What all processes hold at one time is never more than the whole; who comes new
    /// gets what is free, and its even share once the others have asked again. 0: nothing is free yet.
    async fn lease_pace(&self, request: &SliceRequest, now: Timestamp) -> Result<u64, LedgerError>;

    /// The time on which all processes of the ledger agree, by which their leases begin and end: a
    /// database's. `None`: there is none but the callers' own.
    async fn shared_time(&self) -> Result<Option<Timestamp>, LedgerError> {
        Ok(None)
    }

    /// When the next inquiry of a merchant is due, and how many ever are.
    async fn next_due(&self, mch_id: &str) -> Result<(Option<Timestamp>, u64), LedgerError>;

    /// Begins a run over a file, or finds it begun: returns when it began. `run` names it,
    /// 1-128 characters. Other runs of the merchant that began more than
    /// [`RUN_KEPT_FOR`](crate::inquiry::RUN_KEPT_FOR) ago are forgotten: nobody continues them.
    async fn begin_run(
        &self,
        mch_id: &str,
        run: &str,
        now: Timestamp,
    ) -> Result<Timestamp, LedgerError>;

    /// Notes rows of a run; returns for each the line on which its number was noted first,
    /// which is its own unless it is a duplicate.
    async fn sight(
        &self,
        mch_id: &str,
        run: &str,
        rows: Vec<Sighting>,
    ) -> Result<Vec<u64>, LedgerError>;

    /// Inquiries that match `filter` and that no row of the run named.
    async fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError>;

    /// Ends a run: its rows are forgotten, what was learnt stays.
    async fn end_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError>;
}
