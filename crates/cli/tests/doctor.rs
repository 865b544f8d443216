//! `hongbao doctor` against a real `hongbao serve`: each thing that can be wrong is found by its
//! code, what rests on it is skipped, and nothing secret is printed.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_authority::{Authority, Validity};
use serde_json::Value;
use snapbox::Data;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use support::{Said, Served, hongbao};

const CERTIFICATE: &str = "apiclient_cert.pem";
const KEY: &str = "apiclient_key.pem";
/// What the answer of the server shows.
const ANSWER: [&str; 4] = ["certificate_accepted", "signature_accepted", "answer", "clock"];

fn doctor(args: &[&str]) -> Said {
    let said = hongbao(&[&["doctor", "--json"], args].concat());
    assert_eq!(said.stderr, "", "{said:?}");
    said
}

fn of_profile(served: &Served) -> Said {
    doctor(&["--profile", &served.profile()])
}

fn dir(served: &Served) -> String {
    let dir = served.merchant_file("../..").canonicalize().unwrap();
    dir.to_str().unwrap().to_owned()
}

/// Check and code of every finding of that level.
fn at_level(said: &Said, level: &str) -> Vec<(String, String)> {
    let text = |object: &Value, key: &str| object[key].as_str().unwrap().to_owned();
    let objects = said.json().into_iter().filter(|object| object["level"] == level);
    objects.map(|object| (text(&object, "check"), text(&object, "code"))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(check, code)| ((*check).to_owned(), (*code).to_owned())).collect()
}

/// Demands exactly these errors, each with cause and remedy, and that exit code.
#[track_caller]
fn errors(said: &Said, exit: i32, wanted: &[(&str, &str)]) {
    assert_eq!((at_level(said, "error"), said.exit), (pairs(wanted), exit), "{}", said.stdout);
    for object in said.json().iter().filter(|object| object["level"] == "error") {
        assert!(object["cause"].is_string() && object["remedy"].is_string(), "{object}");
    }
}

/// Demands that these checks were skipped, and no other.
#[track_caller]
fn skipped(said: &Said, wanted: &[&str]) {
    let checks: Vec<String> =
        at_level(said, "skipped").into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, wanted, "{}", said.stdout);
}

