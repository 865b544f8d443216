//! The transport of the field: HTTP/1.1 over mutual TLS.

use crate::config::ClientConfig;
use crate::error::{ClientError, without_user};
use crate::exchange::REPLY_BYTES_MAX;
use crate::transport::{Call, Host, RawReply, Seen, Transport, Trouble};
use crate::trust;
use async_trait::async_trait;
use hongbao_wire::observation::Silence;
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{Proxy, Url, redirect, retry};
use std::error::Error;
use std::io;
use std::net::IpAddr;

/// HTTP/1.1 with connections kept open, as one merchant.
///
/// Each has a pool of connections of its own: a certificate is shown in the handshake only,
/// so a shared pool would ask in another's name (`protocol.md` §4). It follows no redirect
/// and repeats nothing that was sent.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    http: reqwest::Client,
    main: Urls,
    failover: Option<Urls>,
}

#[derive(Clone, Debug)]
struct Urls {
    query: Url,
    send: Url,
}

impl HttpTransport {
    /// Makes a transport; connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let main = base_url(&config.base_url)?;
        let failover = config.failover_url.as_deref().map(base_url).transpose()?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::tls(&config.trust, config.identity.clone())?)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .timeout(config.total_timeout);
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(explicit_proxy(proxy)?);
        } else if is_loopback(&main) {
            // no proxy can reach this machine as itself
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ClientError::Tls(error.to_string()))?;
        Ok(Self { http, main: Urls::below(&main), failover: failover.as_ref().map(Urls::below) })
    }

    fn url(&self, host: Host, call: Call) -> &Url {
        let urls = match (host, &self.failover) {
            (Host::Failover, Some(failover)) => failover,
            _ => &self.main,
        };
        match call {
            Call::Query => &urls.query,
            Call::Send => &urls.send,
        }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, host: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        let mut response = self
            .http
            .post(self.url(host, call).clone())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .body(body)
            .send()
            .await
            .map_err(|error| trouble(&error))?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let mut reply = RawReply {
            http_status: response.status().as_u16(),
            date: date.map(str::to_owned),
            body: Vec::new(),
            broke: None,
        };
        while reply.body.len() < REPLY_BYTES_MAX {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    let room = REPLY_BYTES_MAX - reply.body.len();
                    reply.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                Err(error) => {
                    reply.broke = Some(Trouble { was_sent: true, ..trouble(&error) });
                    break;
                }
            }
        }
        Ok(reply)
    }
}

impl Urls {
    fn below(base: &Url) -> Self {
        let url = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
            url
        };
        Self { query: url(QUERY_PATH), send: url(SEND_PATH) }
    }
}

fn base_url(text: &str) -> Result<Url, ClientError> {
    let bad = || ClientError::BadBaseUrl(without_user(text));
    let url = Url::parse(text).map_err(|_| bad())?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if url.scheme() == "https" && url.has_host() && plain { Ok(url) } else { Err(bad()) }
}

/// The proxy of the configuration. Its URL may hold a password, so no error repeats it.
fn explicit_proxy(text: &str) -> Result<Proxy, ClientError> {
    let url = Url::parse(text).map_err(|_| ClientError::BadProxy)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ClientError::BadProxy);
    }
    Proxy::all(url).map_err(|_| ClientError::BadProxy)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Sorts an error of the HTTP stack. A certificate is refused by either side.
///
/// In TLS 1.3 a refusal of the client's certificate arrives only after the handshake, in
/// place of the reply: hence the look into the whole chain of sources.
fn trouble(error: &reqwest::Error) -> Trouble {
    // a connection that was not made, TLS included, carried nothing
    let was_sent = !error.is_connect();
    let seen = if refuses_certificate(error) {
        Seen::CertificateRefused
    } else if !was_sent {
        Seen::Silence(Silence::NotConnected)
    } else if error.is_timeout() {
        Seen::Silence(Silence::TimedOut)
    } else {
        Seen::Silence(Silence::ConnectionLost)
    };
    Trouble { seen, was_sent, cause: innermost(error) }
}

fn refuses_certificate(error: &reqwest::Error) -> bool {
    chain(error).any(|error| match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => is_about_certificate(*alert),
        // ours of the server's: asking again changes nothing, the set-up must
        Some(rustls::Error::InvalidCertificate(_)) => true,
        _ => false,
    })
}

/// An I/O error hides what it wraps, maybe another one, from `source`: it is asked by name.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(wrapping) => tls_error(wrapping.get_ref()?),
        None => error.downcast_ref::<rustls::Error>(),
    }
}

/// Whether an alert refuses the certificate of the one who receives it.
pub(crate) const fn is_about_certificate(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        alert,
        Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            // a CA of the same name with another key
            | Alert::DecryptError
            | Alert::AccessDenied
            | Alert::CertificateRequired
    )
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

/// The innermost error says what happened; those around it name layers (and the URL).
fn innermost(error: &reqwest::Error) -> String {
    let last = chain(error).last().map_or_else(String::new, ToString::to_string);
    last.trim_end_matches('.').to_owned()
}
