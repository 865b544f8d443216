//! `hongbao serve`.

use crate::args::ServeArgs;
use crate::config::{LEDGER_FILE, LogFormat, LogOptions, ServeConfig};
use crate::exit::{Exit, Failure};
use crate::ledger_place::{LedgerPlace, OpenLedger};
use crate::merchant_side::new_holder;
use crate::output::Output;
use crate::retention::Retention;
use crate::run_file::RunFile;
use crate::say;
use crate::upstream;
use crate::workdir::{FirstStart, Lock, WorkDir};
use hongbao_issuer::{Issuer, IssuerConfig, IssuerError, SystemClock};
use hongbao_ledger::Ledger;
use hongbao_server::{
    GatewayOptions, KeptReplies, Pace, Replica, Running, ServerConfig, Source, StartError,
};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Runs it, until SIGINT or SIGTERM.
///
/// # Errors
/// The folder, its configuration, its ledger or an address cannot be used: exit 9.
pub async fn run(args: &ServeArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let flags = Flags {
        listen: args.listen,
        admin: args.admin,
        upstream: &args.upstream,
        ledger: args.at.place(),
    };
    let served = Served::start(&args.dir, flags, |config| {
        start_log(&config.log);
        config.issuer()
    })
    .await?;
    let mode = served.source.mode();
    let (wire, admin) = (served.base_url(), served.admin_url());
    tracing::info!(%wire, %admin, mode, dir = %args.dir.display(), "ready");
    out.data(format_args!("ready {wire} {admin} {mode}"));
    let signal = stop.wait().await;
    tracing::info!(signal, "stopping");
    served.stop().await;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}

/// A server on a folder.
pub struct Served {
    /// The open listeners.
    pub running: Running,
    /// What answers behind them.
    pub source: Source,
    /// Its folder.
    pub dir: WorkDir,
    retention: Option<Retention>,
    _lock: Lock,
}

/// What goes before the folder's file.
#[derive(Clone, Copy, Debug)]
pub struct Flags<'f> {
    /// Where merchants ask.
    pub listen: Option<SocketAddr>,
    /// Where the operator asks.
    pub admin: Option<SocketAddr>,
    /// The real profiles of a gateway's merchants.
    pub upstream: &'f [PathBuf],
    /// Where the ledger is.
    pub ledger: Option<&'f str>,
}

impl Served {
    /// Takes the folder and opens both listeners; `flags` go before the file.
    ///
    /// # Errors
    /// As [`run`].
    pub async fn start(
        path: &Path,
        flags: Flags<'_>,
        issuer: impl FnOnce(&ServeConfig) -> IssuerConfig,
    ) -> Result<Self, Failure> {
        let at = reachable(flags.listen.unwrap_or(ServeConfig::default().listen).ip());
        let mut upstreams = upstream::of_flags(flags.upstream)?;
        let first = FirstStart { at, upstreams: &upstreams, ledger: flags.ledger };
        let (dir, lock) = WorkDir::take(path, first).await?;
        let config = dir.config()?;
        if upstreams.is_empty() {
            upstreams = upstream::of_config(&dir, &config);
        }
        // the caller hears of the configuration first: it opens the log
        let mut issuer = issuer(&config);
        let place = dir.ledger_of(&config, flags.ledger)?;
        let is_own = place.file() == Some(&dir.path(LEDGER_FILE));
        let store = place.open_for_server(is_own).await?;
        if let Some(why) = store.danger() {
            tracing::warn!(code = "LEDGER_NOT_DURABLE", ledger = %store.place, why, "may be lost");
        }
        let replica = (!is_own).then(|| replica(&store));
        let holder = replica.as_ref().map(|replica| replica.holder.clone());
        issuer.holder.clone_from(&holder);
        let below: Arc<dyn Ledger> = store.store.clone();
        let ledger: Arc<dyn Ledger> = match &replica {
            None => Arc::new(KeptReplies::new(below, config.wire.kept_replies_mib)),
            // another server may change what is kept
            Some(_) => below,
        };
        let source: Source = if upstreams.is_empty() {
            upstream::not_a_gateways(&dir, &store).await?;
            let failed = |error: IssuerError| issuer_failure(&store.place, &error);
            let opened = Issuer::open(Arc::clone(&ledger), Arc::new(SystemClock), issuer).await;
            Arc::new(opened.map_err(failed)?).into()
        } else {
            let options = GatewayOptions { holder, ..config.gateway() };
            upstream::open(&dir, &upstreams, &store, options).await?.into()
        };
        let server = ServerConfig {
            listen: flags.listen.unwrap_or(config.listen),
            admin: flags.admin.unwrap_or(config.admin),
            tls: dir.tls()?,
            wire: config.wire,
            connection: config.connection,
            pace: Pace::default(),
            replica,
        };
        let running = hongbao_server::start(server, ledger, source.clone())
            .await
            .map_err(|error| start_failure(&store.place, &error))?;
        let retention = Retention::start(&store, config.raw_replies_days);
        let served = Self { running, source, dir, retention, _lock: lock };
        served.dir.point_profiles_to(&served.base_url())?;
        let run = RunFile {
            wire: served.base_url(),
            admin: served.admin_url(),
            mode: served.source.mode().to_owned(),
            pid: std::process::id(),
        };
        run.write(served.dir.as_path())?;
        Ok(served)
    }

