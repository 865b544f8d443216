//! A payer that says what a script says, and sees what the ledger holds when it is asked.

use super::{MCH, api_key};
use async_trait::async_trait;
use hongbao_client::{Call, Host, RawReply, Seen, Transport, Trouble};
use hongbao_ledger::{Inquiries, Inquiry, Key, MemoryLedger};
use hongbao_wire::observation::Silence;
use hongbao_wire::xml::Document;
use hongbao_wire::{
    ErrorCode, FailureReply, Fen, HumanText, QueryReply, SendReply, Status, WireTime,
};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long every answer takes.
pub const TAKES: Duration = Duration::from_millis(100);

/// One answer of the script.
#[derive(Clone, Debug)]
pub enum Say {
    /// This body, HTTP 200.
    Body(Vec<u8>),
    /// Nothing, after the request may have arrived.
    Lost,
    /// No connection: nothing was sent.
    Away,
}

/// What was posted, and what the ledger held of it at that moment.
#[derive(Clone, Debug)]
pub struct Post {
    pub call: Call,
    pub mch_billno: String,
    pub body: Vec<u8>,
    pub known: Option<Inquiry>,
    pub events: Vec<String>,
}

/// Says what it was told to say, in that order; then NOT_FOUND to queries, and accepts sends.
#[derive(Debug)]
pub struct Payer {
    ledger: Arc<MemoryLedger>,
    script: Mutex<VecDeque<Say>>,
    posts: Mutex<Vec<Post>>,
}

impl Payer {
    pub fn new(ledger: Arc<MemoryLedger>) -> Self {
        Self { ledger, script: Mutex::default(), posts: Mutex::default() }
    }

    pub fn says(&self, say: Say) {
        self.script.lock().unwrap().push_back(say);
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// `query` and `send`, in the order of posting.
    pub fn calls(&self) -> Vec<&'static str> {
        let word = |post: &Post| match post.call {
            Call::Query => "query",
            Call::Send => "send",
        };
        self.posts.lock().unwrap().iter().map(word).collect()
    }
}

#[async_trait]
impl Transport for Payer {
    async fn post(&self, _: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        let mch_billno = Document::parse(&body).unwrap().get("mch_billno").unwrap().to_owned();
        let key = Key::new(MCH, mch_billno.as_str());
        let known = self.ledger.inquiry(&key).await.unwrap();
        let history = self.ledger.inquiry_history(&key).await.unwrap();
        let events = history.into_iter().map(|entry| entry.event.into()).collect();
        let post = Post { call, mch_billno: mch_billno.clone(), body, known, events };
        self.posts.lock().unwrap().push(post);
        let said = self.script.lock().unwrap().pop_front();
        tokio::time::sleep(TAKES).await;
        let body = match said {
            Some(Say::Body(body)) => body,
            Some(Say::Lost) => return Err(trouble(Silence::TimedOut, true)),
            Some(Say::Away) => return Err(trouble(Silence::NotConnected, false)),
            None if call == Call::Query => failure("NOT_FOUND"),
            None => accepted(&mch_billno),
        };
        Ok(RawReply { http_status: 200, date: None, body, broke: None })
    }
}

fn trouble(silence: Silence, was_sent: bool) -> Trouble {
    Trouble { seen: Seen::Silence(silence), was_sent, cause: "as the script says".to_owned() }
}

/// A failure with a code; failures are not signed.
pub fn failure(code: &str) -> Vec<u8> {
    FailureReply::business(ErrorCode::from_wire(code), "texts for people decide nothing")
        .write(None)
}

/// A signed acceptance.
pub fn accepted(mch_billno: &str) -> Vec<u8> {
    let reply = SendReply {
        mch_billno: mch_billno.into(),
        mch_id: MCH.into(),
        wxappid: None,
        re_openid: None,
        total_amount: Some(Fen::new(1_000).unwrap()),
        send_listid: None,
        sender_name: None,
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    };
    reply.write(Some(&api_key()))
}

/// A record, not signed unless there is a key.
pub fn record_of(mch_billno: &str, status: &str, sent_at: Option<Timestamp>) -> QueryReply {
    QueryReply {
        mch_billno: mch_billno.into(),
        mch_id: MCH.into(),
        detail_id: None,
        status: Status::from_wire(status),
        send_type: None,
        total_amount: Some(Fen::new(1_000).unwrap()),
        reason: (status == "FAILED").then(|| HumanText::new("余额不足")),
        send_time: sent_at.map(WireTime::at),
        refund_time: None,
        refund_amount: None,
        wishing: None,
        remark: None,
        act_name: None,
        openid: None,
        amount: None,
        rcv_time: None,
        sender_name: None,
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    }
}

/// A signed record of this status.
pub fn record(mch_billno: &str, status: &str) -> Vec<u8> {
    record_of(mch_billno, status, None).write(Some(&api_key()))
}

/// The same, with `send_time`.
pub fn record_sent_at(mch_billno: &str, status: &str, sent_at: Timestamp) -> Vec<u8> {
    record_of(mch_billno, status, Some(sent_at)).write(Some(&api_key()))
}

/// A record without a signature.
pub fn unsigned(mch_billno: &str, status: &str) -> Vec<u8> {
    record_of(mch_billno, status, None).write(None)
}
