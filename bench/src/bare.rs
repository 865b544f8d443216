//! The baseline of the wire face: hyper and rustls alone, answering a fixed body.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::io::Error;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The size of the fixed body, bytes: that of a received packet's record.
pub const BODY_BYTES: usize = 1_200;

/// Serves until killed; prints `ready ADDRESS` first.
pub fn serve(dir: &Path) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server_tls(dir)?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("ready {}", listener.local_addr()?);
        let body = Bytes::from(vec![b'x'; BODY_BYTES]);
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let (acceptor, body) = (acceptor.clone(), body.clone());
            tokio::spawn(async move {
                let Ok(tls) = acceptor.accept(socket).await else { return };
                let service = service_fn(move |request| answer(request, body.clone()));
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(tls), service);
                let _ = served.await;
            });
        }
    })
}

async fn answer(
    request: Request<Incoming>,
    body: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(body)))
}

fn server_tls(dir: &Path) -> std::io::Result<rustls::ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(dir.join("ca.pem")).map_err(Error::other)?)
        .map_err(Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(Error::other)?;
    let chain = CertificateDer::pem_file_iter(dir.join("server.pem"))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(Error::other)?;
    let key = PrivateKeyDer::from_pem_file(dir.join("server_key.pem")).map_err(Error::other)?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(Error::other)?;
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(Error::other)?;
    Ok(config)
}
