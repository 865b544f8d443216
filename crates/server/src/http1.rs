//! HTTP/1.1 over one stream, for as long as both sides like.

use crate::config::ConnectionLimits;
use crate::listener::{Word, Words};
use crate::pulse::{Phase, Pulse};
use crate::stream::{OverTcp, TimedStream};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Serves HTTP/1.1 until either side is done.
///
/// hyper holds about 20 kB for a connection, most of it buffers: more than all the
/// rest. So a connection without a request does without it: it is made when the
/// first byte comes, and given back when the listener lets the connection rest.
pub(crate) async fn serve<S, H>(
    stream: S,
    pulse: Arc<Pulse>,
    limits: &ConnectionLimits,
    mut words: Words,
    mut service: H,
) where
    S: OverTcp + AsyncRead + AsyncWrite + Unpin,
    H: HttpService<Incoming>,
    H::Error: Into<Box<dyn Error + Send + Sync>>,
    H::ResBody: Body + 'static,
    <H::ResBody as Body>::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let head_bytes_max = (limits.head_bytes_max as usize).max(8_192);
    let mut builder = Builder::new();
    builder.max_header_size(head_bytes_max).max_buf_size(head_bytes_max.max(64 * 1024));
    let mut stream = TimedStream::new(stream, pulse);
    loop {
        if !has_request(&mut stream, &mut words).await {
            // Where it fails, the other side has gone already.
            let _ = stream.shutdown().await;
            return;
        }
        // Boxed, so that a connection at rest has no room in its task for hyper's.
        match Box::pin(serve_requests(stream, &builder, &mut words, service)).await {
            Some(idle) => (stream, service) = idle,
            None => return,
        }
    }
}

/// Waits for a request; `false` where there will be none.
async fn has_request<S>(stream: &mut TimedStream<S>, words: &mut Words) -> bool
where
    S: OverTcp + AsyncRead + Unpin,
{
    loop {
        tokio::select! {
            biased;
            more = stream.has_more() => return more,
            word = &mut *words => match word {
                Ok(Word::Rest(next)) => *words = next,
                Err(_) => return false,
            }
        }
    }
}

/// Serves requests; `None` where the connection ended, else it is idle and may rest.
async fn serve_requests<S, H>(
    stream: TimedStream<S>,
    builder: &Builder,
    words: &mut Words,
    service: H,
) -> Option<(TimedStream<S>, H)>
where
    S: OverTcp + AsyncRead + AsyncWrite + Unpin,
    H: HttpService<Incoming>,
    H::Error: Into<Box<dyn Error + Send + Sync>>,
    H::ResBody: Body + 'static,
    <H::ResBody as Body>::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let pulse = stream.shared_pulse();
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let served = loop {
        tokio::select! {
            biased;
            served = &mut connection => break served,
            word = &mut *words => match word {
                Ok(Word::Rest(next)) => {
                    *words = next;
                    // A request may have begun since the word was sent.
                    if pulse.is_in(Phase::Idle) {
                        let parts = connection.into_parts();
                        let mut stream = parts.io.into_inner();
                        stream.give_back(parts.read_buf);
                        return Some((stream, parts.service));
                    }
                }
                Err(_) => {
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                    break (&mut connection).await;
                }
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::pulse::Ticker;
    use bytes::Bytes;
    use hongbao_issuer::SystemClock;
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use std::convert::Infallible;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot::{Sender, channel};
    use tokio::task::JoinHandle;

    /// A served connection, its other side, and the way to say words to it.
    async fn served() -> (TcpStream, Sender<Word>, Arc<Pulse>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let limits = ConnectionLimits::default();
        let ticker = Arc::new(Ticker::new(&limits, Arc::new(SystemClock)));
        let pulse = Arc::new(Pulse::new(ticker, &limits, Phase::Idle));
        let (sender, words) = channel();
        let its_pulse = pulse.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            its_pulse.enter(Phase::Write);
            let path = request.uri().path().to_owned();
            async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(path)))) }
        });
        let its_pulse = pulse.clone();
        let task = tokio::spawn(async move {
            serve(stream, its_pulse, &limits, words, service).await;
        });
        (client, sender, pulse, task)
    }

    /// Lets it rest; returns the way to say the next word, once it has heard this one.
    async fn rest(words: Sender<Word>) -> Sender<Word> {
        let (sender, next) = channel();
        words.send(Word::Rest(next)).unwrap();
        while sender.is_closed() {
            tokio::task::yield_now().await;
        }
        sender
    }

    async fn ask(client: &mut TcpStream, path: &str) {
        client.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
    }

    /// Reads one reply, which ends with its path.
    async fn reads(client: &mut TcpStream, path: &str) {
        let mut reply = Vec::new();
        while !reply.ends_with(format!("\r\n\r\n{path}").as_bytes()) {
            let mut piece = [0; 512];
            let length = client.read(&mut piece).await.unwrap();
            assert!(length > 0, "it ended after {reply:?}");
            reply.extend_from_slice(&piece[..length]);
        }
    }

    #[tokio::test]
    async fn it_rests_and_wakes_between_requests() {
        let (mut client, mut words, pulse, task) = served().await;
        for path in ["/1", "/2", "/3"] {
            words = rest(words).await;
            ask(&mut client, path).await;
            reads(&mut client, path).await;
            while !pulse.is_in(Phase::Idle) {
                tokio::task::yield_now().await;
            }
            words = rest(rest(words).await).await;
        }
        drop(words);
        task.await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn it_does_not_rest_within_a_request() {
        let (mut client, words, pulse, task) = served().await;
        client.write_all(b"GET /half HT").await.unwrap();
        while !pulse.is_in(Phase::Head) {
            tokio::task::yield_now().await;
        }
        let words = rest(words).await;
        client.write_all(b"TP/1.1\r\n\r\n").await.unwrap();
        reads(&mut client, "/half").await;
        drop(words);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn it_ends_when_the_other_side_does() {
        let (client, words, _, task) = served().await;
        let words = rest(words).await;
        drop(client);
        task.await.unwrap();
        assert!(words.is_closed());
    }
}
