//! What is checked of an identity when it is loaded, and what is said of it; and keystores
//! that another program made.
#![allow(clippy::unwrap_used)]

use hongbao_authority::{Authority, Issued, Validity};
use hongbao_client::{Identity, IdentityError, IdentityWarning, KeyKind};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn system(at: Timestamp) -> SystemTime {
    SystemTime::try_from(at).unwrap()
}

fn validity() -> Validity {
    Validity { not_before: at("2020-01-01T00:00:00Z"), not_after: at("2025-01-01T00:00:00Z") }
}

fn issued() -> Issued {
    let authority = Authority::create(validity().not_before).unwrap();
    authority.issue_merchant_for("10000098", "x", validity()).unwrap()
}

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.cert_pem.as_bytes(), issued.key_pem.as_bytes()).unwrap()
}

fn codes(warnings: &[IdentityWarning]) -> Vec<&'static str> {
    warnings.iter().map(IdentityWarning::code).collect()
}

#[test]
fn name_and_time_are_checked() {
    let identity = identity(&issued());
    let (start, end) = (validity().not_before, validity().not_after);
    let code = |mch_id, now| identity.check(mch_id, system(now)).unwrap_err().code();
    assert_eq!(code("10000099", start), "CN_MISMATCH");
    assert_eq!(code("1000009", start), "CN_MISMATCH");
    assert_eq!(code("10000098", start - DAY), "CERTIFICATE_NOT_YET_VALID");
    assert_eq!(code("10000098", end + DAY), "CERTIFICATE_EXPIRED");
    let other = identity.check("10000099", system(start)).unwrap_err().to_string();
    assert_eq!(other, "the certificate is that of `10000098`, not of `10000099`");
    let late = identity.check("10000098", system(end + DAY)).unwrap_err().to_string();
    assert_eq!(late, "the certificate expired at 2025-01-01T00:00:00Z");
    assert_eq!(identity.certificate().not_before, system(start));
}

#[test]
fn it_warns_from_30_days_before_the_end() {
    let identity = identity(&issued());
    let end = validity().not_after;
    let days = |now| {
        let warnings = identity.check("10000098", system(now)).unwrap();
        warnings.into_iter().find_map(|warning| match warning {
            IdentityWarning::ExpiresSoon { days } => Some(days),
            _ => None,
        })
    };
    let second = SignedDuration::from_secs(1);
    assert_eq!(days(end - DAY * 30 - second), None);
    assert_eq!(days(end - DAY * 30), Some(30));
    assert_eq!(days(end - DAY * 2 + second), Some(1));
    assert_eq!(days(end), Some(0));
}

#[test]
fn a_sandboxs_issuer_is_unusual() {
    let identity = identity(&issued());
    let warnings = identity.check("10000098", system(validity().not_before)).unwrap();
    assert_eq!(codes(&warnings), ["UNUSUAL_ISSUER"]);
    assert!(warnings[0].to_string().contains(&identity.certificate().issuer), "{}", warnings[0]);
    assert!(identity.certificate().issuer.contains("CN="), "{}", identity.certificate().issuer);
    assert_eq!(identity.certificate().key, KeyKind::Rsa { bits: 2048 });
}

/// Runs `openssl` in `folder`; its version says whether it is there.
fn openssl(folder: &Path, command: &str) {
    let arguments = command.split_whitespace().map(|word| word.replace('~', " "));
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

#[allow(clippy::print_stderr)]
fn openssl_is_here() -> bool {
    let here = Command::new("openssl").arg("version").output().is_ok();
    if !here {
        eprintln!("skipped: there is no `openssl` here");
    }
    here
}

/// A certificate of `issuer` with a key made by `key`, and the folder that it lies in.
fn made(issuer: &str, key: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str| openssl(folder.path(), command);
    run(&format!("req -x509 -newkey {key} -nodes -keyout ca.key -out ca.pem -subj {issuer}"));
    let own = "-subj /CN=10000098/O=x -set_serial 0x1a2b -days 100 -CA ca.pem -CAkey ca.key";
    run(&format!("req -x509 -newkey {key} -nodes -keyout key.pem -out cert.pem {own}"));
    folder
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

fn pem_pair(folder: &Path) -> Result<Identity, IdentityError> {
    Identity::from_pem(&read(folder, "cert.pem"), &read(folder, "key.pem"))
}

#[test]
fn wechat_pays_issuers_are_usual() {
    if !openssl_is_here() {
        return;
    }
    let (rsa, curve) = ("rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256");
    let p_256 = KeyKind::Curve("P-256".to_owned());
    let cases: [(&str, &str, &[&str], KeyKind); 3] = [
        ("/O=Tenpay.com/CN=Tenpay.com~Root~CA", rsa, &[], KeyKind::Rsa { bits: 2048 }),
        ("/CN=MMPaymchCA", curve, &[], p_256.clone()),
        ("/CN=MMPaymchCA2", curve, &["UNUSUAL_ISSUER"], p_256),
    ];
    for (issuer, key, expected, kind) in cases {
        let folder = made(issuer, key);
        let identity = pem_pair(folder.path()).unwrap();
        let warnings = identity.check("10000098", identity.certificate().not_before).unwrap();
        assert_eq!(codes(&warnings), expected, "{issuer} {key}");
        assert_eq!(identity.certificate().key, kind);
        assert_eq!(identity.serial_hex(), "1a2b");
    }
}

#[test]
fn a_short_key_is_refused_by_its_length() {
    if !openssl_is_here() {
        return;
    }
    for (key, said) in [("rsa:1536", "1536 bits"), ("rsa:2047", "2047 bits")] {
        let error = pem_pair(made("/CN=MMPaymchCA", key).path()).unwrap_err();
        assert_eq!(error.code(), "WEAK_KEY");
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// The algorithms of OpenSSL 1 and 3, and what old Windows and Java tools write, each with
/// passwords of several kinds.
#[test]
fn keystores_of_openssl_are_read_whatever_their_algorithms_and_passwords() {
    if !openssl_is_here() {
        return;
    }
    let folder = made("/CN=MMPaymchCA", "rsa:2048");
    let expected = pem_pair(folder.path()).unwrap();
    let algorithms = [
        "-legacy",
        "-legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40 -macalg sha1",
        "-legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
        "-keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256",
        "-keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512",
        "",
    ];
    for algorithm in algorithms {
        for password in ["10000098", "p,a$s/s", "密码"] {
            openssl(
                folder.path(),
                &format!(
                    "pkcs12 -export {algorithm} -in cert.pem -inkey key.pem -certfile ca.pem \
                     -passout pass:{password} -out made.p12"
                ),
            );
            let identity = Identity::from_p12(&read(folder.path(), "made.p12"), password)
                .unwrap_or_else(|error| panic!("{algorithm} {password}: {error}"));
            assert_eq!(identity.serial_hex(), expected.serial_hex());
            let wrong = Identity::from_p12(&read(folder.path(), "made.p12"), "wrong").unwrap_err();
            assert_eq!(wrong.code(), "P12_PASSWORD", "{algorithm}");
        }
    }
}
