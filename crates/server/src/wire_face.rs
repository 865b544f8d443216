//! The wire endpoint's HTTP: bytes to a turn, and its answer to bytes.

use crate::certificate::{Authorities, Shown};
use crate::config::{ConnectionLimits, Refusal, WireOptions};
use crate::http1;
use crate::listener::Accepted;
use crate::metrics::Metrics;
use crate::page::{HTML, page};
use crate::pulse::{Phase, Pulse};
use crate::refusal::Refused;
use crate::request_body::{self, TooLong};
use crate::roster::RosterKeeper;
use crate::source::{Origin, Source};
use crate::turn::{self, Call, Caller, Turn};
use crate::wire_log::{Log, RequestId};
use bytes::Bytes;
use hongbao_issuer::{Answer, Delivery};
use hongbao_wire::{ApiKey, QUERY_PATH, SEND_PATH};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

/// What every connection of the wire listener shares.
#[derive(Debug)]
pub(crate) struct WireFace {
    pub(crate) acceptor: Acceptor,
    pub(crate) authorities: Authorities,
    pub(crate) roster: Arc<RosterKeeper>,
    pub(crate) source: Source,
    pub(crate) metrics: Arc<Metrics>,
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

impl WireFace {
    /// Serves one connection to its end.
    pub(crate) async fn serve(self: Arc<Self>, accepted: Accepted) {
        let Accepted { stream, peer, number, pulse, mut words } = accepted;
        // Replies are one write each: nothing to wait for.
        let _ = stream.set_nodelay(true);
        let handshake = tokio::select! {
            biased;
            handshake = self.acceptor.0.accept(stream) => handshake,
            // During a handshake it is the only word that can come: stop.
            _ = &mut words => return,
        };
        let stream = match handshake {
            Ok(stream) => stream,
            Err(error) => {
                debug!(connection = number, %error, "a TLS handshake failed");
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
        http1::serve(stream, pulse, &limits, words, service).await;
    }
}

impl Connection {
    /// Answers one request.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
        let started = Instant::now();
        self.pulse.enter(Phase::Body);
        let nth = self.requests.fetch_add(1, Relaxed).saturating_add(1);
        let id = RequestId { connection: self.number, nth };
        let call = match (request.uri().path(), request.method()) {
            (QUERY_PATH, &Method::POST) => Call::Query,
            (SEND_PATH, &Method::POST) => Call::Send,
            (QUERY_PATH | SEND_PATH, _) => {
                return Ok(self.no_call(StatusCode::METHOD_NOT_ALLOWED));
            }
            _ => return Ok(self.no_call(StatusCode::NOT_FOUND)),
        };
        let body = match request_body::read(request.into_body()).await {
            Ok(body) => body,
            Err(error) => {
                debug!(request = %id, %error, "a body broke off");
                return Err(Reset);
            }
        };
        self.pulse.enter(Phase::Turn);
        let response = self.turn(call, &body, id, started).await;
        self.pulse.enter(Phase::Write);
        let requests_max = self.face.limits.requests_max;
        let last = body.is_err() || (requests_max > 0 && nth >= requests_max);
        response.map(|response| if last { closing(response) } else { response })
    }

    /// One turn, logged and put in the form in which it travels.
    async fn turn(
        &self,
        call: Call,
        body: &Result<Bytes, TooLong>,
        id: RequestId,
        started: Instant,
    ) -> Result<Response<Full<Bytes>>, Reset> {
        let face = &*self.face;
        let roster = face.roster.newest();
        let now_s = self.pulse.ticker().unix_s();
        let caller = Caller { shown: &self.shown, address: self.address, now_s };
        let bytes = body.as_ref().map_or(0, Bytes::len);
        let body = body.as_deref().map_err(|too_long| *too_long);
        let (member, turn) =
            turn::take(call, body, caller, &roster, &face.source, &face.options).await;
        let mch_id = member.map(|member| member.merchant.mch_id.as_str());
        let log = Log { id, call, mch_id, bytes, started };
        match turn {
            Turn::Answered(answer, origin) => {
                let took = log.answered(&answer, origin);
                face.metrics.request(call, origin, answer.err_code.as_ref(), took);
                self.deliver(answer).await
            }
            Turn::Refused(refused) => {
                let took = log.refused(&refused);
                face.metrics.request(call, Origin::Refused, Some(&refused.err_code()), took);
                let key = member.filter(|_| face.options.sign_failures);
                Ok(self.refuse(&refused, key.map(|member| &member.merchant.api_key)))
            }
        }
    }

    async fn deliver(&self, answer: Answer) -> Result<Response<Full<Bytes>>, Reset> {
        match answer.delivery {
            Delivery::Plain => {}
            Delivery::After(delay) => tokio::time::sleep(delay).await,
            Delivery::Html(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                return Ok(html(status, answer.body));
            }
            Delivery::ResetBeforeRequest | Delivery::ResetAfterRequest => {
                self.pulse.ask_reset();
                return Err(Reset);
            }
        }
        Ok(self.xml(answer.body))
    }

    fn refuse(&self, refused: &Refused, key: Option<&ApiKey>) -> Response<Full<Bytes>> {
        let by_front_end = self.face.options.certificate_refusal == Refusal::Html400;
        if by_front_end && refused.is_front_ends() {
            let status = StatusCode::BAD_REQUEST;
            return html(status, page(status, "the SSL certificate is missing or wrong"));
        }
        self.xml(refused.write(key).into())
    }

    fn xml(&self, body: Bytes) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(body));
        response.headers_mut().insert(CONTENT_TYPE, self.face.content_type.clone());
        response
    }

    /// What is neither of the two calls: a line of text, and the connection ends, so
    /// that no body has to be read.
    fn no_call(&self, status: StatusCode) -> Response<Full<Bytes>> {
        self.pulse.enter(Phase::Write);
        let text = match status {
            StatusCode::METHOD_NOT_ALLOWED => "only POST is answered here\n",
            _ => "there is nothing here\n",
        };
        let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        closing(response)
    }
}

fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn html(status: StatusCode, page: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(page));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the future is that the function returns, bytes.
    fn future_bytes<F>(_: fn(&'static Connection, Request<Incoming>) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_future_of_a_request_is_short() {
        // hyper moves it with every request; with a send's in it, it was 15 kB.
        let bytes = future_bytes(Connection::answer);
        assert!(bytes <= 2_048, "{bytes} bytes");
    }
}
