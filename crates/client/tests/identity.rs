//! Which credentials make an identity, and what is said of those that do not.
#![allow(clippy::unwrap_used)]

use hongbao_authority::{Authority, Issued, Validity};
use hongbao_client::{Client, ClientConfig, ClientError, Identity, IdentityError, Pace, Trust};
use jiff::{SignedDuration, Timestamp};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::sync::LazyLock;
use std::time::SystemTime;

static AUTHORITY: LazyLock<Authority> =
    LazyLock::new(|| Authority::create(Timestamp::now()).unwrap());
static ISSUED: LazyLock<Issued> =
    LazyLock::new(|| AUTHORITY.issue_merchant("10000098", "沙箱", Timestamp::now()).unwrap());
static OTHER: LazyLock<Issued> =
    LazyLock::new(|| AUTHORITY.issue_merchant("10000099", "沙箱", Timestamp::now()).unwrap());

fn pem(cert: &str, key: &str) -> Result<Identity, IdentityError> {
    Identity::from_pem(cert.as_bytes(), key.as_bytes())
}

fn system(at: Timestamp) -> SystemTime {
    SystemTime::try_from(at).unwrap()
}

fn check(identity: &Identity) {
    assert_eq!(identity.common_name(), "10000098");
    assert_eq!(identity.serial_hex(), ISSUED.serial_hex);
    assert_eq!(identity.certificate().not_after, system(ISSUED.not_after));
    assert_eq!(Identity::serial_of(ISSUED.cert_pem.as_bytes()).unwrap(), ISSUED.serial_hex);
}

#[test]
fn pem_files_make_an_identity() {
    check(&pem(&ISSUED.cert_pem, &ISSUED.key_pem).unwrap());
    let with_ca = format!("{}{}", ISSUED.cert_pem, AUTHORITY.cert_pem());
    check(&pem(&with_ca, &ISSUED.key_pem).unwrap());
}

#[test]
fn a_legacy_keystore_makes_an_identity() {
    let bytes = ISSUED.to_p12_legacy("10000098").unwrap();
    check(&Identity::from_p12(&bytes, "10000098").unwrap());
}

fn modern(certs: Vec<&str>, key: &str) -> Vec<u8> {
    let certs = certs.into_iter().map(|pem| {
        Certificate::from_der(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
    });
    let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = PrivateKey::from_der(key.secret_pkcs8_der()).unwrap();
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new("1", key, certs);
    store.add_entry("merchant", KeyStoreEntry::PrivateKeyChain(chain));
    store.writer("secret").encryption_iterations(1000).mac_iterations(1000).write().unwrap()
}

#[test]
fn a_modern_keystore_makes_an_identity_whatever_the_order_of_its_certificates() {
    let bytes = modern(vec![AUTHORITY.cert_pem(), &ISSUED.cert_pem], &ISSUED.key_pem);
    check(&Identity::from_p12(&bytes, "secret").unwrap());
}

#[test]
fn each_bad_keystore_has_its_code() {
    let bytes = ISSUED.to_p12_legacy("10000098").unwrap();
    let code = |bytes: &[u8], password| Identity::from_p12(bytes, password).unwrap_err().code();
    assert_eq!(code(&bytes, "wrong"), "P12_PASSWORD");
    assert_eq!(code(&bytes, ""), "P12_PASSWORD");
    assert_eq!(code(b"no keystore", "10000098"), "P12_UNREADABLE");
    assert_eq!(code(&bytes[..bytes.len() / 2], "10000098"), "P12_UNREADABLE");
    assert_eq!(code(ISSUED.cert_pem.as_bytes(), "10000098"), "P12_UNREADABLE");
    let mismatch = modern(vec![&OTHER.cert_pem], &ISSUED.key_pem);
    assert_eq!(code(&mismatch, "secret"), "KEY_MISMATCH");
}

#[test]
fn each_bad_pem_file_has_its_code() {
    let code = |cert: &str, key: &str| pem(cert, key).unwrap_err().code();
    assert_eq!(code("", &ISSUED.key_pem), "CERTIFICATE_MISSING");
    assert_eq!(code(&ISSUED.cert_pem, ""), "KEY_MISSING");
    assert_eq!(code(&ISSUED.cert_pem, &OTHER.key_pem), "KEY_MISMATCH");
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(code(no_certificate, &ISSUED.key_pem), "CERTIFICATE_UNREADABLE");
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(code(&ISSUED.cert_pem, no_key), "KEY_UNUSABLE");
    let encrypted = no_key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    assert_eq!(code(&ISSUED.cert_pem, &encrypted), "KEY_ENCRYPTED");
}

#[test]
fn the_last_second_of_a_certificate_still_counts() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let validity =
        Validity { not_before: at("2020-01-01T00:00:00Z"), not_after: at("2025-01-01T00:00:00Z") };
    let issued = AUTHORITY.issue_merchant_for("10000098", "x", validity).unwrap();
    let identity = pem(&issued.cert_pem, &issued.key_pem).unwrap();
    let second = SignedDuration::from_secs(1);
    identity.check_time(system(validity.not_before)).unwrap();
    identity.check_time(system(validity.not_after)).unwrap();
    let early = identity.check_time(system(validity.not_before - second)).unwrap_err();
    let late = identity.check_time(system(validity.not_after + second)).unwrap_err();
    assert_eq!(early.code(), "CERTIFICATE_NOT_YET_VALID");
    assert_eq!(late.code(), "CERTIFICATE_EXPIRED");
}

#[test]
fn debug_shows_no_key() {
    let identity = pem(&ISSUED.cert_pem, &ISSUED.key_pem).unwrap();
    let shown = format!("{:?}", identity.clone());
    assert!(shown.starts_with("Identity { common_name: \"10000098\""), "{shown}");
    assert!(!shown.to_lowercase().contains("key"), "{shown}");
}

#[test]
fn a_client_is_refused_for_a_bad_url_or_bad_roots() {
    let client = |base: &str, trust| {
        let identity = pem(&ISSUED.cert_pem, &ISSUED.key_pem).unwrap();
        Client::new(ClientConfig::new(base, identity, trust)).map(|_| ())
    };
    let ca = || Trust::Ca(AUTHORITY.cert_pem().as_bytes().to_vec());
    client("https://api.mch.weixin.qq.com", ca()).unwrap();
    for bad in ["http://127.0.0.1", "127.0.0.1", "https://a/?b", "https://u:p@a", "https://"] {
        assert!(matches!(client(bad, ca()), Err(ClientError::BadBaseUrl(_))), "{bad}");
    }
    let error = client("https://localhost", Trust::Ca(b"none".to_vec())).unwrap_err();
    assert_eq!(error.code(), "CA_UNREADABLE");
}

#[tokio::test]
async fn clients_share_the_pace_that_they_are_given() {
    let identity = pem(&ISSUED.cert_pem, &ISSUED.key_pem).unwrap();
    let own = ClientConfig::new("https://localhost", identity, Trust::System);
    let shared = ClientConfig { pace: Some(Pace::per_second(8)), ..own.clone() };
    let slowed = |config: &ClientConfig| {
        let client = || Client::new(config.clone()).unwrap();
        let (one, other) = (client(), client());
        one.pace().freq_limited();
        other.pace().rate().to_string()
    };
    assert_eq!((slowed(&own), slowed(&shared)), ("20/s".to_owned(), "4/s".to_owned()));
}
