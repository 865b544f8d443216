//! Opening both listeners, and stopping them.

use crate::admin::{AdminFace, Desk};
use crate::background;
use crate::certificate::Authorities;
use crate::config::{CONTENT_TYPE_USUAL, ConnectionLimits, ServerConfig, TlsMaterial, WireOptions};
use crate::gateway::Gateway;
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::pace::Share;
use crate::pulse::{Phase, Ticker};
use crate::roster::RosterKeeper;
use crate::slices::Slices;
use crate::source::Source;
use crate::tls;
use crate::wire_face::{Acceptor, WireFace};
use hongbao_issuer::{Mode, SystemClock};
use hongbao_ledger::{Ledger, LedgerError};
use hyper::header::HeaderValue;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// Why the server cannot open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The admin listener has no authentication of its own: loopback only.
    #[error("the admin address {0} is not a loopback address")]
    AdminNotLoopback(SocketAddr),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not: in use, not permitted.
        source: std::io::Error,
    },
    /// A certificate or the key cannot be used.
    #[error("the TLS material cannot be used: {0}")]
    Tls(String),
    /// `content_type` is not a header's value.
    #[error("`content_type` is not a header's value")]
    ContentType,
    /// The merchants cannot be read.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AdminNotLoopback(_) => "ADMIN_NOT_LOOPBACK",
            Self::Listen { .. } => "LISTEN_FAILED",
            Self::Tls(_) => "TLS_MATERIAL",
            Self::ContentType => "CONTENT_TYPE",
            Self::Ledger(_) => "LEDGER_FAILED",
        }
    }
}

/// What a stop waits beyond its time before it ends what is left.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// A server that runs until it is stopped; dropping it ends it at once.
#[derive(Debug)]
pub struct Running {
    wire: SocketAddr,
    admin: SocketAddr,
    stop: watch::Sender<bool>,
    stop_time: Duration,
    tasks: JoinSet<()>,
    gateway: Option<Arc<Gateway>>,
    slices: Slices,
}

/// Opens both listeners on a ledger and what answers from it.
///
/// In sandbox mode it also moves the packets that are due; a gateway follows its numbers.
///
/// # Errors
/// [`StartError`]; then nothing listens.
pub async fn start(
    config: ServerConfig,
    ledger: Arc<dyn Ledger>,
    source: impl Into<Source>,
) -> Result<Running, StartError> {
    let source = source.into();
    if !config.admin.ip().is_loopback() {
        return Err(StartError::AdminNotLoopback(config.admin));
    }
    let limits = Arc::new(config.connection);
    let stop_time = Duration::from_millis(u64::from(limits.stop_ms));
    let replica = config.replica;
    let share = Arc::new(Share::of_millionths(if replica.is_some() { 0 } else { Share::WHOLE }));
    let roster = Arc::new(RosterKeeper::open(ledger.clone(), share.clone()).await?);
    let metrics = match &source {
        Source::Issuer(_) => Arc::new(Metrics::new()),
        Source::Gateway(gateway) => gateway.metrics.clone(),
    };
    let before = Before { roster: &roster, source: &source, metrics: &metrics, limits: &limits };
    let face = wire_face(config.tls, config.wire, before)?;
    let (stop, stopping) = watch::channel(false);
    let wire = listener("wire", config.listen, &limits, &stopping).await?;
    let admin = listener("admin", config.admin, &limits, &stopping).await?;
    let (wire_addr, admin_addr) = (address(&wire, config.listen)?, address(&admin, config.admin)?);
    let gateway_of = match &source {
        Source::Issuer(_) => None,
        Source::Gateway(gateway) => Some(gateway.clone()),
    };
    let slices = Slices::keep(replica.as_ref(), &share, gateway_of.as_deref()).await;
    let holder = replica.map(|replica| replica.holder);
    let desk = Desk { ledger, source: source.clone(), metrics, holder, share };
    let admin_face = AdminFace::new(Arc::new(desk), limits);
    let mode = source.mode();
    let mut tasks = JoinSet::new();
    tasks.spawn(wire.run(Phase::Handshake, move |accepted| face.clone().serve(accepted)));
    tasks.spawn(admin.run(Phase::Idle, move |accepted| admin_face.clone().serve(accepted)));
    let refresh =
        background::refresh(roster, source.clone(), config.pace.refresh_ms, stopping.clone());
    tasks.spawn(refresh);
    match source {
        Source::Issuer(issuer) if issuer.mode() == Mode::Sandbox => {
            tasks.spawn(background::settle(issuer, config.pace.settle_ms, stopping));
        }
        Source::Issuer(_) => {}
        Source::Gateway(gateway) => {
            for (mch_id, follower) in gateway.followers() {
                let metrics = gateway.metrics.clone();
                tasks.spawn(background::follow(mch_id, follower, metrics, stopping.clone()));
            }
        }
    }
    tracing::info!(mode, wire = %wire_addr, admin = %admin_addr, "started");
    Ok(Running {
        wire: wire_addr,
        admin: admin_addr,
        stop,
        stop_time,
        tasks,
        gateway: gateway_of,
        slices,
    })
}

