//! Why a client, or the identity that it shows, could not be made.

use crate::certificate::utc;
use std::time::SystemTime;

/// Why a certificate with its key is no usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The text holds no certificate.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// The text holds no private key.
    #[error("there is no private key in it")]
    NoKey,
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    BadCertificate(String),
    /// The private key cannot be used.
    #[error("the private key cannot be used: {0}")]
    BadKey(String),
    /// The certificate's RSA key is shorter than [`crate::certificate::RSA_BITS_MIN`].
    #[error("the key has {bits} bits, and TLS takes 2048 or more")]
    WeakKey {
        /// The length of the modulus, bits.
        bits: usize,
    },
    /// The private key is itself protected by a password.
    #[error("the private key is encrypted")]
    KeyEncrypted,
    /// The private key is not that of the certificate.
    #[error("the private key belongs to another certificate")]
    KeyMismatch,
    /// The bytes are no PKCS#12 file, or one of a kind that is not supported.
    #[error("it is no readable PKCS#12 file: {0}")]
    NotPkcs12(String),
    /// The password does not open the PKCS#12 file.
    #[error("the password does not open the PKCS#12 file")]
    WrongPassword,
    /// The certificate has expired.
    #[error("the certificate expired at {}", utc(*.0))]
    Expired(SystemTime),
    /// The certificate does not hold yet.
    #[error("the certificate does not hold before {}", utc(*.0))]
    NotYetValid(SystemTime),
    /// The certificate is another merchant's.
    #[error("the certificate is that of `{common_name}`, not of `{mch_id}`")]
    CnMismatch {
        /// The CN of the certificate.
        common_name: String,
        /// The merchant that it was to be of.
        mch_id: String,
    },
}

impl IdentityError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCertificate => "CERTIFICATE_MISSING",
            Self::NoKey => "KEY_MISSING",
            Self::BadCertificate(_) => "CERTIFICATE_UNREADABLE",
            Self::BadKey(_) => "KEY_UNUSABLE",
            Self::WeakKey { .. } => "WEAK_KEY",
            Self::KeyEncrypted => "KEY_ENCRYPTED",
            Self::KeyMismatch => "KEY_MISMATCH",
            Self::NotPkcs12(_) => "P12_UNREADABLE",
            Self::WrongPassword => "P12_PASSWORD",
            Self::Expired(_) => "CERTIFICATE_EXPIRED",
            Self::NotYetValid(_) => "CERTIFICATE_NOT_YET_VALID",
            Self::CnMismatch { .. } => "CN_MISMATCH",
        }
    }
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL is not `https://host[:port][/path]`; what may be a password is left out of it.
    #[error("`{0}` is no base URL of the form `https://host[:port]`")]
    BadBaseUrl(String),
    /// The proxy's URL is not `http://[user:password@]host[:port]`; it is not repeated here, as it
    /// may hold a password.
    #[error("the proxy is no URL of the form `http://[user:password@]host[:port]`")]
    BadProxy,
    /// The CA's certificates cannot be used.
    #[error("the CA certificates cannot be used: {0}")]
    BadTrust(String),
    /// The TLS stack refused the configuration.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl ClientError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadBaseUrl(_) => "BASE_URL",
            Self::BadProxy => "PROXY_URL",
            Self::BadTrust(_) => "CA_UNREADABLE",
            Self::Tls(_) => "TLS_SET_UP",
        }
    }
}

/// A URL, or what was meant as one, without `user:password@`: errors and logs may hold it.
#[must_use]
pub fn without_user(url: &str) -> String {
    let Some((before, rest)) = url.rsplit_once('@') else { return url.to_owned() };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…@{rest}"),
        None => format!("…@{rest}"),
    }
}
