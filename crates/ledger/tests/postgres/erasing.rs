//! A receiver of more packets than are read at one time.

use crate::given::{MCH_ID, first, merchant, record};
use crate::open;
use hongbao_ledger::{Archive, Book, Entry, Head, Ledger};
use hongbao_postgres_test::TestServer;

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
        commit.entries =
            vec![Entry { raw: Some(b"message"[..].into()), ..crate::given::entry("happened") }];
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
