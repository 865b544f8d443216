//! A payer that answers by number, in whatever order it is asked.
#![allow(dead_code, reason = "each test file uses its part")]

use crate::common::payer::{failure, record_of};
use crate::common::{HandClock, account, api_key};
use async_trait::async_trait;
use hongbao_client::{Call, Client, ClientOptions, Dice, Host, Pace, RawReply, Transport, Trouble};
use hongbao_inquiry::{Inquirer, InquirerOptions};
use hongbao_ledger::MemoryLedger;
use hongbao_wire::xml::Document;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Answers questions with the status that it was told, else NOT_FOUND.
#[derive(Debug, Default)]
pub struct Payer {
    statuses: Mutex<HashMap<String, (&'static str, Timestamp)>>,
    asked: Mutex<HashMap<String, u32>>,
    slow: Mutex<HashMap<String, Duration>>,
}

impl Payer {
    pub fn pays(&self, mch_billno: &str, status: &'static str, sent: Timestamp) {
        self.statuses.lock().unwrap().insert(mch_billno.to_owned(), (status, sent));
    }

    /// How long it takes to answer about a number; about others 50 ms.
    pub fn takes(&self, mch_billno: &str, time: Duration) {
        self.slow.lock().unwrap().insert(mch_billno.to_owned(), time);
    }

    /// How many times it was asked about a number.
    pub fn asks(&self, mch_billno: &str) -> u32 {
        self.asked.lock().unwrap().get(mch_billno).copied().unwrap_or(0)
    }

    pub fn asks_in_all(&self) -> u32 {
        self.asked.lock().unwrap().values().sum()
    }
}

#[async_trait]
impl Transport for Payer {
    async fn post(&self, _: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        assert_eq!(call, Call::Query);
        let mch_billno = Document::parse(&body).unwrap().get("mch_billno").unwrap().to_owned();
        *self.asked.lock().unwrap().entry(mch_billno.clone()).or_default() += 1;
        let slow = self.slow.lock().unwrap().get(&mch_billno).copied();
        tokio::time::sleep(slow.unwrap_or(Duration::from_millis(50))).await;
        let known = self.statuses.lock().unwrap().get(&mch_billno).copied();
        let body = match known {
            Some((status, sent)) => {
                record_of(&mch_billno, status, Some(sent)).write(Some(&api_key()))
            }
            None => failure("NOT_FOUND"),
        };
        Ok(RawReply { http_status: 200, date: None, body, broke: None })
    }
}

/// One merchant with a payer, a ledger in memory and a clock of the test's.
pub struct Side {
    pub payer: Arc<Payer>,
    pub clock: Arc<HandClock>,
    pub ledger: Arc<MemoryLedger>,
    pub inquirer: Arc<Inquirer>,
}

impl Side {
    pub fn new() -> Self {
        let (payer, clock) = (Arc::<Payer>::default(), Arc::new(HandClock::new()));
        let pace = Pace::per_second(10_000);
        let options = ClientOptions { pace, dice: Dice::seeded(1), ..ClientOptions::default() };
        let client = Client::with_transport(payer.clone(), options);
        let ledger = Arc::new(MemoryLedger::new());
        let options = InquirerOptions::default();
        let dice = Dice::seeded(2);
        let inquirer =
            Inquirer::new(account(), client, ledger.clone(), clock.clone(), dice, options);
        Self { payer, clock, ledger, inquirer: Arc::new(inquirer) }
    }
}
