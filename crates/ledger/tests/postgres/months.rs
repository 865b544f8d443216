//! The months that history is kept by.

use crate::given::inquiries::{asked, inquiry, noted};
use crate::given::{MCH_ID, entry, first, merchant, next, record};
use crate::open;
use hongbao_ledger::audit::{Report, Unverified, Wrong};
use hongbao_ledger::{
    Archive, Audit, Book, Commit, Entry, Expect, Head, Inquiries, InquiryCommit, Ledger,
    LedgerError, PostgresLedger,
};
use hongbao_postgres_test::{Database, TestServer};

fn on(day: &str) -> Entry {
    Entry { at: day.parse().unwrap(), ..entry("happened") }
}

fn commit_on(number: &str, day: &str) -> Commit {
    Commit { entries: vec![on(day)], ..first(record(MCH_ID, number)) }
}

#[tokio::test]
async fn a_month_is_there_before_it_is_written_into() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    // In China it is the first of August.
    ledger.commit(commit_on("1", "2017-07-31T16:00:00Z")).await.unwrap();
    ledger.commit(commit_on("2", "2017-07-31T15:59:59.999Z")).await.unwrap();
    let commit =
        InquiryCommit { entries: vec![on("2026-12-31T00:00:00Z")], ..noted(inquiry("9", "1")) };
    ledger.commit_inquiry(commit).await.unwrap();
    let lies = |table: &str| {
        let query = format!("SELECT mch_billno, tableoid::regclass FROM {table} ORDER BY 1");
        server.sql(&database.name, &query)
    };
    assert_eq!(lies("history"), "1|history_y2017m08\n2|history_y2017m07");
    assert_eq!(lies("inquiry_history"), "1|inquiry_history_y2026m12");
    let made = server.sql(&database.name, "SELECT name FROM months ORDER BY name");
    assert_eq!(
        made.lines().collect::<Vec<_>>(),
        [
            "history_y2017m07",
            "history_y2017m08",
            "history_y2017m09",
            "history_y2017m10",
            "inquiry_history_y2026m12",
            "inquiry_history_y2027m01",
            "inquiry_history_y2027m02",
        ]
    );
}

#[tokio::test]
async fn a_month_whose_entries_lie_in_the_rest_stays_there() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    server.sql(
        &database.name,
        "INSERT INTO history (mch_id, position, at, mch_billno, source, event, mark) \
         VALUES ('other', 1, 1500561912000, '1', 'issuer', 'SENT', '\\x0000000000000000')",
    );
    ledger.commit(commit_on("1", "2017-07-20T00:00:00Z")).await.unwrap();
    let lies = server
        .sql(&database.name, "SELECT tableoid::regclass FROM history WHERE mch_id <> 'other'");
    assert_eq!(lies, "history_rest");
    assert_eq!(ledger.history(&record(MCH_ID, "1").key).await.unwrap().len(), 1);
}

/// The statements of the manual that put the month away (0) or bring it back (1), for another one.
fn of_manual(which: usize, month: &str, bounds: &str) -> String {
    let manual = include_str!("../../../../docs/postgresql.md");
    let blocks = manual.split("```sql\n").filter(|block| block.starts_with("BEGIN;\n"));
    let block = blocks.map(|block| block.split("```").next().unwrap()).nth(which).unwrap();
    block.replace("history_y2019m01", month).replace("(1546272000000) TO (1548950400000)", bounds)
}

const OF_JULY: &str = "(1498838400000) TO (1501516800000)";

