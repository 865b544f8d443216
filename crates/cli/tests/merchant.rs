//! `hongbao merchant`: on a folder alone and beside the server that runs in it.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_ledger::{Ledger, SealKey, SqliteLedger};
use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, PipeReader};
use std::path::{Path, PathBuf};
use support::{OPENID, Said, Served, hongbao};

/// `hongbao merchant` in the folder of a server.
fn merchant(dir: &Path, args: &[&str]) -> Said {
    hongbao(&[&["merchant", "--dir", dir.to_str().unwrap()], args].concat())
}

fn dir(served: &Served) -> PathBuf {
    served.merchant_file("..").join("..").canonicalize().unwrap()
}

fn added(dir: &Path, mch_id: &str) -> String {
    let said = merchant(
        dir,
        &[
            "add",
            mch_id,
            "--appid",
            "wx1",
            "--appid",
            "wx2",
            "--company",
            "某公司",
            "--balance",
            "5",
        ],
    );
    assert_eq!(said.exit, 0, "{said:?}");
    let folder = dir.join("merchants").join(mch_id);
    assert_eq!(said.stdout, format!("{}\n", folder.display()));
    folder.join("merchant.toml").to_str().unwrap().to_owned()
}

/// A sandbox that says when a change of its merchants is in effect.
struct Heard {
    served: Served,
    dir: PathBuf,
    log: RefCell<BufReader<PipeReader>>,
}

impl Heard {
    fn start() -> Self {
        let (served, log) = Served::start_heard();
        let dir = dir(&served);
        Self { served, dir, log: RefCell::new(log) }
    }

    /// Waits until the server says that it goes by what the folder's ledger now holds.
    fn noted(&self) {
        let key = SealKey::load(self.dir.join("ledger.key")).unwrap();
        let ledger = SqliteLedger::open(self.dir.join("ledger.sqlite"), key).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let wanted = runtime.block_on(ledger.merchants_version()).unwrap();
        let mut line = String::new();
        while !line.contains("merchants changed") || version(&line) < wanted {
            line.clear();
            assert_ne!(self.log.borrow_mut().read_line(&mut line).unwrap(), 0, "it has ended");
        }
    }

    /// `hongbao merchant set 10000098`, in effect.
    fn set(&self, changes: &[&str]) {
        set(&self.dir, changes);
        self.noted();
    }

    /// The codes and the exit code of a query of A1.
    fn queried(&self) -> (Vec<String>, i32) {
        let said = self.served.query(&["A1"]);
        (err_codes(&said), said.exit)
    }

    /// The same of a send.
    fn told(&self, billno: &str) -> (Vec<String>, i32) {
        let said = self.served.send_with(billno, &["--json"]);
        (err_codes(&said), said.exit)
    }
}

/// The version of the merchants that a line of the log tells.
fn version(line: &str) -> u64 {
    let (_, version) = line.trim_end().split_once("version=").unwrap();
    version.parse().unwrap()
}

/// One code, or none, and an exit code.
fn answer(code: &str, exit: i32) -> (Vec<String>, i32) {
    (vec![code.to_owned()], exit)
}

/// The exit code of a send of that merchant.
fn send(profile: &str, billno: &str) -> i32 {
    let send = ["send", "--profile", profile, "--to", OPENID, "--amount", "1", "--billno", billno];
    hongbao(&send).exit
}

/// `hongbao merchant set 10000098`, which must succeed.
fn set(dir: &Path, changes: &[&str]) {
    let said = merchant(dir, &[&["set", "10000098"], changes].concat());
    assert_eq!(said.exit, 0, "{changes:?} {said:?}");
}

