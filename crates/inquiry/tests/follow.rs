//! Following: every number until it is final, or until a person looks.
#![allow(clippy::unwrap_used)]

mod common;

use common::payer::{Say, failure, record, record_sent_at};
use common::{BILLNO, DAY, HOUR, Rig, account, payment, secs, start};
use hongbao_inquiry::Account;
use hongbao_inquiry::Freshness::New;
use hongbao_inquiry::follow::{Event, FollowOptions, Follower, Round, Until};
use hongbao_ledger::Inquiries;
use std::sync::Arc;

fn follower(rig: &Rig) -> Follower {
    Follower::new(rig.inquirer.clone(), FollowOptions::default())
}

/// What happened, in words.
fn word(event: &Event) -> String {
    match event {
        Event::Asked(asked) => format!("asked: {}", asked.inquiry.conclusion.verdict),
        Event::Resent(sent) => format!("resent: {}", sent.inquiry.conclusion.verdict),
        Event::Failed { error, .. } => format!("failed: {}", error.code()),
    }
}

/// Looks once at what is due.
async fn look(rig: &Rig) -> Vec<String> {
    let mut events = Vec::new();
    follower(rig).round(&mut |event| events.push(word(&event))).await.unwrap();
    events
}

/// Moves the clock to when the next number is due, and looks.
async fn next(rig: &Rig) -> Vec<String> {
    let (next, _) = rig.ledger.next_due(common::MCH).await.unwrap();
    let now = rig.inquirer.now();
    rig.clock.advance(next.unwrap().duration_since(now).max(secs(0)));
    look(rig).await
}

#[tokio::test(start_paused = true)]
async fn until_it_is_final() {
    let rig = Rig::new();
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    assert_eq!(look(&rig).await, Vec::<String>::new(), "not due yet");
    let says = [failure("SYSTEMERROR"), record(BILLNO, "SENT"), record(BILLNO, "RECEIVED")];
    for (said, word) in says.into_iter().zip(["no_answer", "open", "received"]) {
        rig.payer.says(Say::Body(said));
        assert_eq!(next(&rig).await, [format!("asked: {word}")]);
    }
    assert_eq!(rig.ledger.next_due(common::MCH).await.unwrap(), (None, 0));
    follower(&rig).run(Until::AllDone, std::future::pending(), |_| panic!()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_send_that_nobody_saw_arrive_is_asked_about() {
    let rig = Rig::new();
    {
        let pay = payment(Some(BILLNO), None);
        let mut dying = Box::pin(rig.inquirer.send(&pay));
        assert!(futures_util::FutureExt::now_or_never(&mut dying).is_none());
    }
    assert_eq!(rig.payer.calls(), ["send"]);
    assert_eq!(rig.inquiry(BILLNO).await.due_at, Some(start() + secs(60)));
    assert_eq!(next(&rig).await, ["asked: unknown"]);
    assert_eq!(next(&rig).await, ["resent: open"]);
}

#[tokio::test(start_paused = true)]
async fn not_found_is_sent_again_under_the_same_number_for_20_hours() {
    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some(BILLNO), Some("1"))).await.unwrap();
    let mut last_send = start();
    while rig.inquirer.now() < start() + 40 * HOUR {
        // every send is lost, and every query finds nothing
        let before = rig.payer.calls().len();
        rig.payer.says(if resends(&rig).await { Say::Lost } else { not_found() });
        next(&rig).await;
        assert_eq!(rig.payer.calls().len(), before + 1);
        if rig.payer.calls().last() == Some(&"send") {
            last_send = rig.inquirer.now();
        }
    }
    assert!(rig.payer.posts().iter().all(|post| post.mch_billno == BILLNO));
    let age = last_send.duration_since(start());
    assert!(age > 18 * HOUR && age <= 20 * HOUR, "the last send came after {age:?}");
    assert_eq!(rig.inquiry(BILLNO).await.attention.as_deref(), Some("unknown_too_long"));
}

fn not_found() -> Say {
    Say::Body(failure("NOT_FOUND"))
}

