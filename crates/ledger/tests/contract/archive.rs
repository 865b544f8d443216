//! Chains, totals, and what is removed from a ledger.

use crate::given::inquiries::{asked, full_inquiry, inquiry, noted, ordered, plainly_ordered};
use crate::given::{
    MCH_ID, OTHER_MCH_ID, at, budget, day, entry, fen, first, full_record, next, record, spending,
};
use crate::stores::Whole;
use hongbao_ledger::audit::{Progress, Wrong};
use hongbao_ledger::{
    Audit, Book, Commit, Entry, Expect, Filter, Head, InquiryCommit, Key, LedgerError, Link,
    Outcome, Raw, Record, Sum, Total,
};
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, OpenId, Status};
use jiff::ToSpan;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// No fault anywhere.
pub async fn is_whole(ledger: &Whole) -> bool {
    let report = Audit::new().run(&**ledger, &mut |_: Progress| {}).await.unwrap();
    assert_eq!(report.faults, []);
    report.is_clean() && report.totals_moving.is_empty()
}

pub fn with_raw(event: &str, ms: i64, raw: &str) -> Entry {
    Entry { at: at(ms), raw: Some(raw.as_bytes().into()), ..entry(event) }
}

pub async fn a_store_that_holds_nothing_has_no_chain(ledger: Whole) {
    assert_eq!(ledger.heads().await.unwrap(), []);
    for book in Book::ALL {
        assert_eq!(ledger.links(book, MCH_ID, 0, 9).await.unwrap(), []);
        assert_eq!(ledger.standings(book, MCH_ID, "", 9).await.unwrap(), []);
        assert_eq!(ledger.totals(book, MCH_ID, None, None).await.unwrap(), []);
    }
    assert!(is_whole(&ledger).await);
}

pub async fn every_entry_is_in_its_chain(ledger: Whole) {
    let entries = vec![with_raw("accepted", 1, "message"), entry("told")];
    let commit = Commit { entries: entries.clone(), ..first(record(MCH_ID, "b")) };
    ledger.commit(commit).await.unwrap();
    ledger.commit(first(record(MCH_ID, "a"))).await.unwrap();
    ledger.commit(next(record(MCH_ID, "b"), 1)).await.unwrap();
    ledger.commit(first(record(OTHER_MCH_ID, "a"))).await.unwrap();
    ledger.commit_inquiry(noted(full_inquiry("nobody", "a"))).await.unwrap();

    let mut head = Head::empty(Book::Records, MCH_ID.into());
    let of = |number, version| Record { version, ..record(MCH_ID, number) }.state_digest();
    let mut wanted: Vec<Link> = head.append(&"b".into(), &entries, of("b", 1));
    wanted.extend(head.append(&"a".into(), &[entry("accepted")], of("a", 1)));
    wanted.extend(head.append(&"b".into(), &[entry("moved")], of("b", 2)));
    assert_eq!(ledger.links(Book::Records, MCH_ID, 0, 9).await.unwrap(), wanted);
    assert_eq!(ledger.links(Book::Records, MCH_ID, 1, 2).await.unwrap(), wanted[1..3]);
    assert_eq!(ledger.links(Book::Records, MCH_ID, 3, 0).await.unwrap(), wanted[3..]);
    assert_eq!(ledger.links(Book::Records, MCH_ID, u64::MAX, 9).await.unwrap(), []);

    let heads = ledger.heads().await.unwrap();
    assert_eq!(heads[0], head);
    let ends: Vec<_> =
        heads.iter().map(|head| (head.book, head.mch_id.as_str(), head.position)).collect();
    assert_eq!(
        ends,
        [
            (Book::Records, MCH_ID, 4),
            (Book::Records, OTHER_MCH_ID, 1),
            (Book::Inquiries, "nobody", 1),
        ]
    );
    let standings = ledger.standings(Book::Records, MCH_ID, "", 9).await.unwrap();
    let seen: Vec<_> =
        standings.iter().map(|s| (s.mch_billno.as_str(), s.chained, s.found)).collect();
    let states = [of("a", 1), of("b", 2)].map(Some);
    assert_eq!(seen, [("a", states[0], states[0]), ("b", states[1], states[1])]);
    assert_eq!(ledger.standings(Book::Records, MCH_ID, "a", 1).await.unwrap(), standings[1..]);
    assert!(is_whole(&ledger).await);
}

