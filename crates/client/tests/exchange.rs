//! What one exchange is seen as, against a server that does as each test says.
#![allow(clippy::unwrap_used)]

mod scene;

use hongbao_client::exchange::REPLY_BYTES_MAX;
use hongbao_client::{Exchange, Host};
use hongbao_wire::observation::{Observation, Silence};
use hongbao_wire::{ErrorCode, QueryReply};
use scene::{NOT_FOUND, Scene, ask, http, request, scene};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

/// One connection is answered with `reply` after its request was read, and closed.
async fn answered(reply: Vec<u8>) -> (Exchange<QueryReply>, String) {
    let Scene { listener, acceptor, client, .. } = scene(false, Duration::from_secs(10)).await;
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        let request = request(&mut stream).await;
        // an overlong reply is not read to its end
        let _ = stream.write_all(&reply).await;
        let _ = stream.shutdown().await;
        request
    });
    let exchange = ask(&client).await;
    (exchange, server.await.unwrap())
}

#[tokio::test]
async fn a_reply_is_read_whatever_its_content_type() {
    let (exchange, request) = answered(http("200 OK", NOT_FOUND)).await;
    let Observation::Failure(failure) = &exchange.observation else { panic!("{exchange:?}") };
    assert_eq!(failure.err_code, Some(ErrorCode::NotFound));
    assert_eq!(exchange.raw.as_deref(), Some(NOT_FOUND.as_bytes()));
    assert_eq!(exchange.http_status, Some(200));
    assert_eq!(exchange.date.as_deref(), Some("Mon, 20 Jul 2026 14:45:12 GMT"));
    assert_eq!(exchange.cause, None);
    assert_eq!((exchange.host, exchange.attempts), (Host::Main, 1));
    assert!(exchange.may_have_arrived);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /mmpaymkttransfers/queryworkwxredpack HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: text/xml; charset=utf-8"), "{head}");
    assert!(body.contains("124D7B0A14B3D98F109DF3D560190EF0"), "{body}");
}

#[tokio::test]
async fn other_http_statuses_are_silence_and_400_is_about_the_certificate() {
    let (exchange, _) = answered(http("502 Bad Gateway", "<html></html>")).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::HttpStatus(502))));
    let (exchange, _) = answered(http("400 Bad Request", "<html></html>")).await;
    assert!(matches!(exchange.observation, Observation::CertificateRefused));
    assert_eq!(exchange.raw.as_deref(), Some(b"<html></html>".as_slice()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let reply =
        b"HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (exchange, _) = answered(reply.to_vec()).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::HttpStatus(302))));
}

#[tokio::test]
async fn a_lost_connection_is_silence() {
    let (exchange, _) = answered(Vec::new()).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::ConnectionLost)));
    assert_eq!(exchange.raw, None);
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_silence_and_its_bytes_are_kept() {
    let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<xml>".to_vec();
    let (exchange, _) = answered(reply).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::ConnectionLost)));
    assert_eq!(exchange.raw.as_deref(), Some(b"<xml>".as_slice()));
    assert_eq!(exchange.http_status, Some(200));
}

#[tokio::test]
async fn an_overlong_reply_is_read_no_further_than_it_can_be_told() {
    let (exchange, _) = answered(http("200 OK", &"x".repeat(10 * REPLY_BYTES_MAX))).await;
    assert!(matches!(exchange.observation, Observation::Unreadable(_)));
    assert_eq!(exchange.raw.unwrap().len(), REPLY_BYTES_MAX);
}

#[tokio::test]
async fn no_reply_in_time_is_silence() {
    let Scene { listener, acceptor, client, .. } = scene(false, Duration::from_millis(300)).await;
    let (done, waited) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(tcp).await.unwrap();
        request(&mut stream).await;
        waited.await.unwrap();
    });
    let exchange = ask(&client).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::TimedOut)));
    assert!(exchange.may_have_arrived);
    done.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn nobody_there_means_not_sent() {
    let Scene { listener, client, .. } = scene(false, Duration::from_secs(10)).await;
    drop(listener);
    let exchange = ask(&client).await;
    assert!(matches!(exchange.observation, Observation::Silence(Silence::NotConnected)));
    assert!(!exchange.may_have_arrived);
    assert!(exchange.cause.unwrap().contains("refused"));
}

#[tokio::test]
async fn a_refused_client_certificate_is_told_from_a_lost_connection() {
    let Scene { listener, acceptor, client, .. } = scene(true, Duration::from_secs(10)).await;
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        acceptor.accept(tcp).await.map(|_| ()).unwrap_err();
    });
    let exchange = ask(&client).await;
    assert!(matches!(exchange.observation, Observation::CertificateRefused), "{exchange:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_of_another_ca_is_not_talked_to() {
    let ours = scene(false, Duration::from_secs(10)).await;
    let theirs = scene(false, Duration::from_secs(10)).await;
    let server = tokio::spawn(async move {
        let (tcp, _) = ours.listener.accept().await.unwrap();
        theirs.acceptor.accept(tcp).await.map(|_| ()).unwrap_err();
    });
    let exchange = ask(&ours.client).await;
    assert!(matches!(exchange.observation, Observation::CertificateRefused));
    assert!(!exchange.may_have_arrived);
    assert!(exchange.cause.unwrap().contains("certificate"));
    server.await.unwrap();
}
