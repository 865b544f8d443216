//! The watch: when a new number is a double payment in the making, and when it is not.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{Fault, FaultRule, IssuerConfig, On, Trigger};
use hongbao_ledger::record::Told;
use hongbao_wire::SendRequest;

/// What the watch found: first number, second number, what was told.
async fn found(rig: &Rig) -> Vec<(String, String, String)> {
    let findings = rig.issuer.findings(Some(MCH)).await.unwrap().into_iter();
    findings
        .map(|f| {
            assert_eq!((f.re_openid.as_str(), f.total_amount), (OPENID, fen(1_000)));
            (f.first_billno.to_string(), f.second_billno.to_string(), f.told.to_string())
        })
        .collect()
}

fn finding(first: &str, second: &str, told: &str) -> Vec<(String, String, String)> {
    vec![(first.into(), second.into(), told.into())]
}

/// Sends number 1 into the fault; the fault is gone after that.
async fn after(fault: Fault) -> Rig {
    let rig = Rig::new(sandbox()).await;
    let mut rule = FaultRule::new(fault);
    rule.on = On::Send;
    rule.delay_ms = Some(8_000);
    rig.fault(rule).await;
    rig.answer_send(&order("1")).await;
    rig.issuer.clear_faults(None).await.unwrap();
    rig
}

#[tokio::test]
async fn a_new_number_after_an_unclear_send_is_found() {
    let told = [
        (Fault::ReplyLost, "reply_lost"),
        (Fault::Delay, "delay"),
        (Fault::Http400, "http_400"),
        (Fault::Http502, "http_502"),
        (Fault::EmptyBody, "empty_body"),
        (Fault::TruncatedXml, "truncated_xml"),
        (Fault::UnknownErrorCode, "UNHEARD_OF"),
        (Fault::Unsigned, "unsigned"),
        (Fault::WronglySigned, "wrongly_signed"),
        (Fault::SystemError, "SYSTEMERROR"),
        (Fault::FreqLimit, "FREQ_LIMIT"),
        (Fault::ResetBefore, "reset_before"),
        (Fault::ResetAfter, "reset_after"),
    ];
    for (fault, word) in told {
        let rig = after(fault).await;
        rig.send(&order("2")).await;
        assert_eq!(found(&rig).await, finding("1", "2", word));
    }
}

#[tokio::test]
async fn a_new_number_after_a_clear_send_is_a_second_present() {
    for fault in [Fault::NewField, Fault::OtherOrder] {
        let rig = after(fault).await;
        rig.send(&order("2")).await;
        assert_eq!(found(&rig).await, []);
    }
}

#[tokio::test]
async fn the_same_number_again_is_no_finding() {
    let rig = after(Fault::ReplyLost).await;
    rig.send(&order("1")).await;
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
    assert_eq!(rig.events("1").await[2..], ["told:reply_lost", "told:clear"]);
}

#[tokio::test]
async fn asking_until_it_is_clear_is_no_finding() {
    let rig = after(Fault::SystemError).await;
    assert_eq!(rig.query("1").await.status(), "SENDING");
    assert_eq!(rig.record("1").await.told, Told::Clear);
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn a_not_found_on_an_own_number_is_unclear() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let rule = rig.fault(FaultRule::new(Fault::NotFoundFirst)).await;
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    rig.issuer.clear_faults(rule.id.as_deref()).await.unwrap();
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, finding("1", "2", "NOT_FOUND"));
}

#[tokio::test]
async fn a_broken_reply_to_a_query_is_unclear() {
    for fault in [Fault::UnknownStatus, Fault::WronglySigned, Fault::ReplyLost, Fault::Http400] {
        let rig = Rig::new(sandbox()).await;
        rig.send(&order("1")).await;
        rig.fault(FaultRule::new(fault)).await;
        rig.answer_query("1").await;
        rig.issuer.clear_faults(None).await.unwrap();
        rig.send(&order("2")).await;
        assert_eq!(found(&rig).await, finding("1", "2", fault.as_str()));
    }
}

#[tokio::test]
async fn a_refused_order_is_no_licence_for_a_new_number() {
    let mut poor = merchant();
    poor.balance = fen(0);
    let rig = Rig::with(sandbox(), poor).await;
    rig.send(&order("1")).await;
    assert_eq!(rig.query("1").await.status(), "SENDING");
    rig.ledger.top_up(MCH, fen(5_000)).await.unwrap();
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, finding("1", "2", "NOTENOUGH"));
}

#[tokio::test]
async fn a_failure_that_the_query_told_permits_a_new_number() {
    let rig = after(Fault::ReplyLost).await;
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    assert_eq!(rig.query("1").await.status(), "FAILED");
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn a_failure_that_the_send_told_permits_a_new_number() {
    let rig = after(Fault::ReplyLost).await;
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    assert_eq!(rig.send(&order("1")).await.err_code(), "SEND_FAILED");
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn a_failure_that_nobody_was_told_is_still_unclear() {
    let rig = after(Fault::ReplyLost).await;
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, finding("1", "2", "reply_lost"));
}

#[tokio::test]
async fn a_failure_told_once_stays_told() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    rig.issuer.trigger(&rig.key("1"), Trigger::Fail { reason: None }).await.unwrap();
    rig.query("1").await;
    rig.fault(FaultRule::new(Fault::FreqLimit)).await;
    rig.query("1").await;
    rig.issuer.clear_faults(None).await.unwrap();
    assert_eq!(rig.record("1").await.told, Told::Failed);
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn other_people_and_other_amounts_are_other_packets() {
    let rig = after(Fault::ReplyLost).await;
    rig.send(&SendRequest { re_openid: "oOther".into(), ..order("2") }).await;
    rig.send(&order_of("3", 2_000)).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn each_unclear_number_is_found_once() {
    let rig = after(Fault::ReplyLost).await;
    for billno in ["2", "3"] {
        rig.send(&order(billno)).await;
    }
    assert_eq!(found(&rig).await, finding("1", "2", "reply_lost"));
}

#[tokio::test]
async fn a_second_number_that_is_lost_too_is_found() {
    let rig = after(Fault::ReplyLost).await;
    rig.fault(FaultRule::new(Fault::ResetBefore)).await;
    rig.answer_send(&order("2")).await;
    assert_eq!(found(&rig).await, finding("1", "2", "reply_lost"));
}

#[tokio::test]
async fn a_restart_between_the_two_numbers_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::on(on_disk(dir.path()), sandbox(), merchant()).await;
    let mut rule = FaultRule::new(Fault::ReplyLost);
    rule.times = Some(1);
    rig.fault(rule).await;
    rig.answer_send(&order("1")).await;
    let rig = rig.restarted(dir.path(), sandbox()).await;
    rig.send(&order("2")).await;
    let rig = rig.restarted(dir.path(), sandbox()).await;
    assert_eq!(found(&rig).await, finding("1", "2", "reply_lost"));
}

#[tokio::test]
async fn after_30_days_nobody_watches() {
    let rig = after(Fault::ResetBefore).await;
    rig.clock.advance(DAY * 30 + seconds(1));
    rig.send(&order("2")).await;
    assert_eq!(found(&rig).await, []);
}

#[tokio::test]
async fn the_watch_can_be_off() {
    let rig = Rig::new(IssuerConfig { watch: false, ..sandbox() }).await;
    rig.fault(FaultRule::new(Fault::SystemError)).await;
    rig.send(&order("1")).await;
    rig.send(&order("2")).await;
    assert_eq!(rig.issuer.findings(None).await.unwrap(), []);
    assert_eq!(rig.events("1").await, ["accepted", "SENDING"]);
}
