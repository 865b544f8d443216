//! Two hongbao in a row, the issuer's faults on: what an SDK that asks the gateway is told never
//! lets it pay twice, never says failed of a packet that is not, and what is final is byte for
//! byte what the payer said.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_inquiry::import::{Claim, Imported, import};
use hongbao_issuer::{Fault, FaultRule, On, Trigger};
use hongbao_ledger::{Expect, Inquiries, InquiryCommit, Key, Ledger};
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, QUERY_PATH, SEND_PATH, SendRequest};
use jiff::SignedDuration;
use support::client::Connection;
use support::gateway::{Pair, account, err_code, field, options, timeless};
use support::pki::PKI;
use support::{MCH, OTHER, api_key, query_body, secret, send_body, send_request};

#[tokio::test]
async fn what_the_payer_says_passes_byte_for_byte() {
    let pair = Pair::start().await;
    let sent = pair.send("1").await;
    assert_eq!(err_code(&sent), None, "{}", sent.text());
    assert_eq!(sent, pair.direct_send(&send_body(MCH, "1")).await);
    assert_eq!(pair.query("1").await, pair.direct("1").await);
    assert_eq!(pair.query("none").await, pair.direct("none").await);
    pair.stop().await;
}

#[tokio::test]
async fn a_record_is_answered_from_the_ledger_while_it_is_young() {
    let pair = Pair::start().await;
    pair.send("1").await;
    let before = pair.query("1").await;
    pair.trigger("1", Trigger::Deliver).await;
    assert_eq!(pair.query("1").await, before);
    assert_eq!(pair.known("1").await.unwrap().asks, 1);
    pair.grow_old();
    let after = pair.query("1").await;
    assert_eq!(field(&after, "status").unwrap(), "SENT");
    assert_eq!(after, pair.direct("1").await);
    pair.stop().await;
}

/// What the payer's fault on a query becomes at the gateway.
fn of_query(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::Delay | Fault::NewField | Fault::OtherOrder | Fault::UnknownStatus => None,
        Fault::UnknownErrorCode => Some("UNHEARD_OF"),
        Fault::FreqLimit => Some("FREQ_LIMIT"),
        Fault::NotFoundFirst => Some("NOT_FOUND"),
        Fault::ReplyLost
        | Fault::Http400
        | Fault::Http502
        | Fault::EmptyBody
        | Fault::TruncatedXml
        | Fault::Unsigned
        | Fault::WronglySigned
        | Fault::SystemError
        | Fault::ResetBefore
        | Fault::ResetAfter => Some("SYSTEMERROR"),
    }
}

fn rule(fault: Fault) -> FaultRule {
    let delay_ms = (fault == Fault::Delay).then_some(20);
    FaultRule { delay_ms, ..FaultRule::new(fault) }
}

#[tokio::test]
async fn every_fault_on_a_query_claims_nothing_of_the_packet() {
    for fault in Fault::ALL {
        let pair = Pair::start().await;
        pair.send("1").await;
        pair.fault(rule(fault), On::Query).await;
        let reply = pair.query("1").await;
        assert_eq!(err_code(&reply).as_deref(), of_query(fault), "{fault:?}: {}", reply.text());
        assert_ne!(field(&reply, "status").as_deref(), Some("FAILED"), "{fault:?}");
        pair.stop().await;
    }
}

#[tokio::test]
async fn what_is_final_stays_whatever_the_payer_does_then() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.send("2").await;
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    pair.trigger("2", Trigger::Refuse { reason: "余额不足".into() }).await;
    pair.trigger("2", Trigger::Fail { reason: None }).await;
    let (received, failed) = (pair.query("1").await, pair.query("2").await);
    assert_eq!(field(&received, "status").unwrap(), "RECEIVED");
    assert_eq!(field(&failed, "status").unwrap(), "FAILED");
    assert_eq!(received, pair.direct("1").await);
    assert_eq!(failed, pair.direct("2").await);
    pair.grow_old();
    for fault in Fault::ALL {
        pair.fault(rule(fault), On::Query).await;
        assert_eq!(pair.query("1").await, received, "{fault:?}");
        assert_eq!(pair.query("2").await, failed, "{fault:?}");
        pair.upstream.issuer.clear_faults(None).await.unwrap();
    }
    assert_eq!(pair.known("1").await.unwrap().asks, 1);
    pair.stop().await;
}

/// What the payer's fault on a send becomes at the gateway.
fn of_send(fault: Fault) -> Option<&'static str> {
    match fault {
        // about queries alone
        Fault::UnknownStatus | Fault::NotFoundFirst => None,
        other => of_query(other),
    }
}

