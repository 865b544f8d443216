//! The operator's JSON: every path, every refusal, and the mode on all of them.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_issuer::{IssuerConfig, Mode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use support::client::Response;
use support::store::GatedLedger;
use support::{MCH, OPENID, OTHER, Setup, World};

/// Asks the desk; every answer says the mode twice.
async fn ask(world: &World, method: &str, path: &str, body: &str) -> (u16, Value) {
    let reply = world.desk().await.json(method, path, body).await;
    let value: Value = serde_json::from_slice(&reply.body).unwrap();
    let mode = world.issuer.mode().as_str();
    assert_eq!(reply.header("hongbao-mode"), Some(mode));
    assert_eq!(value["mode"], mode);
    (reply.status, value)
}

/// A refusal: a problem with this status and code, and a hint.
async fn refused(world: &World, method: &str, path: &str, body: &str) -> (u16, String) {
    let reply = world.desk().await.json(method, path, body).await;
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    let value: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(value["status"], reply.status);
    assert!(value["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{value}");
    (reply.status, value["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn health_and_readiness() {
    let ledger = Arc::new(GatedLedger::default());
    let world = Setup { ledger: ledger.clone(), ..Setup::default() }.start().await;
    let up = json!({"mode": "sandbox", "status": "up"});
    assert_eq!(ask(&world, "GET", "/health", "").await, (200, up.clone()));
    let ready = json!({"mode": "sandbox", "status": "ready"});
    assert_eq!(ask(&world, "GET", "/ready", "").await, (200, ready));
    ledger.fails.store(true, SeqCst);
    assert_eq!(refused(&world, "GET", "/ready", "").await, (503, "NOT_READY".into()));
    assert_eq!(ask(&world, "GET", "/health", "").await, (200, up));
    world.running.stop().await;
}

#[tokio::test]
async fn the_clock_is_shown_and_advanced() {
    let world = Setup::default().start().await;
    world.sent("1").await;
    let (status, shown) = ask(&world, "GET", "/sandbox", "").await;
    let now = json!({"mode": "sandbox", "now": "2026-01-01T08:00:00+08:00"});
    assert_eq!((status, shown), (200, now));
    let (status, advanced) = ask(&world, "POST", "/sandbox/advance", r#"{"by":"1d"}"#).await;
    let moved = json!({"mode": "sandbox", "now": "2026-01-02T08:00:00+08:00", "moved": 1});
    assert_eq!((status, advanced), (200, moved));
    for body in ["", "{}", "[]", "no", r#"{"by":"soon"}"#, r#"{"by":5}"#, r#"{"by":"1h","x":1}"#] {
        let said = refused(&world, "POST", "/sandbox/advance", body).await;
        assert_eq!(said, (400, "BAD_REQUEST".into()), "{body}");
    }
    let said = refused(&world, "POST", "/sandbox/advance", r#"{"by":"-1h"}"#).await;
    assert_eq!(said, (400, "BAD_ADVANCE".into()));
    world.running.stop().await;
}

#[tokio::test]
async fn packets_are_listed_shown_and_moved() {
    let world = Setup::default().start().await;
    for number in ["1", "2", "3"] {
        world.sent(number).await;
    }
    let path = format!("/packets/{MCH}");
    let (_, page) = ask(&world, "GET", &format!("{path}?limit=2&status=SENDING"), "").await;
    let numbers = |page: &Value| {
        let packets = page["packets"].as_array().unwrap().clone();
        packets.iter().map(|p| p["mch_billno"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&page), &page["next"]), (vec!["1".into(), "2".into()], &json!("2")));
    let (_, page) = ask(&world, "GET", &format!("{path}?limit=2&after=2"), "").await;
    assert_eq!((numbers(&page), &page["next"]), (vec!["3".into()], &Value::Null));
    let (_, page) = ask(&world, "GET", &format!("/packets/{OTHER}"), "").await;
    assert_eq!(page["packets"], json!([]));

    let (status, moved) = ask(&world, "POST", &format!("{path}/1/receive"), "").await;
    assert_eq!((status, &moved["packet"]["status"]), (200, &json!("RECEIVED")));
    let (_, moved) =
        ask(&world, "POST", &format!("{path}/2/refuse"), r#"{"reason":"余额不足"}"#).await;
    assert_eq!(moved["packet"]["reason"], "余额不足");
    let (_, shown) = ask(&world, "GET", &format!("{path}/1"), "").await;
    let packet = &shown["packet"];
    assert_eq!((&packet["amount"], &packet["openid"]), (&json!(100), &json!(OPENID)));
    assert_eq!(packet["rcv_time"], "2026-01-01T08:00:00+08:00");
    assert_eq!(shown["history"][0]["source"], "merchant");
    assert!(shown["history"][0]["raw"].as_str().unwrap().starts_with("<xml>"));

    let said = refused(&world, "POST", &format!("{path}/1/refund"), "").await;
    assert_eq!(said, (409, "TRANSITION_REFUSED".into()));
    let said = refused(&world, "POST", &format!("{path}/9/receive"), "").await;
    assert_eq!(said, (404, "NO_PACKET".into()));
    assert_eq!(refused(&world, "GET", &format!("{path}/9"), "").await, (404, "NO_PACKET".into()));
    let said = refused(&world, "POST", &format!("{path}/1/eat"), "").await;
    assert_eq!(said, (404, "NO_SUCH_PATH".into()));
    for query in ["limit=0", "limit=1001", "limit=x", "colour=red"] {
        let said = refused(&world, "GET", &format!("{path}?{query}"), "").await;
        assert_eq!(said, (400, "BAD_REQUEST".into()), "{query}");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn faults_are_added_listed_and_taken_away() {
    let world = Setup::default().start().await;
    let rule = r#"{"id":"a","fault":"systemerror","on":"query","times":3}"#;
    let (status, added) = ask(&world, "POST", "/sandbox/faults", rule).await;
    assert_eq!((status, &added["fault"]["id"]), (201, &json!("a")));
    let (_, listed) = ask(&world, "GET", "/sandbox/faults", "").await;
    assert_eq!(listed["faults"][0]["fault"], "systemerror");
    let said = refused(&world, "POST", "/sandbox/faults", rule).await;
    assert_eq!(said, (400, "BAD_FAULT".into()));
    let said = refused(&world, "POST", "/sandbox/faults", r#"{"fault":"earthquake"}"#).await;
    assert_eq!(said, (400, "BAD_REQUEST".into()));
    let said = refused(&world, "DELETE", "/sandbox/faults/b", "").await;
    assert_eq!(said, (404, "NO_FAULT".into()));
    let (_, removed) = ask(&world, "DELETE", "/sandbox/faults/a", "").await;
    assert_eq!(removed["removed"], 1);
    let (_, removed) = ask(&world, "DELETE", "/sandbox/faults", "").await;
    assert_eq!(removed["removed"], 0);
    world.running.stop().await;
}

#[tokio::test]
async fn findings_are_shown_of_one_merchant_or_all() {
    let world = Setup::default().start().await;
    for path in ["/sandbox/findings", "/sandbox/findings?mch_id=10000098"] {
        let said = ask(&world, "GET", path, "").await;
        assert_eq!(said, (200, json!({"mode": "sandbox", "findings": []})));
    }
    let said = refused(&world, "GET", "/sandbox/findings?x=1", "").await;
    assert_eq!(said, (400, "BAD_REQUEST".into()));
    world.running.stop().await;
}

#[tokio::test]
async fn merchants_are_listed_without_secrets_and_topped_up() {
    let world = Setup::default().start().await;
    let reply: Response = world.desk().await.json("GET", "/merchants", "").await;
    assert!(!reply.text().contains("MARKER"), "{}", reply.text());
    let (_, listed) = ask(&world, "GET", "/merchants", "").await;
    assert_eq!(listed["merchants"][0]["mch_id"], MCH);
    assert_eq!(listed["merchants"][0]["balance"], 100_000_000);
    let path = format!("/merchants/{MCH}/top-up");
    let (_, balance) = ask(&world, "POST", &path, r#"{"amount_fen":100}"#).await;
    let topped = json!({"mode": "sandbox", "mch_id": MCH, "balance": 100_000_100});
    assert_eq!(balance, topped);
    for amount in ["0", "-1", "1.5", "\"1\"", "18446744073709551615"] {
        let body = format!("{{\"amount_fen\":{amount}}}");
        let said = refused(&world, "POST", &path, &body).await;
        assert_eq!(said, (400, "BAD_REQUEST".into()), "{amount}");
    }
    let said = refused(&world, "POST", "/merchants/1/top-up", r#"{"amount_fen":1}"#).await;
    assert_eq!(said, (404, "NO_MERCHANT".into()));
    world.running.stop().await;
}

#[tokio::test]
async fn production_has_no_play() {
    let issuer = IssuerConfig { mode: Mode::Production, ..IssuerConfig::default() };
    let world = Setup { issuer, ..Setup::default() }.start().await;
    let (_, shown) = ask(&world, "GET", "/sandbox", "").await;
    assert_eq!(shown["mode"], "production");
    for (method, path, body) in [
        ("POST", "/sandbox/advance", r#"{"by":"24h"}"#),
        ("POST", "/sandbox/faults", r#"{"fault":"delay"}"#),
        ("DELETE", "/sandbox/faults", ""),
    ] {
        let said = refused(&world, method, path, body).await;
        assert_eq!(said, (409, "SANDBOX_OFF".into()));
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_web_page_cannot_reach_it() {
    let world = Setup::default().start().await;
    let request = |head: &str| format!("{head}content-length: 2\r\n\r\n{{}}");
    let post = "POST /sandbox/advance HTTP/1.1\r\n";
    let json = "content-type: application/json\r\n";
    let cases = [
        (format!("{post}host: evil.example\r\n{json}"), 403, "HOST_REFUSED"),
        (format!("{post}host: 127.0.0.1.evil.example\r\n{json}"), 403, "HOST_REFUSED"),
        (format!("{post}host: localhost@evil.example\r\n{json}"), 403, "HOST_REFUSED"),
        (format!("{post}host: localhost\r\nhost: evil.example\r\n{json}"), 403, "HOST_REFUSED"),
        (format!("{post}{json}"), 403, "HOST_REFUSED"),
        (format!("{post}host: localhost\r\n"), 415, "NOT_JSON"),
        (format!("{post}host: localhost\r\ncontent-type: text/plain\r\n"), 415, "NOT_JSON"),
        (format!("{post}host: LOCALHOST:1\r\n{json}"), 400, "BAD_REQUEST"),
        (format!("{post}host: [::1]:1\r\n{json}"), 400, "BAD_REQUEST"),
        (format!("{post}host: 127.9.9.9\r\n{json}"), 400, "BAD_REQUEST"),
    ];
    for (head, status, code) in cases {
        let mut desk = world.desk().await;
        desk.write(request(&head).as_bytes()).await;
        let reply = desk.response().await.unwrap();
        let value: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, value["code"].as_str()), (status, Some(code)), "{head}");
        assert_eq!(reply.header("hongbao-mode"), Some("sandbox"));
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn wrong_paths_methods_and_sizes_are_problems_too() {
    let world = Setup::default().start().await;
    assert_eq!(refused(&world, "GET", "/", "").await, (404, "NO_SUCH_PATH".into()));
    assert_eq!(refused(&world, "PUT", "/health", "").await, (405, "METHOD_NOT_ALLOWED".into()));
    let long = format!("{{\"by\":\"{}\"}}", "1".repeat(70_000));
    let said = refused(&world, "POST", "/sandbox/advance", &long).await;
    assert_eq!(said, (413, "BODY_REFUSED".into()));
    world.running.stop().await;
}
