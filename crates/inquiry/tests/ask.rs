//! Asking: noted before, kept after, never more often than it must be.
#![allow(clippy::unwrap_used)]

mod common;

use common::payer::{Say, failure, record, record_of, record_sent_at, unsigned};
use common::{APPID, BILLNO, DAY, HOUR, MCH, Rig, account, api_key, payment, secs, start};
use futures_util::FutureExt;
use hongbao_inquiry::Freshness::{New, Since, Within};
use hongbao_inquiry::{Account, Asked, InquiryError, Origin};
use hongbao_ledger::inquiry::InquiryCommit;
use hongbao_ledger::{Entry, Expect, Inquiries, Source};
use hongbao_wire::observation::Unreadable;
use hongbao_wire::verdict::{NoAnswer, Open, Unknown};
use hongbao_wire::{ReplyError, Verdict};
use std::time::Duration;

/// What was concluded, and when it is asked next, seconds after the start.
fn words(asked: &Asked) -> (&str, Option<&str>, Option<i64>) {
    let conclusion = &asked.inquiry.conclusion;
    let due = asked.inquiry.due_at.map(|at| at.duration_since(start()).as_secs());
    (&conclusion.verdict, conclusion.cause.as_deref(), due)
}

/// The same, a little later.
async fn soon<F: Future>(asking: F) -> F::Output {
    tokio::time::sleep(Duration::from_millis(10)).await;
    asking.await
}

#[tokio::test(start_paused = true)]
async fn the_intent_is_noted_before_the_first_byte_and_the_reply_kept_after() {
    let rig = Rig::new();
    let reply = record(BILLNO, "SENT");
    rig.payer.says(Say::Body(reply.clone()));
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();

    let posts = rig.payer.posts();
    assert_eq!(posts[0].events, ["query intended"]);
    let noted = posts[0].known.as_ref().unwrap();
    assert_eq!((noted.version, noted.asks, noted.noted_at), (1, 0, start()));
    // should the process die now, somebody else asks in a minute
    assert_eq!(noted.due_at, Some(start() + secs(60)));

    assert_eq!(asked.verdict, Verdict::Open(Open::Sent));
    assert!(matches!(asked.origin, Origin::Upstream(_)));
    assert_eq!(words(&asked), ("open", Some("sent"), Some(5)));
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(asked.inquiry, known);
    assert_eq!((known.asks, known.asked_at, known.answered_at), (1, Some(start()), Some(start())));
    assert_eq!(known.reply.as_deref(), Some(reply.as_slice()));
    assert_eq!(&*known.seen.unwrap().status, "SENT");
    let intent = ("query intended", Source::Merchant, None);
    let learnt = ("query SENT", Source::Upstream, Some(reply.as_slice()));
    let history = rig.history(BILLNO).await;
    let kept: Vec<_> =
        history.iter().map(|entry| (&*entry.event, entry.source, entry.raw.as_deref())).collect();
    assert_eq!(kept, [intent, learnt]);
}

