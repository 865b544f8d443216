//! Records, replies and history.

use crate::given::{MCH_ID, OTHER_MCH_ID, at, entry, first, full_record, next, record};
use bytes::Bytes;
use hongbao_ledger::{Commit, Entry, Expect, Key, Ledger, LedgerError, Record, Source};
use hongbao_wire::Status;
use hongbao_wire::send::Sender;
use jiff::Timestamp;
use std::sync::Arc;

type Store = Arc<dyn Ledger>;

pub async fn a_record_comes_back_as_it_was_committed(ledger: Store) {
    let mut agent = record(MCH_ID, "agent");
    agent.order.sender = Sender::Agent(u32::MAX);
    for record in [record(MCH_ID, "bare"), full_record(MCH_ID, "full"), agent] {
        assert_eq!(ledger.commit(first(record.clone())).await.unwrap(), 1);
        assert_eq!(ledger.find(&record.key).await.unwrap(), Some(record));
    }
}

pub async fn a_commit_replaces_the_record_and_its_reply(ledger: Store) {
    let bare = record(MCH_ID, "1");
    let reply = Bytes::from_static(b"\0\xff first");
    ledger.commit(Commit { reply: Some(reply.clone()), ..first(bare) }).await.unwrap();
    assert_eq!(ledger.reply(MCH_ID, "1").await.unwrap(), Some(reply));

    let full = full_record(MCH_ID, "1");
    let reply = Bytes::from(vec![b'x'; 100_000]);
    let second = Commit { reply: Some(reply.clone()), ..next(full.clone(), 1) };
    assert_eq!(ledger.commit(second).await.unwrap(), 2);
    assert_eq!(ledger.find(&full.key).await.unwrap(), Some(Record { version: 2, ..full.clone() }));
    assert_eq!(ledger.reply(MCH_ID, "1").await.unwrap(), Some(reply));

    assert_eq!(ledger.commit(next(full, 2)).await.unwrap(), 3);
    assert_eq!(ledger.reply(MCH_ID, "1").await.unwrap(), None);
}

pub async fn what_was_never_committed_is_not_there(ledger: Store) {
    ledger.commit(first(record(MCH_ID, "1"))).await.unwrap();
    for (mch_id, mch_billno) in [(MCH_ID, "2"), (OTHER_MCH_ID, "1"), ("no", "1"), (MCH_ID, "")] {
        let key = Key::new(mch_id, mch_billno);
        assert_eq!(ledger.find(&key).await.unwrap(), None);
        assert_eq!(ledger.reply(mch_id, mch_billno).await.unwrap(), None);
        assert_eq!(ledger.history(&key).await.unwrap(), Vec::new());
    }
}

pub async fn an_expectation_that_does_not_hold_is_a_conflict(ledger: Store) {
    let record = record(MCH_ID, "1");
    let of = |expect| Commit { expect, ..first(record.clone()) };
    let conflicts = |outcome| assert!(matches!(outcome, Err(LedgerError::Conflict)));
    conflicts(ledger.commit(of(Expect::Version(0))).await);
    conflicts(ledger.commit(of(Expect::Version(1))).await);
    conflicts(ledger.commit(of(Expect::Version(u64::MAX))).await);
    assert_eq!(ledger.commit(of(Expect::Absent)).await.unwrap(), 1);
    conflicts(ledger.commit(of(Expect::Absent)).await);
    conflicts(ledger.commit(of(Expect::Version(0))).await);
    conflicts(ledger.commit(of(Expect::Version(2))).await);
    conflicts(ledger.commit(of(Expect::Version(u64::MAX))).await);
    conflicts(ledger.commit(of(Expect::Version(i64::MAX as u64))).await);
    assert_eq!(ledger.commit(of(Expect::Version(1))).await.unwrap(), 2);
}

