//! Forgetting a receiver.

use crate::archive::{is_whole, totals, with_raw};
use crate::given::inquiries::{full_inquiry, noted, plainly_ordered};
use crate::given::{
    MCH_ID, OTHER_MCH_ID, at, budget, day, entry, fen, first, full_record, merchant, next, record,
};
use crate::stores::Whole;
use hongbao_ledger::copy::{CopyOptions, copy};
use hongbao_ledger::{
    Book, Budget, Commit, Entry, Finding, Inquiry, InquiryCommit, Key, LedgerError, Link,
    MemoryLedger, Raw, Record, Source,
};
use hongbao_wire::{OpenId, Status};
use std::sync::Arc;

/// Packets of which nothing can change any more: one meant for `oA`, one received by it.
async fn finals(ledger: &Whole) {
    let mut meant = record(MCH_ID, "meant");
    meant.status = Some(Status::Failed);
    meant.order.re_openid = "oA".into();
    let entries = vec![with_raw("accepted", 1, "to oA"), entry("told")];
    let spent = budget(7);
    let commit = Commit {
        entries,
        reply: Some("to oA".into()),
        budget: Some(Budget { re_openid: "oA".into(), ..spent }),
        findings: vec![Finding {
            mch_id: MCH_ID.into(),
            at: at(1),
            first_billno: "meant".into(),
            second_billno: "other".into(),
            re_openid: "oA".into(),
            total_amount: fen(1),
            told: "NOT_FOUND".into(),
        }],
        ..first(meant)
    };
    ledger.commit(commit).await.unwrap();
    let mut received = record(MCH_ID, "received");
    received.status = Some(Status::Received);
    received.receipt = full_record(MCH_ID, "x").receipt;
    received.receipt.as_mut().unwrap().openid = "oA".into();
    ledger.commit(first(received)).await.unwrap();
    ledger.commit(first(record(MCH_ID, "other"))).await.unwrap();
    let mut asked = Inquiry { due_at: None, ..full_inquiry(MCH_ID, "asked") };
    asked.seen.as_mut().unwrap().openid = Some("oA".into());
    let commit = InquiryCommit { entries: vec![with_raw("e", 1, "oA")], ..noted(asked) };
    ledger.commit_inquiry(commit).await.unwrap();
}

pub async fn a_receiver_is_forgotten_everywhere(ledger: Whole) {
    finals(&ledger).await;
    let (openid, alias) = (OpenId::from("oA"), OpenId::from("forgotten"));
    let sums = (totals(&ledger, Book::Records).await, totals(&ledger, Book::Inquiries).await);
    let theirs = ledger.forget(OTHER_MCH_ID, &openid, &alias, at(50)).await.unwrap();
    assert_eq!((theirs.packets, theirs.messages), (0, 0));
    let done = ledger.forget(MCH_ID, &openid, &alias, at(50)).await.unwrap();
    // The messages: two of `meant`, and of `asked` an entry's and two replies.
    assert_eq!((done.packets, done.messages), (3, 5));

    let meant = ledger.find(&Key::new(MCH_ID, "meant")).await.unwrap().unwrap();
    assert_eq!((meant.order.re_openid.as_str(), meant.version), ("forgotten", 2));
    assert_eq!(ledger.reply(MCH_ID, "meant").await.unwrap(), None);
    let history = ledger.history(&meant.key).await.unwrap();
    let last = Entry { at: at(50), source: Source::Admin, ..entry("forgotten") };
    let bare = Entry { at: at(1), ..entry("accepted") };
    assert_eq!(history, [bare, entry("told"), last.clone()]);
    let received = ledger.find(&Key::new(MCH_ID, "received")).await.unwrap().unwrap();
    assert_eq!(received.receipt.unwrap().openid, alias);
    assert_eq!(received.order.re_openid, record(MCH_ID, "x").order.re_openid);
    let asked = ledger.inquiry(&Key::new(MCH_ID, "asked")).await.unwrap().unwrap();
    assert_eq!((asked.reply, asked.send_reply, asked.version), (None, None, 2));
    assert_eq!(asked.seen.unwrap().openid, Some(alias.clone()));
    let history = ledger.inquiry_history(&asked.key).await.unwrap();
    assert_eq!(history, [Entry { at: at(1), ..entry("e") }, last]);
    let other = ledger.find(&Key::new(MCH_ID, "other")).await.unwrap().unwrap();
    assert_eq!(other.version, 1);

    let estate = ledger.estate(MCH_ID, day()).await.unwrap();
    let [all, theirs] = &estate.usage[..] else { panic!("{:?}", estate.usage) };
    assert_eq!((&*all.openid, all.packets, theirs.packets), ("", 1, 1));
    assert!(theirs.openid.starts_with('#'), "it goes on counting, and names nobody");
    assert_eq!(estate.findings[0].re_openid, alias);
    let after = (totals(&ledger, Book::Records).await, totals(&ledger, Book::Inquiries).await);
    assert_eq!(after, sums);
    assert!(is_whole(&ledger).await);
    let again = ledger.forget(MCH_ID, &openid, &alias, at(60)).await.unwrap();
    assert_eq!((again.packets, again.messages), (0, 0));
}

