//! Queries: what is said of a packet, and what of no packet (seed; `protocol.md` §9).
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{Play, ReplyStyle, Trigger};
use hongbao_wire::xml::Document;
use hongbao_wire::{ErrorCode, QueryRequest};
use jiff::SignedDuration;

#[tokio::test]
async fn a_sent_packet_says_nothing_of_a_receiver() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("123456")).await;
    rig.clock.advance(seconds(5));
    let reply = rig.query("123456").await;
    let names = [
        "return_code",
        "return_msg",
        "sign",
        "result_code",
        "mch_billno",
        "mch_id",
        "detail_id",
        "status",
        "send_type",
        "total_amount",
        "send_time",
        "wishing",
        "remark",
        "act_name",
        "sender_name",
        "sender_header_media_id",
    ];
    assert_eq!(reply.names(), names);
    assert_eq!(reply.status(), "SENT");
    assert_eq!(reply.get("send_time"), Some("2017-07-20 22:45:12"));
    assert_eq!(reply.get("remark"), Some("新年红包 & <more>"));
}

#[tokio::test]
async fn a_received_packet_says_by_whom_how_much_and_when() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("123456")).await;
    rig.clock.advance(seconds(65));
    let reply = rig.query("123456").await;
    assert_eq!(reply.status(), "RECEIVED");
    assert_eq!(reply.get("openid"), Some(OPENID));
    assert_eq!(reply.get("amount"), reply.get("total_amount"));
    assert_eq!(reply.get("rcv_time"), Some("2017-07-20 22:46:17"));
    assert_eq!(reply.get("refund_time"), None);
}

#[tokio::test]
async fn an_unclaimed_packet_goes_back() {
    let rig = Rig::new(unclaimed()).await;
    rig.send(&order("123456")).await;
    rig.clock.advance(DAY);
    let reply = rig.query("123456").await;
    assert_eq!((reply.status(), reply.get("refund_amount")), ("RFUND_ING", None));
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    rig.clock.advance(HOUR);
    let reply = rig.query("123456").await;
    assert_eq!(reply.status(), "REFUND");
    assert_eq!(reply.get("refund_amount"), Some("1000"));
    assert_eq!(reply.get("refund_time"), Some("2017-07-21 23:45:12"));
    assert_eq!(reply.get("openid"), None);
    assert_eq!(rig.balance().await, BALANCE);
}

#[tokio::test]
async fn the_same_record_is_always_the_same_bytes() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let first = rig.answer_query("1").await;
    rig.clock.advance(seconds(4));
    let second = rig.answer_query("1").await;
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn what_was_read_from_the_record_is_what_was_kept() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    rig.advance(HOUR).await;
    let kept = rig.ledger.reply(MCH, "1").await.unwrap().unwrap();
    assert_eq!(rig.answer_query("1").await.body, kept.slice(13..));
    // A kept reply that is no longer right is made anew from the record.
    let mut rotated = rig.merchant.clone();
    rotated.key_version = 2;
    let rig = Rig { merchant: rotated, ..rig };
    assert_eq!(rig.answer_query("1").await.body, kept.slice(13..));
}

#[tokio::test]
async fn an_unknown_number_is_not_found_with_its_echo() {
    let rig = Rig::new(sandbox()).await;
    let reply = rig.query("1617334655bac").await;
    let names = [
        "return_code",
        "return_msg",
        "result_code",
        "err_code",
        "err_code_des",
        "mch_billno",
        "mch_id",
    ];
    assert_eq!(reply.names(), names);
    assert_eq!(reply.err_code(), "NOT_FOUND");
    assert_eq!(reply.get("return_msg"), Some("指定单号数据不存在"));
    assert_eq!(reply.get("mch_billno"), Some("1617334655bac"));
    assert_eq!(reply.get("mch_id"), Some(MCH));
}

#[tokio::test]
async fn another_merchants_packet_is_not_found() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let mut other = merchant();
    other.mch_id = "20000001".into();
    rig.ledger.add_merchant(other.clone()).await.unwrap();
    let request =
        QueryRequest { nonce_str: "n", mch_billno: "1", mch_id: "20000001", appid: APPID };
    let answer = rig.issuer.query(&other, &request).await;
    assert_eq!(answer.err_code, Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_packet_that_is_not_yet_stored_is_not_found() {
    let play = Play { stored_after: seconds(10), ..sandbox().play };
    let rig = Rig::new(hongbao_issuer::IssuerConfig { play, ..sandbox() }).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    rig.clock.advance(seconds(10));
    assert_eq!(rig.query("1").await.status(), "SENDING");
    assert_eq!(rig.balance().await, BALANCE - 1_000);
}

#[tokio::test]
async fn after_30_days_a_packet_is_not_found() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    rig.advance(DAY * 30 - SignedDuration::from_millis(1)).await;
    assert_eq!(rig.query("1").await.status(), "RECEIVED");
    rig.advance(SignedDuration::from_millis(1)).await;
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    let told = rig.events("1").await.into_iter().filter(|e| e == "told:NOT_FOUND").count();
    assert_eq!(told, 0);
}

#[tokio::test]
async fn an_unbound_appid_is_worded_like_the_capture() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let request = QueryRequest { nonce_str: "n", mch_billno: "1", mch_id: MCH, appid: "wxother" };
    let reply = rig.read(&rig.issuer.query(&rig.merchant, &request).await);
    assert_eq!(reply.err_code(), "PARAM_ERROR");
    assert_eq!(reply.get("return_msg"), Some("参数错误:appid字段必填,最长为32个字符."));
    assert_eq!(reply.names().len(), 5);
}

#[tokio::test]
async fn replies_are_signed_as_configured() {
    let style = ReplyStyle { sign_success: false, sign_failures: true, ..ReplyStyle::default() };
    let rig = Rig::new(styled(style)).await;
    let reply = rig.answer_send(&order("1")).await.body;
    assert_eq!(Document::parse(&reply).unwrap().get("sign"), None);
    let reply = rig.answer_query("1").await.body;
    assert_eq!(Document::parse(&reply).unwrap().get("sign"), None);
    let reply = rig.answer_query("2").await.body;
    assert!(Document::parse(&reply).unwrap().get("sign").is_some());
    // Another style makes the kept replies anew.
    let rig = rig.reopened(sandbox()).await;
    assert!(rig.query("1").await.get("sign").is_some());
}

#[tokio::test]
async fn queries_write_nothing_but_news() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let version = rig.record("1").await.version;
    for _ in 0..3 {
        rig.query("1").await;
    }
    assert_eq!(rig.record("1").await.version, version);
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    rig.query("1").await;
    let version = rig.record("1").await.version;
    assert_eq!(rig.events("1").await.last().unwrap(), "told:FAILED");
    rig.query("1").await;
    assert_eq!(rig.record("1").await.version, version);
}
