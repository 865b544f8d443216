//! Which servers a client believes, and the TLS that follows from it.

use crate::error::ClientError;
use crate::identity::Identity;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};
use std::sync::Arc;

/// Which servers a client believes. There is no way to believe all.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that the operating system believes; WeChat Pay's (`protocol.md` §5: no pinning).
    System,
    /// Those whose certificate one of these CAs signed: PEM, at least one certificate.
    Ca(Vec<u8>),
}

/// TLS 1.2 and 1.3 that shows `identity` to servers that `trust` covers.
pub(crate) fn tls(trust: &Trust, identity: Identity) -> Result<ClientConfig, ClientError> {
    let failed = |error: rustls::Error| ClientError::Tls(error.to_string());
    let (chain, key) = identity.into_parts();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder: ConfigBuilder<ClientConfig, WantsVerifier> =
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
    let builder = match trust {
        Trust::System => builder.with_platform_verifier().map_err(failed)?,
        Trust::Ca(pem) => builder.with_webpki_verifier(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(pem)?), provider)
                .build()
                .map_err(|error| ClientError::BadTrust(error.to_string()))?,
        ),
    };
    builder.with_client_auth_cert(chain, key).map_err(failed)
}

/// The same decision on its own, for [`crate::probe()`].
pub(crate) fn verifier(trust: &Trust) -> Result<Arc<dyn ServerCertVerifier>, ClientError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(match trust {
        Trust::System => {
            Arc::new(Verifier::new(provider).map_err(|error| ClientError::Tls(error.to_string()))?)
        }
        Trust::Ca(pem) => {
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(pem)?), provider)
                .build()
                .map_err(|error| ClientError::BadTrust(error.to_string()))?
        }
    })
}

fn roots(pem: &[u8]) -> Result<RootCertStore, ClientError> {
    let bad = |error: &dyn std::fmt::Display| ClientError::BadTrust(error.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
    }
    if roots.is_empty() {
        return Err(bad(&"there is no certificate in it"));
    }
    Ok(roots)
}