pub async fn a_receiver_of_a_packet_that_is_open_is_not_forgotten(ledger: Whole) {
    finals(&ledger).await;
    let heads = ledger.heads().await.unwrap();
    let due = Record { due_at: Some(at(1)), ..record(MCH_ID, "due") };
    let sent = Record { status: Some(Status::Sent), ..record(MCH_ID, "sent") };
    for mut open in [due, sent] {
        open.order.re_openid = "oA".into();
        let key = open.key.clone();
        ledger.commit(first(open)).await.unwrap();
        let refused = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await;
        let Err(LedgerError::StillOpen(billno)) = refused else { panic!("{refused:?}") };
        assert_eq!(billno, key.mch_billno.as_str());
        let mut closed = record(MCH_ID, key.mch_billno.as_str());
        closed.status = Some(Status::Received);
        ledger.commit(next(closed, 1)).await.unwrap();
    }
    let mut asked = plainly_ordered(MCH_ID, "not final");
    asked.order.as_mut().unwrap().re_openid = "oA".into();
    ledger.commit_inquiry(noted(asked)).await.unwrap();
    let refused = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await;
    assert!(matches!(&refused, Err(LedgerError::StillOpen(b)) if b == "not final"), "{refused:?}");
    let meant = ledger.find(&Key::new(MCH_ID, "meant")).await.unwrap().unwrap();
    assert_eq!((meant.order.re_openid.as_str(), meant.version), ("oA", 1), "nothing of it");
    assert_ne!(ledger.heads().await.unwrap(), heads);
    // What can no longer be asked about is not open for ever.
    let strange = Status::Unknown("NEW_WORD".into());
    let mut unknown = Record { status: Some(strange), ..record(MCH_ID, "unknown") };
    unknown.order.re_openid = "oA".into();
    ledger.commit(first(unknown)).await.unwrap();
    let days = |days: i64| at(days * 24 * 3_600_000);
    let refused = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), days(29)).await;
    assert!(matches!(refused, Err(LedgerError::StillOpen(_))), "{refused:?}");
    let done = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), days(31)).await.unwrap();
    assert_eq!(done.packets, 5);
    assert!(is_whole(&ledger).await);
}

/// Commits a packet to a receiver, with a message in its history.
async fn commit(ledger: &Whole, number: &str, receiver: &str, raw: &str) {
    ledger.commit(told(number, receiver, raw)).await.unwrap();
}

fn told(number: &str, receiver: &str, raw: &str) -> Commit {
    let mut record = record(MCH_ID, number);
    record.order.re_openid = receiver.into();
    record.status = Some(Status::Received);
    record.receipt = full_record(MCH_ID, "x").receipt;
    record.receipt.as_mut().unwrap().openid = receiver.into();
    Commit { entries: vec![with_raw("told", 0, raw)], ..first(record) }
}

/// The same on the merchant's side.
async fn commit_inquiry(ledger: &Whole, number: &str, receiver: &str, raw: &str) {
    let mut asked = Inquiry { due_at: None, ..full_inquiry(MCH_ID, number) };
    let (order, seen) = (asked.order.as_mut().unwrap(), asked.seen.as_mut().unwrap());
    order.re_openid = receiver.into();
    seen.openid = Some(receiver.into());
    seen.total_amount = Some(fen(1));
    let commit = InquiryCommit { entries: vec![with_raw("told", 0, raw)], ..noted(asked) };
    ledger.commit_inquiry(commit).await.unwrap();
}

/// Which entries have their messages still.
async fn kept(ledger: &Whole, book: Book) -> Vec<u64> {
    let links = ledger.links(book, MCH_ID, 0, 1_000).await.unwrap();
    let has = |link: &Link| matches!(link.raw, Raw::Kept(_));
    links.iter().filter(|link| has(link)).map(|link| link.position).collect()
}

pub async fn messages_of_other_packets_that_name_the_receiver_are_removed(ledger: Whole) {
    for (number, receiver, raw) in [
        ("1", "oA", "to oA"),
        ("2", "oB", "<openid>oA</openid>"),
        ("3", "oB", "oAA xoA oA_ -oA"),
        ("4", "oB", "oA"),
    ] {
        commit(&ledger, number, receiver, raw).await;
        commit_inquiry(&ledger, number, receiver, raw).await;
    }
    let done = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
    // Three messages in each book, and the two replies beside the inquiry.
    assert_eq!((done.packets, done.messages), (2, 8));
    for book in Book::ALL {
        assert_eq!(kept(&ledger, book).await, [3], "words that only hold it are others");
    }
    assert!(is_whole(&ledger).await);
}