/// A ledger with one packet of each of these days.
async fn with_packets_of(database: &Database, days: &[&str]) -> PostgresLedger {
    let ledger = open(database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    for (number, day) in (1..).zip(days) {
        let at = format!("2017-{day}T00:00:00Z");
        ledger.commit(commit_on(&number.to_string(), &at)).await.unwrap();
    }
    ledger
}

async fn audit(ledger: &PostgresLedger, earlier: Vec<Head>) -> Report {
    Audit::new().against(earlier).run(ledger, &mut |_| {}).await.unwrap()
}

fn unverified(from: u64, to: u64, months: &str) -> Unverified {
    let (book, mch_id) = (Book::Records, MCH_ID.into());
    Unverified { book, mch_id, from, to, months: months.into() }
}

fn faults(report: Report) -> Vec<Wrong> {
    report.faults.into_iter().map(|fault| fault.wrong).collect()
}

#[tokio::test]
async fn a_month_that_was_detached_is_missed_and_no_tampering() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = with_packets_of(&database, &["06-10", "07-10", "08-10"]).await;
    let positions = async |after| {
        let links = ledger.links(Book::Records, MCH_ID, after, 1000).await?;
        Ok::<_, LedgerError>(links.into_iter().map(|link| link.position).collect::<Vec<_>>())
    };
    assert_eq!(positions(0).await.unwrap(), [1, 2, 3]);
    let heads = ledger.heads().await.unwrap();
    server.sql(&database.name, &of_manual(0, "history_y2017m07", OF_JULY));
    let kept = server.sql(&database.name, "SELECT mch_id, month, first, last FROM detached");
    assert_eq!(kept, format!("{MCH_ID}|history_y2017m07|2|2"));
    assert_eq!(positions(0).await.unwrap(), [1]);
    let LedgerError::Detached { mch_id, position, last, months } = positions(1).await.unwrap_err()
    else {
        panic!()
    };
    assert_eq!((&*mch_id, position, last, &*months), (MCH_ID, 2, 2, "history_y2017m07"));
    assert_eq!(positions(2).await.unwrap(), [3]);
    // The chain goes on without it, and so does the packet.
    let later =
        Commit { entries: vec![on("2017-08-11T00:00:00Z")], ..next(record(MCH_ID, "2"), 1) };
    ledger.commit(later).await.unwrap();
    // What is there is audited all the same: up to the gap, or past it from a head kept elsewhere.
    for (earlier, to, entries) in [(Vec::new(), 4, 1), (heads, 3, 2)] {
        let report = audit(&ledger, earlier).await;
        assert_eq!(report.unverified, [unverified(2, to, "history_y2017m07")]);
        assert_eq!((report.checked.entries, report.checked.packets), (entries, 3));
        assert_eq!(faults(report), []);
    }
    server.sql(&database.name, "UPDATE records SET wishing = 'x' WHERE mch_billno = '3'");
    assert_eq!(
        faults(audit(&ledger, Vec::new()).await),
        [Wrong::PacketChanged { mch_billno: "3".into() }]
    );
    server.sql(&database.name, &of_manual(1, "history_y2017m07", OF_JULY));
    assert_eq!(positions(0).await.unwrap(), [1, 2, 3, 4]);
    assert_eq!(server.sql(&database.name, "SELECT count(*) FROM detached"), "0");
}

#[tokio::test]
async fn a_detached_month_excuses_only_what_it_holds() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let days = ["06-10", "07-01", "06-11", "07-02", "07-03", "08-01", "08-02", "08-03", "08-04"];
    let ledger = with_packets_of(&database, &days).await;
    let heads = ledger.heads().await.unwrap();
    server.sql(&database.name, &of_manual(0, "history_y2017m07", OF_JULY));
    let kept = server.sql(&database.name, "SELECT first, last FROM detached ORDER BY first");
    assert_eq!(kept, "2|2\n4|5");
    let july = "history_y2017m07";
    let report = audit(&ledger, Vec::new()).await;
    assert_eq!(report.unverified, [unverified(2, 9, july)]);
    assert_eq!(report.checked.entries, 1);
    assert_eq!(faults(report), []);
    // Beside the month, before and behind it, and within what could not be verified.
    server.sql(&database.name, "DELETE FROM history WHERE position IN (1, 3, 6, 8)");
    let missing = |from, next| Wrong::EntriesMissing { from, next };
    let gone = |number: &str| Wrong::PacketUnchained { mch_billno: number.into() };
    let report = audit(&ledger, Vec::new()).await;
    assert_eq!(report.unverified, [unverified(2, 9, july)]);
    let places = [missing(1, 2), missing(3, 4), missing(6, 7), missing(8, 9)];
    assert_eq!(faults(report), places, "packets without an entry may have it in the month");
    // A head that lies beyond: what follows on it is verified again.
    let report = audit(&ledger, heads.clone()).await;
    assert_eq!(report.unverified, [unverified(2, 9, july)]);
    assert_eq!(faults(report), places);
    // What is written down of a month that is there excuses nothing.
    server.sql(
        &database.name,
        "ALTER TABLE history ATTACH PARTITION history_y2017m07 \
         FOR VALUES FROM (1498838400000) TO (1501516800000); \
         DELETE FROM history WHERE position = 5",
    );
    let report = audit(&ledger, heads).await;
    assert_eq!(report.unverified, []);
    let wrong = [
        missing(1, 2),
        missing(3, 4),
        missing(5, 7),
        missing(8, 9),
        Wrong::EarlierHeadDiffers { position: 9 },
        gone("1"),
        gone("3"),
        gone("5"),
        gone("6"),
        gone("8"),
    ];
    assert_eq!(faults(report), wrong);
}

