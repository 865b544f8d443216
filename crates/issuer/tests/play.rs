//! Packets on the move: the clock, triggers, restarts, two modes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{Fault, FaultRule, Issuer, IssuerConfig, Mode, Play, Trigger};
use hongbao_ledger::{MemoryLedger, Source};
use hongbao_wire::{SendRequest, Status};
use jiff::SignedDuration;
use std::sync::Arc;

#[tokio::test]
async fn advancing_moves_everything_each_at_its_own_time() {
    let rig = Rig::new(unclaimed()).await;
    for billno in ["1", "2", "3"] {
        rig.send(&order(billno)).await;
    }
    assert_eq!(rig.advance(DAY * 2).await, 3);
    let history = rig.issuer.history(&rig.key("2")).await.unwrap();
    let moves: Vec<(&str, jiff::Timestamp)> = history
        .iter()
        .filter(|e| !e.event.starts_with("told"))
        .map(|e| (&*e.event, e.at))
        .collect();
    let expected = [
        ("accepted", start()),
        ("SENDING", start()),
        ("SENT", start() + seconds(5)),
        ("RFUND_ING", start() + DAY),
        ("REFUND", start() + DAY + HOUR),
    ];
    assert_eq!(moves, expected);
    assert_eq!(rig.balance().await, BALANCE);
    assert_eq!(rig.issuer.settle_due().await.unwrap(), 0);
    assert_eq!(rig.issuer.now(), start() + DAY * 2);
}

#[tokio::test]
async fn more_than_a_page_moves_in_one_go() {
    let mut rich = merchant();
    rich.balance = fen(100_000_000);
    let rig = Rig::with(sandbox(), rich).await;
    for i in 0..300 {
        let to = SendRequest { re_openid: format!("o{i}").into(), ..order(&format!("{i:03}")) };
        rig.send(&to).await;
    }
    assert_eq!(rig.advance(HOUR).await, 300);
    assert_eq!(rig.status("299").await, Some(Status::Received));
}

#[tokio::test]
async fn after_an_advance_nothing_is_due_whoever_moves_it() {
    let mut rich = merchant();
    rich.balance = fen(100_000_000);
    let rig = Rig::with(sandbox(), rich).await;
    for i in 0..600 {
        let to = SendRequest { re_openid: format!("o{i}").into(), ..order(&format!("{i:03}")) };
        rig.send(&to).await;
    }
    rig.clock.advance(HOUR);
    let advanced = async {
        rig.advance(seconds(1)).await;
        rig.ledger.due(rig.issuer.now(), 1).await.unwrap()
    };
    let (settled, left) = tokio::join!(rig.issuer.settle_due(), advanced);
    assert_eq!((settled.unwrap(), left), (600, vec![]));
}

#[tokio::test]
async fn the_clock_goes_forward_only_and_not_for_ever() {
    let rig = Rig::new(sandbox()).await;
    for by in [SignedDuration::ZERO, -HOUR, SignedDuration::from_nanos(1)] {
        assert_eq!(rig.issuer.advance(by).await.unwrap_err().code(), "BAD_ADVANCE");
    }
    for by in [SignedDuration::MAX, DAY * 366 * 11] {
        assert_eq!(rig.issuer.advance(by).await.unwrap_err().code(), "BAD_ADVANCE");
    }
    assert_eq!(rig.issuer.now(), start());
}

#[tokio::test]
async fn triggers_walk_the_road() {
    let rig = Rig::new(sandbox()).await;
    for billno in ["1", "2", "3"] {
        rig.send(&order(billno)).await;
    }
    let trigger = |billno: &str, word: &str| {
        let (key, trigger) = (rig.key(billno), Trigger::from_word(word, None).unwrap());
        let issuer = &rig.issuer;
        async move { issuer.trigger(&key, trigger).await }
    };
    let record = trigger("1", "receive").await.unwrap();
    assert_eq!(record.status, Some(Status::Received));
    assert_eq!(record, rig.record("1").await);
    assert_eq!(rig.events("1").await[3..], ["SENT", "RECEIVED"]);
    trigger("2", "refuse").await.unwrap();
    assert_eq!(rig.balance().await, BALANCE - 2_000);
    let query = rig.query("2").await;
    assert_eq!(query.get("reason"), Some("帐号余额不足，请到商户平台充值后再重试"));
    trigger("3", "expire").await.unwrap();
    let error = trigger("3", "receive").await.unwrap_err();
    assert_eq!(error.code(), "TRANSITION_REFUSED");
    assert_eq!(error.to_string(), "a packet that is RFUND_ING cannot receive");
    trigger("3", "refund").await.unwrap();
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    assert_eq!(trigger("4", "receive").await.unwrap_err().code(), "NO_PACKET");
    let history = rig.issuer.history(&rig.key("3")).await.unwrap();
    assert_eq!(history.last().unwrap().source, Source::Admin);
}

