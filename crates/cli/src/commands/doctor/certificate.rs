//! What one certificate is checked for, whoever's it is.

use super::finding::Finding;
use super::symptom::Symptom;
use crate::exit::Failure;
use crate::say;
use hongbao_client::{Certificate, KeyKind};
use jiff::{SignedDuration, Timestamp};
use std::time::SystemTime;

/// From how long before its end on a certificate is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The shortest RSA key without a warning, bits.
const RSA_BITS_LEAST: usize = 2_048;
/// The shortest curve without a warning, bits.
const CURVE_BITS_LEAST: usize = 256;

/// Whose certificate it is: what an end of its time is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A merchant's.
    Merchant,
    /// A server's.
    Server,
    /// A CA's.
    Ca,
}

/// Whether it holds now, and for how long.
#[must_use]
pub fn time(check: &'static str, cert: &Certificate, whose: Whose, now: Timestamp) -> Finding {
    let (from, until) = (instant(cert.not_before), instant(cert.not_after));
    let subject = &cert.subject;
    let ended = |code: &'static str, found: String| match whose {
        Whose::Merchant => {
            let hint = match code {
                "CERTIFICATE_EXPIRED" => say!("identity-expired-hint"),
                _ => say!("identity-not-yet-hint"),
            };
            Finding::failed(check, Failure::config(code, found).hint(hint))
        }
        Whose::Server => Finding::of(check, Symptom::ServerExpired, found),
        Whose::Ca => Finding::of(check, Symptom::CaExpired, found),
    };
    if until.is_none_or(|until| now > until) {
        let at = cell(until);
        return ended("CERTIFICATE_EXPIRED", say!("doctor-expired", subject = subject, at = at));
    }
    if from.is_none_or(|from| now < from) {
        let at = cell(from);
        return ended(
            "CERTIFICATE_NOT_YET_VALID",
            say!("doctor-not-yet", subject = subject, at = at),
        );
    }
    let left = until.map_or(SignedDuration::ZERO, |until| until.duration_since(now));
    let days = left.as_hours() / 24;
    let found = say!("doctor-until", subject = subject, at = cell(until), days = days);
    if left < SOON {
        Finding::of(check, Symptom::ExpiresSoon, found)
    } else {
        Finding::fine(check, found)
    }
}

/// Whether its key is long enough.
#[must_use]
pub fn key_length(check: &'static str, cert: &Certificate) -> Finding {
    let (found, long_enough) = match cert.key {
        KeyKind::Rsa(bits) => (say!("doctor-key-rsa", bits = bits), bits >= RSA_BITS_LEAST),
        KeyKind::Curve(bits) => (say!("doctor-key-curve", bits = bits), bits >= CURVE_BITS_LEAST),
        KeyKind::Other => (say!("doctor-key-other"), true),
    };
    if long_enough {
        Finding::fine(check, found)
    } else {
        Finding::of(check, Symptom::KeyShort, found)
    }
}

/// Subject, issuer and end of each certificate of a chain, its own first.
#[must_use]
pub fn chain(chain: &[Certificate]) -> String {
    let lines = chain.iter().enumerate().map(|(at, cert)| {
        let (subject, issuer) = (&cert.subject, &cert.issuer);
        let until = cell(instant(cert.not_after));
        say!("doctor-chain", at = at + 1, subject = subject, issuer = issuer, until = until)
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn instant(at: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(at).ok()
}

fn cell(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "?".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cert(key: KeyKind) -> Certificate {
        Certificate {
            subject: "CN=10000098".to_owned(),
            issuer: "CN=ca".to_owned(),
            common_name: "10000098".to_owned(),
            serial_hex: "01".to_owned(),
            not_before: at("2026-01-01T00:00:00Z").try_into().unwrap(),
            not_after: at("2026-12-31T00:00:00Z").try_into().unwrap(),
            key,
            names: Vec::new(),
        }
    }

    #[test]
    fn the_end_of_a_certificate_is_warned_of_thirty_days_before() {
        let code =
            |whose, now| time("certificate_time", &cert(KeyKind::Other), whose, at(now)).code;
        let cases = [
            ("2025-12-31T23:59:59Z", "CERTIFICATE_NOT_YET_VALID", "DOCTOR_SERVER_EXPIRED"),
            ("2026-01-01T00:00:00Z", "DOCTOR_OK", "DOCTOR_OK"),
            ("2026-12-01T00:00:00Z", "DOCTOR_OK", "DOCTOR_OK"),
            ("2026-12-01T00:00:01Z", "DOCTOR_EXPIRES_SOON", "DOCTOR_EXPIRES_SOON"),
            ("2026-12-31T00:00:00Z", "DOCTOR_EXPIRES_SOON", "DOCTOR_EXPIRES_SOON"),
            ("2026-12-31T00:00:01Z", "CERTIFICATE_EXPIRED", "DOCTOR_SERVER_EXPIRED"),
        ];
        for (now, merchants, servers) in cases {
            assert_eq!(code(Whose::Merchant, now), merchants, "{now}");
            assert_eq!(code(Whose::Server, now), servers, "{now}");
        }
        assert_eq!(code(Whose::Ca, "2027-01-01T00:00:00Z"), "DOCTOR_CA_EXPIRED");
    }

    #[test]
    fn short_keys_are_warned_of() {
        let code = |key| key_length("key_length", &cert(key)).code;
        assert_eq!(code(KeyKind::Rsa(2_047)), "DOCTOR_KEY_SHORT");
        assert_eq!(code(KeyKind::Rsa(2_048)), "DOCTOR_OK");
        assert_eq!(code(KeyKind::Curve(224)), "DOCTOR_KEY_SHORT");
        assert_eq!(code(KeyKind::Curve(256)), "DOCTOR_OK");
    }
}
