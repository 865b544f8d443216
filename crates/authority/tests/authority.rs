//! What the sandbox's certificates hold, and that a CA can be taken up again.
#![allow(clippy::unwrap_used)]

use hongbao_authority::{Authority, AuthorityError, Issued, Validity};
use jiff::Timestamp;
use x509_parser::prelude::*;

fn now() -> Timestamp {
    "2026-07-20T22:45:12.345+08:00".parse().unwrap()
}

fn with_certificate<T>(issued: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let (_, pem) = x509_parser::pem::parse_x509_pem(issued.as_bytes()).unwrap();
    look(&pem.parse_x509().unwrap())
}

fn merchant() -> (Authority, Issued) {
    let authority = Authority::create(now()).unwrap();
    let issued = authority.issue_merchant("10000098", "沙箱商户", now()).unwrap();
    (authority, issued)
}

#[test]
fn a_merchant_certificate_has_the_shape_of_the_real_one() {
    let (authority, issued) = merchant();
    with_certificate(&issued.cert_pem, |certificate| {
        assert_eq!(
            certificate.subject().to_string(),
            "C=CN, O=微信商户系统, OU=沙箱商户, CN=10000098"
        );
        assert_eq!(
            certificate.issuer().to_string(),
            "C=CN, O=hongbao sandbox, OU=hongbao sandbox CA Center, CN=hongbao sandbox Root CA"
        );
        let hex: String = certificate.raw_serial().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, issued.serial_hex);
        assert_eq!(hex.len(), 40);
        let validity = certificate.validity();
        assert_eq!(validity.not_before.timestamp(), now().as_second() - 3600);
        assert_eq!(validity.not_after.timestamp(), issued.not_after.as_second());
        assert_eq!(issued.not_after.to_string(), "2031-07-20T13:45:12Z");
        assert_eq!(certificate.public_key().parsed().unwrap().key_size(), 2048);
        with_certificate(authority.cert_pem(), |ca| {
            certificate.verify_signature(Some(ca.public_key())).unwrap();
        });
    });
}

#[test]
fn a_server_certificate_names_hosts_and_addresses() {
    let (authority, _) = merchant();
    let issued = authority.issue_server(&["localhost", "127.0.0.1", "::1"], now()).unwrap();
    with_certificate(&issued.cert_pem, |certificate| {
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        let ip6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(
            names.value.general_names,
            [
                GeneralName::DNSName("localhost"),
                GeneralName::IPAddress(&[127, 0, 0, 1]),
                GeneralName::IPAddress(&ip6),
            ]
        );
    });
}

#[test]
fn a_loaded_ca_issues_what_the_first_one_certifies() {
    let (first, _) = merchant();
    let loaded = Authority::load(first.cert_pem(), first.key_pem()).unwrap();
    assert_eq!(loaded.cert_pem(), first.cert_pem());
    let issued = loaded.issue_merchant("10000099", "x", now()).unwrap();
    with_certificate(&issued.cert_pem, |certificate| {
        with_certificate(first.cert_pem(), |ca| {
            certificate.verify_signature(Some(ca.public_key())).unwrap();
            assert_eq!(certificate.issuer(), ca.subject());
        });
    });
}

#[test]
fn a_ca_with_another_key_is_refused() {
    let (first, _) = merchant();
    let second = Authority::create(now()).unwrap();
    let error = Authority::load(first.cert_pem(), second.key_pem()).unwrap_err();
    assert_eq!(error.code(), "CA_KEY_UNUSABLE");
    assert!(matches!(
        Authority::load("nothing", first.key_pem()),
        Err(AuthorityError::BadCertificate(_))
    ));
    assert!(matches!(Authority::load(first.cert_pem(), "nothing"), Err(AuthorityError::BadKey(_))));
}

#[test]
fn the_time_of_validity_can_be_chosen() {
    let (authority, _) = merchant();
    let validity = Validity {
        not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
        not_after: "2025-01-01T00:00:00Z".parse().unwrap(),
    };
    let issued = authority.issue_merchant_for("10000098", "x", validity).unwrap();
    assert_eq!(issued.not_after, validity.not_after);
}

#[test]
fn names_without_a_place_in_a_certificate_are_refused() {
    let (authority, _) = merchant();
    let long = "长".repeat(65);
    assert!(matches!(
        authority.issue_merchant("10000098", &long, now()),
        Err(AuthorityError::BadName { field: "company", found: 65 })
    ));
    assert!(matches!(
        authority.issue_merchant("", "x", now()),
        Err(AuthorityError::BadName { field: "mch_id", found: 0 })
    ));
    assert!(matches!(
        authority.issue_server(&[], now()),
        Err(AuthorityError::BadName { field: "names", found: 0 })
    ));
}

#[test]
fn debug_shows_no_key() {
    let (authority, issued) = merchant();
    let shown = format!("{authority:?} {issued:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
