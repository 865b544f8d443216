//! Whoever changes the file behind the program's back is found out, and where.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{asked, inquiry, noted, plainly_ordered};
use given::{MCH_ID, entry, fen, first, merchant, next, record};
use hongbao_ledger::audit::{Report, Wrong};
use hongbao_ledger::{
    Archive, Audit, Book, Commit, Entry, Head, Inquiries, Ledger, Outcome, SealKey, SqliteLedger,
    Sum, TotalKey,
};
use hongbao_wire::Status;
use rusqlite::Connection;
use tempfile::TempDir;

/// A ledger of three packets on each side. Each side's chain is: 1 accepted, 2 accepted,
/// 3 accepted, 1 moved twice, 2 moved.
struct Kept {
    folder: TempDir,
    ledger: SqliteLedger,
}

impl Kept {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = SqliteLedger::open(path, SealKey::generate()).unwrap();
        ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
        let raw = |entry: Entry| Entry { raw: Some(b"message".as_slice().into()), ..entry };
        for number in ["1", "2", "3"] {
            let commit = first(record(MCH_ID, number));
            let entries = vec![raw(entry("accepted"))];
            ledger.commit(Commit { entries, ..commit }).await.unwrap();
            ledger.commit_inquiry(noted(plainly_ordered(MCH_ID, number))).await.unwrap();
        }
        let entries = vec![entry("asked"), entry("told")];
        for (number, entries) in [("1", entries), ("2", vec![entry("moved")])] {
            let mut moved = record(MCH_ID, number);
            moved.status = Some(Status::Sent);
            let commit = Commit { entries: entries.clone(), ..next(moved, 1) };
            ledger.commit(commit).await.unwrap();
            let mut commit = asked(plainly_ordered(MCH_ID, number), 1);
            commit.entries = entries;
            ledger.commit_inquiry(commit).await.unwrap();
        }
        Self { folder, ledger }
    }

    fn change(&self, statements: &str) {
        let path = self.folder.path().join("ledger.sqlite");
        let direct = Connection::open(path).unwrap();
        direct.execute_batch(statements).unwrap();
    }

    async fn report(&self, earlier: Vec<Head>) -> Report {
        Audit::new().against(earlier).run(&self.ledger, &mut |_| {}).await.unwrap()
    }

    async fn found(&self) -> Vec<(Book, Wrong)> {
        let report = self.report(Vec::new()).await;
        assert_eq!(report.faults_in_all, report.faults.len() as u64);
        report.faults.into_iter().map(|fault| (fault.book, fault.wrong)).collect()
    }
}

/// What a change of the records' side comes to; that of the inquiries is tried too.
async fn finds(change: &str, wanted: &[Wrong]) {
    let kept = Kept::new().await;
    assert_eq!(kept.found().await, []);
    kept.change(change);
    let of = |book: Book| wanted.iter().map(|wrong| (book, wrong.clone())).collect::<Vec<_>>();
    assert_eq!(kept.found().await, of(Book::Records), "{change}");
    let kept = Kept::new().await;
    let change = change.replace("history", "inquiry_history").replace("records", "inquiries");
    kept.change(&change);
    assert_eq!(kept.found().await, of(Book::Inquiries), "{change}");
}

fn changed(position: u64, mch_billno: &str) -> Wrong {
    Wrong::EntryChanged { position, mch_billno: mch_billno.into() }
}

#[tokio::test]
async fn an_entry_that_was_changed_is_found() {
    for change in [
        "at = at + 1",
        "source = 'admin'",
        "event = 'refunded'",
        "raw = x'00'",
        "raw_digest = zeroblob(32), raw = NULL",
        "state = NULL",
        "state = zeroblob(16)",
    ] {
        let change = format!("UPDATE history SET {change} WHERE position = 2");
        finds(&change, &[changed(2, "2")]).await;
    }
}

