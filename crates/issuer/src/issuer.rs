//! The door of the room.

use crate::answer::{Answer, Delivery};
use crate::clock::Clock;
use crate::config::{IssuerConfig, Mode};
use crate::error::IssuerError;
use crate::fault::FaultRule;
use crate::trigger::Trigger;
use bytes::Bytes;
use hongbao_ledger::ledger::Filter;
use hongbao_ledger::{Entry, Finding, Key, Ledger, Merchant, Record};
use hongbao_wire::{QueryRequest, SendRequest};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The paying side. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct Issuer {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    config: IssuerConfig,
}

/// Where the sandbox's clock stands after it was advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// The sandbox's time now.
    pub now: Timestamp,
    /// How many packets moved.
    pub moved: usize,
}

#[allow(clippy::unused_async, reason = "being written")]
impl Issuer {
    /// Opens an issuer on a ledger: the clock and the faults stand as they were left.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`], [`IssuerError::BadSetting`].
    pub async fn open(
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        config: IssuerConfig,
    ) -> Result<Self, IssuerError> {
        Ok(Self { ledger, clock, config })
    }

    /// Sandbox or production.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.config.mode
    }

    /// The issuer's time: the clock, plus what the sandbox was advanced by; whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Answers a send (`protocol.md` §1) whose certificate, fields and signatures were checked.
    /// `raw` is the request as it came, for the history.
    pub async fn send(&self, merchant: &Merchant, request: &SendRequest, raw: &[u8]) -> Answer {
        let _ = (merchant, request, raw);
        nothing()
    }

    /// Answers a query (seed) whose certificate, fields and signature were checked.
    pub async fn query(&self, merchant: &Merchant, request: &QueryRequest<'_>) -> Answer {
        let _ = (merchant, request);
        nothing()
    }

    /// Moves everything that is due; returns how many packets moved. Safe to run in
    /// several processes at once; does nothing in production.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn settle_due(&self) -> Result<usize, IssuerError> {
        Ok(0)
    }

    /// Moves the sandbox's clock forward, and everything that is due then.
    ///
    /// # Errors
    /// [`IssuerError::NotInProduction`], [`IssuerError::BadAdvance`], [`IssuerError::Ledger`].
    pub async fn advance(&self, by: SignedDuration) -> Result<Advanced, IssuerError> {
        let _ = by;
        Ok(Advanced { now: self.now(), moved: 0 })
    }

    /// Moves a packet by hand, in both modes.
    ///
    /// # Errors
    /// [`IssuerError::NoPacket`], [`IssuerError::NotNow`], [`IssuerError::Ledger`].
    pub async fn trigger(&self, key: &Key, trigger: Trigger) -> Result<Record, IssuerError> {
        let _ = (key, trigger);
        Err(IssuerError::NoPacket)
    }

    /// Adds a fault rule, durably; returns it with its id.
    ///
    /// # Errors
    /// [`IssuerError::BadFault`], [`IssuerError::NotInProduction`], [`IssuerError::Ledger`].
    pub async fn add_fault(&self, rule: FaultRule) -> Result<FaultRule, IssuerError> {
        Ok(rule)
    }

    /// The fault rules, in the order that they are tried.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        Vec::new()
    }

    /// Takes one rule away, or all; returns how many went.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn clear_faults(&self, id: Option<&str>) -> Result<usize, IssuerError> {
        let _ = id;
        Ok(0)
    }

    /// What the watch found, oldest first; of one merchant or of all.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, IssuerError> {
        Ok(self.ledger.findings(mch_id).await?)
    }

    /// The record of a packet.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn record(&self, key: &Key) -> Result<Option<Record>, IssuerError> {
        Ok(self.ledger.find(key).await?)
    }

    /// The history of a packet, oldest first.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn history(&self, key: &Key) -> Result<Vec<Entry>, IssuerError> {
        Ok(self.ledger.history(key).await?)
    }

    /// Records of a merchant, in the order of their numbers.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn records(
        &self,
        mch_id: &str,
        filter: &Filter,
    ) -> Result<Vec<Record>, IssuerError> {
        Ok(self.ledger.records(mch_id, filter).await?)
    }
}

fn nothing() -> Answer {
    Answer { body: Bytes::new(), delivery: Delivery::Plain, err_code: None, kept_until: None }
}
