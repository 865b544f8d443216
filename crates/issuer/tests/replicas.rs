//! Several issuers on one ledger: what one is at the others leave alone, and nothing is done twice.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{
    Fault, FaultRule, Issuer, IssuerConfig, MOVE_LEASE, ManualClock, On, Trigger,
};
use hongbao_ledger::{Lease, Ledger, MemoryLedger};
use hongbao_wire::Status;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn holding(holder: &str) -> IssuerConfig {
    IssuerConfig { holder: Some(holder.into()), ..sandbox() }
}

/// Two processes of one sandbox, by one clock of the machine.
struct Two {
    a: Rig,
    b: Rig,
}

impl Two {
    async fn on(ledger: Arc<dyn Ledger>) -> Self {
        let a = Rig::on(ledger.clone(), holding("a"), merchant()).await;
        let b = another(&a.ledger, &a.clock, holding("b")).await;
        Self { a, b }
    }

    async fn new() -> Self {
        Self::on(Arc::new(MemoryLedger::new())).await
    }

    fn pass(&self, by: SignedDuration) {
        self.a.clock.advance(by);
    }
}

async fn another(ledger: &Arc<dyn Ledger>, clock: &Arc<ManualClock>, config: IssuerConfig) -> Rig {
    let issuer = Issuer::open(ledger.clone(), clock.clone(), config).await.unwrap();
    Rig { ledger: ledger.clone(), clock: clock.clone(), issuer, merchant: merchant() }
}

/// The second store is opened from the folder again, as another process would.
async fn two_on_disk(dir: &Path) -> Two {
    let mut two = Two::on(on_disk(dir)).await;
    two.b = another(&on_disk(dir), &two.a.clock, holding("b")).await;
    two
}

/// The ledger is asked again when what this process sent is due, and else after a rest.
#[tokio::test(start_paused = true)]
async fn what_one_changed_itself_wakes_it() {
    let two = Two::new().await;
    let rest = std::time::Duration::from_secs(60);
    let waits = async |rig: &Rig| {
        let began = tokio::time::Instant::now();
        rig.issuer.until_due(rest).await;
        began.elapsed().as_secs()
    };
    assert_eq!(waits(&two.a).await, 60);
    two.a.send(&order("1")).await;
    two.a.send(&order("2")).await;
    assert_eq!((waits(&two.a).await, waits(&two.b).await), (5, 60));
    two.pass(seconds(5));
    assert_eq!(waits(&two.a).await, 0);
    assert_eq!(two.a.issuer.settle_due().await.unwrap(), 2);
    assert_eq!((waits(&two.a).await, waits(&two.b).await), (60, 60), "RECEIVED in a minute");
    // what comes meanwhile counts
    let third = order("3");
    let (waited, _) = tokio::join!(waits(&two.a), two.a.send(&third));
    assert_eq!(waited, 5);
}

const MS: SignedDuration = SignedDuration::from_millis(1);

