//! A receiver of more packets, and of more messages, than are read at one time.

use crate::given::{MCH_ID, at, entry, first, merchant, record};
use crate::open;
use hongbao_ledger::{Archive, Book, Commit, Entry, Head, Ledger};
use hongbao_postgres_test::TestServer;
use hongbao_wire::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_receiver_of_many_packets_is_forgotten_in_all_of_them() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    let commits = (0..1_001).map(|number| {
        let mut commit = first(record(MCH_ID, &format!("{number:04}")));
        commit.record.due_at = None;
        commit.record.receipt = None;
        commit.entries = vec![Entry { raw: Some(b"message"[..].into()), ..entry("happened") }];
        commit.reply = Some(b"reply"[..].into());
        ledger.commit(commit)
    });
    for written in futures_util::future::join_all(commits).await {
        written.unwrap();
    }
    let openid = record(MCH_ID, "0000").order.re_openid;
    let at = "2026-11-24T00:00:00Z".parse().unwrap();
    let done = ledger.forget(MCH_ID, &openid, &"somebody".into(), at).await.unwrap();
    assert_eq!((done.packets, done.messages), (1_001, 2_002));
    let left = "SELECT (SELECT count(*) FROM records WHERE re_openid <> 'somebody'), \
         (SELECT count(*) FROM history WHERE raw IS NOT NULL), \
         (SELECT count(*) FROM history WHERE raw_removed = sha256('message'))";
    assert_eq!(server.sql(&database.name, left), "0|0|1001");
    let mut head = Head::empty(Book::Records, MCH_ID.into());
    loop {
        let links = ledger.links(Book::Records, MCH_ID, head.position, 1_000).await.unwrap();
        if links.is_empty() {
            break;
        }
        links.iter().for_each(|link| head.follow(link).unwrap());
    }
    assert_eq!(head.position, 2_002);
    assert_eq!(ledger.heads().await.unwrap(), [head]);
}

/// A final packet to a receiver.
fn packet(number: &str, receiver: &str, messages: Vec<String>) -> Commit {
    let mut commit = first(record(MCH_ID, number));
    commit.record.order.re_openid = receiver.into();
    commit.record.status = Some(Status::Failed);
    let raw = |text: String| Some(text.into_bytes().into());
    commit.entries = messages.into_iter().map(|m| Entry { raw: raw(m), ..entry("e") }).collect();
    commit
}

#[tokio::test]
async fn messages_that_name_a_receiver_are_found_in_a_long_history() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = open(&database).await;
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    let about =
        |number: usize| if number.is_multiple_of(10) { "of oA" } else { "of oAB" }.to_owned();
    ledger.commit(packet("1", "oB", (0..4_500).map(about).collect())).await.unwrap();
    ledger.commit(packet("2", "oA", vec!["to oA".to_owned()])).await.unwrap();
    let done = ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await.unwrap();
    assert_eq!((done.packets, done.messages), (1, 451));
    let left = "SELECT count(*), count(*) FILTER (WHERE convert_from(raw, 'UTF8') = 'of oAB') \
         FROM history WHERE raw IS NOT NULL";
    assert_eq!(server.sql(&database.name, left), "4050|4050");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_while_a_receiver_is_forgotten_is_removed_too() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let ledger = Arc::new(open(&database).await);
    ledger.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    ledger.commit(packet("1", "oA", vec!["to oA".to_owned()])).await.unwrap();
    let (holder, connection) =
        tokio_postgres::connect(&database.socket_url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    holder.batch_execute("BEGIN; SELECT 1 FROM chains FOR UPDATE").await.unwrap();
    // Both look before they wait for the lock, the commit first in the queue.
    let waiting = async |count: &str| {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND wait_event_type = 'Lock'";
        let begun = Instant::now();
        while server.sql(&database.name, query) != count {
            assert!(begun.elapsed() < Duration::from_secs(9), "nobody waits");
            tokio::task::yield_now().await;
        }
    };
    let late = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { ledger.commit(packet("2", "oB", vec!["of oA".to_owned()])).await }
    });
    waiting("1").await;
    let forgetting = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { ledger.forget(MCH_ID, &"oA".into(), &"x".into(), at(50)).await }
    });
    waiting("2").await;
    holder.batch_execute("COMMIT").await.unwrap();
    late.await.unwrap().unwrap();
    let done = forgetting.await.unwrap().unwrap();
    assert_eq!((done.packets, done.messages), (1, 2));
    let left = server.sql(&database.name, "SELECT count(raw), count(raw_removed) FROM history");
    assert_eq!(left, "0|2");
    drop(holder);
    connection.await.unwrap().unwrap();
}
