//! What a send is answered, with an upstream that says whatever one may say.

use super::*;
use hongbao_ledger::{Inquiry, Key};
use hongbao_wire::send::Sender;
use hongbao_wire::xml::Document;
use hongbao_wire::{FailureReply, SendReply};

fn order(wishing: &str) -> SendRequest {
    SendRequest {
        nonce_str: "n".into(),
        mch_billno: "1".into(),
        mch_id: "10000098".into(),
        wxappid: "wx8888888888888888".into(),
        sender: Sender::Company,
        sender_header_media_id: None,
        re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
        total_amount: Fen::new(100).unwrap(),
        wishing: wishing.into(),
        act_name: "a".into(),
        remark: "r".into(),
        scene: None,
    }
}

fn acceptance() -> Bytes {
    let reply = SendReply {
        mch_billno: "1".into(),
        mch_id: "10000098".into(),
        wxappid: None,
        re_openid: None,
        total_amount: None,
        send_listid: None,
        sender_name: None,
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    };
    reply.write(Some(&ApiKey::new(*b"key"))).into()
}

fn failure(code: ErrorCode) -> Bytes {
    FailureReply::business(code, "该订单已经过期,请更换商户单号").write(None).into()
}

/// A gateway whose upstream answers queries and sends so, and lets them all.
fn saying(query: Option<Bytes>, send: Option<Bytes>) -> (Arc<Gateway>, Arc<Counted>) {
    let (gateway, below) = gateway(20, nothing_is_fresh());
    below.open.add_permits(99);
    *below.reply.lock().unwrap() = query;
    *below.sent.lock().unwrap() = send;
    (gateway, below)
}

async fn send(gateway: &Gateway, wishing: &str) -> Said {
    gateway.send(&merchant(), &order(wishing)).await
}