#[tokio::test(start_paused = true)]
async fn what_is_final_is_never_asked_again() {
    for (status, word) in [("RECEIVED", "received"), ("REFUND", "refunded"), ("FAILED", "failed")] {
        let rig = Rig::new();
        rig.payer.says(Say::Body(record(BILLNO, status)));
        let first = rig.inquirer.ask(BILLNO, New).await.unwrap();
        assert_eq!(words(&first), (word, None, None));
        rig.clock.advance(DAY);
        for freshness in [New, Within(secs(0)), Since(rig.inquirer.now())] {
            let again = rig.inquirer.ask(BILLNO, freshness).await.unwrap();
            assert_eq!(again.verdict, first.verdict);
            assert!(again.verdict.is_final());
            assert!(
                matches!(again.origin, Origin::Ledger { asked_at } if asked_at == Some(start()))
            );
        }
        assert_eq!(rig.payer.calls(), ["query"]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_record_is_an_answer() {
    let sign = |why| Unknown::Unreadable(Unreadable::Reply(ReplyError::Sign(why)));
    let missing = hongbao_wire::sign::SignError::Missing;
    let other = record("100000982026072000000002", "FAILED");
    let cut = record(BILLNO, "FAILED")[..200].to_vec();
    let mut garbled = record(BILLNO, "FAILED");
    garbled.splice(5..5, *b"\x10");
    let xml = |body: &[u8]| hongbao_wire::xml::Document::parse(body).unwrap_err();
    let unreadable = |why| Verdict::Unknown(Unknown::Unreadable(why));
    let cases = [
        (Say::Body(failure("NOT_FOUND")), Verdict::Unknown(Unknown::NotFound), 120),
        (Say::Body(failure("SYSTEMERROR")), Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Body(failure("FREQ_LIMIT")), Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Body(failure("NO_AUTH")), Verdict::NoAnswer(NoAnswer::FixSetUp), 600),
        (Say::Lost, Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Away, Verdict::NoAnswer(NoAnswer::TryAgain), 30),
        (Say::Body(unsigned(BILLNO, "FAILED")), Verdict::Unknown(sign(missing)), 300),
        (Say::Body(other), unreadable(Unreadable::OtherEcho), 300),
        (Say::Body(cut.clone()), unreadable(Unreadable::Xml(xml(&cut))), 300),
        (Say::Body(garbled), unreadable(Unreadable::ControlCharactersStripped), 300),
    ];
    for (say, verdict, due) in cases {
        let rig = Rig::new();
        rig.payer.says(say.clone());
        let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
        assert_eq!(asked.verdict, verdict, "{say:?}");
        let due_at = start() + secs(due);
        assert_eq!(asked.inquiry.due_at, Some(due_at), "{say:?}");
        assert_eq!((asked.inquiry.answered_at, &asked.inquiry.reply), (None, &None), "{say:?}");
        assert_eq!(asked.inquiry.unknown_since, Some(start()), "{say:?}");
        // whatever came is kept for people
        let raw = rig.history(BILLNO).await.pop().unwrap().raw;
        assert_eq!(raw.is_some(), matches!(say, Say::Body(_)), "{say:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn how_old_an_answer_may_be() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let asks = |freshness| {
        let (rig, before) = (&rig, rig.payer.calls().len());
        async move {
            rig.payer.says(Say::Body(record(BILLNO, "SENT")));
            rig.inquirer.ask(BILLNO, freshness).await.unwrap();
            rig.payer.calls().len() > before
        }
    };
    rig.clock.advance(secs(10));
    assert!(!asks(Within(secs(10))).await, "10 s old");
    assert!(!asks(Since(start())).await, "asked at that time");
    assert!(asks(Within(secs(9))).await, "more than 9 s old");
    assert!(asks(Since(start() + secs(11))).await, "not asked since");
    assert!(asks(New).await);
    // what a clock ahead of its time wrote down is no news once it was set right
    rig.clock.advance(-HOUR);
    assert!(asks(Within(HOUR)).await);
    rig.clock.advance(HOUR);
    assert!(asks(New).await);
    rig.clock.advance(-HOUR);
    assert!(asks(Since(start() - HOUR)).await);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_new_enough_since_a_time_but_never_within_an_age() {
    let rig = Rig::new();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.inquirer.ask(BILLNO, Since(start())).await.unwrap();
    assert_eq!(rig.payer.calls().len(), 1);
    rig.inquirer.ask(BILLNO, Within(HOUR)).await.unwrap();
    assert_eq!(rig.payer.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn past_the_window_one_last_question_is_asked_and_then_the_ledger_answers() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record_sent_at(BILLNO, "SENT", start() - HOUR)));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.clock.advance(30 * DAY);
    rig.payer.says(Say::Body(failure("NOT_FOUND")));
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!(asked.verdict, Verdict::BeyondWindow);
    assert!(matches!(asked.origin, Origin::Upstream(_)), "the clock alone closes nothing");
    assert_eq!(words(&asked), ("beyond_window", None, None));
    assert_eq!(asked.inquiry.attention.as_deref(), Some("window_closed"));
    assert_eq!(&*asked.inquiry.seen.as_ref().unwrap().status, "SENT");
    let again = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!(again.inquiry, asked.inquiry);
    let last = start() + 30 * DAY;
    assert!(matches!(again.origin, Origin::Ledger { asked_at } if asked_at == Some(last)));
    assert_eq!(rig.inquirer.recall(BILLNO).await.unwrap().unwrap().verdict, Verdict::BeyondWindow);
    assert_eq!(rig.payer.calls().len(), 2);
    let events = rig.events(BILLNO).await;
    assert_eq!(events, ["query intended", "query SENT", "query NOT_FOUND"]);
}

/// A clock that jumped a month ahead for a moment, or stood far behind when it was sent.
#[tokio::test(start_paused = true)]
async fn a_clock_that_was_wrong_for_a_moment_closes_nothing_for_good() {
    let rig = Rig::new();
    rig.clock.advance(-400 * DAY);
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    rig.clock.advance(400 * DAY);
    rig.payer.says(Say::Body(record_sent_at(BILLNO, "SENT", start())));
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!(words(&asked).0, "open");
    assert_eq!(asked.inquiry.sent_at, Some(start()), "the payer's time, as ours was wrong");
    assert!(asked.inquiry.due_at.is_some());
}

/// A number is asked about under the corpid of its send, whatever the profile's is by now.
#[tokio::test(start_paused = true)]
async fn a_number_is_asked_about_under_the_corpid_of_its_send() {
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    let moved = rig.as_account(Account { appid: "ww2".into(), ..account() });
    moved.ask(BILLNO, New).await.unwrap();
    moved.ask("2", New).await.unwrap();
    let appids: Vec<_> = rig.payer.posts().iter().map(|post| appid_of(&post.body)).collect();
    assert_eq!(appids, [None, Some(APPID.to_owned()), Some("ww2".to_owned())]);
}

fn appid_of(body: &[u8]) -> Option<String> {
    let document = hongbao_wire::xml::Document::parse(body).unwrap();
    document.get("appid").map(str::to_owned)
}

/// What had no answer is asked again by a run that goes on.
#[tokio::test(start_paused = true)]
async fn silence_is_no_answer_to_a_run() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(failure("CA_ERROR")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    let asked = rig.inquirer.ask(BILLNO, Since(start())).await.unwrap();
    assert_eq!(words(&asked).0, "open");
}

#[tokio::test(start_paused = true)]
async fn twins_share_one_question_also_when_the_first_is_given_up() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    let asks = || rig.inquirer.ask(BILLNO, New);
    let (one, two, three) = tokio::join!(asks(), asks(), asks());
    assert_eq!(rig.payer.calls().len(), 1);
    let versions = [one, two, three].map(|asked| asked.unwrap().inquiry.version);
    assert_eq!(versions, [2, 2, 2]);

    // the first is dropped half-way: the second asks, the third waits for it
    rig.payer.says(Say::Lost);
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    let first = tokio::time::timeout(Duration::from_millis(50), asks());
    let (first, second, third) = tokio::join!(first, asks(), asks());
    assert!(first.is_err());
    assert_eq!(second.unwrap().verdict, Verdict::Open(Open::Sent));
    assert_eq!(third.unwrap().verdict, Verdict::Open(Open::Sent));
    assert_eq!(rig.payer.calls().len(), 3);
    // and who comes later asks anew
    asks().await.unwrap();
    assert_eq!(rig.payer.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_learns_meanwhile_is_kept() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    let other = rig.as_account(common::account());
    let ours = rig.inquirer.ask(BILLNO, New);
    let (ours, theirs) = tokio::join!(ours, soon(other.ask(BILLNO, New)));
    assert_eq!(ours.unwrap().verdict, Verdict::Open(Open::Sent));
    assert_eq!(theirs.unwrap().verdict, Verdict::Received);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((known.asks, known.version), (2, 3));
    assert_eq!(rig.events(BILLNO).await, ["query intended", "query SENT", "query RECEIVED"]);

    // the other way round: what is settled stays, and so does the reply that settled it
    let rig = Rig::new();
    let received = record(BILLNO, "RECEIVED");
    rig.payer.says(Say::Body(received.clone()));
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    let other = rig.as_account(common::account());
    let (_, late) = tokio::join!(rig.inquirer.ask(BILLNO, New), soon(other.ask(BILLNO, New)));
    assert_eq!(late.unwrap().verdict, Verdict::Received);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(known.reply.as_deref(), Some(received.as_slice()));
    assert_eq!((&*known.conclusion.verdict, known.due_at), ("received", None));
}

#[tokio::test(start_paused = true)]
async fn two_replies_that_exclude_each_other_are_a_persons() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "FAILED")));
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    let other = rig.as_account(common::account());
    let (_, second) = tokio::join!(rig.inquirer.ask(BILLNO, New), soon(other.ask(BILLNO, New)));
    let contradiction = Verdict::Unknown(Unknown::Contradiction);
    let second = second.unwrap();
    assert_eq!(second.verdict, contradiction);
    assert_eq!(second.inquiry.attention.as_deref(), Some("contradiction"));
    assert_eq!((second.inquiry.is_contradicted, second.inquiry.due_at), (true, None));
    let again = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!((again.verdict, rig.payer.calls().len()), (contradiction, 2));
}

