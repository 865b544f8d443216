//! A stream that notes when a request begins and when a reply has left.

use crate::pulse::{Phase, Pulse};
use bytes::Bytes;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A stream over one TCP connection.
pub(crate) trait OverTcp {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;
}

impl OverTcp for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl OverTcp for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A stream that keeps its connection's [`Pulse`].
#[derive(Debug)]
pub(crate) struct TimedStream<S: OverTcp> {
    inner: S,
    pulse: Arc<Pulse>,
    /// Bytes that were read and not yet used.
    unread: Bytes,
}

impl<S: OverTcp> TimedStream<S> {
    /// A stream between two requests.
    pub(crate) fn new(inner: S, pulse: Arc<Pulse>) -> Self {
        pulse.enter(Phase::Idle);
        Self { inner, pulse, unread: Bytes::new() }
    }

    /// Its connection's deadline.
    pub(crate) fn shared_pulse(&self) -> Arc<Pulse> {
        self.pulse.clone()
    }

    /// Gives bytes back: they are read before any others.
    pub(crate) fn give_back(&mut self, unread: Bytes) {
        self.unread = unread;
    }

    /// Waits until there is a byte to read; `false` where the stream ends first.
    pub(crate) async fn has_more(&mut self) -> bool
    where
        S: AsyncRead + Unpin,
    {
        if self.unread.is_empty() {
            let mut first = [0];
            if !matches!(self.read(&mut first).await, Ok(1)) {
                return false;
            }
            self.unread = Bytes::copy_from_slice(&first);
        }
        true
    }
}

impl<S: OverTcp> Drop for TimedStream<S> {
    fn drop(&mut self) {
        if self.pulse.wants_reset() {
            // Where it fails, the connection is gone already.
            let _ = self.inner.tcp().set_zero_linger();
        }
    }
}

impl<S: OverTcp + AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = if self.unread.is_empty() {
            Pin::new(&mut self.inner).poll_read(cx, buf)
        } else {
            let length = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread.split_to(length));
            Poll::Ready(Ok(()))
        };
        if buf.filled().len() > before {
            self.pulse.advance(Phase::Idle, Phase::Head);
        }
        polled
    }
}

impl<S: OverTcp + AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(polled, Poll::Ready(Ok(()))) {
            self.pulse.advance(Phase::Write, Phase::Idle);
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }
}
