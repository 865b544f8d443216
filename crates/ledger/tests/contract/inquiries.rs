//! Inquiries: what is committed, conflicts, references, history, isolation.

use crate::given::inquiries::{
    asked, full_inquiry, inquiry, noted, ordered, plainly_ordered, seen,
};
use crate::given::{MCH_ID, OTHER_MCH_ID, at, entry};
use hongbao_ledger::{
    Entry, Expect, Inquiries, Inquiry, InquiryCommit, InquiryFilter, Key, LedgerError, Source,
};
use hongbao_wire::send::Sender;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::task::JoinSet;

type Store = Arc<dyn Inquiries>;

pub fn everything() -> InquiryFilter {
    InquiryFilter { limit: 1000, ..InquiryFilter::default() }
}

pub fn billnos(inquiries: &[Inquiry]) -> Vec<&str> {
    inquiries.iter().map(|inquiry| inquiry.key.mch_billno.as_str()).collect()
}

fn is_conflict(outcome: &Result<u64, LedgerError>) -> bool {
    matches!(outcome, Err(LedgerError::Conflict))
}

pub async fn an_inquiry_comes_back_as_it_was_committed(ledger: Store) {
    let mut agent = plainly_ordered(MCH_ID, "agent");
    agent.order.as_mut().unwrap().sender = Sender::Agent(u32::MAX);
    let nothing_seen = Inquiry { seen: Some(seen("")), ..inquiry(MCH_ID, "hardly") };
    let all = [
        inquiry(MCH_ID, "bare"),
        plainly_ordered(MCH_ID, "plain"),
        full_inquiry(MCH_ID, "full"),
        agent,
        nothing_seen,
        // Nobody has added this merchant.
        full_inquiry("nobody", "full"),
    ];
    for inquiry in all {
        assert_eq!(ledger.commit_inquiry(noted(inquiry.clone())).await.unwrap(), 1);
        assert_eq!(ledger.inquiry(&inquiry.key).await.unwrap(), Some(inquiry));
    }
}

pub async fn a_commit_replaces_the_inquiry(ledger: Store) {
    let (bare, full) = (inquiry(MCH_ID, "1"), full_inquiry(MCH_ID, "1"));
    ledger.commit_inquiry(noted(bare.clone())).await.unwrap();
    assert_eq!(ledger.commit_inquiry(asked(full.clone(), 1)).await.unwrap(), 2);
    let found = ledger.inquiry(&full.key).await.unwrap();
    assert_eq!(found, Some(Inquiry { version: 2, ..full }));
    assert_eq!(ledger.commit_inquiry(asked(bare.clone(), 2)).await.unwrap(), 3);
    let found = ledger.inquiry(&bare.key).await.unwrap();
    assert_eq!(found, Some(Inquiry { version: 3, ..bare }));
}

pub async fn what_was_never_noted_is_not_there(ledger: Store) {
    ledger.commit_inquiry(noted(ordered(MCH_ID, "1", "ref"))).await.unwrap();
    for (mch_id, mch_billno) in [(MCH_ID, "2"), (OTHER_MCH_ID, "1"), ("no", "1"), (MCH_ID, "")] {
        let key = Key::new(mch_id, mch_billno);
        assert_eq!(ledger.inquiry(&key).await.unwrap(), None);
        assert_eq!(ledger.inquiry_history(&key).await.unwrap(), []);
    }
    assert_eq!(ledger.inquiries_of_ref(MCH_ID, "Ref").await.unwrap(), []);
    assert_eq!(ledger.inquiries_of_ref(OTHER_MCH_ID, "ref").await.unwrap(), []);
    assert_eq!(ledger.inquiries(OTHER_MCH_ID, &everything()).await.unwrap(), []);
    assert_eq!(ledger.due_inquiries(OTHER_MCH_ID, at(99), 9).await.unwrap(), []);
    assert_eq!(ledger.next_due(OTHER_MCH_ID).await.unwrap(), (None, 0));
}

pub async fn an_inquiry_that_is_not_as_expected_is_a_conflict(ledger: Store) {
    let of = |expect| InquiryCommit { expect, ..noted(inquiry(MCH_ID, "1")) };
    let versions = [0, 1, 2, u64::MAX, i64::MAX as u64].map(Expect::Version);
    for expect in versions {
        assert!(is_conflict(&ledger.commit_inquiry(of(expect)).await), "{expect:?}");
    }
    assert_eq!(ledger.commit_inquiry(of(Expect::Absent)).await.unwrap(), 1);
    for expect in versions.into_iter().filter(|expect| *expect != Expect::Version(1)) {
        assert!(is_conflict(&ledger.commit_inquiry(of(expect)).await), "{expect:?}");
    }
    assert!(is_conflict(&ledger.commit_inquiry(of(Expect::Absent)).await));
    assert_eq!(ledger.commit_inquiry(of(Expect::Version(1))).await.unwrap(), 2);
}

