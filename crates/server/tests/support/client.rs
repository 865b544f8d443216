//! A client that sees every byte.

use super::pki::{PKI, Shown};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    ClientConfig, RootCertStore, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Any stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// One HTTP/1.1 connection.
pub struct Connection {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// The head's lines after the first, lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// TLS towards the server of a test.
pub fn tls_config(
    shown: Option<&Shown>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(PKI.ca.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let chain = vec![shown.cert.clone()];
            builder.with_client_auth_cert(chain, shown.key.clone_key()).unwrap()
        }
    }
}

/// A TLS connection.
pub async fn handshake(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(config).connect("localhost".try_into().unwrap(), stream).await
}

impl Connection {
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    pub async fn plain(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub async fn tls(address: SocketAddr, shown: Option<&Shown>) -> std::io::Result<Self> {
        let config = tls_config(shown, rustls::ALL_VERSIONS);
        Ok(Self::over(handshake(address, Arc::new(config)).await?))
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Writes bytes, which may fail as the other side has closed.
    pub async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads one response with a Content-Length; `None` where the connection ends first.
    pub async fn response(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
        while self.read.len() < length {
            self.fill().await?;
        }
        let body = self.read.drain(..length).collect();
        Some(Response { status, headers, body })
    }

    async fn fill(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece).await {
            Ok(0) | Err(_) => None,
            Ok(n) => {
                self.read.extend_from_slice(&piece[..n]);
                Some(())
            }
        }
    }

    /// Whether the other side closes without another byte.
    pub async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && self.fill().await.is_none()
    }

    /// The error with which the connection ends without another byte; `None` for an
    /// orderly end or where bytes come.
    pub async fn ending(&mut self) -> Option<std::io::ErrorKind> {
        let mut piece = [0; 1];
        self.stream.read(&mut piece).await.err().map(|error| error.kind())
    }

    /// Posts a body and reads the response.
    pub async fn post(&mut self, path: &str, body: &[u8]) -> Response {
        self.write(&post_bytes(path, body)).await;
        self.response().await.unwrap()
    }

    /// A request of the admin listener, with a JSON body.
    pub async fn json(&mut self, method: &str, path: &str, body: &str) -> Response {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.write(head.as_bytes()).await;
        self.response().await.unwrap()
    }
}

/// The bytes of a POST.
pub fn post_bytes(path: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A key that signs in one way only, where one is given.
#[derive(Debug)]
struct Picky(Arc<dyn SigningKey>, Option<SignatureScheme>);

impl SigningKey for Picky {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        match self.1 {
            None => self.0.choose_scheme(offered),
            Some(scheme) if offered.contains(&scheme) => self.0.choose_scheme(&[scheme]),
            Some(_) => None,
        }
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

/// Shows one certificate, whatever its key.
#[derive(Debug)]
struct Show(Arc<CertifiedKey>);

impl ResolvesClientCert for Show {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// TLS that shows a certificate and signs with its key, which may be that of
/// another, in one way only where one is given.
pub fn tls_config_signing(
    shown: &Shown,
    version: &'static SupportedProtocolVersion,
    scheme: Option<SignatureScheme>,
) -> ClientConfig {
    let key = aws_lc_rs::sign::any_supported_type(&shown.key).unwrap();
    let key = Arc::new(Picky(key, scheme));
    let certified = CertifiedKey::new(vec![shown.cert.clone()], key);
    let mut config = tls_config(None, &[version]);
    config.client_auth_cert_resolver = Arc::new(Show(Arc::new(certified)));
    config
}
