//! Faults: what travels, and where the money is meanwhile.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{Delivery, Fault, FaultRule, On};
use hongbao_wire::sign::{self, Rule, SignError};
use hongbao_wire::xml::Document;
use std::time::Duration;

async fn with(fault: Fault) -> Rig {
    with_rule(FaultRule::new(fault)).await
}

async fn with_rule(rule: FaultRule) -> Rig {
    let rig = Rig::new(sandbox()).await;
    rig.fault(rule).await;
    rig
}

/// Whether the money of the order moved and the order stands.
async fn is_paid(rig: &Rig, mch_billno: &str) -> bool {
    rig.issuer.clear_faults(None).await.unwrap();
    let found = rig.query(mch_billno).await.status() == "SENDING";
    assert_eq!(rig.balance().await, BALANCE - if found { 1_000 } else { 0 });
    found
}

#[tokio::test]
async fn replies_are_lost_after_the_money_moved() {
    for fault in [Fault::ReplyLost, Fault::ResetAfter] {
        let rig = with(fault).await;
        let answer = rig.answer_send(&order("1")).await;
        assert_eq!(answer.delivery, Delivery::ResetAfterRequest);
        assert!(answer.body.is_empty());
        assert_eq!(rig.answer_query("1").await.delivery, Delivery::ResetAfterRequest);
        assert!(is_paid(&rig, "1").await);
    }
}

#[tokio::test]
async fn a_reset_before_processes_nothing() {
    let rig = with(Fault::ResetBefore).await;
    assert_eq!(rig.answer_send(&order("1")).await.delivery, Delivery::ResetBeforeRequest);
    assert!(!is_paid(&rig, "1").await);
}

#[tokio::test]
async fn a_number_that_was_not_processed_can_be_sent_again() {
    let rig = with(Fault::ResetBefore).await;
    rig.answer_send(&order("1")).await;
    rig.issuer.clear_faults(None).await.unwrap();
    rig.clock.advance(HOUR);
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.query("1").await.get("send_time"), Some("2017-07-20 23:45:12"));
    assert_eq!(rig.balance().await, BALANCE - 1_000);
}

#[tokio::test]
async fn a_number_that_was_never_processed_expires_for_good() {
    let rig = with(Fault::ResetBefore).await;
    rig.answer_send(&order("1")).await;
    rig.issuer.clear_faults(None).await.unwrap();
    rig.clock.advance(DAY);
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    assert_eq!(rig.send(&order("1")).await.err_code(), "SEND_FAILED");
    // The query confirms it, and a clock that is set back takes nothing back.
    let query = rig.query("1").await;
    assert_eq!((query.status(), query.get("reason")), ("FAILED", None));
    assert_eq!(query.get("detail_id").map(str::len), Some(31));
    rig.clock.advance(-HOUR);
    assert_eq!(rig.send(&order("1")).await.err_code(), "SEND_FAILED");
    assert_eq!(rig.query("1").await.status(), "FAILED");
    assert_eq!(rig.balance().await, BALANCE);
}

#[tokio::test]
async fn a_delayed_reply_is_right() {
    let mut rule = FaultRule::new(Fault::Delay);
    rule.delay_ms = Some(1_500);
    let rig = with_rule(rule).await;
    let answer = rig.answer_send(&order("1")).await;
    assert_eq!(answer.delivery, Delivery::After(Duration::from_millis(1_500)));
    assert_eq!(rig.read(&answer).err_code(), "SUCCESS");
    assert!(is_paid(&rig, "1").await);
}

#[tokio::test]
async fn html_comes_with_400_and_502() {
    let rig = with(Fault::Http400).await;
    let answer = rig.answer_send(&order("1")).await;
    assert_eq!(answer.delivery, Delivery::Html(400));
    assert!(answer.body.starts_with(b"<html>"));
    assert!(!is_paid(&rig, "1").await);
    for stored in [true, false] {
        let mut rule = FaultRule::new(Fault::Http502);
        rule.stored = Some(stored);
        let rig = with_rule(rule).await;
        assert_eq!(rig.answer_send(&order("1")).await.delivery, Delivery::Html(502));
        assert_eq!(is_paid(&rig, "1").await, stored);
    }
}

