//! What is checked of a merchant's certificate and key.

use super::certificate::{self, Whose};
use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::files;
use crate::profile::{self, ProfileFile};
use crate::say;
use hongbao_client::{Certificate, Identity};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// 1.2.840.113549.1.12.1: the algorithms of PKCS#12 that OpenSSL 3 calls legacy, in DER.
const LEGACY_ALGORITHMS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";

/// Checks PEM pair and PKCS#12, each where the profile names it, and the certificate that is
/// used; of WeChat Pay also its issuer.
///
/// # Errors
/// The check that failed, where there is none to use.
pub fn examine(
    path: &Path,
    file: &ProfileFile,
    is_wechat: bool,
    now: SystemTime,
    report: &mut Report<'_>,
) -> Result<Identity, &'static str> {
    let at = |name: &PathBuf| profile::beside(path, name);
    let cert_path = file.cert_file.as_ref().or(file.p12_file.as_ref()).map(at);
    let pem = match (&file.cert_file, &file.key_file) {
        (Some(cert), Some(key)) => Some(pem(&at(cert), &at(key))),
        (None, None) => None,
        _ => Some(Err(profile::no_identity(path))),
    };
    let pem = pem.map(|pem| added("pem", pem, false, report));
    let p12 = file.p12_file.as_ref().map(|p12| {
        let password = file.p12_password_file.as_ref().map(at);
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
        Ok(identity) => {
            let cert = identity.certificate();
            let cert_path = cert_path.as_deref().unwrap_or(path);
            report.add(belongs("certificate", cert, &file.mch_id, cert_path));
            let whose = Whose::Merchant(cert_path);
            report.add(certificate::time("certificate_time", cert, whose, now));
            report.add(certificate::key_length("key_length", cert));
            if is_wechat {
                report.add(certificate::issuer("issuer", cert, now));
            }
        }
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

/// Whether a certificate, from `file`, is of that merchant.
#[must_use]
pub fn belongs(check: &'static str, cert: &Certificate, mch_id: &str, file: &Path) -> Finding {
    match cert.check_name(mch_id) {
        Ok(()) => {
            let (serial, issuer) = (&cert.serial_hex, &cert.issuer);
            let found = say!("doctor-certificate", cn = mch_id, serial = serial, issuer = issuer);
            Finding::fine(check, found)
        }
        Err(error) => Finding::failed(check, profile::unusable(file, &error)),
    }
}

/// The identity, and what was found.
fn pem(cert: &Path, key: &Path) -> Result<(Identity, String), Failure> {
    let identity = profile::pem_pair(cert, key)?;
    let found = say!("doctor-pem", serial = identity.serial_hex());
    Ok((identity, found))
}

/// The same of a PKCS#12 file.
fn keystore(
    p12: &Path,
    password: Option<&Path>,
    mch_id: &str,
) -> Result<(Identity, String), Failure> {
    let identity = profile::keystore(p12, password, mch_id)?;
    let bytes = files::read_secret(p12)?;
    let is_legacy = bytes.windows(LEGACY_ALGORITHMS.len()).any(|part| part == LEGACY_ALGORITHMS);
    let serial = identity.serial_hex();
    let found = if is_legacy {
        say!("doctor-p12-legacy", serial = serial)
    } else {
        say!("doctor-p12", serial = serial)
    };
    Ok((identity, found))
}
