//! A payer that answers what it is told to, and a clock that is set.
#![allow(dead_code, clippy::unwrap_used)]

use async_trait::async_trait;
use hongbao_client::{Call, Client, ClientOptions, Dice, Host, Pace, RawReply, Transport, Trouble};
use hongbao_inquiry::{Account, Clock, Inquirer, InquirerOptions};
use hongbao_ledger::MemoryLedger;
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, ErrorCode, FailureReply, Fen, QueryReply, Status, WireTime};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const MCH_ID: &str = "10000098";
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Answers questions with the status that it was told, else NOT_FOUND.
#[derive(Debug, Default)]
pub struct Payer {
    pub statuses: Mutex<HashMap<String, (Status, Timestamp)>>,
    /// How many times it was asked about each number.
    pub asked: Mutex<HashMap<String, u32>>,
    /// How long it takes to answer about a number.
    pub slow: Mutex<HashMap<String, Duration>>,
}

impl Payer {
    pub fn pays(&self, mch_billno: &str, status: Status, sent: Timestamp) {
        self.statuses.lock().unwrap().insert(mch_billno.to_owned(), (status, sent));
    }

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
        let text = String::from_utf8(body).unwrap();
        let after = text.split("<mch_billno><![CDATA[").nth(1).unwrap();
        let mch_billno = after.split("]]>").next().unwrap();
        *self.asked.lock().unwrap().entry(mch_billno.to_owned()).or_default() += 1;
        let slow = self.slow.lock().unwrap().get(mch_billno).copied();
        tokio::time::sleep(slow.unwrap_or(Duration::from_millis(50))).await;
        let known = self.statuses.lock().unwrap().get(mch_billno).cloned();
        let body = match known {
            Some((status, sent)) => {
                reply(mch_billno, status, sent).write(Some(&ApiKey::new(KEY.as_bytes())))
            }
            None => FailureReply::business(ErrorCode::NotFound, "指定单号数据不存在").write(None),
        };
        Ok(RawReply { http_status: 200, date: None, body, broke: None })
    }
}

fn reply(mch_billno: &str, status: Status, sent: Timestamp) -> QueryReply {
    let received = status == Status::Received;
    let amount = Fen::new(100);
    QueryReply {
        mch_billno: mch_billno.into(),
        mch_id: MCH_ID.into(),
        detail_id: Some("1000000000201503283103439304000".into()),
        status,
        send_type: Some("API".into()),
        total_amount: amount,
        reason: None,
        send_time: Some(WireTime::at(sent)),
        refund_time: None,
        refund_amount: None,
        wishing: None,
        remark: None,
        act_name: None,
        openid: received.then(|| "o1".into()),
        amount: amount.filter(|_| received),
        rcv_time: received.then(|| WireTime::at(sent)),
        sender_name: None,
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    }
}

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct SetClock(pub Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// One merchant with a payer, a ledger and a clock of the test's.
pub struct Side {
    pub payer: Arc<Payer>,
    pub clock: Arc<SetClock>,
    pub inquirer: Arc<Inquirer>,
}

impl Side {
    pub fn new(now: Timestamp) -> Self {
        let (payer, clock) = (Arc::<Payer>::default(), Arc::new(SetClock(Mutex::new(now))));
        let pace = Pace::per_second(10_000);
        let options = ClientOptions { pace, dice: Dice::seeded(1), ..ClientOptions::default() };
        let client = Client::with_transport(payer.clone(), options);
        let account = Account {
            mch_id: MCH_ID.into(),
            appid: "wx8888888888888888".into(),
            api_key: ApiKey::new(KEY.as_bytes()),
            workwx_secret: None,
            policy: Policy::Require,
        };
        let inquirer = Inquirer::new(
            account,
            client,
            Arc::new(MemoryLedger::new()),
            clock.clone(),
            Dice::seeded(2),
            InquirerOptions::default(),
        );
        Self { payer, clock, inquirer: Arc::new(inquirer) }
    }
}
