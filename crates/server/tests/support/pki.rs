//! Certificates for tests, made once a process.

use hongbao_authority::{Authority, Issued, Validity};
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::LazyLock;

/// A certificate and its key.
#[derive(Debug)]
pub struct Shown {
    pub cert: CertificateDer<'static>,
    pub key: PrivateKeyDer<'static>,
    pub serial_hex: String,
    pub cert_pem: String,
    pub key_pem: String,
}

impl Shown {
    fn new(issued: &Issued) -> Self {
        Self {
            cert: CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).unwrap(),
            key: PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap(),
            serial_hex: issued.serial_hex.clone(),
            cert_pem: issued.cert_pem.clone(),
            key_pem: issued.key_pem.to_string(),
        }
    }
}

/// Everything that the tests show and trust.
pub struct Pki {
    pub ca: CertificateDer<'static>,
    pub ca_pem: String,
    pub server: Shown,
    /// Of merchant 10000098.
    pub merchant: Shown,
    /// Of merchant 10000099.
    pub other: Shown,
    /// Of merchant 10000097, which no ledger has.
    pub nobody: Shown,
    /// Of merchant 10000098, no longer valid.
    pub expired: Shown,
    /// Of merchant 10000098, not yet valid.
    pub early: Shown,
    /// Names merchant 10000098, from a CA that the server does not know.
    pub foreign: Shown,
    /// As `foreign`, and expired.
    pub foreign_expired: Shown,
}

/// The certificates of this process.
pub static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let now = Timestamp::now();
    let from = |hours: i64| Validity {
        not_before: now + SignedDuration::from_hours(hours),
        not_after: now + SignedDuration::from_hours(hours + 1),
    };
    let ours = Authority::create(now).unwrap();
    let theirs = Authority::create(now).unwrap();
    let company = "a company";
    let names = ["localhost", "127.0.0.1"];
    Pki {
        ca: CertificateDer::from_pem_slice(ours.cert_pem().as_bytes()).unwrap(),
        ca_pem: ours.cert_pem().to_owned(),
        server: Shown::new(&ours.issue_server(&names, now).unwrap()),
        merchant: Shown::new(&ours.issue_merchant("10000098", company, now).unwrap()),
        other: Shown::new(&ours.issue_merchant("10000099", company, now).unwrap()),
        nobody: Shown::new(&ours.issue_merchant("10000097", company, now).unwrap()),
        expired: Shown::new(&ours.issue_merchant_for("10000098", company, from(-2)).unwrap()),
        early: Shown::new(&ours.issue_merchant_for("10000098", company, from(2)).unwrap()),
        foreign: Shown::new(&theirs.issue_merchant("10000098", company, now).unwrap()),
        foreign_expired: Shown::new(
            &theirs.issue_merchant_for("10000098", company, from(-2)).unwrap(),
        ),
    }
});