pub async fn an_inquiry_refused_changes_nothing(ledger: Store) {
    let bare = inquiry(MCH_ID, "1");
    ledger.commit_inquiry(noted(bare.clone())).await.unwrap();
    ledger.commit_inquiry(noted(ordered(MCH_ID, "2", "ref"))).await.unwrap();
    let full = Inquiry { business_ref: Some("ref".into()), ..full_inquiry(MCH_ID, "1") };
    let taken = InquiryCommit { numbers_of_ref: Some(0), ..asked(full.clone(), 1) };
    let silent = InquiryCommit { entries: Vec::new(), ..asked(full.clone(), 1) };
    assert!(is_conflict(&ledger.commit_inquiry(noted(full.clone())).await));
    assert!(is_conflict(&ledger.commit_inquiry(asked(full, 2)).await));
    assert!(is_conflict(&ledger.commit_inquiry(taken).await));
    assert!(matches!(ledger.commit_inquiry(silent).await, Err(LedgerError::NoEntries)));
    let silent = InquiryCommit { entries: Vec::new(), ..noted(inquiry(MCH_ID, "3")) };
    assert!(matches!(ledger.commit_inquiry(silent).await, Err(LedgerError::NoEntries)));
    assert_eq!(ledger.inquiry(&bare.key).await.unwrap(), Some(bare.clone()));
    assert_eq!(ledger.inquiry_history(&bare.key).await.unwrap(), [entry("noted")]);
    assert_eq!(ledger.inquiry(&Key::new(MCH_ID, "3")).await.unwrap(), None);
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap(), (None, 0));
}

pub async fn a_commit_counts_the_other_numbers_of_its_reference(ledger: Store) {
    let of = |mch_billno: &str, wanted| InquiryCommit {
        numbers_of_ref: Some(wanted),
        ..noted(ordered(MCH_ID, mch_billno, "ref"))
    };
    ledger.commit_inquiry(noted(ordered(OTHER_MCH_ID, "0", "ref"))).await.unwrap();
    ledger.commit_inquiry(noted(ordered(MCH_ID, "0", "Ref"))).await.unwrap();
    assert!(is_conflict(&ledger.commit_inquiry(of("1", 1)).await));
    assert_eq!(ledger.commit_inquiry(of("1", 0)).await.unwrap(), 1);
    assert!(is_conflict(&ledger.commit_inquiry(of("2", 0)).await));
    assert!(is_conflict(&ledger.commit_inquiry(of("2", 2)).await));
    // Its own number is not counted.
    let again = InquiryCommit { expect: Expect::Version(1), ..of("1", 0) };
    assert_eq!(ledger.commit_inquiry(again).await.unwrap(), 2);
    assert_eq!(ledger.commit_inquiry(of("2", 1)).await.unwrap(), 1);
    assert_eq!(ledger.commit_inquiry(of("3", 2)).await.unwrap(), 1);
    assert!(is_conflict(&ledger.commit_inquiry(of("4", u32::MAX)).await));
    // Without a reference there is no other number of it.
    let without = |mch_billno: &str, wanted| InquiryCommit {
        numbers_of_ref: Some(wanted),
        ..noted(inquiry(MCH_ID, mch_billno))
    };
    assert_eq!(ledger.commit_inquiry(without("5", 0)).await.unwrap(), 1);
    assert_eq!(ledger.commit_inquiry(without("6", 0)).await.unwrap(), 1);
    assert!(is_conflict(&ledger.commit_inquiry(without("7", 1)).await));
}

