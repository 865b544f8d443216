//! `hongbao ledger`, on the ledgers that a real `hongbao serve` and its merchant filled.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::folder::{Folder, MCH_ID, Whole, failed, mode};
use support::{OPENID, Served, hongbao, hongbao_in};

#[test]
fn a_head_is_signed_kept_and_held_against_the_ledger() {
    let folder = Folder::new();
    let head = folder.at("head.json");
    let said = folder.run(&["head", "-o", &head]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""), "{said:?}");
    assert_eq!(mode(&folder.path("data/head.key")), 0o600);
    assert_eq!(mode(&folder.path("head.json")), 0o644);
    let file: Value = serde_json::from_slice(&fs::read(&head).unwrap()).unwrap();
    let key = file["public_key"].as_str().unwrap().to_owned();
    assert!(said.stderr.contains(&format!("give auditors its public key: {key}")), "{said:?}");
    assert_eq!((&file["format"], &file["version"]), (&json!("hongbao-head"), &json!(1)));
    assert_eq!(file["heads"][0]["mch_id"], MCH_ID);
    failed(&folder.run(&["head", "-o", &head]), 9, "FILE_EXISTS");
    let printed = folder.run(&["head"]);
    assert_eq!(printed.json_whole()["public_key"], json!(key), "the key stays");
    assert!(!printed.stderr.contains("is new"), "{printed:?}");

    let verify = |more: &[&str]| folder.run(&[&["verify", "--head", &head], more].concat());
    assert_eq!(verify(&["--public-key", &key]).exit, 0);
    fs::write(folder.path("public"), format!("{key}\n")).unwrap();
    assert_eq!(verify(&["--public-key", &folder.at("public")]).exit, 0);
    let unproven = verify(&[]);
    assert_eq!(unproven.exit, 0, "{unproven:?}");
    assert!(unproven.stderr.contains("says itself who signed it"), "{unproven:?}");
    failed(&verify(&["--public-key", &"0".repeat(64)]), 9, "HEAD_OTHER_KEY");
    failed(&verify(&["--public-key", &key[1..]]), 9, "FILE_MISSING");

    let text = fs::read_to_string(&head).unwrap();
    let position = file["heads"][0]["position"].as_u64().unwrap();
    let changed = text.replace(&format!("\"position\": {position}"), "\"position\": 1");
    assert_ne!(text, changed);
    fs::write(&head, changed).unwrap();
    failed(&verify(&[]), 9, "HEAD_SIGNATURE");
    for bad in [
        "",
        "{}",
        "[]",
        &text.replace("hongbao-head", "another"),
        &text.replace("records", "books"),
    ] {
        fs::write(&head, bad).unwrap();
        failed(&verify(&[]), 9, "HEAD_UNREADABLE");
    }
    fs::write(folder.path("data/head.key"), "no key").unwrap();
    failed(&folder.run(&["head"]), 9, "HEAD_KEY");
    fs::set_permissions(folder.path("data/head.key"), fs::Permissions::from_mode(0o644)).unwrap();
    failed(&folder.run(&["head"]), 9, "SECRET_OPEN_TO_OTHERS");
}

#[test]
fn a_head_of_a_ledger_that_was_put_back_or_made_anew_is_not_passed_through() {
    let folder = Folder::new();
    let key = folder.run(&["head"]).json_whole()["public_key"].as_str().unwrap().to_owned();
    // a change, then a head, then the ledger of before
    let before = folder.at("before.sqlite");
    assert_eq!(folder.run(&["backup", &before]).exit, 0);
    assert_eq!(folder.run(&["forget", OPENID]).exit, 9, "OPEN1 is open");
    folder.close_open();
    assert_eq!(folder.run(&["forget", OPENID]).exit, 0);
    let head = folder.at("head.json");
    assert_eq!(folder.run(&["head", "-o", &head]).exit, 0);
    let said = hongbao(&[
        "ledger",
        "verify",
        "--head",
        &head,
        "--public-key",
        &key,
        "--json",
        "--ledger",
        &before,
        "--key-file",
        &folder.at("data/ledger.key"),
    ]);
    assert_eq!(said.exit, 9, "{said:?}");
    let fault = &said.json()[0];
    assert_eq!(
        (&fault["fault"], &fault["book"], &fault["mch_id"]),
        (&json!("earlier_head_missing"), &json!("records"), &json!(MCH_ID))
    );
}