pub async fn a_commit_that_fails_does_not_move_the_chain(ledger: Whole) {
    ledger.commit(first(record(MCH_ID, "1"))).await.unwrap();
    let before = (ledger.heads().await.unwrap(), totals(&ledger, Book::Records).await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let commit = match number % 3 {
                0 => first(record(MCH_ID, "1")),
                1 => spending(&format!("rich{number}"), budget(1_001)),
                _ => next(record(MCH_ID, "1"), 7),
            };
            ledger.commit(commit).await.unwrap_err()
        });
    }
    tasks.join_all().await;
    assert_eq!((ledger.heads().await.unwrap(), totals(&ledger, Book::Records).await), before);
    let large = Record { order: full_record(MCH_ID, "1").order, ..record(MCH_ID, "large") };
    let refused = ledger.commit(first(large)).await;
    assert_eq!(refused.unwrap(), 1, "exactly the largest");
    let again = Record { order: full_record(MCH_ID, "1").order, ..record(MCH_ID, "larger") };
    assert!(is_whole(&ledger).await);
    // A total that is too large holds no packet back; it is told of.
    assert_eq!(ledger.commit(first(again.clone())).await.unwrap(), 1);
    assert_eq!(
        ledger.find(&again.key).await.unwrap(),
        Some(Record { version: 1, ..again.clone() })
    );
    let report = Audit::new().run(&*ledger, &mut |_| {}).await.unwrap();
    let found: Vec<_> = report.faults.into_iter().map(|fault| fault.wrong).collect();
    assert_eq!(found, [Wrong::TotalOverflows { key: Box::new(again.total().key) }]);
}

pub async fn totals(ledger: &Whole, book: Book) -> Vec<Total> {
    ledger.totals(book, MCH_ID, None, None).await.unwrap()
}

pub async fn totals_are_kept_with_every_commit(ledger: Whole) {
    let mut moved = record(MCH_ID, "1");
    ledger.commit(first(moved.clone())).await.unwrap();
    let mut named = record(MCH_ID, "2");
    named.order.sender = Sender::Agent(7);
    named.sent_at = at(24 * 3_600_000);
    ledger.commit(first(named.clone())).await.unwrap();
    let sum = |ordered, received, refunded| Sum {
        packets: 1,
        ordered: fen(ordered),
        received: fen(received),
        refunded: fen(refunded),
    };
    let found = totals(&ledger, Book::Records).await;
    assert_eq!(found, [moved.total(), named.total()]);
    assert_eq!(found[0].sum, sum(100, 0, 0));
    assert_eq!((found[0].key.day, &*found[0].key.sender), (day(), ""));
    assert_eq!(&*found[1].key.sender, "agentid 7");
    moved.status = Some(Status::Received);
    moved.receipt = full_record(MCH_ID, "1").receipt;
    ledger.commit(next(moved.clone(), 1)).await.unwrap();
    let found = totals(&ledger, Book::Records).await;
    assert_eq!(found, [moved.total(), named.total()], "it left its old total");
    assert_eq!((found[0].key.outcome, found[0].sum), (Outcome::Received, sum(100, 99, 0)));

    let tomorrow = day().checked_add(1.day()).unwrap();
    for (from, to, wanted) in [
        (Some(day()), Some(day()), &found[..1]),
        (Some(tomorrow), None, &found[1..]),
        (None, Some(tomorrow), &found[..]),
        (Some(tomorrow), Some(day()), &[]),
    ] {
        let some = ledger.totals(Book::Records, MCH_ID, from, to).await.unwrap();
        assert_eq!(some, wanted, "{from:?} {to:?}");
    }
    ledger.commit_inquiry(noted(ordered(MCH_ID, "1", "ref"))).await.unwrap();
    let full = full_inquiry(MCH_ID, "1");
    ledger.commit_inquiry(asked(full.clone(), 1)).await.unwrap();
    assert_eq!(totals(&ledger, Book::Inquiries).await, [full.total()]);
}

/// One random change of one random packet.
pub async fn happen(ledger: &Whole, random: &mut StdRng, tick: i64) {
    let billno = random.random_range(0..12).to_string();
    let key = Key::new(MCH_ID, billno.as_str());
    let raw = random.random_bool(0.5).then(|| format!("{tick}").into_bytes().into());
    let entries = vec![Entry { at: at(tick), raw, ..entry("happened") }; random.random_range(1..3)];
    let receiver = OpenId::from(format!("o{}", random.random_range(0..3)));
    if random.random_bool(0.5) {
        let old = ledger.find(&key).await.unwrap();
        let mut record = record(MCH_ID, &billno);
        let statuses = [None, Some(Status::Sent), Some(Status::Received), Some(Status::Refund)];
        record.status = statuses[random.random_range(0..4)].clone();
        record.order.total_amount = fen(random.random_range(1..500));
        record.order.re_openid = receiver;
        record.sent_at = at(random.random_range(0..3) * 86_400_000);
        if record.status == Some(Status::Received) {
            record.receipt = full_record(MCH_ID, &billno).receipt;
        }
        if record.status == Some(Status::Refund) {
            record.refund = full_record(MCH_ID, &billno).refund;
        }
        let expect = old.map_or(Expect::Absent, |old| Expect::Version(old.version));
        let reply = random.random_bool(0.5).then(|| "reply".into());
        ledger.commit(Commit { expect, entries, reply, ..first(record) }).await.unwrap();
    } else {
        let old = ledger.inquiry(&key).await.unwrap();
        let mut inquiry = if random.random_bool(0.5) {
            plainly_ordered(MCH_ID, &billno)
        } else {
            let mut full = full_inquiry(MCH_ID, &billno);
            full.seen.as_mut().unwrap().total_amount = Some(fen(random.random_range(1..500)));
            full.due_at = None;
            full
        };
        let verdicts = ["open", "failed", "received", "no_answer"];
        inquiry.conclusion.verdict = verdicts[random.random_range(0..4)].into();
        if let Some(order) = &mut inquiry.order {
            order.re_openid = receiver;
        }
        let expect = old.map_or(Expect::Absent, |old| Expect::Version(old.version));
        let commit = InquiryCommit { expect, entries, ..noted(inquiry) };
        ledger.commit_inquiry(commit).await.unwrap();
    }
}

