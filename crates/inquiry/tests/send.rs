//! Paying: the number first, then the bytes; one number of a reference at a time.
#![allow(clippy::unwrap_used)]

mod common;

use common::payer::{Say, failure, record, unsigned};
use common::{BILLNO, DAY, HOUR, Rig, account, order, payment, secs, start};
use hongbao_client::{Call, Rate};
use hongbao_inquiry::Freshness::New;
use hongbao_inquiry::follow::Event;
use hongbao_inquiry::{InquiryError, Origin, SendRefusal, Sent};
use hongbao_ledger::record::Order;
use hongbao_wire::Verdict;
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::verdict::{NoAnswer, Open, Unknown};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const REF: &str = "salary/2026-07/0001";

fn number(sent: &Sent) -> String {
    sent.inquiry.key.mch_billno.as_str().to_owned()
}

fn refusal(result: Result<Sent, InquiryError>) -> SendRefusal {
    match result {
        Err(InquiryError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_and_its_parameters_are_durable_before_the_first_byte() {
    let rig = Rig::new();
    let sent = rig.inquirer.send(&payment(None, Some(REF))).await.unwrap();
    let post = rig.payer.posts().remove(0);
    assert_eq!((post.call, &post.mch_billno), (Call::Send, &number(&sent)));
    assert!(post.mch_billno.starts_with("1000009820260720"), "{}", post.mch_billno);
    assert_eq!(post.events, ["send intended"]);
    let noted = post.known.unwrap();
    assert_eq!((noted.order, noted.business_ref.as_deref()), (Some(order()), Some(REF)));
    assert_eq!((noted.sends, noted.sent_at), (1, Some(start())));
    assert_eq!(noted.due_at, Some(start() + secs(60)));

    assert_eq!(sent.verdict, Verdict::Open(Open::Accepted));
    let known = rig.inquiry(&number(&sent)).await;
    assert_eq!(known, sent.inquiry);
    assert!(known.send_reply.is_some());
    assert_eq!(known.due_at, Some(start() + secs(5)));
    assert_eq!(rig.events(&number(&sent)).await, ["send intended", "send accepted"]);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_with_another_parameter_is_refused_here() {
    type Change = fn(&mut Order);
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    let changes: [(&str, Change); 9] = [
        ("re_openid", |order| order.re_openid = "oxTWIuGaIt6gTKsQRLau2M0yL16F".into()),
        ("total_amount", |order| order.total_amount = hongbao_wire::Fen::new(1_001).unwrap()),
        ("wxappid", |order| order.wxappid = "wx9999999999999999".into()),
        ("wishing", |order| order.wishing = "other".into()),
        ("act_name", |order| order.act_name = "other".into()),
        ("remark", |order| order.remark = "other".into()),
        ("sender_name", |order| order.sender = Sender::Company),
        ("sender_header_media_id", |order| order.sender_header_media_id = Some("1".into())),
        ("scene_id", |order| order.scene = Some(Scene::Lottery)),
    ];
    for (field, change) in changes {
        let mut other = payment(Some(BILLNO), None);
        change(&mut other.order);
        let mch_billno = BILLNO.into();
        let refused = refusal(rig.inquirer.send(&other).await);
        assert_eq!(refused, SendRefusal::OtherParameters { mch_billno, field });
    }
    assert_eq!(rig.payer.calls(), ["send"]);
    // the same once more is what WeChat Pay takes for the same packet
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    assert_eq!(rig.payer.calls(), ["send", "send"]);
    assert_eq!(rig.inquiry(BILLNO).await.sends, 2);
}

#[tokio::test(start_paused = true)]
async fn a_reference_keeps_its_number_until_that_failed_for_certain() {
    let rig = Rig::new();
    let first = number(&rig.inquirer.send(&payment(None, Some(REF))).await.unwrap());
    let other = payment(Some(BILLNO), Some(REF));
    let open =
        SendRefusal::ReferenceOpen { business_ref: REF.into(), mch_billno: first.as_str().into() };
    // nothing but a verified FAILED frees it
    let says = [
        Say::Lost,
        Say::Body(failure("NOT_FOUND")),
        Say::Body(failure("SEND_FAILED")),
        Say::Body(unsigned(&first, "FAILED")),
        Say::Body(record(&first, "SENDING")),
    ];
    for say in says {
        rig.payer.says(say.clone());
        rig.inquirer.ask(&first, New).await.unwrap();
        assert_eq!(refusal(rig.inquirer.send(&other).await), open, "{say:?}");
        let again = rig.inquirer.send(&payment(None, Some(REF))).await.unwrap();
        assert_eq!(number(&again), first, "{say:?}");
    }
    rig.payer.says(Say::Body(failure("SEND_FAILED")));
    let said = rig.inquirer.send(&payment(None, Some(REF))).await.unwrap();
    assert_eq!(said.verdict, Verdict::Unknown(Unknown::SaidFailed));
    assert_eq!(refusal(rig.inquirer.send(&other).await), open);

    rig.payer.says(Say::Body(record(&first, "FAILED")));
    rig.inquirer.ask(&first, New).await.unwrap();
    let second = rig.inquirer.send(&payment(None, Some(REF))).await.unwrap();
    assert_ne!(number(&second), first);
    // and now that one is the reference's
    let refused = refusal(rig.inquirer.send(&other).await);
    assert!(matches!(refused, SendRefusal::ReferenceOpen { mch_billno, .. }
        if mch_billno.as_str() == number(&second)));
    let old = rig.inquirer.send(&payment(Some(&first), Some(REF))).await.unwrap();
    assert!(old.verdict.new_billno_permitted(), "the old one failed, and is not sent again");
    assert!(matches!(old.origin, Origin::Ledger { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_paid_reference_is_answered_from_the_ledger() {
    for (status, verdict) in [("RECEIVED", Verdict::Received), ("REFUND", Verdict::Refunded)] {
        let rig = Rig::new();
        let first = number(&rig.inquirer.send(&payment(None, Some(REF))).await.unwrap());
        rig.payer.says(Say::Body(record(&first, status)));
        rig.inquirer.ask(&first, New).await.unwrap();
        for given in [None, Some(first.as_str())] {
            let again = rig.inquirer.send(&payment(given, Some(REF))).await.unwrap();
            assert_eq!((number(&again), &again.verdict), (first.clone(), &verdict));
            assert!(matches!(again.origin, Origin::Ledger { .. }));
        }
        let other = rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await;
        assert_eq!(refusal(other).code(), "SEND_REF_OPEN");
        assert_eq!(rig.payer.calls(), ["send", "query"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_belongs_to_its_reference_or_to_none_for_ever() {
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    // taken for an answer, "received" would leave the reference free to be paid once more
    let refused = refusal(rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await);
    assert_eq!(refused, SendRefusal::OtherReference { mch_billno: BILLNO.into() });
    let sent = number(&rig.inquirer.send(&payment(None, Some(REF))).await.unwrap());
    let refused = refusal(rig.inquirer.send(&payment(Some(&sent), Some("another"))).await);
    assert_eq!(refused, SendRefusal::OtherReference { mch_billno: sent.as_str().into() });
    // without naming it, the number is what counts
    assert_eq!(number(&rig.inquirer.send(&payment(Some(&sent), None)).await.unwrap()), sent);
    assert_eq!(rig.inquiry(&sent).await.business_ref.as_deref(), Some(REF));
}

#[tokio::test(start_paused = true)]
async fn two_at_once_for_one_reference_send_one_number() {
    let rig = Rig::new();
    let other = rig.as_account(account());
    let (pay, fresh) = (payment(None, Some(REF)), payment(Some(BILLNO), Some(REF)));
    let (one, two) = tokio::join!(rig.inquirer.send(&pay), other.send(&fresh));
    let (one, two) = (number(&one.unwrap()), refusal(two));
    assert!(matches!(two, SendRefusal::ReferenceOpen { .. }));
    let three = tokio::join!(rig.inquirer.send(&pay), other.send(&pay), rig.inquirer.send(&pay));
    for sent in [three.0, three.1, three.2] {
        assert_eq!(number(&sent.unwrap()), one);
    }
    let numbers: Vec<String> = rig.payer.posts().into_iter().map(|p| p.mch_billno).collect();
    assert_eq!(numbers, [one.as_str(); 4]);
    assert_eq!(rig.inquiry(&one).await.sends, 4);
}

#[tokio::test(start_paused = true)]
async fn a_packet_sent_from_elsewhere_is_not_ours_to_send() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let refused = refusal(rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await);
    assert_eq!(refused, SendRefusal::SentElsewhere { mch_billno: BILLNO.into() });
    // one that was only asked about, and that nobody knows, may be sent
    rig.inquirer.ask("2", New).await.unwrap();
    rig.inquirer.send(&payment(Some("2"), Some(REF))).await.unwrap();
    assert_eq!(rig.inquiry("2").await.business_ref.as_deref(), Some(REF));
}

#[tokio::test(start_paused = true)]
async fn a_number_that_was_noted_more_than_a_day_ago_is_not_sent_for_the_first_time() {
    for (by, is_sent) in [(DAY, true), (DAY + secs(1), false), (-(DAY + secs(1)), false)] {
        let rig = Rig::new();
        // as it answers for what is older than 30 days, too
        rig.payer.says(Say::Body(failure("NOT_FOUND")));
        rig.inquirer.ask(BILLNO, New).await.unwrap();
        rig.clock.advance(by);
        let sent = rig.inquirer.send(&payment(Some(BILLNO), None)).await;
        if is_sent {
            sent.unwrap();
            // its first send is known from now on
            rig.clock.advance(DAY + secs(1));
            rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
        } else {
            let refused = SendRefusal::SentElsewhere { mch_billno: BILLNO.into() };
            assert_eq!(refusal(sent), refused, "{by:?}");
            assert_eq!(rig.payer.calls(), ["query"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_send_came_to_decides_when_the_query_is_asked() {
    let cases = [
        (Say::Body(failure("PROCESSING")), Verdict::Open(Open::Processing), 1_200),
        (Say::Body(failure("SYSTEMERROR")), Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Lost, Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Away, Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Body(failure("NOTENOUGH")), Verdict::Open(Open::Refused), 5),
        (Say::Body(failure("SEND_FAILED")), Verdict::Unknown(Unknown::SaidFailed), 5),
        (Say::Body(failure("FATAL_ERROR")), Verdict::Unknown(Unknown::OtherOrder), 5),
        (Say::Body(failure("MONEY_LIMIT")), Verdict::NoAnswer(NoAnswer::FixSetUp), 600),
    ];
    for (say, verdict, due) in cases {
        let rig = Rig::new();
        rig.payer.says(say.clone());
        let sent = rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
        assert_eq!(sent.verdict, verdict, "{say:?}");
        assert_eq!(sent.inquiry.due_at, Some(start() + secs(due)), "{say:?}");
        assert_eq!((sent.inquiry.sends, &sent.inquiry.send_reply), (1, &None), "{say:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_comes_late_does_not_unsettle_what_is_final() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "FAILED")));
    rig.payer.says(Say::Body(failure("SYSTEMERROR")));
    let later = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap()
    };
    let (asked, sent) = tokio::join!(rig.inquirer.ask(BILLNO, New), later);
    assert!(asked.unwrap().verdict.new_billno_permitted());
    assert!(sent.verdict.new_billno_permitted());
    assert_eq!(rig.payer.calls(), ["query", "send"]);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((&*known.conclusion.verdict, known.due_at), ("failed", None));
}

#[tokio::test(start_paused = true)]
async fn over_the_pace_the_intent_is_taken_back() {
    let rig = Rig::with(account(), 1);
    rig.inquirer.ask("1", New).await.unwrap();
    let pay = payment(None, Some(REF));
    let wait_max = Duration::from_millis(100);
    let late = rig.inquirer.send_within(&pay, wait_max).await;
    assert!(matches!(late, Err(InquiryError::OverPace)));
    assert_eq!(rig.payer.calls(), ["query"]);
    let known = rig.inquirer.ledger().inquiries_of_ref(common::MCH, REF).await.unwrap().remove(0);
    let number_of_ref = known.key.mch_billno.as_str().to_owned();
    assert_eq!((known.sends, known.sent_at, known.due_at), (0, None, None));
    assert_eq!(rig.events(&number_of_ref).await, ["send intended", "send withheld"]);
    // the number and its parameters stay the reference's
    let mut other = pay.clone();
    other.order.re_openid = "oAnother".into();
    assert_eq!(rig.inquirer.send(&other).await.unwrap_err().code(), "SEND_OTHER_PARAMETERS");
    let sent = rig.inquirer.send_within(&pay, Duration::from_secs(2)).await.unwrap();
    assert_eq!((number(&sent), sent.inquiry.sends), (number_of_ref.clone(), 1));
    // one that was sent before stays sent
    let late = rig.inquirer.send_within(&pay, wait_max).await;
    assert!(matches!(late, Err(InquiryError::OverPace)));
    let known = rig.inquiry(&number_of_ref).await;
    assert_eq!((known.sends, known.sent_at), (1, Some(start())));
    assert!(known.due_at.is_some());
    // one that was only asked about was never sent
    let late = rig.inquirer.send_within(&payment(Some("1"), None), wait_max).await;
    assert!(matches!(late, Err(InquiryError::OverPace)));
    let known = rig.inquiry("1").await;
    assert_eq!((known.sends, known.sent_at, known.order), (0, None, None), "it binds nobody");
    assert!(known.due_at.is_some(), "whether it exists is still asked");
}

/// The pace gives no turns any more, as when the ledger that grants them is away.
#[tokio::test(start_paused = true)]
async fn a_send_whose_turn_never_comes_ends_before_others_may_take_its_number_up() {
    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.clock.advance(HOUR);
    let pace = rig.inquirer.client().pace();
    pace.forbid();
    let (began, others_at) = (Instant::now(), Duration::from_secs(60));
    let late = timeout(others_at, rig.inquirer.send(&payment(None, Some(REF)))).await;
    assert!(matches!(late, Ok(Err(InquiryError::OverPace))), "{late:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(50));
    let known = rig.inquirer.ledger().inquiries_of_ref(common::MCH, REF).await.unwrap().remove(0);
    assert_eq!((known.sends, known.sent_at, known.due_at), (0, None, None));
    // a follower sends again what NOT_FOUND answered for: that waits no longer, and stays due
    let due = rig.inquiry(BILLNO).await;
    assert_eq!((due.sends, due.conclusion.cause.as_deref()), (1, Some("not_found")));
    let began = Instant::now();
    let late = timeout(others_at, rig.inquirer.step(due)).await;
    let error = match late {
        Ok(Event::Failed { error, .. }) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(error, InquiryError::OverPace), "{error:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(50));
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((known.sends, known.sent_at), (1, Some(start())));
    assert_eq!(known.due_at, Some(start() + HOUR + secs(60)));
    let events = rig.events(BILLNO).await;
    assert_eq!(events[events.len() - 2..], ["send intended", "send withheld"]);
    // turns that come later find nobody who waits
    pace.permit(Rate::per_second(20), None);
    sleep(others_at).await;
    assert_eq!(rig.payer.calls(), ["send", "query"]);
}

#[tokio::test(start_paused = true)]
async fn past_the_window_nothing_is_sent() {
    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    let first = number(&rig.inquirer.send(&payment(None, Some(REF))).await.unwrap());
    rig.clock.advance(30 * DAY + HOUR);
    let late = rig.inquirer.send(&payment(None, Some(REF))).await.unwrap();
    assert_eq!((number(&late), late.verdict), (first, Verdict::BeyondWindow));
    assert!(matches!(late.origin, Origin::Ledger { .. }));
    let other = rig.inquirer.send(&payment(Some(BILLNO), Some(REF))).await;
    assert_eq!(refusal(other).code(), "SEND_REF_OPEN");
    assert_eq!(rig.payer.calls(), ["send"]);
}

#[tokio::test(start_paused = true)]
async fn a_made_number_is_one_that_nobody_has() {
    // both make the same numbers, as their dice are the same
    let rig = Rig::new();
    let other = rig.as_account(account());
    let one = number(&rig.inquirer.send(&payment(None, Some("1"))).await.unwrap());
    let two = number(&other.send(&payment(None, Some("2"))).await.unwrap());
    assert_ne!(one, two);
    assert_eq!(rig.payer.calls(), ["send", "send"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_secret_nothing_is_sent() {
    let rig = Rig::with(hongbao_inquiry::Account { workwx_secret: None, ..account() }, 20);
    let refused = refusal(rig.inquirer.send(&payment(Some(BILLNO), None)).await);
    assert_eq!(refused, SendRefusal::NoSecret);
    assert!(rig.inquirer.recall(BILLNO).await.unwrap().is_none());
}
