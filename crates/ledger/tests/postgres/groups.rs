//! Which commits share a transaction.

use crate::given::{first, merchant, record};
use crate::proxy::{Break, Wire};
use hongbao_ledger::{Ledger, Password, PostgresLedger, PostgresOptions, SealKey};
use hongbao_postgres_test::TestServer;
use std::sync::Arc;

/// Lets the other tasks of this thread go on until each of them waits for the server.
async fn let_others_go_on() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_comes_while_a_merchant_waits_for_a_connection_shares_its_transaction() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let wire = Wire::to(server.port(), Break::BeforeCommit).await;
    let url = database.url.replace(&server.port().to_string(), &wire.port.to_string());
    let mut options = PostgresOptions::new(&url).unwrap();
    options.password = Some(Password::new(database.password.clone()));
    options.connections = 2;
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    let ledger = Arc::new(ledger);
    for mch_id in ["1", "2", "3"] {
        ledger.add_merchant(merchant(mch_id, 1_000)).await.unwrap();
        ledger.commit(first(record(mch_id, "0"))).await.unwrap();
    }
    let (holder, wires) =
        tokio_postgres::connect(&database.socket_url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(wires);
    let lock = "BEGIN; SELECT FROM chains WHERE mch_id IN ('1', '2') FOR UPDATE";
    holder.batch_execute(lock).await.unwrap();
    let before = wire.begun();
    let commit = |mch_id: &str, number: u32| {
        let (ledger, commit) = (ledger.clone(), first(record(mch_id, &number.to_string())));
        tokio::spawn(async move { ledger.commit(commit).await })
    };
    // These have both connections, and wait for their merchants.
    let mut running = vec![commit("1", 1), commit("2", 1)];
    let_others_go_on().await;
    running.push(commit("3", 1));
    let_others_go_on().await;
    running.extend((2..=16).map(|number| commit("3", number)));
    let_others_go_on().await;
    holder.batch_execute("ROLLBACK").await.unwrap();
    for running in running {
        assert_eq!(running.await.unwrap().unwrap(), 1);
    }
    assert_eq!(wire.begun() - before, 3);
}

#[tokio::test]
async fn a_packet_that_the_database_refuses_takes_no_other_of_its_transaction_with_it() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = crate::open(&database).await;
    ledger.add_merchant(merchant("1", 1_000)).await.unwrap();
    server.sql(
        &database.name,
        "ALTER TABLE records ADD CONSTRAINT refused CHECK (mch_billno <> '7')",
    );
    let commits = (1..=16).map(|number| ledger.commit(first(record("1", &number.to_string()))));
    let outcomes = futures_util::future::join_all(commits).await;
    for (number, outcome) in (1..=16).zip(outcomes) {
        match (number, outcome) {
            (7, Err(refused)) => assert!(refused.to_string().contains("23514"), "{refused}"),
            (_, outcome) => assert_eq!(outcome.unwrap(), 1, "{number}"),
        }
    }
    let kept = "SELECT count(*), (SELECT position FROM chains), (SELECT count(*) FROM history), \
         (SELECT sum(packets) FROM totals) FROM records";
    assert_eq!(server.sql(&database.name, kept), "15|15|15|15");
}