#[tokio::test]
async fn an_empty_body_is_empty() {
    let rig = with(Fault::EmptyBody).await;
    let answer = rig.answer_send(&order("1")).await;
    assert_eq!((answer.delivery, answer.body.len()), (Delivery::Plain, 0));
    assert!(is_paid(&rig, "1").await);
}

#[tokio::test]
async fn truncated_xml_cannot_be_parsed() {
    let rig = with(Fault::TruncatedXml).await;
    let sent = rig.answer_send(&order("1")).await.body;
    assert!(Document::parse(&sent).is_err());
    let asked = rig.answer_query("1").await.body;
    assert!(!asked.is_empty());
    assert!(Document::parse(&asked).is_err());
    assert!(is_paid(&rig, "1").await);
}

#[tokio::test]
async fn any_error_code_can_be_had() {
    let rig = with(Fault::UnknownErrorCode).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "UNHEARD_OF");
    assert_eq!(rig.query("1").await.err_code(), "UNHEARD_OF");
    assert!(is_paid(&rig, "1").await);
    for code in
        ["ILLEGAL_APPID", "OPENID_ERROR", "PROCESSING", "NO_COMPETENCE", "DAY_ OVER_LIMITED"]
    {
        let mut rule = FaultRule::new(Fault::UnknownErrorCode);
        rule.err_code = Some(code.into());
        rule.stored = Some(false);
        let rig = with_rule(rule).await;
        assert_eq!(rig.send(&order("1")).await.err_code(), code);
        assert!(!is_paid(&rig, "1").await);
    }
}

#[tokio::test]
async fn a_new_field_is_signed_over() {
    let rig = with(Fault::NewField).await;
    assert!(rig.send(&order("1")).await.get("new_field").is_some());
    assert!(rig.query("1").await.get("new_field").is_some());
}

#[tokio::test]
async fn another_order_holds_the_same_fields() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let mut plain = rig.query("1").await.0;
    rig.fault(FaultRule::new(Fault::OtherOrder)).await;
    let other = rig.query("1").await.0;
    assert_ne!(other, plain);
    assert_eq!(other[0].0, "sender_header_media_id");
    let mut sorted = other;
    sorted.sort();
    plain.sort();
    assert_eq!(sorted, plain);
}

#[tokio::test]
async fn signatures_go_missing_or_do_not_hold() {
    for (fault, error) in
        [(Fault::Unsigned, SignError::Missing), (Fault::WronglySigned, SignError::Mismatch)]
    {
        let rig = with(fault).await;
        for body in [rig.answer_send(&order("1")).await.body, rig.answer_query("1").await.body] {
            let document = Document::parse(&body).unwrap();
            assert_eq!(document.get("result_code"), Some("SUCCESS"));
            let held = sign::verify(&document, &rig.merchant.api_key, Rule::AllReceived);
            assert_eq!(held.unwrap_err(), error);
        }
        assert!(is_paid(&rig, "1").await);
    }
}

#[tokio::test]
async fn a_status_that_nobody_knows_is_signed() {
    let mut rule = FaultRule::new(Fault::UnknownStatus);
    rule.status = Some("FROZEN".into());
    let rig = with_rule(rule).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.query("1").await.status(), "FROZEN");
    assert_eq!(rig.query("2").await.status(), "NOT_FOUND");
}

#[tokio::test]
async fn a_system_error_may_have_paid() {
    for stored in [true, false] {
        let mut rule = FaultRule::new(Fault::SystemError);
        rule.stored = Some(stored);
        let rig = with_rule(rule).await;
        let reply = rig.send(&order("1")).await;
        assert_eq!(reply.err_code(), "SYSTEMERROR");
        let words = "系统错误,请稍后使用原单号重试,请勿更换单号";
        assert_eq!(reply.get("err_code_des"), Some(words));
        assert_eq!(rig.query("1").await.err_code(), "SYSTEMERROR");
        assert_eq!(is_paid(&rig, "1").await, stored);
    }
}

