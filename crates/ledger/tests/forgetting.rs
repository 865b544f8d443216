//! What forgetting a receiver reaches beside the packets that name it.
#![allow(clippy::unwrap_used)]

mod given;

use given::{MCH_ID, at, entry, first, full_record, merchant, record};
use hongbao_ledger::copy::{CopyOptions, copy};
use hongbao_ledger::{
    Archive, Audit, Book, Commit, Entry, LedgerError, Link, MemoryLedger, Raw, SealKey,
    SqliteLedger, Store,
};
use hongbao_wire::Status;
use std::sync::Arc;

const OPTIONS: CopyOptions = CopyOptions { usage_from: jiff::civil::date(2017, 7, 19) };

fn stores(folder: &std::path::Path) -> [Arc<dyn Store>; 2] {
    let path = folder.join("ledger.sqlite");
    let sqlite = SqliteLedger::open(path, SealKey::generate()).unwrap();
    [Arc::new(MemoryLedger::new()), Arc::new(sqlite)]
}

/// Commits a packet to a receiver, with a message in its history.
async fn commit(store: &dyn Store, number: &str, receiver: &str, raw: &str) {
    let mut record = record(MCH_ID, number);
    record.order.re_openid = receiver.into();
    record.status = Some(Status::Received);
    record.receipt = full_record(MCH_ID, "x").receipt;
    record.receipt.as_mut().unwrap().openid = receiver.into();
    let entries = vec![Entry { raw: Some(raw.as_bytes().into()), ..entry("told") }];
    store.commit(Commit { entries, ..first(record) }).await.unwrap();
}

/// Which entries have their messages still.
async fn kept(store: &dyn Store) -> Vec<u64> {
    let links = Archive::links(store, Book::Records, MCH_ID, 0, 1_000).await.unwrap();
    let has = |link: &Link| matches!(link.raw, Raw::Kept(_));
    links.iter().filter(|link| has(link)).map(|link| link.position).collect()
}

async fn is_clean(store: &dyn Store) -> bool {
    Audit::new().run(store, &mut |_| {}).await.unwrap().is_clean()
}

#[tokio::test]
async fn messages_of_other_packets_that_name_the_receiver_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(folder.path()) {
        store.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
        commit(&*store, "1", "oA", "to oA").await;
        commit(&*store, "2", "oB", "<openid>oA</openid>").await;
        commit(&*store, "3", "oB", "oAA xoA oA_ -oA").await;
        commit(&*store, "4", "oB", "oA").await;
        let done = store.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
        assert_eq!((done.packets, done.messages), (1, 3));
        assert_eq!(kept(&*store).await, [3], "words that only hold it are others");
        assert!(is_clean(&*store).await);
    }
}

#[tokio::test]
async fn a_receiver_is_not_its_own_alias() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(folder.path()) {
        store.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
        commit(&*store, "1", "oA", "to oA").await;
        let refused = store.forget(MCH_ID, &"oA".into(), &"oA".into(), at(50)).await;
        assert!(matches!(refused, Err(LedgerError::Storage(_))), "{refused:?}");
        assert_eq!(kept(&*store).await, [1]);
    }
}

#[tokio::test]
async fn a_copy_that_has_messages_already_loses_them_with_the_source() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (from, to) in stores(from.path()).into_iter().zip(stores(to.path())) {
        from.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
        commit(&*from, "1", "oA", "to oA").await;
        commit(&*from, "2", "oB", "to oB").await;
        copy(&*from, &*to, OPTIONS, &mut |_| {}).await.unwrap();
        assert_eq!(kept(&*to).await, [1, 2]);
        from.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
        let copied = copy(&*from, &*to, OPTIONS, &mut |_| {}).await.unwrap();
        assert_eq!((copied.brought, copied.behind), (1, 0));
        assert_eq!(kept(&*to).await, [2]);
        assert!(is_clean(&*to).await);
    }
}
