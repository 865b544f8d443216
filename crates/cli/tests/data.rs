//! Data out of a ledger and into one, through the real binary: what goes out comes in again, and
//! what comes in proves nothing.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_ledger::inquiry::{Conclusion, Seen};
use hongbao_ledger::record::Order;
use hongbao_ledger::{
    Entry, Expect, Inquiries, Inquiry, InquiryCommit, Key, SealKey, Source, SqliteLedger,
};
use hongbao_sheet::{Format, ReadOptions, Reader};
use hongbao_wire::Fen;
use hongbao_wire::send::Sender;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Said, Served, hongbao};

const MCH: &str = "10000098";

/// Two merchants' sides of one merchant, each with a ledger of its own.
struct Sides {
    dir: tempfile::TempDir,
}

impl Sides {
    fn new() -> Self {
        let served = Served::start();
        let profile = served.profile();
        let text = fs::read_to_string(&profile).unwrap();
        let other = PathBuf::from(&profile).with_file_name("other.toml");
        fs::write(other, text + "ledger_file = \"other.sqlite\"\n").unwrap();
        Self { dir: served.stop() }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("data/merchants").join(MCH)
    }

    fn run(&self, profile: &str, args: &[&str]) -> Said {
        let profile = self.folder().join(profile);
        hongbao(&[&[args[0], "--profile", profile.to_str().unwrap()], &args[1..]].concat())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Fills the first ledger.
    fn fill(&self, inquiries: Vec<Inquiry>) {
        let path = self.folder().join("ledger.sqlite");
        let key = SealKey::load(path.with_extension("key"));
        let key = key.or_else(|_| SealKey::create(path.with_extension("key"))).unwrap();
        let ledger = SqliteLedger::open(&path, key).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let commits = inquiries.into_iter().map(|inquiry| {
                let entry = Entry {
                    at: inquiry.noted_at,
                    source: Source::Upstream,
                    event: "query RECEIVED".into(),
                    raw: None,
                };
                let commit = InquiryCommit {
                    inquiry,
                    expect: Expect::Absent,
                    numbers_of_ref: None,
                    entries: vec![entry],
                };
                ledger.commit_inquiry(commit)
            });
            for done in futures_util::future::join_all(commits).await {
                done.unwrap();
            }
        });
    }
}

/// Small numbers out of a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn text(&mut self) -> Option<Box<str>> {
        const TEXTS: [&str; 12] = [
            "新年红包",
            "=1+1",
            "'x",
            "`x",
            " blank ",
            "a,b;c\td",
            "\"q\"",
            "-5",
            "@SUM(A1)",
            "🧧",
            "1E5",
            "x\ny",
        ];
        let at = self.below(TEXTS.len() as u64 + 1);
        TEXTS.get(usize::try_from(at).unwrap()).map(|text| (*text).into())
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (self.below(4) > 0).then_some(value)
    }
}

fn inquiry(at: u64, now: Timestamp, dice: &mut Dice) -> Inquiry {
    let age = SignedDuration::from_secs(i64::try_from(dice.below(60 * 86_400)).unwrap());
    let sent_at = Timestamp::from_second((now - age).as_second()).unwrap();
    let amount = Fen::new(100 + dice.below(20_000)).unwrap();
    let openid = format!("o{}", dice.below(99));
    let is_past = age > SignedDuration::from_hours(24 * 30);
    // what the file says of the money counts beyond the 30 days alone: only then it is kept
    let (status, verdict, received, refunded) = match (is_past, dice.below(3)) {
        (true, 0) => ("RECEIVED", "received", Some(amount), None),
        (true, 1) => ("REFUND", "refunded", None, Some(amount)),
        _ => ("SENT", "open", None, None),
    };
    let order = dice.maybe(()).map(|()| Order {
        wxappid: "wx8888888888888888".into(),
        re_openid: openid.as_str().into(),
        total_amount: amount,
        wishing: "恭喜发财".into(),
        act_name: "一次".into(),
        remark: "备注".into(),
        sender: Sender::Company,
        sender_header_media_id: None,
        scene: None,
    });
    let seen = Seen {
        status: status.into(),
        detail_id: dice.maybe(format!("10000000002026{at:017}").into()),
        total_amount: Some(amount),
        reason: dice.text(),
        act_name: dice.text(),
        sender_name: dice.text(),
        send_time: Some(sent_at),
        openid: dice.maybe(openid.as_str().into()),
        amount: received,
        rcv_time: received.map(|_| sent_at + SignedDuration::from_mins(3)),
        refund_amount: refunded,
        refund_time: refunded.map(|_| sent_at + SignedDuration::from_hours(25)),
    };
    Inquiry {
        key: Key::new(MCH, format!("1000009820261101{at:012}")),
        appid: "wx8888888888888888".into(),
        business_ref: dice.text().map(|text| format!("{text}{at}").into()),
        order,
        noted_at: sent_at,
        sent_at: Some(sent_at),
        sends: 0,
        asks: 1,
        asked_at: Some(sent_at),
        answered_at: Some(sent_at),
        conclusion: Conclusion {
            verdict: verdict.into(),
            cause: (verdict == "open").then(|| "sent".into()),
            next_step: "done".into(),
            is_final: verdict != "open",
        },
        unknown_since: None,
        is_contradicted: false,
        seen: Some(seen),
        reply: None,
        send_reply: None,
        due_at: None,
        attention: None,
        version: 0,
    }
}

