//! `hongbao fund-flow` and `hongbao report` over the ledger of a real merchant's side.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Format, ReadOptions, Reader};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use support::{Said, Served, hongbao, hongbao_in};

const HEADER: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";
const SUMMARY: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";
const BILLNOS: [&str; 7] = ["good1", "back1", "failed1", "other1", "twice1", "byid1", "nomove1"];

/// A ledger with packets, asked about.
fn play() -> Served {
    let served = Served::start();
    served.unlimited();
    BILLNOS.iter().for_each(|billno| served.send(billno));
    served.sandbox(&["fail", "failed1"]);
    served.sandbox(&["expire", "back1"]);
    served.sandbox(&["refund", "back1"]);
    for billno in ["good1", "other1", "twice1", "byid1", "nomove1"] {
        served.sandbox(&["receive", billno]);
    }
    served.query(&BILLNOS);
    served
}

/// The records of the ledger, by number.
fn records(served: &Served) -> HashMap<String, Value> {
    let records = served.run(&["records", "--json"]).json();
    let keyed = |record: Value| (record["mch_billno"].as_str().unwrap().to_owned(), record);
    records.into_iter().map(keyed).collect()
}

/// A bill: each movement at a time, with WeChat's number, a flow number, whether it left, fen and
/// the voucher. It begins with a balance of 100 yuan.
struct Bill {
    rows: Vec<String>,
    balance: i64,
    sums: [(u64, i64); 2],
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

impl Bill {
    fn new() -> Self {
        Self { rows: Vec::new(), balance: 10_000, sums: [(0, 0); 2] }
    }

    fn row(&mut self, at: &str, business: &str, is_out: bool, fen: i64, numbers: [&str; 3]) {
        self.balance += if is_out { -fen } else { fen };
        let sum = &mut self.sums[usize::from(is_out)];
        *sum = (sum.0 + 1, sum.1 + fen);
        let [transaction, flow, voucher] = numbers;
        let way = if is_out { "支出" } else { "收入" };
        let (amount, balance) = (yuan(fen), yuan(self.balance));
        let cells = [
            at,
            transaction,
            flow,
            business,
            business,
            way,
            &amount,
            &balance,
            "system",
            "",
            voucher,
        ];
        self.rows.push(cells.map(|cell| format!("`{cell}")).join(","));
    }

