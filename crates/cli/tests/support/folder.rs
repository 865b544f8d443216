//! A folder as a real `hongbao serve` and its merchant left it, for tests to do with as they like.

#![allow(dead_code, clippy::unwrap_used)]

use super::{Said, Served, command, hongbao};
use hongbao_ledger::{
    Commit, Entry, Expect, Filter, Key, Ledger, Record, SealKey, Source, SqliteLedger,
};
use hongbao_wire::Status;
use jiff::Timestamp;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use tempfile::TempDir;

pub const MCH_ID: &str = "10000098";

/// A server's folder whose server stopped, with three packets: DONE1 received, FAIL1 failed, OPEN1 open.
pub static FILLED: LazyLock<TempDir> = LazyLock::new(|| {
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
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_all(&FILLED.path().join("data"), &folder.path().join("data"));
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path as the command line takes it.
    pub fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn data(&self) -> String {
        self.at("data")
    }

    pub fn profile(&self) -> String {
        self.at("data/merchants/10000098/merchant.toml")
    }

    /// `hongbao ledger …` on the server's ledger.
    pub fn run(&self, args: &[&str]) -> Said {
        let data = self.data();
        hongbao(&[&["ledger", args[0], "--dir", &data], &args[1..]].concat())
    }

    /// The same as JSON, which must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let said = self.run(&[args, &["--json"]].concat());
        assert_eq!(said.exit, 0, "{args:?} {said:?}");
        said.json().pop().unwrap()
    }

    /// Changes the server's ledger behind hongbao's back.
    pub fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path("data/ledger.sqlite")).unwrap();
        let changed = connection.execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    }
}

pub fn copy_all(from: &Path, to: &Path) {
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
pub fn failed(said: &Said, exit: i32, code: &str) {
    assert_eq!(said.exit, exit, "{said:?}");
    assert!(said.stderr.contains(&format!("error[{code}]: ")), "{said:?}");
    assert!(said.stderr.contains("\nhint: "), "{said:?}");
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

impl Folder {
    /// Makes the ledger one of a newer version.
    pub fn newer(&self) {
        let connection = rusqlite::Connection::open(self.path("data/ledger.sqlite")).unwrap();
        connection.pragma_update(None, "user_version", 1_000_000).unwrap();
    }
}

impl Folder {
    /// The server's ledger, opened as a program opens it.
    pub fn ledger(&self) -> SqliteLedger {
        let key = SealKey::load(self.path("data/ledger.key")).unwrap();
        SqliteLedger::open(self.path("data/ledger.sqlite"), key).unwrap()
    }

    /// Nothing of any packet is due any more.
    pub fn close_open(&self) {
        let ledger = self.ledger();
        wait(async {
            let filter = Filter { limit: 1000, ..Filter::default() };
            for record in ledger.records(MCH_ID, &filter).await.unwrap() {
                if !record.can_still_change(Timestamp::UNIX_EPOCH) {
                    continue;
                }
                let expect = Expect::Version(record.version);
                let status = Some(Status::Failed);
                let record = Record { due_at: None, status, ..record };
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
    pub fn old_entries(&self) {
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

pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

pub fn entry(event: &str, at: Timestamp, raw: Option<&[u8]>) -> Entry {
    Entry { at, source: Source::Admin, event: event.into(), raw: raw.map(Into::into) }
}

impl Whole for Said {
    fn json_whole(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

pub trait Whole {
    /// All of stdout as one JSON value.
    fn json_whole(&self) -> Value;
}

impl Folder {
    /// Puts a line of the server's configuration in the place of another.
    pub fn configure(&self, line: &str, other: &str) {
        let path = self.path("data/hongbao.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(line), "{line}");
        fs::write(&path, text.replace(line, other)).unwrap();
    }

    /// Starts a server on the folder, and waits for a line of its log that holds `wanted`.
    pub fn serve_until(&self, more: &[&str], wanted: &str) {
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
