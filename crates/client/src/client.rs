//! Asks one server, as one merchant, one request at a time.

use crate::error::ClientError;
use crate::exchange::{Exchange, REPLY_BYTES_MAX, RawReply, Trouble};
use crate::identity::Identity;
use crate::trust::{self, Trust};
use hongbao_wire::observation::{self, Asked, Echo};
use hongbao_wire::sign::Policy;
use hongbao_wire::{
    ApiKey, QUERY_PATH, QueryReply, QueryRequest, SEND_PATH, SendReply, SendRequest, WorkwxSecret,
};
use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{Url, redirect, retry};
use std::net::IpAddr;
use std::time::Duration;

/// How long a connection may take (`protocol.md` §5: what merchants use).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(6);
/// How long an exchange may take, connection and all.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Whom to ask, as whom, and how long to wait.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `https://host[:port]`, without the path of an API.
    pub base_url: String,
    /// The merchant's certificate.
    pub identity: Identity,
    /// Which servers to believe.
    pub trust: Trust,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an exchange may take, connection and all.
    pub total_timeout: Duration,
}

impl ClientConfig {
    /// With [`CONNECT_TIMEOUT`] and [`TOTAL_TIMEOUT`].
    #[must_use]
    pub fn new(base_url: impl Into<String>, identity: Identity, trust: Trust) -> Self {
        Self {
            base_url: base_url.into(),
            identity,
            trust,
            connect_timeout: CONNECT_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
        }
    }
}

/// A client of one server as one merchant, with a pool of connections of its own: a
/// certificate is shown in the handshake only, so a shared pool would ask in another's
/// name (`protocol.md` §4).
///
/// It speaks HTTP/1.1, follows no redirect and repeats nothing.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    query_url: Url,
    send_url: Url,
}

impl Client {
    /// Makes a client; connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let base = base_url(&config.base_url)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::tls(&config.trust, config.identity)?)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .timeout(config.total_timeout);
        if is_loopback(&base) {
            // no proxy can reach this machine as itself
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ClientError::Tls(error.to_string()))?;
        let url = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
            url
        };
        Ok(Self { http, query_url: url(QUERY_PATH), send_url: url(SEND_PATH) })
    }

    /// Asks what became of a packet (seed). Harmless, whatever comes back.
    pub async fn query(
        &self,
        request: &QueryRequest<'_>,
        key: &ApiKey,
        policy: Policy,
    ) -> Exchange<QueryReply> {
        let asked = Asked { mch_id: request.mch_id, mch_billno: request.mch_billno };
        read(asked, self.post(&self.query_url, request.write(key)).await, key, policy)
    }

    /// Orders a packet (`protocol.md` §1). Whatever but a verified success comes back, the
    /// money may have moved: see `hongbao_wire::verdict`.
    pub async fn send(
        &self,
        request: &SendRequest,
        key: &ApiKey,
        secret: &WorkwxSecret,
        policy: Policy,
    ) -> Exchange<SendReply> {
        let asked =
            Asked { mch_id: request.mch_id.as_str(), mch_billno: request.mch_billno.as_str() };
        read(asked, self.post(&self.send_url, request.write(key, secret)).await, key, policy)
    }

    async fn post(&self, url: &Url, body: Vec<u8>) -> Result<RawReply, Trouble> {
        let mut response = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .body(body)
            .send()
            .await
            .map_err(|error| Trouble::of(&error))?;
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
                    reply.broke = Some(Trouble::of(&error));
                    break;
                }
            }
        }
        Ok(reply)
    }
}

fn read<R: Echo>(
    asked: Asked<'_>,
    reply: Result<RawReply, Trouble>,
    key: &ApiKey,
    policy: Policy,
) -> Exchange<R> {
    match reply {
        Err(trouble) => Exchange {
            observation: trouble.observation(),
            raw: None,
            http_status: None,
            date: None,
            cause: Some(trouble.cause),
        },
        Ok(RawReply { http_status, date, body, broke }) => Exchange {
            observation: match &broke {
                Some(trouble) => trouble.observation(),
                None => observation::read(asked, http_status, &body, key, policy),
            },
            raw: Some(body),
            http_status: Some(http_status),
            date,
            cause: broke.map(|trouble| trouble.cause),
        },
    }
}

fn base_url(text: &str) -> Result<Url, ClientError> {
    let bad = || ClientError::BadBaseUrl(text.to_owned());
    let url = Url::parse(text).map_err(|_| bad())?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if url.scheme() == "https" && url.has_host() && plain { Ok(url) } else { Err(bad()) }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
