//! A wire between a ledger and its server that can be cut to the byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// `COMMIT` as the driver sends it: a simple query.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// What the server answers once it is made.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";
const ROLLBACK: &[u8] = b"Q\0\0\0\x0dROLLBACK\0";
/// The same with what comes pipelined behind it.
const BEGIN: &[u8] = b"Q\0\0\0\x0aBEGIN\0";

/// When the wire breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Before the server gets it, but not the writes before it: nothing is committed.
    BeforeCommit,
    /// After the server has answered it, before the answer is passed on: all is committed.
    AfterCommit,
    /// The same, and again before the server gets a rollback.
    AfterCommitAndAtRollback,
    /// Before the server gets it, and neither end is told: nothing is carried any more.
    Silently,
}

/// A wire at loopback, which breaks at the next commits.
pub struct Wire {
    pub port: u16,
    breaks: Arc<AtomicU32>,
    begun: Arc<AtomicU32>,
}

impl Wire {
    /// A wire to the server at `port`, whole for now.
    pub async fn to(port: u16, when: Break) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port_near = listener.local_addr().unwrap().port();
        let wire = Self { port: port_near, breaks: Arc::default(), begun: Arc::default() };
        let (breaks, begun) = (wire.breaks.clone(), wire.begun.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::spawn(carry(near, far, when, breaks.clone(), begun.clone()));
            }
        });
        wire
    }

    /// Lets so many commits break it from now on.
    pub fn break_at(&self, commits: u32) {
        self.breaks.store(commits, Ordering::SeqCst);
    }

    /// How many transactions were begun.
    pub fn begun(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }

    /// How many are still to break it.
    pub fn left(&self) -> u32 {
        self.breaks.load(Ordering::SeqCst)
    }
}

/// Carries both ways until an end is closed, or it breaks.
async fn carry(
    near: TcpStream,
    far: TcpStream,
    when: Break,
    breaks: Arc<AtomicU32>,
    begun: Arc<AtomicU32>,
) {
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let (mut up, mut down) = ([0; 16_384], [0; 16_384]);
    let mut breaks_at_answer = false;
    loop {
        tokio::select! {
            read = near_in.read(&mut up) => {
                let Some(bytes) = read.ok().and_then(|read| up.get(..read)) else { return };
                if bytes.windows(BEGIN.len()).any(|at| at == BEGIN) {
                    begun.fetch_add(1, Ordering::SeqCst);
                }
                if when == Break::AfterCommitAndAtRollback && bytes.ends_with(ROLLBACK) {
                    return;
                }
                // Behind the writes, and the last of a transaction.
                if bytes.ends_with(COMMIT) && take_one(&breaks) {
                    match when {
                        Break::BeforeCommit => {
                            // What was sent before it still gets there.
                            let writes = bytes.len() - COMMIT.len();
                            let _ = far_out.write_all(&bytes[..writes]).await;
                            return;
                        }
                        Break::AfterCommit | Break::AfterCommitAndAtRollback => {
                            breaks_at_answer = true;
                        }
                        Break::Silently => return std::future::pending().await,
                    }
                }
                if bytes.is_empty() || far_out.write_all(bytes).await.is_err() {
                    return;
                }
            }
            read = far_in.read(&mut down) => {
                let Some(bytes) = read.ok().and_then(|read| down.get(..read)) else { return };
                // The answers to the writes come first: a server that cannot send them undoes all.
                let is_answer = bytes.windows(COMMITTED.len()).any(|at| at == COMMITTED);
                if bytes.is_empty()
                    || (breaks_at_answer && is_answer)
                    || near_out.write_all(bytes).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

fn take_one(breaks: &AtomicU32) -> bool {
    let less = |left: u32| left.checked_sub(1);
    breaks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
}