#[test]
fn a_copy_is_whole_has_its_own_key_and_is_taken_by_a_server() {
    let folder = Folder::new();
    let to = folder.at("copy.sqlite");
    let said = hongbao(&["ledger", "copy", "--json", &folder.data(), &to]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.stderr.contains("keep a copy of that apart from the ledger"), "{said:?}");
    let first = said.json().remove(0);
    assert_eq!(
        (&first["packets"], &first["behind"], &first["merchants"]),
        (&json!(3), &json!(0), &json!(1))
    );
    assert_eq!(first["entries"], first["brought"]);
    assert_eq!((mode(Path::new(&to)), mode(&folder.path("copy.key"))), (0o600, 0o600));
    assert_ne!(
        fs::read(folder.path("copy.key")).unwrap(),
        fs::read(folder.path("data/ledger.key")).unwrap()
    );
    let again = hongbao(&["ledger", "copy", "--json", &folder.data(), &to]).json().remove(0);
    assert_eq!((&again["brought"], &again["entries"]), (&json!(0), &first["entries"]));
    assert_eq!(
        (&again["chains_sha256"], &again["packets_sha256"]),
        (&first["chains_sha256"], &first["packets_sha256"])
    );
    let show = |ledger: &[&str]| {
        let args = ["merchant", "show", "--json", MCH_ID, "--dir", &folder.data()];
        hongbao(&[&args[..], ledger].concat()).json().remove(0)
    };
    assert_eq!(show(&[]), show(&["--ledger", &to]), "the merchant came along");
    let verified = hongbao(&["ledger", "verify", "--ledger", &to]);
    assert_eq!(verified.exit, 0, "{verified:?}");
    let people = hongbao_in("zh_CN.UTF-8", &["ledger", "copy", &folder.data(), &to]);
    assert!(people.stdout.starts_with("商户：1；条目："), "{people:?}");
}

#[test]
fn a_copy_onto_itself_or_onto_another_ledger_is_refused() {
    let folder = Folder::new();
    let own = folder.at("data/ledger.sqlite");
    for to in [
        folder.data(),
        own.clone(),
        folder.at("data/hongbao.toml"),
        folder.at("data/./ledger.sqlite"),
    ] {
        failed(&hongbao(&["ledger", "copy", &own, &to]), 2, "LEDGER_SAME");
    }
    let (link, hard) = (folder.at("link.sqlite"), folder.at("hard.sqlite"));
    std::os::unix::fs::symlink(&own, &link).unwrap();
    fs::hard_link(&own, &hard).unwrap();
    for to in [&link, &hard] {
        failed(&hongbao(&["ledger", "copy", &own, to]), 2, "LEDGER_SAME");
        fs::remove_file(to).unwrap();
    }
    let to = folder.at("copy.sqlite");
    let from = folder.at("nothing.sqlite");
    failed(&hongbao(&["ledger", "copy", &from, &to]), 9, "LEDGER_MISSING");
    assert!(!Path::new(&to).exists());
    let profile = folder.profile();
    assert_eq!(hongbao(&["ledger", "copy", &own, &to]).exit, 0);
    failed(&hongbao(&["ledger", "copy", &profile, &to]), 9, "LEDGER_DIFFERENT");
    fs::remove_file(&to).unwrap();
    failed(&hongbao(&["ledger", "copy", &own, &to]), 9, "LEDGER_MISSING");
}

#[test]
fn a_receiver_is_forgotten_once_nothing_is_open_and_the_chain_holds() {
    let folder = Folder::new();
    let said = folder.run(&["forget", OPENID]);
    failed(&said, 9, "PACKET_STILL_OPEN");
    assert!(said.stderr.contains("still open: merchant 10000098, `OPEN1`\n"), "{said:?}");
    assert!(!said.stderr.contains("`DONE1`"), "{said:?}");
    folder.close_open();
    let none = folder.json(&["forget", "--merchant", "nobody", OPENID]);
    assert_eq!((&none["packets"], &none["messages"]), (&json!(0), &json!(0)));
    let forgotten = folder.json(&["forget", OPENID, OPENID]);
    assert_eq!(forgotten["packets"], 3);
    assert!(forgotten["messages"].as_u64().unwrap() >= 3, "{forgotten}");
    let alias = forgotten["alias"].as_str().unwrap();
    assert!(alias.starts_with("forgotten-") && alias.len() == 26, "{alias}");
    let bytes = fs::read(folder.path("data/ledger.sqlite")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(alias));
    assert_eq!(folder.json(&["forget", OPENID])["packets"], 0);
}

