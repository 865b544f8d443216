//! Where a ledger is: `--ledger`, `ledger` of the configurations, and `hongbao ledger info`.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use support::folder::{Folder, failed};
use support::{hongbao, hongbao_in};

#[test]
fn info_says_where_a_ledger_is_and_what_it_holds() {
    let folder = Folder::new();
    let info = folder.json(&["info"]);
    assert_eq!((&info["kind"], &info["merchants"]), (&json!("sqlite"), &json!(1)));
    assert_eq!(info["place"], json!(folder.at("data/ledger.sqlite")));
    assert_eq!(info["durability"], json!({"journal_mode": "wal", "synchronous": "2"}));
    assert_eq!(info["records"]["packets"], 3);
    assert_eq!(info["inquiries"], json!({"packets": 0, "entries": 0}));
    assert!(
        info["bytes"].as_u64().unwrap() > 4096 && info["schema_version"].as_i64().unwrap() >= 3
    );
    let said = hongbao(&["ledger", "info", "--json", "--profile", &folder.profile()]);
    assert_eq!(said.json()[0]["inquiries"]["packets"], 3, "{said:?}");
    let at = hongbao(&["ledger", "info", "--ledger", &folder.at("data/ledger.sqlite")]);
    assert_eq!(at.exit, 0, "{at:?}");
    assert!(at.stdout.contains("\nrecords         packets: 3; entries: "), "{at:?}");
    let chinese = hongbao_in("zh_CN.UTF-8", &["ledger", "info", "--dir", &folder.data()]);
    assert!(chinese.stdout.contains("\nrecords         红包：3；条目："), "{chinese:?}");
}

#[test]
fn a_ledger_that_cannot_be_used_is_refused_by_every_command() {
    let folder = Folder::new();
    let (out, elsewhere) = (folder.at("out"), folder.at("elsewhere.sqlite"));
    let refused = |code: &str| {
        let at = folder.at("data/ledger.sqlite");
        let which = ["--ledger", at.as_str()];
        for args in [
            &["info"][..],
            &["verify"],
            &["head"],
            &["backup", &out],
            &["forget", "oAnybody"],
            &["trim", "--days", "1"],
        ] {
            failed(&hongbao(&[&["ledger"], args, &which[..]].concat()), 9, code);
        }
        failed(&hongbao(&["ledger", "copy", &at, &elsewhere]), 9, code);
        assert!(!folder.path("out").exists() && !folder.path("elsewhere.sqlite").exists());
    };
    let (file, key) = (folder.path("data/ledger.sqlite"), folder.path("data/ledger.key"));
    let (ledger_bytes, key_bytes) = (fs::read(&file).unwrap(), fs::read(&key).unwrap());
    fs::write(&key, [7; 32]).unwrap();
    refused("LEDGER_UNSEALABLE");
    fs::remove_file(&key).unwrap();
    refused("LEDGER_KEY_FILE");
    fs::write(&key, &key_bytes).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    refused("LEDGER_KEY_FILE");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "no database").unwrap();
    refused("LEDGER_DAMAGED");
    fs::write(&file, "").unwrap();
    refused("LEDGER_DAMAGED");
    fs::write(&file, &ledger_bytes).unwrap();
    folder.newer();
    refused("LEDGER_NEWER");
    fs::remove_file(&file).unwrap();
    refused("LEDGER_MISSING");
    fs::create_dir(&file).unwrap();
    let info = hongbao(&["ledger", "info", "--ledger", &folder.at("data/ledger.sqlite")]);
    failed(&info, 9, "LEDGER_STORAGE");
}

#[test]
fn a_password_in_a_url_is_refused_and_never_repeated() {
    let folder = Folder::new();
    let profile = folder.profile();
    let secret = "postgres://hongbao:marker@db.example/ledger";
    let also = "postgres://hongbao@db.example/ledger?sslmode=require&password=marker";
    for url in [secret, also] {
        for args in [
            &["serve", "--dir", &folder.data(), "--ledger", url][..],
            &["query", "--profile", &profile, "--ledger", url, "X1"],
            &["query", "--offline", "--profile", &profile, "--ledger", url, "X1"],
            &["records", "--profile", &profile, "--ledger", url],
            &["merchant", "--dir", &folder.data(), "list", "--ledger", url],
            &["ledger", "info", "--ledger", url],
            &["ledger", "copy", &folder.data(), url, "--to-key", "k"],
            &["doctor", "--offline", "--profile", &profile, "--ledger", url],
        ] {
            let said = hongbao(args);
            assert_eq!(said.exit, 9, "{said:?}");
            let all = said.stdout + &said.stderr;
            assert!(all.contains("LEDGER_URL_HAS_PASSWORD"), "{args:?}: {all}");
            assert!(!all.contains("marker"), "{args:?}: {all}");
        }
        let text = fs::read_to_string(&profile).unwrap();
        fs::write(&profile, format!("{text}ledger = \"{url}\"\n")).unwrap();
        let said = hongbao(&["records", "--profile", &profile]);
        failed(&said, 9, "LEDGER_URL_HAS_PASSWORD");
        assert!(!said.stderr.contains("marker"), "{said:?}");
        fs::write(&profile, text).unwrap();
    }
}

