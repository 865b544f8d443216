//! What a run needs: a folder with certificates and a merchant, and requests ready to send.

use hongbao_wire::{ApiKey, QUERY_PATH, QueryRequest};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The sandbox merchant.
pub const MCH_ID: &str = "10000098";
/// Its corpid.
pub const APPID: &str = "wx8888888888888888";

/// A folder made by a first `hongbao serve`, and a client's side of it.
#[derive(Clone)]
pub struct Scene {
    /// The folder.
    pub dir: PathBuf,
    /// The merchant's API key.
    pub key: ApiKey,
    /// TLS with the merchant's certificate.
    pub client_tls: Arc<ClientConfig>,
}

impl Scene {
    /// Reads the folder.
    pub fn open(dir: &Path) -> std::io::Result<Self> {
        let merchant = dir.join("merchants").join(MCH_ID);
        let key = std::fs::read_to_string(merchant.join("api_key"))?;
        let client_tls = Arc::new(client_tls(dir, &merchant)?);
        Ok(Self { dir: dir.to_owned(), key: ApiKey::new(key.trim().as_bytes()), client_tls })
    }

    /// The same without session resumption: every handshake is a full one.
    pub fn without_resumption(&self) -> Self {
        let mut config = (*self.client_tls).clone();
        config.resumption = Resumption::disabled();
        Self { client_tls: Arc::new(config), ..self.clone() }
    }

    /// One signed query as bytes of HTTP/1.1.
    pub fn request(&self, mch_billno: &str) -> Vec<u8> {
        let nonce_str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
        let query = QueryRequest { nonce_str, mch_billno, mch_id: MCH_ID, appid: APPID };
        let body = query.write(&self.key);
        let head = format!(
            "POST {QUERY_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/xml\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&body);
        bytes
    }
}

fn client_tls(dir: &Path, merchant: &Path) -> std::io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(dir.join("ca.pem")).map_err(Error::other)?)
        .map_err(Error::other)?;
    let chain = CertificateDer::pem_file_iter(merchant.join("apiclient_cert.pem"))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(Error::other)?;
    let key =
        PrivateKeyDer::from_pem_file(merchant.join("apiclient_key.pem")).map_err(Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(Error::other)
}
