//! Several servers on one ledger: what one did the others say at once, and together they give what
//! one alone would.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_issuer::{Fault, FaultRule, On, Trigger};
use hongbao_ledger::{Inquiries, Key, Lease, Limits, MemoryLedger, Merchant, SliceRequest};
use hongbao_server::GatewayOptions;
use jiff::SignedDuration;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::client::Connection;
use support::gateway::{Pair, err_code, field, open, options, timeless};
use support::pki::PKI;
use support::{MCH, Setup, World, merchant, query_body, send_body};
use tokio::time::timeout;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two servers of one sandbox.
async fn two(change: impl Fn(&mut Setup)) -> (Arc<MemoryLedger>, World, World) {
    let ledger = Arc::new(MemoryLedger::new());
    let setup = |holder| {
        let mut setup = Setup::replica(&ledger, holder);
        change(&mut setup);
        setup
    };
    let a = setup("a").start().await;
    let b = setup("b").start_beside(&a).await;
    (ledger, a, b)
}

async fn stop(a: World, b: World) {
    a.running.stop().await;
    b.running.stop().await;
}

async fn desk(admin: SocketAddr, path: &str) -> Value {
    let reply = Connection::plain(admin).await.json("GET", path, "").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    serde_json::from_slice(&reply.body).unwrap()
}

/// Looks until it holds: what servers hear of each other takes a moment.
async fn until(admin: SocketAddr, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            let seen = desk(admin, path).await;
            if holds(&seen) {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, look).await.unwrap()
}

async fn status(world: &World, number: &str) -> Option<String> {
    field(&world.post_query(&query_body(MCH, number)).await, "status")
}

#[tokio::test]
async fn what_one_server_did_the_others_say_at_once() {
    let (_, a, b) = two(|_| ()).await;
    for number in ["1", "2", "3"] {
        a.sent(number).await;
        assert_eq!(status(&b, number).await.as_deref(), Some("SENDING"));
        for (trigger, word) in [(Trigger::Deliver, "SENT"), (Trigger::Receive, "RECEIVED")] {
            // asked before, so that a reply that is kept anywhere would be the old one
            status(&b, number).await.unwrap();
            a.issuer.trigger(&Key::new(MCH, number), trigger).await.unwrap();
            assert_eq!(status(&b, number).await.as_deref(), Some(word));
        }
    }
    stop(a, b).await;
}

#[tokio::test]
async fn they_say_who_they_are_and_what_their_share_is() {
    let (ledger, a, b) = two(|_| ()).await;
    let is_half = |seen: &Value| seen["share_millionths"] == 500_000;
    let of_a = until(a.running.admin_addr(), "/replica", is_half).await;
    let of_b = until(b.running.admin_addr(), "/replica", is_half).await;
    assert_eq!((&of_a["holder"], &of_b["holder"]), (&"a".into(), &"b".into()));
    let metrics = b.desk().await.json("GET", "/metrics", "").await;
    let share = "hongbao_replica_share{pace=\"calls\"} 0.5\n";
    assert!(metrics.text().contains(share), "{}", metrics.text());
    // what one gives back when it stops is the other's
    b.running.stop().await;
    until(a.running.admin_addr(), "/replica", |seen| seen["share_millionths"] == 1_000_000).await;
    a.running.stop().await;
    // alone, a server has all of it, and no name
    let alone = Setup { ledger: Arc::new(MemoryLedger::new()), ..Setup::default() }.start().await;
    let seen = desk(alone.running.admin_addr(), "/replica").await;
    assert_eq!((&seen["holder"], &seen["share_millionths"]), (&Value::Null, &1_000_000.into()));
    alone.running.stop().await;
    drop(ledger);
}

#[tokio::test]
async fn they_share_what_a_merchant_may_call() {
    let limited = |setup: &mut Setup| {
        let limits = Limits { sends_per_minute: 8, ..Limits::default() };
        setup.merchant = Merchant { limits, ..merchant(MCH) };
    };
    let (_, a, b) = two(limited).await;
    for world in [&a, &b] {
        let is_half = |seen: &Value| seen["share_millionths"] == 500_000;
        until(world.running.admin_addr(), "/replica", is_half).await;
        let mut accepted = 0;
        for n in 0..8 {
            let reply = world.post_send(&send_body(MCH, &format!("n{n}"))).await;
            match err_code(&reply).as_deref() {
                None => accepted += 1,
                other => assert_eq!(other, Some("FREQ_LIMIT")),
            }
        }
        assert_eq!(accepted, 4);
    }
    stop(a, b).await;
}