/// Whether the number would be sent again by the rule that the pages state.
async fn resends(rig: &Rig) -> bool {
    let known = rig.inquiry(BILLNO).await;
    let due = known.due_at.unwrap().max(rig.inquirer.now());
    let young = due.duration_since(known.sent_at.unwrap()) <= 20 * HOUR;
    young && known.conclusion.cause.as_deref() == Some("not_found")
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_or_cannot_be_sent_is_only_asked_about() {
    let rig = Rig::new();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert_eq!(next(&rig).await, ["asked: unknown"]);
    assert_eq!(rig.payer.calls(), ["query", "query"]);

    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    let cannot = Account { workwx_secret: None, ..account() };
    let mute = Follower::new(rig.as_account(cannot), FollowOptions::default());
    for _ in 0..3 {
        rig.clock.advance(HOUR);
        let mut events = Vec::new();
        mute.round(&mut |event| events.push(word(&event))).await.unwrap();
        assert_eq!(events, ["asked: unknown"]);
    }
    assert_eq!(rig.payer.calls(), ["send", "query", "query", "query"]);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_called_with_the_reason() {
    // unknown for longer than configured, and asked on
    let rig = Rig::new();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.clock.advance(25 * HOUR + secs(1));
    assert_eq!(look(&rig).await, ["asked: unknown"]);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!(known.attention.as_deref(), Some("unknown_too_long"));
    assert!(known.due_at.is_some());
    // an answer dismisses the person
    rig.payer.says(Say::Body(record(BILLNO, "SENT")));
    next(&rig).await;
    assert_eq!(rig.inquiry(BILLNO).await.attention, None);

    // the window closed while nobody followed
    let rig = Rig::new();
    rig.payer.says(Say::Body(record_sent_at(BILLNO, "SENT", start())));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    rig.clock.advance(31 * DAY);
    assert_eq!(look(&rig).await, ["asked: beyond_window"]);
    let known = rig.inquiry(BILLNO).await;
    assert_eq!((known.attention.as_deref(), known.due_at), (Some("window_closed"), None));
    assert_eq!(rig.payer.calls(), ["query", "query"], "a last question, as a clock may be wrong");

    // or while somebody did
    let rig = Rig::new();
    rig.payer.says(Say::Body(record_sent_at(BILLNO, "SENT", start())));
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let mut asked = start();
    while rig.ledger.next_due(common::MCH).await.unwrap().0.is_some() {
        rig.payer.says(Say::Body(record_sent_at(BILLNO, "SENT", start())));
        next(&rig).await;
        asked = rig.inquirer.now();
    }
    assert_eq!(asked, start() + 30 * DAY - 2 * HOUR);
    assert_eq!(rig.inquiry(BILLNO).await.attention.as_deref(), Some("window_closed"));
}

#[tokio::test(start_paused = true)]
async fn many_are_asked_in_batches_and_one_that_fails_does_not_stop_the_rest() {
    let rig = Rig::new();
    for number in 0..5 {
        rig.inquirer.ask(&number.to_string(), New).await.unwrap();
    }
    rig.clock.advance(HOUR);
    let options = FollowOptions { concurrency: 2, batch: 3, ..FollowOptions::default() };
    let follower = Follower::new(rig.inquirer.clone(), options);
    let mut rounds = Vec::new();
    for _ in 0..3 {
        rounds.push(follower.round(&mut |_| {}).await.unwrap());
    }
    assert_eq!(rounds, [3, 2, 0].map(|done| Round { done, failed: 0 }));
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_told_or_when_nothing_is_due() {
    let rig = Rig::new();
    rig.inquirer.ask(BILLNO, New).await.unwrap();
    let none = |_: Event| panic!("nothing is due");
    follower(&rig).run(Until::NothingDue, std::future::pending(), none).await.unwrap();
    let began = tokio::time::Instant::now();
    let stop = tokio::time::sleep(std::time::Duration::from_secs(12));
    follower(&rig).run(Until::Stopped, stop, none).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 12);
    // and it looks again by itself: others add numbers too
    let moves = async {
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
        rig.clock.advance(HOUR);
        rig.payer.says(Say::Body(record(BILLNO, "RECEIVED")));
    };
    let mut events = Vec::new();
    let ours = follower(&rig);
    let on_event = |event: Event| events.push(word(&event));
    let run = ours.run(Until::AllDone, std::future::pending(), on_event);
    let (all_done, ()) = tokio::join!(run, moves);
    all_done.unwrap();
    assert_eq!(events, ["asked: received"]);
}

#[tokio::test(start_paused = true)]
async fn two_followers_of_one_ledger_do_no_harm() {
    let rig = Rig::new();
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some(BILLNO), Some("1"))).await.unwrap();
    rig.clock.advance(HOUR);
    let other = Follower::new(rig.as_account(account()), FollowOptions::default());
    let ours = follower(&rig);
    let both = async || {
        let (mut one, mut two) = (|_: Event| {}, |_: Event| {});
        let (one, two) = tokio::join!(ours.round(&mut one), other.round(&mut two));
        (one.unwrap(), two.unwrap())
    };
    let each = Round { done: 1, failed: 0 };
    assert_eq!(both().await, (each, each));
    rig.clock.advance(HOUR);
    // the first to note a send moves when it is due: the other finds nothing to do
    let (one, two) = both().await;
    assert_eq!(one.done + two.done, 1);
    let sends = rig.payer.posts().into_iter().filter(|p| p.call == hongbao_client::Call::Send);
    assert!(sends.map(|post| post.mch_billno).all(|billno| billno == BILLNO));
    assert_eq!(Arc::strong_count(&rig.inquirer), 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_months_ahead_leaves_no_number_unasked() {
    let rig = Rig::new();
    let ahead = 100 * DAY;
    rig.clock.advance(ahead);
    rig.payer.says(Say::Lost);
    rig.inquirer.send(&payment(Some(BILLNO), None)).await.unwrap();
    rig.inquirer.send(&payment(Some("2"), None)).await.unwrap();
    rig.clock.advance(-ahead);
    rig.inquirer.ask("3", New).await.unwrap();
    let right = rig.inquirer.now();
    // set right, both are asked about at once, and from then on as ever
    rig.payer.says(Say::Body(record("2", "SENT")));
    rig.payer.says(not_found());
    let mut events = Vec::new();
    let ours = follower(&rig);
    ours.run(Until::NothingDue, std::future::pending(), |event| events.push(word(&event)))
        .await
        .unwrap();
    events.sort();
    assert_eq!(events, ["asked: open", "asked: unknown"]);
    for billno in [BILLNO, "2", "3"] {
        let due = rig.inquiry(billno).await.due_at.unwrap();
        assert!(due > right && due <= right + DAY, "{billno} is due at {due}");
    }
    assert_eq!(rig.inquiry(BILLNO).await.unknown_since, Some(right));
    // how old the send is nobody knows any more: it is not sent again, and a person is called
    let sends = || rig.payer.calls().into_iter().filter(|call| *call == "send").count();
    assert_eq!(sends(), 2);
    while rig.inquirer.now() <= right + 2 * DAY {
        next(&rig).await;
    }
    assert_eq!(rig.inquiry(BILLNO).await.attention.as_deref(), Some("unknown_too_long"));
    // when the clock is as late as it was
    rig.clock.advance(ahead - 2 * DAY);
    look(&rig).await;
    look(&rig).await;
    assert_eq!(sends(), 2);
}