#[test]
fn many_receivers_come_from_a_file_and_are_erased() {
    let folder = Folder::new();
    folder.close_open();
    let list = folder.at("list");
    fs::write(&list, format!("\u{feff}oNobody\r\n\n{OPENID}\n")).unwrap();
    let said = folder.run(&["forget", "--json", "--erase", "--file", &list]);
    assert_eq!(said.exit, 0, "{said:?}");
    let lines = said.json();
    assert_eq!(
        (lines.len(), &lines[0]["packets"], &lines[1]["packets"]),
        (2, &json!(0), &json!(3))
    );
    assert_eq!(lines[1]["alias"], "erased");
    fs::write(&list, "oGood\nwith blank\n").unwrap();
    let said = folder.run(&["forget", "--file", &list]);
    failed(&said, 2, "USAGE");
    assert!(said.stderr.contains("line 2") && !said.stderr.contains("with blank"), "{said:?}");
    failed(&folder.run(&["forget", "--file", &folder.at("none")]), 9, "FILE_MISSING");
    fs::write(&list, [0xff]).unwrap();
    failed(&folder.run(&["forget", "--file", &list]), 9, "FILE_NOT_UTF8");
    fs::File::create(&list).unwrap().set_len((16 << 20) + 1).unwrap();
    let said = folder.run(&["forget", "--file", &list]);
    failed(&said, 2, "USAGE");
    assert!(said.stderr.contains("is longer than 16 MiB; nobody was forgotten"), "{said:?}");
    failed(&folder.run(&["forget"]), 2, "USAGE");
}

#[test]
fn raw_messages_are_trimmed_by_days_and_the_chain_holds() {
    let folder = Folder::new();
    failed(&folder.run(&["trim"]), 2, "USAGE");
    assert_eq!(folder.json(&["trim", "--days", "1"])["removed"], 0, "all of it is of today");
    folder.old_entries();
    assert_eq!(folder.json(&["trim", "--days", "36500"])["removed"], 0);
    assert_eq!(folder.json(&["trim", "--days", "30"])["removed"], 1);
    assert_eq!(folder.json(&["trim", "--days", "30"])["removed"], 0);
    assert_eq!(folder.run(&["verify"]).exit, 0, "the hash stays");
    failed(&folder.run(&["trim", "--days", "0"]), 2, "USAGE");
    folder.configure("#raw_replies_days = 0", "raw_replies_days = 30");
    let said = folder.run(&["trim"]);
    assert!(
        said.stdout.starts_with("raw messages removed: 0, all of them from before 20"),
        "{said:?}"
    );
    let profile = folder.profile();
    let trim = ["ledger", "trim", "--profile", &profile];
    failed(&hongbao(&trim), 2, "USAGE");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, format!("{text}raw_replies_days = 30\n")).unwrap();
    assert_eq!(hongbao(&trim).exit, 0);
}

#[test]
fn a_running_server_trims_by_itself() {
    let folder = Folder::new();
    folder.old_entries();
    folder.configure("#raw_replies_days = 0", "raw_replies_days = 30");
    folder.serve_until(&[], "raw messages trimmed removed=1");
    assert_eq!(folder.json(&["trim", "--days", "30"])["removed"], 0);
    assert_eq!(folder.run(&["verify"]).exit, 0);
}

#[test]
fn every_kind_of_tampering_is_found_where_it_is() {
    let faults = |sql: &str| -> Vec<Value> {
        let folder = Folder::new();
        folder.tamper(sql);
        let said = folder.run(&["verify", "--json"]);
        failed(&said, 9, "LEDGER_FAULTS");
        let mut lines = said.json();
        let whole = lines.pop().unwrap();
        assert_eq!((&whole["is_clean"], &whole["faults"]), (&json!(false), &json!(lines.len())));
        lines
    };
    let gist = |fault: &Value| json!([fault["fault"], fault["position"], fault["mch_billno"]]);
    let changed = faults("UPDATE history SET event = 'accepted!' WHERE position = 2");
    assert_eq!(gist(&changed[0])[0], "entry_changed");
    assert_eq!(gist(&changed[0])[1], 2);
    let removed = faults("DELETE FROM history WHERE position = 2");
    assert_eq!(gist(&removed[0]), json!(["entries_missing", 2, null]));
    let newest = "(SELECT max(position) FROM history)";
    let cut = faults(&format!("DELETE FROM history WHERE position = {newest}"));
    assert_eq!(gist(&cut[0])[0], "entries_cut");
    let amount = faults("UPDATE records SET total_amount = 101 WHERE mch_billno = 'DONE1'");
    assert_eq!(gist(&amount[0]), json!(["packet_changed", null, "DONE1"]));
    let message = faults("UPDATE history SET raw = x'00' WHERE raw IS NOT NULL AND position = 1");
    assert_eq!(gist(&message[0])[0], "entry_changed");
    let folder = Folder::new();
    folder.tamper("UPDATE records SET total_amount = 101 WHERE mch_billno = 'DONE1'");
    let people = hongbao_in("zh_CN.UTF-8", &["ledger", "verify", "--dir", &folder.data()]);
    assert!(
        people.stdout.contains("packet_changed") && people.stdout.contains("DONE1"),
        "{people:?}"
    );
    assert!(people.stderr.contains("账本不是当初写下的样子"), "{people:?}");
    failed(
        &hongbao(&["ledger", "copy", &folder.data(), &folder.at("copy.sqlite")]),
        9,
        "LEDGER_COPY_UNCLEAN",
    );
}

