//! How far the way to a server is open, and what it ends at.
#![allow(clippy::unwrap_used)]

use hongbao_authority::Authority;
use hongbao_client::{ClientError, Identity, KeyKind, Obstacle, Probe, Trust, probe};
use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const LIMIT: Duration = Duration::from_secs(10);

/// What a probe sees of a server with a certificate for `names`, made at `now`, believing `trust`.
async fn probed(authority: &Authority, names: &[&str], now: Timestamp, trust: &Authority) -> Probe {
    let server = authority.issue_server(names, now).unwrap();
    let chain = CertificateDer::from_pem_slice(server.cert_pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        // one that does not believe the server leaves with an alert
        drop(TlsAcceptor::from(Arc::new(tls)).accept(tcp).await);
    });
    let merchant = authority.issue_merchant("10000098", "x", now).unwrap();
    let identity =
        Identity::from_pem(merchant.cert_pem.as_bytes(), merchant.key_pem.as_bytes()).unwrap();
    let trust = Trust::Ca(trust.cert_pem().as_bytes().to_vec());
    let probe = probe(&url, Some(identity), &trust, LIMIT).await.unwrap();
    accepted.await.unwrap();
    probe
}

#[tokio::test]
async fn an_open_way_is_described() {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let probe = probed(&authority, &["127.0.0.1", "localhost"], now, &authority).await;
    assert_eq!(probe.obstacle, None, "{}", probe.cause);
    assert_eq!(probe.addresses, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(probe.connected_to.unwrap().port(), probe.port);
    assert_eq!(probe.tls_version.as_deref(), Some("TLS 1.3"));
    let [own] = &probe.chain[..] else { panic!("{probe:?}") };
    assert_eq!(own.common_name, "127.0.0.1");
    assert_eq!(own.key, KeyKind::Rsa { bits: 2048 });
    assert_eq!(own.names, ["127.0.0.1", "localhost"]);
}

#[tokio::test]
async fn a_server_that_is_not_believed_shows_why() {
    let now = Timestamp::now();
    let (authority, other) = (Authority::create(now).unwrap(), Authority::create(now).unwrap());
    let here = ["127.0.0.1"];
    let untrusted = probed(&authority, &here, now, &other).await;
    assert_eq!(untrusted.obstacle, Some(Obstacle::UntrustedIssuer), "{}", untrusted.cause);
    assert_eq!(untrusted.chain.len(), 1, "what it showed is kept");
    let name = probed(&authority, &["192.0.2.1"], now, &authority).await;
    assert_eq!(name.obstacle, Some(Obstacle::OtherName), "{}", name.cause);
    let past = now - SignedDuration::from_hours(24 * 366 * 6);
    let expired = probed(&authority, &here, past, &authority).await;
    assert_eq!(expired.obstacle, Some(Obstacle::Expired), "{}", expired.cause);
    let early = now + SignedDuration::from_hours(48);
    let early = probed(&authority, &here, early, &authority).await;
    assert_eq!(early.obstacle, Some(Obstacle::NotYetValid), "{}", early.cause);
}

#[tokio::test]
async fn where_nobody_listens_the_way_ends() {
    let authority = Authority::create(Timestamp::now()).unwrap();
    let trust = Trust::Ca(authority.cert_pem().as_bytes().to_vec());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    drop(listener);
    let probe = probe(&url, None, &trust, LIMIT).await.unwrap();
    assert_eq!((probe.obstacle, probe.connected_to), (Some(Obstacle::NotConnected), None));
    assert!(probe.cause.contains("127.0.0.1"), "{}", probe.cause);
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_from_a_server() {
    let authority = Authority::create(Timestamp::now()).unwrap();
    let trust = Trust::Ca(authority.cert_pem().as_bytes().to_vec());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let probe = probe(&url, None, &trust, LIMIT).await.unwrap();
    server.await.unwrap();
    assert_eq!(probe.obstacle, Some(Obstacle::NoHandshake), "{}", probe.cause);
}

#[tokio::test]
async fn a_url_or_ca_that_is_none_is_no_way() {
    let authority = Authority::create(Timestamp::now()).unwrap();
    let trust = Trust::Ca(authority.cert_pem().as_bytes().to_vec());
    for url in ["http://127.0.0.1", "https://", "127.0.0.1"] {
        let failed = probe(url, None, &trust, LIMIT).await.unwrap_err();
        assert!(matches!(failed, ClientError::BadBaseUrl(_)), "{url}");
    }
    let failed = probe("https://127.0.0.1:1", None, &Trust::Ca(b"-".to_vec()), LIMIT).await;
    assert!(matches!(failed, Err(ClientError::BadTrust(_))), "{failed:?}");
}
