//! The accept loop of both listeners: takes connections up to a limit, ends those
//! that take too long, and stops in an orderly way.

use crate::config::ConnectionLimits;
use crate::pulse::{Phase, Pulse, Ticker};
use crate::stream::{OverTcp, TimedStream};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// One accepted connection.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The connection.
    pub(crate) stream: TcpStream,
    /// The other side.
    pub(crate) peer: SocketAddr,
    /// Its number on this listener, from 1.
    pub(crate) number: u64,
    /// Its deadline.
    pub(crate) pulse: Arc<Pulse>,
    /// Resolves when the listener stops: finish what was accepted, take no more.
    pub(crate) stop: oneshot::Receiver<()>,
}

/// What a listener needs beside the way to serve a connection.
#[derive(Debug)]
pub(crate) struct Listener {
    /// For the log: `wire` or `admin`.
    pub(crate) name: &'static str,
    /// The bound socket.
    pub(crate) socket: TcpListener,
    /// Time and room.
    pub(crate) limits: Arc<ConnectionLimits>,
    /// The coarse clock, which this listener moves.
    pub(crate) ticker: Arc<Ticker>,
    /// Turns `true` when the listener shall stop.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Listener {
    /// Accepts and serves until told to stop; returns when every connection has ended
    /// or the time for that is over.
    pub(crate) async fn run<F, C>(mut self, first_phase: Phase, serve: F)
    where
        F: Fn(Accepted) -> C,
        C: Future<Output = ()> + Send + 'static,
    {
        let mut open = Open::default();
        let mut ticks = interval(self.ticker.length());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let connections_max = self.limits.connections_max.max(1) as usize;
        // After a failed accept, most likely for want of descriptors, wait for a tick.
        let mut paused = false;
        loop {
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => break,
                _ = ticks.tick() => {
                    paused = false;
                    self.ticker.tick();
                    open.end_overdue();
                }
                Some(ended) = open.tasks.join_next_with_id() => open.forget(ended),
                accepted = self.socket.accept(), if !paused && open.len() < connections_max => {
                    match accepted {
                        Ok((stream, peer)) => {
                            let pulse = Pulse::new(self.ticker.clone(), &self.limits, first_phase);
                            open.begin(stream, peer, Arc::new(pulse), &serve);
                        }
                        Err(error) => {
                            paused = true;
                            tracing::warn!(listener = self.name, %error, "accepting failed");
                        }
                    }
                }
            }
        }
        drop(self.socket);
        let time = Duration::from_millis(u64::from(self.limits.stop_ms));
        open.finish(&self.ticker, time).await;
    }
}

/// What a connection's task can be told.
#[derive(Debug)]
struct Handle {
    pulse: Arc<Pulse>,
    abort: AbortHandle,
    stop: Option<oneshot::Sender<()>>,
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Open {
    tasks: JoinSet<()>,
    handles: HashMap<Id, Handle>,
    last_number: u64,
}

impl Open {
    fn len(&self) -> usize {
        self.handles.len()
    }

    fn begin<F, C>(&mut self, stream: TcpStream, peer: SocketAddr, pulse: Arc<Pulse>, serve: &F)
    where
        F: Fn(Accepted) -> C,
        C: Future<Output = ()> + Send + 'static,
    {
        self.last_number += 1;
        let number = self.last_number;
        let (sender, stop) = oneshot::channel();
        let accepted = Accepted { stream, peer, number, pulse: pulse.clone(), stop };
        let abort = self.tasks.spawn(serve(accepted));
        self.handles.insert(abort.id(), Handle { pulse, abort, stop: Some(sender) });
    }

    fn end_overdue(&self) {
        for handle in self.handles.values().filter(|handle| handle.pulse.is_over()) {
            handle.abort.abort();
        }
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!("a connection's task panicked; the others go on");
                }
                error.id()
            }
        };
        self.handles.remove(&id);
    }

    /// Lets every connection finish what it accepted, then ends those that are left.
    async fn finish(mut self, ticker: &Ticker, time: Duration) {
        for handle in self.handles.values_mut() {
            drop(handle.stop.take());
        }
        let until = Instant::now() + time;
        let mut ticks = interval(ticker.length());
        loop {
            let joined = async {
                tokio::select! {
                    ended = self.tasks.join_next_with_id() => ended.map(Some),
                    _ = ticks.tick() => Some(None),
                }
            };
            match timeout_at(until, joined).await {
                Ok(Some(Some(ended))) => self.forget(ended),
                Ok(Some(None)) => {
                    ticker.tick();
                    self.end_overdue();
                }
                Ok(None) => return,
                Err(_) => break,
            }
        }
        tracing::warn!(connections = self.len(), "ending connections that did not finish");
        self.tasks.shutdown().await;
    }
}

/// Serves HTTP/1.1 over one stream until it closes or `stop` resolves.
pub(crate) async fn serve_http<S, H>(
    stream: S,
    pulse: Arc<Pulse>,
    limits: &ConnectionLimits,
    mut stop: oneshot::Receiver<()>,
    service: H,
) where
    S: OverTcp + AsyncRead + AsyncWrite + Unpin,
    H: HttpService<Incoming>,
    H::Error: Into<Box<dyn Error + Send + Sync>>,
    H::ResBody: Body + 'static,
    <H::ResBody as Body>::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let head_bytes_max = (limits.head_bytes_max as usize).max(8_192);
    let mut builder = http1::Builder::new();
    builder.max_header_size(head_bytes_max).max_buf_size(head_bytes_max.max(64 * 1024));
    let io = TokioIo::new(TimedStream::new(stream, pulse));
    let mut connection = pin!(builder.serve_connection(io, service));
    let served = tokio::select! {
        biased;
        served = connection.as_mut() => served,
        _ = &mut stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
