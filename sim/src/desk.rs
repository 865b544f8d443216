//! The door of the merchant's ledger: a process may die before or after what it does there, and
//! the disk may fail.

use crate::bug::Bug;
use crate::chance::Chance;
use crate::judge;
use crate::world::World;
use async_trait::async_trait;
use hongbao_ledger::inquiry::Sighting;
use hongbao_ledger::{
    Claim, Entry, Expect, Inquiries, Inquiry, InquiryCommit, InquiryFilter, Key, Lease,
    LedgerError, SliceRequest,
};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::yield_now;

/// One process's way to the ledger.
#[derive(Debug)]
pub(crate) struct Desk {
    world: Arc<World>,
    chance: Mutex<Chance>,
}

impl Desk {
    pub(crate) fn new(world: Arc<World>, life: u64) -> Self {
        let chance = Chance::new(world.seed ^ life, "desk");
        Self { world, chance: Mutex::new(chance) }
    }

    /// Whether the disk fails now.
    fn fails(&self) -> Result<(), LedgerError> {
        let permille = self.world.permille(|weather| weather.storage);
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        if chance.hits(permille) { Err(LedgerError::Storage("no room".to_owned())) } else { Ok(()) }
    }

    /// Does something at the ledger, between two awaits at which a process may die.
    async fn visit<T>(
        &self,
        errand: impl Future<Output = Result<T, LedgerError>> + Send,
    ) -> Result<T, LedgerError> {
        yield_now().await;
        self.fails()?;
        let done = errand.await;
        yield_now().await;
        done
    }

    async fn keep(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        let forgets = self.world.bug == Some(Bug::IntentForgotten)
            && commit.entries.iter().any(|entry| &*entry.event == "send intended");
        let version = if forgets {
            match commit.expect {
                Expect::Absent => 1,
                Expect::Version(version) => version + 1,
            }
        } else {
            self.world.ledger.commit_inquiry(commit.clone()).await?
        };
        let after = Inquiry { version, ..commit.inquiry };
        judge::committed(&self.world, &after, &commit.entries);
        // stored, but the process hears of a failure
        self.fails()?;
        Ok(version)
    }
}

#[async_trait]
impl Inquiries for Desk {
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.inquiry(key)).await
    }

    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        self.visit(self.keep(commit)).await
    }

    async fn inquiry_history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.visit(self.world.ledger.inquiry_history(key)).await
    }

    async fn inquiries_of_ref(
        &self,
        mch_id: &str,
        business_ref: &str,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.inquiries_of_ref(mch_id, business_ref)).await
    }

    async fn inquiries(
        &self,
        mch_id: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.inquiries(mch_id, filter)).await
    }

    async fn due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.due_inquiries(mch_id, now, limit)).await
    }

    async fn claim_due_inquiries(
        &self,
        mch_id: &str,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.claim_due_inquiries(mch_id, now, lease, limit)).await
    }

    async fn claim_inquiry(
        &self,
        key: &Key,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<Claim, LedgerError> {
        self.visit(self.world.ledger.claim_inquiry(key, now, lease)).await
    }

    async fn release_inquiry(&self, key: &Key, holder: &str) -> Result<(), LedgerError> {
        self.visit(self.world.ledger.release_inquiry(key, holder)).await
    }

    async fn lease_pace(&self, request: &SliceRequest, now: Timestamp) -> Result<u64, LedgerError> {
        self.visit(self.world.ledger.lease_pace(request, now)).await
    }

    async fn next_due(&self, mch_id: &str) -> Result<(Option<Timestamp>, u64), LedgerError> {
        self.visit(self.world.ledger.next_due(mch_id)).await
    }

    async fn begin_run(
        &self,
        mch_id: &str,
        run: &str,
        now: Timestamp,
    ) -> Result<Timestamp, LedgerError> {
        self.visit(self.world.ledger.begin_run(mch_id, run, now)).await
    }

    async fn sight(
        &self,
        mch_id: &str,
        run: &str,
        rows: Vec<Sighting>,
    ) -> Result<Vec<u64>, LedgerError> {
        self.visit(self.world.ledger.sight(mch_id, run, rows)).await
    }

    async fn unsighted(
        &self,
        mch_id: &str,
        run: &str,
        filter: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        self.visit(self.world.ledger.unsighted(mch_id, run, filter)).await
    }

    async fn end_run(&self, mch_id: &str, run: &str) -> Result<(), LedgerError> {
        self.visit(self.world.ledger.end_run(mch_id, run)).await
    }
}
