//! Each bad profile is told from the others, by code and with a hint, before anything is asked.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_authority::{Authority, Validity};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use support::{Said, hongbao};
use tempfile::TempDir;

/// A complete profile of a merchant, of a server that is not there.
struct Profile {
    dir: TempDir,
}

impl Profile {
    fn new() -> Self {
        Self::holding("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z")
    }

    fn holding(not_before: &str, not_after: &str) -> Self {
        let validity = Validity {
            not_before: not_before.parse().unwrap(),
            not_after: not_after.parse().unwrap(),
        };
        let authority = Authority::create(validity.not_before).unwrap();
        let issued = authority.issue_merchant_for("10000098", "x", validity).unwrap();
        let profile = Self { dir: tempfile::tempdir().unwrap() };
        profile.write("ca.pem", authority.cert_pem().as_bytes());
        profile.write("apiclient_cert.pem", issued.cert_pem.as_bytes());
        profile.write("apiclient_key.pem", issued.key_pem.as_bytes());
        profile.write("apiclient_cert.p12", &issued.to_p12_legacy("10000098").unwrap());
        profile.write("api_key", b"192006250b4c09247ec02edce69f6a2d\n");
        profile.write("workwx_secret", b"synthetic-workwx-secret-0123456789\n");
        profile.write("merchant.toml", Self::text(true).as_bytes());
        profile
    }

    /// Protects a keystore of a certificate by another password.
    fn keystore(&self, password: &str) {
        let validity = Validity {
            not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2120-01-01T00:00:00Z".parse().unwrap(),
        };
        let authority = Authority::create(validity.not_before).unwrap();
        let issued = authority.issue_merchant_for("10000098", "x", validity).unwrap();
        self.write("apiclient_cert.p12", &issued.to_p12_legacy(password).unwrap());
    }

