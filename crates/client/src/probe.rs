//! The way to a server, stage by stage: name, connection, handshake. Nothing is asked.

use crate::certificate::Certificate;
use crate::error::{ClientError, without_user};
use crate::http::is_about_certificate;
use crate::identity::Identity;
use crate::trust::{self, Trust};
use reqwest::Url;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How far the way to a server was open.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The host of the URL, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Every address of the host.
    pub addresses: Vec<IpAddr>,
    /// The first of them that took a connection.
    pub connected_to: Option<SocketAddr>,
    /// The version of TLS that both agreed on, such as `TLS 1.3`.
    pub tls_version: Option<String>,
    /// The certificates that the server showed, its own first; also those of a server that
    /// was not believed.
    pub chain: Vec<Certificate>,
    /// What the way ended at; `None` where the handshake was completed.
    pub obstacle: Option<Obstacle>,
    /// That obstacle in the words of the stack, for people.
    pub cause: String,
}

/// What the way to a server ended at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The name has no address.
    NotResolved,
    /// No address took a connection in time.
    NotConnected,
    /// No CA that is believed signed the server's certificate.
    UntrustedIssuer,
    /// The server's certificate is for other names.
    OtherName,
    /// A certificate of the server has expired, by the clock of this machine.
    Expired,
    /// A certificate of the server does not hold yet, by the clock of this machine.
    NotYetValid,
    /// Something else is wrong with the server's certificate.
    BadCertificate,
    /// The server refused the client's certificate in the handshake. With TLS 1.3 it does so
    /// after it only, which this does not wait for.
    ClientRefused,
    /// The handshake failed otherwise: no TLS, or cut off.
    NoHandshake,
}

/// Goes the way to the server of `base_url` and back: resolves its name, connects, shakes
/// hands as `identity`, or as nobody. Each of the three may take `limit`. A server that
/// `trust` does not cover is never taken for one that it does.
///
/// # Errors
/// [`ClientError`] where there is nothing to go by: the URL, the CAs. What stands in the way
/// itself is in the [`Probe`].
pub async fn probe(
    base_url: &str,
    identity: Option<Identity>,
    trust: &Trust,
    limit: Duration,
) -> Result<Probe, ClientError> {
    let (host, port) = place(base_url)?;
    let verifier = Arc::new(Recorder { inner: trust::verifier(trust)?, seen: Mutex::default() });
    let config = tls(Arc::clone(&verifier), identity)?;
    let mut probe = Probe {
        host,
        port,
        addresses: Vec::new(),
        connected_to: None,
        tls_version: None,
        chain: Vec::new(),
        obstacle: None,
        cause: String::new(),
    };
    if let Err((obstacle, cause)) = go(&mut probe, config, limit).await {
        probe.obstacle = Some(obstacle);
        probe.cause = cause;
    }
    let seen = verifier.seen.lock().unwrap_or_else(PoisonError::into_inner);
    probe.chain = seen.iter().filter_map(|der| Certificate::of_der(der).ok()).collect();
    Ok(probe)
}

type Stopped = (Obstacle, String);

async fn go(probe: &mut Probe, config: ClientConfig, limit: Duration) -> Result<(), Stopped> {
    probe.addresses = resolve(&probe.host, probe.port, limit).await?;
    let (stream, address) = connect(&probe.addresses, probe.port, limit).await?;
    probe.connected_to = Some(address);
    let name = ServerName::try_from(probe.host.clone())
        .map_err(|error| (Obstacle::OtherName, error.to_string()))?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(limit, handshake).await {
        Err(elapsed) => Err((Obstacle::NoHandshake, elapsed.to_string())),
        Ok(Err(error)) => Err(handshake_failure(&error)),
        Ok(Ok(stream)) => {
            let version = stream.get_ref().1.protocol_version();
            probe.tls_version = version.map(|version| {
                let name = format!("{version:?}");
                name.replace("TLSv1_", "TLS 1.")
            });
            Ok(())
        }
    }
}

async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<IpAddr>, Stopped> {
    let stopped = |cause: String| (Obstacle::NotResolved, cause);
    let found = timeout(limit, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|elapsed| stopped(elapsed.to_string()))?
        .map_err(|error| stopped(error.to_string()))?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|address| address.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(stopped(String::new())) } else { Ok(addresses) }
}

async fn connect(
    addresses: &[IpAddr],
    port: u16,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), Stopped> {
    let mut causes = Vec::new();
    for address in addresses.iter().map(|ip| SocketAddr::new(*ip, port)) {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(error)) => causes.push(format!("{address}: {error}")),
            Err(elapsed) => causes.push(format!("{address}: {elapsed}")),
        }
    }
    Err((Obstacle::NotConnected, causes.join(", ")))
}

fn handshake_failure(error: &std::io::Error) -> Stopped {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let obstacle = match inner {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::UnknownIssuer => Obstacle::UntrustedIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Obstacle::OtherName
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Obstacle::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Obstacle::NotYetValid
            }
            // a CA of the same name with another key
            CertificateError::BadSignature => Obstacle::UntrustedIssuer,
            _ => Obstacle::BadCertificate,
        },
        Some(rustls::Error::AlertReceived(alert)) if is_about_certificate(*alert) => {
            Obstacle::ClientRefused
        }
        _ => Obstacle::NoHandshake,
    };
    (obstacle, error.to_string())
}

fn place(base_url: &str) -> Result<(String, u16), ClientError> {
    let bad = || ClientError::BadBaseUrl(without_user(base_url));
    let url = Url::parse(base_url).map_err(|_| bad())?;
    let host = url.host_str().filter(|_| url.scheme() == "https").ok_or_else(bad)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), url.port_or_known_default().ok_or_else(bad)?))
}

fn tls(verifier: Arc<Recorder>, identity: Option<Identity>) -> Result<ClientConfig, ClientError> {
    let failed = |error: rustls::Error| ClientError::Tls(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        // not a door to unverified servers: it asks the verifier of `trust`
        .with_custom_certificate_verifier(verifier);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let (chain, key) = identity.into_parts();
            builder.with_client_auth_cert(chain, key).map_err(failed)
        }
    }
}

/// Keeps what the server showed, and leaves every decision to `inner`.
#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = std::iter::once(end_entity).chain(intermediates);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            shown.map(|der| der.clone().into_owned()).collect();
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
