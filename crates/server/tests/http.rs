//! HTTP at its edges: what is no call, what never ends, what comes at once, and
//! how everything stops.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_server::{ConnectionLimits, StartError};
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use support::client::{Connection, post_bytes};
use support::store::GatedLedger;
use support::{MCH, Setup, failure, query_body};
use tokio::net::TcpStream;

fn limits(change: impl FnOnce(&mut ConnectionLimits)) -> Setup {
    let mut connection = ConnectionLimits::default();
    change(&mut connection);
    Setup { connection, ..Setup::default() }
}

fn is_not_found(text: &str) -> bool {
    text.contains("<err_code><![CDATA[NOT_FOUND]]>")
}

#[tokio::test]
async fn what_is_no_call_is_405_or_404() {
    let world = Setup::default().start().await;
    for (line, status, allow) in [
        (format!("GET {QUERY_PATH}"), 405, Some("POST")),
        (format!("PUT {SEND_PATH}"), 405, Some("POST")),
        ("POST /mmpaymkttransfers/gethbinfo".to_owned(), 404, None),
        ("GET /".to_owned(), 404, None),
    ] {
        let mut connection = world.connect().await;
        connection.write(format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await;
        let reply = connection.response().await.unwrap();
        assert_eq!((reply.status, reply.header("allow")), (status, allow));
        assert!(connection.is_closed().await);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn requests_come_one_after_another_and_all_at_once() {
    let world = Setup::default().start().await;
    let mut connection = world.connect().await;
    for number in ["1", "2"] {
        let reply = connection.post(QUERY_PATH, &query_body(MCH, number)).await;
        assert!(reply.text().contains(&format!("<mch_billno><![CDATA[{number}]]>")));
    }
    let numbers: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let requests: Vec<Vec<u8>> =
        numbers.iter().map(|n| post_bytes(QUERY_PATH, &query_body(MCH, n))).collect();
    connection.write(&requests.concat()).await;
    for number in &numbers {
        let reply = connection.response().await.unwrap();
        assert!(reply.text().contains(&format!("<mch_billno><![CDATA[{number}]]>")));
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_body_comes_in_chunks_and_in_single_bytes() {
    let world = Setup::default().start().await;
    let body = query_body(MCH, "1");
    let mut connection = world.connect().await;
    let head = format!(
        "POST {QUERY_PATH} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    for chunk in body.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    connection.write(&bytes).await;
    assert!(is_not_found(connection.response().await.unwrap().text()));
    for byte in post_bytes(QUERY_PATH, &body) {
        connection.write(&[byte]).await;
    }
    assert!(is_not_found(connection.response().await.unwrap().text()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_body_above_the_cap_is_xml_error_and_ends_the_connection() {
    let world = Setup::default().start().await;
    for bytes in [64 * 1024 + 1, 900 * 1024] {
        let mut connection = world.connect().await;
        let reply = connection.post(QUERY_PATH, &vec![b' '; bytes]).await;
        assert_eq!(reply.text(), failure("XML_ERROR", "输入xml参数格式错误"));
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(connection.is_closed().await);
    }
    // Within the cap, blanks are no document but the connection goes on.
    let mut connection = world.connect().await;
    let reply = connection.post(QUERY_PATH, &vec![b' '; 64 * 1024]).await;
    assert_eq!(reply.text(), failure("XML_ERROR", "输入xml参数格式错误"));
    assert!(is_not_found(connection.post(QUERY_PATH, &query_body(MCH, "1")).await.text()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_body_that_never_ends_ends_the_connection_alone() {
    let world = Setup::default().start().await;
    let mut connection = world.connect().await;
    let head = format!(
        "POST {QUERY_PATH} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    connection.write(head.as_bytes()).await;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65_536], b"\r\n"].concat();
    let mut sent = 0;
    while connection.try_write(&chunk).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "it is read for ever");
    }
    assert!(is_not_found(world.post_query(&query_body(MCH, "1")).await.text()));
    world.running.stop().await;
}

#[tokio::test]
async fn who_takes_too_long_is_cut_off() {
    let short = |change: fn(&mut ConnectionLimits)| limits(change);
    // The handshake.
    let world = short(|limits| limits.handshake_ms = 40).start().await;
    let mut connection = Connection::plain(world.running.wire_addr()).await;
    assert!(connection.is_closed().await);
    world.running.stop().await;
    // Between requests.
    let world = short(|limits| limits.idle_ms = 40).start().await;
    assert!(world.connect().await.is_closed().await);
    assert!(world.desk().await.is_closed().await);
    world.running.stop().await;
    // The head, although bytes keep coming.
    let world = short(|limits| limits.head_ms = 40).start().await;
    for mut connection in [world.connect().await, world.desk().await] {
        connection.write(b"POST / HTTP/1.1\r\n").await;
        let mut sent = 0;
        while connection.try_write(b"a: b\r\n").await.is_ok() {
            tokio::task::yield_now().await;
            sent += 1;
            assert!(sent < 10_000_000, "it is read for ever");
        }
    }
    world.running.stop().await;
    // The body.
    let world = short(|limits| limits.body_ms = 40).start().await;
    let mut connection = world.connect().await;
    let whole = post_bytes(QUERY_PATH, &query_body(MCH, "1"));
    connection.write(&whole[..whole.len() - 1]).await;
    assert!(connection.is_closed().await);
    // The reply: requests keep coming and nobody takes what is said to them.
    let write_ms = |limits: &mut ConnectionLimits| limits.write_ms = 40;
    let other = limits(write_ms).start().await;
    let mut connection = other.connect().await;
    let requests = whole.repeat(100);
    let mut sent = 0;
    while connection.try_write(&requests).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "replies pile up for ever");
    }
    other.running.stop().await;
    // Others are not touched.
    assert!(is_not_found(world.post_query(&query_body(MCH, "1")).await.text()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_head_above_the_cap_is_431() {
    let world = limits(|limits| limits.head_bytes_max = 8_192).start().await;
    let mut connection = world.connect().await;
    let head = format!("POST {QUERY_PATH} HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(9_000));
    connection.write(head.as_bytes()).await;
    assert_eq!(connection.response().await.unwrap().status, 431);
    world.running.stop().await;
}

#[tokio::test]
async fn connections_and_requests_have_limits() {
    const REQUESTS_MAX: u32 = 50;
    let world = limits(|limits| {
        limits.connections_max = 1;
        limits.requests_max = REQUESTS_MAX;
    })
    .start()
    .await;
    let mut first = world.connect().await;
    // The second waits until the first has gone.
    let address = world.running.wire_addr();
    let second = tokio::spawn(async move {
        Connection::tls(address, Some(&support::pki::PKI.merchant)).await.unwrap()
    });
    // Long enough for many handshakes, were it let in.
    for _ in 1..REQUESTS_MAX {
        let reply = first.post(QUERY_PATH, &query_body(MCH, "1")).await;
        assert_eq!(reply.header("connection"), None);
    }
    assert!(!second.is_finished());
    let reply = first.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(first.is_closed().await);
    let mut second = second.await.unwrap();
    assert!(is_not_found(second.post(QUERY_PATH, &query_body(MCH, "1")).await.text()));
    world.running.stop().await;
}

/// A server whose next query waits at the gate, and that query's connection.
async fn waiting(stop_ms: u32) -> (support::World, Arc<GatedLedger>, Connection) {
    let ledger = Arc::new(GatedLedger::default());
    let mut setup = limits(|limits| limits.stop_ms = stop_ms);
    setup.ledger = ledger.clone();
    let world = setup.start().await;
    ledger.gated.store(true, SeqCst);
    let mut connection = world.connect().await;
    connection.write(&post_bytes(QUERY_PATH, &query_body(MCH, "1"))).await;
    ledger.has_arrived().await;
    (world, ledger, connection)
}

#[tokio::test]
async fn a_stop_finishes_what_was_accepted() {
    let (world, ledger, mut connection) = waiting(60_000).await;
    let mut idle = world.connect().await;
    let address = world.running.wire_addr();
    let stop = tokio::spawn(world.running.stop());
    assert!(idle.is_closed().await);
    while TcpStream::connect(address).await.is_ok() {}
    assert!(!stop.is_finished());
    ledger.open.add_permits(1);
    assert!(is_not_found(connection.response().await.unwrap().text()));
    assert!(connection.is_closed().await);
    stop.await.unwrap();
}

#[tokio::test]
async fn a_stop_ends_in_time_whatever_hangs() {
    let (world, ledger, mut connection) = waiting(40).await;
    world.running.stop().await;
    assert!(connection.response().await.is_none());
    // Nothing of the server is left: neither a task nor what it held.
    drop((world.issuer, world.ledger));
    assert_eq!(Arc::strong_count(&ledger), 1);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let world = Setup::default().start().await;
    let address = world.running.wire_addr();
    drop(world);
    while TcpStream::connect(address).await.is_ok() {}
}

#[tokio::test]
async fn bytes_that_are_no_tls_or_no_http_hurt_nobody() {
    let world = Setup::default().start().await;
    let mut plain = Connection::plain(world.running.wire_addr()).await;
    plain.write(b"GET / HTTP/1.1\r\n\r\n").await;
    while plain.response().await.is_some() {}
    let mut connection = world.connect().await;
    connection.write(b"\0\0\0\0\r\n\r\n").await;
    assert_eq!(connection.response().await.unwrap().status, 400);
    assert!(is_not_found(world.post_query(&query_body(MCH, "1")).await.text()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_server_does_not_open_where_it_must_not() {
    for admin in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let error = Setup::default().try_start(admin).await.err().unwrap();
        assert_eq!(error.code(), "ADMIN_NOT_LOOPBACK");
        assert!(error.to_string().contains("is not a loopback address"), "{error}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Setup::default().try_start(&address.to_string()).await.err().unwrap();
    assert!(
        matches!(&error, StartError::Listen { address: at, source }
            if *at == address && source.kind() == ErrorKind::AddrInUse),
        "{error}"
    );
}
