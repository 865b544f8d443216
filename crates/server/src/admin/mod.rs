//! The admin listener: JSON and metrics for the operator, on loopback alone.
//!
//! It has no password; what protects it is where it listens, and that a web page
//! cannot reach it ([`guard`]). Answers show openids, and no secret.

mod body;
mod guard;
mod health;
mod inquiries;
mod merchants;
mod metrics;
mod packets;
mod problem;
mod replica;
mod sandbox;
mod view;

use crate::config::ConnectionLimits;
use crate::http1;
use crate::listener::Accepted;
use crate::metrics::Metrics;
use crate::pace::Share;
use crate::pulse::Phase;
use crate::source::Source;
use crate::wire_log::RequestId;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use hongbao_issuer::Issuer;
use hongbao_ledger::Ledger;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request};
use hyper_util::service::TowerToHyperService;
use problem::Problem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The largest body of a request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What every request of the admin listener shares.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) source: Source,
    pub(crate) metrics: Arc<Metrics>,
    /// Its name among several servers of the ledger.
    pub(crate) holder: Option<Box<str>>,
    pub(crate) share: Arc<Share>,
}

impl Desk {
    /// The paying side.
    ///
    /// # Errors
    /// `NOT_IN_GATEWAY` where it is elsewhere.
    pub(crate) fn issuer(&self) -> Result<&Issuer, Problem> {
        match &self.source {
            Source::Issuer(issuer) => Ok(issuer),
            Source::Gateway(_) => Err(Problem::not_in_gateway()),
        }
    }
}

/// The admin listener's HTTP.
#[derive(Clone, Debug)]
pub(crate) struct AdminFace {
    router: Router,
    limits: Arc<ConnectionLimits>,
}

impl AdminFace {
    /// Serves the desk.
    pub(crate) fn new(desk: Arc<Desk>, limits: Arc<ConnectionLimits>) -> Self {
        let router = Router::new()
            .route("/health", get(health::health))
            .route("/ready", get(health::ready))
            .route("/metrics", get(metrics::metrics))
            .route("/replica", get(replica::show))
            .route("/sandbox", get(sandbox::show))
            .route("/sandbox/advance", post(sandbox::advance))
            .route(
                "/sandbox/faults",
                get(sandbox::faults).post(sandbox::add_fault).delete(sandbox::clear_faults),
            )
            .route("/sandbox/faults/{id}", delete(sandbox::clear_fault))
            .route("/sandbox/findings", get(sandbox::findings))
            .route("/packets/{mch_id}", get(packets::list))
            .route("/packets/{mch_id}/{mch_billno}", get(packets::show))
            .route("/packets/{mch_id}/{mch_billno}/{trigger}", post(packets::trigger))
            .route("/merchants", get(merchants::list))
            .route("/merchants/{mch_id}/top-up", post(merchants::top_up))
            .fallback(|| async { Problem::no_such_path() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .layer(from_fn_with_state(desk.clone(), guard::guard))
            .with_state(desk);
        Self { router, limits }
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(self, accepted: Accepted) {
        let Accepted { stream, pulse, words, number, .. } = accepted;
        let requests = AtomicU32::new(0);
        let (router, its_pulse) = (self.router, pulse.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (router, pulse) = (router.clone(), its_pulse.clone());
            let nth = requests.fetch_add(1, Relaxed).saturating_add(1);
            request.extensions_mut().insert(RequestId { connection: number, nth });
            async move {
                // A POST's turn begins when its body is read.
                let is_post = request.method() == Method::POST;
                pulse.enter(if is_post { Phase::Body } else { Phase::Turn });
                request.extensions_mut().insert(pulse.clone());
                let response = TowerToHyperService::new(router).call(request).await;
                pulse.enter(Phase::Write);
                response
            }
        });
        http1::serve(stream, pulse, &self.limits, words, service).await;
    }
}