/// The columns that an import keeps.
const KEPT: &str = "mch_id,mch_billno,business_ref,sent_at,total_amount_fen,received_fen,\
    refunded_fen,rcv_time,refund_time,act_name,sender_name,detail_id,openid,appid";

#[test]
fn what_is_exported_is_imported_with_all_that_an_import_keeps() {
    let seed = 20_261_124;
    let sides = Sides::new();
    let mut dice = Dice(seed);
    let now = Timestamp::now();
    sides.fill((0..400).map(|at| inquiry(at, now, &mut dice)).collect());
    let first = sides.path("first.csv");
    let said = sides.run("merchant.toml", &["export", "--columns", KEPT, "-o", &first]);
    assert_eq!(said.exit, 0, "{said:?}");
    for (word, yuan) in
        [("csv", true), ("tsv", false), ("jsonl", true), ("xlsx", true), ("parquet", true)]
    {
        for name in
            ["other.sqlite", "other.key", "other.lock", "other.sqlite-wal", "other.sqlite-shm"]
        {
            let _ = fs::remove_file(sides.folder().join(name));
        }
        let whole = sides.path(&format!("whole.{word}"));
        let mut args = vec!["export", "-o", &whole, "--headers", if yuan { "zh" } else { "en" }];
        args.extend(yuan.then_some("--yuan"));
        args.extend((word == "csv").then_some("--excel"));
        assert_eq!(sides.run("merchant.toml", &args).exit, 0);
        let twice = sides.path(&format!("twice.{word}"));
        args[2] = &twice;
        assert_eq!(sides.run("merchant.toml", &args).exit, 0);
        assert!(fs::read(&whole).unwrap() == fs::read(&twice).unwrap(), "{word} is not stable");

        let said = sides.run("other.toml", &["import", "--json", &whole]);
        assert_eq!(said.exit, 0, "{word} {said:?}");
        assert_eq!(said.json()[0]["imported"], 400);
        let second = sides.path("second.csv");
        let said = sides.run("other.toml", &["export", "--columns", KEPT, "-o", &second]);
        assert_eq!(said.exit, 0, "{said:?}");
        let text = |path: &str| fs::read_to_string(path).unwrap();
        let (first, second) = (text(&first), text(&second));
        for (first, second) in first.lines().zip(second.lines()) {
            assert_eq!(first, second, "{word}, seed {seed}");
        }
        assert_eq!(first.len(), second.len());
        let again = sides.run("other.toml", &["import", "--json", &whole]);
        let summary = &again.json()[0];
        assert_eq!(again.exit, 0, "{again:?}");
        assert_eq!((&summary["imported"], &summary["known"]), (&json!(0), &json!(400)));
    }
}

/// The cells of the rows of a CSV file by their columns.
fn rows(path: &str) -> Vec<BTreeMap<String, String>> {
    let reader = Reader::open(Path::new(path), Format::Csv, &ReadOptions::default()).unwrap();
    let columns = reader.columns().to_vec();
    let row = |cells: Vec<hongbao_sheet::Cell>| {
        let cells = cells.iter().map(ToString::to_string);
        columns.iter().map(|column| column.name.to_string()).zip(cells).collect()
    };
    reader.map(|it| row(it.unwrap().cells)).collect()
}

