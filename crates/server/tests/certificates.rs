//! Who somebody is: every certificate that can be shown, and what it may see.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_server::{Refusal, WireOptions};
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SignatureScheme, SupportedProtocolVersion};
use std::sync::Arc;
use support::client::{Connection, handshake, tls_config, tls_config_signing};
use support::pki::{PKI, Shown};
use support::{MCH, OPENID, OTHER, Setup, failure, query_body, send_body};

const WRONG: &str = "CA证书出错，请登录微信支付商户平台下载证书";

/// Every certificate that is refused, with the words of the refusal.
fn refused() -> Vec<(Option<&'static Shown>, &'static str)> {
    vec![
        (None, WRONG),
        (Some(&PKI.foreign), WRONG),
        (Some(&PKI.foreign_expired), WRONG),
        (Some(&PKI.nobody), WRONG),
        (Some(&PKI.early), WRONG),
        (Some(&PKI.expired), "证书已过期"),
        (Some(&PKI.other), "证书与商户号不匹配"),
    ]
}

#[tokio::test]
async fn every_wrong_certificate_is_ca_error_and_sees_nothing() {
    let world = Setup::default().start().await;
    world.sent("1").await;
    for (shown, words) in refused() {
        let mut connection = world.connect_with(shown).await;
        for (path, body) in [(QUERY_PATH, query_body(MCH, "1")), (SEND_PATH, send_body(MCH, "1"))] {
            let reply = connection.post(path, &body).await;
            assert_eq!((reply.status, reply.text()), (200, &*failure("CA_ERROR", words)));
        }
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_front_end_says_it_in_html_where_so_configured() {
    let wire = WireOptions { certificate_refusal: Refusal::Html400, ..WireOptions::default() };
    let world = Setup { wire, ..Setup::default() }.start().await;
    let reply = world.connect_with(None).await.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("text/html")));
    assert_eq!(
        reply.text(),
        "<html>\n<head><title>400 the SSL certificate is missing or wrong</title></head>\n\
         <body>\n<h1>400 Bad Request</h1>\n<p>the SSL certificate is missing or wrong</p>\n\
         </body>\n</html>\n"
    );
    // What a front end cannot know stays in XML.
    let reply =
        world.connect_with(Some(&PKI.other)).await.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert_eq!(reply.text(), failure("CA_ERROR", "证书与商户号不匹配"));
    world.running.stop().await;
}

#[tokio::test]
async fn a_revocation_holds_on_a_connection_that_is_open() {
    let world = Setup::default().start().await;
    world.sent("1").await;
    let mut connection = world.connect().await;
    let reply = connection.post(QUERY_PATH, &query_body(MCH, "1")).await;
    assert!(reply.text().contains("<status>"), "{}", reply.text());
    let mut merchant = world.ledger.merchant(MCH).await.unwrap().unwrap();
    merchant.revoked_serials = vec![PKI.merchant.serial_hex.to_uppercase().into()];
    world.ledger.update_merchant(merchant).await.unwrap();
    // The merchants are read anew every few milliseconds: ask until it has happened.
    let revoked = failure("CA_ERROR", "证书已作废");
    while connection.post(QUERY_PATH, &query_body(MCH, "1")).await.text() != revoked {}
    world.running.stop().await;
}

#[tokio::test]
async fn nobody_sees_a_packet_of_another_merchant() {
    let world = Setup::default().start().await;
    world.sent("1").await;
    let mut connection = world.connect_with(Some(&PKI.other)).await;
    let reply = connection.post(QUERY_PATH, &query_body(OTHER, "1")).await;
    let text = reply.text();
    assert!(text.contains("<err_code><![CDATA[NOT_FOUND]]>"), "{text}");
    for theirs in [MCH, OPENID, "新年"] {
        assert!(!text.contains(theirs), "{text}");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn both_versions_of_tls_know_the_certificate_again_when_resumed() {
    let world = Setup::default().start().await;
    let versions: [&'static SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
    for version in versions {
        let config = Arc::new(tls_config(Some(&PKI.merchant), &[version]));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let stream = handshake(world.running.wire_addr(), config.clone()).await.unwrap();
            assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
            let mut connection = Connection::over(stream);
            let reply = connection.post(QUERY_PATH, &query_body(MCH, "7")).await;
            assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
            // And it is still not another merchant's.
            let reply = connection.post(QUERY_PATH, &query_body(OTHER, "7")).await;
            assert_eq!(reply.text(), failure("CA_ERROR", "证书与商户号不匹配"));
        }
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_resumed_session_without_a_certificate_stays_without() {
    let world = Setup::default().start().await;
    let config = Arc::new(tls_config(None, rustls::ALL_VERSIONS));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let stream = handshake(world.running.wire_addr(), config.clone()).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        let reply = Connection::over(stream).post(QUERY_PATH, &query_body(MCH, "1")).await;
        assert_eq!(reply.text(), failure("CA_ERROR", WRONG));
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_certificate_without_its_key_does_not_get_in() {
    let world = Setup::default().start().await;
    let stolen = Shown {
        cert: PKI.merchant.cert.clone(),
        key: PKI.foreign.key.clone_key(),
        serial_hex: String::new(),
        cert_pem: PKI.merchant.cert_pem.clone(),
        key_pem: PKI.foreign.key_pem.clone(),
    };
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(tls_config_signing(&stolen, version, None));
        let mut refused = true;
        if let Ok(stream) = handshake(world.running.wire_addr(), config).await {
            // In TLS 1.3 a client learns of it with its first read.
            let mut connection = Connection::over(stream);
            let wrote = connection
                .try_write(&support::client::post_bytes(QUERY_PATH, &query_body(MCH, "1")))
                .await;
            refused = wrote.is_err() || connection.response().await.is_none();
        }
        assert!(refused);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn old_and_new_signatures_of_the_handshake_are_understood() {
    let world = Setup::default().start().await;
    for (version, scheme) in [
        (&TLS12, SignatureScheme::RSA_PKCS1_SHA256),
        (&TLS12, SignatureScheme::RSA_PKCS1_SHA512),
        (&TLS12, SignatureScheme::RSA_PSS_SHA256),
        (&TLS13, SignatureScheme::RSA_PSS_SHA256),
    ] {
        let config = Arc::new(tls_config_signing(&PKI.merchant, version, Some(scheme)));
        let stream = handshake(world.running.wire_addr(), config).await.unwrap();
        let reply = Connection::over(stream).post(QUERY_PATH, &query_body(MCH, "7")).await;
        assert!(reply.text().contains("<err_code><![CDATA[NOT_FOUND]]>"), "{}", reply.text());
    }
    world.running.stop().await;
}