    fn text(&self) -> String {
        let [(ins, back), (outs, out)] = self.sums;
        let all = ins + outs;
        let sums = format!("`{all}.0,`{ins}.0,`{},`{outs}.0,`{}", yuan(back), yuan(out));
        let lines = [&[HEADER.to_owned()], &self.rows[..], &[SUMMARY.to_owned(), sums]].concat();
        lines.join("\r\n") + "\r\n"
    }
}

/// The day's bill: everything agrees but for one of each difference.
fn bill(records: &HashMap<String, Value>) -> Bill {
    // `2026-11-24T17:54:22+08:00` → `2026-11-24 17:54:22`
    let at = |field: &str, billno: &str| {
        records[billno][field].as_str().unwrap()[..19].replace('T', " ")
    };
    let sent = at("sent_at", "good1");
    let id = records["byid1"]["detail_id"].as_str().unwrap();
    let mut bill = Bill::new();
    let packet = "企业微信红包";
    bill.row(&sent, packet, true, 100, ["1", "F1", "good1"]);
    bill.row(&sent, packet, true, 100, ["2", "F2", "back1"]);
    bill.row(&at("refund_time", "back1"), packet, false, 100, ["2", "F3", "back1"]);
    bill.row(&sent, packet, true, 100, ["3", "F4", "failed1"]);
    bill.row(&sent, packet, true, 101, ["4", "F5", "other1"]);
    bill.row(&sent, packet, true, 100, ["5", "F6", "twice1"]);
    bill.row(&sent, packet, true, 100, ["5", "F7", "twice1"]);
    bill.row(&sent, packet, true, 100, [id, "F8", "whatever"]);
    bill.row(&sent, packet, true, 300, ["6", "F9", "strange1"]);
    bill.row(&sent, "交易", false, 1_000, ["7", "F10", "order1"]);
    bill
}

fn fund_flow(served: &Served, files: &[&Path], more: &[&str]) -> Said {
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    served.run(&[&["fund-flow"], &files[..], more].concat())
}

/// Difference, number, ledger, out and in of each row of CSV.
fn rows(said: &Said) -> Vec<String> {
    let table = Reader::of_stream(
        std::io::Cursor::new(said.stdout.clone().into_bytes()),
        Format::Csv,
        &ReadOptions::default(),
    );
    let rows = table.unwrap().map(|row| row.unwrap().cells);
    rows.map(|cells| [0, 1, 4, 9, 11].map(|at| cells[at].to_string()).join(" ")).collect()
}

const DIFFERENCES: [&str; 5] = [
    "no_packet strange1  300 0",
    "paid_although_failed failed1 100 100 0",
    "no_movement nomove1 100 0 0",
    "amount_differs other1 100 101 0",
    "doubled twice1 100 200 0",
];

fn written(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn each_packet_is_compared_with_its_movements() {
    let served = play();
    let dir = tempfile::tempdir().unwrap();
    let bill = bill(&records(&served));
    let file = written(dir.path(), "bill.csv", bill.text().as_bytes());
    let said = fund_flow(&served, &[&file], &[]);
    assert_eq!((said.exit, rows(&said)), (6, DIFFERENCES.map(str::to_owned).to_vec()), "{said:?}");
    let all = rows(&fund_flow(&served, &[&file], &["--all"]));
    let agreeing = [" back1 100 100 100", " byid1 100 100 0", " good1 100 100 0"];
    assert_eq!(all.len(), 8);
    agreeing.iter().for_each(|row| assert!(all.contains(&(*row).to_owned()), "{row}: {all:?}"));
    in_every_shape(&served, dir.path(), &bill);
    cut_off(&served, dir.path(), &bill);
    refused(&served, dir.path());
}

/// The same from tabs, from GB18030, and told twice; the summary counts it.
fn in_every_shape(served: &Served, dir: &Path, bill: &Bill) {
    let text = bill.text();
    let tabs = written(dir, "tabs.csv", text.replace(',', "\t").as_bytes());
    assert_eq!(rows(&fund_flow(served, &[&tabs], &[])), DIFFERENCES);
    let marked = written(
        dir,
        "bill.txt",
        format!("\u{FEFF}{}", text.replace('(', "（").replace(')', "）")).as_bytes(),
    );
    let out = dir.join("out.xlsx");
    let more = ["--json", "--out", out.to_str().unwrap()];
    let said = fund_flow(served, &[&tabs, &marked], &more);
    let summary = &said.json()[0];
    let count = |count: u64, ledger: u64, bill: u64| json!({"count": count, "ledger_fen": ledger, "bill_fen": bill});
    let of = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(
        ["bills", "movements", "matched", "other_business", "repeated"].map(of),
        [2, 20, 8, 1, 10]
    );
    assert_eq!(["packets", "out_fen", "in_fen", "exit_code"].map(of), [7, 701, 100, 6]);
    assert_eq!(summary["differences"]["doubled"], count(1, 100, 200));
    assert_eq!(summary["differences"]["no_packet"], count(1, 0, 300));
    assert_eq!(summary["differences"]["refund_missing"], count(0, 0, 0));
    let sheet = Reader::open(&out, Format::Xlsx, &ReadOptions::default()).unwrap();
    assert_eq!(sheet.map(Result::unwrap).collect::<Vec<_>>().len(), 5);
    // GB18030 of what is in the header, without an encoder here: one character of two bytes
    let gb = dir.join("gb.csv");
    std::fs::write(&gb, b"\xbc\xc7\xd5\xcb\n1\n").unwrap();
    let said = fund_flow(served, &[&gb], &[]);
    assert_eq!(said.exit, 2, "{said:?}");
    assert!(said.stderr.contains("COLUMN_MISSING") && said.stderr.contains("记账时间"), "{said:?}");
}

fn cut_off(served: &Served, dir: &Path, bill: &Bill) {
    let text = bill.text();
    let lines: Vec<&str> = text.lines().collect();
    let cut = [&lines[..2], &lines[3..5], &["`x,`y"], &lines[5..]].concat().join("\n");
    let file = written(dir, "cut.csv", cut.as_bytes());
    let said = fund_flow(served, &[&file], &[]);
    let found = rows(&said);
    assert_eq!(found[..3], ["summary_differs    ", "balance_gap    ", "unreadable_row    "]);
    assert!(
        said.stdout.contains("stated: in 2 / 1100, out 8 / 1001; rows: in 2 / 1100, out 7 / 901"),
        "{said:?}"
    );
    assert!(said.stdout.contains(",bad_time\n"), "{said:?}");
}

fn refused(served: &Served, dir: &Path) {
    let file = dir.join("bill.csv");
    let before = std::fs::read(&file).unwrap();
    let said = fund_flow(served, &[&file], &["--out", file.to_str().unwrap()]);
    assert_eq!((said.exit, said.stderr.contains("OUT_IS_INPUT")), (2, true), "{said:?}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let said = fund_flow(served, &[&dir.join("none.csv")], &[]);
    assert_eq!((said.exit, said.stderr.contains("FILE_MISSING")), (9, true), "{said:?}");
}

#[test]
fn a_report_is_the_same_as_table_file_json_and_picture() {
    let served = play();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let by = |by: &str, more: &[&str]| served.run(&[&["report", "--by", by], more].concat());
    let said = by("status", &["--json"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let report = &said.json()[0];
    let money = |packets: u64, fen: u64| json!({"packets": packets, "fen": fen});
    let total = json!({"sent": money(7, 700), "received": money(5, 500), "refunded": money(1, 100),
        "failed": money(1, 100), "outstanding": money(0, 0), "unknown": money(0, 0),
        "beyond_window": money(0, 0), "imported": money(0, 0)});
    assert_eq!((&report["total"], &report["difference_fen"]), (&total, &json!(0)));
    let keys: Vec<&str> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["FAILED", "RECEIVED", "REFUND"]);
    let table = by("status", &["--out", &path("r.xlsx"), "--chart", &path("r.svg"), "--yuan"]);
    assert!(table.stdout.contains("| RECEIVED | 5 / 5.00 | 5 / 5.00 |"), "{table:?}");
    let sheet = Reader::open(Path::new(&path("r.xlsx")), Format::Xlsx, &ReadOptions::default());
    let rows: Vec<String> = sheet
        .unwrap()
        .map(|row| {
            row.unwrap().cells[..5].iter().map(Cell::to_string).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        rows[1..],
        ["RECEIVED 5 5 5 5", "REFUND 1 1 0 0", "total 7 7 5 5"],
        "numbers, not text"
    );
    by("status", &["--out", &path("again.xlsx"), "--chart", &path("again.svg"), "--yuan"]);
    for name in ["xlsx", "svg"] {
        let bytes = |stem: &str| std::fs::read(path(&format!("{stem}.{name}"))).unwrap();
        assert_eq!(bytes("r"), bytes("again"), "{name}");
    }
    let none = by("day", &["--month", "2020-02", "--json"]);
    assert_eq!(none.json()[0]["lines"], json!([]));
    let profile = served.profile();
    let chinese = hongbao_in("zh_CN.UTF-8", &["report", "--profile", &profile, "--by", "day"]);
    assert!(chinese.stdout.contains("| 合计 "), "{chinese:?}");
    let png = by("day", &["--chart", &path("r.png")]);
    assert_eq!((png.exit, png.stderr.contains("CHART_FORMAT")), (2, true), "{png:?}");
}

#[test]
fn the_payer_s_own_book_is_reported_of_its_folder() {
    let dir = play().stop();
    let data = dir.path().join("data");
    let said = hongbao(&[
        "report",
        "--dir",
        data.to_str().unwrap(),
        "--book",
        "records",
        "--by",
        "status",
        "--json",
    ]);
    assert_eq!(said.exit, 0, "{said:?}");
    let total = &said.json()[0]["total"];
    assert_eq!(total["sent"], json!({"packets": 7, "fen": 700}));
    assert_eq!(total["refunded"], json!({"packets": 1, "fen": 100}));
}

#[test]
fn a_report_tells_apart_what_a_file_alone_says() {
    let served = play();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let rows = "mch_billno,sent_at,status,total_amount_fen\n\
        old1,2020-01-02 10:00:00,已领取,250\n\
        old2,2020-01-02 10:00:00,SENT,30\n";
    std::fs::write(path("old.csv"), rows).unwrap();
    let said = served.run(&["import", &path("old.csv")]);
    assert_eq!(said.exit, 0, "{said:?}");
    let said = served.run(&["report", "--by", "day", "--json", "--out", &path("r.csv")]);
    let report = &said.json()[0];
    let money = |packets: u64, fen: u64| json!({"packets": packets, "fen": fen});
    let names = ["sent", "received", "unknown", "outstanding", "beyond_window", "imported"];
    let told = |line: &Value| names.map(|name| line[name].clone());
    let (none, old) = (money(0, 0), money(1, 250));
    let of_file =
        [money(2, 280), old.clone(), money(1, 30), none.clone(), none.clone(), old.clone()];
    assert_eq!(told(&report["lines"][0]), of_file);
    let of_all = [money(9, 980), money(6, 750), money(1, 30), none.clone(), none, old];
    assert_eq!(told(&report["total"]), of_all);
    let csv = std::fs::read_to_string(path("r.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().take(2).collect();
    let head = "day,sent,sent_fen,received,received_fen,refunded,refunded_fen,failed,failed_fen,\
        outstanding,outstanding_fen,unknown,unknown_fen,beyond_window,beyond_window_fen,imported,imported_fen";
    assert_eq!(lines, [head, "2020-01-02,2,280,1,250,0,0,0,0,0,0,1,30,0,0,1,250"]);
    let table = served.run(&["report", "--by", "day"]);
    let note = "received and refunded include 2.50 yuan (packets: 1) of which an imported file alone says so";
    assert!(table.stderr.contains(note), "{table:?}");
}