    /// The paying side; `None` in a gateway.
    #[must_use]
    pub const fn issuer(&self) -> Option<&Arc<Issuer>> {
        match &self.source {
            Source::Issuer(issuer) => Some(issuer),
            Source::Gateway(_) => None,
        }
    }

    /// Stops it: finishes what was accepted, then leaves the folder.
    pub async fn stop(self) {
        RunFile::remove(self.dir.as_path());
        self.running.stop().await;
        if let Some(retention) = self.retention {
            retention.stop().await;
        }
    }

    /// The URL that merchants reach it by.
    #[must_use]
    pub fn base_url(&self) -> String {
        let address = self.running.wire_addr();
        format!("https://{}", SocketAddr::new(reachable(address.ip()), address.port()))
    }

    /// The URL of the admin listener.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.running.admin_addr())
    }
}

/// This server among those that may share its ledger: any but its folder's own, which one server
/// works on at a time.
fn replica(ledger: &OpenLedger) -> Replica {
    let holder = new_holder();
    tracing::info!(%holder, ledger = %ledger.place, "the ledger may be shared");
    let (ledger, clock) = (ledger.store.clone(), Arc::new(hongbao_inquiry::SystemClock));
    Replica { holder, ledger, clock }
}

/// The address by which a listener is reached from this machine.
fn reachable(listen: IpAddr) -> IpAddr {
    match listen {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

fn start_log(options: &LogOptions) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(options.level.as_str()));
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    // a second subscriber would be a bug of ours; the first one stays
    let _ = match options.format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.with_ansi(false).try_init(),
    };
}

fn issuer_failure(ledger: &LedgerPlace, error: &IssuerError) -> Failure {
    match error {
        IssuerError::Ledger(error) => ledger.failure(error),
        other => Failure::config(other.code(), say!("serve-failed", why = other))
            .hint(say!("serve-failed-hint")),
    }
}

fn start_failure(ledger: &LedgerPlace, error: &StartError) -> Failure {
    let hint = match error {
        StartError::Ledger(error) => return ledger.failure(error),
        StartError::AdminNotLoopback(_) => say!("serve-admin-hint"),
        StartError::Listen { source, .. } => match source.kind() {
            ErrorKind::AddrInUse => say!("serve-in-use-hint"),
            _ => say!("serve-listen-hint"),
        },
        _ => say!("serve-failed-hint"),
    };
    let message = match error {
        StartError::AdminNotLoopback(address) => say!("serve-admin", address = address),
        StartError::Listen { address, source } => {
            say!("serve-listen", address = address, why = source)
        }
        other => say!("serve-failed", why = other),
    };
    Failure::config(error.code(), message).hint(hint)
}

/// What ends a server: Ctrl-C, or a service manager.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From now on the signals are caught.
    ///
    /// # Errors
    /// `NO_SIGNALS` where the machine refuses.
    pub fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::config("NO_SIGNALS", say!("serve-failed", why = error))
                .hint(say!("serve-failed-hint"))
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Waits for the first of them; returns its name.
    pub async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
