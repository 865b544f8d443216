//! What a person's file says is taken in, proves nothing, and lets nobody pay twice.
#![allow(clippy::unwrap_used)]

mod common;

use async_trait::async_trait;
use common::payer::{Say, record, record_sent_at};
use common::{APPID, BILLNO, DAY, MCH, Rig, account, payment, start};
use hongbao_inquiry::Freshness::New;
use hongbao_inquiry::follow::{Event, FollowOptions, Follower};
use hongbao_inquiry::import::{Claim, ClaimFault, IMPORTED, Imported, import, preview};
use hongbao_inquiry::{InquiryError, Schedule, SendRefusal};
use hongbao_ledger::inquiry::Sighting;
use hongbao_ledger::total::Outcome;
use hongbao_ledger::{
    Claim as Leased, Entry, Expect, Inquiries, Inquiry, InquiryCommit, InquiryFilter, Key, Lease,
    LedgerError, MemoryLedger, SliceRequest, Source,
};
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{Fen, NextStep, Status, Verdict};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

const REF: &str = "salary/2026-07/0001";
const OPENID: &str = "oxTWIuGaIt6gTKsQRLau2M0yL16E";

fn fen(fen: u64) -> Option<Fen> {
    Fen::new(fen)
}

/// A claim of a packet that was sent so long before [`start`].
fn claim(status: &str, age: SignedDuration) -> Claim {
    Claim {
        business_ref: Some(REF.into()),
        sent_at: Some(start() - age),
        status: Some(status.into()),
        total_amount: fen(1_000),
        openid: Some(OPENID.into()),
        act_name: Some("新年红包".into()),
        remark: Some("备注".into()),
        ..Claim::of(BILLNO.into())
    }
}

async fn imported(rig: &Rig, claim: &Claim) -> Imported {
    let now = rig.inquirer.now();
    import(&*rig.ledger, rig.inquirer.account(), claim, now).await.unwrap()
}

async fn look(rig: &Rig) -> usize {
    let mut events = 0;
    let follower = Follower::new(rig.inquirer.clone(), FollowOptions::default());
    follower
        .round(&mut |event| {
            assert!(matches!(event, Event::Asked(_)), "{event:?}");
            events += 1;
        })
        .await
        .unwrap();
    events
}

#[tokio::test(start_paused = true)]
async fn a_row_is_noted_as_hearsay_with_its_bytes() {
    let rig = Rig::new();
    let claim = claim("已领取", DAY);
    assert_eq!(imported(&rig, &claim).await, Imported::New);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(known.appid.as_str(), APPID);
    assert_eq!((known.noted_at, known.sent_at), (start(), Some(start() - DAY)));
    assert_eq!((known.order, known.reply, known.answered_at), (None, None, None));
    assert_eq!((known.sends, known.asks, known.version), (0, 0, 1));
    assert_eq!(known.business_ref.as_deref(), Some(REF));
    assert_eq!(known.due_at, Some(start()), "it is asked about at once");
    let conclusion = &known.conclusion;
    assert_eq!((&*conclusion.verdict, conclusion.cause.as_deref()), ("unknown", Some("imported")));
    assert_eq!((&*conclusion.next_step, conclusion.is_final), ("ask_the_query", false));
    let seen = known.seen.unwrap();
    assert_eq!((&*seen.status, seen.reason.as_deref()), (IMPORTED, Some("已领取")));
    assert_eq!((seen.total_amount, seen.amount, seen.rcv_time), (fen(1_000), None, None));
    assert_eq!(seen.openid, Some(OPENID.into()));
    let history = rig.history(BILLNO).await;
    let [entry] = &history[..] else { panic!("{history:?}") };
    assert_eq!((entry.source, &*entry.event, entry.at), (Source::Admin, "imported", start()));
    let raw = "{\"act_name\":\"新年红包\",\"business_ref\":\"salary/2026-07/0001\",\
        \"mch_billno\":\"100000982026072000000001\",\"openid\":\"oxTWIuGaIt6gTKsQRLau2M0yL16E\",\
        \"remark\":\"备注\",\"sent_at\":\"2026-07-19T22:45:12+08:00\",\"status\":\"已领取\",\
        \"total_amount_fen\":1000}";
    assert_eq!(String::from_utf8(entry.raw.clone().unwrap().into()).unwrap(), raw);
}

