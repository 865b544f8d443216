//! The door of the room: opening, the clock, and everything but the three turns.

use crate::agenda::Agenda;
use crate::clock::{Clock, later, whole_milliseconds};
use crate::config::{IssuerConfig, Mode};
use crate::error::IssuerError;
use crate::fault::FaultRule;
use crate::faults::Faults;
use crate::packet::Changes;
use crate::play;
use crate::reply;
use crate::watch;
use hongbao_ledger::ledger::Filter;
use hongbao_ledger::{Commit, Entry, Expect, Finding, Key, Ledger, LedgerError, Merchant, Record};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Mutex;

/// The setting of the ledger that holds what the sandbox's clock was advanced by, milliseconds.
const OFFSET_SETTING: &str = "issuer.clock_offset_ms";
/// The most that the sandbox's clock can be advanced by in all.
pub const OFFSET_MAX: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);
/// How often a change is tried anew after somebody else changed the record meanwhile.
pub(crate) const ATTEMPTS_MAX: usize = 32;

/// The paying side. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct Issuer {
    pub(crate) ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    pub(crate) config: IssuerConfig,
    pub(crate) faults: Faults,
    offset_ms: AtomicI64,
    /// Held while the clock is advanced and while what is due moves: one after another.
    pub(crate) moving: Mutex<()>,
    pub(crate) agenda: Agenda,
}

/// Where the sandbox's clock stands after it was advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// The sandbox's time now.
    pub now: Timestamp,
    /// How many packets moved.
    pub moved: usize,
}

impl Issuer {
    /// Opens an issuer on a ledger: the clock and the faults stand as they were left. A
    /// production issuer has neither, whatever a sandbox left in the ledger.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`], [`IssuerError::BadSetting`].
    pub async fn open(
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        config: IssuerConfig,
    ) -> Result<Self, IssuerError> {
        let (faults, offset_ms) = match config.mode {
            Mode::Production => (Faults::default(), 0),
            Mode::Sandbox => {
                let is_shared = config.holder.is_some();
                let offset_ms = offset_of(ledger.setting(OFFSET_SETTING).await?.as_deref())?;
                (Faults::load(&*ledger, is_shared).await?, offset_ms)
            }
        };
        let offset_ms = AtomicI64::new(offset_ms);
        let (moving, agenda) = (Mutex::default(), Agenda::default());
        Ok(Self { ledger, clock, config, faults, offset_ms, moving, agenda })
    }