pub async fn an_alias_is_no_receiver(ledger: Whole) {
    commit(&ledger, "1", "oA", "to oA").await;
    commit(&ledger, "2", "oB", "to oB").await;
    commit_inquiry(&ledger, "1", "oC", "to oC").await;
    for alias in ["oA", "oB", "oC"] {
        let refused = ledger.forget(MCH_ID, &"oA".into(), &alias.into(), at(50)).await;
        assert!(matches!(refused, Err(LedgerError::Storage(_))), "{alias}: {refused:?}");
    }
    assert_eq!(kept(&ledger, Book::Records).await, [1, 2], "nothing of it");
    // Of another merchant they are nobody; and one alias may stand for several.
    commit(&ledger, "3", "oD", "to oD").await;
    for receiver in ["oA", "oB", "oD"] {
        let done = ledger.forget(MCH_ID, &receiver.into(), &"erased".into(), at(50)).await;
        assert_eq!(done.unwrap().packets, 1, "{receiver}");
    }
    let theirs = ledger.forget(OTHER_MCH_ID, &"x".into(), &"oC".into(), at(50)).await.unwrap();
    assert_eq!(theirs.packets, 0);
    assert!(is_whole(&ledger).await);
}

pub async fn a_copy_that_has_messages_already_loses_them_with_the_source(ledger: Whole) {
    let options = CopyOptions { usage_from: day() };
    let from: Whole = Arc::new(MemoryLedger::new());
    from.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    for number in ["1", "2"] {
        let receiver = if number == "1" { "oA" } else { "oB" };
        commit(&from, number, receiver, receiver).await;
        commit_inquiry(&from, number, receiver, receiver).await;
    }
    copy(&*from, &*ledger, options, &mut |_| {}).await.unwrap();
    for book in Book::ALL {
        assert_eq!(kept(&ledger, book).await, [1, 2]);
    }
    from.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
    // What is said of the packet afterwards names nobody.
    let later = Commit { expect: hongbao_ledger::Expect::Version(2), ..told("1", "x", "later") };
    from.commit(later).await.unwrap();
    let copied = copy(&*from, &*ledger, options, &mut |_| {}).await.unwrap();
    assert_eq!((copied.brought, copied.behind), (3, 0));
    assert_eq!(kept(&ledger, Book::Records).await, [2, 4]);
    assert_eq!(kept(&ledger, Book::Inquiries).await, [2]);
    assert!(is_whole(&ledger).await);
}

/// A packet of which nothing can change any more, and what it takes from the limits.
fn spent(number: &str, budget: Budget) -> Commit {
    let mut record = record(MCH_ID, number);
    record.order.re_openid = budget.re_openid.clone();
    record.status = Some(Status::Failed);
    Commit { budget: Some(budget), ..first(record) }
}

async fn used(ledger: &Whole) -> Vec<(Box<str>, u32, u64)> {
    let usage = ledger.estate(MCH_ID, day()).await.unwrap().usage;
    usage.into_iter().map(|used| (used.openid, used.packets, used.amount.get())).collect()
}

pub async fn who_is_forgotten_has_used_the_limits_of_the_day_still(ledger: Whole) {
    let limited = |openid: &str| Budget {
        re_openid: openid.into(),
        user_packets_max: 2,
        user_amount_max: fen(100),
        ..budget(10)
    };
    ledger.commit(spent("1", limited("oA"))).await.unwrap();
    ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
    let over = Budget { amount: fen(91), ..limited("oA") };
    let refused = ledger.commit(spent("2", over)).await;
    assert!(matches!(refused, Err(LedgerError::UserAmountUsedUp)), "{refused:?}");
    ledger.commit(spent("2", limited("oA"))).await.unwrap();
    for again in 0..2 {
        let refused = ledger.commit(spent("3", limited("oA"))).await;
        assert!(matches!(refused, Err(LedgerError::UserCountUsedUp)), "{again}: {refused:?}");
        let [all, theirs] = &used(&ledger).await[..] else { panic!("{again}") };
        assert_eq!(*all, ("".into(), 2, 20));
        assert_eq!((theirs.0.len(), theirs.1, theirs.2), (33, 2, 20));
        assert!(theirs.0.starts_with('#'), "{}", theirs.0);
        ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(60)).await.unwrap();
    }
    // Of others, and under the alias, nothing was used.
    for (number, openid) in [("4", "oB"), ("5", "x")] {
        ledger.commit(spent(number, limited(openid))).await.unwrap();
    }
    // Together in one go, too: the second counts on the first.
    let both = ["6", "7", "8"].map(|number| ledger.commit(spent(number, limited("oC"))));
    let both = futures_util::future::join_all(both).await;
    assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 2);
}

pub async fn a_day_that_is_over_is_counted_under_the_alias(ledger: Whole) {
    let of = |openid: &str| Budget { re_openid: openid.into(), ..budget(10) };
    ledger.commit(spent("1", of("oA"))).await.unwrap();
    ledger.commit(spent("2", of("oB"))).await.unwrap();
    let later = at(48 * 3_600_000);
    for receiver in ["oA", "oB"] {
        ledger.forget(MCH_ID, &receiver.into(), &"x".into(), later).await.unwrap();
    }
    assert_eq!(used(&ledger).await, [("".into(), 2, 20), ("x".into(), 2, 20)]);
}
