//! What is checked of a merchant's certificate and key.

use super::certificate::{self, Whose};
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::files;
use crate::profile::{self, ProfileFile};
use crate::say;
use hongbao_client::{Certificate, Identity};
use jiff::Timestamp;
use std::path::Path;

/// 1.2.840.113549.1.12.1: the algorithms of PKCS#12 that OpenSSL 3 calls legacy, in DER.
const LEGACY_ALGORITHMS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";

/// Checks PEM pair and PKCS#12, each where the profile names it, and the certificate that is
/// used.
///
/// # Errors
/// The check that failed, where there is none to use.
pub fn examine(
    path: &Path,
    file: &ProfileFile,
    now: Timestamp,
    report: &mut Report<'_>,
) -> Result<Identity, &'static str> {
    let at = |name: &Path| path.parent().unwrap_or(Path::new("")).join(name);
    let pem = match (&file.cert_file, &file.key_file) {
        (Some(cert), Some(key)) => Some(pem(&at(cert), &at(key))),
        (None, None) => None,
        _ => Some(Err(profile::no_identity(path))),
    };
    let pem = pem.map(|pem| added("pem", pem, false, report));
    let p12 = file.p12_file.as_deref().map(|p12| {
        let password = file.p12_password_file.as_deref().map(at);
        keystore(&at(p12), password.as_deref(), &file.mch_id)
    });
    // where there is a pair, the file is for SDKs: it is not used here
    let p12 = p12.map(|p12| added("p12", p12, pem.is_some(), report));
    if let (Some(Some(pem)), Some(Some(p12))) = (&pem, &p12)
        && pem.serial_hex() != p12.serial_hex()
    {
        let found = say!("doctor-two", pem = pem.serial_hex(), p12 = p12.serial_hex());
        report.add(Finding::of("p12", Symptom::TwoCertificates, found));
    }
    let used = match (pem, p12) {
        (Some(pem), _) => pem.ok_or("pem"),
        (None, Some(p12)) => p12.ok_or("p12"),
        (None, None) => {
            report.add(Finding::failed("identity", profile::no_identity(path)));
            Err("identity")
        }
    };
    match &used {
        Ok(identity) => certificates(identity, &file.mch_id, now, report),
        Err(needs) => report.skip(&["certificate", "certificate_time", "key_length"], needs),
    }
    used
}

/// The identity that a step gave; what was found is added.
fn added(
    check: &'static str,
    step: Result<(Identity, String), Failure>,
    is_unused: bool,
    report: &mut Report<'_>,
) -> Option<Identity> {
    match step {
        Ok((identity, found)) => {
            report.add(Finding::fine(check, found));
            Some(identity)
        }
        Err(failure) => {
            let finding = Finding::failed(check, failure);
            report.add(if is_unused { finding.into_warning() } else { finding });
            None
        }
    }
}

fn certificates(identity: &Identity, mch_id: &str, now: Timestamp, report: &mut Report<'_>) {
    let all = Certificate::all_of(identity).map_err(|error| {
        let message = say!("identity-bad-certificate", why = error);
        Failure::config(error.code(), message).hint(say!("identity-unreadable-hint"))
    });
    let Some(all) = report.tried("certificate", all) else { return };
    let Some(own) = all.first() else { return };
    report.add(belongs("certificate", own, mch_id));
    report.add(certificate::time("certificate_time", own, Whose::Merchant, now));
    report.add(certificate::key_length("key_length", own));
}

/// Whether a certificate is of that merchant.
#[must_use]
pub fn belongs(check: &'static str, cert: &Certificate, mch_id: &str) -> Finding {
    let (cn, serial, issuer) = (&cert.common_name, &cert.serial_hex, &cert.issuer);
    if cn == mch_id {
        let found = say!("doctor-certificate", cn = cn, serial = serial, issuer = issuer);
        Finding::fine(check, found)
    } else {
        let found = say!("doctor-other-merchant", cn = cn, serial = serial, mch_id = mch_id);
        Finding::of(check, Symptom::OtherMerchant, found)
    }
}

/// The identity, and what was found.
fn pem(cert: &Path, key: &Path) -> Result<(Identity, String), Failure> {
    let secret = files::read_secret(key)?;
    let identity = Identity::from_pem(&files::read(cert)?, &secret)
        .map_err(|error| profile::unusable(cert, &error))?;
    let found = say!("doctor-pem", serial = identity.serial_hex());
    Ok((identity, found))
}

/// The same of a PKCS#12 file.
fn keystore(
    p12: &Path,
    password: Option<&Path>,
    mch_id: &str,
) -> Result<(Identity, String), Failure> {
    let bytes = files::read_secret(p12)?;
    let identity = match password {
        None => Identity::from_p12(&bytes, mch_id),
        Some(file) => {
            let password = files::read_secret_line(file)?;
            // a secret line is ASCII
            Identity::from_p12(&bytes, &String::from_utf8_lossy(&password))
        }
    };
    let identity = identity.map_err(|error| profile::unusable(p12, &error))?;
    let is_legacy = bytes.windows(LEGACY_ALGORITHMS.len()).any(|part| part == LEGACY_ALGORITHMS);
    let serial = identity.serial_hex();
    let found = if is_legacy {
        say!("doctor-p12-legacy", serial = serial)
    } else {
        say!("doctor-p12", serial = serial)
    };
    Ok((identity, found))
}
