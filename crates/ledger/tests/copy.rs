//! Copies between stores: whole, resumable, of a source that is in use, and refused where they would mix.
#![allow(clippy::unwrap_used)]

mod given;

use given::{MCH_ID, OTHER_MCH_ID, at, fen};
use hongbao_ledger::copy::{Copied, CopyError, CopyOptions, Progress, copy};
use hongbao_ledger::{
    Archive, Book, Commit, Entry, Estate, Finding, Ledger, LedgerError, MemoryLedger, SealKey,
    SqliteLedger, SqliteOptions, Store,
};
use hongbao_wire::Status;
use std::path::Path;
use tempfile::TempDir;

const OPTIONS: CopyOptions = CopyOptions { usage_from: jiff::civil::date(2017, 7, 19) };

fn sqlite(folder: &TempDir, name: &str) -> SqliteLedger {
    SqliteLedger::open(folder.path().join(name), SealKey::generate()).unwrap()
}

async fn copied(from: &dyn Store, to: &dyn Store) -> Result<Copied, CopyError> {
    copy(from, to, OPTIONS, &mut |_| {}).await
}

/// A ledger with both books, two merchants, findings, settings, raw messages and a kept reply.
async fn fill(ledger: &dyn Store, packets: u32) {
    for mch_id in [MCH_ID, OTHER_MCH_ID] {
        ledger.add_merchant(given::merchant(mch_id, 10_000_000)).await.unwrap();
    }
    ledger.set_setting("sandbox_offset_ms", "86400000").await.unwrap();
    for number in 0..packets {
        let billno = format!("P{number:05}");
        send(ledger, &billno).await;
        if number % 3 == 0 {
            finish(ledger, &billno).await;
        }
        ledger
            .commit_inquiry(given::inquiries::noted(given::inquiries::inquiry(
                OTHER_MCH_ID,
                &billno,
            )))
            .await
            .unwrap();
    }
    let finding = Finding {
        mch_id: MCH_ID.into(),
        at: at(9),
        first_billno: "P00000".into(),
        second_billno: "P00001".into(),
        re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
        total_amount: fen(100),
        told: "SYSTEMERROR".into(),
    };
    let estate = Estate {
        findings: vec![finding],
        ..ledger.estate(MCH_ID, OPTIONS.usage_from).await.unwrap()
    };
    ledger.receive_estate(MCH_ID, estate).await.unwrap();
}

async fn send(ledger: &dyn Store, billno: &str) {
    let raw = Some(format!("<xml>{billno}</xml>").into_bytes().into());
    let entries = vec![Entry { raw, ..given::entry("accepted") }, given::entry("SENDING")];
    let commit = Commit {
        entries,
        reply: Some(format!("reply of {billno}").into()),
        ..given::first(given::record(MCH_ID, billno))
    };
    ledger.commit(commit).await.unwrap();
}

async fn finish(ledger: &dyn Store, billno: &str) {
    let mut record = given::record(MCH_ID, billno);
    record.status = Some(Status::Received);
    ledger.commit(given::next(record, 1)).await.unwrap();
}

