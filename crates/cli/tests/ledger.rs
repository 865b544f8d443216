//! `hongbao ledger`, and `--ledger`: on the ledgers that a real `hongbao serve` and its merchant filled.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_ledger::{
    Commit, Entry, Expect, Filter, Key, Ledger, Record, SealKey, Source, SqliteLedger,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use support::{OPENID, Said, Served, command, hongbao, hongbao_in};
use tempfile::TempDir;

const MCH_ID: &str = "10000098";

/// A server's folder whose server stopped, with three packets: DONE1 received, FAIL1 failed, OPEN1 open.
static FILLED: LazyLock<TempDir> = LazyLock::new(|| {
    let served = Served::start();
    for billno in ["DONE1", "FAIL1", "OPEN1"] {
        served.send(billno);
    }
    served.sandbox(&["receive", "DONE1"]);
    served.sandbox(&["fail", "FAIL1"]);
    let asked = served.query(&["DONE1", "FAIL1", "OPEN1"]);
    assert_eq!(asked.exit, 6, "{asked:?}");
    served.stop()
});

/// A copy of that folder, to do with as a test likes.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_all(&FILLED.path().join("data"), &folder.path().join("data"));
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path as the command line takes it.
    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn data(&self) -> String {
        self.at("data")
    }

    fn profile(&self) -> String {
        self.at("data/merchants/10000098/merchant.toml")
    }

    /// `hongbao ledger …` on the server's ledger.
    fn run(&self, args: &[&str]) -> Said {
        let data = self.data();
        hongbao(&[&["ledger", args[0], "--dir", &data], &args[1..]].concat())
    }

    /// The same as JSON, which must succeed.
    fn json(&self, args: &[&str]) -> Value {
        let said = self.run(&[args, &["--json"]].concat());
        assert_eq!(said.exit, 0, "{args:?} {said:?}");
        said.json().pop().unwrap()
    }

    /// Changes the server's ledger behind hongbao's back.
    fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path("data/ledger.sqlite")).unwrap();
        let changed = connection.execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[track_caller]
fn failed(said: &Said, exit: i32, code: &str) {
    assert_eq!(said.exit, exit, "{said:?}");
    assert!(said.stderr.contains(&format!("error[{code}]: ")), "{said:?}");
    assert!(said.stderr.contains("\nhint: "), "{said:?}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

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
    refused("LEDGER_STORAGE");
}

impl Folder {
    /// Makes the ledger one of a newer version.
    fn newer(&self) {
        let connection = rusqlite::Connection::open(self.path("data/ledger.sqlite")).unwrap();
        connection.pragma_update(None, "user_version", 1_000_000).unwrap();
    }
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

impl Folder {
    /// The server's ledger, opened as a program opens it.
    fn ledger(&self) -> SqliteLedger {
        let key = SealKey::load(self.path("data/ledger.key")).unwrap();
        SqliteLedger::open(self.path("data/ledger.sqlite"), key).unwrap()
    }

    /// Nothing of any packet is due any more.
    fn close_open(&self) {
        let ledger = self.ledger();
        wait(async {
            let filter = Filter { limit: 1000, ..Filter::default() };
            for record in ledger.records(MCH_ID, &filter).await.unwrap() {
                if record.due_at.is_none() {
                    continue;
                }
                let expect = Expect::Version(record.version);
                let record = Record { due_at: None, ..record };
                let (budget, refund) = (None, None);
                let entries = vec![entry("closed", Timestamp::UNIX_EPOCH, None)];
                let commit = Commit {
                    record,
                    expect,
                    entries,
                    reply: None,
                    budget,
                    refund,
                    findings: vec![],
                };
                ledger.commit(commit).await.unwrap();
            }
        });
    }

    /// An old entry with a raw message, and one without.
    fn old_entries(&self) {
        let ledger = self.ledger();
        let at: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
        wait(async {
            let key = Key::new(MCH_ID, "DONE1");
            let record = ledger.find(&key).await.unwrap().unwrap();
            let reply = ledger.reply(MCH_ID, "DONE1").await.unwrap();
            let entries =
                vec![entry("old", at, Some(b"<xml>long ago</xml>")), entry("older", at, None)];
            let expect = Expect::Version(record.version);
            let (budget, refund) = (None, None);
            let commit =
                Commit { record, expect, entries, reply, budget, refund, findings: vec![] };
            ledger.commit(commit).await.unwrap();
        });
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn entry(event: &str, at: Timestamp, raw: Option<&[u8]>) -> Entry {
    Entry { at, source: Source::Admin, event: event.into(), raw: raw.map(Into::into) }
}

impl Whole for Said {
    fn json_whole(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

trait Whole {
    /// All of stdout as one JSON value.
    fn json_whole(&self) -> Value;
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

impl Folder {
    /// Puts a line of the server's configuration in the place of another.
    fn configure(&self, line: &str, other: &str) {
        let path = self.path("data/hongbao.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(line), "{line}");
        fs::write(&path, text.replace(line, other)).unwrap();
    }

    /// Starts a server on the folder, and waits for a line of its log that holds `wanted`.
    fn serve_until(&self, more: &[&str], wanted: &str) {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut child = command()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
                "--dir",
                &self.data(),
            ])
            .args(more)
            .stderr(writer)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut log = String::new();
        let found = BufReader::new(reader).lines().map_while(Result::ok).any(|line| {
            log.push_str(&line);
            line.contains(wanted)
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found, "{log}");
    }
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