#[tokio::test]
async fn a_frequency_limit_processes_nothing() {
    let rig = with(Fault::FreqLimit).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "FREQ_LIMIT");
    assert_eq!(rig.query("1").await.err_code(), "FREQ_LIMIT");
    assert!(!is_paid(&rig, "1").await);
}

#[tokio::test]
async fn the_first_queries_of_each_packet_find_nothing() {
    let mut rule = FaultRule::new(Fault::NotFoundFirst);
    rule.first = Some(2);
    let rig = with_rule(rule).await;
    for billno in ["1", "2"] {
        assert_eq!(rig.send(&order(billno)).await.err_code(), "SUCCESS");
        assert_eq!(rig.query(billno).await.err_code(), "NOT_FOUND");
        assert_eq!(rig.query(billno).await.get("mch_billno"), Some(billno));
        assert_eq!(rig.query(billno).await.status(), "SENDING");
    }
}

#[tokio::test]
async fn a_rule_is_as_narrow_as_it_says() {
    let mut rule = FaultRule::new(Fault::FreqLimit);
    rule.mch_billno = Some("1".into());
    rule.mch_id = Some(MCH.into());
    rule.on = On::Query;
    rule.times = Some(1);
    let rig = with_rule(rule).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.query("2").await.err_code(), "NOT_FOUND");
    assert_eq!(rig.query("1").await.err_code(), "FREQ_LIMIT");
    assert_eq!(rig.query("1").await.status(), "SENDING");
}

#[tokio::test]
async fn hits_follow_from_the_seed_and_the_id() {
    let mut rule = FaultRule::new(Fault::FreqLimit);
    rule.id = Some("half".into());
    rule.probability = 0.5;
    rule.seed = 7;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let rig = with_rule(rule.clone()).await;
        let mut run = Vec::new();
        for _ in 0..64 {
            run.push(rig.query("1").await.err_code().to_owned());
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let hits = runs[0].iter().filter(|code| *code == "FREQ_LIMIT").count();
    assert!((20..=44).contains(&hits), "{hits}");
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    let rig = Rig::new(sandbox()).await;
    let bad: [fn(&mut FaultRule); 7] = [
        |rule| rule.probability = 1.5,
        |rule| rule.probability = f64::NAN,
        |rule| rule.delay_ms = Some(600_001),
        |rule| rule.err_code = Some("SEND_FAILED".into()),
        |rule| rule.err_code = Some("]]>".into()),
        |rule| rule.status = Some("FAILED".into()),
        |rule| rule.id = Some(String::new()),
    ];
    for spoil in bad {
        let mut rule = FaultRule::new(Fault::Delay);
        spoil(&mut rule);
        assert_eq!(rig.issuer.add_fault(rule).await.unwrap_err().code(), "BAD_FAULT");
    }
    let mut rule = FaultRule::new(Fault::NotFoundFirst);
    rule.on = On::Send;
    assert_eq!(rig.issuer.add_fault(rule).await.unwrap_err().code(), "BAD_FAULT");
    let kept = rig.fault(FaultRule::new(Fault::Delay)).await;
    assert_eq!(kept.id.as_deref(), Some("fault-1"));
    assert_eq!(rig.issuer.add_fault(kept).await.unwrap_err().code(), "BAD_FAULT");
    assert_eq!(rig.issuer.clear_faults(Some("nobody")).await.unwrap(), 0);
    assert_eq!(rig.issuer.clear_faults(Some("fault-1")).await.unwrap(), 1);
}

#[test]
fn every_fault_has_one_word() {
    for fault in Fault::ALL {
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(json, format!("\"{}\"", fault.as_str()));
        assert_eq!(Fault::from_word(&fault.as_str().replace('_', "-")), Some(fault));
    }
}

#[test]
fn a_rule_of_json_needs_only_its_fault() {
    let rule: FaultRule = serde_json::from_str(r#"{"fault":"reply_lost"}"#).unwrap();
    assert_eq!(rule, FaultRule::new(Fault::ReplyLost));
    assert!(serde_json::from_str::<FaultRule>(r#"{"fault":"delay","delay":1}"#).is_err());
}