/// Everything that a copy must bring.
async fn same(from: &dyn Store, to: &dyn Store) {
    assert_eq!(from.heads().await.unwrap(), to.heads().await.unwrap());
    assert_eq!(from.settings().await.unwrap(), to.settings().await.unwrap());
    for mch_id in [MCH_ID, OTHER_MCH_ID] {
        for book in Book::ALL {
            let ours = Archive::links(from, book, mch_id, 0, 1000).await.unwrap();
            assert_eq!(ours, Archive::links(to, book, mch_id, 0, 1000).await.unwrap());
            let ours = from.totals(book, mch_id, None, None).await.unwrap();
            assert_eq!(ours, to.totals(book, mch_id, None, None).await.unwrap());
        }
        let filter = hongbao_ledger::Filter { limit: 1000, ..Default::default() };
        let records = from.records(mch_id, &filter).await.unwrap();
        assert_eq!(records, to.records(mch_id, &filter).await.unwrap());
        for record in records {
            let billno = record.key.mch_billno.as_str();
            assert_eq!(
                from.reply(mch_id, billno).await.unwrap(),
                to.reply(mch_id, billno).await.unwrap()
            );
        }
        let filter = hongbao_ledger::InquiryFilter { limit: 1000, ..Default::default() };
        let ours = from.inquiries(mch_id, &filter).await.unwrap();
        assert_eq!(ours, to.inquiries(mch_id, &filter).await.unwrap());
        let estate = |estate: Estate| {
            let key = estate
                .merchant
                .as_ref()
                .map(|m| (m.api_key.expose().to_vec(), m.workwx_secret.expose().to_vec()));
            (format!("{estate:?}"), key)
        };
        let ours = estate(from.estate(mch_id, OPTIONS.usage_from).await.unwrap());
        assert_eq!(ours, estate(to.estate(mch_id, OPTIONS.usage_from).await.unwrap()));
    }
}

#[tokio::test]
async fn a_ledger_is_copied_whole_between_any_two_stores_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let stores: [(Box<dyn Store>, Box<dyn Store>); 3] = [
        (Box::new(sqlite(&folder, "a.sqlite")), Box::new(sqlite(&folder, "b.sqlite"))),
        (Box::new(sqlite(&folder, "c.sqlite")), Box::new(MemoryLedger::new())),
        (Box::new(MemoryLedger::new()), Box::new(sqlite(&folder, "d.sqlite"))),
    ];
    let mut hashes = Vec::new();
    for (from, to) in &stores {
        fill(&**from, 40).await;
        let first = copied(&**from, &**to).await.unwrap();
        // of 40 packets two entries each, 14 of them one more, and 40 inquiries
        assert_eq!((first.brought, first.behind, first.packets, first.merchants), (134, 0, 80, 2));
        same(&**from, &**to).await;
        let again = copied(&**from, &**to).await.unwrap();
        assert_eq!(again, Copied { brought: 0, ..first.clone() });
        same(&**from, &**to).await;
        hashes.push((first.chains_hash, first.packets_hash.unwrap()));
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "equal ledgers have equal hashes");
}

#[tokio::test]
async fn an_empty_ledger_is_copied() {
    let (from, to) = (MemoryLedger::new(), MemoryLedger::new());
    let copied = copied(&from, &to).await.unwrap();
    assert_eq!((copied.brought, copied.packets, copied.behind), (0, 0, 0));
    assert!(copied.heads.is_empty() && copied.packets_hash.is_some());
}

#[tokio::test]
async fn a_copy_that_was_stopped_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (MemoryLedger::new(), sqlite(&folder, "to.sqlite"));
    fill(&from, 700).await;
    let stop = tokio::sync::Notify::new();
    let mut note = |progress| {
        if let Progress::Entries { done: 1.., .. } = progress {
            stop.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = stop.notified() => {}
        _ = copy(&from, &to, OPTIONS, &mut note) => panic!("it was to be stopped"),
    }
    let there: u64 = to.heads().await.unwrap().iter().map(|head| head.position).sum();
    assert!((500..2334).contains(&there), "{there}");
    let rest = copied(&from, &to).await.unwrap();
    assert_eq!((rest.brought, rest.behind), (2334 - there, 0));
    same_heads(&from, &to).await;
}

async fn same_heads(from: &dyn Store, to: &dyn Store) {
    assert_eq!(from.heads().await.unwrap(), to.heads().await.unwrap());
}

#[tokio::test]
async fn a_full_disk_ends_a_copy_and_with_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("to.sqlite"), SealKey::generate());
    let from = MemoryLedger::new();
    fill(&from, 700).await;
    let open = |path: &Path, pages_max| {
        let options = SqliteOptions { pages_max, ..SqliteOptions::default() };
        SqliteLedger::open_with(path, key.clone(), options).unwrap()
    };
    let to = open(&path, Some(100));
    let error = copied(&from, &to).await.unwrap_err();
    assert!(matches!(error, CopyError::Destination(LedgerError::Storage(_))), "{error:?}");
    drop(to);
    let to = open(&path, None);
    let rest = copied(&from, &to).await.unwrap();
    assert_eq!((rest.behind, rest.packets), (0, 1400));
    same_heads(&from, &to).await;
}