    /// Sandbox or production.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.config.mode
    }

    /// The issuer's time: the clock, plus what the sandbox was advanced by; whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms.load(Ordering::Acquire));
        later(whole_milliseconds(self.clock.now()), offset)
    }

    /// Takes over what other processes on the same ledger changed of a sandbox: its clock and
    /// its faults. Does nothing where there are none.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`], [`IssuerError::BadSetting`]; then both stay as they were.
    pub async fn refresh(&self) -> Result<(), IssuerError> {
        if self.config.mode == Mode::Production || self.config.holder.is_none() {
            return Ok(());
        }
        let offset_ms = offset_of(self.ledger.setting(OFFSET_SETTING).await?.as_deref())?;
        // it goes forward only: what was read may be older than what was set meanwhile
        self.offset_ms.fetch_max(offset_ms, Ordering::AcqRel);
        self.faults.refresh(&*self.ledger).await
    }

    /// Moves the sandbox's clock forward, durably, and everything that is due then.
    ///
    /// # Errors
    /// [`IssuerError::NotInProduction`]; [`IssuerError::BadAdvance`] for less than a
    /// millisecond and beyond [`OFFSET_MAX`] in all; [`IssuerError::Ledger`].
    pub async fn advance(&self, by: SignedDuration) -> Result<Advanced, IssuerError> {
        self.require_sandbox()?;
        let _turn = self.moving.lock().await;
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        if by_ms < 1 {
            return Err(IssuerError::BadAdvance("it goes forward only, by a millisecond or more"));
        }
        self.move_clock(by_ms).await?;
        let moved = self.move_due().await?;
        Ok(Advanced { now: self.now(), moved })
    }

    /// Another process may move it at the same time: each counts.
    async fn move_clock(&self, by_ms: i64) -> Result<(), IssuerError> {
        for _ in 0..ATTEMPTS_MAX {
            let was = self.ledger.setting(OFFSET_SETTING).await?;
            let offset_ms = offset_of(was.as_deref())?.saturating_add(by_ms);
            if SignedDuration::from_millis(offset_ms) > OFFSET_MAX {
                return Err(IssuerError::BadAdvance(
                    "it would be more than ten years ahead in all",
                ));
            }
            let text = offset_ms.to_string();
            match self.ledger.replace_setting(OFFSET_SETTING, was.as_deref(), &text).await {
                Ok(()) => {
                    self.offset_ms.fetch_max(offset_ms, Ordering::AcqRel);
                    return Ok(());
                }
                Err(LedgerError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LedgerError::Conflict.into())
    }

    /// Adds a fault rule, durably; returns it with its id.
    ///
    /// # Errors
    /// [`IssuerError::BadFault`], [`IssuerError::NotInProduction`], [`IssuerError::Ledger`].
    pub async fn add_fault(&self, rule: FaultRule) -> Result<FaultRule, IssuerError> {
        self.require_sandbox()?;
        self.faults.add(&*self.ledger, rule).await
    }

    /// The fault rules, in the order that they are tried: the first that hits counts.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        self.faults.list()
    }

    /// Takes one rule away, or all; returns how many went.
    ///
    /// # Errors
    /// [`IssuerError::NotInProduction`], [`IssuerError::Ledger`].
    pub async fn clear_faults(&self, id: Option<&str>) -> Result<usize, IssuerError> {
        self.require_sandbox()?;
        self.faults.clear(&*self.ledger, id).await
    }

    /// What the watch found, oldest first; of one merchant or of all.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`].
    pub async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, IssuerError> {
        Ok(self.ledger.findings(mch_id).await?)
    }

    /// The record of a packet, as it was last committed.
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
    pub async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, IssuerError> {
        Ok(self.ledger.records(mch_id, filter).await?)
    }

    const fn require_sandbox(&self) -> Result<(), IssuerError> {
        match self.config.mode {
            Mode::Sandbox => Ok(()),
            Mode::Production => Err(IssuerError::NotInProduction),
        }
    }

    /// In a sandbox, lets everything happen to the record that is due; in production nothing
    /// ever is. Returns whether anything happened.
    pub(crate) fn settle(
        &self,
        record: &mut Record,
        changes: &mut Changes,
        now: Timestamp,
    ) -> bool {
        match self.config.mode {
            Mode::Sandbox => play::settle(&self.config.play, record, changes, now),
            Mode::Production => {
                record.due_at = None;
                false
            }
        }
    }

    /// The commit of a record and its changes. A finished reply is kept beside it only
    /// where giving it tells the merchant nothing that the record does not note.
    pub(crate) fn commit_of(
        &self,
        record: Record,
        expect: Expect,
        changes: Changes,
        merchant: &Merchant,
    ) -> Commit {
        self.agenda.note(&record);
        let keeps = !self.config.watch || watch::is_settled(&record);
        let reply = if keeps { reply::kept(&record, merchant, &self.config.style) } else { None };
        Commit {
            record,
            expect,
            entries: changes.entries,
            reply,
            budget: None,
            refund: changes.refund,
            findings: Vec::new(),
        }
    }
}

/// What the sandbox's clock was advanced by, as the setting has it.
fn offset_of(text: Option<&str>) -> Result<i64, IssuerError> {
    let Some(text) = text else { return Ok(0) };
    let offset_ms: Option<i64> = text.parse().ok();
    offset_ms
        .filter(|ms| *ms >= 0 && SignedDuration::from_millis(*ms) <= OFFSET_MAX)
        .ok_or(IssuerError::BadSetting(OFFSET_SETTING))
}
