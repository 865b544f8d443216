//! TLS to the database.

use crate::refusal;
use hongbao_ledger::{Ledger, Password, PostgresLedger, PostgresOptions, SealKey};
use hongbao_postgres_test::{Database, Settings, TestServer};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::Path;

/// A server at loopback whose certificate is for `db.example`, and the CA's certificate.
fn server() -> Option<(TestServer, String)> {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap().pem();
    let settings =
        Settings { certificate: Some((certificate, key.serialize_pem())), ..Settings::default() };
    Some((TestServer::start_with(settings)?, root))
}

/// As if it were another machine: a name that is not loopback's, found at loopback.
fn elsewhere(database: &Database, name: &str, parameters: &str) -> PostgresOptions {
    let url = database.url.replace("127.0.0.1", name);
    let url = format!("{url}?hostaddr=127.0.0.1{parameters}");
    let mut options = PostgresOptions::new(&url).unwrap();
    options.password = Some(Password::new(database.password.clone()));
    options
}

fn with_ca(mut options: PostgresOptions, path: &Path) -> PostgresOptions {
    options.root_ca = Some(path.to_owned());
    options
}

#[tokio::test]
async fn another_machine_is_talked_to_by_tls_and_its_certificate_verified() {
    let Some((server, root)) = server() else { return };
    let database = server.database();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, root).unwrap();

    let options = with_ca(elsewhere(&database, "db.example", ""), &path);
    let ledger = PostgresLedger::open(&options, SealKey::generate()).await.unwrap();
    ledger.check().await.unwrap();
    let spoken = server.sql(
        &database.name,
        "SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
         WHERE a.application_name = 'hongbao'",
    );
    assert_eq!(spoken, "t");

    // The operating system's CAs do not know it, another name is not in it.
    let unknown = refusal(&elsewhere(&database, "db.example", "")).await;
    assert_eq!(unknown.code(), "LEDGER_UNREACHABLE");
    assert!(unknown.to_string().contains("certificate"), "{unknown}");
    let misnamed = refusal(&with_ca(elsewhere(&database, "other.example", ""), &path)).await;
    assert_eq!(misnamed.code(), "LEDGER_UNREACHABLE");
    assert!(misnamed.to_string().contains("certificate"), "{misnamed}");
    // The path may stand in the address.
    let parameters = format!("&sslmode=verify-full&sslrootcert={}", path.display());
    let refused = refusal(&elsewhere(&database, "db.example", &parameters)).await;
    assert_eq!(refused.code(), "LEDGER_UNSEALABLE", "it is reached, but another key's");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_unless_plain_text_is_allowed() {
    let Some(server) = TestServer::shared() else { return };
    let database = server.database();
    let refused = refusal(&elsewhere(&database, "db.example", "")).await;
    assert_eq!(refused.code(), "LEDGER_UNREACHABLE");
    let mut plain = elsewhere(&database, "db.example", "&sslmode=disable");
    assert_eq!(refusal(&plain).await.code(), "LEDGER_ADDRESS");
    plain.allow_plaintext = true;
    PostgresLedger::open(&plain, SealKey::generate()).await.unwrap();
}

#[tokio::test]
async fn a_file_without_a_certificate_is_no_ca() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let options = PostgresOptions::new("postgres://hongbao@db.example/ledger").unwrap();
    assert_eq!(refusal(&with_ca(options.clone(), &path)).await.code(), "LEDGER_ADDRESS");
    std::fs::write(&path, "no certificate").unwrap();
    assert_eq!(refusal(&with_ca(options, &path)).await.code(), "LEDGER_ADDRESS");
}