#[tokio::test]
async fn a_fault_and_the_clock_of_one_are_those_of_all() {
    let (_, a, b) = two(|_| ()).await;
    a.sent("1").await;
    let rule = FaultRule { on: On::Query, ..FaultRule::new(Fault::SystemError) };
    a.issuer.add_fault(rule).await.unwrap();
    let has_fault = |seen: &Value| seen["faults"].as_array().unwrap().len() == 1;
    until(b.running.admin_addr(), "/sandbox/faults", has_fault).await;
    let reply = b.post_query(&query_body(MCH, "1")).await;
    assert_eq!(err_code(&reply).as_deref(), Some("SYSTEMERROR"));
    b.issuer.clear_faults(None).await.unwrap();
    until(a.running.admin_addr(), "/sandbox/faults", |seen| !has_fault(seen)).await;
    assert_eq!(err_code(&a.post_query(&query_body(MCH, "1")).await), None);
    let now = a.issuer.advance(SignedDuration::from_hours(48)).await.unwrap().now;
    until(b.running.admin_addr(), "/sandbox", |_| b.issuer.now() == now).await;
    stop(a, b).await;
}

/// Another server holds all that may be given, and lives.
async fn hold_all(ledger: &MemoryLedger, holder: &str, until: jiff::Timestamp) -> u64 {
    let lease = Lease { holder: holder.into(), until };
    let request = SliceRequest {
        mch_id: "*".into(),
        pace: "calls".into(),
        whole_per_1000_seconds: 1_000_000,
        lease,
    };
    ledger.lease_pace(&request, jiff::Timestamp::now()).await.unwrap()
}

#[tokio::test]
async fn a_server_without_a_share_is_not_ready() {
    let ledger = Arc::new(MemoryLedger::new());
    // no lease is believed that ends in more than five minutes
    let end = jiff::Timestamp::now() + SignedDuration::from_secs(240);
    assert_eq!(hold_all(&ledger, "other", end).await, 1_000_000);
    // it waits for its share, and starts without in the end
    let world = Setup::replica(&ledger, "a").start().await;
    let reply = world.desk().await.json("GET", "/ready", "").await;
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("NOT_READY"), "{}", reply.text());
    let refused = world.post_query(&query_body(MCH, "1")).await;
    assert_eq!(err_code(&refused).as_deref(), Some("FREQ_LIMIT"));
    hold_all(&ledger, "other", end).await;
    until(world.running.admin_addr(), "/replica", |seen| seen["share_millionths"] == 500_000).await;
    assert_eq!(world.desk().await.json("GET", "/ready", "").await.status, 200);
    world.running.stop().await;
}

/// Two gateways to one issuer, on one ledger.
async fn gateways() -> (Pair, hongbao_server::Running) {
    let named = |holder: &str| GatewayOptions { holder: Some(holder.into()), ..options() };
    let pair = Pair::start_with(named("a")).await;
    let second = open(&pair.upstream, &pair.ledger, named("b")).await;
    (pair, second)
}

async fn query(admin: SocketAddr, number: &str) -> support::client::Response {
    let mut connection = Connection::tls(admin, Some(&PKI.merchant)).await.unwrap();
    timeless(connection.post(hongbao_wire::QUERY_PATH, &query_body(MCH, number)).await)
}

#[tokio::test]
async fn twins_at_two_gateways_cost_one_question() {
    let (pair, second) = gateways().await;
    for n in 0..5 {
        let number = format!("{n}");
        assert_eq!(err_code(&pair.send(&number).await), None);
        // so that both are on their way at once
        let slow = FaultRule { delay_ms: Some(300), ..FaultRule::new(Fault::Delay) };
        pair.fault(slow, On::Query).await;
        let one = query(pair.gateway.wire_addr(), &number);
        let other = query(second.wire_addr(), &number);
        let (one, other) = tokio::join!(one, other);
        assert_eq!(one, other);
        assert_eq!(field(&one, "status").as_deref(), Some("SENDING"));
        let known = pair.ledger.inquiry(&Key::new(MCH, number.as_str())).await.unwrap().unwrap();
        assert_eq!(known.asks, 1);
        pair.upstream.issuer.clear_faults(None).await.unwrap();
    }
    second.stop().await;
    pair.stop().await;
}

#[tokio::test]
async fn gateways_share_the_pace_of_each_merchant() {
    let (pair, second) = gateways().await;
    let paces = |seen: &Value| {
        let paces = seen["upstream"].as_array().unwrap().iter();
        paces.map(|pace| pace["per_1000_seconds"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let is_half = |seen: &Value| paces(seen) == [10_000, 10_000];
    until(pair.gateway.admin_addr(), "/replica", is_half).await;
    until(second.admin_addr(), "/replica", is_half).await;
    second.stop().await;
    until(pair.gateway.admin_addr(), "/replica", |seen| paces(seen) == [20_000, 20_000]).await;
    pair.stop().await;
}
