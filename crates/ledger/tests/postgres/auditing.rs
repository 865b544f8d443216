//! An audit of a database whose heads were changed behind the program's back.

use crate::given::inquiries::{inquiry, noted};
use crate::given::{MCH_ID, OTHER_MCH_ID, first, merchant, record};
use crate::open;
use hongbao_ledger::audit::Wrong;
use hongbao_ledger::{Archive, Audit, Book, Inquiries, Ledger, LedgerError, PostgresLedger};
use hongbao_postgres_test::TestServer;

/// What is found, of whom, and how many entries and packets were checked.
async fn found(ledger: &PostgresLedger) -> (Vec<(Book, String, Wrong)>, u64, u64) {
    let report = Audit::new().run(ledger, &mut |_| {}).await.unwrap();
    let faults = report.faults.into_iter();
    let faults = faults.map(|fault| (fault.book, fault.mch_id.to_string(), fault.wrong)).collect();
    (faults, report.checked.entries, report.checked.packets)
}

#[tokio::test]
async fn a_head_that_is_damaged_is_a_fault_and_everything_else_is_audited() {
    let Some(server) = TestServer::shared() else { return };
    let unreadable = |column: &str| Wrong::Unreadable {
        after: "head".into(),
        why: format!("the column `{column}` holds what it cannot hold").into(),
    };
    let moved = Wrong::HeadChanged { position: 1 };
    let beyond = |position| Wrong::EntriesBeyondHead { position };
    let cut = Wrong::EntriesCut { last: 2, head: 7 };
    for (change, wanted) in [
        ("hash = 'short'", vec![unreadable("a hash")]),
        ("position = -1", vec![unreadable("a number")]),
        ("position = 7", vec![cut]),
        ("position = 1", vec![moved, beyond(2)]),
        ("position = 0", vec![beyond(1)]),
        ("book = 'other'", vec![beyond(1)]),
    ] {
        let database = server.database();
        let ledger = open(&database).await;
        for mch_id in [MCH_ID, OTHER_MCH_ID] {
            ledger.add_merchant(merchant(mch_id, 1_000)).await.unwrap();
            for number in ["1", "2"] {
                ledger.commit(first(record(mch_id, number))).await.unwrap();
                ledger.commit_inquiry(noted(inquiry(mch_id, number))).await.unwrap();
            }
        }
        assert_eq!(found(&ledger).await, (Vec::new(), 8, 8));
        server.sql(
            &database.name,
            "UPDATE records SET wishing = 'x' WHERE mch_id = '10000098' AND mch_billno = '1'; \
             UPDATE inquiries SET asks = 3 WHERE mch_id = '10000099' AND mch_billno = '2'",
        );
        let place = "WHERE mch_id = '10000098' AND book = 'records'";
        server.sql(&database.name, &format!("UPDATE chains SET {change} {place}"));
        let (faults, _, packets) = found(&ledger).await;
        let of_first = |wrong| (Book::Records, MCH_ID.to_owned(), wrong);
        let changed = |number: &str| Wrong::PacketChanged { mch_billno: number.into() };
        let mut all: Vec<_> = wanted.into_iter().map(of_first).collect();
        all.push(of_first(changed("1")));
        all.push((Book::Inquiries, OTHER_MCH_ID.to_owned(), changed("2")));
        assert_eq!((faults, packets), (all, 8), "{change}");
    }
}

#[tokio::test]
async fn a_head_of_an_unreadable_merchant_is_a_fault_of_its_own() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.commit_inquiry(noted(inquiry(MCH_ID, "1"))).await.unwrap();
    server.sql(
        &database.name,
        "INSERT INTO chains (mch_id, book, position, hash) \
         VALUES (E'1\\x01', 'inquiries', 3, decode(repeat('00', 32), 'hex'))",
    );
    let (faults, entries, packets) = found(&ledger).await;
    let wrongs: Vec<_> =
        faults.iter().map(|(_, mch_id, wrong)| (&**mch_id, wrong.as_str())).collect();
    assert_eq!((wrongs, entries, packets), (vec![("1\u{1}", "unreadable")], 1, 1));
    // Where one head is wanted of all, there is none.
    assert!(matches!(ledger.heads().await, Err(LedgerError::Damaged(_))));
}
