//! A merchant's side over a ledger in memory, a scripted payer and a clock that is moved by hand.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod payer;

use hongbao_client::{AttemptLimits, Client, ClientOptions, Dice, Pace};
use hongbao_inquiry::{Account, Clock, Inquirer, InquirerOptions, Payment};
use hongbao_ledger::record::Order;
use hongbao_ledger::{Entry, Inquiries, Inquiry, Key, MemoryLedger};
use hongbao_wire::send::Sender;
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, Fen, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use payer::Payer;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub const MCH: &str = "10000098";
pub const APPID: &str = "wx8888888888888888";
pub const BILLNO: &str = "100000982026072000000001";

/// 2026-07-20 22:45:12 at +08:00.
pub fn start() -> Timestamp {
    "2026-07-20T14:45:12Z".parse().unwrap()
}

pub fn api_key() -> ApiKey {
    ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d")
}

pub fn account() -> Account {
    Account {
        mch_id: MCH.into(),
        appid: APPID.into(),
        api_key: api_key(),
        former_api_keys: Vec::new(),
        workwx_secret: Some(WorkwxSecret::new(*b"synthetic-workwx-secret-01234567")),
        policy: Policy::Require,
    }
}

pub fn order() -> Order {
    Order {
        wxappid: APPID.into(),
        re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
        total_amount: Fen::new(1_000).unwrap(),
        wishing: "新年快乐".into(),
        act_name: "新年红包".into(),
        remark: "remark".into(),
        sender: Sender::Name("XX活动".into()),
        sender_header_media_id: None,
        scene: None,
    }
}

/// A payment of [`order`].
pub fn payment(mch_billno: Option<&str>, business_ref: Option<&str>) -> Payment {
    Payment {
        order: order(),
        mch_billno: mch_billno.map(Into::into),
        business_ref: business_ref.map(Into::into),
    }
}

/// A clock that stands still until it is moved, backwards too.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// At [`start`].
    pub fn new() -> Self {
        Self(AtomicI64::new(start().as_millisecond()))
    }

    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Everything of one test.
#[derive(Debug)]
pub struct Rig {
    pub ledger: Arc<MemoryLedger>,
    pub clock: Arc<HandClock>,
    pub payer: Arc<Payer>,
    pub inquirer: Arc<Inquirer>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(account(), 20)
    }

    pub fn with(account: Account, pace_per_second: u32) -> Self {
        let ledger = Arc::new(MemoryLedger::new());
        let clock = Arc::new(HandClock::new());
        let payer = Arc::new(Payer::new(ledger.clone()));
        let inquirer = Arc::new(inquirer(&ledger, &clock, &payer, account, pace_per_second));
        Self { ledger, clock, payer, inquirer }
    }

    /// Another process on the same ledger, under another account.
    pub fn as_account(&self, account: Account) -> Arc<Inquirer> {
        Arc::new(inquirer(&self.ledger, &self.clock, &self.payer, account, 20))
    }

    pub async fn inquiry(&self, mch_billno: &str) -> Inquiry {
        self.ledger.inquiry(&Key::new(MCH, mch_billno)).await.unwrap().unwrap()
    }

    pub async fn history(&self, mch_billno: &str) -> Vec<Entry> {
        self.ledger.inquiry_history(&Key::new(MCH, mch_billno)).await.unwrap()
    }

    /// The events of a history, oldest first.
    pub async fn events(&self, mch_billno: &str) -> Vec<String> {
        let history = self.history(mch_billno).await;
        history.into_iter().map(|entry| entry.event.into()).collect()
    }
}

fn inquirer(
    ledger: &Arc<MemoryLedger>,
    clock: &Arc<HandClock>,
    payer: &Arc<Payer>,
    account: Account,
    pace_per_second: u32,
) -> Inquirer {
    let options = ClientOptions {
        attempts: AttemptLimits::ONCE,
        pace: Pace::per_second(pace_per_second),
        dice: Dice::seeded(1),
        ..ClientOptions::default()
    };
    let client = Client::with_transport(payer.clone(), options);
    Inquirer::new(
        account,
        client,
        ledger.clone(),
        clock.clone(),
        Dice::seeded(2),
        InquirerOptions::default(),
    )
}

pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

pub fn secs(secs: i64) -> SignedDuration {
    SignedDuration::from_secs(secs)
}
