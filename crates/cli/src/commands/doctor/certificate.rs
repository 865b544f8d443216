//! What one certificate is checked for, whoever's it is.

use super::finding::Finding;
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::profile::{self, readable_time};
use crate::say;
use hongbao_client::certificate::RENEW_BEFORE;
use hongbao_client::{Certificate, IdentityError, IdentityWarning};
use std::path::Path;
use std::time::SystemTime;

/// Whose certificate it is: what an end of its time is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'p> {
    /// A merchant's, from this file.
    Merchant(&'p Path),
    /// A server's.
    Server,
    /// A CA's.
    Ca,
}

/// Whether it holds now, and for how long.
#[must_use]
pub fn time(check: &'static str, cert: &Certificate, whose: Whose<'_>, now: SystemTime) -> Finding {
    let subject = &cert.subject;
    if let Err(error) = cert.check_time(now) {
        let symptom = match whose {
            Whose::Merchant(file) => {
                return Finding::failed(check, profile::unusable(file, &error));
            }
            Whose::Server => Symptom::ServerExpired,
            Whose::Ca => Symptom::CaExpired,
        };
        let found = match error {
            IdentityError::NotYetValid(at) => {
                say!("doctor-not-yet", subject = subject, at = readable_time(at))
            }
            _ => say!("doctor-expired", subject = subject, at = readable_time(cert.not_after)),
        };
        return Finding::of(check, symptom, found);
    }
    let left = cert.time_left(now);
    let days = left.as_secs() / (24 * 60 * 60);
    let found =
        say!("doctor-until", subject = subject, at = readable_time(cert.not_after), days = days);
    if left <= RENEW_BEFORE {
        let code = IdentityWarning::ExpiresSoon { days }.code();
        let failure = Failure::config(code, found).hint(say!("doctor-expires-soon-hint"));
        Finding::failed(check, failure).into_warning()
    } else {
        Finding::fine(check, found)
    }
}

/// The kind and length of its key. One that is too short makes no identity.
#[must_use]
pub fn key_length(check: &'static str, cert: &Certificate) -> Finding {
    Finding::fine(check, cert.key.to_string())
}

/// Whether WeChat Pay issued it.
#[must_use]
pub fn issuer(check: &'static str, cert: &Certificate, now: SystemTime) -> Finding {
    let found = say!("doctor-issuer", issuer = cert.issuer);
    let is_unusual =
        |warning: &IdentityWarning| matches!(warning, IdentityWarning::UnusualIssuer { .. });
    match cert.warnings(now).into_iter().find(is_unusual) {
        None => Finding::fine(check, found),
        Some(warning) => {
            let failure = Failure::config(warning.code(), found).hint(say!("doctor-issuer-hint"));
            Finding::failed(check, failure).into_warning()
        }
    }
}

/// Subject, issuer and end of each certificate of a chain, its own first.
#[must_use]
pub fn chain(chain: &[Certificate]) -> String {
    let lines = chain.iter().enumerate().map(|(at, cert)| {
        let (subject, issuer) = (&cert.subject, &cert.issuer);
        let until = readable_time(cert.not_after);
        say!("doctor-chain", at = at + 1, subject = subject, issuer = issuer, until = until)
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    use hongbao_client::KeyKind;
    use jiff::Timestamp;

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().try_into().unwrap()
    }

    fn cert(issuer: &str) -> Certificate {
        Certificate {
            subject: "CN=10000098".to_owned(),
            common_name: "10000098".to_owned(),
            issuer: format!("CN={issuer}"),
            issuer_common_name: issuer.to_owned(),
            serial_hex: "01".to_owned(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2026-12-31T00:00:00Z"),
            key: KeyKind::Rsa { bits: 2048 },
            names: Vec::new(),
        }
    }

    #[test]
    fn times_are_beijing_s() {
        let (cert, now) = (cert("ca"), at("2026-06-01T00:00:00Z"));
        let finding = time("certificate_time", &cert, Whose::Server, now);
        let found = "CN=10000098: holds until 2026-12-31 08:00:00 +08:00, 213 days from now";
        assert_eq!(finding.found, found);
    }

    #[test]
    fn wechat_pay_s_issuers_are_known() {
        let code = |name| issuer("issuer", &cert(name), at("2026-12-30T00:00:00Z")).code;
        assert_eq!(code("Tenpay.com Root CA"), "DOCTOR_OK");
        assert_eq!(code("hongbao sandbox Root CA"), "UNUSUAL_ISSUER");
    }

    #[test]
    fn the_end_of_a_certificate_is_warned_of_thirty_days_before() {
        let cert = cert("ca");
        let code = |whose, now| time("certificate_time", &cert, whose, at(now)).code;
        let cases = [
            ("2025-12-31T23:59:59Z", "CERTIFICATE_NOT_YET_VALID", "DOCTOR_SERVER_EXPIRED"),
            ("2026-01-01T00:00:00Z", "DOCTOR_OK", "DOCTOR_OK"),
            ("2026-11-30T23:59:59Z", "DOCTOR_OK", "DOCTOR_OK"),
            ("2026-12-01T00:00:00Z", "EXPIRES_SOON", "EXPIRES_SOON"),
            ("2026-12-31T00:00:00Z", "EXPIRES_SOON", "EXPIRES_SOON"),
            ("2026-12-31T00:00:01Z", "CERTIFICATE_EXPIRED", "DOCTOR_SERVER_EXPIRED"),
        ];
        for (now, merchants, servers) in cases {
            assert_eq!(code(Whose::Merchant(Path::new("cert.pem")), now), merchants, "{now}");
            assert_eq!(code(Whose::Server, now), servers, "{now}");
        }
        assert_eq!(code(Whose::Ca, "2027-01-01T00:00:00Z"), "DOCTOR_CA_EXPIRED");
    }
}
