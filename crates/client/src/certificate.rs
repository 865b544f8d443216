//! What a certificate says of itself, for people who look for what is wrong.

use crate::error::IdentityError;
use crate::identity::Identity;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::fmt::Display;
use std::net::IpAddr;
use std::time::SystemTime;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

/// What stands in one certificate. Nothing in it is secret, and nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The subject, such as `C=CN, O=Tencent, CN=api.mch.weixin.qq.com`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The CN of the subject; empty where there is none.
    pub common_name: String,
    /// The serial number, lower-case hexadecimal, whole bytes.
    pub serial_hex: String,
    /// The first second at which it holds.
    pub not_before: SystemTime,
    /// The last second at which it holds.
    pub not_after: SystemTime,
    /// The kind of its public key.
    pub key: KeyKind,
    /// The host names and addresses that it is for; empty in a client's.
    pub names: Vec<String>,
}

/// The kind of a public key, and its length in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA: the bits of the modulus.
    Rsa(usize),
    /// An elliptic curve: the bits of its field.
    Curve(usize),
    /// Another kind.
    Other,
}

impl Certificate {
    /// Every certificate of a PEM text, in its order.
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

    /// The merchant's own certificate of an identity, then those above it.
    ///
    /// # Errors
    /// [`IdentityError::BadCertificate`] for one above it that cannot be read.
    pub fn all_of(identity: &Identity) -> Result<Vec<Self>, IdentityError> {
        let (chain, _) = identity.clone().into_parts();
        chain.iter().map(Self::of_der).collect()
    }

    pub(crate) fn of_der(der: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|error| bad(&error))?;
        let common_name = parsed.subject().iter_common_name().next();
        let serial = parsed.raw_serial();
        Ok(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            common_name: common_name.and_then(|cn| cn.as_str().ok()).unwrap_or_default().to_owned(),
            serial_hex: serial.iter().map(|byte| format!("{byte:02x}")).collect(),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            key: key_kind(&parsed),
            names: names(&parsed),
        })
    }
}

fn time(seconds: i64) -> Result<SystemTime, IdentityError> {
    Timestamp::from_second(seconds).and_then(SystemTime::try_from).map_err(|error| bad(&error))
}

fn key_kind(parsed: &X509Certificate<'_>) -> KeyKind {
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => KeyKind::Rsa(key.key_size()),
        Ok(PublicKey::EC(point)) => KeyKind::Curve(point.key_size()),
        _ => KeyKind::Other,
    }
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

fn bad(error: &dyn Display) -> IdentityError {
    IdentityError::BadCertificate(error.to_string())
}
