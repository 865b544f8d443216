//! `hongbao serve`: what a first start makes, what each bad start says, and that what was
//! acknowledged is still there after a kill -9.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use support::{OPENID, Said, command, hongbao};
use tempfile::TempDir;

/// A folder that a first start made; tests copy it.
static MADE: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    Server::start(&dir.path().join("data")).stop("-TERM");
    dir
});

/// A running server; killed where a test ends without stopping it.
struct Server {
    child: Child,
    ready: String,
}

impl Server {
    fn start(dir: &Path) -> Self {
        let mut child = serve(dir, &[]).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        Self { child, ready: ready.trim_end().to_owned() }
    }

    /// Sends that signal; returns the exit code.
    fn stop(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(dir: &Path, more: &[&str]) -> Command {
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"]).arg(dir);
    serve.args(more).stdout(Stdio::piped()).stdin(Stdio::null());
    serve
}

/// A start that is expected to fail.
fn refused(dir: &Path, more: &[&str]) -> Said {
    let dir = dir.to_str().unwrap();
    let mut args = vec!["serve", "--dir", dir];
    let free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    for pair in free.chunks(2).filter(|pair| !more.contains(&pair[0])) {
        args.extend(pair);
    }
    args.extend(more);
    let said = hongbao(&args);
    assert_eq!((said.exit, said.stdout.as_str()), (9, ""), "{said:?}");
    assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
    said
}

fn code(said: &Said) -> &str {
    let line = said.stderr.lines().find(|line| line.starts_with("error[")).unwrap();
    &line["error[".len()..line.find(']').unwrap()]
}

/// A copy of the folder that a first start made, to be spoilt.
fn copy() -> (TempDir, PathBuf) {
    let to = tempfile::tempdir().unwrap();
    let from = MADE.path().join("data");
    let status = Command::new("cp").arg("-a").args([&from, to.path()]).status().unwrap();
    assert!(status.success());
    let data = to.path().join("data");
    (to, data)
}

fn modes(dir: &Path, prefix: &str, found: &mut BTreeMap<String, u32>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            modes(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, metadata.permissions().mode() & 0o777);
        }
    }
}