#[tokio::test]
async fn every_fault_on_a_send_leaves_one_packet_under_one_number() {
    for fault in Fault::ALL.into_iter().filter(|fault| !fault.queries_only()) {
        let pair = Pair::start().await;
        let before = pair.upstream.ledger.merchant(MCH).await.unwrap().unwrap().balance.get();
        pair.fault(FaultRule { times: Some(1), ..rule(fault) }, On::Send).await;
        let first = pair.send("1").await;
        assert_eq!(err_code(&first).as_deref(), of_send(fault), "{fault:?}: {}", first.text());
        assert_ne!(err_code(&first).as_deref(), Some("SEND_FAILED"), "{fault:?}");
        // the number and what it stands for are known here, whatever came back
        assert!(pair.known("1").await.unwrap().order.is_some(), "{fault:?}");
        let again = pair.send("1").await;
        assert_eq!(err_code(&again), None, "{fault:?}: {}", again.text());
        let after = pair.upstream.ledger.merchant(MCH).await.unwrap().unwrap().balance.get();
        assert_eq!(before - after, 100, "{fault:?}");
        assert!(pair.upstream.issuer.findings(None).await.unwrap().is_empty(), "{fault:?}");
        pair.stop().await;
    }
}

#[tokio::test]
async fn without_the_payer_what_is_final_is_answered_and_the_rest_is_not() {
    let pair = Pair::start().await;
    for number in ["1", "2"] {
        pair.send(number).await;
    }
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    let (received, accepted) = (pair.query("1").await, pair.send("2").await);
    pair.query("2").await;
    pair.grow_old();
    let Pair { upstream, gateway, .. } = pair;
    upstream.running.stop().await;
    let mut connection = Connection::tls(gateway.wire_addr(), Some(&PKI.merchant)).await.unwrap();
    let mut query =
        async |number| timeless(connection.post(QUERY_PATH, &query_body(MCH, number)).await);
    assert_eq!(query("1").await, received);
    assert_eq!(err_code(&query("2").await).unwrap(), "SYSTEMERROR");
    assert_eq!(err_code(&query("3").await).unwrap(), "SYSTEMERROR");
    let mut connection = Connection::tls(gateway.wire_addr(), Some(&PKI.merchant)).await.unwrap();
    let mut send =
        async |number| timeless(connection.post(SEND_PATH, &send_body(MCH, number)).await);
    // it was accepted before: the same acceptance
    assert_eq!(send("2").await, accepted);
    assert_eq!(err_code(&send("3").await).unwrap(), "SYSTEMERROR");
    gateway.stop().await;
}

#[tokio::test]
async fn a_settled_number_is_not_sent_again() {
    let pair = Pair::start().await;
    for number in ["1", "2"] {
        pair.send(number).await;
    }
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    pair.trigger("2", Trigger::Refuse { reason: "余额不足".into() }).await;
    pair.trigger("2", Trigger::Fail { reason: None }).await;
    let accepted = pair.known("1").await.unwrap().send_reply.unwrap();
    for number in ["1", "2"] {
        pair.query(number).await;
    }
    pair.fault(FaultRule::new(Fault::ReplyLost), On::Both).await;
    assert_eq!(pair.send("1").await.body, accepted);
    assert_eq!(err_code(&pair.send("2").await).unwrap(), "SEND_FAILED");
    // another process's acceptance that was never heard is said in the same words
    let mut known = pair.known("1").await.unwrap();
    known.send_reply = None;
    let entries = vec![pair.ledger.inquiry_history(&known.key).await.unwrap().remove(0)];
    let expect = Expect::Version(known.version);
    let commit = InquiryCommit { inquiry: known, expect, numbers_of_ref: None, entries };
    pair.ledger.commit_inquiry(commit).await.unwrap();
    assert_eq!(pair.send("1").await.body, accepted);
    pair.stop().await;
}

#[tokio::test]
async fn what_was_sent_past_the_gateway_is_compared_by_the_payer() {
    let pair = Pair::start().await;
    for number in ["1", "2"] {
        pair.upstream.sent(number).await;
    }
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    for number in ["1", "2"] {
        pair.query(number).await;
        let other = pair.send_as(&other_amount(number)).await;
        assert_eq!(other, pair.direct_send(&other_amount(number)).await);
        assert_eq!(err_code(&other).unwrap(), "PARAM_ERROR");
        let again = pair.send(number).await;
        assert_eq!(err_code(&again), None, "{}", again.text());
        assert_eq!(again, pair.direct_send(&send_body(MCH, number)).await);
    }
    pair.pass(SignedDuration::from_hours(31 * 24));
    assert_eq!(pair.send("1").await.body, pair.known("1").await.unwrap().send_reply.unwrap());
    pair.stop().await;
}