#[tokio::test(start_paused = true)]
async fn over_the_pace_nothing_is_asked() {
    let rig = Rig::with(common::account(), 1);
    rig.inquirer.ask("1", New).await.unwrap();
    let late = rig.inquirer.ask_within(BILLNO, New, Duration::from_millis(100)).await;
    assert!(matches!(late, Err(InquiryError::OverPace)));
    assert_eq!(rig.payer.calls().len(), 1);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((known.asks, known.due_at), (0, Some(start() + secs(60))));
    let waited = rig.inquirer.ask_within(BILLNO, New, Duration::from_secs(2)).await.unwrap();
    assert_eq!(waited.verdict, Verdict::Unknown(Unknown::NotFound));
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_but_due_is_put_down() {
    let rig = Rig::new();
    rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    // another key could not prove it, asked, and noted when to ask next
    let mut inquiry = rig.inquiry(BILLNO).await;
    let expect = Expect::Version(inquiry.version);
    inquiry.due_at = Some(start());
    inquiry.conclusion.verdict = "no_answer".into();
    let at = start();
    let entries =
        vec![Entry { at, source: Source::Upstream, event: "query timed_out".into(), raw: None }];
    let commit = InquiryCommit { inquiry, expect, numbers_of_ref: None, entries };
    rig.ledger.commit_inquiry(commit).await.unwrap();

    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!((asked.verdict, rig.payer.calls().len()), (Verdict::Received, 1));
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((&*known.conclusion.verdict, known.due_at), ("received", None));
    assert_eq!(rig.events(BILLNO).await.last().unwrap(), "settled");
}

#[tokio::test(start_paused = true)]
async fn recalling_asks_nobody() {
    let rig = Rig::new();
    assert!(rig.inquirer.recall(BILLNO).await.unwrap().is_none());
    let dropped = rig.inquirer.ask(BILLNO, New).now_or_never();
    assert!(dropped.is_none());
    let recalled = rig.inquirer.recall(BILLNO).await.unwrap().unwrap();
    assert_eq!(recalled.verdict, Verdict::NoAnswer(NoAnswer::TryAgain));
    assert!(matches!(recalled.origin, Origin::Ledger { asked_at: None }));
}

#[tokio::test(start_paused = true)]
async fn another_merchants_reply_says_nothing() {
    let rig = Rig::new();
    let mut reply = record_of(BILLNO, "FAILED", None);
    reply.mch_id = "10000099".into();
    assert_ne!(MCH, reply.mch_id.as_str());
    rig.payer.says(Say::Body(reply.write(Some(&api_key()))));
    let asked = rig.inquirer.ask(BILLNO, New).await.unwrap();
    let unreadable = Verdict::Unknown(Unknown::Unreadable(Unreadable::OtherEcho));
    assert_eq!(asked.verdict, unreadable);
}
