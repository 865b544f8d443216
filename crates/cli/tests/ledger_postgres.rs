//! A ledger in a real PostgreSQL: served from, asked through, copied to and from, refused where it must be.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_postgres_test::{Database, Settings, TestServer};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use support::{OPENID, Said, command};
use tempfile::TempDir;

const MCH_ID: &str = "10000098";

/// A database, a folder for a server, and the password of the database in a file.
struct Scene {
    server: &'static TestServer,
    database: Database,
    folder: TempDir,
}

impl Scene {
    /// `None` where PostgreSQL is not installed.
    fn new() -> Option<Self> {
        let server = TestServer::shared()?;
        let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
        let scene = Self { server, database, folder };
        fs::write(scene.path("password"), format!("{}\n", scene.database.password)).unwrap();
        fs::set_permissions(scene.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
        Some(scene)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn url(&self) -> &str {
        &self.database.url
    }

    /// The binary, told the password by the environment.
    fn run(&self, args: &[&str]) -> Said {
        said(command().env("PGPASSWORD", &self.database.password).args(args))
    }

    /// The same without the password.
    fn run_without(&self, args: &[&str]) -> Said {
        said(command().args(args))
    }

    /// Starts a server on that folder; `more` goes behind its arguments.
    fn serve(&self, name: &str, more: &[&str]) -> Serving {
        let mut child = command()
            .env("PGPASSWORD", &self.database.password)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
            .arg(self.path(name))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(self.path("log")).unwrap())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("ready "), "{ready:?} {}", self.log());
        Serving(child)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

/// A server that does not outlive the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(command: &mut std::process::Command) -> Said {
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    Said {
        exit: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn failed(said: &Said, exit: i32, code: &str) {
    assert_eq!(said.exit, exit, "{said:?}");
    assert!(said.stderr.contains(&format!("error[{code}]: ")), "{said:?}");
    assert!(said.stderr.contains("\nhint: "), "{said:?}");
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

#[test]
fn a_server_and_its_merchant_keep_what_they_know_in_a_database() {
    let Some(scene) = Scene::new() else { return };
    let serving = scene.serve("data", &["--ledger", scene.url()]);
    assert!(!scene.path("data/ledger.sqlite").exists() && scene.path("data/ledger.key").exists());
    let config = fs::read_to_string(scene.path("data/hongbao.toml")).unwrap();
    assert!(config.contains(&format!("\nledger = \"{}\"\n", scene.url())), "{config}");
    let profile = scene.at("data/merchants/10000098/merchant.toml");
    let merchant = |args: &[&str]| {
        let which = ["--profile", &profile, "--ledger", scene.url()];
        scene.run(&[&[args[0]], &which[..], &args[1..]].concat())
    };
    let sent = merchant(&["send", "--to", OPENID, "--amount", "1.00", "--billno", "PG1"]);
    // the profile has a key file of its own, which is not this database's
    failed(&sent, 9, "LEDGER_KEY_FILE");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text + "ledger_key_file = \"../../ledger.key\"\n").unwrap();
    let sent = merchant(&["send", "--to", OPENID, "--amount", "1.00", "--billno", "PG1"]);
    assert_eq!((sent.exit, sent.stderr.contains("is new")), (0, false), "{sent:?}");
    assert_eq!(merchant(&["query", "PG1"]).exit, 0);
    drop(serving);
    let offline = merchant(&["query", "--json", "--offline", "PG1"]);
    assert_eq!((offline.exit, &offline.json()[0]["source"]), (0, &json!("ledger")));
    let info =
        scene.run(&["ledger", "info", "--json", "--dir", &scene.at("data")]).json().remove(0);
    assert_eq!((&info["kind"], &info["place"]), (&json!("postgresql"), &json!(scene.url())));
    assert_eq!(
        (&info["records"]["packets"], &info["inquiries"]["packets"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&info["durability"]["fsync"], info["bytes"].is_u64()), (&json!("on"), true));
    // the folder stays one of the database
    drop(scene.serve("data", &[]));
    let merchants = scene.run(&["merchant", "list", "--dir", &scene.at("data")]);
    assert!(merchants.stdout.starts_with(MCH_ID), "{merchants:?}");
}

#[test]
fn the_password_comes_from_a_file_or_the_environment_and_from_nowhere_else() {
    let Some(scene) = Scene::new() else { return };
    let to = [scene.url(), "--to-key", &scene.at("to.key")];
    let from = scene.at("empty.sqlite");
    let other = scene.at("other.sqlite");
    make(&scene, &from);
    let copy = [&["ledger", "copy", &from][..], &to].concat();
    let without = scene.run_without(&copy);
    failed(&without, 9, "LEDGER_UNREACHABLE");
    assert!(without.stderr.contains("PGPASSWORD"), "{without:?}");
    let password = scene.at("password");
    let with_file = [&copy[..], &["--to-password-file", &password]].concat();
    assert_eq!(scene.run_without(&with_file).exit, 0);
    assert_eq!(scene.run(&copy).exit, 0);
    fs::write(scene.path("password"), "wrong\n").unwrap();
    let wrong = scene.run(&with_file);
    failed(&wrong, 9, "LEDGER_UNREACHABLE");
    assert!(!wrong.stderr.contains(&scene.database.password), "{wrong:?}");
    fs::set_permissions(scene.path("password"), fs::Permissions::from_mode(0o644)).unwrap();
    failed(&scene.run(&with_file), 9, "SECRET_OPEN_TO_OTHERS");
    failed(&scene.run(&["ledger", "copy", scene.url(), &other]), 2, "LEDGER_KEY_NEEDED");
}

/// A ledger in a file, of a server that was started once.
fn make(scene: &Scene, file: &str) {
    drop(scene.serve("made", &["--ledger", file]));
}

#[test]
fn a_ledger_goes_to_a_database_and_back_and_is_the_same() {
    let Some(scene) = Scene::new() else { return };
    let (from, back) = (scene.at("from.sqlite"), scene.at("back.sqlite"));
    let serving = scene.serve("made", &["--ledger", &from]);
    let profile = scene.at("made/merchants/10000098/merchant.toml");
    for billno in ["A1", "A2", "A3"] {
        let args =
            ["send", "--profile", &profile, "--to", OPENID, "--amount", "1", "--billno", billno];
        assert_eq!(scene.run(&args).exit, 0);
    }
    let key = scene.at("to.key");
    let hashes = |said: Said| -> Value {
        assert_eq!(said.exit, 0, "{said:?}");
        let copied = said.json().remove(0);
        json!([
            copied["chains_sha256"],
            copied["packets_sha256"],
            copied["entries"],
            copied["packets"]
        ])
    };
    // while it is in use
    scene.run(&["ledger", "copy", "--json", &from, scene.url(), "--to-key", &key]);
    drop(serving);
    let there =
        hashes(scene.run(&["ledger", "copy", "--json", &from, scene.url(), "--to-key", &key]));
    let returned =
        hashes(scene.run(&["ledger", "copy", "--json", scene.url(), &back, "--from-key", &key]));
    assert_eq!(there, returned);
    assert_eq!(returned[3], 3);
    // by the socket it is the same database
    let socket = &scene.database.socket_url;
    let onto_itself = ["ledger", "copy", scene.url(), socket, "--from-key", &key, "--to-key", &key];
    failed(&scene.run(&onto_itself), 2, "LEDGER_SAME");
    for args in [&["--ledger", &back][..], &["--ledger", scene.url(), "--key-file", &key]] {
        let verified = scene.run(&[&["ledger", "verify"], args].concat());
        assert_eq!(verified.exit, 0, "{verified:?}");
    }
    let balance = |ledger: &str| {
        let args =
            ["merchant", "show", "--json", MCH_ID, "--dir", &scene.at("made"), "--ledger", ledger];
        scene.run(&args).json().remove(0)
    };
    assert_eq!(balance(&from), balance(&back));
}

#[test]
fn a_database_that_lost_its_ledger_or_has_another_key_is_refused() {
    let Some(scene) = Scene::new() else { return };
    drop(scene.serve("data", &["--ledger", scene.url()]));
    let data = scene.at("data");
    let info = || scene.run(&["ledger", "info", "--dir", &data]);
    assert_eq!(info().exit, 0);
    // a second server on the same ledger needs the folder of the first
    let second = scene.run(&["serve", "--dir", &scene.at("second"), "--ledger", scene.url()]);
    failed(&second, 9, "LEDGER_KEY_FILE");
    copy_all(&scene.path("data"), &scene.path("third"));
    drop(scene.serve("third", &[]));
    let key = fs::read(scene.path("data/ledger.key")).unwrap();
    fs::write(scene.path("data/ledger.key"), [7; 32]).unwrap();
    failed(&info(), 9, "LEDGER_UNSEALABLE");
    fs::write(scene.path("data/ledger.key"), key).unwrap();
    scene.server.sql(&scene.database.name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    failed(&info(), 9, "LEDGER_MISSING");
    failed(&scene.run(&["serve", "--dir", &data]), 9, "LEDGER_MISSING");
    let profile = scene.at("data/merchants/10000098/merchant.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text + "ledger_key_file = \"../../ledger.key\"\n").unwrap();
    let asked = scene.run(&["query", "--profile", &profile, "--ledger", scene.url(), "X1"]);
    failed(&asked, 9, "LEDGER_MISSING");
    assert!(asked.stderr.contains("is gone, although its key file"), "{asked:?}");
    scene.server.sql(&scene.database.name, "CREATE TABLE theirs (a int)");
    let copy = ["ledger", "copy", &scene.at("none.sqlite"), scene.url(), "--to-key", "k"];
    failed(&scene.run(&copy), 9, "LEDGER_MISSING");
}

#[test]
fn a_forgetful_database_is_refused_or_warned_of_at_every_start() {
    let configuration = vec![("fsync".to_owned(), "off".to_owned())];
    let Some(server) = TestServer::start_with(Settings { configuration, ..Settings::default() })
    else {
        return;
    };
    let server: &'static TestServer = Box::leak(Box::new(server));
    let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
    let scene = Scene { server, database, folder };
    let refused = scene.run(&["serve", "--dir", &scene.at("data"), "--ledger", scene.url()]);
    failed(&refused, 9, "LEDGER_NOT_DURABLE");
    assert!(refused.stderr.contains("fsync=off"), "{refused:?}");
    drop(scene.serve("data", &["--ledger", &scene.at("file.sqlite")]));
    let config = scene.path("data/hongbao.toml");
    let text = fs::read_to_string(&config).unwrap();
    let line = text.lines().find(|line| line.starts_with("ledger = ")).unwrap();
    let allowed = format!("ledger = \"{}\"\nledger_allow_unsafe_durability = true", scene.url());
    fs::write(&config, text.replace(line, &allowed)).unwrap();
    let copied = scene.run(&["ledger", "copy", &scene.at("file.sqlite"), &scene.at("data")]);
    assert_eq!(copied.exit, 0, "{copied:?}");
    assert!(copied.stderr.contains("warning[LEDGER_NOT_DURABLE]: "), "{copied:?}");
    for _ in 0..2 {
        drop(scene.serve("data", &[]));
        assert!(scene.log().contains("LEDGER_NOT_DURABLE"), "{}", scene.log());
    }
    let doctor = scene.run(&["doctor", "--offline", "--json", "--dir", &scene.at("data")]);
    let finding = doctor.json().into_iter().find(|f| f["check"] == "ledger_durability").unwrap();
    assert_eq!(
        (&finding["code"], &finding["level"]),
        (&json!("LEDGER_NOT_DURABLE"), &json!("warning"))
    );
}

#[test]
fn doctor_looks_at_a_database_and_backup_leaves_it_to_its_own_tools() {
    let Some(scene) = Scene::new() else { return };
    drop(scene.serve("data", &["--ledger", scene.url()]));
    let data = scene.at("data");
    let findings = scene.run(&["doctor", "--offline", "--json", "--dir", &data]).json();
    let of = |check: &str| findings.iter().find(|f| f["check"] == check).unwrap().clone();
    for check in ["ledger", "ledger_durability", "ledger_tls"] {
        assert_eq!(of(check)["level"], "ok", "{}", of(check));
    }
    assert!(findings.iter().all(|finding| finding["check"] != "disk"));
    let away = scene.run_without(&["doctor", "--offline", "--json", "--dir", &data]).json();
    let ledger = away.iter().find(|f| f["check"] == "ledger").unwrap();
    assert_eq!(ledger["code"], "LEDGER_UNREACHABLE");
    let backup = scene.run(&["ledger", "backup", &scene.at("backup"), "--dir", &data]);
    failed(&backup, 9, "LEDGER_NOT_A_FILE");
    let restore = scene.run(&["ledger", "restore", &scene.at("backup"), &data]);
    failed(&restore, 9, "LEDGER_NOT_A_FILE");
}

#[test]
fn what_was_changed_in_a_database_is_found_and_a_signed_head_holds_it() {
    let Some(scene) = Scene::new() else { return };
    let serving = scene.serve("data", &["--ledger", scene.url()]);
    let profile = scene.at("data/merchants/10000098/merchant.toml");
    for billno in ["A1", "A2"] {
        let args =
            ["send", "--profile", &profile, "--to", OPENID, "--amount", "1", "--billno", billno];
        assert_eq!(scene.run(&args).exit, 0);
    }
    drop(serving);
    let (data, head) = (scene.at("data"), scene.at("head.json"));
    let ledger =
        |args: &[&str]| scene.run(&[&["ledger", args[0], "--dir", &data], &args[1..]].concat());
    assert_eq!(ledger(&["head", "-o", &head]).exit, 0);
    let verify = || ledger(&["verify", "--json", "--head", &head]);
    let clean = verify();
    assert_eq!((clean.exit, &clean.json()[0]["is_clean"]), (0, &json!(true)), "{clean:?}");
    scene
        .server
        .sql(&scene.database.name, "UPDATE records SET total_amount = 200 WHERE mch_billno = 'A2'");
    let said = verify();
    failed(&said, 9, "LEDGER_FAULTS");
    let faults: Vec<Value> = said.json();
    let gist = |fault: &Value| {
        json!([fault["fault"], fault["book"], fault["mch_id"], fault["mch_billno"]])
    };
    assert_eq!(gist(&faults[0]), json!(["packet_changed", "records", MCH_ID, "A2"]));
    assert_eq!(faults[1]["fault"], "total_differs");
    let tampered = "UPDATE totals SET received = received + 1 WHERE book = 'records'; \
         INSERT INTO totals SELECT 'nobody', 'inquiries', day, key, status, outcome, act_name, sender, \
         packets, ordered, received, refunded FROM totals WHERE book = 'records' LIMIT 1";
    scene.server.sql(&scene.database.name, tampered);
    let faults = verify().json();
    let totals = faults.iter().filter(|fault| fault["fault"] == "total_differs");
    let whose: Vec<Value> = totals.map(|fault| json!([fault["book"], fault["mch_id"]])).collect();
    assert!(whose.contains(&json!(["records", MCH_ID])), "{faults:?}");
    assert!(whose.contains(&json!(["inquiries", "nobody"])), "{faults:?}");
    let people = ledger(&["verify"]);
    assert!(people.stdout.contains("packet_changed") && people.stdout.contains("A2"), "{people:?}");
}