#[tokio::test]
async fn a_repeat_with_other_parameters_is_refused_as_the_payer_would() {
    let pair = Pair::start().await;
    pair.send("1").await;
    let first = send_request(MCH, "1");
    let others = [
        ("PARAM_ERROR", SendRequest { total_amount: Fen::new(101).unwrap(), ..first.clone() }),
        ("FATAL_ERROR", SendRequest { re_openid: "another".into(), ..first.clone() }),
        ("FATAL_ERROR", SendRequest { wishing: "另一句".into(), ..first.clone() }),
        ("FATAL_ERROR", SendRequest { sender: Sender::Company, ..first.clone() }),
        ("PARAM_ERROR", SendRequest { wxappid: "wxanother".into(), ..first }),
    ];
    for (code, other) in others {
        let body = other.write(&api_key(MCH), &secret(MCH));
        let reply = pair.send_as(&body).await;
        assert_eq!(err_code(&reply).unwrap(), code);
        assert_eq!(reply, pair.direct_send(&body).await);
    }
    pair.stop().await;
}

#[tokio::test]
async fn a_contradiction_is_no_answer() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.trigger("1", Trigger::Refuse { reason: "余额不足".into() }).await;
    pair.trigger("1", Trigger::Fail { reason: None }).await;
    assert_eq!(field(&pair.query("1").await, "status").unwrap(), "FAILED");
    let mut known = pair.known("1").await.unwrap();
    known.is_contradicted = true;
    let entries = vec![pair.ledger.inquiry_history(&known.key).await.unwrap().remove(0)];
    let expect = Expect::Version(known.version);
    let commit = InquiryCommit { inquiry: known, expect, numbers_of_ref: None, entries };
    pair.ledger.commit_inquiry(commit).await.unwrap();
    assert_eq!(err_code(&pair.query("1").await).unwrap(), "SYSTEMERROR");
    assert_eq!(err_code(&pair.send("1").await).unwrap(), "SYSTEMERROR");
    pair.stop().await;
}

#[tokio::test]
async fn beyond_the_30_days_only_what_is_final_is_known() {
    let pair = Pair::start().await;
    for number in ["1", "2"] {
        pair.send(number).await;
    }
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    let received = pair.query("1").await;
    pair.query("2").await;
    pair.pass(SignedDuration::from_hours(31 * 24));
    assert_eq!(err_code(&pair.direct("1").await).unwrap(), "NOT_FOUND");
    assert_eq!(pair.query("1").await, received);
    assert_eq!(pair.query("2").await, pair.direct("2").await);
    assert_eq!(err_code(&pair.send("2").await).unwrap(), "SYSTEMERROR");
    assert_eq!(pair.known("2").await.unwrap().attention.as_deref(), Some("window_closed"));
    pair.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let pair = Pair::start().await;
    for number in ["1", "2"] {
        pair.send(number).await;
    }
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    let received = pair.query("1").await;
    let pair = pair.restart(options()).await;
    pair.grow_old();
    pair.fault(FaultRule::new(Fault::ResetBefore), On::Both).await;
    assert_eq!(pair.query("1").await, received);
    assert_eq!(err_code(&pair.send_as(&other_amount("2")).await).unwrap(), "PARAM_ERROR");
    pair.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_what_was_begun_though_the_sdk_has_hung_up() {
    let pair = Pair::start().await;
    pair.upstream.sent("1").await;
    pair.fault(FaultRule { delay_ms: Some(200), ..FaultRule::new(Fault::Delay) }, On::Query).await;
    let mut connection = pair.connect().await;
    let asking =
        tokio::spawn(async move { connection.post(QUERY_PATH, &query_body(MCH, "1")).await });
    while pair.known("1").await.is_none() {
        tokio::task::yield_now().await;
    }
    asking.abort();
    asking.await.unwrap_err();
    let Pair { upstream, gateway, ledger } = pair;
    gateway.stop().await;
    let known = ledger.inquiry(&Key::new(MCH, "1")).await.unwrap().unwrap();
    assert_eq!((known.asks, known.reply.is_some()), (1, true));
    upstream.running.stop().await;
}

fn other_amount(mch_billno: &str) -> Vec<u8> {
    let request = send_request(MCH, mch_billno);
    let other = SendRequest { total_amount: Fen::new(101).unwrap(), ..request };
    other.write(&api_key(MCH), &secret(MCH))
}

#[tokio::test]
async fn a_merchant_sees_only_its_own() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    pair.query("1").await;
    let address = pair.gateway.wire_addr();
    let mut other = Connection::tls(address, Some(&PKI.other)).await.unwrap();
    let reply = other.post(QUERY_PATH, &query_body(OTHER, "1")).await;
    assert_eq!(err_code(&reply).unwrap(), "NOT_FOUND");
    let reply = other.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert_eq!(err_code(&reply).unwrap(), "CA_ERROR");
    // the same number is another packet of another merchant
    let reply = other.post(SEND_PATH, &send_body(OTHER, "1")).await;
    assert_eq!(err_code(&reply), None, "{}", reply.text());
    let mut nobody = Connection::tls(address, None).await.unwrap();
    let reply = nobody.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert_eq!(err_code(&reply).unwrap(), "CA_ERROR");
    pair.stop().await;
}

