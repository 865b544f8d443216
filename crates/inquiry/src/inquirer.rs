//! The door of the room: one merchant, its client, its ledger.

use crate::account::Account;
use crate::clock::Clock;
use crate::held::Held;
use crate::schedule::Schedule;
use crate::twins::Twins;
use hongbao_client::{Client, Dice};
use hongbao_ledger::{Inquiries, Inquiry, Key};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How a merchant's side behaves.
#[derive(Clone, Debug)]
pub struct InquirerOptions {
    /// When packets are asked about again.
    pub schedule: Schedule,
    /// Whether an own send that NOT_FOUND answers for is sent again, with the same number and
    /// the same parameters, while that is safe: `true`.
    pub resends: bool,
    /// Whether a number that is known as a packet sent from elsewhere may be sent under: `false`.
    /// WeChat Pay then compares the parameters; what it accepts is as if it were sent from here.
    pub adopts: bool,
    /// Where several processes ask as this merchant over one ledger: the name of this one, 1-64
    /// characters, new with every start. What one asks about, the others then wait for. `None`:
    /// nobody else does.
    pub holder: Option<Box<str>>,
}

impl Default for InquirerOptions {
    fn default() -> Self {
        Self { schedule: Schedule::default(), resends: true, adopts: false, holder: None }
    }
}

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The payer is asked, unless the ledger holds what is final or the window has closed.
    New,
    /// A record of the ledger suffices that came at most so long ago.
    Within(SignedDuration),
    /// Whatever was answered at or after this time suffices, NOT_FOUND too.
    Since(Timestamp),
}

/// The merchant's side of one merchant. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct Inquirer {
    pub(crate) account: Account,
    pub(crate) client: Client,
    pub(crate) ledger: Arc<dyn Inquiries>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Dice,
    pub(crate) options: InquirerOptions,
    pub(crate) twins: Twins,
    /// What is leased because it is asked about here.
    pub(crate) asking: Held,
}

impl Inquirer {
    /// A merchant's side. `dice` makes nonces and bill numbers.
    #[must_use]
    pub fn new(
        account: Account,
        client: Client,
        ledger: Arc<dyn Inquiries>,
        clock: Arc<dyn Clock>,
        dice: Dice,
        options: InquirerOptions,
    ) -> Self {
        Self {
            account,
            client,
            ledger,
            clock,
            dice,
            options,
            twins: Twins::default(),
            asking: Held::default(),
        }
    }

    /// As whom it asks.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Through what it asks.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// What it knows.
    #[must_use]
    pub const fn ledger(&self) -> &Arc<dyn Inquiries> {
        &self.ledger
    }

    /// How it behaves.
    #[must_use]
    pub const fn options(&self) -> &InquirerOptions {
        &self.options
    }

    /// The time now, whole milliseconds, as ledgers keep it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// The key of one of the merchant's packets.
    pub(crate) fn key(&self, mch_billno: &str) -> Key {
        Key::new(self.account.mch_id.clone(), mch_billno)
    }

    /// A packet of which nothing is known yet.
    pub(crate) fn blank(&self, mch_billno: &str, now: Timestamp) -> Inquiry {
        let verdict = crate::learning::nothing_learnt();
        Inquiry {
            key: self.key(mch_billno),
            appid: self.account.appid.clone(),
            business_ref: None,
            order: None,
            noted_at: now,
            sent_at: None,
            sends: 0,
            asks: 0,
            asked_at: None,
            answered_at: None,
            conclusion: crate::learning::conclusion(&verdict),
            unknown_since: Some(now),
            is_contradicted: false,
            seen: None,
            reply: None,
            send_reply: None,
            due_at: now.checked_add(crate::ask::ORPHAN_AFTER).ok(),
            attention: None,
            version: 0,
        }
    }
}

/// How long a caller waits for its turn: for ever, or so long.
pub(crate) type WaitMax = Option<Duration>;