#[tokio::test]
async fn what_a_dead_process_was_at_is_moved_after_its_lease_and_not_before() {
    let two = Two::new().await;
    two.a.send(&order("1")).await;
    two.pass(seconds(5));
    // a third one takes it, and dies
    let now = two.a.issuer.now();
    let lease = Lease { holder: "dead".into(), until: now + MOVE_LEASE };
    assert_eq!(two.a.ledger.claim_due(now, &lease, 10).await.unwrap().len(), 1);
    two.pass(MOVE_LEASE - MS);
    assert_eq!(two.a.issuer.settle_due().await.unwrap(), 0);
    assert_eq!(two.b.issuer.settle_due().await.unwrap(), 0);
    assert_eq!(two.a.status("1").await, Some(Status::Sending));
    two.pass(MS);
    assert_eq!(two.b.issuer.settle_due().await.unwrap(), 1);
    assert_eq!(two.a.status("1").await, Some(Status::Sent));
    // what moves it ends its lease
    two.pass(seconds(60));
    assert_eq!(two.a.issuer.settle_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_query_or_a_person_need_not_wait_for_a_lease() {
    let two = Two::new().await;
    two.a.send(&order("1")).await;
    two.pass(seconds(5));
    let now = two.a.issuer.now();
    let lease = Lease { holder: "dead".into(), until: now + MOVE_LEASE };
    two.a.ledger.claim_due(now, &lease, 10).await.unwrap();
    assert_eq!(two.b.query("1").await.status(), "SENT");
    two.b.issuer.trigger(&two.b.key("1"), Trigger::Receive).await.unwrap();
    assert_eq!(two.a.query("1").await.status(), "RECEIVED");
}

#[tokio::test]
async fn every_packet_moves_once_whoever_moves_it() {
    let folder = tempfile::tempdir().unwrap();
    for two in [Two::new().await, two_on_disk(folder.path()).await] {
        let numbers: Vec<String> = (0..600).map(|n| format!("{n:04}")).collect();
        for (n, number) in numbers.iter().enumerate() {
            let mut order = order_of(number, 100);
            order.re_openid = format!("{OPENID}{n}").as_str().into();
            let rig = if n % 2 == 0 { &two.a } else { &two.b };
            assert_eq!(rig.send(&order).await.err_code(), "SUCCESS");
        }
        two.pass(seconds(5));
        let (a, b) = tokio::join!(two.a.issuer.settle_due(), two.b.issuer.settle_due());
        let (a, b) = (a.unwrap(), b.unwrap());
        // one that finds nothing left stops; the other one's page may still be on its way
        assert!(a + b <= 600, "{a} and {b}");
        two.a.issuer.settle_due().await.unwrap();
        two.pass(seconds(60));
        two.b.issuer.settle_due().await.unwrap();
        for number in &numbers {
            assert_eq!(two.a.status(number).await, Some(Status::Received), "{number}");
            let mut times = BTreeMap::<String, u32>::new();
            for event in two.a.events(number).await {
                *times.entry(event).or_default() += 1;
            }
            assert!(times.values().all(|times| *times == 1), "{number}: {times:?}");
        }
        assert_eq!(two.b.balance().await, BALANCE - 600 * 100);
    }
}

#[tokio::test]
async fn the_clock_is_the_same_at_all_of_them_and_each_advance_counts() {
    let two = Two::new().await;
    let began = two.a.issuer.now();
    two.a.advance(HOUR).await;
    assert_eq!(two.b.issuer.now(), began, "it has not heard of it yet");
    two.b.issuer.refresh().await.unwrap();
    assert_eq!(two.b.issuer.now(), began + HOUR);
    // who advances needs not have heard of the last one
    two.a.advance(HOUR).await;
    let advanced = two.b.issuer.advance(DAY).await.unwrap();
    assert_eq!(advanced.now, began + HOUR * 2 + DAY);
    two.a.issuer.refresh().await.unwrap();
    assert_eq!(two.a.issuer.now(), advanced.now);
}

#[tokio::test]
async fn an_advance_moves_what_another_process_sent_and_what_it_died_over() {
    let two = Two::new().await;
    two.b.send(&order("1")).await;
    two.pass(seconds(5));
    let now = two.b.issuer.now();
    let lease = Lease { holder: "b".into(), until: now + MOVE_LEASE };
    assert_eq!(two.b.ledger.claim_due(now, &lease, 10).await.unwrap().len(), 1);
    assert_eq!(two.a.advance(HOUR).await, 1);
    assert_eq!(two.a.status("1").await, Some(Status::Received));
}

#[tokio::test]
async fn a_fault_hits_at_all_of_them_and_as_often_as_it_says() {
    let two = Two::new().await;
    two.a.send(&order("1")).await;
    let rule = FaultRule { times: Some(3), on: On::Query, ..FaultRule::new(Fault::FreqLimit) };
    two.a.fault(rule).await;
    assert_eq!(two.b.query("1").await.err_code(), "SUCCESS", "it has not heard of it yet");
    two.b.issuer.refresh().await.unwrap();
    let mut codes = Vec::new();
    for rig in [&two.b, &two.a, &two.b, &two.a, &two.b] {
        codes.push(rig.query("1").await.err_code().to_owned());
    }
    assert_eq!(codes, ["FREQ_LIMIT", "FREQ_LIMIT", "FREQ_LIMIT", "SUCCESS", "SUCCESS"]);
}

#[tokio::test]
async fn a_fault_that_was_cleared_does_not_come_back() {
    let two = Two::new().await;
    two.a.send(&order("1")).await;
    let rule = two.a.fault(FaultRule::new(Fault::FreqLimit)).await;
    two.b.issuer.refresh().await.unwrap();
    assert_eq!(two.a.issuer.clear_faults(None).await.unwrap(), 1);
    assert_eq!(two.b.query("1").await.status(), "SENDING", "it was to be hit, and was not");
    two.a.issuer.refresh().await.unwrap();
    assert_eq!(two.a.issuer.faults(), []);
    // two rules that are added at once are both there, each under a name of its own
    let (at_a, at_b) = (FaultRule::new(Fault::FreqLimit), FaultRule::new(Fault::SystemError));
    let (first, second) = tokio::join!(two.a.fault(at_a), two.b.fault(at_b));
    assert_eq!((first.id, rule.id.as_deref()), (Some("fault-1".into()), Some("fault-1")));
    assert_eq!(second.id.as_deref(), Some("fault-2"));
    two.a.issuer.refresh().await.unwrap();
    assert_eq!(two.a.issuer.faults(), two.b.issuer.faults());
}

#[tokio::test]
async fn the_watch_sees_what_another_process_told() {
    let two = Two::new().await;
    let rule = FaultRule { on: On::Send, ..FaultRule::new(Fault::SystemError) };
    two.a.fault(rule).await;
    assert_eq!(two.a.send(&order("1")).await.err_code(), "SYSTEMERROR");
    two.a.issuer.clear_faults(None).await.unwrap();
    two.b.issuer.refresh().await.unwrap();
    assert_eq!(two.b.send(&order("2")).await.err_code(), "SUCCESS");
    let findings = two.a.issuer.findings(Some(MCH)).await.unwrap();
    let numbers: Vec<_> = findings
        .iter()
        .map(|found| (found.first_billno.as_str(), found.second_billno.as_str(), &*found.told))
        .collect();
    assert_eq!(numbers, [("1", "2", "SYSTEMERROR")]);
}

#[tokio::test]
async fn the_same_number_at_two_of_them_is_one_packet() {
    let folder = tempfile::tempdir().unwrap();
    for two in [Two::new().await, two_on_disk(folder.path()).await] {
        for n in 0..50 {
            let order = order_of(&n.to_string(), 100 + n);
            let (a, b) = tokio::join!(two.a.send(&order), two.b.send(&order));
            assert_eq!(a, b);
            assert!(["SUCCESS", "SENDNUM_LIMIT"].contains(&a.err_code()), "{a:?}");
        }
        let paid: u64 = (0..10).map(|n| 100 + n).sum();
        assert_eq!(two.a.balance().await, BALANCE - paid, "ten a day, each once");
    }
}

#[tokio::test]
async fn production_has_neither_clock_nor_faults_to_hear_of() {
    let two = Two::new().await;
    two.a.advance(HOUR).await;
    two.a.fault(FaultRule::new(Fault::FreqLimit)).await;
    let config = IssuerConfig { holder: Some("c".into()), ..production() };
    let rig = another(&two.a.ledger, &two.a.clock, config).await;
    rig.issuer.refresh().await.unwrap();
    assert_eq!(rig.issuer.now(), start());
    assert_eq!(rig.issuer.faults(), []);
}
