//! `hongbao serve --upstream`: a folder that stands in for the payer, in front of a sandbox.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_authority::{Authority, Validity};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use support::{OPENID, Said, Served, command, hongbao};
use tempfile::TempDir;

/// A running gateway; killed where a test ends, as by kill -9.
struct Gateway {
    child: Child,
    admin: String,
}

impl Gateway {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = command()
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(dir)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let words: Vec<&str> = ready.split_whitespace().collect();
        let ["ready", _, admin, "gateway"] = words[..] else { panic!("{ready:?}") };
        Self { child, admin: admin.to_owned() }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox, and a folder for a gateway to it.
struct Row {
    sandbox: Served,
    keep: TempDir,
}

impl Row {
    fn start() -> Self {
        Self { sandbox: Served::start(), keep: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.keep.path().join("gateway")
    }

    fn first_start(&self) -> Gateway {
        Gateway::start(&self.dir(), &["--upstream", &self.sandbox.profile()])
    }
}

/// The profile of the merchant that asks the gateway.
fn profile(dir: &Path) -> String {
    dir.join("merchants/10000098/merchant.toml").to_str().unwrap().to_owned()
}

/// What the gateway says, not what the merchant itself remembers.
fn status(dir: &Path, billno: &str) -> Value {
    let said = hongbao(&["query", "--json", "--no-ledger", "--profile", &profile(dir), billno]);
    let mut seen = said.json();
    assert_eq!(seen.len(), 1, "{said:?}");
    assert!(seen[0]["record"]["status"].is_string(), "{said:?}");
    seen.remove(0)["record"]["status"].take()
}

fn send(dir: &Path, billno: &str) -> Said {
    let (profile, to) = (profile(dir), ["--to", OPENID, "--amount", "1.00"]);
    let send = ["send", "--profile", &profile, "--billno", billno];
    hongbao(&[&send[..], &to[..]].concat())
}

#[test]
fn a_gateway_answers_after_a_kill_and_without_its_payer() {
    let row = Row::start();
    let dir = row.dir();
    let gateway = row.first_start();
    assert_eq!(send(&dir, "1").exit, 0);
    row.sandbox.sandbox(&["deliver", "1"]);
    row.sandbox.sandbox(&["receive", "1"]);
    assert_eq!(status(&dir, "1"), "RECEIVED");
    drop(gateway);
    // the folder stays a gateway's without the flag
    let Row { sandbox, keep } = row;
    let stopped = sandbox.stop();
    let gateway = Gateway::start(&dir, &[]);
    assert_eq!(status(&dir, "1"), "RECEIVED");
    let said = hongbao(&["sandbox", "--admin", &gateway.admin, "advance", "24h"]);
    assert!(said.stderr.starts_with("error[NOT_IN_GATEWAY]: "), "{said:?}");
    drop((gateway, keep, stopped));
}

/// Every file below a folder.
fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            files(&entry.path(), into);
        } else {
            into.push(entry.path());
        }
    }
}

#[test]
fn the_real_certificate_does_not_come_into_the_folder() {
    let row = Row::start();
    drop(row.first_start());
    let real = |name| fs::read_to_string(row.sandbox.merchant_file(name)).unwrap();
    let local =
        |name: &str| fs::read_to_string(row.dir().join("merchants/10000098").join(name)).unwrap();
    // signatures hold from end to end
    for shared in ["api_key", "workwx_secret"] {
        assert_eq!(local(shared), real(shared));
    }
    let mut all = Vec::new();
    files(&row.dir(), &mut all);
    assert!(all.len() > 12, "{all:?}");
    let merchants: Vec<_> = fs::read_dir(row.dir().join("merchants")).unwrap().collect();
    assert_eq!(merchants.len(), 1, "no sandbox merchant");
    for secret in ["apiclient_key.pem", "apiclient_cert.pem"] {
        let text = real(secret);
        // in the middle, where two certificates are never the same
        let line = text.lines().nth(text.lines().count() / 2).unwrap();
        for file in &all {
            let bytes = fs::read(file).unwrap();
            let holds = bytes.windows(line.len()).any(|window| window == line.as_bytes());
            assert!(!holds, "{} holds {secret}", file.display());
        }
    }
}

/// A copy of the sandbox merchant's credentials as a profile of its own.
fn real_profile(row: &Row, name: &str, api_key: Option<&str>) -> PathBuf {
    let to = row.keep.path().join(name);
    fs::create_dir(&to).unwrap();
    for file in ["apiclient_cert.pem", "apiclient_key.pem", "api_key", "workwx_secret"] {
        fs::copy(row.sandbox.merchant_file(file), to.join(file)).unwrap();
    }
    if let Some(api_key) = api_key {
        fs::write(to.join("api_key"), api_key).unwrap();
    }
    let text = fs::read_to_string(row.sandbox.profile()).unwrap();
    let ca = row.sandbox.merchant_file("../../ca.pem").canonicalize().unwrap();
    let text = text.replace("../../ca.pem", ca.to_str().unwrap());
    let text = text.replace("p12_file = \"apiclient_cert.p12\"\n", "");
    let profile = to.join("merchant.toml");
    fs::write(&profile, text).unwrap();
    profile
}

#[test]
fn a_changed_profile_changes_the_folders_merchant() {
    let row = Row::start();
    let dir = row.dir();
    drop(row.first_start());
    let local = |name: &str| fs::read(dir.join("merchants/10000098").join(name)).unwrap();
    let certificate = local("apiclient_cert.pem");
    let changed = real_profile(&row, "real", Some("anotherkeyanotherkeyanotherkey12\n"));
    let upstream = changed.to_str().unwrap();
    for _ in 0..2 {
        drop(Gateway::start(&dir, &["--upstream", upstream]));
        assert_eq!(local("api_key"), b"anotherkeyanotherkeyanotherkey12\n");
        assert_eq!(local("apiclient_cert.pem"), certificate);
        let dir = dir.to_str().unwrap();
        let shown = hongbao(&["merchant", "--dir", dir, "show", "--json", "10000098"]);
        assert_eq!(shown.json()[0]["key_version"], 2, "{shown:?}");
    }
}