#[tokio::test]
async fn a_month_that_was_not_written_down_excuses_nothing() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = with_packets_of(&database, &["06-10", "07-10"]).await;
    let detach = of_manual(0, "history_y2017m07", OF_JULY);
    let write_down = &detach[detach.find("INSERT").unwrap()..detach.find("ALTER").unwrap()];
    server.sql(&database.name, "ALTER TABLE history DETACH PARTITION history_y2017m07");
    let cut = Wrong::EntriesCut { last: 1, head: 2 };
    let gone = Wrong::PacketUnchained { mch_billno: "2".into() };
    assert_eq!(faults(audit(&ledger, Vec::new()).await), [cut, gone]);
    server.sql(&database.name, write_down);
    let report = audit(&ledger, Vec::new()).await;
    assert_eq!(report.unverified, [unverified(2, 2, "history_y2017m07")]);
    assert_eq!(faults(report), []);
    // The head moved back: what the month holds lies beyond it.
    server.sql(
        &database.name,
        "UPDATE chains SET position = 1, hash = decode(repeat('07', 32), 'hex')",
    );
    assert_eq!(
        faults(audit(&ledger, Vec::new()).await)[..2],
        [Wrong::HeadChanged { position: 1 }, Wrong::EntriesBeyondHead { position: 2 }]
    );
}

#[tokio::test]
async fn an_entry_that_was_removed_is_missed_where_every_month_is_there() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.commit_inquiry(noted(inquiry(MCH_ID, "1"))).await.unwrap();
    ledger.commit_inquiry(asked(inquiry(MCH_ID, "1"), 1)).await.unwrap();
    server.sql(&database.name, "DELETE FROM inquiry_history WHERE position = 1");
    let links = ledger.links(Book::Inquiries, MCH_ID, 0, 1000).await.unwrap();
    assert_eq!(links.into_iter().map(|link| link.position).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn totals_of_nothing_are_removed() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    ledger.commit(first(record(MCH_ID, "1"))).await.unwrap();
    for status in ["ONE", "TWO"] {
        let mut turned = record(MCH_ID, "1");
        turned.status = Some(hongbao_wire::Status::Unknown(status.into()));
        let version = ledger.find(&turned.key).await.unwrap().unwrap().version;
        ledger.commit(next(turned, version)).await.unwrap();
    }
    let totals = server.sql(&database.name, "SELECT status, packets FROM totals");
    assert_eq!(totals, "TWO|1");
}

#[tokio::test]
async fn a_month_that_cannot_be_made_is_tried_once_and_not_by_every_commit() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    let (reader, connection) =
        tokio_postgres::connect(&database.socket_url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    reader.batch_execute("BEGIN; LOCK TABLE history IN ACCESS SHARE MODE").await.unwrap();
    // Refused, so that the rest holds nothing of that month either.
    let refused = Commit { expect: Expect::Version(7), ..commit_on("1", "2017-07-10T00:00:00Z") };
    assert!(matches!(ledger.commit(refused).await, Err(LedgerError::Conflict)));
    reader.batch_execute("COMMIT").await.unwrap();
    // Whether it could be made now is not asked before the minute is over.
    ledger.commit(commit_on("2", "2017-07-10T00:00:00Z")).await.unwrap();
    ledger.commit(commit_on("3", "2017-08-10T00:00:00Z")).await.unwrap();
    let made = server.sql(&database.name, "SELECT name FROM months ORDER BY name");
    assert_eq!(made, "history_y2017m08\nhistory_y2017m09\nhistory_y2017m10");
    drop(reader);
    connection.await.unwrap().unwrap();
}
