//! `hongbao demo`: its account is the data, and it says what the seed's notes say.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use support::{command, hongbao, hongbao_in};

/// What was asked of one packet and what came back, in order: `send SUCCESS`, `query SENT`.
fn turns(account: &str, billno: &str) -> Vec<String> {
    let words = account.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .filter(|words| words.get(1) == Some(&billno))
        .map(|words| format!("{} {}", words[0], words[2]))
        .collect()
}

#[test]
fn it_tells_each_story_and_leaves_nothing_behind() {
    let temp = tempfile::tempdir().unwrap();
    let output = command().env("TMPDIR", temp.path()).arg("demo").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let account = String::from_utf8(output.stdout).unwrap();
    let stories: [(&str, &[&str]); 8] = [
        ("demo0001", &["send SUCCESS", "query SENDING", "query SENT", "query RECEIVED"]),
        ("demo0002", &["send SUCCESS", "query RFUND_ING", "query REFUND"]),
        ("demo0003", &["send SUCCESS", "query SENDING", "query FAILED"]),
        ("demo0004", &["send SYSTEMERROR", "query SENDING"]),
        ("demo0005", &["send (nothing)", "query SENDING"]),
        ("demo0006", &["send SUCCESS", "query NOT_FOUND", "query SENDING"]),
        ("demo0007", &["send (nothing)", "query SENDING"]),
        ("demo0008", &["send SUCCESS", "query SENDING"]),
    ];
    for (billno, expected) in stories {
        assert_eq!(turns(&account, billno), expected, "{billno}");
    }
    let permitted = account.lines().filter(|line| line.contains("under a new bill number"));
    let failed = account.matches("failed for certain; final").count();
    assert!(permitted.count() <= 1 && failed == 1, "{account}");
    assert!(account.contains("The sandbox's watch: the outcome of demo0007 was unclear"));
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn it_speaks_chinese() {
    let said = hongbao_in("zh_CN.UTF-8", &["demo"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.stdout.contains("沙箱的监视：demo0007 结果不明"), "{}", said.stdout);
    let said = hongbao(&["--lang", "zh-CN", "demo"]);
    assert!(said.stdout.contains("只有验签通过的回包里的 FAILED"), "{}", said.stdout);
}

#[test]
fn kept_it_can_be_asked_as_it_says() {
    let mut child = command()
        .args(["demo", "--keep"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
        let line = line.unwrap();
        let last = line.starts_with("Ctrl-C");
        lines.push(line);
        if last {
            break;
        }
    }
    let query = lines.iter().find_map(|line| line.strip_prefix("  hongbao query ")).unwrap();
    let words: Vec<&str> = query.split(' ').collect();
    let said = hongbao(&[&["query", "--json"], words.as_slice()].concat());
    assert_eq!(said.json()[0]["verdict"], "received", "{said:?}");

    let start = lines.iter().position(|line| line.starts_with("  curl ")).unwrap();
    let curl = lines[start..start + 5].join("\n");
    if let Ok(output) = Command::new("sh").args(["-c", &format!("{curl} --silent")]).output()
        && output.status.code() != Some(127)
    {
        let reply = String::from_utf8(output.stdout).unwrap();
        assert!(reply.contains("<status><![CDATA[RECEIVED]]></status>"), "{reply}");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
