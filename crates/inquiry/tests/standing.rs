//! What the ledger proves: its words permit nothing, only a reply that verifies does.
#![allow(clippy::unwrap_used)]

mod common;

use common::payer::{Say, record, unsigned};
use common::{BILLNO, DAY, HOUR, Rig, account, api_key, payment, secs};
use hongbao_inquiry::Freshness::New;
use hongbao_inquiry::{Account, Origin, Schedule};
use hongbao_ledger::Inquiry;
use hongbao_wire::observation::Unreadable;
use hongbao_wire::sign::Policy;
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{ApiKey, NextStep, Verdict};
use jiff::SignedDuration;

const REF: &str = "1";

fn unproven() -> Verdict {
    Verdict::Unknown(Unknown::Unreadable(Unreadable::Recalled))
}

fn other_key() -> Account {
    Account { api_key: ApiKey::new(*b"192006250b4c09247ec02edce69f6a2e"), ..account() }
}

/// A reference whose only number failed, which the ledger's account believes.
async fn failed(rig: &Rig, reply: Vec<u8>) {
    rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await.unwrap();
    rig.payer.says(Say::Body(reply));
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert!(asked.verdict.new_billno_permitted());
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_another_key_does_not_prove_permits_nothing() {
    let rig = Rig::new();
    failed(&rig, record(BILLNO, "FAILED")).await;
    let rotated = rig.as_account(other_key());
    let recalled = rotated.recall(BILLNO).await.unwrap().unwrap();
    assert_eq!(recalled.verdict, unproven());
    assert_eq!(recalled.verdict.next_step(), NextStep::PersonLooks);
    // the reference takes the same number again, not a new one
    let again = rotated.send(&payment(None, Some(REF))).await.unwrap();
    assert_eq!(again.inquiry.key.mch_billno.as_str(), BILLNO);
    let fresh = rotated.send(&payment(Some("2"), Some(REF))).await.unwrap_err();
    assert_eq!(fresh.code(), "SEND_REF_OPEN");
    // the key that proves it still does
    let recalled = rig.inquirer.recall(BILLNO).await.unwrap().unwrap();
    assert!(recalled.verdict.new_billno_permitted());
}

/// A change of key does not make the memory unproven where the former key is kept.
#[tokio::test(start_paused = true)]
async fn a_former_key_still_proves_what_it_signed() {
    let rig = Rig::new();
    failed(&rig, record(BILLNO, "FAILED")).await;
    let keeping = Account { former_api_keys: vec![api_key()], ..other_key() };
    let rotated = rig.as_account(keeping);
    assert!(rotated.recall(BILLNO).await.unwrap().unwrap().verdict.new_billno_permitted());
    rotated.send(&payment(Some("2"), Some(REF))).await.unwrap();
}

/// Without it, what was received stays received, also past the 30 days: that permits nothing.
#[tokio::test(start_paused = true)]
async fn what_was_received_stays_so_when_the_key_changes() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.clock.advance(SignedDuration::from_hours(31 * 24));
    let rotated = rig.as_account(other_key());
    assert_eq!(rotated.recall(BILLNO).await.unwrap().unwrap().verdict, Verdict::Received);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_a_stricter_policy_does_not_accept_permits_nothing() {
    let lenient = Account { policy: Policy::VerifyIfPresent, ..account() };
    let rig = Rig::with(lenient, 20);
    failed(&rig, unsigned(BILLNO, "FAILED")).await;
    let strict = rig.as_account(account());
    assert_eq!(strict.recall(BILLNO).await.unwrap().unwrap().verdict, unproven());
    let fresh = strict.send(&payment(Some("2"), Some(REF))).await.unwrap_err();
    assert_eq!(fresh.code(), "SEND_REF_OPEN");
    // it is asked anew, and the proof that then comes is one
    rig.payer.says(Say::Body(record(BILLNO, "FAILED")));
    let asked = strict.ask(BILLNO, New).await.unwrap();
    assert!(asked.verdict.new_billno_permitted());
    assert!(matches!(asked.origin, Origin::Upstream(_)));
    strict.send(&payment(Some("2"), Some(REF))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_word_in_the_ledger_is_no_proof() {
    let rig = Rig::new();
    failed(&rig, record(BILLNO, "FAILED")).await;
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((&*known.conclusion.verdict, known.conclusion.is_final), ("failed", true));
    for reply in [None, Some(unsigned(BILLNO, "FAILED")), Some(record("2", "FAILED"))] {
        spoil(&rig, reply).await;
        assert_eq!(rig.inquirer.recall(BILLNO).await.unwrap().unwrap().verdict, unproven());
        let fresh = rig.inquirer.send(&payment(Some("2"), Some(REF))).await.unwrap_err();
        assert_eq!(fresh.code(), "SEND_REF_OPEN");
    }
}

/// Changes the kept reply, and nothing else.
async fn spoil(rig: &Rig, reply: Option<Vec<u8>>) {
    use hongbao_ledger::inquiry::InquiryCommit;
    use hongbao_ledger::{Entry, Expect, Inquiries, Source};
    let mut inquiry = rig.inquiry(BILLNO).await;
    let expect = Expect::Version(inquiry.version);
    inquiry.reply = reply.map(Into::into);
    let entry =
        Entry { at: common::start(), source: Source::Admin, event: "spoilt".into(), raw: None };
    let commit = InquiryCommit { inquiry, expect, numbers_of_ref: None, entries: vec![entry] };
    rig.ledger.commit_inquiry(commit).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_permits_nothing_may_be_recalled_by_its_words() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_ne!(api_key().expose(), other_key().api_key.expose());
    let rotated = rig.as_account(other_key());
    assert_eq!(rotated.recall(BILLNO).await.unwrap().unwrap().verdict, Verdict::Received);
}

#[tokio::test(start_paused = true)]
async fn who_needs_a_person_is_judged_now_though_nobody_followed() {
    let schedule = Schedule::default();
    let at = |rig: &Rig, inquiry: &Inquiry, by: SignedDuration| {
        let now = rig.inquirer.now() + by;
        account().attention_of(inquiry, &schedule, now).map(str::to_owned)
    };
    let unknown = Some("unknown_too_long".to_owned());
    let closed = Some("window_closed".to_owned());
    // not found, and never sent from here
    let rig = Rig::new();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(known.attention, None);
    assert_eq!(at(&rig, &known, 25 * HOUR), None);
    assert_eq!(at(&rig, &known, 25 * HOUR + secs(1)), unknown);
    assert_eq!(at(&rig, &known, 31 * DAY), closed);
    // open, until its window has closed
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(at(&rig, &known, 29 * DAY), None);
    assert_eq!(at(&rig, &known, 31 * DAY), closed);
    assert_eq!(rig.inquiry(BILLNO).await, known, "nothing was committed");
    // what is final needs nobody, and what nobody asks about any more is as it was put down
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(at(&rig, &known, 31 * DAY), None);
    let settled_and_due = Inquiry { due_at: Some(rig.inquirer.now()), ..known.clone() };
    assert_eq!(at(&rig, &settled_and_due, 31 * DAY), None);
    let put_down = Inquiry { attention: Some("contradiction".into()), ..known };
    assert_eq!(at(&rig, &put_down, DAY), Some("contradiction".to_owned()));
}