#[test]
fn a_first_start_makes_everything_with_its_mode() {
    let mut found = BTreeMap::new();
    let data = MADE.path().join("data");
    modes(&data, "", &mut found);
    let found: Vec<(&str, u32)> = found.iter().map(|(name, mode)| (name.as_str(), *mode)).collect();
    let expected = [
        ("ca.pem", 0o644),
        ("ca_key.pem", 0o600),
        ("hongbao.toml", 0o644),
        ("ledger.key", 0o600),
        ("ledger.lock", 0o600),
        ("ledger.sqlite", 0o600),
        ("ledger.sqlite-lock", 0o600),
        ("lock", 0o600),
        ("merchants/10000098/api_key", 0o600),
        ("merchants/10000098/apiclient_cert.p12", 0o600),
        ("merchants/10000098/apiclient_cert.pem", 0o644),
        ("merchants/10000098/apiclient_key.pem", 0o600),
        ("merchants/10000098/merchant.toml", 0o644),
        ("merchants/10000098/workwx_secret", 0o600),
        ("server.pem", 0o644),
        ("server_key.pem", 0o600),
    ];
    assert_eq!(found, expected);
    for secret in ["api_key", "workwx_secret"] {
        let text = fs::read_to_string(data.join("merchants/10000098").join(secret)).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert_eq!(line.len(), 32);
        assert!(line.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}

#[test]
fn the_ready_line_holds_both_urls_and_the_mode() {
    let (_keep, dir) = copy();
    let server = Server::start(&dir);
    let words: Vec<&str> = server.ready.split(' ').collect();
    let [ready, wire, admin, mode] = words[..] else { panic!("{}", server.ready) };
    assert_eq!((ready, mode), ("ready", "sandbox"));
    assert!(wire.starts_with("https://127.0.0.1:"), "{wire}");
    assert!(admin.starts_with("http://127.0.0.1:"), "{admin}");
    let profile = fs::read_to_string(dir.join("merchants/10000098/merchant.toml")).unwrap();
    assert!(profile.contains(&format!("\nbase_url = \"{wire}\"\n")), "{profile}");
    assert_eq!(server.stop("-INT"), Some(0));
}

#[test]
fn production_mode_shows_in_the_ready_line() {
    let (_keep, dir) = copy();
    let config = dir.join("hongbao.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("mode = \"sandbox\"", "mode = \"production\"")).unwrap();
    let server = Server::start(&dir);
    assert!(server.ready.ends_with(" production"), "{}", server.ready);
    let admin = server.ready.split(' ').nth(2).unwrap().to_owned();
    let said = hongbao(&["sandbox", "--admin", &admin, "advance", "24h"]);
    assert_eq!((said.exit, code(&said)), (9, "SANDBOX_OFF"));
}

#[test]
fn a_log_is_json_where_the_file_says_so_and_holds_no_secret() {
    let (_keep, dir) = copy();
    let config = dir.join("hongbao.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("#format = \"text\"", "format = \"json\"")).unwrap();
    let mut child = serve(&dir, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    let merchant = dir.join("merchants/10000098");
    let profile = merchant.join("merchant.toml");
    let send = ["send", "--profile", profile.to_str().unwrap(), "--to", OPENID, "--amount", "1"];
    assert_eq!(hongbao(&send).exit, 0);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string());
    }
    let api_key = fs::read_to_string(merchant.join("api_key")).unwrap();
    let secret = fs::read_to_string(merchant.join("workwx_secret")).unwrap();
    for secret in [api_key.trim(), secret.trim(), OPENID, "PRIVATE KEY"] {
        assert!(!log.contains(secret));
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let (_keep, dir) = copy();
    let server = Server::start(&dir);
    let profile = dir.join("merchants/10000098/merchant.toml");
    let profile = profile.to_str().unwrap();
    let send = ["send", "--profile", profile, "--to", OPENID, "--amount", "1.00", "--billno", "k1"];
    assert_eq!(hongbao(&send).exit, 0);
    assert_eq!(server.stop("-KILL"), None);

    let _server = Server::start(&dir);
    let said = hongbao(&["query", "--json", "--profile", profile, "k1"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert_eq!(said.json()[0]["record"]["total_amount"], 100);
}

#[test]
fn one_folder_has_one_server() {
    let (_keep, dir) = copy();
    let _server = Server::start(&dir);
    assert_eq!(code(&refused(&dir, &[])), "DIR_LOCKED");
}

#[test]
fn a_port_in_use_and_an_open_admin_address_are_refused() {
    let (_keep, dir) = copy();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--listen", "--admin"] {
        let said = refused(&dir, &[option, &address]);
        assert_eq!(code(&said), "LISTEN_FAILED");
        assert!(said.stderr.contains(&address), "{}", said.stderr);
        assert!(said.stderr.contains("port 0 picks a free one"), "{}", said.stderr);
    }
    assert_eq!(code(&refused(&dir, &["--admin", "0.0.0.0:0"])), "ADMIN_NOT_LOOPBACK");
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    assert_eq!(code(&refused(dir.path(), &[])), "DIR_FOREIGN");
    assert!(!dir.path().join("ca.pem").exists());
    assert_eq!(fs::read_to_string(dir.path().join("thesis.txt")).unwrap(), "mine");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(code(&refused(&file.join("data"), &[])), "FILE_NOT_WRITTEN");
}

#[test]
fn a_first_start_that_broke_off_is_made_anew() {
    let (_keep, dir) = copy();
    fs::remove_file(dir.join("hongbao.toml")).unwrap();
    fs::write(dir.join(".first-start"), "").unwrap();
    let old = fs::read(dir.join("ca.pem")).unwrap();
    Server::start(&dir).stop("-TERM");
    assert_ne!(fs::read(dir.join("ca.pem")).unwrap(), old);
    assert!(dir.join("hongbao.toml").exists());
    assert!(!dir.join(".first-start").exists());
}

#[test]
fn each_spoilt_file_is_named_and_nothing_is_replaced() {
    let spoil = |name: &str, text: Option<&[u8]>| {
        let (keep, dir) = copy();
        let path = dir.join(name);
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let said = refused(&dir, &[]);
        assert!(said.stderr.contains(name), "{}", said.stderr);
        assert_eq!(fs::read(&path).ok().as_deref(), text, "{name} was touched");
        drop(keep);
        code(&said).to_owned()
    };
    assert_eq!(spoil("server_key.pem", None), "FILE_MISSING");
    assert_eq!(spoil("server.pem", None), "FILE_MISSING");
    assert_eq!(spoil("ca.pem", Some(b"no certificate")), "CERTIFICATE_MISSING");
    assert_eq!(spoil("server_key.pem", Some(b"no key")), "KEY_UNUSABLE");
    assert_eq!(spoil("ledger.sqlite", None), "LEDGER_MISSING");
    assert_eq!(spoil("ledger.sqlite", Some(b"this is no database at all")), "LEDGER_DAMAGED");
    assert_eq!(spoil("ledger.key", None), "LEDGER_KEY_FILE");
    assert_eq!(spoil("ledger.key", Some(&[7; 32])), "LEDGER_UNSEALABLE");
    let unknown = b"mode = \"sandbox\"\nmood = \"good\"\n";
    assert_eq!(spoil("hongbao.toml", Some(unknown)), "TOML");
}

#[test]
fn an_unknown_option_is_told_with_its_line_in_both_languages() {
    let (_keep, dir) = copy();
    fs::write(dir.join("hongbao.toml"), "mode = \"sandbox\"\n\nmood = \"good\"\n").unwrap();
    let said = refused(&dir, &[]);
    assert!(said.stderr.contains("line 3: unknown field `mood`"), "{}", said.stderr);
    let said = refused(&dir, &["--lang", "zh-CN"]);
    assert!(said.stderr.contains("第 3 行"), "{}", said.stderr);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let (_keep, dir) = copy();
    let key = dir.join("server_key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let said = refused(&dir, &[]);
    assert_eq!(code(&said), "SECRET_OPEN_TO_OTHERS");
    assert!(said.stderr.contains("chmod 600"), "{}", said.stderr);
}

#[test]
fn an_emptied_ledger_is_damage_and_no_new_one() {
    let (_keep, dir) = copy();
    fs::write(dir.join("ledger.sqlite"), "").unwrap();
    let said = refused(&dir, &[]);
    assert_eq!(code(&said), "LEDGER_DAMAGED", "{said:?}");
    assert_eq!(fs::metadata(dir.join("ledger.sqlite")).unwrap().len(), 0);
}

#[test]
fn the_folder_says_where_its_running_server_is_reached() {
    let (_keep, dir) = copy();
    let show = ["sandbox", "show", "--dir", dir.to_str().unwrap()];
    let none = hongbao(&show);
    assert_eq!((none.exit, code(&none)), (7, "NOT_RUNNING"));

    let server = Server::start(&dir);
    let run = fs::read_to_string(dir.join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let words: Vec<&str> = server.ready.split(' ').collect();
    assert_eq!((&run["wire"], &run["admin"]), (&words[1].into(), &words[2].into()));
    assert_eq!((&run["mode"], &run["pid"]), (&"sandbox".into(), &server.child.id().into()));
    let shown = hongbao(&show);
    assert!(shown.stdout.starts_with("sandbox, "), "{shown:?}");

    // what a killed server leaves behind names nobody
    assert_eq!(server.stop("-KILL"), None);
    assert!(dir.join("run.json").exists());
    assert_eq!(code(&hongbao(&show)), "NOT_RUNNING");
    assert_eq!(Server::start(&dir).stop("-TERM"), Some(0));
    assert!(!dir.join("run.json").exists());
}

#[test]
fn the_usual_folder_of_a_running_server_needs_no_option() {
    let (keep, dir) = copy();
    fs::rename(&dir, keep.path().join("hongbao-data")).unwrap();
    let _server = Server::start(&keep.path().join("hongbao-data"));
    let output = command().args(["sandbox", "show"]).current_dir(keep.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