async fn known(gateway: &Gateway) -> Inquiry {
    let ledger = gateway.inquirer("10000098").unwrap().ledger().clone();
    ledger.inquiry(&Key::new("10000098", "1")).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_no_record_proves_is_a_system_error() {
    let failed = failure(ErrorCode::SendFailed);
    let unproven = [
        None,
        Some(record(Status::Sent)),
        Some(record(Status::Sending)),
        Some(failure(ErrorCode::NotFound)),
        Some(failed.clone()),
    ];
    for query in unproven {
        let (gateway, below) = saying(query.clone(), Some(failed.clone()));
        let said = send(&gateway, "w").await;
        assert_eq!(said.answer.err_code, Some(ErrorCode::SystemError), "{query:?}");
        assert_eq!(below.asked.load(SeqCst), 2, "the query was asked at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_gets_no_turn_to_be_proven_is_a_system_error() {
    let options = GatewayOptions { wait_for_turn: Duration::ZERO, ..nothing_is_fresh() };
    let (gateway, below) = gateway(1, options);
    below.open.add_permits(9);
    *below.reply.lock().unwrap() = Some(record(Status::Failed));
    *below.sent.lock().unwrap() = Some(failure(ErrorCode::SendFailed));
    let said = send(&gateway, "w").await;
    assert_eq!(said.answer.err_code, Some(ErrorCode::SystemError));
    assert_eq!(below.asked.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_the_query_proves_is_told() {
    let failed = failure(ErrorCode::SendFailed);
    let (gateway, below) = saying(Some(record(Status::Failed)), Some(failed));
    for _ in 0..2 {
        let said = send(&gateway, "w").await;
        assert_eq!(said.answer.err_code, Some(ErrorCode::SendFailed));
        assert_eq!(below.asked.load(SeqCst), 2, "then the ledger knows");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_a_packet_that_was_received_is_its_acceptance() {
    let failed = failure(ErrorCode::SendFailed);
    let (gateway, _) = saying(Some(record(Status::Received)), Some(failed));
    let said = send(&gateway, "w").await;
    assert_eq!(said.answer.err_code, None);
    let reply = Document::parse(&said.answer.body).unwrap();
    assert_eq!((reply.get("mch_billno"), reply.get("total_amount")), (Some("1"), Some("100")));
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_stays_accepted_where_a_repeat_says_failed() {
    let (gateway, below) = saying(Some(record(Status::Sent)), Some(acceptance()));
    assert_eq!(send(&gateway, "w").await.answer.body, acceptance());
    *below.sent.lock().unwrap() = Some(failure(ErrorCode::SendFailed));
    let again = send(&gateway, "w").await;
    assert_eq!((again.answer.err_code, again.answer.body), (None, acceptance()));
    assert_eq!(below.asked.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_query_never_passes_send_failed_on() {
    let (gateway, _) = saying(Some(failure(ErrorCode::SendFailed)), None);
    assert_eq!(query(&gateway, "1").await.answer.err_code, Some(ErrorCode::SystemError));
}

#[tokio::test(start_paused = true)]
async fn the_gateways_own_credentials_are_not_the_sdks() {
    for code in [ErrorCode::CaError, ErrorCode::SignError] {
        let refused = Some(failure(code.clone()));
        let (gateway, _) = saying(refused.clone(), refused);
        assert_eq!(query(&gateway, "1").await.answer.err_code, Some(ErrorCode::SystemError));
        assert_eq!(send(&gateway, "w").await.answer.err_code, Some(ErrorCode::SystemError));
        let metrics = gateway.metrics.write();
        let outcome = code.as_str().to_ascii_lowercase();
        for call in ["query", "send"] {
            let count = format!(
                "hongbao_upstream_attempts_total{{mch_id=\"10000098\",call=\"{call}\",outcome=\"{outcome}\"}} 1"
            );
            assert!(metrics.lines().any(|line| line == count), "{count}\n{metrics}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_payer_compares_what_was_sent_past_the_gateway() {
    let other = failure(ErrorCode::FatalError);
    let (gateway, below) = saying(Some(record(Status::Received)), Some(other.clone()));
    query(&gateway, "1").await;
    let said = send(&gateway, "another").await;
    assert_eq!((said.answer.body, said.origin), (other, Origin::Upstream));
    assert_eq!(known(&gateway).await.order, None, "it is not the packet's order");
    // no acceptance of an order that nobody compared
    *below.sent.lock().unwrap() = Some(failure(ErrorCode::SendFailed));
    assert_eq!(send(&gateway, "another").await.answer.err_code, Some(ErrorCode::SystemError));
    *below.sent.lock().unwrap() = Some(acceptance());
    assert_eq!(send(&gateway, "w").await.answer.body, acceptance());
    assert_eq!(&*known(&gateway).await.order.unwrap().wishing, "w");
    // from then on it is as if it had been sent from here
    let asked = below.asked.load(SeqCst);
    assert_eq!(send(&gateway, "w").await.answer.body, acceptance());
    assert_eq!(send(&gateway, "another").await.answer.err_code, Some(ErrorCode::FatalError));
    assert_eq!(below.asked.load(SeqCst), asked);
}

#[tokio::test(start_paused = true)]
async fn a_failure_from_elsewhere_is_not_sent_again() {
    let (gateway, below) = saying(Some(record(Status::Failed)), Some(acceptance()));
    query(&gateway, "1").await;
    let said = send(&gateway, "w").await;
    assert_eq!((said.answer.err_code, said.origin), (Some(ErrorCode::SendFailed), Origin::Ledger));
    assert_eq!(below.asked.load(SeqCst), 1);
}

/// An upstream of which the main host cannot be reached.
#[derive(Debug)]
struct HalfAway {
    asked: Mutex<Vec<(Host, Asked)>>,
    was_sent: bool,
}

#[async_trait::async_trait]
impl Transport for HalfAway {
    async fn post(&self, host: Host, call: Asked, _: Vec<u8>) -> Result<RawReply, Trouble> {
        self.asked.lock().unwrap().push((host, call));
        if host == Host::Main {
            let seen = hongbao_client::Seen::Silence(Silence::NotConnected);
            let cause = "the test says so".to_owned();
            return Err(Trouble { seen, was_sent: self.was_sent, cause });
        }
        let body = match call {
            Asked::Query => record(Status::Sent),
            Asked::Send => acceptance(),
        };
        Ok(RawReply { http_status: 200, date: None, body: body.to_vec(), broke: None })
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_host_is_asked_where_the_first_certainly_heard_nothing() {
    for was_sent in [false, true] {
        for call in [Asked::Query, Asked::Send] {
            let below = Arc::new(HalfAway { asked: Mutex::default(), was_sent });
            let client = ClientOptions { has_failover: true, ..ClientOptions::default() };
            let gateway = gateway_to(below.clone(), client, nothing_is_fresh());
            let said = match call {
                Asked::Query => query(&gateway, "1").await,
                Asked::Send => send(&gateway, "w").await,
            };
            let failed = was_sent.then_some(ErrorCode::SystemError);
            assert_eq!(said.answer.err_code, failed, "{call:?}");
            let hosts = [(Host::Main, call), (Host::Failover, call)];
            let hosts = if was_sent { &hosts[..1] } else { &hosts };
            assert_eq!(*below.asked.lock().unwrap(), hosts);
        }
    }
}
