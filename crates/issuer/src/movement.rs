//! Packets on the move: by themselves when due, by a person's trigger.

use crate::clock::later;
use crate::config::Mode;
use crate::error::IssuerError;
use crate::issuer::{ATTEMPTS_MAX, Issuer};
use crate::life::{self, Event, State};
use crate::packet::{self, Changes, Happening};
use crate::trigger::Trigger;
use hongbao_ledger::{Expect, Key, Lease, LedgerError, Merchant, Record, Source};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use tokio::task::JoinSet;

/// How many due records are read at a time.
const PAGE: u32 = 256;
/// For how long a process keeps what it is about to move from others, by the clock of the sandbox:
/// many times what a page takes. What a process that died was at waits no longer than this.
pub const MOVE_LEASE: SignedDuration = SignedDuration::from_secs(30);

impl Issuer {
    /// Moves everything that is due; returns how many packets moved. Safe to run in
    /// several processes at once: what another moved meanwhile is left to it, and where they
    /// have a [`holder`](crate::IssuerConfig::holder), what another is at. Does nothing in
    /// production.
    ///
    /// # Errors
    /// [`IssuerError::Ledger`], after the rest of its page was moved.
    pub async fn settle_due(&self) -> Result<usize, IssuerError> {
        if self.config.mode == Mode::Production {
            return Ok(0);
        }
        let _turn = self.moving.lock().await;
        self.move_due().await
    }

    /// The same, in the turn of the caller.
    pub(crate) async fn move_due(&self) -> Result<usize, IssuerError> {
        let now = self.now();
        self.agenda.passed(now);
        let mut merchants = HashMap::new();
        let mut moved = 0;
        loop {
            let page = self.due(now).await?;
            let is_last = page.len() < PAGE as usize;
            let of_page = self.settle_page(page, &mut merchants).await?;
            moved += of_page;
            // Nothing moved: another process is at it, or has been.
            if is_last || of_page == 0 {
                return Ok(moved);
            }
        }
    }

    /// What is due; where others work on the same ledger, only what none of them is at.
    async fn due(&self, now: Timestamp) -> Result<Vec<Record>, LedgerError> {
        match &self.config.holder {
            None => self.ledger.due(now, PAGE).await,
            Some(holder) => {
                let lease = Lease { holder: holder.clone(), until: later(now, MOVE_LEASE) };
                self.ledger.claim_due(now, &lease, PAGE).await
            }
        }
    }

    /// Commits side by side, so that a store can write them together.
    async fn settle_page(
        &self,
        page: Vec<Record>,
        merchants: &mut HashMap<Box<str>, Merchant>,
    ) -> Result<usize, IssuerError> {
        let now = self.now();
        let mut commits = JoinSet::new();
        for mut record in page {
            let mch_id = record.key.mch_id.as_str();
            if !merchants.contains_key(mch_id) {
                merchants.insert(mch_id.into(), self.merchant(mch_id).await?);
            }
            let Some(merchant) = merchants.get(mch_id) else { continue };
            let expect = Expect::Version(record.version);
            let mut changes = Changes::default();
            if self.settle(&mut record, &mut changes, now) {
                let commit = self.commit_of(record, expect, changes, merchant);
                let ledger = self.ledger.clone();
                commits.spawn(async move { ledger.commit(commit).await });
            }
        }
        let mut moved = 0;
        let mut failure = None;
        while let Some(done) = commits.join_next().await {
            match done {
                Ok(Ok(_)) => moved += 1,
                Ok(Err(LedgerError::Conflict)) => {}
                Ok(Err(error)) => failure = Some(error),
                Err(error) => failure = Some(LedgerError::Storage(error.to_string())),
            }
        }
        failure.map_or(Ok(moved), |error| Err(error.into()))
    }

    /// Moves a packet by hand, in both modes; returns it as it is then.
    ///
    /// # Errors
    /// [`IssuerError::NoPacket`]; [`IssuerError::NotNow`] where the trigger's target is not
    /// ahead of it; [`IssuerError::Ledger`].
    pub async fn trigger(&self, key: &Key, trigger: Trigger) -> Result<Record, IssuerError> {
        let merchant = match self.ledger.merchant(key.mch_id.as_str()).await? {
            Some(merchant) => merchant,
            None => return Err(IssuerError::NoPacket),
        };
        for _ in 0..ATTEMPTS_MAX {
            match self.try_trigger(key, &trigger, &merchant).await {
                Err(IssuerError::Ledger(LedgerError::Conflict)) => {}
                done => return done,
            }
        }
        Err(LedgerError::Conflict.into())
    }

    async fn try_trigger(
        &self,
        key: &Key,
        trigger: &Trigger,
        merchant: &Merchant,
    ) -> Result<Record, IssuerError> {
        let now = self.now();
        let mut record = self.ledger.find(key).await?.ok_or(IssuerError::NoPacket)?;
        let expect = Expect::Version(record.version);
        let mut changes = Changes::default();
        self.settle(&mut record, &mut changes, now);
        let state = packet::state(&record);
        let (target, reason) = target_of(trigger);
        let road = life::road(state, target);
        // A send that was never stored is nothing that a person could move.
        if road.is_empty() || state == State::Unstored {
            return Err(not_now(state, trigger));
        }
        for event in road {
            let reason = reason.clone().filter(|_| event == target);
            let happening = Happening { event, at: now, source: Source::Admin, reason, raw: None };
            if !packet::apply(&mut record, &mut changes, happening) {
                return Err(not_now(state, trigger));
            }
        }
        self.settle(&mut record, &mut changes, now);
        let commit = self.commit_of(record.clone(), expect, changes, merchant);
        record.version = self.ledger.commit(commit).await?;
        Ok(record)
    }

    async fn merchant(&self, mch_id: &str) -> Result<Merchant, IssuerError> {
        let merchant = self.ledger.merchant(mch_id).await?;
        Ok(merchant.ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))?)
    }
}

fn target_of(trigger: &Trigger) -> (Event, Option<Box<str>>) {
    match trigger {
        Trigger::Deliver => (Event::Deliver, None),
        Trigger::Receive => (Event::Receive, None),
        Trigger::Refuse { reason } => (Event::Refuse, Some(reason.clone())),
        Trigger::Fail { reason } => (Event::Fail, reason.clone()),
        Trigger::Expire => (Event::Expire, None),
        Trigger::Refund => (Event::Refund, None),
    }
}

fn not_now(state: State, trigger: &Trigger) -> IssuerError {
    let status = match state {
        State::Unstored | State::Accepted => "NOT_STORED",
        State::Refused => "SENDING with a reason",
        other => packet::word(other),
    };
    IssuerError::NotNow { status: status.into(), trigger: trigger.as_str() }
}