#[tokio::test]
async fn a_refused_packet_can_be_sent_again_and_then_delivered() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let refuse = Trigger::Refuse { reason: "风险拦截".into() };
    rig.issuer.trigger(&rig.key("1"), refuse).await.unwrap();
    assert_eq!(rig.balance().await, BALANCE);
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    rig.advance(HOUR).await;
    assert_eq!(rig.query("1").await.status(), "RECEIVED");
}

#[tokio::test]
async fn in_production_nothing_moves_by_itself() {
    let rig = Rig::new(production()).await;
    rig.send(&order("1")).await;
    rig.clock.advance(DAY * 20);
    assert_eq!(rig.issuer.settle_due().await.unwrap(), 0);
    assert_eq!(rig.query("1").await.status(), "SENDING");
    assert_eq!(rig.issuer.advance(HOUR).await.unwrap_err().code(), "SANDBOX_OFF");
    let fault = rig.issuer.add_fault(FaultRule::new(Fault::ReplyLost)).await;
    assert_eq!(fault.unwrap_err().code(), "SANDBOX_OFF");
    rig.issuer.trigger(&rig.key("1"), Trigger::Receive).await.unwrap();
    assert_eq!(rig.query("1").await.status(), "RECEIVED");
}

#[tokio::test]
async fn a_sandboxs_packets_stand_still_under_production() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    rig.fault(FaultRule::new(Fault::EmptyBody)).await;
    rig.advance(seconds(1)).await;
    let rig = rig.reopened(production()).await;
    rig.clock.advance(DAY);
    assert_eq!(rig.issuer.now(), start() + DAY);
    assert_eq!(rig.query("1").await.status(), "SENDING");
    assert_eq!(rig.issuer.mode(), Mode::Production);
}

#[tokio::test]
async fn a_time_that_was_set_stands_when_the_play_changes() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let play = Play { sent_after: DAY, ..sandbox().play };
    let rig = rig.reopened(IssuerConfig { play, ..sandbox() }).await;
    assert_eq!(rig.advance(seconds(5)).await, 1);
    assert_eq!(rig.status("1").await, Some(Status::Sent));
}

#[tokio::test]
async fn the_unclaimed_share_follows_from_the_seed() {
    let config = IssuerConfig {
        play: Play { unclaimed_share_permille: 500, ..Play::default() },
        ..IssuerConfig::default()
    };
    let mut plays = Vec::new();
    for _ in 0..2 {
        let rig = Rig::new(config.clone()).await;
        let mut play = Vec::new();
        for i in 0..40 {
            let to = SendRequest { re_openid: format!("o{i}").into(), ..order(&i.to_string()) };
            rig.send(&to).await;
            play.push(rig.record(&i.to_string()).await.play);
        }
        plays.push(play);
    }
    assert_eq!(plays[0], plays[1]);
    let unclaimed = plays[0].iter().filter(|play| &***play == "unclaimed").count();
    assert!((10..=30).contains(&unclaimed), "{unclaimed}");
}

#[tokio::test]
async fn two_issuers_on_one_ledger_settle_each_packet_once() {
    let ledger = Arc::new(MemoryLedger::new());
    let rig = Rig::on(ledger, unclaimed(), merchant()).await;
    for i in 0..20 {
        let to = SendRequest { re_openid: format!("o{i}").into(), ..order(&i.to_string()) };
        rig.send(&to).await;
    }
    let other = Issuer::open(rig.ledger.clone(), rig.clock.clone(), unclaimed()).await.unwrap();
    rig.clock.advance(DAY * 2);
    let (a, b) = tokio::join!(rig.issuer.settle_due(), other.settle_due());
    assert_eq!(a.unwrap() + b.unwrap(), 20);
    assert_eq!(rig.balance().await, BALANCE);
}

#[tokio::test]
async fn a_restart_keeps_the_clock_the_faults_and_the_packets() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::on(on_disk(dir.path()), sandbox(), merchant()).await;
    rig.send(&order("1")).await;
    let mut rule = FaultRule::new(Fault::NotFoundFirst);
    rule.first = Some(2);
    let rule = rig.fault(rule).await;
    rig.advance(seconds(7)).await;
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    let rig = rig.restarted(dir.path(), sandbox()).await;
    assert_eq!(rig.issuer.now(), start() + seconds(7));
    assert_eq!(rig.issuer.faults(), [rule]);
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
    assert_eq!(rig.query("1").await.status(), "SENT");
    assert_eq!(rig.issuer.clear_faults(None).await.unwrap(), 1);
    assert_eq!(rig.issuer.faults(), []);
}
