//! A server that does as each test says, and a merchant who asks it.
#![allow(clippy::unwrap_used, dead_code)] // each test file is a crate of its own and uses a part

use hongbao_authority::Authority;
use hongbao_client::{AttemptLimits, Client, ClientConfig, Exchange, Identity, Trust};
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, QueryReply, QueryRequest};
use jiff::Timestamp;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub const NOT_FOUND: &str = "<xml><return_code><![CDATA[SUCCESS]]></return_code>\
    <result_code><![CDATA[FAIL]]></result_code><err_code><![CDATA[NOT_FOUND]]></err_code></xml>";

/// A listener, the TLS of its server, and a client that asks it once.
pub struct Scene {
    pub listener: TcpListener,
    pub acceptor: TlsAcceptor,
    pub config: ClientConfig,
    pub client: Client,
}

/// A server that trusts merchants of `authority`, and a merchant of it or of `other`.
pub async fn scene(foreign_merchant: bool, total_timeout: Duration) -> Scene {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let server = authority.issue_server(&["127.0.0.1"], now).unwrap();
    let issuer = if foreign_merchant { &Authority::create(now).unwrap() } else { &authority };
    let merchant = issuer.issue_merchant("10000098", "x", now).unwrap();

    let ca = CertificateDer::from_pem_slice(authority.cert_pem().as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let chain = CertificateDer::from_pem_slice(server.cert_pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).unwrap();
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![chain], key)
        .unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let identity =
        Identity::from_pem(merchant.cert_pem.as_bytes(), merchant.key_pem.as_bytes()).unwrap();
    let trust = Trust::Ca(authority.cert_pem().as_bytes().to_vec());
    let base = format!("https://{}", listener.local_addr().unwrap());
    let config = ClientConfig {
        total_timeout,
        attempts: AttemptLimits::ONCE,
        ..ClientConfig::new(base, identity, trust)
    };
    let client = Client::new(config.clone()).unwrap();
    Scene { listener, acceptor: TlsAcceptor::from(Arc::new(tls)), config, client }
}

pub async fn ask(client: &Client) -> Exchange<QueryReply> {
    let request = QueryRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
        mch_billno: "123456",
        mch_id: "10000098",
        appid: "wx8888888888888888",
    };
    let key = ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d");
    client.query(&request, &key, Policy::Require).await
}

/// Reads the one request: head and body.
pub async fn request(stream: &mut TlsStream<TcpStream>) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(6).any(|end| end == b"</xml>") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the client left early");
        seen.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(seen).unwrap()
}

/// A whole HTTP reply.
pub fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/pdf\r\n\
         date: Mon, 20 Jul 2026 14:45:12 GMT\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
