//! The wire endpoint's HTTP: bytes to a turn, and its answer to bytes.

use crate::certificate::{Authorities, Shown};
use crate::config::{ConnectionLimits, Refusal, WireOptions};
use crate::listener::{Accepted, serve_http};
use crate::pulse::{Phase, Pulse};
use crate::refusal::Refused;
use crate::request_body::{self, TooLong};
use crate::roster::RosterKeeper;
use crate::turn::{self, Call, Caller, Turn};
use bytes::Bytes;
use http_body_util::Full;
use hongbao_issuer::{Answer, Delivery, Issuer};
use hongbao_wire::xml::XmlError;
use hongbao_wire::{ErrorCode, QUERY_PATH, SEND_PATH};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;
use tokio_rustls::TlsAcceptor;

/// What every connection of the wire listener shares.
#[derive(Debug)]
pub(crate) struct WireFace {
    pub(crate) acceptor: Acceptor,
    pub(crate) authorities: Authorities,
    pub(crate) roster: Arc<RosterKeeper>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) options: WireOptions,
    pub(crate) content_type: HeaderValue,
    pub(crate) limits: Arc<ConnectionLimits>,
}

/// A [`TlsAcceptor`] that can be part of what is debugged.
pub(crate) struct Acceptor(pub(crate) TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

/// The connection shall be reset; no reply.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox resets this connection")]
struct Reset;

/// One connection after its handshake.
struct Connection {
    face: Arc<WireFace>,
    shown: Shown,
    address: IpAddr,
    number: u64,
    requests: AtomicU32,
    pulse: Arc<Pulse>,
}

/// What goes back, and what the log says of it.
struct Reply {
    status: StatusCode,
    content_type: HeaderValue,
    body: Bytes,
    /// Whether the connection ends with it.
    last: bool,
}

impl WireFace {
    /// Serves one connection to its end.
    pub(crate) async fn serve(self: Arc<Self>, accepted: Accepted) {
        let Accepted { stream, peer, number, pulse, mut stop } = accepted;
        // Replies are one write each: nothing to wait for.
        let _ = stream.set_nodelay(true);
        let handshake = tokio::select! {
            biased;
            handshake = self.acceptor.0.accept(stream) => handshake,
            _ = &mut stop => return,
        };
        let stream = match handshake {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(connection = number, %error, "a TLS handshake failed");
                return;
            }
        };
        let chain = stream.get_ref().1.peer_certificates();
        let shown = self.authorities.examine(chain, pulse.ticker().unix_s());
        let limits = self.limits.clone();
        let connection = Arc::new(Connection {
            face: self,
            shown,
            address: peer.ip(),
            number,
            requests: AtomicU32::new(0),
            pulse: pulse.clone(),
        });
        let service = service_fn(move |request| {
            let connection = connection.clone();
            async move { connection.answer(request).await }
        });
        serve_http(stream, pulse, &limits, stop, service).await;
    }
}

impl Connection {
    /// Answers one request.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
        let started = Instant::now();
        self.pulse.enter(Phase::Body);
        let nth = self.requests.fetch_add(1, Relaxed).saturating_add(1);
        let call = match (request.uri().path(), request.method()) {
            (QUERY_PATH, &Method::POST) => Call::Query,
            (SEND_PATH, &Method::POST) => Call::Send,
            (QUERY_PATH | SEND_PATH, _) => return Ok(self.plain(StatusCode::METHOD_NOT_ALLOWED)),
            _ => return Ok(self.plain(StatusCode::NOT_FOUND)),
        };
        let body = match request_body::read(request.into_body()).await {
            Ok(body) => body,
            Err(error) => {
                tracing::debug!(request = %self.request_id(nth), %error, "a body broke off");
                return Err(Reset);
            }
        };
        self.pulse.enter(Phase::Turn);
        let reply = self.reply(call, body, started, nth).await;
        self.pulse.enter(Phase::Write);
        let reply = reply?;
        let mut response = Response::new(Full::new(reply.body));
        *response.status_mut() = reply.status;
        response.headers_mut().insert(CONTENT_TYPE, reply.content_type);
        let requests_max = self.face.limits.requests_max;
        if reply.last || (requests_max > 0 && nth >= requests_max) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    /// One turn, logged and put in the form in which it travels.
    async fn reply(
        &self,
        call: Call,
        body: Result<Bytes, TooLong>,
        started: Instant,
        nth: u32,
    ) -> Result<Reply, Reset> {
        let face = &*self.face;
        let roster = face.roster.newest();
        let now_s = self.pulse.ticker().unix_s();
        let caller = Caller { shown: &self.shown, address: self.address, now_s };
        let (bytes_in, last) = body.as_ref().map_or((0, true), |body| (body.len(), false));
        let (member, turn) = match body {
            Ok(body) => {
                turn::take(call, &body, caller, &roster, &face.issuer, &face.options).await
            }
            Err(TooLong) => (None, Turn::Refused(too_long(caller, &roster))),
        };
        let mch_id = member.map(|member| member.merchant.mch_id.as_str());
        let log = Log { connection: self, nth, call, mch_id, bytes_in, started };
        match turn {
            Turn::Answered(answer) => {
                log.answered(&answer);
                self.deliver(answer, last).await
            }
            Turn::Refused(refused) => {
                log.refused(&refused);
                let key = member.filter(|_| face.options.sign_failures);
                Ok(self.refuse(&refused, key.map(|member| &member.merchant.api_key), last))
            }
        }
    }

    async fn deliver(&self, answer: Answer, last: bool) -> Result<Reply, Reset> {
        match answer.delivery {
            Delivery::Plain => {}
            Delivery::After(delay) => tokio::time::sleep(delay).await,
            Delivery::Html(status) => {
                return Ok(self.html(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)));
            }
            Delivery::ResetBeforeRequest | Delivery::ResetAfterRequest => {
                self.pulse.ask_reset();
                return Err(Reset);
            }
        }
        Ok(self.xml(answer.body, last))
    }

    fn refuse(
        &self,
        refused: &Refused,
        key: Option<&hongbao_wire::ApiKey>,
        last: bool,
    ) -> Reply {
        let html = self.face.options.certificate_refusal == Refusal::Html400;
        if html && refused.is_front_ends() {
            return self.html(StatusCode::BAD_REQUEST);
        }
        self.xml(refused.write(key).into(), last)
    }

    fn xml(&self, body: Bytes, last: bool) -> Reply {
        let content_type = self.face.content_type.clone();
        Reply { status: StatusCode::OK, content_type, body, last }
    }
}