#[tokio::test]
async fn an_entry_given_to_another_packet_is_found() {
    // Packet 3 keeps an entry that is not its own, and packet 2 its newer one.
    let change = "UPDATE history SET mch_billno = '3' WHERE position = 2";
    finds(change, &[changed(2, "3")]).await;
}

#[tokio::test]
async fn a_mark_that_was_changed_is_found_and_nothing_else() {
    finds("UPDATE history SET mark = zeroblob(8) WHERE position = 2", &[changed(2, "2")]).await;
}

#[tokio::test]
async fn entries_that_were_removed_are_found() {
    let missing = |from, next| Wrong::EntriesMissing { from, next };
    finds("DELETE FROM history WHERE position = 1", &[missing(1, 2)]).await;
    finds("DELETE FROM history WHERE position = 4", &[missing(4, 5)]).await;
    finds("DELETE FROM history WHERE position IN (1, 2, 4)", &[missing(1, 3), missing(4, 5)]).await;
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found() {
    let stale = Wrong::PacketChanged { mch_billno: "2".into() };
    let cut = |last| Wrong::EntriesCut { last, head: 6 };
    finds("DELETE FROM history WHERE position = 6", &[cut(5), stale]).await;
    let gone = ["1", "2", "3"].map(|n| Wrong::PacketUnchained { mch_billno: n.into() });
    let all: Vec<Wrong> = [cut(0)].into_iter().chain(gone).collect();
    finds("DELETE FROM history", &all).await;
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    let swap = "UPDATE history SET position = 99 WHERE position = 2; \
         UPDATE history SET position = 2 WHERE position = 3; \
         UPDATE history SET position = 3 WHERE position = 99";
    finds(swap, &[changed(2, "3")]).await;
}

#[tokio::test]
async fn an_entry_that_was_put_in_is_found() {
    let copy = |at: u64| {
        format!(
            "INSERT INTO history (mch_id, position, mch_billno, at, source, event, mark) \
             SELECT mch_id, {at}, mch_billno, at, source, event, mark FROM history \
             WHERE position = 1"
        )
    };
    finds(&copy(7), &[Wrong::EntriesBeyondHead { position: 7 }]).await;
    let between = format!(
        "UPDATE history SET position = -position WHERE position > 2; \
         UPDATE history SET position = 1 - position WHERE position < 0; {}",
        copy(3)
    );
    let beyond = Wrong::EntriesBeyondHead { position: 7 };
    finds(&between, &[changed(3, "1"), beyond]).await;
}

#[tokio::test]
async fn a_head_that_was_changed_or_removed_is_found() {
    let kept = Kept::new().await;
    kept.change("UPDATE chains SET hash = zeroblob(32) WHERE book = 'records'");
    let head = Wrong::HeadChanged { position: 6 };
    assert_eq!(kept.found().await, [(Book::Records, head)]);
    kept.change("DELETE FROM chains");
    let beyond = |book| (book, Wrong::EntriesBeyondHead { position: 1 });
    assert_eq!(kept.found().await, [beyond(Book::Records), beyond(Book::Inquiries)]);
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_a_fault_and_hides_no_other() {
    for change in ["hash = zeroblob(31)", "position = -1"] {
        let kept = Kept::new().await;
        let earlier = kept.ledger.heads().await.unwrap();
        kept.change(&format!("UPDATE chains SET {change} WHERE book = 'records'"));
        kept.change("UPDATE history SET event = 'x' WHERE position = 2");
        kept.change("UPDATE inquiries SET asks = 9 WHERE mch_billno = '3'");
        assert!(kept.ledger.heads().await.is_err(), "a copy does not take it for the whole");
        let report = kept.report(earlier).await;
        let found: Vec<_> = report.faults.iter().map(|f| (f.book, f.wrong.as_str())).collect();
        let wanted = [
            (Book::Records, "unreadable"),
            (Book::Records, "entry_changed"),
            (Book::Records, "earlier_head_differs"),
            (Book::Inquiries, "packet_changed"),
        ];
        assert_eq!(found, wanted, "{change}");
        assert_eq!((report.heads.len(), report.checked.entries), (1, 12), "{change}");
    }
}

#[tokio::test]
async fn a_packet_that_was_changed_is_found() {
    let wrong = || Wrong::PacketChanged { mch_billno: "3".into() };
    for change in ["wishing = 'x'", "due_at = 1", "version = 2", "reason = ''"] {
        // Of an inquiry, `reason` shows only with a status.
        let change = format!("UPDATE records SET {change} WHERE mch_billno = '3'");
        let kept = Kept::new().await;
        kept.change(&change);
        assert_eq!(kept.found().await, [(Book::Records, wrong())], "{change}");
    }
    for change in ["wishing = 'x'", "due_at = 1", "asks = 9", "is_final = 1", "cause = 'c'"] {
        let kept = Kept::new().await;
        kept.change(&format!("UPDATE inquiries SET {change} WHERE mch_billno = '3'"));
        assert_eq!(kept.found().await, [(Book::Inquiries, wrong())], "{change}");
    }
}

#[tokio::test]
async fn money_that_was_changed_is_found_twice() {
    let kept = Kept::new().await;
    kept.change("UPDATE records SET total_amount = 101 WHERE mch_billno = '3'");
    let packet = Wrong::PacketChanged { mch_billno: "3".into() };
    let key = Box::new(record(MCH_ID, "3").total().key);
    let sum = |ordered| Sum { packets: 1, ordered: fen(ordered), ..Sum::default() };
    let total = Wrong::TotalDiffers { key: key.clone(), kept: sum(100), counted: sum(101) };
    assert_eq!(kept.found().await, [(Book::Records, packet), (Book::Records, total)]);

    let kept = Kept::new().await;
    kept.change("UPDATE totals SET ordered = 99 WHERE book = 'records' AND status = ''");
    let total = Wrong::TotalDiffers { key: key.clone(), kept: sum(99), counted: sum(100) };
    assert_eq!(kept.found().await, [(Book::Records, total)]);

    kept.change("DELETE FROM totals WHERE book = 'records' AND status = ''");
    let (none, counted) = (Sum::default(), sum(100));
    let total = Wrong::TotalDiffers { key, kept: none, counted };
    assert_eq!(kept.found().await, [(Book::Records, total)]);
}

#[tokio::test]
async fn a_total_that_was_changed_or_lost_holds_no_packet_back_and_is_found() {
    for change in ["DELETE FROM totals", "UPDATE totals SET packets = 0, ordered = -1"] {
        let kept = Kept::new().await;
        kept.change(&format!("{change} WHERE book = 'records' AND status = ''"));
        let old = record(MCH_ID, "3");
        let mut moved = old.clone();
        moved.status = Some(Status::Sent);
        assert_eq!(kept.ledger.commit(next(moved, 1)).await.unwrap(), 2, "{change}");
        assert_eq!(kept.found().await, [], "the lost total was of this packet alone");
        kept.change(&format!("{change} WHERE book = 'records' AND status = 'SENT'"));
        let mut moved = record(MCH_ID, "2");
        moved.status = Some(Status::Failed);
        assert_eq!(kept.ledger.commit(next(moved, 2)).await.unwrap(), 3, "{change}");
        let key = Box::new(TotalKey {
            status: "SENT".into(),
            outcome: Outcome::Outstanding,
            ..old.total().key
        });
        let counted = Sum { packets: 2, ordered: fen(200), ..Sum::default() };
        let total = Wrong::TotalDiffers { key, kept: Sum::default(), counted };
        assert_eq!(kept.found().await, [(Book::Records, total)], "{change}");
    }
}

#[tokio::test]
async fn a_packet_that_was_removed_is_found() {
    let kept = Kept::new().await;
    kept.change("DELETE FROM records WHERE mch_billno = '3'");
    let gone = Wrong::PacketMissing { mch_billno: "3".into() };
    let key = Box::new(record(MCH_ID, "3").total().key);
    let one = Sum { packets: 1, ordered: fen(100), ..Sum::default() };
    let total = Wrong::TotalDiffers { key, kept: one, counted: Sum::default() };
    assert_eq!(kept.found().await, [(Book::Records, gone), (Book::Records, total)]);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_fault_and_no_error() {
    let kept = Kept::new().await;
    kept.change("UPDATE history SET source = 'nobody' WHERE position = 3");
    let found = kept.found().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1.as_str(), "unreadable");
}

/// Who may write to the file may compute a whole chain anew; a head kept elsewhere tells.
#[tokio::test]
async fn a_chain_written_anew_is_found_by_an_earlier_head() {
    let kept = Kept::new().await;
    let earlier = kept.ledger.heads().await.unwrap();
    assert_eq!(earlier.iter().map(|head| head.position).collect::<Vec<_>>(), [6, 6]);
    assert!(kept.report(earlier.clone()).await.is_clean());
    kept.ledger.commit(next(record(MCH_ID, "3"), 1)).await.unwrap();
    kept.ledger.commit_inquiry(noted(inquiry(MCH_ID, "4"))).await.unwrap();
    assert!(kept.report(earlier.clone()).await.is_clean(), "it grew");

    let other = Kept::new().await;
    other.ledger.commit(next(record(MCH_ID, "3"), 1)).await.unwrap();
    let mut lost = other.ledger.heads().await.unwrap();
    lost[0].position = 8;
    lost[1].hash[31] ^= 1;
    let report = other.report(lost).await;
    let found: Vec<Wrong> = report.faults.into_iter().map(|fault| fault.wrong).collect();
    let wanted =
        [Wrong::EarlierHeadMissing { position: 8 }, Wrong::EarlierHeadDiffers { position: 6 }];
    assert_eq!(found, wanted);

    let empty = Head { mch_id: "gone".into(), ..earlier[0].clone() };
    let report = other.report(vec![empty]).await;
    assert_eq!(report.faults.len(), 1);
    assert_eq!(report.faults[0].wrong, Wrong::EarlierHeadMissing { position: 6 });
}

#[tokio::test]
async fn a_report_lists_as_many_faults_as_are_wished_and_counts_all() {
    let kept = Kept::new().await;
    kept.change("UPDATE records SET wishing = 'x'");
    let mut told = Vec::new();
    let audit = Audit::new().listing(2);
    let report = audit.run(&kept.ledger, &mut |progress| told.push(progress)).await.unwrap();
    assert_eq!((report.faults.len(), report.faults_in_all), (2, 3));
    assert_eq!(told.last(), Some(&report.checked));
    assert_eq!((report.checked.entries, report.checked.entries_in_all), (12, 12));
    assert_eq!(report.checked.packets, 6);
}

#[tokio::test]
async fn totals_of_a_merchant_without_packets_are_found() {
    let kept = Kept::new().await;
    let old = record(MCH_ID, "1").total().key;
    kept.change(&format!(
        "INSERT INTO totals SELECT 'nobody', 'inquiries', day, status, outcome, act_name, sender, 7, \
         700, 0, 0 FROM totals WHERE book = 'records' AND status = '{}'",
        old.status
    ));
    let counted = Sum::default();
    let invented = Sum { packets: 7, ordered: fen(700), ..counted };
    let total = Wrong::TotalDiffers { key: Box::new(old), kept: invented, counted };
    let report = kept.report(Vec::new()).await;
    let [fault] = &report.faults[..] else { panic!("{:?}", report.faults) };
    assert_eq!((fault.book, fault.mch_id.as_str()), (Book::Inquiries, "nobody"));
    assert_eq!(fault.wrong, total);
}
