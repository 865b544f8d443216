//! What a client's certificate says, and whether it is good now.

use crate::roster::{Member, Roster};
use quick_cache::sync::Cache;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// So many certificates that were found to be ours are remembered.
const EXAMINED_MAX: usize = 1_024;

/// The authorities whose certificates name merchants.
#[derive(Debug)]
pub(crate) struct Authorities {
    verifier: Arc<dyn ClientCertVerifier>,
    /// By their bytes, those that an authority issued itself: a resumed session shows the
    /// same certificate again, and its signature holds as it did.
    examined: Cache<Box<[u8]>, Arc<Ours>>,
}

impl Authorities {
    /// The authorities of these certificates.
    ///
    /// # Errors
    /// There is none, or one cannot be read.
    pub(crate) fn new(certificates: &[CertificateDer<'static>]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate.clone()).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
            .build()
            .map(|verifier| Self { verifier, examined: Cache::new(EXAMINED_MAX) })
            .map_err(|error| error.to_string())
    }

    /// What a handshake showed, of which the client holds the key.
    pub(crate) fn examine(&self, chain: Option<&[CertificateDer<'_>]>, now_s: i64) -> Shown {
        match chain.and_then(<[_]>::split_first) {
            None => Shown::Nothing,
            Some((end_entity, [])) => self.examine_known(end_entity, now_s),
            Some((end_entity, intermediates)) => self
                .examine_ours(end_entity, intermediates, now_s)
                .map_or(Shown::Foreign, |ours| Shown::Ours(Arc::new(ours))),
        }
    }

    /// One that came alone; others are checked each time, as their intermediates may expire.
    fn examine_known(&self, end_entity: &CertificateDer<'_>, now_s: i64) -> Shown {
        if let Some(ours) = self.examined.get(&**end_entity) {
            return Shown::Ours(ours);
        }
        let Some(ours) = self.examine_ours(end_entity, &[], now_s).map(Arc::new) else {
            return Shown::Foreign;
        };
        self.examined.insert((&**end_entity).into(), Arc::clone(&ours));
        Shown::Ours(ours)
    }

    /// The chain is checked as of the moment nearest to now when the certificate was
    /// valid: whether it still is, is asked with every request.
    fn examine_ours(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now_s: i64,
    ) -> Option<Ours> {
        let (_, parsed) = X509Certificate::from_der(end_entity).ok()?;
        let ours = Ours::read(&parsed)?;
        let at = now_s.max(ours.not_before_s).min(ours.not_after_s);
        let at = u64::try_from(at).ok()?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        self.verifier.verify_client_cert(end_entity, intermediates, at).ok()?;
        Some(ours)
    }
}

/// What a client showed.
#[derive(Debug)]
pub(crate) enum Shown {
    /// No certificate.
    Nothing,
    /// One that none of our authorities issued, or that names no merchant.
    Foreign,
    /// One of ours; whether it is good is [`Shown::judge`]'s to say.
    Ours(Arc<Ours>),
}

/// A certificate that one of our authorities issued.
#[derive(Debug)]
pub(crate) struct Ours {
    /// The only CN of its subject.
    mch_id: Box<str>,
    /// Lower-case hexadecimal, without leading zeros.
    serial: Box<str>,
    not_before_s: i64,
    not_after_s: i64,
}

impl Ours {
    fn read(certificate: &X509Certificate<'_>) -> Option<Self> {
        let mut names = certificate.subject().iter_common_name();
        let mch_id = names.next()?.as_str().ok()?.into();
        if names.next().is_some() {
            return None;
        }
        let mut serial = String::new();
        for byte in certificate.raw_serial() {
            let _ = write!(serial, "{byte:02x}");
        }
        let validity = certificate.validity();
        Some(Self {
            mch_id,
            serial: normal_serial(&serial),
            not_before_s: validity.not_before.timestamp(),
            not_after_s: validity.not_after.timestamp(),
        })
    }
}

/// A serial number for comparison: lower-case, without leading zeros.
pub(crate) fn normal_serial(serial: &str) -> Box<str> {
    serial.trim_start_matches('0').to_ascii_lowercase().into()
}

/// Why a certificate, or its absence, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertificateTrouble {
    /// None was shown.
    Missing,
    /// Not from our authorities, not yet valid, or of nobody we know.
    Wrong,
    /// No longer valid.
    Expired,
    /// Revoked by its merchant.
    Revoked,
    /// Good, but another merchant's than the request's `mch_id`.
    OtherMerchant,
}

impl Shown {
    /// Whose certificate it is, where it is good at `now_s` (seconds since 1970).
    pub(crate) fn judge<'r>(
        &self,
        roster: &'r Roster,
        now_s: i64,
    ) -> Result<&'r Arc<Member>, CertificateTrouble> {
        let ours = match self {
            Self::Nothing => return Err(CertificateTrouble::Missing),
            Self::Foreign => return Err(CertificateTrouble::Wrong),
            Self::Ours(ours) => ours,
        };
        if now_s > ours.not_after_s {
            return Err(CertificateTrouble::Expired);
        }
        if now_s < ours.not_before_s {
            return Err(CertificateTrouble::Wrong);
        }
        let member = roster.get(&ours.mch_id).ok_or(CertificateTrouble::Wrong)?;
        if member.has_revoked(&ours.serial) {
            return Err(CertificateTrouble::Revoked);
        }
        Ok(member)
    }
}