/// What there is before the faces open.
#[derive(Clone, Copy)]
struct Before<'b> {
    roster: &'b Arc<RosterKeeper>,
    source: &'b Source,
    metrics: &'b Arc<Metrics>,
    limits: &'b Arc<ConnectionLimits>,
}

fn wire_face(
    tls: TlsMaterial,
    options: WireOptions,
    before: Before<'_>,
) -> Result<Arc<WireFace>, StartError> {
    let content_type = content_type(&options.content_type)?;
    let authorities = Authorities::new(&tls.client_ca).map_err(StartError::Tls)?;
    let config = tls::server_config(tls).map_err(|error| StartError::Tls(error.to_string()))?;
    Ok(Arc::new(WireFace {
        acceptor: Acceptor(TlsAcceptor::from(Arc::new(config))),
        authorities,
        roster: before.roster.clone(),
        source: before.source.clone(),
        metrics: before.metrics.clone(),
        options,
        content_type,
        limits: before.limits.clone(),
    }))
}

/// The usual one as a constant, which threads need not count together.
fn content_type(text: &str) -> Result<HeaderValue, StartError> {
    if text == CONTENT_TYPE_USUAL {
        return Ok(HeaderValue::from_static(CONTENT_TYPE_USUAL));
    }
    HeaderValue::from_str(text).map_err(|_| StartError::ContentType)
}

async fn listener(
    name: &'static str,
    address: SocketAddr,
    limits: &Arc<ConnectionLimits>,
    stopping: &watch::Receiver<bool>,
) -> Result<Listener, StartError> {
    let socket = TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })?;
    let ticker = Arc::new(Ticker::new(limits, Arc::new(SystemClock)));
    Ok(Listener { name, socket, limits: limits.clone(), ticker, stop: stopping.clone() })
}

fn address(listener: &Listener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.socket.local_addr().map_err(|source| StartError::Listen { address, source })
}

impl Running {
    /// Where the wire endpoint listens.
    #[must_use]
    pub const fn wire_addr(&self) -> SocketAddr {
        self.wire
    }

    /// Where the admin listener listens.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin
    }

    /// Stops accepting, finishes what was accepted, notes what a gateway was told, and returns; takes at most about
    /// [`stop_ms`](crate::ConnectionLimits::stop_ms).
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(panicked = error.is_panic(), "a task ended early");
                }
            }
            // Who hung up may have begun what is not noted yet.
            if let Some(gateway) = &self.gateway {
                gateway.finish().await;
            }
        };
        // The listeners keep the time themselves; this is for work on a ledger that hangs.
        if timeout(self.stop_time + STOP_GRACE, all).await.is_err() {
            tracing::warn!("ending background work that did not finish");
            self.tasks.shutdown().await;
        }
        self.slices.release().await;
        tracing::info!("stopped");
    }
}
