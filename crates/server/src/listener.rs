//! The accept loop of both listeners: takes connections up to a limit, lets those
//! rest that are idle, ends those that take too long, and stops in an orderly way.

use crate::config::ConnectionLimits;
use crate::pulse::{Phase, Pulse, Ticker};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
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
    /// What the listener says to it.
    pub(crate) words: Words,
}

/// What a listener says to a connection. That it says no more means: finish what
/// was accepted, take no more.
pub(crate) type Words = oneshot::Receiver<Word>;

/// One word to a connection.
#[derive(Debug)]
pub(crate) enum Word {
    /// Give back what an idle connection can do without; the next word comes here.
    Rest(Words),
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
                    open.let_rest();
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
    words: Option<oneshot::Sender<Word>>,
    /// The idle time, by its deadline, in which it was told to rest.
    rested: Option<u64>,
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
        let (sender, words) = oneshot::channel();
        let accepted = Accepted { stream, peer, number, pulse: pulse.clone(), words };
        let abort = self.tasks.spawn(serve(accepted));
        let handle = Handle { pulse, abort, words: Some(sender), rested: None };
        self.handles.insert(handle.abort.id(), handle);
    }

    /// Tells those to rest that have been idle for a while, once each time.
    fn let_rest(&mut self) {
        for handle in self.handles.values_mut() {
            let idle = handle.pulse.long_idle();
            if idle.is_some() && idle != handle.rested {
                handle.rested = idle;
                handle.words = handle.words.take().and_then(|words| {
                    let (sender, next) = oneshot::channel();
                    words.send(Word::Rest(next)).is_ok().then_some(sender)
                });
            }
        }
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
            drop(handle.words.take());
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
