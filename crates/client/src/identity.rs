//! The merchant's identity: its client certificate and the key to it.

use crate::certificate::{self, Certificate, IdentityWarning, KeyKind, RSA_BITS_MIN};
use crate::error::IdentityError;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as P12Error;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fmt;
use std::time::SystemTime;

/// A client certificate, those above it, and the private key that belongs to it.
///
/// That the key is the certificate's is checked when it is made; the time is not, as
/// nothing here reads a clock: see [`Identity::check_time`]. `Debug` shows no key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate: Certificate,
}

impl Identity {
    /// Reads `apiclient_cert.pem` (the merchant's own certificate first) and
    /// `apiclient_key.pem` (PKCS#8, PKCS#1 or SEC1, not encrypted).
    ///
    /// # Errors
    /// [`IdentityError`]: nothing of the kind in the text, unreadable, encrypted, or a key of
    /// another certificate.
    pub fn from_pem(cert: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(cert)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| IdentityError::BadCertificate(error.to_string()))?;
        if contains(key, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || contains(key, b"Proc-Type: 4,ENCRYPTED")
        {
            return Err(IdentityError::KeyEncrypted);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            rustls_pki_types::pem::Error::NoItemsFound => IdentityError::NoKey,
            other => IdentityError::BadKey(other.to_string()),
        })?;
        Self::new(chain, key)
    }

    /// Reads `apiclient_cert.p12`, with legacy or modern algorithms (`protocol.md` §5). The
    /// password of WeChat's tool is the merchant's number.
    ///
    /// # Errors
    /// [`IdentityError`]: no PKCS#12, a wrong password, no key or no certificate to it.
    pub fn from_p12(bytes: &[u8], password: &str) -> Result<Self, IdentityError> {
        let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(p12_error)?;
        let key = archive.keys.into_iter().next().ok_or(IdentityError::NoKey)?;
        let key: PrivateKeyDer<'static> =
            PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into();
        let certs: Vec<_> = archive
            .certs
            .into_iter()
            .map(|bag| CertificateDer::from(bag.cert.as_der().to_vec()))
            .collect();
        Self::new(own_first(certs, &key)?, key)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, IdentityError> {
        let own = chain.first().ok_or(IdentityError::NoCertificate)?;
        let certificate = Certificate::of_der(own)?;
        if let KeyKind::Rsa { bits } = certificate.key
            && bits < RSA_BITS_MIN
        {
            return Err(IdentityError::WeakKey { bits });
        }
        check_pair(&chain, &key)?;
        Ok(Self { chain, key, certificate })
    }

    /// The serial number of the first certificate of a PEM text, as [`Identity::serial_hex`]
    /// gives it, without its key.
    ///
    /// # Errors
    /// [`IdentityError::NoCertificate`], [`IdentityError::BadCertificate`].
    pub fn serial_of(cert: &[u8]) -> Result<String, IdentityError> {
        let der = match CertificateDer::from_pem_slice(cert) {
            Err(rustls_pki_types::pem::Error::NoItemsFound) => {
                return Err(IdentityError::NoCertificate);
            }
            der => der.map_err(|error| IdentityError::BadCertificate(error.to_string()))?,
        };
        Certificate::of_der(&der).map(|certificate| certificate.serial_hex)
    }

    /// What its own certificate says.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CN of the certificate: the merchant's number.
    #[must_use]
    pub fn common_name(&self) -> &str {
        &self.certificate.common_name
    }

    /// The serial number of the certificate, lower-case hexadecimal, whole bytes.
    #[must_use]
    pub fn serial_hex(&self) -> &str {
        &self.certificate.serial_hex
    }

    /// Whether the certificate holds at `now`.
    ///
    /// # Errors
    /// [`IdentityError::Expired`], [`IdentityError::NotYetValid`].
    pub fn check_time(&self, now: SystemTime) -> Result<(), IdentityError> {
        self.certificate.check_time(now)
    }

    /// Whether the certificate is that of `mch_id` and holds at `now`, and what is unusual
    /// about it: its end from 30 days before, its issuer.
    ///
    /// # Errors
    /// [`IdentityError::CnMismatch`], then as [`Identity::check_time`].
    pub fn check(
        &self,
        mch_id: &str,
        now: SystemTime,
    ) -> Result<Vec<IdentityWarning>, IdentityError> {
        self.certificate.check_name(mch_id)?;
        self.check_time(now)?;
        Ok(self.certificate.warnings(now))
    }

    /// What the handshake needs.
    pub(crate) fn into_parts(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain, self.key)
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
            certificate: self.certificate.clone(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("common_name", &self.certificate.common_name)
            .field("serial_hex", &self.certificate.serial_hex)
            .field("not_after", &certificate::utc(self.certificate.not_after))
            .finish_non_exhaustive()
    }
}

fn check_pair(
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
) -> Result<(), IdentityError> {
    let provider = aws_lc_rs::default_provider();
    match CertifiedKey::from_der(chain.to_vec(), key.clone_key(), &provider) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err(IdentityError::KeyMismatch),
        Err(error) => Err(IdentityError::BadKey(error.to_string())),
    }
}

/// Puts the certificate that belongs to the key first and drops self-signed ones: the
/// server knows its roots. Not every writer marks which certificate is the key's.
fn own_first(
    mut certs: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    if certs.is_empty() {
        return Err(IdentityError::NoCertificate);
    }
    let belongs = |cert: &CertificateDer<'static>| check_pair(std::slice::from_ref(cert), key);
    let Some(own) = certs.iter().position(|cert| belongs(cert).is_ok()) else {
        return Err(belongs(&certs[0]).err().unwrap_or(IdentityError::KeyMismatch));
    };
    let mut chain = vec![certs.remove(own)];
    certs.retain(|cert| !certificate::is_root(cert));
    chain.append(&mut certs);
    Ok(chain)
}

/// A wrong password shows as a MAC that does not hold or, in a file without a MAC, as
/// padding that makes no sense.
fn p12_error(error: P12Error) -> IdentityError {
    match error {
        P12Error::MacError(_) | P12Error::UnpadError | P12Error::Pkcs5Error(_) => {
            IdentityError::WrongPassword
        }
        other => IdentityError::NotPkcs12(other.to_string()),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