pub async fn of_two_that_find_a_reference_free_one_wins(ledger: Store) {
    for round in 0..100 {
        let business_ref = format!("ref{round}");
        let mut tasks = JoinSet::new();
        for task in 0..2 {
            let ledger = ledger.clone();
            let inquiry = ordered(MCH_ID, &format!("{round}x{task}"), &business_ref);
            let commit = InquiryCommit { numbers_of_ref: Some(0), ..noted(inquiry) };
            tasks.spawn(async move { ledger.commit_inquiry(commit).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1), "round {round}");
        assert!(lost.iter().all(is_conflict), "round {round}: {lost:?}");
        assert_eq!(ledger.inquiries_of_ref(MCH_ID, &business_ref).await.unwrap().len(), 1);
    }
}

pub async fn of_two_that_saw_one_version_one_wins(ledger: Store) {
    ledger.commit_inquiry(noted(inquiry(MCH_ID, "1"))).await.unwrap();
    for version in 1..32 {
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let ledger = ledger.clone();
            let commit = asked(inquiry(MCH_ID, "1"), version);
            tasks.spawn(async move { ledger.commit_inquiry(commit).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(won.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [version + 1]);
        assert_eq!(lost.len(), 3);
        assert!(lost.iter().all(is_conflict));
        let found = ledger.inquiry(&Key::new(MCH_ID, "1")).await.unwrap().unwrap();
        assert_eq!(found.version, version + 1);
    }
    assert_eq!(ledger.inquiry_history(&Key::new(MCH_ID, "1")).await.unwrap().len(), 32);
}

pub async fn numbers_of_a_reference_come_the_first_noted_first(ledger: Store) {
    let of = |mch_billno: &str, business_ref: &str, noted_at| Inquiry {
        noted_at: at(noted_at),
        ..ordered(MCH_ID, mch_billno, business_ref)
    };
    let all = [of("c", "ref", 5), of("a", "ref", 9), of("b", "ref", 5), of("d", "other", 0)];
    for inquiry in all {
        ledger.commit_inquiry(noted(inquiry)).await.unwrap();
    }
    let found = ledger.inquiries_of_ref(MCH_ID, "ref").await.unwrap();
    assert_eq!(billnos(&found), ["b", "c", "a"]);
    assert_eq!(found[2], of("a", "ref", 9));
}

pub async fn an_inquirys_history_keeps_its_order_and_raw_messages(ledger: Store) {
    let sources = [Source::Merchant, Source::Upstream, Source::Admin, Source::Issuer];
    let mut all = Vec::new();
    for (version, source) in (0..).zip(sources) {
        // Times that go back do not change the order.
        let entries: Vec<Entry> = (0..3)
            .map(|n| Entry {
                at: at(100 - version as i64),
                source,
                event: format!("{version}.{n}").into(),
                raw: (n > 0).then(|| vec![0, 255, n, version as u8].into()),
            })
            .collect();
        all.extend(entries.clone());
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let commit = InquiryCommit { entries, expect, ..noted(inquiry(MCH_ID, "1")) };
        ledger.commit_inquiry(commit).await.unwrap();
    }
    assert_eq!(ledger.inquiry_history(&Key::new(MCH_ID, "1")).await.unwrap(), all);
}

pub async fn inquiries_of_merchants_lie_apart(ledger: Store) {
    let of = |mch_id| Inquiry { due_at: Some(at(1)), ..ordered(mch_id, "1", "ref") };
    let (ours, theirs) = (of(MCH_ID), Inquiry { sends: 3, ..of(OTHER_MCH_ID) });
    for (inquiry, event) in [(&ours, "ours"), (&theirs, "theirs")] {
        let commit = InquiryCommit { entries: vec![entry(event)], ..noted(inquiry.clone()) };
        ledger.commit_inquiry(commit).await.unwrap();
    }
    for (inquiry, event) in [(&ours, "ours"), (&theirs, "theirs")] {
        let mch_id = inquiry.key.mch_id.as_str();
        assert_eq!(ledger.inquiry(&inquiry.key).await.unwrap().as_ref(), Some(inquiry));
        assert_eq!(ledger.inquiry_history(&inquiry.key).await.unwrap(), [entry(event)]);
        let only = std::slice::from_ref(inquiry);
        assert_eq!(ledger.inquiries(mch_id, &everything()).await.unwrap(), only);
        assert_eq!(ledger.inquiries_of_ref(mch_id, "ref").await.unwrap(), only);
        assert_eq!(ledger.due_inquiries(mch_id, at(1), 9).await.unwrap(), only);
        assert_eq!(ledger.next_due(mch_id).await.unwrap(), (Some(at(1)), 1));
    }
}

pub async fn an_inquirys_times_are_kept_in_whole_milliseconds(ledger: Store) {
    let fine = Timestamp::from_nanosecond(1_500_561_912_345_678_901).unwrap();
    let whole = Timestamp::from_millisecond(1_500_561_912_345).unwrap();
    let of = |at| {
        let mut inquiry = full_inquiry(MCH_ID, "1");
        inquiry.noted_at = at;
        let times = [&mut inquiry.sent_at, &mut inquiry.asked_at, &mut inquiry.answered_at];
        times.into_iter().for_each(|time| *time = Some(at));
        inquiry.unknown_since = Some(at);
        inquiry.due_at = Some(at);
        let seen = inquiry.seen.as_mut().unwrap();
        let times = [&mut seen.send_time, &mut seen.rcv_time, &mut seen.refund_time];
        times.into_iter().for_each(|time| *time = Some(at));
        inquiry
    };
    let entries = vec![Entry { at: fine, ..entry("noted") }];
    ledger.commit_inquiry(InquiryCommit { entries, ..noted(of(fine)) }).await.unwrap();
    let key = Key::new(MCH_ID, "1");
    assert_eq!(ledger.inquiry(&key).await.unwrap(), Some(of(whole)));
    assert_eq!(ledger.inquiry_history(&key).await.unwrap()[0].at, whole);
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap(), (Some(whole), 1));
    assert_eq!(ledger.due_inquiries(MCH_ID, fine, 1).await.unwrap(), [of(whole)]);
    // What was sent in this millisecond was sent before `fine`, as far as anybody knows.
    let from = InquiryFilter { from: Some(fine), ..everything() };
    assert_eq!(ledger.inquiries(MCH_ID, &from).await.unwrap(), []);
    let until = InquiryFilter { until: Some(fine), ..everything() };
    assert_eq!(ledger.inquiries(MCH_ID, &until).await.unwrap(), [of(whole)]);
    assert_eq!(ledger.begin_run(MCH_ID, "run", fine).await.unwrap(), whole);
}
