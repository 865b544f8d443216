//! Replies in memory: fast where they may be, and never older than a commit.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_ledger::record::Order;
use hongbao_ledger::{Archive, Commit, Entry, Expect, Key, Ledger, LedgerError, Record, Source};
use hongbao_server::KeptReplies;
use hongbao_wire::send::Sender;
use hongbao_wire::{Fen, Status};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use support::store::GatedLedger;
use support::{APPID, MCH, OPENID, merchant};

fn record(mch_billno: &str) -> Record {
    let at = Timestamp::from_second(1_767_225_600).unwrap();
    Record {
        key: Key::new(MCH, mch_billno),
        order: Order {
            wxappid: APPID.into(),
            re_openid: OPENID.into(),
            total_amount: Fen::new(100).unwrap(),
            wishing: "w".into(),
            act_name: "a".into(),
            remark: "r".into(),
            sender: Sender::Company,
            sender_header_media_id: None,
            scene: None,
        },
        sent_at: at,
        detail_id: None,
        status: None,
        status_at: at,
        reason: None,
        receipt: None,
        refund: None,
        due_at: None,
        play: "".into(),
        told: hongbao_ledger::record::Told::Nothing,
        version: 0,
    }
}

fn commit(mch_billno: &str, expect: Expect, reply: Option<&'static str>) -> Commit {
    let record = record(mch_billno);
    let at = record.sent_at;
    Commit {
        record,
        expect,
        entries: vec![Entry { at, source: Source::Issuer, event: "e".into(), raw: None }],
        reply: reply.map(Into::into),
        budget: None,
        refund: None,
        findings: Vec::new(),
    }
}

async fn kept(mib_max: u32) -> (Arc<GatedLedger>, KeptReplies) {
    let below = Arc::new(GatedLedger::default());
    below.add_merchant(merchant(MCH)).await.unwrap();
    (below.clone(), KeptReplies::new(below, mib_max))
}

async fn reply(ledger: &dyn Ledger, mch_billno: &str) -> Option<String> {
    let reply = ledger.reply(MCH, mch_billno).await.unwrap();
    reply.map(|reply| String::from_utf8(reply.to_vec()).unwrap())
}

#[tokio::test]
async fn a_reply_is_read_once_until_the_next_commit() {
    let (below, ledger) = kept(1).await;
    ledger.commit(commit("1", Expect::Absent, Some("one"))).await.unwrap();
    for _ in 0..3 {
        assert_eq!(reply(&ledger, "1").await.as_deref(), Some("one"));
    }
    assert_eq!(below.replies.load(SeqCst), 1);
    ledger.commit(commit("1", Expect::Version(1), Some("two"))).await.unwrap();
    assert_eq!(reply(&ledger, "1").await.as_deref(), Some("two"));
    ledger.commit(commit("1", Expect::Version(2), None)).await.unwrap();
    assert_eq!(reply(&ledger, "1").await, None);
}

#[tokio::test]
async fn what_is_not_there_is_not_kept() {
    let (below, ledger) = kept(1).await;
    assert_eq!(reply(&ledger, "1").await, None);
    assert_eq!(reply(&ledger, "1").await, None);
    assert_eq!(below.replies.load(SeqCst), 2);
    below.commit(commit("1", Expect::Absent, Some("one"))).await.unwrap();
    assert_eq!(reply(&ledger, "1").await.as_deref(), Some("one"));
}

#[tokio::test]
async fn a_reply_read_across_a_commit_is_not_kept() {
    let (below, ledger) = kept(1).await;
    ledger.commit(commit("1", Expect::Absent, Some("old"))).await.unwrap();
    below.gated.store(true, SeqCst);
    let reading = tokio::spawn({
        let ledger = ledger.clone();
        async move { reply(&ledger, "1").await }
    });
    below.has_arrived().await;
    ledger.commit(commit("1", Expect::Version(1), Some("new"))).await.unwrap();
    below.gated.store(false, SeqCst);
    below.open.add_permits(1);
    // That one began before the commit and may be old; none after it is.
    assert_eq!(reading.await.unwrap().as_deref(), Some("old"));
    assert_eq!(reply(&ledger, "1").await.as_deref(), Some("new"));
}

/// Commits a packet that failed, with a reply.
async fn failed(ledger: &KeptReplies, mch_billno: &str) {
    let mut first = commit(mch_billno, Expect::Absent, Some("names the receiver"));
    first.record.status = Some(Status::Failed);
    ledger.commit(first).await.unwrap();
}

/// Forgets the receiver as another process does.
async fn forget(below: &GatedLedger) {
    let now = Timestamp::from_second(1_767_225_700).unwrap();
    let forgotten = below.below.forget(MCH, &OPENID.into(), &"alias".into(), now).await.unwrap();
    assert_eq!(forgotten.packets, 1);
}

#[tokio::test]
async fn a_reply_of_a_receiver_who_was_forgotten_goes_with_the_next_look_at_the_merchants() {
    let (below, ledger) = kept(1).await;
    ledger.merchants_version().await.unwrap();
    failed(&ledger, "1").await;
    assert!(reply(&ledger, "1").await.is_some());
    ledger.merchants_version().await.unwrap();
    assert!(reply(&ledger, "1").await.is_some());
    assert_eq!(below.replies.load(SeqCst), 1, "nothing changed: it is kept");
    forget(&below).await;
    ledger.merchants_version().await.unwrap();
    assert_eq!(reply(&ledger, "1").await, None);
}

#[tokio::test]
async fn a_reply_read_while_its_receiver_was_forgotten_is_not_kept() {
    let (below, ledger) = kept(1).await;
    ledger.merchants_version().await.unwrap();
    failed(&ledger, "1").await;
    below.gated.store(true, SeqCst);
    let reading = tokio::spawn({
        let ledger = ledger.clone();
        async move { reply(&ledger, "1").await }
    });
    below.has_arrived().await;
    forget(&below).await;
    ledger.merchants_version().await.unwrap();
    below.gated.store(false, SeqCst);
    below.open.add_permits(1);
    assert_eq!(reading.await.unwrap().as_deref(), Some("names the receiver"));
    assert_eq!(reply(&ledger, "1").await, None);
}

#[tokio::test]
async fn a_commit_that_failed_takes_the_reply_out_too() {
    let (below, ledger) = kept(1).await;
    ledger.commit(commit("1", Expect::Absent, Some("one"))).await.unwrap();
    assert_eq!(reply(&ledger, "1").await.as_deref(), Some("one"));
    below.fails.store(true, SeqCst);
    let failed = ledger.commit(commit("1", Expect::Version(1), Some("two"))).await;
    assert!(matches!(failed, Err(LedgerError::Storage(_))));
    // The store is asked again, and what it says is not hidden.
    assert!(ledger.reply(MCH, "1").await.is_err());
}

#[tokio::test]
async fn memory_is_bounded() {
    let (below, ledger) = kept(1).await;
    let long: &'static str = Box::leak("a".repeat(16 * 1024).into_boxed_str());
    for n in 0..100 {
        let number = n.to_string();
        below.commit(commit(&number, Expect::Absent, Some(long))).await.unwrap();
        assert_eq!(reply(&ledger, &number).await.as_deref(), Some(long));
    }
    below.replies.store(0, SeqCst);
    for n in 0..100 {
        assert_eq!(reply(&ledger, &n.to_string()).await.as_deref(), Some(long));
    }
    // Each weighs more than 16 KiB, so fewer than 64 of the 100 can have been kept.
    assert!(below.replies.load(SeqCst) > 100 - 64);
}