#[test]
fn what_is_no_place_of_a_database_is_refused() {
    let folder = Folder::new();
    let key = folder.at("data/ledger.key");
    for url in [
        "postgres://hongbao@db.example",
        "postgres://hongbao@db.example/ledger?sslmode=perhaps",
        "postgres://hongbao@db.example/ledger?unknown=1",
        "postgres:///ledger",
        "postgresql://hongbao@db.example/ledger?sslmode=disable",
    ] {
        failed(
            &hongbao(&["ledger", "info", "--ledger", url, "--key-file", &key]),
            9,
            "LEDGER_ADDRESS",
        );
    }
    let bare = hongbao(&["ledger", "info", "--ledger", "postgres://hongbao@127.0.0.1:1/ledger"]);
    failed(&bare, 2, "LEDGER_KEY_NEEDED");
    let url = "postgres://hongbao@127.0.0.1:1/ledger";
    let said = hongbao(&["ledger", "info", "--dir", &folder.data(), "--ledger", url]);
    failed(&said, 9, "LEDGER_UNREACHABLE");
    assert!(said.stderr.contains("`postgres://hongbao@127.0.0.1:1/ledger`"), "{said:?}");
    let said = hongbao(&["query", "--profile", &folder.profile(), "--ledger", url, "X1"]);
    failed(&said, 9, "LEDGER_UNREACHABLE");
}

#[test]
fn a_ledger_may_be_elsewhere_than_the_profile_says() {
    let folder = Folder::new();
    let (profile, other) = (folder.profile(), folder.at("other.sqlite"));
    let offline = ["query", "--offline", "--profile", &profile];
    assert_eq!(hongbao(&[&offline[..], &["DONE1"]].concat()).exit, 0);
    let missing = hongbao(&[&offline[..], &["--ledger", &other, "DONE1"]].concat());
    failed(&missing, 9, "LEDGER_MISSING");
    let from = folder.at("data/merchants/10000098/ledger.sqlite");
    assert_eq!(hongbao(&["ledger", "copy", &from, &other]).exit, 0);
    assert_eq!(hongbao(&[&offline[..], &["--ledger", &other, "DONE1"]].concat()).exit, 0);
    let records = hongbao(&["records", "--json", "--profile", &profile, "--ledger", &other]);
    assert_eq!(records.json().len(), 3, "{records:?}");
    // the former name of the key
    let text = fs::read_to_string(&profile).unwrap();
    for line in [format!("ledger_file = \"{other}\"\n"), format!("ledger = \"{other}\"\n")] {
        fs::write(&profile, format!("{text}{line}")).unwrap();
        fs::rename(folder.path("data/merchants/10000098/ledger.sqlite"), folder.path("away"))
            .unwrap();
        assert_eq!(hongbao(&[&offline[..], &["DONE1"]].concat()).exit, 0, "{line}");
        fs::rename(folder.path("away"), folder.path("data/merchants/10000098/ledger.sqlite"))
            .unwrap();
    }
    fs::write(&profile, format!("{text}ledger = \"a\"\nledger_file = \"b\"\n")).unwrap();
    failed(&hongbao(&[&offline[..], &["DONE1"]].concat()), 9, "TOML");
}

#[test]
fn a_server_may_have_its_ledger_elsewhere_from_the_first_start_on() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let elsewhere = folder.at("elsewhere/ledger.db");
    fs::create_dir(folder.path("elsewhere")).unwrap();
    folder.serve_until(&["--ledger", &elsewhere], "ready");
    assert!(folder.path("elsewhere/ledger.key").exists());
    assert!(
        !folder.path("data/ledger.sqlite").exists() && !folder.path("data/ledger.key").exists()
    );
    folder.serve_until(&[], "ready");
    assert_eq!(folder.json(&["info"])["place"], json!(elsewhere));
    assert_eq!(folder.json(&["info"])["merchants"], 1);
    // what is gone is not made anew
    fs::remove_file(&elsewhere).unwrap();
    failed(&folder.run(&["info"]), 9, "LEDGER_MISSING");
    failed(&hongbao(&["serve", "--dir", &folder.data()]), 9, "LEDGER_MISSING");
}

#[test]
fn what_a_former_key_signed_is_shown_with_its_record() {
    let folder = Folder::new();
    let profile = folder.profile();
    let offline = || {
        let said = hongbao(&["query", "--offline", "--json", "--profile", &profile, "DONE1"]);
        said.json().remove(0)
    };
    let before = offline();
    assert_eq!(
        (&before["record"]["status"], &before["signature"]),
        (&json!("RECEIVED"), &json!("md5"))
    );
    let file = |name: &str| folder.path(&format!("data/merchants/10000098/{name}"));
    fs::rename(file("api_key"), file("old_key")).unwrap();
    fs::write(file("api_key"), "192006250b4c09247ec02edce69f6a2e\n").unwrap();
    fs::set_permissions(file("api_key"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(offline()["record"], json!(null), "nothing proves it any more");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text + "former_api_key_files = [\"old_key\"]\n").unwrap();
    assert_eq!(offline(), before);
}
