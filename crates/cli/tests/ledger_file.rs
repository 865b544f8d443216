//! A ledger's file and the processes that have it: one alone, or several, and one that brings it forward.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::folder::{Folder, MCH_ID, failed};
use support::{Said, Served, command, hongbao};

/// A server that is killed with -9 when it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(dir: &Path, more: &[&str]) -> Command {
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"]);
    serve.arg(dir).args(more);
    serve
}

/// Starts a server, which must become ready.
fn started(dir: &Path, more: &[&str]) -> Serving {
    let mut child = serve(dir, more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    let serving = Serving(child);
    assert!(ready.starts_with("ready "), "{ready:?}");
    serving
}

/// Starts a server, which must refuse.
fn refused(dir: &Path, more: &[&str]) -> Said {
    let output = serve(dir, more).output().unwrap();
    Said {
        exit: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn in_use(said: &Said, by: &[u32]) {
    failed(said, 9, "LEDGER_IN_USE");
    let mut by = by.to_vec();
    by.sort_unstable();
    let by: Vec<String> = by.iter().map(u32::to_string).collect();
    let wanted = format!("another process commits to it: process {}\n", by.join(", "));
    assert!(said.stderr.contains(&wanted), "{wanted}{said:?}");
}

#[test]
fn nobody_commits_records_beside_a_server_on_its_own_folder() {
    let served = Served::start();
    served.send("A1");
    let data = served.folder().join("data");
    let (data, ledger) = (data.to_str().unwrap(), data.join("ledger.sqlite"));
    let ledger = ledger.to_str().unwrap();
    let run: Value =
        serde_json::from_slice(&fs::read(format!("{data}/run.json")).unwrap()).unwrap();
    let pid = u32::try_from(run["pid"].as_u64().unwrap()).unwrap();
    let other = served.folder().join("other");
    in_use(&refused(&other, &["--ledger", ledger]), &[pid]);
    assert!(!other.join("hongbao.toml").exists());
    let link = served.folder().join("link.sqlite");
    std::os::unix::fs::symlink(ledger, &link).unwrap();
    fs::copy(format!("{data}/ledger.key"), served.folder().join("link.key")).unwrap();
    in_use(&refused(&other, &["--ledger", link.to_str().unwrap()]), &[pid]);
    let folder = Folder::new();
    in_use(&hongbao(&["ledger", "copy", &folder.data(), ledger]), &[pid]);
    // the answer is still that of the server, which goes on
    served.send("A2");
    let said = served.query(&["A1", "A2"]);
    assert_eq!(said.json().len(), 2, "{said:?}");
}

#[test]
fn who_looks_or_takes_care_is_not_kept_out() {
    let served = Served::start();
    served.send("A1");
    served.sandbox(&["receive", "A1"]);
    let data = served.folder().join("data");
    let data = data.to_str().unwrap();
    let at = |name: &str| served.folder().join(name).to_str().unwrap().to_owned();
    let (backup, copy, csv) = (at("backup.sqlite"), at("copy.sqlite"), at("x.csv"));
    let beside: [&[&str]; 11] = [
        &["ledger", "info", "--dir", data],
        &["ledger", "verify", "--dir", data],
        &["ledger", "head", "--dir", data],
        &["ledger", "backup", &backup, "--dir", data],
        &["ledger", "copy", data, &copy],
        &["ledger", "trim", "--days", "30", "--dir", data],
        &["ledger", "forget", support::OPENID, "--dir", data],
        &["report", "--by", "day", "--book", "records", "--dir", data],
        &["export", "--dir", data, "--book", "records", "-o", &csv],
        &["merchant", "show", MCH_ID, "--dir", data],
        &["merchant", "set", MCH_ID, "--queries-per-second", "100", "--dir", data],
    ];
    for args in beside {
        let said = hongbao(args);
        assert_eq!(said.exit, 0, "{args:?} {said:?}");
    }
    served.send("A2");
}

#[test]
fn servers_that_share_a_file_keep_one_out_that_would_be_alone_until_they_are_killed() {
    let folder = Folder::new();
    let (data, ledger) = (folder.path("data"), folder.at("data/ledger.sqlite"));
    let shares = ["--ledger", ledger.as_str()];
    let one = started(&folder.path("one"), &shares);
    let two = started(&folder.path("two"), &shares);
    in_use(&refused(&data, &[]), &[one.0.id(), two.0.id()]);
    drop(one);
    in_use(&refused(&data, &[]), &[two.0.id()]);
    drop(two);
    let alone = started(&data, &[]);
    in_use(&refused(&folder.path("one"), &[]), &[alone.0.id()]);
    drop(alone);
    drop(started(&folder.path("one"), &[]));
    drop(started(&data, &[]));
}

/// A ledger as version 2 left it.
const V2: &str = include_str!("../../ledger/tests/given/v2.sql");

#[test]
fn who_opens_an_old_ledger_is_told_that_it_is_brought_forward() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("old.sqlite"), folder.path().join("old.key"));
    rusqlite::Connection::open(&path).unwrap().execute_batch(V2).unwrap();
    fs::write(&key, b"marker-seal-key-of-version-1-abc").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let verify = ["ledger", "verify", "--json", "--ledger", path.to_str().unwrap()];
    let first = hongbao(&verify);
    assert_eq!((first.exit, &first.json()[0]["is_clean"]), (0, &true.into()), "{first:?}");
    let wanted = "forward to version 3 of its tables: 17 rows are";
    assert!(first.stderr.contains(wanted), "{first:?}");
    let again = hongbao(&verify);
    assert_eq!((again.exit, again.stderr.as_str()), (0, ""), "{again:?}");
}