#[tokio::test]
async fn a_merchant_without_an_upstream_is_told_nothing() {
    let pair = Pair::start().await;
    pair.ledger.add_merchant(support::merchant("10000097")).await.unwrap();
    let pair = pair.restart(options()).await;
    let mut nobody = Connection::tls(pair.gateway.wire_addr(), Some(&PKI.nobody)).await.unwrap();
    let reply = nobody.post(QUERY_PATH, &query_body("10000097", "1")).await;
    assert_eq!(err_code(&reply).unwrap(), "SYSTEMERROR");
    let reply = nobody.post(SEND_PATH, &send_body("10000097", "1")).await;
    assert_eq!(err_code(&reply).unwrap(), "SYSTEMERROR");
    pair.stop().await;
}

#[tokio::test]
async fn what_is_not_final_is_followed_without_being_asked_for() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.trigger("1", Trigger::Deliver).await;
    pair.trigger("1", Trigger::Receive).await;
    let pair = pair.restart_following().await;
    while !pair.known("1").await.unwrap().conclusion.is_final {
        tokio::task::yield_now().await;
    }
    assert_eq!(pair.query("1").await, pair.direct("1").await);
    let metrics = pair.desk("GET", "/metrics").await;
    let step = r#"hongbao_follow_steps_total{mch_id="10000098",step="asked"} 1"#;
    assert!(metrics.text().lines().any(|line| line == step), "{}", metrics.text());
    pair.stop().await;
}

#[tokio::test]
async fn the_desk_of_a_gateway_shows_what_is_known_and_moves_nothing() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.query("1").await;
    let json = |reply: support::client::Response| -> (u16, serde_json::Value) {
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    };
    let health = json(pair.desk("GET", "/health").await);
    assert_eq!(health, (200, serde_json::json!({"mode": "gateway", "status": "up"})));
    let (status, list) = json(pair.desk("GET", "/packets/10000098").await);
    assert_eq!((status, list["packets"][0]["verdict"].as_str()), (200, Some("open")), "{list}");
    let (status, one) = json(pair.desk("GET", "/packets/10000098/1").await);
    assert_eq!((status, one["packet"]["status"].as_str()), (200, Some("SENDING")), "{one}");
    assert_eq!(one["history"].as_array().unwrap().len(), 3, "{one}");
    let paths = [
        ("GET", "/sandbox"),
        ("POST", "/sandbox/faults"),
        ("GET", "/sandbox/faults"),
        ("DELETE", "/sandbox/faults"),
        ("GET", "/sandbox/findings"),
        ("POST", "/packets/10000098/1/receive"),
    ];
    for (method, path) in paths {
        let mut desk = Connection::plain(pair.gateway.admin_addr()).await;
        let body = if path == "/sandbox/faults" { r#"{"fault":"delay"}"# } else { "{}" };
        let (status, problem) = json(desk.json(method, path, body).await);
        assert_eq!((status, problem["code"].as_str()), (409, Some("NOT_IN_GATEWAY")), "{path}");
        assert_eq!(problem["mode"], "gateway");
    }
    let (status, problem) = json(pair.desk("GET", "/packets/10000098/none").await);
    assert_eq!((status, problem["code"].as_str()), (404, Some("NO_PACKET")));
    pair.stop().await;
}

#[tokio::test]
async fn the_desk_says_what_a_file_said_as_the_words_of_a_file() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.query("1").await;
    // long beyond the 30 days: reports count it, and still nothing proves it
    let mut claim = Claim::of("2".into());
    claim.sent_at = Some(pair.now() - SignedDuration::from_hours(24 * 100));
    claim.status = Some("已领取".into());
    claim.total_amount = Fen::new(500);
    let imported = import(&*pair.ledger, &account(MCH), &claim, pair.now()).await;
    assert_eq!(imported.unwrap(), Imported::New);
    assert_eq!(&*pair.known("2").await.unwrap().conclusion.verdict, "received");

    let list = pair.desk("GET", "/packets/10000098").await;
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    let told = |at: usize| {
        let packet = &list["packets"][at];
        let names = ["status", "status_by", "claimed_status", "verdict", "is_final"];
        names.map(|name| packet[name].to_string())
    };
    assert_eq!(told(0), [r#""SENDING""#, r#""reply""#, "null", r#""open""#, "false"]);
    let verdict = r#""beyond_window""#;
    assert_eq!(told(1), [r#""IMPORTED""#, r#""file""#, r#""已领取""#, verdict, "false"]);
    let one = pair.desk("GET", "/packets/10000098/2").await;
    let one: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(one["packet"], list["packets"][1]);
    pair.stop().await;
}