/// What was found by that check.
fn found(said: &Said, check: &str) -> String {
    let object = said.json().into_iter().find(|object| object["check"] == check).unwrap();
    object["found"].as_str().unwrap().to_owned()
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Replaces a text of the profile.
fn edit(served: &Served, from: &str, to: &str) {
    let path = served.merchant_file("merchant.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Puts a certificate of this server's CA in place.
fn reissue(served: &Served, mch_id: &str, validity: Validity) {
    let read = |name: &str| fs::read_to_string(Path::new(&dir(served)).join(name)).unwrap();
    let authority = Authority::load(&read("ca.pem"), &read("ca_key.pem")).unwrap();
    let issued = authority.issue_merchant_for(mch_id, "x", validity).unwrap();
    write(&served.merchant_file(CERTIFICATE), issued.cert_pem.as_bytes(), 0o644);
    write(&served.merchant_file(KEY), issued.key_pem.as_bytes(), 0o600);
    let p12 = issued.to_p12_legacy("10000098").unwrap();
    write(&served.merchant_file("apiclient_cert.p12"), &p12, 0o600);
}

fn holding(not_before: &str, not_after: &str) -> Validity {
    let (not_before, not_after) = (not_before.parse().unwrap(), not_after.parse().unwrap());
    Validity { not_before, not_after }
}

fn always() -> Validity {
    holding("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z")
}

#[test]
fn a_good_profile_and_a_good_folder_have_no_findings() {
    let served = Served::start();
    let profile = of_profile(&served);
    errors(&profile, 0, &[]);
    skipped(&profile, &[]);
    assert_eq!(at_level(&profile, "warning"), []);
    let folder = doctor(&["--dir", &dir(&served)]);
    errors(&folder, 0, &[]);
    skipped(&folder, &[]);
    assert_eq!(at_level(&folder, "warning"), []);

    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/doctor.md");
    let page = fs::read_to_string(page).unwrap();
    for object in profile.json().iter().chain(&folder.json()) {
        let check = object["check"].as_str().unwrap();
        assert!(page.contains(&format!("`{check}`")), "docs/doctor.md does not name {check}");
    }
}

#[test]
fn offline_nothing_is_connected_to() {
    let served = Served::start();
    let network: Vec<&str> = ["dns", "tcp", "tls"].into_iter().chain(ANSWER).collect();
    let profile = served.profile();
    let said = doctor(&["--offline", "--profile", &profile]);
    errors(&said, 0, &[]);
    skipped(&said, &network);
    let said = doctor(&["--offline", "--dir", &dir(&served)]);
    errors(&said, 0, &[]);
    skipped(&said, &network[..3]);
}

#[test]
fn a_wrong_api_key_is_told_from_a_wrong_certificate() {
    let served = Served::start();
    write(&served.merchant_file("api_key"), b"0123456789abcdef0123456789abcdef\n", 0o600);
    let said = of_profile(&served);
    errors(&said, 4, &[("signature_accepted", "SIGN_ERROR")]);
    skipped(&said, &["answer"]);

    reissue(&served, "10000099", always());
    let said = of_profile(&served);
    let wanted = [("certificate", "CN_MISMATCH"), ("certificate_accepted", "CA_ERROR")];
    errors(&said, 9, &wanted);
    skipped(&said, &["signature_accepted", "answer"]);
}

#[test]
fn a_certificate_out_of_its_time_is_found_here_and_refused_there() {
    let served = Served::start();
    let expired = holding("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    reissue(&served, "10000098", expired);
    let wanted =
        [("certificate_time", "CERTIFICATE_EXPIRED"), ("certificate_accepted", "CA_ERROR")];
    errors(&of_profile(&served), 9, &wanted);
    let folder = doctor(&["--dir", &dir(&served)]);
    errors(&folder, 9, &[("merchants", "CERTIFICATE_EXPIRED")]);
}

#[test]
fn a_revoked_certificate_is_refused_by_the_server_and_named_by_its_folder() {
    let served = Served::start().again(|data| {
        let data = data.to_str().unwrap();
        let said = hongbao(&["merchant", "--dir", data, "revoke", "10000098"]);
        assert_eq!(said.exit, 0, "{said:?}");
    });
    let said = of_profile(&served);
    errors(&said, 4, &[("certificate_accepted", "CA_ERROR")]);
    let folder = doctor(&["--dir", &dir(&served)]);
    errors(&folder, 0, &[]);
    let warnings = pairs(&[("merchants", "DOCTOR_CERTIFICATE_REVOKED")]);
    assert_eq!(at_level(&folder, "warning"), warnings);
}

#[test]
fn files_that_are_missing_or_open_to_others_are_found_each() {
    let served = Served::start();
    fs::remove_file(served.merchant_file(KEY)).unwrap();
    let secret = served.merchant_file("workwx_secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let said = of_profile(&served);
    let wanted = [("pem", "FILE_MISSING"), ("workwx_secret", "SECRET_OPEN_TO_OTHERS")];
    errors(&said, 9, &wanted);
    let own = ["certificate", "certificate_time", "key_length"];
    skipped(&said, &own.into_iter().chain(ANSWER).collect::<Vec<_>>());

    edit(&served, "key_file = \"apiclient_key.pem\"", "");
    let said = of_profile(&served);
    let wanted = [("pem", "PROFILE_NO_IDENTITY"), ("workwx_secret", "SECRET_OPEN_TO_OTHERS")];
    errors(&said, 9, &wanted);

    let folder = doctor(&["--dir", &dir(&served)]);
    errors(&folder, 9, &[("merchants", "SECRET_OPEN_TO_OTHERS")]);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_skipped() {
    let served = Served::start();
    let api_key = served.merchant_file("api_key");
    fs::remove_file(&api_key).unwrap();
    fs::create_dir(&api_key).unwrap();
    fs::set_permissions(&api_key, fs::Permissions::from_mode(0o700)).unwrap();
    let said = of_profile(&served);
    errors(&said, 9, &[("api_key", "FILE_UNREADABLE")]);
    skipped(&said, &ANSWER);

    fs::write(served.merchant_file("merchant.toml"), "mch_id = 1\n").unwrap();
    let said = of_profile(&served);
    errors(&said, 9, &[("profile", "TOML")]);
    skipped(&said, &["identity", "api_key", "network"]);
    let said = doctor(&["--dir", served.merchant_file("").to_str().unwrap()]);
    errors(&said, 9, &[("folder", "DIR_NOT_OURS")]);
}

#[test]
fn a_keystore_beside_a_pair_is_a_warning_and_alone_an_error() {
    let served = Served::start();
    edit(&served, "api_key_file", "p12_password_file = \"password\"\napi_key_file");
    write(&served.merchant_file("password"), b"MARKERpassword\n", 0o600);
    let said = of_profile(&served);
    errors(&said, 0, &[]);
    assert_eq!(at_level(&said, "warning"), pairs(&[("p12", "P12_PASSWORD")]));

    edit(&served, "cert_file = \"apiclient_cert.pem\"\nkey_file = \"apiclient_key.pem\"\n", "");
    let said = of_profile(&served);
    errors(&said, 9, &[("p12", "P12_PASSWORD")]);
    write(&served.merchant_file("password"), b"10000098\n", 0o600);
    errors(&of_profile(&served), 0, &[]);
}

#[test]
fn what_looks_odd_is_a_warning() {
    let served = Served::start();
    edit(&served, "wx8888888888888888", "1000002");
    edit(&served, "workwx_secret_file = \"workwx_secret\"\n", "");
    let other = Authority::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let other = other.issue_merchant_for("10000098", "x", always()).unwrap();
    let p12 = other.to_p12_legacy("10000098").unwrap();
    write(&served.merchant_file("apiclient_cert.p12"), &p12, 0o600);
    let said = of_profile(&served);
    // of this server, another appid is no form but another company's
    errors(&said, 4, &[("answer", "PARAM_ERROR")]);
    skipped(&said, &["signature_accepted"]);
    let warnings = [
        ("appid", "DOCTOR_APPID_SHAPE"),
        ("p12", "DOCTOR_TWO_CERTIFICATES"),
        ("workwx_secret", "PROFILE_NO_SECRET"),
    ];
    assert_eq!(at_level(&said, "warning"), pairs(&warnings));
}

#[test]
fn each_end_of_the_way_to_the_server_is_named() {
    let served = Served::start();
    let other = Authority::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    write(&served.merchant_file("other.pem"), other.cert_pem().as_bytes(), 0o644);
    edit(&served, "\"../../ca.pem\"", "\"other.pem\"");
    let said = of_profile(&served);
    errors(&said, 9, &[("tls", "DOCTOR_SERVER_UNTRUSTED")]);
    skipped(&said, &ANSWER);
    edit(&served, "\"other.pem\"", "\"merchant.toml\"");
    let said = of_profile(&served);
    errors(&said, 9, &[("ca_file", "CA_UNREADABLE")]);
    skipped(&said, &["dns", "tcp", "tls"].into_iter().chain(ANSWER).collect::<Vec<_>>());

    edit(&served, "\"merchant.toml\"", "\"../../ca.pem\"");
    edit(&served, "https://", "http://");
    errors(&of_profile(&served), 9, &[("base_url", "BASE_URL")]);
    edit(&served, "http://", "https://");
    let profile = served.profile();
    let folder = served.stop();
    let said = doctor(&["--profile", &profile]);
    errors(&said, 7, &[("tcp", "DOCTOR_TCP")]);
    skipped(&said, &["tls"].into_iter().chain(ANSWER).collect::<Vec<_>>());
    drop(folder);
}

/// A port of this machine at which nobody listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_failover_host_that_is_away_is_a_warning() {
    let served = Served::start();
    let profile = fs::read_to_string(served.profile()).unwrap();
    let (_, main) = profile.split_once("base_url = ").unwrap();
    let main = main.lines().next().unwrap();
    served.tune(&format!("failover_url = {main}\npace_per_second = 7\n"));
    let said = of_profile(&served);
    errors(&said, 0, &[]);
    skipped(&said, &[]);
    assert!(found(&said, "failover_tls").starts_with("TLS 1.3"), "{}", said.stdout);
    assert_eq!(found(&said, "pace"), "7 requests a second at most");

    edit(
        &served,
        &format!("failover_url = {main}"),
        &format!("failover_url = \"https://127.0.0.1:{}\"", closed_port()),
    );
    let said = of_profile(&served);
    errors(&said, 0, &[]);
    assert_eq!(at_level(&said, "warning"), pairs(&[("failover_tcp", "DOCTOR_TCP")]));
    skipped(&said, &["failover_tls"]);

    edit(&served, "failover_url = \"https", "failover_url = \"http");
    let said = of_profile(&served);
    errors(&said, 9, &[("failover_url", "BASE_URL")]);
    let ways = ["dns", "tcp", "tls", "failover_dns", "failover_tcp", "failover_tls"];
    skipped(&said, &ways.into_iter().chain(ANSWER).collect::<Vec<_>>());
}

#[test]
fn a_proxy_goes_the_way_and_its_password_stays_unsaid() {
    let served = Served::start();
    let port = closed_port();
    served.tune(&format!("proxy = \"http://user:MARKER@127.0.0.1:{port}\"\n"));
    let said = of_profile(&served);
    errors(&said, 7, &[("answer", "DOCTOR_NO_ANSWER")]);
    let before = ["certificate_accepted", "signature_accepted", "clock"];
    skipped(&said, &["dns", "tcp", "tls"].into_iter().chain(before).collect::<Vec<_>>());
    assert_eq!(found(&said, "proxy"), "requests go by the proxy `127.0.0.1`");
    assert!(!said.stdout.contains("MARKER"), "{}", said.stdout);

    edit(&served, "http://user:", "socks5://user:");
    let said = of_profile(&served);
    errors(&said, 9, &[("proxy", "PROXY_URL")]);
    assert!(!said.stdout.contains("MARKER"), "{}", said.stdout);
}

#[test]
fn a_profile_s_own_ledger_is_looked_at_once_it_is_there() {
    let served = Served::start();
    served.tune("ledger_file = \"mine.sqlite\"\n");
    let said = of_profile(&served);
    assert!(found(&said, "ledger").contains("mine.sqlite` yet"), "{}", said.stdout);
    assert!(found(&said, "disk").ends_with("MiB are free"), "{}", said.stdout);
    assert!(!served.merchant_file("mine.sqlite").exists());

    edit(&served, "\"mine.sqlite\"", "\"nowhere/mine.sqlite\"");
    errors(&of_profile(&served), 9, &[("ledger", "FILE_MISSING")]);
    edit(&served, "\"nowhere/mine.sqlite\"", "\"mine.sqlite\"");
    assert_eq!(served.run(&["query", "A1"]).exit, 6);
    let said = of_profile(&served);
    errors(&said, 0, &[]);
    assert_eq!(at_level(&said, "warning"), []);
    assert_eq!(found(&said, "ledger_durability"), "`journal_mode` is wal, `synchronous` is 2");
    let ledger = served.merchant_file("mine.sqlite");
    fs::set_permissions(ledger, fs::Permissions::from_mode(0o640)).unwrap();
    let warnings = pairs(&[("ledger_file", "DOCTOR_LEDGER_OPEN_TO_OTHERS")]);
    assert_eq!(at_level(&of_profile(&served), "warning"), warnings);
    fs::remove_file(served.merchant_file("mine.key")).unwrap();
    errors(&of_profile(&served), 9, &[("ledger", "LEDGER_KEY_FILE")]);
}

#[test]
fn a_gateway_s_upstream_profiles_are_examined_each() {
    let payer = Served::start();
    let gateway = Served::start().stop();
    let data = gateway.path().join("data");
    let upstream = |profiles: &[&str]| {
        let text = format!("[upstream]\nprofiles = {profiles:?}\n");
        fs::write(data.join("hongbao.toml"), text).unwrap();
        doctor(&["--dir", data.to_str().unwrap()])
    };
    let profile = payer.profile();
    let said = upstream(&[&profile]);
    errors(&said, 0, &[]);
    let objects = said.json();
    let of_profile: Vec<&Value> =
        objects.iter().filter(|object| object["profile"] == *profile).collect();
    assert_eq!(of_profile[0]["check"], "profile");
    assert_eq!(of_profile.last().unwrap()["check"], "clock");
    // a gateway keeps what it is told in its folder's ledger
    assert!(of_profile.iter().all(|object| object["check"] != "ledger"), "{said:?}");
    let of_folder = objects.iter().filter(|object| object["profile"].is_null()).count();
    assert_eq!(of_folder + of_profile.len(), objects.len());

    write(&payer.merchant_file("api_key"), b"0123456789abcdef0123456789abcdef\n", 0o600);
    let missing = data.join("missing.toml");
    let own = "merchants/10000098/merchant.toml";
    let said = upstream(&[&profile, own, missing.to_str().unwrap()]);
    let wanted = [
        ("signature_accepted", "SIGN_ERROR"),
        ("upstream", "UPSTREAM_IS_ITSELF"),
        ("upstream", "FILE_MISSING"),
    ];
    errors(&said, 9, &wanted);
    let last = said.json().pop().unwrap();
    assert_eq!(last["profile"], missing.to_str().unwrap());
}

#[test]
fn a_folder_s_own_keys_and_ledger_are_looked_at() {
    let folder = Served::start().stop();
    let data = folder.path().join("data");
    let mode = |name: &str, mode| {
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("ledger.sqlite", 0o644);
    mode("server_key.pem", 0o640);
    mode("ca_key.pem", 0o604);
    let text = data.to_str().unwrap();
    let said = doctor(&["--dir", text]);
    let open = "SECRET_OPEN_TO_OTHERS";
    errors(&said, 9, &[("ca_key", open), ("server_certificate", open)]);
    let warnings = pairs(&[("ledger_file", "DOCTOR_LEDGER_OPEN_TO_OTHERS")]);
    assert_eq!(at_level(&said, "warning"), warnings);
    skipped(&said, &["dns", "tcp", "tls"]);

    mode("server_key.pem", 0o600);
    mode("ca_key.pem", 0o600);
    fs::copy(data.join("ca_key.pem"), data.join("server_key.pem")).unwrap();
    fs::remove_file(data.join("ledger.key")).unwrap();
    let config = data.join("hongbao.toml");
    let listen = "listen = \"192.0.2.1:8443\"\n";
    fs::write(&config, listen).unwrap();
    let said = doctor(&["--dir", text]);
    let wanted = [("server_certificate", "KEY_MISMATCH"), ("ledger", "LEDGER_KEY_FILE")];
    errors(&said, 9, &wanted);
    fs::write(config, "listen = 1\n").unwrap();
    let wanted = [("config", "TOML"), wanted[0], wanted[1]];
    errors(&doctor(&["--dir", text]), 9, &wanted);
}

/// Whatever is wrong, no secret, password or openid is printed, in neither language or form.
#[test]
fn nothing_secret_is_printed() {
    let served = Served::start();
    served.send("A1");
    let marks: Vec<Vec<u8>> = [
        b"MARKERapikey0123456789abcdefghij".to_vec(),
        b"MARKERsecret".to_vec(),
        b"MARKERpassword".to_vec(),
        support::OPENID.as_bytes().to_vec(),
        // the middle of the key
        fs::read(served.merchant_file(KEY)).unwrap()[400..440].to_vec(),
    ]
    .into();
    write(&served.merchant_file("api_key"), &marks[0], 0o600);
    write(&served.merchant_file("workwx_secret"), &marks[1], 0o600);
    write(&served.merchant_file("password"), &marks[2], 0o600);
    edit(&served, "api_key_file", "p12_password_file = \"password\"\napi_key_file");
    let (profile, dir) = (served.profile(), dir(&served));
    let look = || {
        for lang in ["en", "zh-CN"] {
            for form in [&["--json"][..], &[]] {
                for of in [["--profile", &profile], ["--dir", &dir]] {
                    let said = hongbao(&[&["--lang", lang, "doctor"], form, &of].concat());
                    for text in [said.stdout.as_bytes(), said.stderr.as_bytes()] {
                        let shown = |mark: &&Vec<u8>| text.windows(mark.len()).any(|w| w == **mark);
                        assert_eq!(marks.iter().find(shown), None, "{said:?}");
                    }
                }
            }
        }
    };
    look();
    write(&served.merchant_file("api_key"), b"MARKERapikey0123456789abcdefghij two", 0o600);
    write(&served.merchant_file("workwx_secret"), &marks[1], 0o644);
    fs::copy(served.merchant_file("password"), served.merchant_file(KEY)).unwrap();
    look();
    edit(&served, "api_key_file", "api_key = \"MARKERsecret\"\napi_key_file");
    look();
}

fn snapshot(name: &str) -> Data {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots")).join(name);
    Data::read_from(&path, None).raw()
}

/// With `<TIME>` for each time, such as `2026-11-24 08:00:00 +08:00`.
fn timeless(text: &str) -> String {
    let mut pieces: Vec<&str> = text.split(" +08:00").collect();
    let last = pieces.pop().unwrap();
    let bare =
        |piece: &&str| format!("{}<TIME>", &piece[..piece.len() - "2026-11-24 08:00:00".len()]);
    pieces.iter().map(bare).collect::<String>() + last
}

/// What differs from run to run: the folder, the port, times, days, room, serial numbers.
fn settled(text: &str, served: &Served) -> String {
    let text = timeless(text).replace(&dir(served), "<DIR>");
    let words = text.split_inclusive([' ', '\n', '；', '，', '（', '\u{ff1a}']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', '；', '，', '（', '\u{ff1a}', ',', ';']);
        let rest = &word[bare.len()..];
        if bare.len() == 40 && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
            format!("<SERIAL>{rest}")
        } else if let Some((host, port)) = bare.split_once("127.0.0.1:")
            && port.bytes().all(|b| b.is_ascii_digit())
        {
            format!("{host}127.0.0.1:<PORT>{rest}")
        } else {
            word.to_owned()
        }
    });
    let text: String = words.collect();
    text.lines().map(|line| numbers_settled(line) + "\n").collect()
}

fn numbers_settled(line: &str) -> String {
    let numbers =
        [(", ", " days from now", "<DAYS>"), ("还有 ", " 天", "<DAYS>"), (" ", " MiB", "<MIB>")];
    for (before, after, number) in numbers {
        if let Some(end) = line.find(after)
            && let Some(start) = line[..end].rfind(before)
        {
            return format!("{}{number}{}", &line[..start + before.len()], &line[end..]);
        }
    }
    line.to_owned()
}

#[test]
fn the_report_is_reviewed_in_both_languages() {
    let served = Served::start();
    let report = |lang: &str| {
        let said = hongbao(&["--lang", lang, "doctor", "--profile", &served.profile()]);
        (said.exit, settled(&said.stdout, &served))
    };
    for lang in ["en", "zh-CN"] {
        let (exit, good) = report(lang);
        assert_eq!(exit, 0);
        snapbox::assert_data_eq!(good, snapshot(&format!("doctor-good.{lang}.txt")));
    }
    reissue(&served, "10000099", always());
    write(&served.merchant_file("api_key"), b"short\n", 0o600);
    let secret = served.merchant_file("workwx_secret");
    fs::set_permissions(secret, fs::Permissions::from_mode(0o644)).unwrap();
    for lang in ["en", "zh-CN"] {
        let (exit, bad) = report(lang);
        assert_eq!(exit, 9);
        snapbox::assert_data_eq!(bad, snapshot(&format!("doctor-bad.{lang}.txt")));
    }
}