    fn text(pem: bool) -> String {
        let identity = if pem {
            "cert_file = \"apiclient_cert.pem\"\nkey_file = \"apiclient_key.pem\"\n"
        } else {
            "p12_file = \"apiclient_cert.p12\"\n"
        };
        format!(
            "mch_id = \"10000098\"\nappid = \"wx8888888888888888\"\n\
             base_url = \"https://127.0.0.1:1\"\nca_file = \"ca.pem\"\n{identity}\
             api_key_file = \"api_key\"\nworkwx_secret_file = \"workwx_secret\"\n"
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
        set_mode(&self.path(name), 0o600);
    }

    fn query(&self) -> Said {
        hongbao(&["query", "--profile", self.path("merchant.toml").to_str().unwrap(), "1"])
    }

    /// The code of a query that fails for its configuration.
    fn code(&self) -> String {
        let said = self.query();
        assert_eq!((said.exit, said.stdout.as_str()), (9, ""), "{said:?}");
        assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
        let code = said.stderr.strip_prefix("error[").unwrap();
        code[..code.find(']').unwrap()].to_owned()
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_good_profile_asks() {
    let profile = Profile::new();
    assert_eq!(profile.query().exit, 7, "nobody answers there");
    profile.write("merchant.toml", Profile::text(false).as_bytes());
    assert_eq!(profile.query().exit, 7, "nobody answers there");
}

#[test]
fn a_missing_file_is_named() {
    for name in ["ca.pem", "apiclient_cert.pem", "apiclient_key.pem", "api_key", "workwx_secret"] {
        let profile = Profile::new();
        fs::remove_file(profile.path(name)).unwrap();
        assert_eq!(profile.code(), "FILE_MISSING");
        assert!(profile.query().stderr.contains(name));
    }
    let profile = Profile::new();
    fs::remove_file(profile.path("merchant.toml")).unwrap();
    assert_eq!(profile.code(), "FILE_MISSING");
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    for name in ["apiclient_key.pem", "api_key", "workwx_secret"] {
        let profile = Profile::new();
        set_mode(&profile.path(name), 0o604);
        assert_eq!(profile.code(), "SECRET_OPEN_TO_OTHERS");
        let stderr = profile.query().stderr;
        assert!(stderr.contains("chmod 600"), "{stderr}");
    }
}

#[test]
fn a_secret_is_one_line() {
    for bad in ["", "\n", "two words", "two\nlines", "\"quoted\" key"] {
        let profile = Profile::new();
        profile.write("api_key", bad.as_bytes());
        assert_eq!(profile.code(), "SECRET_NOT_A_LINE", "{bad:?}");
    }
}

#[test]
fn a_keystore_needs_its_password() {
    let profile = Profile::new();
    let other = format!("{}p12_password_file = \"password\"\n", Profile::text(false));
    profile.write("merchant.toml", other.as_bytes());
    profile.write("password", b"wrong\n");
    assert_eq!(profile.code(), "P12_PASSWORD");
    assert!(!profile.query().stderr.contains("wrong\n"));
    profile.write("password", b"10000098\n");
    assert_eq!(profile.query().exit, 7);
    profile.write("apiclient_cert.p12", b"no keystore");
    assert_eq!(profile.code(), "P12_UNREADABLE");
}

#[test]
fn a_certificate_out_of_its_time_is_refused() {
    let expired = Profile::holding("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    assert_eq!(expired.code(), "CERTIFICATE_EXPIRED");
    let early = Profile::holding("2119-01-01T00:00:00Z", "2120-01-01T00:00:00Z");
    assert_eq!(early.code(), "CERTIFICATE_NOT_YET_VALID");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (one, other) = (Profile::new(), Profile::new());
    let key = fs::read(other.path("apiclient_key.pem")).unwrap();
    one.write("apiclient_key.pem", &key);
    assert_eq!(one.code(), "KEY_MISMATCH");
}

#[test]
fn bad_toml_is_told_with_its_line() {
    let profile = Profile::new();
    profile.write("merchant.toml", format!("{}colour = 1\n", Profile::text(true)).as_bytes());
    assert_eq!(profile.code(), "TOML");
    assert!(profile.query().stderr.contains("line 9: unknown field `colour`"));
    profile.write("merchant.toml", b"mch_id = \"10000098\"\n");
    assert_eq!(profile.code(), "TOML");
    let no_identity = Profile::text(true).replace("cert_file", "p12_file");
    profile.write(
        "merchant.toml",
        no_identity.replace("key_file = \"apiclient_key.pem\"\n", "").as_bytes(),
    );
    assert_eq!(profile.code(), "P12_UNREADABLE");
    let neither = Profile::text(false).replace("p12_file = \"apiclient_cert.p12\"\n", "");
    profile.write("merchant.toml", neither.as_bytes());
    assert_eq!(profile.code(), "PROFILE_NO_IDENTITY");
}

#[test]
fn a_certificate_of_another_merchant_is_refused() {
    let profile = Profile::new();
    let other = Profile::text(true).replace("\"10000098\"", "\"10000099\"");
    profile.write("merchant.toml", other.as_bytes());
    assert_eq!(profile.code(), "CN_MISMATCH");
}

#[test]
fn a_certificate_that_expires_soon_is_told_and_json_is_unaffected() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(10 * 24 + 1);
    let profile = Profile::holding("2020-01-01T00:00:00Z", &soon.to_string());
    let said = profile.query();
    let warning = "warning[EXPIRES_SOON]: the client certificate expires in 10 days";
    assert!(said.stderr.contains(warning), "{said:?}");
    assert_eq!(said.exit, 7, "it is good until then");
    let merchant = profile.path("merchant.toml");
    let said = hongbao(&["query", "--json", "--profile", merchant.to_str().unwrap(), "1"]);
    assert_eq!(said.json().len(), 1, "{said:?}");
}

#[test]
fn the_ledger_is_made_beside_the_profile_for_its_owner_alone() {
    let profile = Profile::new();
    profile.query();
    let mode = |name: &str| profile.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ledger.sqlite"), mode("ledger.key")), (0o600, 0o600));
    fs::remove_file(profile.path("ledger.key")).unwrap();
    assert_eq!(profile.code(), "LEDGER_KEY_FILE", "a ledger without its key gets no new one");
    let text = Profile::text(true) + "ledger_file = \"elsewhere.sqlite\"\n";
    profile.write("merchant.toml", text.as_bytes());
    assert_eq!(profile.query().exit, 7);
    assert_eq!((mode("elsewhere.sqlite"), mode("elsewhere.key")), (0o600, 0o600));
}

#[test]
fn every_key_of_the_client_is_taken_and_checked() {
    let profile = Profile::new();
    let all = "failover_url = \"https://127.0.0.1:2\"\nproxy = \"http://127.0.0.1:3\"\n\
               pace_per_second = 10\nconnect_timeout = \"1s\"\nread_timeout = \"2s\"\n\
               total_timeout = \"3s\"\nattempts = 1\nunknown_max = \"48h\"\n";
    profile.write("merchant.toml", (Profile::text(true) + all).as_bytes());
    assert_eq!(profile.query().exit, 7, "nobody answers there");
    let bad = [
        ("attempts = 0", "it must be at least 1"),
        ("pace_per_second = 0", "it must be at least 1"),
        ("read_timeout = \"0s\"", "a time-out is above `0s`"),
        ("total_timeout = \"soon\"", "`soon` is no duration"),
    ];
    for (line, why) in bad {
        profile.write("merchant.toml", (Profile::text(true) + line + "\n").as_bytes());
        assert_eq!(profile.code(), "TOML");
        let stderr = profile.query().stderr;
        assert!(stderr.contains("line 9: ") && stderr.contains(why), "{stderr}");
    }
    let urls = [("proxy", "PROXY_URL"), ("failover_url", "BASE_URL")];
    for (key, code) in urls {
        let line = format!("{key} = \"secret:word@nowhere\"\n");
        profile.write("merchant.toml", (Profile::text(true) + &line).as_bytes());
        assert_eq!(profile.code(), code);
    }
    profile
        .write("merchant.toml", (Profile::text(true) + "proxy = \"user:hushhush@x\"\n").as_bytes());
    assert!(!profile.query().stderr.contains("hushhush"), "a proxy's password is not shown");
}

#[test]
fn a_ledger_that_is_gone_or_empty_is_not_made_anew() {
    let profile = Profile::new();
    let made = "the ledger `";
    assert!(profile.query().stderr.starts_with(made), "the first one is told");
    assert!(!profile.query().stderr.contains(" is new"), "and only the first one");
    fs::remove_file(profile.path("ledger.sqlite")).unwrap();
    assert_eq!(profile.code(), "LEDGER_MISSING");
    assert!(profile.query().stderr.contains("ledger.key"), "what tells that there was one");
    assert!(!profile.path("ledger.sqlite").exists());
    profile.write("ledger.sqlite", b"");
    assert_eq!(profile.code(), "LEDGER_DAMAGED");
    assert_eq!(profile.path("ledger.sqlite").metadata().unwrap().len(), 0);
    fs::remove_file(profile.path("ledger.sqlite")).unwrap();
    fs::remove_file(profile.path("ledger.key")).unwrap();
    assert_eq!(profile.query().exit, 7, "a person said that nothing was ever sent with it");
}

#[test]
fn a_ledger_whose_making_broke_off_is_made_anew() {
    let profile = Profile::new();
    profile.write("ledger.key", &[7; 32]);
    profile.write("ledger.lock", b"making\n");
    assert!(profile.query().stderr.contains(" is new"), "nothing was noted in it");
    fs::remove_file(profile.path("ledger.sqlite")).unwrap();
    assert_eq!(profile.code(), "LEDGER_MISSING", "from now on it is");
}

#[test]
fn several_that_begin_at_once_make_one_ledger() {
    let profile = Profile::new();
    let said = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| profile.query())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(said.iter().all(|said| said.exit == 7), "{said:?}");
    let news = said.iter().filter(|said| said.stderr.contains(" is new")).count();
    assert_eq!(news, 1, "{said:?}");
}

#[test]
fn an_expired_certificate_takes_no_memory_away() {
    let profile = Profile::new();
    assert_eq!(profile.query().exit, 7, "the number is noted");
    let expired = Profile::holding("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    for name in ["apiclient_cert.pem", "apiclient_key.pem"] {
        profile.write(name, &fs::read(expired.path(name)).unwrap());
    }
    assert_eq!(profile.code(), "CERTIFICATE_EXPIRED");
    let merchant = profile.path("merchant.toml");
    let ask = ["query", "--offline", "--profile", merchant.to_str().unwrap()];
    let known = hongbao(&[&ask[..], &["1"]].concat());
    assert_eq!(known.exit, 7, "{known:?}");
    assert!(known.stderr.starts_with("from the ledger, last asked 20"), "{known:?}");
    let stranger = hongbao(&[&ask[..], &["2"]].concat());
    assert!(stranger.stdout.contains("the ledger does not know this number"), "{stranger:?}");
}

#[test]
fn policy_and_former_keys_are_read_and_checked() {
    let profile = Profile::new();
    let tuned = |line: &str| {
        profile.write("merchant.toml", format!("{}{line}\n", Profile::text(true)).as_bytes());
    };
    tuned("signature_policy = \"never\"");
    assert_eq!(profile.code(), "TOML");
    tuned("signature_policy = \"verify_if_present\"\nformer_api_key_files = [\"old_key\"]");
    assert_eq!(profile.code(), "FILE_MISSING");
    profile.write("old_key", b"two words\n");
    assert_eq!(profile.code(), "SECRET_NOT_A_LINE");
    profile.write("old_key", b"192006250b4c09247ec02edce69f6a2e\n");
    assert_eq!(profile.query().exit, 7);
    set_mode(&profile.path("old_key"), 0o604);
    assert_eq!(profile.code(), "SECRET_OPEN_TO_OTHERS");
}

#[test]
fn a_keystores_password_is_any_line() {
    let profile = Profile::new();
    let text = format!("{}p12_password_file = \"password\"\n", Profile::text(false));
    profile.write("merchant.toml", text.as_bytes());
    profile.keystore(" pass 口令 ");
    for end in ["", "\n", "\r\n"] {
        profile.write("password", format!(" pass 口令 {end}").as_bytes());
        assert_eq!(profile.query().exit, 7, "{end:?}");
    }
    profile.write("password", "pass 口令".as_bytes());
    assert_eq!(profile.code(), "P12_PASSWORD", "blanks count");
    for bad in [&b"two\nlines\n"[..], b"\xff\n"] {
        profile.write("password", bad);
        assert_eq!(profile.code(), "SECRET_NOT_A_LINE", "{bad:?}");
    }
}
