//! The PKCS#12 file opens where the real tool's opens: this crate's reader, and OpenSSL
//! with its legacy provider.
#![allow(clippy::unwrap_used)]

use hongbao_authority::{Authority, Issued};
use jiff::Timestamp;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::io::Write;
use std::process::{Command, Output};

const PASSWORD: &str = "10000098";

fn issued() -> Issued {
    let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 56);
    Authority::create(now).unwrap().issue_merchant("10000098", "沙箱商户", now).unwrap()
}

#[test]
fn it_reads_back_with_its_password_alone() {
    let issued = issued();
    let bytes = issued.to_p12_legacy(PASSWORD).unwrap();
    let store = KeyStore::from_pkcs12(&bytes, PASSWORD, Pkcs12ImportPolicy::Strict).unwrap();
    let (alias, chain) = store.private_key_chain().unwrap();
    assert_eq!(alias, "Tenpay Certificate");
    let certificate = CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).unwrap();
    let key = PrivatePkcs8KeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    assert_eq!(chain.certs()[0].as_der(), certificate.as_ref());
    assert_eq!(chain.key().as_der(), key.secret_pkcs8_der());
    assert!(KeyStore::from_pkcs12(&bytes, "wrong", Pkcs12ImportPolicy::Strict).is_err());
}

fn openssl(p12: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new("openssl")
        .args(["pkcs12", "-legacy", "-passin", "pass:10000098", "-in"])
        .arg(p12)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
#[allow(clippy::print_stderr)]
fn openssl_opens_it_with_its_legacy_provider() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: there is no `openssl` here");
        return;
    }
    let issued = issued();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&issued.to_p12_legacy(PASSWORD).unwrap()).unwrap();

    let keys = openssl(file.path(), &["-nodes", "-nocerts"]);
    assert!(keys.status.success(), "{}", String::from_utf8_lossy(&keys.stderr));
    let keys = String::from_utf8(keys.stdout).unwrap();
    let start = keys.find("-----BEGIN PRIVATE KEY-----").unwrap();
    assert_eq!(keys[start..].trim(), issued.key_pem.trim().replace("\r\n", "\n"));

    let info = openssl(file.path(), &["-info", "-noout"]);
    let info = String::from_utf8(info.stderr).unwrap();
    assert!(info.contains("MAC: sha1, Iteration 2048"), "{info}");
    assert!(info.contains("pbeWithSHA1And40BitRC2-CBC, Iteration 2048"), "{info}");
}
