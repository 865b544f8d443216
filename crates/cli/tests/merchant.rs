//! `hongbao merchant`: on a folder alone and beside the server that runs in it.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
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

/// The code of a send, asked until it is `wanted`: a server takes note within a second.
fn becomes(profile: &str, billno: &str, wanted: i32) {
    let send = ["send", "--profile", profile, "--to", OPENID, "--amount", "1", "--billno", billno];
    let end = Instant::now() + Duration::from_secs(10);
    let mut said = hongbao(&send);
    while said.exit != wanted && Instant::now() < end {
        said = hongbao(&send);
    }
    assert_eq!(said.exit, wanted, "{said:?}");
}

#[test]
fn a_merchant_that_was_added_can_send_at_once_and_one_that_was_revoked_cannot() {
    let served = Served::start();
    let dir = dir(&served);
    let profile = added(&dir, "10000099");
    becomes(&profile, "m1", 0);
    let said = merchant(&dir, &["revoke", "10000099"]);
    assert_eq!((said.exit, said.stdout.trim().len()), (0, 40), "{said:?}");
    becomes(&profile, "m1", 4);
    let said = merchant(&dir, &["revoke", "10000099", "--reissue"]);
    assert_eq!(said.exit, 0, "{said:?}");
    becomes(&profile, "m1", 0);
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
    assert!(page.stdout.contains("balance             5.00\n"), "{}", page.stdout);
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
    let served = Served::start();
    let dir = dir(&served);
    let add = ["add", "10000099", "--appid", "wx1", "--name", "某公司", "--balance", "5", "--json"];
    let object = merchant(&dir, &add).json().remove(0);
    assert_eq!((&object["mch_id"], &object["name"]), (&"10000099".into(), &"某公司".into()));
    assert!(object["added_at"].as_str().unwrap().ends_with("+08:00"), "{object}");
    let profile = object["profile"].as_str().unwrap();
    assert!(Path::new(profile).exists(), "{profile}");

    let revoked = merchant(&dir, &["revoke", "10000099", "--reissue", "--json"]).json().remove(0);
    let (old, new) = (revoked["revoked"].as_str().unwrap(), revoked["reissued"].as_str().unwrap());
    assert_ne!(old, new);
    becomes(profile, "r1", 0);
    // as `openssl x509 -serial` prints it
    let said = merchant(&dir, &["revoke", "10000099", "--serial", &new.to_uppercase()]);
    assert_eq!(said.stdout, format!("{new}\n"), "{said:?}");
    becomes(profile, "r1", 4);
    let shown = merchant(&dir, &["show", "10000099", "--json"]).json().remove(0);
    assert_eq!(shown["revoked_serials"], serde_json::json!([old, new]));
    let said = merchant(&dir, &["revoke", "10000099", "--serial", "xyz"]);
    assert_eq!(said.exit, 2, "{said:?}");
}