#[test]
fn a_console_s_export_is_taken_in_and_what_it_says_is_no_verdict() {
    let sides = Sides::new();
    let text = "商户订单号,红包单号,创建时间,金额(元),状态,活动名称,用户openid,网点\r\n\
        `1000009820250101000000000001,`1000000000202501013000000000001,2025-01-01 10:00:00,1.05,已领取,`新年红包,o1,7\r\n\
        `1000009820250101000000000002,,2025-01-01 10:00:00,2.00,发放失败,`新年红包,o2,7\r\n\
        1.00E+27,,2025-01-01 10:00:00,2.00,已领取,x,o3,7\r\n\
        `1000009820250101000000000004,,2025-01-01,2.00,已领取,x,o4,7\r\n\
        `1000009820250101000000000005,,2025-01-01 10:00:00,2.005,已领取,x,o5,7\r\n";
    let (bytes, ..) = encoding_rs::GB18030.encode(text);
    let file = sides.file("console.csv", bytes);
    let import = ["import", "--encoding", "gb18030", "--json"];
    let dry = sides.run("merchant.toml", &[&import[..], &["--dry-run", &file]].concat());
    assert_eq!((dry.exit, dry.stderr.contains("LEDGER_MISSING")), (9, true), "{dry:?}");
    let said = sides.run("merchant.toml", &[&import[..], &[&file]].concat());
    let summary = said.json().remove(0);
    let expected = json!({
        "rows": 5, "imported": 2, "known": 0, "differing": 0,
        "problems": {"lost_digits": 1, "bad_time": 1, "bad_amount": 1},
        "problem_rows": [
            {"line": 4, "problem": "lost_digits"},
            {"line": 5, "problem": "bad_time"},
            {"line": 6, "problem": "bad_amount"},
        ],
        "difference_rows": [], "ignored_columns": ["网点"], "dry_run": false, "exit_code": 6,
    });
    assert_eq!((said.exit, summary), (6, expected));

    let out = sides.path("out.csv");
    assert_eq!(sides.run("merchant.toml", &["export", "-o", &out]).exit, 0);
    let rows = rows(&out);
    let cells = |at: usize, names: [&str; 6]| names.map(|name| rows[at][name].clone());
    let names = ["status", "reason", "verdict", "is_final", "received_fen", "next_step"];
    let expected = ["IMPORTED", "已领取", "beyond_window", "false", "105", "ledger_or_console"];
    assert_eq!(cells(0, names), expected);
    let expected = ["IMPORTED", "发放失败", "beyond_window", "false", "", "ledger_or_console"];
    assert_eq!(cells(1, names), expected, "a file that says failed permits nothing");

    // the summary for people, in both directions of knowledge
    let other = "mch_billno,total_amount_fen\n1000009820250101000000000001,106\n9,1\n";
    let other = sides.file("other.csv", other);
    let dry = sides.run("merchant.toml", &["import", "--dry-run", &other]);
    let expected = "line 2: the ledger knows `1000009820250101000000000001` otherwise: total_amount; nothing was changed\n\
        rows: 2; would be imported: 1; known already: 1, 1 of them otherwise; not to be imported: 0; nothing was changed\n";
    assert_eq!((dry.exit, dry.stderr.as_str()), (6, expected));
    let billno = "1000009820250101000000000002";
    let query = sides.run("merchant.toml", &["query", "--offline", "--json", billno]);
    let said: &Value = &query.json()[0];
    assert_eq!((query.exit, &said["verdict"]), (6, &json!("beyond_window")));
    assert_eq!(said["new_billno_permitted"], json!(false));
    let status = ["records", "--json", "--status", "IMPORTED"];
    let listed = sides.run("merchant.toml", &status);
    assert_eq!((listed.json().len(), listed.stderr.as_str()), (2, ""));
    let history = sides.run("merchant.toml", &["history", "--raw", billno]);
    assert!(history.stdout.contains("\"status\":\"发放失败\""), "{history:?}");
}

#[test]
fn a_column_that_does_not_say_its_unit_is_refused_and_standard_output_takes_lines() {
    let sides = Sides::new();
    let file = sides.file("bare.csv", "商户订单号,金额\n1,1.00\n");
    let said = sides.run("merchant.toml", &["import", &file]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.starts_with("error[AMOUNT_UNIT_UNKNOWN]: the column `金额`"), "{said:?}");
    let said = sides.run("merchant.toml", &["import", "--amounts", "yuan", &file]);
    assert_eq!(said.exit, 0, "{said:?}");
    let columns = ["--columns", "mch_billno,total_amount,verdict,cause,sends"];
    let lines = [&["export", "--format", "jsonl"], &columns[..]].concat();
    let said = sides.run("merchant.toml", &lines);
    let line = "{\"mch_billno\":\"1\",\"total_amount_fen\":100,\"verdict\":\"unknown\",\
        \"cause\":\"imported\",\"sends\":0}\n";
    assert_eq!((said.exit, said.stdout.as_str()), (0, line));
    let said = sides.run("merchant.toml", &["export", "--format", "xlsx"]);
    assert_eq!(said.exit, 9, "{said:?}");
    assert!(said.stderr.starts_with("error[SHEET_NEEDS_FILE]"), "{said:?}");
    let said = sides.run("merchant.toml", &["export", "--columns", "who"]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.starts_with("error[COLUMN_UNKNOWN]"), "{said:?}");
}