/// Does `work` on another ledger in the middle of a copy.
fn meanwhile(work: impl Future<Output = ()>) {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_source_gets_meanwhile_is_caught_up_with() {
    let (from, to) = (MemoryLedger::new(), MemoryLedger::new());
    fill(&from, 10).await;
    let mut sent = 0;
    let mut note = |progress| {
        if let Progress::Entries { .. } = progress
            && sent < 3
        {
            sent += 1;
            meanwhile(send(&from, &format!("LATE{sent}")));
            meanwhile(finish(&from, &format!("P0000{}", 3 * sent - 2)));
        }
    };
    let copied = copy(&from, &to, OPTIONS, &mut note).await.unwrap();
    assert_eq!((copied.behind, copied.packets), (0, 23));
    same(&from, &to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_and_a_setting_that_change_while_packets_are_compared_arrive() {
    let (from, to) = (MemoryLedger::new(), MemoryLedger::new());
    fill(&from, 3).await;
    let mut changes = 0;
    let mut note = |progress| {
        if let Progress::Compared { .. } = progress
            && changes < 2
        {
            changes += 1;
            meanwhile(async {
                from.top_up(MCH_ID, fen(5)).await.unwrap();
                from.set_setting("late", &changes.to_string()).await.unwrap();
            });
        }
    };
    let done = copy(&from, &to, OPTIONS, &mut note).await.unwrap();
    assert_eq!((done.behind, changes), (0, 2));
    assert!(done.packets_hash.is_some());
    assert_eq!(
        done,
        Copied { brought: done.brought, ..copied(&from, &MemoryLedger::new()).await.unwrap() }
    );
    same(&from, &to).await;

    let mut note = |progress| {
        if let Progress::Compared { .. } = progress {
            meanwhile(async {
                let _ = from.top_up(MCH_ID, fen(5)).await.unwrap();
            });
        }
    };
    let behind = copy(&from, &to, OPTIONS, &mut note).await.unwrap();
    assert_eq!((behind.behind, behind.packets_hash), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_never_rests_is_told_of_and_its_copy_is_no_other() {
    let (from, to) = (MemoryLedger::new(), MemoryLedger::new());
    fill(&from, 1).await;
    let mut sent = 0;
    let mut note = |progress| {
        if let Progress::Entries { .. } = progress {
            sent += 1;
            meanwhile(send(&from, &format!("LATE{sent}")));
        }
    };
    let behind = copy(&from, &to, OPTIONS, &mut note).await.unwrap();
    assert_eq!((behind.behind, behind.packets_hash), (2, None));
    assert_eq!(copied(&from, &to).await.unwrap().behind, 0);
    same(&from, &to).await;
}

#[tokio::test]
async fn a_destination_that_holds_anything_else_is_refused() {
    let different = |result: Result<Copied, CopyError>| {
        let error = result.unwrap_err();
        assert!(matches!(&error, CopyError::Different { book: Book::Records, .. }), "{error:?}");
    };
    let from = MemoryLedger::new();
    fill(&from, 2).await;
    let other = MemoryLedger::new();
    fill(&other, 0).await;
    send(&other, "OTHER").await;
    let before = other.heads().await.unwrap();
    different(copied(&from, &other).await);
    assert_eq!(other.heads().await.unwrap(), before, "nothing was changed");

    let longer = MemoryLedger::new();
    copied(&from, &longer).await.unwrap();
    send(&longer, "MORE").await;
    different(copied(&from, &longer).await);
    let empty = MemoryLedger::new();
    different(copied(&empty, &longer).await);
}
