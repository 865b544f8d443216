//! The months that history is kept by.

use crate::given::inquiries::{asked, inquiry, noted};
use crate::given::{MCH_ID, entry, first, merchant, next, record};
use crate::open;
use hongbao_ledger::audit::Unverified;
use hongbao_ledger::{
    Archive, Audit, Book, Commit, Entry, Expect, Inquiries, InquiryCommit, Ledger, LedgerError,
};
use hongbao_postgres_test::TestServer;

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

#[tokio::test]
async fn a_month_that_was_detached_is_missed_and_no_tampering() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    for (number, day) in [
        ("1", "2017-06-10T00:00:00Z"),
        ("2", "2017-07-10T00:00:00Z"),
        ("3", "2017-08-10T00:00:00Z"),
    ] {
        ledger.commit(commit_on(number, day)).await.unwrap();
    }
    let positions = |links: Vec<hongbao_ledger::Link>| {
        links.into_iter().map(|link| link.position).collect::<Vec<_>>()
    };
    let links = ledger.links(Book::Records, MCH_ID, 0, 1000).await.unwrap();
    assert_eq!(positions(links), [1, 2, 3]);
    let heads = ledger.heads().await.unwrap();
    server.sql(&database.name, "ALTER TABLE history DETACH PARTITION history_y2017m07");
    let missed = ledger.links(Book::Records, MCH_ID, 0, 1000).await.unwrap_err();
    let LedgerError::Detached { mch_id, position, months } = missed else { panic!("{missed}") };
    assert_eq!((&*mch_id, position, &*months), (MCH_ID, 2, "history_y2017m07"));
    assert_eq!(positions(ledger.links(Book::Records, MCH_ID, 2, 1000).await.unwrap()), [3]);
    // The chain goes on without it, and so does the packet.
    let later =
        Commit { entries: vec![on("2017-08-11T00:00:00Z")], ..next(record(MCH_ID, "2"), 1) };
    ledger.commit(later).await.unwrap();
    // What is there is audited all the same: up to the gap, or past it from a head kept elsewhere.
    for (earlier, to, entries) in [(Vec::new(), 4, 1), (heads, 3, 2)] {
        let audit = Audit::new().against(earlier);
        let report = audit.run(&ledger, &mut |_| {}).await.unwrap();
        assert_eq!(report.faults, []);
        let months = "history_y2017m07".into();
        let (book, mch_id) = (Book::Records, MCH_ID.into());
        assert_eq!(report.unverified, [Unverified { book, mch_id, from: 2, to, months }]);
        assert_eq!((report.checked.entries, report.checked.packets), (entries, 3));
    }
    server.sql(&database.name, "UPDATE records SET wishing = 'x' WHERE mch_billno = '3'");
    let report = Audit::new().run(&ledger, &mut |_| {}).await.unwrap();
    let wrong: Vec<_> = report.faults.iter().map(|fault| fault.wrong.as_str()).collect();
    assert_eq!(wrong, ["packet_changed"]);
    server.sql(
        &database.name,
        "ALTER TABLE history ATTACH PARTITION history_y2017m07 \
         FOR VALUES FROM (1498838400000) TO (1501516800000)",
    );
    let links = ledger.links(Book::Records, MCH_ID, 0, 1000).await.unwrap();
    assert_eq!(positions(links), [1, 2, 3, 4]);
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