pub async fn a_conflict_changes_nothing(ledger: Store) {
    let bare = record(MCH_ID, "1");
    let reply = Some(Bytes::from_static(b"first"));
    ledger.commit(Commit { reply: reply.clone(), ..first(bare.clone()) }).await.unwrap();
    let late = Commit { refund: Some(crate::given::fen(1)), ..first(full_record(MCH_ID, "1")) };
    assert!(matches!(ledger.commit(late).await, Err(LedgerError::Conflict)));
    assert_eq!(ledger.find(&bare.key).await.unwrap(), Some(bare.clone()));
    assert_eq!(ledger.reply(MCH_ID, "1").await.unwrap(), reply);
    assert_eq!(ledger.history(&bare.key).await.unwrap(), vec![entry("accepted")]);
    let merchant = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(merchant.balance.get(), 1_000);
}

pub async fn a_commit_without_entries_is_refused(ledger: Store) {
    let commit = Commit { entries: Vec::new(), ..first(record(MCH_ID, "1")) };
    assert!(matches!(ledger.commit(commit).await, Err(LedgerError::NoEntries)));
    assert_eq!(ledger.find(&Key::new(MCH_ID, "1")).await.unwrap(), None);
}

pub async fn a_commit_of_no_merchant_is_refused(ledger: Store) {
    let refused = ledger.commit(first(record("nobody", "1"))).await;
    assert!(matches!(refused, Err(LedgerError::NoMerchant(mch_id)) if mch_id == "nobody"));
    assert_eq!(ledger.find(&Key::new("nobody", "1")).await.unwrap(), None);
}

pub async fn history_keeps_its_order_and_raw_messages(ledger: Store) {
    let sources = [Source::Merchant, Source::Issuer, Source::Admin, Source::Upstream];
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
        let commit = Commit { entries, expect, ..first(record(MCH_ID, "1")) };
        ledger.commit(commit).await.unwrap();
    }
    assert_eq!(ledger.history(&Key::new(MCH_ID, "1")).await.unwrap(), all);
}

pub async fn merchants_do_not_see_each_other(ledger: Store) {
    let mut theirs = record(OTHER_MCH_ID, "1");
    theirs.status = Some(Status::Received);
    let ours = record(MCH_ID, "1");
    for (record, reply) in [(&ours, "ours"), (&theirs, "theirs")] {
        let commit = Commit {
            reply: Some(reply.into()),
            entries: vec![entry(reply)],
            ..first(record.clone())
        };
        ledger.commit(commit).await.unwrap();
    }
    for (record, reply) in [(&ours, "ours"), (&theirs, "theirs")] {
        let mch_id = record.key.mch_id.as_str();
        assert_eq!(ledger.find(&record.key).await.unwrap().as_ref(), Some(record));
        assert_eq!(ledger.reply(mch_id, "1").await.unwrap(), Some(reply.into()));
        assert_eq!(ledger.history(&record.key).await.unwrap(), vec![entry(reply)]);
        let listed = ledger.records(mch_id, &super::listing::everything()).await.unwrap();
        assert_eq!(listed, vec![record.clone()]);
    }
}

pub async fn times_are_kept_in_whole_milliseconds(ledger: Store) {
    let fine = Timestamp::from_nanosecond(1_500_561_912_345_678_901).unwrap();
    let whole = Timestamp::from_millisecond(1_500_561_912_345).unwrap();
    let mut record = record(MCH_ID, "1");
    record.sent_at = fine;
    record.status_at = fine;
    record.due_at = Some(fine);
    let key = record.key.clone();
    let entries = vec![Entry { at: fine, ..entry("accepted") }];
    ledger.commit(Commit { entries, ..first(record) }).await.unwrap();
    let found = ledger.find(&key).await.unwrap().unwrap();
    assert_eq!((found.sent_at, found.status_at, found.due_at), (whole, whole, Some(whole)));
    assert_eq!(ledger.history(&key).await.unwrap()[0].at, whole);
    assert_eq!(ledger.due(fine, 1).await.unwrap().len(), 1);
}