/// The codes of the answers, in their order.
fn err_codes(said: &Said) -> Vec<String> {
    let objects = said.json();
    objects.iter().map(|o| o["err_code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_merchant_that_was_added_can_send_at_once_and_one_that_was_revoked_cannot() {
    let heard = Heard::start();
    let profile = added(&heard.dir, "10000099");
    heard.noted();
    assert_eq!(send(&profile, "m1"), 0);
    let said = merchant(&heard.dir, &["revoke", "10000099"]);
    assert_eq!((said.exit, said.stdout.trim().len()), (0, 40), "{said:?}");
    heard.noted();
    assert_eq!(send(&profile, "m1"), 4);
    let said = merchant(&heard.dir, &["revoke", "10000099", "--reissue"]);
    assert_eq!(said.exit, 0, "{said:?}");
    heard.noted();
    assert_eq!(send(&profile, "m1"), 0);
}

#[test]
fn merchants_are_shown_without_their_secrets() {
    let served = Served::start();
    let dir = dir(&served);
    added(&dir, "10000099");
    let list = merchant(&dir, &["list", "--json"]);
    let ids: Vec<_> = list.json().iter().map(|object| object["mch_id"].clone()).collect();
    assert_eq!(ids, ["10000098", "10000099"]);
    let show = merchant(&dir, &["show", "10000099", "--json"]);
    let object = &show.json()[0];
    assert_eq!(object["name"], "某公司");
    assert_eq!(object["appids"], serde_json::json!(["wx1", "wx2"]));
    assert_eq!(object["balance"], 500);
    let page = merchant(&dir, &["show", "10000099"]);
    assert!(page.stdout.contains("balance                  5.00\n"), "{}", page.stdout);
    let folder = dir.join("merchants/10000099");
    for secret in ["api_key", "workwx_secret"] {
        let secret = fs::read_to_string(folder.join(secret)).unwrap();
        for said in [&list, &show, &page] {
            assert!(!format!("{said:?}").contains(secret.trim()));
        }
    }
}

#[test]
fn each_bad_call_has_its_code() {
    let served = Served::start();
    let dir = dir(&served);
    let code = |said: Said| {
        assert_eq!(said.exit, 9, "{said:?}");
        assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
        said.stderr[6..said.stderr.find(']').unwrap()].to_owned()
    };
    let key = fs::read(served.merchant_file("api_key")).unwrap();
    assert_eq!(code(merchant(&dir, &["add", "10000098", "--appid", "wx1"])), "MERCHANT_EXISTS");
    assert_eq!(fs::read(served.merchant_file("api_key")).unwrap(), key);
    assert_eq!(code(merchant(&dir, &["show", "1"])), "NO_MERCHANT");
    assert_eq!(code(merchant(&dir, &["revoke", "1"])), "NO_MERCHANT");
    assert_eq!(code(merchant(Path::new("/nowhere"), &["list"])), "DIR_NOT_OURS");
}

#[test]
fn scripts_add_and_revoke_too_also_an_older_certificate() {
    let heard = Heard::start();
    let dir = &heard.dir;
    let add = ["add", "10000099", "--appid", "wx1", "--name", "某公司", "--balance", "5", "--json"];
    let object = merchant(dir, &add).json().remove(0);
    assert_eq!((&object["mch_id"], &object["name"]), (&"10000099".into(), &"某公司".into()));
    assert!(object["added_at"].as_str().unwrap().ends_with("+08:00"), "{object}");
    let profile = object["profile"].as_str().unwrap();
    assert!(Path::new(profile).exists(), "{profile}");

    let revoked = merchant(dir, &["revoke", "10000099", "--reissue", "--json"]).json().remove(0);
    let (old, new) = (revoked["revoked"].as_str().unwrap(), revoked["reissued"].as_str().unwrap());
    assert_ne!(old, new);
    heard.noted();
    assert_eq!(send(profile, "r1"), 0);
    // as `openssl x509 -serial` prints it
    let said = merchant(dir, &["revoke", "10000099", "--serial", &new.to_uppercase()]);
    assert_eq!(said.stdout, format!("{new}\n"), "{said:?}");
    heard.noted();
    assert_eq!(send(profile, "r1"), 4);
    let shown = merchant(dir, &["show", "10000099", "--json"]).json().remove(0);
    assert_eq!(shown["revoked_serials"], serde_json::json!([old, new]));
    let said = merchant(dir, &["revoke", "10000099", "--serial", "xyz"]);
    assert_eq!(said.exit, 2, "{said:?}");
}

#[test]
fn a_merchant_without_the_product_has_no_authority() {
    let heard = Heard::start();
    heard.served.send("A1");
    heard.set(&["--product", "off"]);
    assert_eq!(heard.queried(), answer("NO_AUTH", 4));
    heard.set(&["--product", "on"]);
    assert_eq!(heard.queried(), answer("", 0));
}

#[test]
fn a_foreign_address_has_no_authority() {
    let heard = Heard::start();
    heard.served.send("A1");
    heard.set(&["--allow", "10.0.0.0/8"]);
    assert_eq!(heard.queried(), answer("NO_AUTH", 4));
    heard.set(&["--allow", "10.0.0.0/8", "--allow", "127.0.0.1"]);
    assert_eq!(heard.queried(), answer("", 0));
    heard.set(&["--allow", "2001:db8::1"]);
    assert_eq!(heard.queried(), answer("NO_AUTH", 4));
    heard.set(&["--allow-any"]);
    assert_eq!(heard.queried(), answer("", 0));
}

#[test]
fn a_closed_api_and_a_used_up_day_are_told_to_a_send() {
    let heard = Heard::start();
    heard.served.send("A1");
    heard.set(&["--api-send", "off"]);
    assert_eq!(heard.told("A2"), answer("API_METHOD_CLOSED", 4));
    heard.set(&["--api-send", "on", "--user-packets-per-day", "1"]);
    assert_eq!(heard.told("A2"), answer("SENDNUM_LIMIT", 6));
}

#[test]
fn a_chosen_pace_is_kept() {
    let heard = Heard::start();
    // none at all: what is permitted later, the client would wait for
    heard.set(&["--queries-per-second", "0"]);
    assert_eq!(heard.queried().0, ["FREQ_LIMIT"]);
    heard.set(&["--sends-per-minute", "0"]);
    assert_eq!(heard.told("A1").0, ["FREQ_LIMIT"]);
}

#[test]
fn every_setting_is_shown_as_it_was_set() {
    let served = Served::start();
    let dir = dir(&served);
    added(&dir, "10000099");
    let before = merchant(&dir, &["show", "10000099", "--json"]).json().remove(0);
    let changes = "--product off --api-send off --allow 10.1.2.3/8 --allow ::1 --appid wx3 --appid wx4 \
         --name 新名 --packet-min 0.30 --packet-max 300 --packet-max-with-scene 400 \
         --user-packets-per-day 3 --user-amount-per-day 500 --merchant-amount-per-day 600 \
         --queries-per-second 7 --sends-per-minute 8 --top-up 2.50 --json";
    let mut args = vec!["set", "10000099"];
    args.extend(changes.split_whitespace());
    let said = merchant(&dir, &args);
    let limits = serde_json::json!({
        "packet_min": 30, "packet_max": 30_000, "packet_max_with_scene": 40_000,
        "user_packets_per_day": 3, "user_amount_per_day": 50_000,
        "merchant_amount_per_day": 60_000, "queries_per_second": 7, "sends_per_minute": 8,
    });
    let wanted = serde_json::json!({
        "mch_id": "10000099", "name": "新名", "appids": ["wx3", "wx4"], "key_version": 1,
        "balance": 750, "product_enabled": false, "api_send_enabled": false,
        "address_whitelist": ["10.0.0.0/8", "::1"], "revoked_serials": [], "limits": limits,
        "added_at": before["added_at"],
    });
    assert_eq!((said.exit, said.json().remove(0), said.stderr.as_str()), (0, wanted, ""));

    let set = merchant(&dir, &["set", "10000099", "--allow-any"]);
    let show = merchant(&dir, &["show", "10000099"]);
    assert_eq!(set.stdout, show.stdout);
    let rows: Vec<(&str, &str)> =
        show.stdout.lines().map(|line| (line[..25].trim(), &line[25..])).collect();
    let shown = |name| rows.iter().find(|row| row.0 == name).unwrap().1;
    assert_eq!(shown("address_whitelist"), "none");
    assert_eq!(shown("merchant_amount_per_day"), "600.00");
    assert_eq!(shown("balance"), "7.50");
    for name in limits.as_object().unwrap().keys().chain(said.json()[0].as_object().unwrap().keys())
    {
        let has = name == "limits" || rows.iter().any(|row| row.0 == name);
        assert!(has, "{name}");
    }
}

#[test]
fn what_cannot_be_set_changes_nothing_and_says_why() {
    let served = Served::start();
    let dir = dir(&served);
    let before = merchant(&dir, &["show", "10000098"]).stdout;
    for (changes, why) in [
        (&[][..], "there is nothing to set"),
        (&["--json"], "there is nothing to set"),
        (&["--product", "off", "--allow", "10.0.0.0/33"], "it must be an address such as"),
        (&["--allow", ""], "it must be an address such as"),
        (&["--allow", "::1", "--allow-any"], "cannot be used with"),
        (&["--appid", ""], "it must have 1 to 32 characters"),
        (&["--product", "yes"], "it is one of `on`, `off`"),
        (&["--top-up", "0"], "an amount is in yuan, above zero"),
        (&["--queries-per-second", "-1"], "there is no argument `-1`"),
        (&["--queries-per-second", "many"], "cannot be `many`"),
        (&["--product", "off", "--packet-min", "201"], "201.00 yuan, would be above the greatest"),
    ] {
        let said = merchant(&dir, &[&["set", "10000098"], changes].concat());
        assert_eq!((said.exit, said.stdout.as_str()), (2, ""), "{changes:?} {said:?}");
        assert!(said.stderr.starts_with("error[USAGE]: "), "{changes:?} {said:?}");
        assert!(said.stderr.contains(why), "{changes:?} {said:?}");
    }
    let said = merchant(&dir, &["set", "1", "--product", "off"]);
    assert!((said.exit, said.stderr.starts_with("error[NO_MERCHANT]")) == (9, true), "{said:?}");
    let much = ["set", "10000098", "--product", "off", "--top-up", "92233720368547758.07"];
    let said = merchant(&dir, &much);
    assert!(
        (said.exit, said.stderr.starts_with("error[AMOUNT_OVERFLOW]")) == (9, true),
        "{said:?}"
    );
    assert_eq!(merchant(&dir, &["show", "10000098"]).stdout, before);
}

#[test]
fn changes_at_the_same_moment_are_all_kept() {
    let served = Served::start();
    let dir = dir(&served);
    let serials: Vec<String> = (10..18).map(|number| format!("0a{number}")).collect();
    std::thread::scope(|scope| {
        for serial in &serials {
            scope.spawn(|| {
                let said = merchant(&dir, &["revoke", "10000098", "--serial", serial]);
                assert_eq!(said.exit, 0, "{said:?}");
            });
        }
        scope.spawn(|| set(&dir, &["--sends-per-minute", "9", "--top-up", "1"]));
        scope.spawn(|| set(&dir, &["--name", "沙箱", "--top-up", "1"]));
    });
    let shown = merchant(&dir, &["show", "10000098", "--json"]).json().remove(0);
    let kept: std::collections::BTreeSet<&str> = shown["revoked_serials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|serial| serial.as_str().unwrap())
        .collect();
    assert_eq!(kept, serials.iter().map(String::as_str).collect());
    assert_eq!(shown["limits"]["sends_per_minute"], 9);
    assert_eq!((&shown["name"], &shown["balance"]), (&"沙箱".into(), &100_000_200.into()));
}