#[test]
fn an_expired_certificate_takes_no_memory_away() {
    let row = Row::start();
    let dir = row.dir();
    let real = real_profile(&row, "real", None);
    let upstream = ["--upstream", real.to_str().unwrap()];
    let gateway = Gateway::start(&dir, &upstream);
    assert_eq!(send(&dir, "1").exit, 0);
    row.sandbox.sandbox(&["deliver", "1"]);
    row.sandbox.sandbox(&["receive", "1"]);
    assert_eq!(status(&dir, "1"), "RECEIVED");
    drop(gateway);
    let read = |name| fs::read_to_string(row.sandbox.merchant_file(name)).unwrap();
    let authority = Authority::load(&read("../../ca.pem"), &read("../../ca_key.pem")).unwrap();
    let (from, to) = ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let lapsed = Validity { not_before: from.parse().unwrap(), not_after: to.parse().unwrap() };
    let issued = authority.issue_merchant_for("10000098", "x", lapsed).unwrap();
    fs::write(real.with_file_name("apiclient_cert.pem"), issued.cert_pem).unwrap();
    fs::write(real.with_file_name("apiclient_key.pem"), issued.key_pem.as_bytes()).unwrap();
    let _gateway = Gateway::start(&dir, &upstream);
    assert_eq!(status(&dir, "1"), "RECEIVED");
    // its certificate is refused, which is not the merchant's trouble
    assert_eq!(send(&dir, "2").exit, 7);
}

/// A start that is expected to fail, and its code.
fn refused(dir: &Path, more: &[&str]) -> String {
    let free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"];
    let said = hongbao(&[&["serve"], &free[..], &[dir.to_str().unwrap()], more].concat());
    assert_eq!((said.exit, said.stdout.as_str()), (9, ""), "{said:?}");
    assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
    let line = said.stderr.lines().find(|line| line.starts_with("error[")).unwrap();
    line["error[".len()..line.find(']').unwrap()].to_owned()
}

#[test]
fn each_bad_upstream_is_named() {
    let row = Row::start();
    let dir = row.dir();
    assert_eq!(refused(&dir, &["--upstream", "/nowhere/merchant.toml"]), "FILE_MISSING");
    assert!(!dir.exists(), "nothing was made");
    let real = row.sandbox.profile();
    let twice = real_profile(&row, "twice", None);
    let both = ["--upstream", &real, "--upstream", twice.to_str().unwrap()];
    assert_eq!(refused(&dir, &both), "UPSTREAM_TWICE");
    drop(row.first_start());
    assert_eq!(refused(&dir, &["--upstream", &profile(&dir)]), "UPSTREAM_IS_ITSELF");
    // a sandbox there would be taken for the payer
    let config = dir.join("hongbao.toml");
    let text = fs::read_to_string(&config).unwrap();
    let plain: Vec<&str> = text.lines().filter(|line| !line.starts_with("profiles = ")).collect();
    fs::write(&config, plain.join("\n")).unwrap();
    assert_eq!(refused(&dir, &[]), "GATEWAY_FOLDER");
}

#[test]
fn a_gateway_takes_the_policy_of_its_profile() {
    let row = Row::start();
    let dir = row.dir();
    let gateway = row.first_start();
    assert_eq!(send(&dir, "1").exit, 0);
    row.sandbox.fault("unsigned", "1", "query");
    let lenient = profile(&dir);
    let ask = ["query", "--no-ledger", "--profile", &lenient, "--policy", "verify-if-present", "1"];
    assert_eq!(hongbao(&ask).exit, 7, "an unsigned record is none");
    drop(gateway);
    row.sandbox.tune("signature_policy = \"verify_if_present\"\n");
    let gateway = row.first_start();
    assert_eq!(hongbao(&ask).exit, 0, "now it is one");
    drop(gateway);
}

#[test]
fn who_needs_a_person_at_the_gateway_is_listed_and_dismissed() {
    let row = Row::start();
    row.sandbox.tune("unknown_max = \"0s\"\n");
    let dir = row.dir();
    let gateway = row.first_start();
    assert_eq!(hongbao(&["query", "--no-ledger", "--profile", &profile(&dir), "TYPO"]).exit, 6);
    let look = |args: &[&str]| hongbao(&[args, &["--dir", dir.to_str().unwrap()]].concat());
    let listed = look(&["attention", "--json"]);
    assert_eq!((listed.exit, listed.json()[0]["mch_billno"].as_str()), (6, Some("TYPO")));
    drop(gateway);
    let named = look(&["records", "--json", "--attention", "--merchant", "10000098"]);
    assert_eq!(named.json()[0]["mch_billno"], "TYPO");
    assert_eq!(look(&["records", "--merchant", "10000099"]).exit, 9);
    assert_eq!(look(&["attention", "--dismiss", "NEVERSEEN"]).exit, 6);
    assert_eq!(look(&["attention", "--dismiss", "TYPO"]).exit, 0);
    assert_eq!(look(&["attention"]).exit, 0);
    let history = look(&["history", "--json", "TYPO"]).json();
    assert_eq!(history.last().unwrap()["event"], "dismissed");
    let sandbox = row.sandbox.merchant_file("../..");
    let said = hongbao(&["attention", "--dir", sandbox.to_str().unwrap()]);
    assert!(said.stderr.starts_with("error[NOT_A_GATEWAY]: "), "{said:?}");
}
