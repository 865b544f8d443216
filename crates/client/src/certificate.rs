//! What a certificate says of itself, and what is to be said of a merchant's.

use crate::error::IdentityError;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;

/// From this long before its end a certificate is to be renewed.
pub const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// RSA keys below this are refused; WeChat Pay's have it (`protocol.md` §5).
pub const RSA_BITS_MIN: usize = 2048;
/// The issuers of WeChat Pay's merchant certificates, by their CN (`protocol.md` §5).
const USUAL_ISSUERS: [&str; 2] = ["Tenpay.com Root CA", "MMPaymchCA"];

/// The kind and strength of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA.
    Rsa {
        /// The length of the modulus, bits.
        bits: usize,
    },
    /// A key on an elliptic curve.
    Curve(String),
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Curve(name) => f.write_str(name),
        }
    }
}

/// What is unusual about an identity that can be used nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityWarning {
    /// It expires within [`RENEW_BEFORE`].
    ExpiresSoon {
        /// Whole days until then.
        days: u64,
    },
    /// Its issuer is not WeChat Pay's. A sandbox's never is.
    UnusualIssuer {
        /// The issuer's whole name.
        issuer: String,
    },
}

impl IdentityWarning {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ExpiresSoon { .. } => "EXPIRES_SOON",
            Self::UnusualIssuer { .. } => "UNUSUAL_ISSUER",
        }
    }
}

impl fmt::Display for IdentityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpiresSoon { days } => write!(f, "the certificate expires in {days} days"),
            Self::UnusualIssuer { issuer } => {
                write!(f, "the certificate was not issued by WeChat Pay but by `{issuer}`")
            }
        }
    }
}

/// What stands in one certificate. Nothing in it is secret, and nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The subject, such as `C=CN, O=Tencent, CN=api.mch.weixin.qq.com`.
    pub subject: String,
    /// The CN of the subject; empty where there is none.
    pub common_name: String,
    /// The issuer's whole name, such as `C=CN, O=Tenpay.com, …`.
    pub issuer: String,
    /// The CN of the issuer; empty where there is none.
    pub issuer_common_name: String,
    /// The serial number, lower-case hexadecimal, whole bytes.
    pub serial_hex: String,
    /// The first second at which it holds.
    pub not_before: SystemTime,
    /// The last second at which it holds.
    pub not_after: SystemTime,
    /// The kind and strength of its key.
    pub key: KeyKind,
    /// The host names and addresses that it is for; empty in a client's.
    pub names: Vec<String>,
}

impl Certificate {
    /// Every certificate of a PEM text, in its order; at least one.
    ///
    /// # Errors
    /// [`IdentityError::NoCertificate`], [`IdentityError::BadCertificate`].
    pub fn all_of_pem(pem: &[u8]) -> Result<Vec<Self>, IdentityError> {
        let all: Result<Vec<Self>, _> = CertificateDer::pem_slice_iter(pem)
            .map(|der| Self::of_der(&der.map_err(|error| bad(&error))?))
            .collect();
        let all = all?;
        if all.is_empty() { Err(IdentityError::NoCertificate) } else { Ok(all) }
    }

    pub(crate) fn of_der(der: &[u8]) -> Result<Self, IdentityError> {
        let parsed = parse(der)?;
        let time = |seconds| {
            let time = Timestamp::from_second(seconds).and_then(SystemTime::try_from);
            time.map_err(|error| bad(&error))
        };
        Ok(Self {
            subject: parsed.subject().to_string(),
            common_name: common_name(parsed.subject()),
            issuer: parsed.issuer().to_string(),
            issuer_common_name: common_name(parsed.issuer()),
            serial_hex: parsed.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect(),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            key: key_kind(&parsed)?,
            names: names(&parsed),
        })
    }

    /// Whether it is that of the merchant `mch_id`.
    ///
    /// # Errors
    /// [`IdentityError::CnMismatch`].
    pub fn check_name(&self, mch_id: &str) -> Result<(), IdentityError> {
        if self.common_name == mch_id {
            return Ok(());
        }
        Err(IdentityError::CnMismatch {
            common_name: self.common_name.clone(),
            mch_id: mch_id.to_owned(),
        })
    }

    /// Whether it holds at `now`; its last second counts.
    ///
    /// # Errors
    /// [`IdentityError::Expired`], [`IdentityError::NotYetValid`].
    pub fn check_time(&self, now: SystemTime) -> Result<(), IdentityError> {
        if now < self.not_before {
            return Err(IdentityError::NotYetValid(self.not_before));
        }
        match now.duration_since(self.not_after) {
            Ok(past) if past >= Duration::from_secs(1) => {
                Err(IdentityError::Expired(self.not_after))
            }
            _ => Ok(()),
        }
    }

    /// How long it still holds at `now`: nothing once it has expired.
    #[must_use]
    pub fn time_left(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }

    /// What is unusual about it as a merchant's.
    #[must_use]
    pub fn warnings(&self, now: SystemTime) -> Vec<IdentityWarning> {
        let left = self.time_left(now);
        let soon = (left <= RENEW_BEFORE)
            .then_some(IdentityWarning::ExpiresSoon { days: left.as_secs() / (24 * 60 * 60) });
        let usual = USUAL_ISSUERS.contains(&self.issuer_common_name.as_str());
        let issuer =
            (!usual).then(|| IdentityWarning::UnusualIssuer { issuer: self.issuer.clone() });
        soon.into_iter().chain(issuer).collect()
    }
}

/// Whether it names itself as its issuer.
pub(crate) fn is_root(der: &[u8]) -> bool {
    parse(der).is_ok_and(|parsed| parsed.subject() == parsed.issuer())
}

/// An instant as people read it.
pub(crate) fn utc(at: SystemTime) -> String {
    Timestamp::try_from(at).map_or_else(|_| "a time out of range".to_owned(), |at| at.to_string())
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, IdentityError> {
    X509Certificate::from_der(der).map(|(_, parsed)| parsed).map_err(|error| bad(&error))
}

fn bad(error: &dyn fmt::Display) -> IdentityError {
    IdentityError::BadCertificate(error.to_string())
}

fn common_name(name: &X509Name<'_>) -> String {
    let first = name.iter_common_name().next();
    first.and_then(|name| name.as_str().ok()).unwrap_or_default().to_owned()
}

fn key_kind(parsed: &X509Certificate<'_>) -> Result<KeyKind, IdentityError> {
    let key = parsed.public_key();
    match key.parsed().map_err(|error| bad(&error))? {
        PublicKey::RSA(rsa) => Ok(KeyKind::Rsa { bits: bits(rsa.modulus) }),
        _ => {
            let curve = key.algorithm.parameters.as_ref().and_then(|named| named.as_oid().ok());
            let oid = curve.as_ref().unwrap_or(&key.algorithm.algorithm).to_id_string();
            Ok(KeyKind::Curve(curve_name(&oid).map_or(oid, str::to_owned)))
        }
    }
}

fn curve_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.101.112" => "Ed25519",
        _ => return None,
    })
}

/// The bits of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() - zeros) * 8 - first
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = parsed.subject_alternative_name() else { return Vec::new() };
    let names = alternative.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}
