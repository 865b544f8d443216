//! What the tests of the real binary share: one call of it, and one server of it.

#![allow(dead_code, clippy::unwrap_used)]

pub mod folder;

use serde_json::Value;
use std::io::{BufRead, BufReader, PipeReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The receiver of every packet of the tests.
pub const OPENID: &str = "ohO4GtzOAAYMp2yapORH3dQB3W18";

/// What one call of the binary came to.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// The JSON objects on stdout, one a line.
    pub fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the binary in English, without colour.
pub fn hongbao(args: &[&str]) -> Said {
    hongbao_in("C.UTF-8", args)
}

/// Runs the binary in that locale, without colour.
pub fn hongbao_in(locale: &str, args: &[&str]) -> Said {
    let output = command().env("LC_ALL", locale).args(args).output().unwrap();
    Said {
        exit: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The binary, with nothing of this process's environment that it listens to.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hongbao"));
    for name in ["LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "RUST_LOG", "COLUMNS", "PGPASSWORD"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env("RUST_BACKTRACE", "0");
    command
}

/// A running `hongbao serve` with a sandbox where packets move only when told to.
pub struct Served {
    child: Reaped,
    admin: String,
    dir: tempfile::TempDir,
}

/// A child that does not outlive the test.
struct Reaped(Child);

impl Served {
    /// Starts one, on ports of its own.
    pub fn start() -> Self {
        Self::start_with(|_| Stdio::null())
    }

    /// The same, and it logs every call to a file: see [`Served::calls`].
    pub fn start_logged() -> Self {
        Self::start_with(|dir| std::fs::File::create(dir.join("log")).unwrap().into())
    }

    /// The same, and what it logs can be waited for: a line that is about to come.
    pub fn start_heard() -> (Self, BufReader<PipeReader>) {
        let (reader, writer) = std::io::pipe().unwrap();
        (Self::start_with(|_| writer.into()), BufReader::new(reader))
    }

    fn start_with(log: impl FnOnce(&Path) -> Stdio) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let (first, _) = serve(&data, Stdio::null());
        drop(first);
        let config = data.join("hongbao.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let still = text.replace("#sent_after = \"5s\"", "sent_after = \"8760h\"");
        let still = still.replace("#received_after = \"60s\"", "received_after = \"8760h\"");
        assert_ne!(text, still, "the configuration holds both options");
        std::fs::write(&config, still).unwrap();
        let (child, admin) = serve(&data, log(dir.path()));
        Self { child, admin, dir }
    }

    /// Stops it, lets `between` work on its folder, and starts it again.
    pub fn again(self, between: impl FnOnce(&Path)) -> Self {
        drop(self.child);
        let data = self.dir.path().join("data");
        between(&data);
        let (child, admin) = serve(&data, Stdio::null());
        Self { child, admin, dir: self.dir }
    }

    /// How many calls of that kind, `query` or `send`, reached the server so far.
    pub fn calls(&self, kind: &str) -> usize {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains(&format!("call=\"{kind}\""))).count()
    }

    /// When calls of that kind were answered, ms, in the order of the log.
    pub fn times(&self, kind: &str) -> Vec<i64> {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        let of_kind = log.lines().filter(|line| line.contains(&format!("call=\"{kind}\"")));
        let time = |line: &str| line.split_whitespace().next().unwrap().parse().unwrap();
        of_kind.map(time).map(|at: jiff::Timestamp| at.as_millisecond()).collect()
    }

    /// Where its operator asks.
    pub fn admin(&self) -> String {
        self.admin.clone()
    }

    /// What the sandbox's merchant has left, fen.
    pub fn balance(&self) -> u64 {
        let data = self.dir.path().join("data");
        let said =
            hongbao(&["merchant", "show", "--json", "10000098", "--dir", data.to_str().unwrap()]);
        said.json()[0]["balance"].as_u64().unwrap()
    }

    /// A command of the merchant's side, in the profile of the sandbox's merchant.
    pub fn run(&self, args: &[&str]) -> Said {
        let profile = self.profile();
        hongbao(&[&[args[0], "--profile", &profile], &args[1..]].concat())
    }

    /// The folder in which its own lies, as `data`.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Stops it; its folder stays as long as what is returned.
    pub fn stop(self) -> tempfile::TempDir {
        drop(self.child);
        self.dir
    }

    /// The profile of the sandbox's merchant.
    pub fn profile(&self) -> String {
        self.merchant_file("merchant.toml").to_str().unwrap().to_owned()
    }

    /// Adds lines to the profile of the sandbox's merchant.
    pub fn tune(&self, lines: &str) {
        let profile = self.profile();
        let text = std::fs::read_to_string(&profile).unwrap();
        std::fs::write(&profile, text + lines).unwrap();
    }

    /// A file of the sandbox's merchant.
    pub fn merchant_file(&self, name: &str) -> PathBuf {
        self.dir.path().join("data/merchants/10000098").join(name)
    }

    /// Sends one yuan under that number, and demands that it is taken.
    pub fn send(&self, billno: &str) {
        let said = self.send_with(billno, &[]);
        assert_eq!(said.exit, 0, "{said:?}");
    }

    /// Sends one yuan under that number.
    pub fn send_with(&self, billno: &str, more: &[&str]) -> Said {
        let profile = self.profile();
        let mut args = vec!["send", "--profile", &profile, "--to", OPENID, "--amount", "1.00"];
        args.extend(["--billno", billno]);
        args.extend(more);
        hongbao(&args)
    }

    /// Queries, as JSON.
    pub fn query(&self, billnos: &[&str]) -> Said {
        let profile = self.profile();
        let mut args = vec!["query", "--json", "--profile", &profile];
        args.extend(billnos);
        hongbao(&args)
    }

    /// Lifts the limit of queries a second.
    pub fn unlimited(&self) {
        let data = self.dir.path().join("data");
        let dir = ["merchant", "--dir", data.to_str().unwrap(), "set", "10000098"];
        let said = hongbao(&[&dir[..], &["--queries-per-second", "1000000"]].concat());
        assert_eq!(said.exit, 0, "{said:?}");
    }

    /// `hongbao sandbox …`, and what came of it.
    pub fn sandbox_said(&self, args: &[&str]) -> Said {
        hongbao(&[&["sandbox", "--admin", &self.admin], args].concat())
    }

    /// `hongbao sandbox …`, which must succeed.
    pub fn sandbox(&self, args: &[&str]) {
        let mut all = vec!["sandbox", "--admin", &self.admin];
        all.extend(args);
        let said = hongbao(&all);
        assert_eq!(said.exit, 0, "{args:?} {said:?}");
    }

    /// Sets a fault for one number's queries.
    pub fn fault(&self, fault: &str, billno: &str, on: &str) {
        self.sandbox(&["fault", "add", fault, "--billno", billno, "--on", on]);
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server on free ports and waits for its `ready` line: the child and its admin URL.
fn serve(dir: &Path, log: Stdio) -> (Reaped, String) {
    let mut child = command()
        .env("RUST_LOG", "hongbao_server=debug")
        .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"])
        .arg(dir)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    let words: Vec<&str> = ready.split_whitespace().collect();
    assert_eq!((words.first(), words.get(3)), (Some(&"ready"), Some(&"sandbox")), "{ready:?}");
    let admin = words[2].to_owned();
    (Reaped(child), admin)
}
