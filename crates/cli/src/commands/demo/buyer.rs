//! The merchant of the demo: sends and asks, and remembers what each packet settled to.

use super::asker::Asker;
use crate::exit::Failure;
use hongbao_client::{AttemptLimits, Exchange};
use hongbao_wire::send::Sender;
use hongbao_wire::sign::Policy;
use hongbao_wire::verdict::{Known, judge_send};
use hongbao_wire::{Fen, QueryReply, QueryRequest, SendReply, SendRequest, Verdict, WorkwxSecret};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::Path;

/// What each packet of the demo holds: 1 yuan.
pub const AMOUNT_FEN: u64 = 100;

/// What came back, and what it means.
pub struct Answer<R> {
    /// What was seen.
    pub seen: Exchange<R>,
    /// What that means.
    pub verdict: Verdict,
}

/// The merchant.
pub struct Buyer {
    asker: Asker,
    secret: WorkwxSecret,
    known: HashMap<String, Known>,
}

impl Buyer {
    /// The merchant of a profile.
    ///
    /// # Errors
    /// As [`Asker::new`].
    pub fn new(profile: &Path) -> Result<Self, Failure> {
        // the stories tell what one attempt leads to
        let asker = Asker::attempting(profile, AttemptLimits::ONCE)?;
        let secret = asker.workwx_secret()?.clone();
        Ok(Self { asker, secret, known: HashMap::new() })
    }

    /// The merchant's number.
    pub fn mch_id(&self) -> &str {
        self.asker.mch_id()
    }

    /// Sends a packet to a person of its own.
    pub async fn send(&mut self, mch_billno: &str, now: Timestamp) -> Answer<SendReply> {
        self.known.insert(mch_billno.to_owned(), Known::sent(Some(now)));
        self.send_as(mch_billno, mch_billno).await
    }

    /// Sends a packet to the person of another packet.
    pub async fn send_as(&self, mch_billno: &str, person: &str) -> Answer<SendReply> {
        let request = SendRequest {
            nonce_str: self.asker.nonce_str().into(),
            mch_billno: mch_billno.into(),
            mch_id: self.asker.mch_id().into(),
            wxappid: self.asker.appid().into(),
            sender: Sender::Name("XX活动".into()),
            sender_header_media_id: None,
            re_openid: format!("oTo{person}").as_str().into(),
            total_amount: Fen::new(AMOUNT_FEN).unwrap_or_default(),
            wishing: "新年快乐".into(),
            act_name: "新年红包".into(),
            remark: "新年红包".into(),
            scene: None,
        };
        let (key, secret) = (self.asker.api_key(), &self.secret);
        let seen = self.asker.client.send(&request, key, secret, Policy::Require).await;
        let verdict = judge_send(&seen.observation);
        Answer { seen, verdict }
    }

    /// Asks what became of a packet.
    pub async fn query(&mut self, mch_billno: &str, now: Timestamp) -> Answer<QueryReply> {
        let nonce_str = self.asker.nonce_str();
        let request = QueryRequest {
            nonce_str: &nonce_str,
            mch_billno,
            mch_id: self.asker.mch_id(),
            appid: self.asker.appid(),
        };
        let seen = self.asker.client.query(&request, self.asker.api_key(), Policy::Require).await;
        let known = self.known.entry(mch_billno.to_owned()).or_default();
        let verdict = known.observe(&seen.observation, now);
        Answer { seen, verdict }
    }
}