#[tokio::test(start_paused = true)]
async fn whatever_a_file_says_no_number_is_proven_to_have_failed_and_none_is_paid_again() {
    for status in ["FAILED", "发放失败", "failed", "RECEIVED", "已退款", "SENT", "随便", ""]
    {
        for age in [DAY, DAY * 29, DAY * 31, DAY * 400] {
            let rig = Rig::new();
            imported(&rig, &claim(status, age)).await;
            let known = rig.inquiry(BILLNO).await;
            let verdict = account().verdict_of(&known, start());
            let expected = match age > DAY * 30 {
                true => Verdict::BeyondWindow,
                false => Verdict::Unknown(Unknown::Imported),
            };
            assert_eq!(verdict, expected, "{status} {age}");
            assert!(!verdict.new_billno_permitted() && !verdict.is_final());
            assert!(!known.conclusion.is_final);
            assert_ne!(&*known.conclusion.next_step, NextStep::NewBillnoPermitted.as_str());
            assert_eq!(known.total().key.status.as_ref(), IMPORTED);
            assert_ne!(known.total().key.outcome, Outcome::Failed);
            let payments = [
                payment(Some(BILLNO), None),
                payment(None, Some(REF)),
                payment(Some("1"), Some(REF)),
            ];
            for payment in payments {
                let refused = rig.inquirer.send(&payment).await;
                let is_refused = matches!(
                    refused,
                    Err(InquiryError::Refused(
                        SendRefusal::SentElsewhere { .. } | SendRefusal::ReferenceOpen { .. }
                    ))
                );
                assert!(is_refused, "{refused:?}");
            }
            assert_eq!(rig.payer.calls(), [""; 0], "{status} {age}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn beyond_the_30_days_reports_count_what_the_file_says_of_the_money() {
    let past = DAY * 31;
    let received = Claim { rcv_time: Some(start() - DAY * 30), ..claim("已领取", past) };
    let refunded = Claim { refunded: fen(900), ..claim("REFUND", past) };
    let cases = [
        (received.clone(), Outcome::Received, 1_000, 0),
        (refunded, Outcome::Refunded, 0, 900),
        (claim("FAILED", past), Outcome::Unknown, 0, 0),
        (claim("待领取", past), Outcome::Unknown, 0, 0),
        (Claim { received: fen(1_000), ..claim("RECEIVED", DAY) }, Outcome::Unknown, 0, 0),
    ];
    for (claim, outcome, received, refunded) in cases {
        let rig = Rig::new();
        imported(&rig, &claim).await;
        let known = rig.inquiry(BILLNO).await;
        let total = known.total();
        assert_eq!(total.key.outcome, outcome, "{claim:?}");
        let sum = total.sum;
        assert_eq!((sum.packets, sum.ordered), (1, fen(1_000).unwrap()));
        assert_eq!((sum.received.get(), sum.refunded.get()), (received, refunded));
        assert_eq!(known.attention, None, "a person has just looked at it");
        let attention = account().attention_of(&known, &Schedule::default(), start()).is_some();
        assert!(!attention);
    }
    let rig = Rig::new();
    imported(&rig, &received).await;
    assert_eq!(look(&rig).await, 0, "nothing is asked beyond the 30 days");
    // who asks all the same learns nothing against the file
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!(asked.verdict, Verdict::BeyondWindow);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(known.total().key.outcome, Outcome::Received);
    assert_eq!((known.due_at, known.attention), (None, None));
    assert_eq!(rig.events(BILLNO).await, ["imported", "query NOT_FOUND"]);
}

#[tokio::test(start_paused = true)]
async fn within_the_30_days_what_wechat_pay_says_takes_the_place_of_the_file() {
    let rig = Rig::new();
    imported(&rig, &claim("已领取", DAY)).await;
    let sent_at = start() - DAY * 2;
    rig.payer.says(Say::Body(record_sent_at(BILLNO, "REFUND", sent_at)));
    assert_eq!(look(&rig).await, 1);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(account().verdict_of(&known, start()), Verdict::Refunded);
    assert_eq!((known.sent_at, known.answered_at.is_some()), (Some(sent_at), true));
    assert_eq!((&*known.seen.unwrap().status, known.due_at), ("REFUND", None));
    // the file is compared from now on, and changes nothing
    let again = imported(&rig, &claim("已领取", DAY)).await;
    assert_eq!(again, Imported::Known(vec!["send_time", "status"]));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_stays_and_its_differences_are_told() {
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await.unwrap();
    let before = rig.inquiry(BILLNO).await;
    let same = Claim { remark: None, ..claim("SENT", SignedDuration::ZERO) };
    assert_eq!(imported(&rig, &same).await, Imported::Known(vec![]));
    let other = Claim {
        total_amount: fen(1_001),
        openid: Some("o".into()),
        act_name: Some("a".into()),
        sender_name: Some("s".into()),
        business_ref: Some("r".into()),
        wishing: Some("w".into()),
        ..claim("FAILED", DAY * 2)
    };
    let differences = vec![
        "total_amount",
        "openid",
        "act_name",
        "sender_name",
        "business_ref",
        "send_time",
        "wishing",
        "remark",
    ];
    assert_eq!(imported(&rig, &other).await, Imported::Known(differences));
    assert_eq!(rig.inquiry(BILLNO).await, before);
    // another number of a reference that was paid from here is not taken in
    let taken = Claim { mch_billno: "2".into(), ..claim("SENT", DAY) };
    assert_eq!(imported(&rig, &taken).await, Imported::RefTaken(BILLNO.into()));
    assert_eq!(rig.ledger.inquiry(&Key::new(MCH, "2")).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn importing_twice_changes_nothing_and_a_preview_never_does() {
    let rig = Rig::new();
    let claim = claim("RECEIVED", DAY * 31);
    assert_eq!(preview(&*rig.ledger, &account(), &claim).await.unwrap(), Imported::New);
    let key = Key::new(MCH, BILLNO);
    assert_eq!(rig.ledger.inquiry(&key).await.unwrap(), None);
    assert_eq!(imported(&rig, &claim).await, Imported::New);
    let once = rig.inquiry(BILLNO).await;
    rig.clock.advance(DAY);
    assert_eq!(imported(&rig, &claim).await, Imported::Known(vec![]));
    assert_eq!(rig.inquiry(BILLNO).await, once);
    assert_eq!(rig.history(BILLNO).await.len(), 1);
}

/// A ledger in which somebody else pays under the reference between a look at it and the commit.
#[derive(Debug)]
struct PaidMeanwhile {
    below: Arc<MemoryLedger>,
    payment: Mutex<Option<InquiryCommit>>,
}

#[async_trait]
impl Inquiries for PaidMeanwhile {
    async fn inquiry(&self, key: &Key) -> Result<Option<Inquiry>, LedgerError> {
        self.below.inquiry(key).await
    }

    async fn inquiries_of_ref(&self, mch: &str, name: &str) -> Result<Vec<Inquiry>, LedgerError> {
        let found = self.below.inquiries_of_ref(mch, name).await;
        let payment = self.payment.lock().unwrap().take();
        if let Some(payment) = payment {
            self.below.commit_inquiry(payment).await.unwrap();
        }
        found
    }

    async fn commit_inquiry(&self, commit: InquiryCommit) -> Result<u64, LedgerError> {
        self.below.commit_inquiry(commit).await
    }

    async fn inquiry_history(&self, _: &Key) -> Result<Vec<Entry>, LedgerError> {
        unreachable!()
    }

    async fn inquiries(&self, _: &str, _: &InquiryFilter) -> Result<Vec<Inquiry>, LedgerError> {
        unreachable!()
    }

    async fn due_inquiries(
        &self,
        _: &str,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        unreachable!()
    }

    async fn claim_due_inquiries(
        &self,
        _: &str,
        _: Timestamp,
        _: &Lease,
        _: u32,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        unreachable!()
    }

    async fn claim_inquiry(&self, _: &Key, _: Timestamp, _: &Lease) -> Result<Leased, LedgerError> {
        unreachable!()
    }

    async fn release_inquiry(&self, _: &Key, _: &str) -> Result<(), LedgerError> {
        unreachable!()
    }

    async fn lease_pace(&self, _: &SliceRequest, _: Timestamp) -> Result<u64, LedgerError> {
        unreachable!()
    }

    async fn next_due(&self, _: &str) -> Result<(Option<Timestamp>, u64), LedgerError> {
        unreachable!()
    }

    async fn begin_run(&self, _: &str, _: &str, _: Timestamp) -> Result<Timestamp, LedgerError> {
        unreachable!()
    }

    async fn sight(&self, _: &str, _: &str, _: Vec<Sighting>) -> Result<Vec<u64>, LedgerError> {
        unreachable!()
    }

    async fn unsighted(
        &self,
        _: &str,
        _: &str,
        _: &InquiryFilter,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        unreachable!()
    }

    async fn end_run(&self, _: &str, _: &str) -> Result<(), LedgerError> {
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_is_paid_while_a_row_is_imported_is_taken() {
    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some("2"), Some(REF))).await.unwrap();
    let entries = rig.history("2").await;
    let inquiry = Inquiry { version: 0, ..rig.inquiry("2").await };
    let paid = InquiryCommit { inquiry, expect: Expect::Absent, numbers_of_ref: Some(0), entries };
    let other = Rig::new();
    let ledger = PaidMeanwhile { below: other.ledger.clone(), payment: Mutex::new(Some(paid)) };
    let row = claim("SENT", DAY);
    let imported = import(&ledger, &account(), &row, start()).await.unwrap();
    assert_eq!(imported, Imported::RefTaken("2".into()));
    assert_eq!(other.ledger.inquiry(&Key::new(MCH, BILLNO)).await.unwrap(), None);
}

#[test]
fn status_words_are_known_in_both_languages_and_others_are_no_error() {
    let claimed = |word: &str| claim(word, DAY).claimed();
    for (words, status) in [
        (["RECEIVED", "已领取"], Status::Received),
        (["refund", "已退款"], Status::Refund),
        (["FAILED", " 发放失败 "], Status::Failed),
        (["REFUNDING", "退款中"], Status::RefundIng),
        (["SENDING", "发放中"], Status::Sending),
        (["SENT", "已发放待领取"], Status::Sent),
    ] {
        for word in words {
            assert_eq!(claimed(word), Some(status.clone()), "{word}");
        }
    }
    for other in ["", "IMPORTED", "领了一半", "OK"] {
        assert_eq!(claimed(other), None, "{other}");
    }
}

#[test]
fn what_can_be_true_of_no_packet_is_a_fault() {
    let fault = |claim: Claim| claim.fault(start());
    assert_eq!(fault(claim("SENT", SignedDuration::ZERO)), None);
    assert_eq!(fault(claim("SENT", -DAY)), None, "their clock may be ahead");
    assert_eq!(fault(claim("SENT", -DAY - DAY)), Some(ClaimFault::SentAhead));
    let long = |chars: usize| Some("红".repeat(chars).into_boxed_str());
    let of = |chars| Claim { business_ref: long(chars), ..Claim::of(BILLNO.into()) };
    assert_eq!((fault(of(128)), fault(of(129))), (None, Some(ClaimFault::TooLong)));
}

proptest! {
    #[test]
    fn no_claim_ever_becomes_a_verdict(
        status in prop_oneof![
            prop::sample::select(vec!["FAILED", "RECEIVED", "REFUND", "已领取", "发放失败"]).prop_map(String::from),
            ".{0,12}",
        ],
        hours in prop::option::of(0_i64..24 * 90),
        received in prop::option::of(0_u64..500),
        refunded in prop::option::of(0_u64..500),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ledger = hongbao_ledger::MemoryLedger::new();
            let claim = Claim {
                status: Some(status.into()),
                sent_at: hours.map(|hours| start() - SignedDuration::from_hours(hours)),
                received: received.and_then(Fen::new),
                refunded: refunded.and_then(Fen::new),
                ..Claim::of(BILLNO.into())
            };
            import(&ledger, &account(), &claim, start()).await.unwrap();
            let key = Key::new(MCH, BILLNO);
            let known = ledger.inquiry(&key).await.unwrap().unwrap();
            for later in [0, 1, 24, 24 * 40] {
                let now = start() + SignedDuration::from_hours(later);
                let verdict = account().verdict_of(&known, now);
                prop_assert!(!verdict.is_final() && !verdict.new_billno_permitted());
            }
            let again = import(&ledger, &account(), &claim, start()).await.unwrap();
            prop_assert!(matches!(again, Imported::Known(_)));
            prop_assert_eq!(ledger.inquiry(&key).await.unwrap(), Some(known));
            Ok(())
        })?;
    }
}

/// The record that the payer of the tests makes has no receiver and no activity.
#[tokio::test(start_paused = true)]
async fn what_only_one_side_says_is_no_difference() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let silent = Claim { business_ref: None, ..claim("已领取", DAY) };
    assert_eq!(imported(&rig, &silent).await, Imported::Known(vec![]));
}
