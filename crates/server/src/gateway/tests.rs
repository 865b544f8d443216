//! Twins and pace, with stepped time and an upstream that counts.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::source::Origin;
use bytes::Bytes;
use hongbao_client::{Call as Asked, Host, Pace, RawReply, Transport, Trouble};
use hongbao_inquiry::SystemClock;
use hongbao_ledger::{Limits, MemoryLedger};
use hongbao_wire::observation::Silence;
use hongbao_wire::{ApiKey, ErrorCode, Fen, QueryReply, Status, WorkwxSecret};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Semaphore;

/// An upstream that answers with whatever it is told, once it is let.
#[derive(Debug)]
struct Counted {
    asked: AtomicUsize,
    open: Semaphore,
    reply: Mutex<Option<Bytes>>,
}

#[async_trait::async_trait]
impl Transport for Counted {
    async fn post(&self, _: Host, _: Asked, _: Vec<u8>) -> Result<RawReply, Trouble> {
        self.asked.fetch_add(1, SeqCst);
        self.open.acquire().await.unwrap().forget();
        let reply = self.reply.lock().unwrap().clone();
        let body = reply.ok_or(Trouble {
            seen: hongbao_client::Seen::Silence(Silence::ConnectionLost),
            was_sent: true,
            cause: "the test says so".to_owned(),
        })?;
        Ok(RawReply { http_status: 200, date: None, body: body.to_vec(), broke: None })
    }
}

fn merchant() -> Merchant {
    Merchant {
        mch_id: "10000098".into(),
        name: "a company".into(),
        appids: vec!["wx8888888888888888".into()],
        api_key: ApiKey::new(*b"key"),
        workwx_secret: WorkwxSecret::new(*b"secret"),
        key_version: 1,
        limits: Limits::default(),
        balance: Fen::ZERO,
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    }
}

/// A signed record of packet 1.
fn record(status: Status) -> Bytes {
    let reply = QueryReply {
        mch_billno: "1".into(),
        mch_id: "10000098".into(),
        detail_id: None,
        status,
        send_type: None,
        total_amount: None,
        reason: None,
        send_time: None,
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
    };
    reply.write(Some(&ApiKey::new(*b"key"))).into()
}

fn gateway(pace: u32, options: GatewayOptions) -> (Arc<Gateway>, Arc<Counted>) {
    let below = Arc::new(Counted {
        asked: AtomicUsize::new(0),
        open: Semaphore::new(0),
        reply: Mutex::new(Some(record(Status::Sent))),
    });
    let merchant = merchant();
    let account = Account {
        mch_id: merchant.mch_id,
        appid: merchant.appids[0].clone(),
        api_key: merchant.api_key,
        former_api_keys: Vec::new(),
        workwx_secret: None,
        policy: hongbao_wire::sign::Policy::Require,
    };
    let client = ClientOptions { pace: Pace::per_second(pace), ..ClientOptions::default() };
    let schedule = Schedule::default();
    let upstream = Upstream { account, transport: below.clone(), client, schedule };
    let ledger: Arc<dyn Inquiries> = Arc::new(MemoryLedger::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    (Arc::new(Gateway::new(vec![upstream], &ledger, &clock, options)), below)
}

async fn query(gateway: &Gateway, mch_billno: &str) -> Said {
    let (nonce_str, mch_id, appid) = ("n", "10000098", "wx8888888888888888");
    gateway.query(&merchant(), &QueryRequest { nonce_str, mch_billno, mch_id, appid }).await
}

/// Nothing is ever young enough.
fn nothing_is_fresh() -> GatewayOptions {
    GatewayOptions { fresh_for: SignedDuration::from_secs(-1), ..GatewayOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn twins_in_flight_share_one_call() {
    let (gateway, below) = gateway(20, GatewayOptions::default());
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let gateway = gateway.clone();
        twins.spawn(async move { query(&gateway, "1").await });
    }
    // with time stopped, the first second passes when everybody waits for the payer
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(below.asked.load(SeqCst), 1);
    below.open.add_permits(1);
    for said in twins.join_all().await {
        assert_eq!(said.answer.body, record(Status::Sent));
    }
    assert_eq!(below.asked.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn over_the_pace_it_is_freq_limit() {
    let options = GatewayOptions { wait_for_turn: Duration::ZERO, ..nothing_is_fresh() };
    let (gateway, below) = gateway(1, options);
    below.open.add_permits(9);
    assert_eq!(query(&gateway, "1").await.origin, Origin::Upstream);
    let said = query(&gateway, "1").await;
    assert_eq!(said.answer.err_code, Some(ErrorCode::FreqLimit));
    assert_eq!(said.origin, Origin::Refused);
    assert_eq!(below.asked.load(SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(query(&gateway, "1").await.origin, Origin::Upstream);
}

#[tokio::test(start_paused = true)]
async fn over_the_pace_the_last_record_is_served_where_the_options_say_so() {
    let options = GatewayOptions {
        wait_for_turn: Duration::ZERO,
        stale_over_pace: true,
        ..nothing_is_fresh()
    };
    let (gateway, below) = gateway(1, options);
    below.open.add_permits(9);
    query(&gateway, "1").await;
    let said = query(&gateway, "1").await;
    assert_eq!((said.answer.err_code, said.origin), (None, Origin::LedgerStale));
    assert_eq!(said.answer.body, record(Status::Sent));
    // of another number nothing is known
    assert_eq!(query(&gateway, "2").await.answer.err_code, Some(ErrorCode::FreqLimit));
    assert_eq!(below.asked.load(SeqCst), 1);
    // the payer's own word that it is too fast counts the same
    tokio::time::sleep(Duration::from_secs(2)).await;
    let too_fast = hongbao_wire::FailureReply::business(ErrorCode::FreqLimit, "").write(None);
    *below.reply.lock().unwrap() = Some(too_fast.into());
    assert_eq!(query(&gateway, "1").await.origin, Origin::LedgerStale);
    assert_eq!(below.asked.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_sdk_hung_up_is_kept() {
    let (gateway, below) = gateway(20, GatewayOptions::default());
    let asking = tokio::time::timeout(Duration::from_secs(5), query(&gateway, "1"));
    assert!(asking.await.is_err());
    below.open.add_permits(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let said = query(&gateway, "1").await;
    assert_eq!((said.answer.body, said.origin), (record(Status::Sent), Origin::Ledger));
    assert_eq!(below.asked.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_forged_failure_is_not_passed_on_and_its_bytes_are_kept() {
    let (gateway, below) = gateway(20, nothing_is_fresh());
    below.open.add_permits(9);
    let mut forged = record(Status::Failed).to_vec();
    let at = forged.windows(6).position(|six| six == b"<sign>").unwrap() + 15;
    forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
    *below.reply.lock().unwrap() = Some(forged.clone().into());
    let said = query(&gateway, "1").await;
    assert_eq!(said.answer.err_code, Some(ErrorCode::SystemError));
    let inquirer = gateway.inquirer("10000098").unwrap();
    let key = hongbao_ledger::Key::new("10000098", "1");
    let history = inquirer.ledger().inquiry_history(&key).await.unwrap();
    assert_eq!(history.last().unwrap().raw.as_deref(), Some(&forged[..]));
}
