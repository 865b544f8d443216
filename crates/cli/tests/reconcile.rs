//! `hongbao reconcile` against a real `hongbao serve`: what is found beside what a file expects,
//! in every format, and what an interrupted run asks when it goes on.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Column, Format, ReadOptions, Reader, WriteOptions, Writer};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use support::{OPENID, Said, Served, command, hongbao, hongbao_in};

/// A file of every kind of row. Lines are counted from 2.
const INPUT: &str = "\
note,mch_billno,amount,openid
received,received1,100,{OPENID}
refunded,refunded1,100,
failed,failed1,100,
sent,`sent1,100,
refused, refused1 ,100,
another amount,amount1,101,
another receiver,receiver1,100,oSomebodyElse
unknown,nowhere1,100,
again,received1,100,
malformed,no-number,100,
damaged,1.00E+25,100,
none,,100,
amount is none,known1,1.00,
";

fn input() -> String {
    INPUT.replace("{OPENID}", OPENID)
}

/// A sandbox with the packets of the file, and one more.
fn play() -> Served {
    let served = Served::start_logged();
    served.unlimited();
    let received = ["received1", "amount1", "receiver1", "known1", "extra1"];
    let others = ["refunded1", "failed1", "sent1", "refused1"];
    for billno in received.iter().chain(&others) {
        served.send(billno);
    }
    for billno in received {
        served.sandbox(&["receive", billno]);
    }
    served.sandbox(&["expire", "refunded1"]);
    served.sandbox(&["refund", "refunded1"]);
    served.sandbox(&["fail", "failed1"]);
    served.sandbox(&["deliver", "sent1"]);
    served.sandbox(&["refuse", "refused1", "--reason", "余额不足"]);
    assert_eq!(served.query(&["known1"]).exit, 0);
    served
}

/// Runs it on a file.
fn reconcile(served: &Served, file: &Path, more: &[&str]) -> Said {
    let (profile, file) = (served.profile(), file.to_str().unwrap());
    hongbao(&[&["reconcile", "--profile", &profile, file], more].concat())
}

/// A table as text, the header first.
fn table(path: &Path) -> Vec<Vec<String>> {
    let format = Format::of_path(path).unwrap();
    let reader = Reader::open(path, format, &ReadOptions::default()).unwrap();
    let header = reader.columns().iter().map(|column| column.name.to_string()).collect();
    let rows = reader.map(|row| row.unwrap().cells.iter().map(Cell::to_string).collect());
    std::iter::once(header).chain(rows).collect()
}

/// The table with what differs from run to run replaced, once seen to be well-formed.
fn settled(mut table: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let header = table[0].clone();
    for row in &mut table[1..] {
        for (name, cell) in header.iter().zip(row) {
            let is_time = name.ends_with("_time") || name == "asked_at";
            if is_time && !cell.is_empty() {
                assert!(cell.len() == 25 && cell.ends_with("+08:00"), "{name}: {cell}");
                "<time>".clone_into(cell);
            } else if name == "detail_id" && !cell.is_empty() {
                assert!(cell.len() == 31 && cell.bytes().all(|b| b.is_ascii_digit()), "{cell}");
                "<31 digits>".clone_into(cell);
            }
        }
    }
    table
}

/// The table without these columns.
fn without(table: &[Vec<String>], names: &[&str]) -> Vec<Vec<String>> {
    let header = &table[0];
    let kept = |at: &usize| !names.contains(&header[*at].as_str());
    let row =
        |row: &Vec<String>| (0..header.len()).filter(kept).map(|at| row[at].clone()).collect();
    table.iter().map(row).collect()
}

fn write(path: &Path, table: &[Vec<String>]) {
    let columns: Vec<Column> = table[0].iter().map(|name| Column::text(name)).collect();
    let format = Format::of_path(path).unwrap();
    let mut writer = Writer::create(path, format, WriteOptions::default(), &columns).unwrap();
    for row in &table[1..] {
        let cells: Vec<Cell> = row.iter().map(|text| Cell::of_text(text)).collect();
        writer.write(&cells).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn each_row_is_written_with_what_was_found() {
    let served = play();
    let dir = tempfile::tempdir().unwrap();
    let (file, found) = (dir.path().join("file.csv"), dir.path().join("found.csv"));
    std::fs::write(&file, input()).unwrap();
    let said = reconcile(&served, &file, &["--out", found.to_str().unwrap(), "--json"]);
    assert_eq!(said.exit, 6, "{said:?}");
    let csv = settled(table(&found));
    let text: Vec<String> = csv.iter().map(|row| row.join(",")).collect();
    let snapshot = snapbox::file!["snapshots/reconcile.csv"].raw();
    snapbox::assert_data_eq!(text.join("\n") + "\n", snapshot);
    the_summary(&said);
    every_format_says_the_same(&served, dir.path(), &csv);
    both_languages(&served, &file);
}

fn the_summary(said: &Said) {
    let summary = &said.json()[0];
    let count = |packets: u64, expected: u64, found: u64| json!({"packets": packets, "expected_fen": expected, "found_fen": found});
    assert_eq!(summary["rows"], 13);
    assert_eq!(summary["final"], 6);
    assert_eq!(summary["verdicts"]["received"], count(4, 301, 400));
    assert_eq!(summary["verdicts"]["refunded"], count(1, 100, 100));
    assert_eq!(summary["verdicts"]["failed"], count(1, 100, 100));
    assert_eq!(summary["verdicts"]["open"], count(2, 200, 200));
    assert_eq!(summary["verdicts"]["unknown"], count(1, 100, 0));
    let differences = json!({"amount": 1, "receiver": 1, "missing": 1, "unexpected": 1});
    assert_eq!(summary["differences"], differences);
    let problems =
        json!({"duplicate": 1, "bad_billno": 1, "lost_digits": 1, "no_billno": 1, "bad_amount": 1});
    assert_eq!(summary["problems"], problems);
    assert_eq!(summary["problem_rows"][0], json!({"line": 10, "problem": "duplicate: line 2"}));
    assert_eq!((&summary["asked"], &summary["from_ledger"]), (&json!(8), &json!(1)));
    assert_eq!((&summary["exit_code"], &summary["continued"]), (&json!(6), &json!(false)));
    assert_eq!(said.stderr, "");
}

fn every_format_says_the_same(served: &Served, dir: &Path, csv: &[Vec<String>]) {
    let rows: Vec<Vec<String>> =
        input().lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    for format in ["xlsx", "parquet"] {
        let (file, found) =
            (dir.join(format!("file.{format}")), dir.join(format!("found.{format}")));
        write(&file, &rows);
        let said = reconcile(served, &file, &["--out", found.to_str().unwrap()]);
        assert_eq!(said.exit, 6, "{said:?}");
        let mut expected = without(csv, &["source"]);
        if format == "parquet" {
            // it has no header, and counts its rows from 1
            for cell in expected.iter_mut().flatten() {
                *cell = cell.replace("duplicate: line 2", "duplicate: line 1");
            }
        }
        assert_eq!(without(&settled(table(&found)), &["source"]), expected, "{format}");
    }
}

fn both_languages(served: &Served, file: &Path) {
    let profile = served.profile();
    let args = ["reconcile", "--profile", &profile, file.to_str().unwrap()];
    let english = hongbao(&args);
    let lines = |said: &Said| said.stderr.lines().map(str::to_owned).collect::<Vec<_>>();
    let name = file.display();
    let english = lines(&english);
    let problem = format!("{name}, line 10: the same number as on line 2; answered there");
    assert_eq!(english[0], problem);
    assert!(english.contains(&"amount differs: 1".to_owned()), "{english:#?}");
    assert!(english.iter().any(|line| line.contains("| received") && line.contains("3.01")));
    assert_eq!(english.last().unwrap(), "rows: 13; asked: 3; answered by the ledger: 6");
    let chinese = lines(&hongbao_in("zh_CN.UTF-8", &args));
    assert_eq!(chinese[0], format!("{name} 第 10 行：与第 2 行单号相同，结果见那一行"));
    assert!(chinese.contains(&"金额不符：1 个".to_owned()), "{chinese:#?}");
    assert_eq!(chinese.last().unwrap(), "共 13 行；查询 3 个，账本直接回答 6 个");
}

#[test]
fn what_is_final_and_as_expected_is_0_and_standard_input_is_read() {
    let served = Served::start_logged();
    for billno in ["a1", "a2"] {
        served.send(billno);
        served.sandbox(&["receive", billno]);
    }
    let profile = served.profile();
    let piped = |text: &[u8], more: &[&str]| {
        let mut child = command()
            .args([&["reconcile", "--profile", &profile, "-"], more].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (exit, stdout) = piped(b"# numbers\na1\n\n a2 \r\n", &[]);
    assert_eq!(exit, 0, "{stdout}");
    let rows: Vec<&str> = stdout.lines().collect();
    assert!(rows[0].starts_with("mch_billno,verdict,cause,status,"), "{stdout}");
    assert!(rows[1].starts_with("a1,received,,RECEIVED,100,100,"), "{stdout}");
    assert!(rows[2].starts_with("a2,received,,RECEIVED,100,100,"), "{stdout}");
    // 商户订单号,金额(元),备注 / a1,1.00,新年, as Excel in China saves it
    let gbk = b"\xC9\xCC\xBB\xA7\xB6\xA9\xB5\xA5\xBA\xC5,\xBD\xF0\xB6\xEE(\xD4\xAA),\xB1\xB8\xD7\xA2\r\na1,1.00,\xD0\xC2\xC4\xEA\r\n";
    let flags = ["--input-format", "csv", "--encoding", "gb18030", "--no-unexpected"];
    let (exit, stdout) = piped(gbk, &flags);
    assert_eq!(exit, 0, "{stdout}");
    assert!(stdout.starts_with("商户订单号,金额(元),备注,verdict,"), "{stdout}");
    assert!(stdout.contains("\na1,1.00,新年,received,"), "{stdout}");
}

#[test]
fn what_cannot_be_begun_is_refused_before_anything_is_asked() {
    let served = Served::start_logged();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let refused = |file: &PathBuf, more: &[&str]| {
        let said = reconcile(&served, file, more);
        assert_eq!(said.stdout, "");
        let code = said.stderr.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
        (said.exit, code)
    };
    let plain = file("plain.csv", "mch_billno\n1\n");
    let out = plain.to_str().unwrap();
    assert_eq!(refused(&plain, &["--out", out]), (2, "OUT_IS_INPUT".into()));
    assert_eq!(refused(&plain, &["--amount-column", "x"]), (2, "COLUMN_MISSING".into()));
    assert_eq!(refused(&file("none.csv", "a,b\n1,2\n"), &[]), (2, "COLUMN_MISSING".into()));
    let two = file("two.csv", "billno,商户单号\n1,2\n");
    assert_eq!(refused(&two, &[]), (2, "COLUMN_AMBIGUOUS".into()));
    assert_eq!(refused(&file("f.doc", "x"), &[]), (9, "SHEET_FORMAT_UNKNOWN".into()));
    assert_eq!(refused(&file("f.xlsx", "x"), &[]), (9, "SHEET_DAMAGED".into()));
    assert_eq!(refused(&dir.path().join("nowhere.csv"), &[]), (9, "FILE_MISSING".into()));
    let nowhere = dir.path().join("no/found.csv");
    assert_eq!(refused(&plain, &["--out", nowhere.to_str().unwrap()]), (9, "SHEET_IO".into()));
    assert_eq!(refused(&plain, &["--json"]).0, 2);
    in_chinese_with_the_facts(&served, &file("f.docx", "x"));
    let out = ["--out", nowhere.to_str().unwrap()];
    let hint = "hint: every answer is kept: give `--out` a file that can be written";
    let said = reconcile(&served, &plain, &out);
    assert!(said.stderr.contains(hint), "{}", said.stderr);
    assert_eq!(served.calls("query"), 0);
}

fn in_chinese_with_the_facts(served: &Served, file: &Path) {
    let args = ["reconcile", "--profile", &served.profile(), file.to_str().unwrap()];
    let said = hongbao_in("zh_CN.UTF-8", &args);
    let facts = "扩展名不对应任何格式，需要指定格式（`f.docx`）\n";
    assert!(said.stderr.contains(facts), "{}", said.stderr);
}

#[test]
fn what_is_malformed_is_found_again_and_what_is_only_carried_stops_nothing() {
    let served = Served::start_logged();
    let dir = tempfile::tempdir().unwrap();
    let (file, found) = (dir.path().join("file.csv"), dir.path().join("found.csv"));
    std::fs::write(&file, "mch_billno,note\na1,x\na2\n").unwrap();
    let out = ["--out", found.to_str().unwrap()];
    assert_eq!(reconcile(&served, &file, &out).exit, 6);
    let problems = |table: &[Vec<String>]| -> Vec<String> {
        table[1..].iter().map(|row| row.last().unwrap().clone()).collect()
    };
    assert_eq!(problems(&table(&found)), ["", "unreadable: line 3: SHEET_ROW_CELL_COUNT"]);
    // a file of openpyxl, with numbers of more digits than Excel keeps
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sheet/tests/files/openpyxl.xlsx");
    assert_eq!(reconcile(&served, &file, &out).exit, 6);
    let of_ours = table(&found);
    assert_eq!(problems(&of_ours)[1], "lost_digits");
    assert_eq!(problems(&of_ours)[4], "bad_amount");
    // the same numbers in a column that is only carried along
    let columns = ["--billno-column", "note", "--amount-column", "when"];
    assert_eq!(reconcile(&served, &file, &[&out[..], &columns].concat()).exit, 6);
    let of_theirs = table(&found);
    let row = ["1.00000982017072E+27", "1.88", "", "lost", "unknown", "not_found"];
    assert_eq!(of_theirs[2][..6], row);
    assert_eq!(problems(&of_theirs)[1], "");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let served = Served::start_logged();
    served.unlimited();
    let dir = tempfile::tempdir().unwrap();
    let file = numbers(dir.path(), 300);
    let mut child = command()
        .args(["reconcile", "--profile", &served.profile(), file.to_str().unwrap()])
        .args(["--pace", "10000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(stderr.ends_with("rows: 300; asked: 300; answered by the ledger: 0\n"), "{stderr}");
}

#[test]
fn a_damaged_file_that_makes_its_reader_panic_is_no_bug_of_ours() {
    let served = Served::start_logged();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("damaged.parquet");
    let whole = concat!(env!("CARGO_MANIFEST_DIR"), "/../sheet/tests/files/pyarrow-v2.parquet");
    let mut bytes = std::fs::read(whole).unwrap();
    // the length of its first page
    bytes[7] = 0;
    std::fs::write(&file, bytes).unwrap();
    let said = reconcile(&served, &file, &["--out", dir.path().join("out.csv").to_str().unwrap()]);
    assert_eq!((said.exit, said.stdout.as_str()), (9, ""), "{said:?}");
    assert!(said.stderr.starts_with("error[SHEET_DAMAGED]: "), "{}", said.stderr);
    assert!(said.stderr.contains("its contents contradict each other"), "{}", said.stderr);
    assert_eq!(said.stderr.lines().count(), 2, "{}", said.stderr);
    assert_eq!(served.calls("query"), 0);
}

#[test]
fn a_set_up_that_is_refused_is_not_asked_with_for_every_row() {
    let served = Served::start_logged();
    served.unlimited();
    let key = served.merchant_file("api_key");
    let right = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, "0".repeat(32)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = numbers(dir.path(), 1_000);
    let found = dir.path().join("found.csv");
    let flags = ["--out", found.to_str().unwrap(), "--pace", "1000", "--concurrency", "4"];
    let said = reconcile(&served, &file, &flags);
    assert_eq!(said.exit, 4, "{said:?}");
    assert!(said.stderr.contains("\nerror[SET_UP_REFUSED]: "), "{}", said.stderr);
    assert!(!found.exists());
    assert!((50..200).contains(&served.calls("query")), "{}", served.calls("query"));
    std::fs::write(&key, right).unwrap();
    let said = reconcile(&served, &file, &flags);
    assert_eq!((said.exit, table(&found).len()), (6, 1_001), "{said:?}");
    let all_missing = table(&found)[1..].iter().all(|row| row[2] == "not_found");
    assert!(all_missing, "what was refused is asked about again");
}

/// The row on which an interrupted run is held.
const HELD: &str = "1300";
/// How many rows may have been asked about then: those before it, and those on their way.
const ASKED_MAX: usize = 300 + 256;

/// A run whose rows go to standard output, of which some have been read. The sandbox holds one
/// question for longer than the test takes to interrupt it, and rows stay in their order.
fn interrupted_run(served: &Served, file: &Path) -> Child {
    let fault = ["fault", "add", "delay", "--delay", "6s", "--times", "1", "--on", "query"];
    served.sandbox(&[&fault[..], &["--billno", HELD]].concat());
    let mut child = command()
        .args(["reconcile", "--profile", &served.profile(), file.to_str().unwrap()])
        .args(["--pace", "10000", "--concurrency", "4"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = BufReader::new(child.stdout.as_mut().unwrap());
    let mut line = String::new();
    for _ in 0..20 {
        first.read_line(&mut line).unwrap();
    }
    assert!(line.contains("\n1000,unknown,not_found,"), "{line}");
    child
}

/// A file of numbers that are nowhere, and the file of a second memory of the same merchant.
fn numbers(dir: &Path, count: u32) -> PathBuf {
    let file = dir.join("numbers.csv");
    let numbers: String = (1000..1000 + count).map(|number| format!("{number}\n")).collect();
    std::fs::write(&file, format!("mch_billno\n{numbers}")).unwrap();
    file
}

/// What a run with another memory says, which nothing interrupted.
fn uninterrupted(served: &Served, file: &Path) -> Vec<String> {
    let profile = PathBuf::from(served.profile());
    let other = profile.with_file_name("other.toml");
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&other, format!("ledger_file = \"other.sqlite\"\n{text}")).unwrap();
    let args = ["reconcile", "--profile", other.to_str().unwrap(), file.to_str().unwrap()];
    lines(&hongbao(&[&args[..], &["--pace", "10000"]].concat()))
}

/// The rows, without the time at which each was asked about.
fn lines(said: &Said) -> Vec<String> {
    let is_time = |cell: &str| cell.ends_with("+08:00");
    let line = |line: &str| {
        let cells = line.split(',').map(|cell| if is_time(cell) { "<time>" } else { cell });
        cells.collect::<Vec<_>>().join(",")
    };
    said.stdout.lines().map(line).collect()
}

#[test]
fn an_interrupt_keeps_every_answer_and_the_same_command_goes_on() {
    let served = Served::start_logged();
    served.unlimited();
    let dir = tempfile::tempdir().unwrap();
    let file = numbers(dir.path(), 1_000);
    let mut child = interrupted_run(&served, &file);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    let hint = "hint: run the same command again: it goes on where it was\n";
    assert!(stderr.ends_with(hint), "{stderr}");
    let asked = served.calls("query");
    assert!((20..=ASKED_MAX).contains(&asked), "{asked}");
    let said = reconcile(&served, &file, &["--pace", "10000"]);
    assert_eq!(said.exit, 6, "{said:?}");
    assert!(said.stderr.starts_with("going on with the run that began at "), "{}", said.stderr);
    assert_eq!(served.calls("query"), 1_000, "each number was asked about once");
    assert_eq!(lines(&said), uninterrupted(&served, &file));
    // it ended: now it begins anew
    let said = reconcile(&served, &file, &["--pace", "10000"]);
    assert!(!said.stderr.contains("going on"), "{}", said.stderr);
    assert_eq!(served.calls("query"), 3_000);
}

#[test]
fn kill_9_loses_nothing_but_what_was_on_its_way() {
    let served = Served::start_logged();
    served.unlimited();
    let dir = tempfile::tempdir().unwrap();
    let file = numbers(dir.path(), 1_000);
    let mut child = interrupted_run(&served, &file);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(served.calls("query") <= ASKED_MAX);
    let said = reconcile(&served, &file, &["--pace", "10000"]);
    assert_eq!(said.exit, 6, "{said:?}");
    let asked = served.calls("query");
    assert!((1_000..=1_004).contains(&asked), "{asked}: at most the four on their way twice");
    assert_eq!(lines(&said), uninterrupted(&served, &file));
}