#[test]
fn a_backup_of_a_running_server_is_whole_and_restores() {
    let served = Served::start();
    served.send("BEFORE1");
    let folder = served.folder();
    let (data, backup) = (folder.join("data"), folder.join("backup.sqlite"));
    let (data, backup) = (data.to_str().unwrap(), backup.to_str().unwrap());
    let said = hongbao(&["ledger", "backup", backup, "--full", "--json", "--dir", data]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert_eq!((&said.json()[0]["verified"], mode(Path::new(backup))), (&json!(true), 0o600));
    assert!(!Path::new(&format!("{backup}-wal")).exists());
    served.send("AFTER1");
    let again = hongbao(&["ledger", "backup", backup, "--dir", data]);
    failed(&again, 9, "FILE_EXISTS");
    let to = folder.join("restored.sqlite");
    let to = to.to_str().unwrap();
    failed(&hongbao(&["ledger", "restore", backup, to]), 9, "LEDGER_KEY_FILE");
    let key = format!("{data}/ledger.key");
    let restored = hongbao(&["ledger", "restore", backup, to, "--full", "--key-file", &key]);
    assert_eq!(restored.exit, 0, "{restored:?}");
    assert_eq!((mode(Path::new(to)), mode(&folder.join("restored.key"))), (0o600, 0o600));
    let info = hongbao(&["ledger", "info", "--json", "--ledger", to]);
    assert_eq!(info.json()[0]["records"]["packets"], 1, "{info:?}");
    failed(&hongbao(&["ledger", "restore", backup, to]), 9, "FILE_EXISTS");
    failed(&hongbao(&["ledger", "restore", backup, data]), 9, "FILE_EXISTS");
}

#[test]
fn a_bad_backup_is_not_put_in_place() {
    let folder = Folder::new();
    let (backup, to, key) =
        (folder.at("backup"), folder.at("to.sqlite"), folder.at("data/ledger.key"));
    let restore = || {
        let said = hongbao(&["ledger", "restore", &backup, &to, "--key-file", &key]);
        assert!(!Path::new(&to).exists() && !folder.path("to.key").exists(), "{said:?}");
        said
    };
    failed(&restore(), 9, "FILE_MISSING");
    assert_eq!(folder.run(&["backup", &backup]).exit, 0);
    let whole = fs::read(&backup).unwrap();
    for (bytes, code) in [
        (&b""[..], "LEDGER_DAMAGED"),
        (b"no database", "LEDGER_DAMAGED"),
        (&whole[..whole.len() - 100], "LEDGER_DAMAGED"),
    ] {
        fs::write(&backup, bytes).unwrap();
        failed(&restore(), 9, code);
    }
    fs::write(&backup, &whole).unwrap();
    fs::write(folder.path("backup-wal"), "log").unwrap();
    failed(&restore(), 9, "BACKUP_IN_USE");
    fs::remove_file(folder.path("backup-wal")).unwrap();
    fs::write(folder.path("to.sqlite-wal"), "log").unwrap();
    failed(&restore(), 9, "FILE_EXISTS");
    fs::remove_file(folder.path("to.sqlite-wal")).unwrap();
    fs::write(folder.path("wrong.key"), [7; 32]).unwrap();
    fs::set_permissions(folder.path("wrong.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let wrong =
        hongbao(&["ledger", "restore", &backup, &to, "--key-file", &folder.at("wrong.key")]);
    failed(&wrong, 9, "LEDGER_UNSEALABLE");
    let connection = rusqlite::Connection::open(&backup).unwrap();
    connection.execute("UPDATE records SET total_amount = 101", []).unwrap();
    drop(connection);
    let full = hongbao(&["ledger", "restore", &backup, &to, "--full", "--key-file", &key]);
    failed(&full, 9, "LEDGER_FAULTS");
    assert!(!Path::new(&to).exists());
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 3, "no drafts are left");
}

#[test]
fn a_backup_into_a_folder_that_cannot_be_written_says_so() {
    let folder = Folder::new();
    let nowhere = folder.run(&["backup", &folder.at("none/backup")]);
    failed(&nowhere, 9, "FILE_NOT_WRITTEN");
    let head = folder.run(&["head", "-o", &folder.at("none/head")]);
    failed(&head, 9, "FILE_NOT_WRITTEN");
}
