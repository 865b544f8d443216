//! Why a certificate was not made.

/// Why a certificate was not made or not read.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The CA's own certificate cannot be used.
    #[error("the CA certificate cannot be read: {0}")]
    BadCertificate(String),
    /// The CA's private key cannot be used, or belongs to another certificate.
    #[error("the CA key cannot be used: {0}")]
    BadKey(String),
    /// A name is empty, or longer than a certificate's 64 characters.
    #[error("`{field}` must hold 1 to 64 characters, found {found}")]
    BadName {
        /// Which name.
        field: &'static str,
        /// How many characters it holds.
        found: usize,
    },
    /// A time lies outside what a certificate can say.
    #[error("the time of validity is out of range")]
    BadTime,
    /// Making or signing failed.
    #[error("the certificate could not be made: {0}")]
    NotMade(String),
    /// The PKCS#12 file could not be written.
    #[error("the PKCS#12 file could not be written: {0}")]
    NoKeystore(String),
}

impl AuthorityError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadCertificate(_) => "CA_CERTIFICATE_UNREADABLE",
            Self::BadKey(_) => "CA_KEY_UNUSABLE",
            Self::BadName { .. } => "CERTIFICATE_NAME",
            Self::BadTime => "CERTIFICATE_TIME",
            Self::NotMade(_) => "CERTIFICATE_NOT_MADE",
            Self::NoKeystore(_) => "KEYSTORE_NOT_WRITTEN",
        }
    }
}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self::NotMade(error.to_string())
    }
}