/// The totals, by adding up what every packet is: to the fen.
async fn reconciles(ledger: &Whole, seed: u64) {
    let filter = Filter { limit: 1_000, ..Filter::default() };
    let records = ledger.records(MCH_ID, &filter).await.unwrap();
    let money = |part: fn(&Sum) -> Fen, totals: &[Total]| -> u64 {
        totals.iter().map(|total| part(&total.sum).get()).sum()
    };
    let found = totals(ledger, Book::Records).await;
    let ordered: u64 = records.iter().map(|record| record.order.total_amount.get()).sum();
    let received: u64 =
        records.iter().filter_map(|r| r.receipt.as_ref()).map(|r| r.amount.get()).sum();
    assert_eq!(money(|sum| sum.ordered, &found), ordered, "seed {seed}");
    assert_eq!(money(|sum| sum.received, &found), received, "seed {seed}");
    let packets: u64 = found.iter().map(|total| total.sum.packets).sum();
    assert_eq!(packets, records.len() as u64, "seed {seed}");
    // The audit adds up key by key, on both sides.
    assert!(is_whole(ledger).await, "seed {seed}");
}

pub async fn totals_reconcile_with_the_packets_whatever_happens(ledger: Whole) {
    let seed = 20_170_720;
    let mut random = StdRng::seed_from_u64(seed);
    for tick in 0..150 {
        happen(&ledger, &mut random, tick).await;
        if tick % 25 == 0 {
            reconciles(&ledger, seed).await;
        }
    }
    reconciles(&ledger, seed).await;
    for book in Book::ALL {
        ledger.trim(book, MCH_ID, at(75), 1_000).await.unwrap();
    }
    reconciles(&ledger, seed).await;
    for receiver in ["o0", "o1", "o2"] {
        let alias = format!("forgotten-{receiver}");
        let done = ledger.forget(MCH_ID, &receiver.into(), &alias.as_str().into(), at(200)).await;
        assert!(matches!(done, Ok(_) | Err(LedgerError::StillOpen(_))), "seed {seed}: {done:?}");
    }
    reconciles(&ledger, seed).await;
}

pub async fn old_messages_are_removed_and_their_hashes_stay(ledger: Whole) {
    let entries = [3, 1, 2, 4].map(|ms| with_raw("e", ms, &ms.to_string()));
    let commit = Commit { entries: entries.to_vec(), ..first(record(MCH_ID, "1")) };
    ledger.commit(Commit { reply: Some("reply".into()), ..commit }).await.unwrap();
    let noted = InquiryCommit { entries: entries.to_vec(), ..noted(inquiry(MCH_ID, "1")) };
    ledger.commit_inquiry(noted).await.unwrap();
    let head = ledger.heads().await.unwrap();
    for book in Book::ALL {
        let before = ledger.links(book, MCH_ID, 0, 9).await.unwrap();
        assert_eq!(ledger.trim(book, MCH_ID, at(1), 9).await.unwrap(), 0);
        assert_eq!(ledger.trim(book, OTHER_MCH_ID, at(9), 9).await.unwrap(), 0);
        assert_eq!(ledger.trim(book, MCH_ID, at(4), 2).await.unwrap(), 2, "the oldest first");
        let links = ledger.links(book, MCH_ID, 0, 9).await.unwrap();
        let kept: Vec<bool> = links.iter().map(|link| matches!(link.raw, Raw::Kept(_))).collect();
        assert_eq!(kept, [true, false, false, true]);
        assert_eq!(ledger.trim(book, MCH_ID, at(4), 9).await.unwrap(), 1);
        assert_eq!(ledger.trim(book, MCH_ID, at(4), 9).await.unwrap(), 0);
        let links = ledger.links(book, MCH_ID, 0, 9).await.unwrap();
        for (before, link) in before.iter().zip(links) {
            assert_eq!(before.raw.digest(), link.raw.digest());
        }
    }
    let raws: Vec<_> = ledger.history(&Key::new(MCH_ID, "1")).await.unwrap();
    let raws: Vec<_> = raws.iter().map(|entry| entry.raw.as_deref()).collect();
    assert_eq!(raws, [None, None, None, Some(&b"4"[..])]);
    assert_eq!(ledger.reply(MCH_ID, "1").await.unwrap(), Some("reply".into()), "it stays");
    assert_eq!(ledger.heads().await.unwrap(), head);
    assert!(is_whole(&ledger).await);
}

pub async fn settings_are_listed_by_name(ledger: Whole) {
    for (name, value) in [("b", "2"), ("a", ""), ("B", "1"), ("b", "3")] {
        ledger.set_setting(name, value).await.unwrap();
    }
    let wanted = [("B", "1"), ("a", ""), ("b", "3")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(ledger.settings().await.unwrap(), wanted);
}
