//! The HTTP transport between attempts: hosts, time limits, proxies, and connections that
//! are kept.
#![allow(clippy::unwrap_used)]

mod scene;

use hongbao_client::{AttemptLimits, Client, ClientConfig, Host};
use hongbao_wire::ErrorCode;
use hongbao_wire::observation::{Observation, Silence};
use scene::{NOT_FOUND, Scene, ask, http, request, scene};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const LONG: Duration = Duration::from_secs(60);

fn is_not_found(seen: &hongbao_client::Exchange<hongbao_wire::QueryReply>) -> bool {
    matches!(&seen.observation,
        Observation::Failure(failure) if failure.err_code == Some(ErrorCode::NotFound))
}

/// A port that nobody listens on.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("https://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn the_failover_host_is_asked_with_the_same_number_after_a_connect_error() {
    let Scene { listener, acceptor, config, .. } = scene(false, LONG).await;
    let failover_url = Some(config.base_url.clone());
    let attempts = AttemptLimits::DEFAULT;
    let config = ClientConfig { base_url: nobody().await, failover_url, attempts, ..config };
    let client = Client::new(config).unwrap();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        let request = request(&mut stream).await;
        stream.write_all(&http("200 OK", NOT_FOUND)).await.unwrap();
        request
    });
    let exchange = ask(&client).await;
    assert!(is_not_found(&exchange), "{exchange:?}");
    assert_eq!((exchange.host, exchange.attempts), (Host::Failover, 2));
    let request = server.await.unwrap();
    assert!(request.contains("<mch_billno><![CDATA[123456]]></mch_billno>"), "{request}");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call() {
    let Scene { listener, acceptor, client, .. } = scene(false, LONG).await;
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        for _ in 0..3 {
            request(&mut stream).await;
            stream.write_all(&http("200 OK", NOT_FOUND)).await.unwrap();
        }
    });
    for _ in 0..3 {
        assert!(is_not_found(&ask(&client).await));
    }
    server.await.unwrap();
}

/// The connection of a call that was dropped is never used again: what comes on it would be
/// the answer to another question.
#[tokio::test]
async fn a_dropped_call_leaves_no_half_used_connection() {
    let Scene { listener, acceptor, client, .. } = scene(false, LONG).await;
    let (asked, was_asked) = oneshot::channel();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut first = acceptor.accept(tcp).await.unwrap();
        request(&mut first).await;
        asked.send(()).unwrap();
        // late: the connection may be gone
        let end = first.read(&mut [0; 16]).await;
        assert!(matches!(end, Ok(0) | Err(_)), "the connection was used again");
        let (tcp, _) = listener.accept().await.unwrap();
        let mut second = acceptor.accept(tcp).await.unwrap();
        request(&mut second).await;
        second.write_all(&http("200 OK", NOT_FOUND)).await.unwrap();
    });
    tokio::select! {
        _ = ask(&client) => panic!("nobody answered"),
        asked = was_asked => asked.unwrap(),
    }
    assert!(is_not_found(&ask(&client).await));
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_falls_silent_within_its_reply_is_left() {
    let Scene { listener, acceptor, config, .. } = scene(false, LONG).await;
    let config = ClientConfig { read_timeout: Duration::from_secs(2), ..config };
    let client = Client::new(config).unwrap();
    let (done, waited) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        request(&mut stream).await;
        stream.write_all(&http("200 OK", NOT_FOUND)).await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<xml>").await.unwrap();
        stream.flush().await.unwrap();
        waited.await.unwrap();
    });
    // the handshake is over before the time that counts
    assert!(is_not_found(&ask(&client).await));
    let exchange = ask(&client).await;
    assert!(
        matches!(exchange.observation, Observation::Silence(Silence::TimedOut)),
        "{exchange:?}"
    );
    assert_eq!(exchange.raw.as_deref(), Some(b"<xml>".as_slice()));
    assert!(exchange.may_have_arrived);
    done.send(()).unwrap();
    server.await.unwrap();
}

/// The proxy sees where to, and nothing else: TLS goes through it.
#[tokio::test]
async fn a_proxy_is_gone_through() {
    let Scene { listener, acceptor, config, .. } = scene(false, LONG).await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let config = ClientConfig { proxy: Some(format!("http://user:secret@{address}")), ..config };
    let shown = format!("{config:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let target = listener.local_addr().unwrap();
    let client = Client::new(config).unwrap();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        request(&mut stream).await;
        stream.write_all(&http("200 OK", NOT_FOUND)).await.unwrap();
    });
    let between = tokio::spawn(async move {
        let (mut near, _) = proxy.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(near.read_u8().await.unwrap());
        }
        let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
        near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        String::from_utf8(head).unwrap()
    });
    assert!(is_not_found(&ask(&client).await));
    drop(client);
    server.await.unwrap();
    let head = between.await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")), "{head}");
}

#[tokio::test]
async fn a_bad_proxy_or_failover_is_refused_without_its_password() {
    let Scene { config, .. } = scene(false, LONG).await;
    for bad in ["socks5://user:secret@host", "user:secret@host", "", "http://", "ftp://host"] {
        let error = Client::new(ClientConfig { proxy: Some(bad.to_owned()), ..config.clone() });
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "PROXY_URL", "{bad}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    for bad in
        ["http://host", "https://user:secret@host", "user:secret@host", "https://u:s@secret@"]
    {
        let failover_url = Some(bad.to_owned());
        let config = ClientConfig { failover_url, ..config.clone() };
        assert!(!format!("{config:?}").contains("secret"), "{bad}");
        let error = Client::new(config).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "BASE_URL", "{bad}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{bad}");
    }
}
