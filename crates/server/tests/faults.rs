//! The sandbox's faults as they travel: what a client sees of each, and that the
//! connections of others are unharmed.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_issuer::{Fault, FaultRule, On};
use hongbao_wire::xml::Document;
use hongbao_wire::{QUERY_PATH, sign};
use std::io::ErrorKind;
use support::client::post_bytes;
use support::pki::PKI;
use support::{MCH, OTHER, Setup, World, api_key, query_body, send_body};

/// A server where one packet was sent, and every later call runs into `fault`.
async fn world(rule: FaultRule) -> World {
    let world = Setup::default().start().await;
    world.sent("1").await;
    let rule = FaultRule { mch_id: Some(MCH.to_owned()), ..rule };
    world.issuer.add_fault(rule).await.unwrap();
    world
}

/// Another merchant is served as ever.
async fn others_are_unharmed(world: World) {
    let mut other = world.connect_with(Some(&PKI.other)).await;
    let reply = other.post(QUERY_PATH, &query_body(OTHER, "1")).await;
    assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
    world.running.stop().await;
}

#[tokio::test]
async fn a_reset_is_one_and_says_nothing() {
    for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::ReplyLost] {
        let world = world(FaultRule::new(fault)).await;
        // Through TLS no byte comes; what the socket says of it is the kernel's word.
        let mut connection = world.connect().await;
        connection.write(&post_bytes(QUERY_PATH, &query_body(MCH, "1"))).await;
        let ending = connection.ending().await;
        assert!(
            matches!(ending, Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof)),
            "{fault:?}: {ending:?}"
        );
        others_are_unharmed(world).await;
    }
}

#[tokio::test]
async fn what_a_reset_leaves_behind_is_what_it_says() {
    for (fault, stored) in [(Fault::ResetBefore, false), (Fault::ResetAfter, true)] {
        let mut rule = FaultRule::new(fault);
        rule.on = On::Send;
        let world = world(rule).await;
        let mut connection = world.connect().await;
        connection.write(&post_bytes(hongbao_wire::SEND_PATH, &send_body(MCH, "2"))).await;
        assert!(connection.response().await.is_none());
        let reply = world.post_query(&query_body(MCH, "2")).await;
        assert_eq!(reply.text().contains("<status>"), stored, "{}", reply.text());
        others_are_unharmed(world).await;
    }
}

#[tokio::test]
async fn a_front_ends_pages_are_html() {
    for (fault, status) in [(Fault::Http400, 400), (Fault::Http502, 502)] {
        let world = world(FaultRule::new(fault)).await;
        let reply = world.post_query(&query_body(MCH, "1")).await;
        assert_eq!((reply.status, reply.header("content-type")), (status, Some("text/html")));
        assert!(reply.text().starts_with("<html>"), "{}", reply.text());
        others_are_unharmed(world).await;
    }
}

#[tokio::test]
async fn broken_bodies_travel_as_they_are() {
    for (fault, empty) in [(Fault::EmptyBody, true), (Fault::TruncatedXml, false)] {
        let world = world(FaultRule::new(fault)).await;
        let reply = world.post_query(&query_body(MCH, "1")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body.is_empty(), empty);
        assert!(Document::parse(&reply.body).is_err());
        others_are_unharmed(world).await;
    }
}

#[tokio::test]
async fn spoilt_signatures_do_not_hold() {
    for fault in [Fault::Unsigned, Fault::WronglySigned] {
        let world = world(FaultRule::new(fault)).await;
        let reply = world.post_query(&query_body(MCH, "1")).await;
        let document = Document::parse(&reply.body).unwrap();
        assert_eq!(document.get("result_code"), Some("SUCCESS"));
        assert!(sign::verify(&document, &api_key(MCH), sign::Rule::AllReceived).is_err());
        others_are_unharmed(world).await;
    }
}

#[tokio::test]
async fn a_delay_is_a_whole_reply_later() {
    let mut rule = FaultRule::new(Fault::Delay);
    rule.delay_ms = Some(20);
    let world = world(rule).await;
    let began = std::time::Instant::now();
    let reply = world.post_query(&query_body(MCH, "1")).await;
    assert!(began.elapsed() >= std::time::Duration::from_millis(20));
    assert!(reply.text().contains("<status>"), "{}", reply.text());
    others_are_unharmed(world).await;
}

#[tokio::test]
async fn packets_that_are_due_move_by_themselves() {
    let world = Setup::default().start().await;
    world.sent("1").await;
    world.clock.advance(jiff::SignedDuration::from_secs(6));
    // Nobody asks for it: the background work notices.
    let key = hongbao_ledger::Key::new(MCH, "1");
    loop {
        let record = world.ledger.find(&key).await.unwrap().unwrap();
        if record.status == Some(hongbao_wire::Status::Sent) {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.running.stop().await;
}
