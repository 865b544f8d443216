//! The load generator: keep-alive connections over mutual TLS, each thread
//! writing to all of its connections and then reading from all of them.

use crate::scene::Scene;
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What one run did.
pub struct Load {
    /// Requests that were answered with status 200.
    pub requests: u64,
    /// How long it took, seconds.
    pub seconds: f64,
}

impl Load {
    /// Answered requests a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

struct Connection {
    tls: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(scene: &Scene, address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        let name = rustls_pki_types::ServerName::try_from("localhost").expect("a valid name");
        let client = ClientConnection::new(Arc::clone(&scene.client_tls), name)
            .map_err(std::io::Error::other)?;
        Ok(Self { tls: StreamOwned::new(client, socket), buffer: vec![0; 16 * 1024] })
    }

    /// Reads one reply; `true` for status 200.
    fn read_reply(&mut self) -> std::io::Result<bool> {
        let mut filled = 0;
        loop {
            let read = self.tls.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(whole) = reply_len(&self.buffer[..filled])
                && filled >= whole
            {
                return Ok(self.buffer.starts_with(b"HTTP/1.1 200"));
            }
        }
    }
}

/// The length of the whole reply, once its head is there.
fn reply_len(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    Some(head + length)
}

/// Sends `requests` in turn over `connections` for `seconds`.
pub fn keep_alive(
    scene: &Scene,
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    seconds: f64,
) -> std::io::Result<Load> {
    const THREADS: usize = 2;
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let started = Instant::now();
    let answered: std::io::Result<Vec<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| pump(scene, address, requests, connections / THREADS, &next, &stop))
            })
            .collect();
        std::thread::sleep(Duration::from_secs_f64(seconds));
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|t| t.join().expect("a load thread does not panic")).collect()
    });
    Ok(Load { requests: answered?.iter().sum(), seconds: started.elapsed().as_secs_f64() })
}

fn pump(
    scene: &Scene,
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    next: &AtomicUsize,
    stop: &AtomicBool,
) -> std::io::Result<u64> {
    let mut open: Vec<Connection> =
        (0..connections).map(|_| Connection::open(scene, address)).collect::<Result<_, _>>()?;
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        for connection in &mut open {
            let at = next.fetch_add(1, Ordering::Relaxed) % requests.len();
            connection.tls.write_all(&requests[at])?;
        }
        for connection in &mut open {
            if !connection.read_reply()? {
                return Err(std::io::Error::other("a reply was not 200"));
            }
            answered += 1;
        }
    }
    Ok(answered)
}

/// Opens new connections one after the other on two threads, one request on each.
pub fn handshakes(
    scene: &Scene,
    address: SocketAddr,
    request: &[u8],
    resume: bool,
    seconds: f64,
) -> std::io::Result<Load> {
    let scene = if resume { scene.clone() } else { scene.without_resumption() };
    let deadline = Duration::from_secs_f64(seconds);
    let started = Instant::now();
    let done: std::io::Result<Vec<u64>> = std::thread::scope(|scope| {
        let dial = || -> std::io::Result<u64> {
            let mut count = 0;
            while started.elapsed() < deadline {
                let mut connection = Connection::open(&scene, address)?;
                connection.tls.write_all(request)?;
                connection.read_reply()?;
                count += 1;
            }
            Ok(count)
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(dial)).collect();
        threads.into_iter().map(|t| t.join().expect("a load thread does not panic")).collect()
    });
    Ok(Load { requests: done?.iter().sum(), seconds: started.elapsed().as_secs_f64() })
}

/// One connection, one request, one reply.
pub fn first_answer(scene: &Scene, address: SocketAddr, request: &[u8]) -> std::io::Result<()> {
    let mut connection = Connection::open(scene, address)?;
    connection.tls.write_all(request)?;
    if connection.read_reply()? { Ok(()) } else { Err(std::io::Error::other("not 200")) }
}
