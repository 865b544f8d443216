//! What the binary says without a server: help, usage, `explain`, generated files; in both languages.

#![allow(clippy::unwrap_used)]

mod support;

use snapbox::Data;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{Said, command, hongbao, hongbao_in};

/// Every command that has help.
const COMMANDS: [&str; 45] = [
    "",
    "demo",
    "serve",
    "query",
    "reconcile",
    "send",
    "follow",
    "records",
    "history",
    "attention",
    "sign",
    "doctor",
    "explain",
    "merchant",
    "merchant add",
    "merchant list",
    "merchant show",
    "merchant set",
    "merchant revoke",
    "ledger",
    "ledger info",
    "ledger verify",
    "ledger head",
    "ledger backup",
    "ledger restore",
    "ledger copy",
    "ledger forget",
    "ledger trim",
    "sandbox",
    "sandbox show",
    "sandbox advance",
    "sandbox deliver",
    "sandbox receive",
    "sandbox refuse",
    "sandbox fail",
    "sandbox expire",
    "sandbox refund",
    "sandbox top-up",
    "sandbox fault",
    "sandbox fault add",
    "sandbox fault list",
    "sandbox fault clear",
    "sandbox findings",
    "completions",
    "man",
];

fn snapshot(name: &str) -> Data {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots")).join(name);
    Data::read_from(&path, None).raw()
}

#[test]
fn the_help_of_every_command_is_reviewed_in_both_languages() {
    for lang in ["en", "zh-CN"] {
        let mut all = String::new();
        for name in COMMANDS {
            let mut args = vec!["--lang", lang];
            args.extend(name.split_whitespace());
            args.push("--help");
            let said = hongbao(&args);
            assert_eq!((said.exit, said.stderr.as_str()), (0, ""), "{args:?}");
            let help: Vec<&str> = said.stdout.lines().map(str::trim_end).collect();
            all.push_str(&format!("$ hongbao {name} --help\n{}\n\n", help.join("\n")));
        }
        snapbox::assert_data_eq!(all, snapshot(&format!("help.{lang}.txt")));
    }
}

#[test]
fn chinese_help_leaves_no_english_of_clap_behind() {
    let said = hongbao(&["--lang", "zh-CN", "sandbox", "fault", "add", "--help"]);
    for english in ["Usage", "Options", "Arguments", "Print", "default:", "ossible"] {
        assert!(!said.stdout.contains(english), "{english}: {}", said.stdout);
    }
}

#[test]
fn the_locale_decides_and_a_flag_goes_before_it() {
    let first = |said: Said| said.stdout.lines().next().unwrap().to_owned();
    let english = "SENT  (status of a packet)";
    let chinese = "SENT  (红包状态)";
    assert_eq!(first(hongbao_in("zh_CN.UTF-8", &["explain", "SENT"])), chinese);
    assert_eq!(first(hongbao_in("en_GB.UTF-8", &["explain", "SENT"])), english);
    assert_eq!(first(hongbao_in("zh_CN.UTF-8", &["--lang", "en", "explain", "SENT"])), english);
    assert_eq!(first(hongbao_in("C", &["explain", "--lang=zh-CN", "SENT"])), chinese);
}

#[test]
fn an_unknown_code_never_permits_a_new_number() {
    let said = hongbao(&["explain", "NOBODY_KNOWS"]);
    assert_eq!((said.exit, said.stdout.as_str()), (2, ""));
    let hint = "a code that nobody knows never permits a new bill number";
    assert!(said.stderr.contains(hint), "{said:?}");
    let said = hongbao_in("zh_CN.UTF-8", &["explain", "NOBODY_KNOWS"]);
    assert!(said.stderr.contains("不认识的错误码绝不允许换新单号"), "{said:?}");
}

#[test]
fn explain_tells_scripts_which_words_permit_a_new_number() {
    let said = hongbao(&["explain", "--json"]);
    let permitting: Vec<String> = said
        .json()
        .iter()
        .filter(|object| object["new_billno_permitted"] == true)
        .map(|object| object["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(permitting, ["FAILED", "failed", "new_billno_permitted", "3"]);
}

#[test]
fn a_slip_gets_a_failure_and_a_hint_in_the_user_s_language() {
    let stderr = |locale, args: &[&str]| {
        let said = hongbao_in(locale, args);
        assert_eq!((said.exit, said.stdout.as_str()), (2, ""), "{args:?}");
        said.stderr
    };
    let english = "error[USAGE]: there is no command `qurey`\nhint: did you mean `query`?\n";
    assert_eq!(stderr("C", &["qurey"]), english);
    let chinese = "error[USAGE]: 没有命令 `qurey`\nhint: 是想用 `query` 吗？\n";
    assert_eq!(stderr("zh_CN.UTF-8", &["qurey"]), chinese);
    let conflict = ["send", "--profile", "p", "--to", "o", "--amount", "1", "--agentid", "1"];
    let conflict = [&conflict[..], &["--sender-name", "x"]].concat();
    assert!(
        stderr("C", &conflict)
            .starts_with("error[USAGE]: `--agentid <NUMBER>` cannot be used with")
    );
    assert!(
        stderr("C", &["query", "--profile", "p"])
            .starts_with("error[USAGE]: missing: `<BILLNO>...`")
    );
}

#[test]
fn no_flag_takes_a_secret() {
    for flag in ["--key", "--secret", "--api-key", "--password", "--workwx-secret"] {
        for command in ["query", "send", "sign"] {
            let said = hongbao(&[command, flag, "x"]);
            assert_eq!(said.exit, 2, "{command} {flag}");
            assert!(said.stderr.contains("there is no argument"), "{said:?}");
        }
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = hongbao(&["completions", shell]);
        assert_eq!((said.exit, said.stderr.as_str()), (0, ""));
        assert!(said.stdout.contains("hongbao") && said.stdout.contains("sandbox"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    for (lang, heading) in [("en", ".SH SYNOPSIS"), ("zh-CN", ".SH 概要")] {
        let pages = dir.path().join(lang).join("man1");
        let said = hongbao(&["--lang", lang, "man", pages.to_str().unwrap()]);
        assert_eq!((said.exit, said.stdout.as_str()), (0, ""), "{said:?}");
        assert!(page(&pages, "hongbao-sandbox-fault-add.1").contains("reply\\-lost"));
        assert!(page(&pages, "hongbao-query.1").contains(heading));
        assert!(page(&pages, "hongbao.1").contains(heading));
    }
}

fn page(pages: &Path, name: &str) -> String {
    std::fs::read_to_string(pages.join(name)).unwrap()
}

#[test]
fn man_says_why_it_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let said = hongbao(&["man", file.join("below").to_str().unwrap()]);
    assert_eq!(said.exit, 9);
    assert!(said.stderr.starts_with("error[FILE_NOT_WRITTEN]: "), "{said:?}");
}

/// `hongbao explain | head -1`: the reader leaves, and that is no failure.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child =
        command().arg("explain").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn output_that_is_lost_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command().args(["--lang", "en", "explain", "SENT"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error[OUTPUT_LOST]: the output could not be written: "),
        "{stderr}"
    );
}
