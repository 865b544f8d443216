//! An export that was interrupted, at whatever page, is byte for byte one that was not.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::args::{Cli, Command};
use crate::ledger_place::{LedgerPlace, LedgerWords, Owner};
use clap::Parser;
use hongbao_ledger::ledger::Commit;
use hongbao_ledger::merchant::Limits;
use hongbao_ledger::record::{Order, Receipt, Record, Told};
use hongbao_ledger::{Entry, Expect, Key, Ledger, MemoryLedger, Merchant};
use hongbao_sheet::{Format, ReadOptions, Reader};
use hongbao_wire::send::Sender;
use hongbao_wire::{ApiKey, Fen, Status, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::path::Path;

const ROWS: u64 = 2_500;
const MCH: &str = "10000098";

fn record(at: u64) -> Record {
    let start: Timestamp = "2026-07-20T14:45:12Z".parse().unwrap();
    let sent_at = start + SignedDuration::from_secs(i64::try_from(at).unwrap());
    let amount = Fen::new(100 + at).unwrap();
    let receipt = Receipt { openid: format!("o{at}").as_str().into(), amount, rcv_time: sent_at };
    Record {
        key: Key::new(MCH, format!("10000098202607{at:014}")),
        order: Order {
            wxappid: "wx8888888888888888".into(),
            re_openid: format!("o{at}").as_str().into(),
            total_amount: amount,
            wishing: "=恭喜,\"发财\"".into(),
            act_name: if at.is_multiple_of(2) { "新年红包" } else { "端午" }.into(),
            remark: "a\nb".into(),
            sender: Sender::Name("XX活动".into()),
            sender_header_media_id: None,
            scene: None,
        },
        sent_at,
        detail_id: Some(format!("1000000000{at:021}").into()),
        status: Some(if at.is_multiple_of(3) { Status::Received } else { Status::Sent }),
        status_at: sent_at,
        reason: None,
        receipt: at.is_multiple_of(3).then_some(receipt),
        refund: None,
        due_at: None,
        play: "".into(),
        told: Told::Nothing,
        version: 0,
    }
}

fn merchant() -> Merchant {
    Merchant {
        mch_id: MCH.into(),
        name: "测试".into(),
        appids: vec!["wx8888888888888888".into()],
        api_key: ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d"),
        workwx_secret: WorkwxSecret::new(*b"synthetic-workwx-secret-01234567"),
        key_version: 1,
        limits: Limits::default(),
        balance: Fen::ZERO,
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        added_at: "2026-07-20T00:00:00Z".parse().unwrap(),
        version: 1,
    }
}

async fn filled() -> Source {
    let ledger = MemoryLedger::new();
    ledger.add_merchant(merchant()).await.unwrap();
    for at in 0..ROWS {
        let record = record(at);
        let entry = Entry {
            at: record.sent_at,
            source: hongbao_ledger::Source::Merchant,
            event: "accepted".into(),
            raw: None,
        };
        let commit = Commit {
            record,
            expect: Expect::Absent,
            entries: vec![entry],
            reply: None,
            budget: None,
            refund: None,
            findings: Vec::new(),
        };
        ledger.commit(commit).await.unwrap();
    }
    Source::Records { ledger: Arc::new(ledger), mch_id: MCH.to_owned(), place: place("ledger") }
}

fn place(name: &str) -> LedgerPlace {
    let words = LedgerWords { place: name.to_owned(), ..LedgerWords::default() };
    LedgerPlace::of(&words, Path::new(""), Owner::Server).unwrap()
}

fn args(out: &Path, more: &[&str]) -> ExportArgs {
    let words = ["hongbao", "export", "--dir", "d", "--book", "records", "-o"];
    let words = [&words[..], &[out.to_str().unwrap()], more].concat();
    let Command::Export(args) = Cli::parse_from(words).command else { panic!("it is export") };
    args
}

/// One run, stopped before the page behind so many rows.
async fn export(source: &Source, args: &ExportArgs, stop_at: u64) -> Result<End, Failure> {
    let mut out = Output::standard();
    let mut plan = Plan::of(args)?;
    plan.reads(source.place());
    let begun = begin(args, &plan, &mut out)?;
    let is_stopped = Arc::new(move |rows| rows >= stop_at);
    write(args, &plan, source, begun, is_stopped, &mut out).await.map(|(end, _)| end)
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_export_that_was_interrupted_is_byte_for_byte_one_that_was_not() {
    let source = filled().await;
    for word in ["csv", "tsv", "jsonl", "xlsx", "parquet"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).with_extension(word);
        let more = ["--yuan", "--headers", "zh"];
        let whole = args(&path("whole"), &more);
        assert_eq!(export(&source, &whole, u64::MAX).await, Ok(End::Made));

        let file = path("part");
        let first = args(&file, &more);
        assert_eq!(export(&source, &first, 1_000).await, Ok(End::Stopped));
        assert!(!file.exists(), "no half file has the name");
        let resumed = args(&file, &[&more[..], &["--resume"]].concat());
        assert_eq!(export(&source, &resumed, 2_000).await, Ok(End::Stopped));
        // what a killed process wrote behind its last state is written anew
        let part = folder.path().join(format!("part.{word}.part"));
        let torn = [fs::read(&part).unwrap(), b"torn\"".to_vec()].concat();
        fs::write(&part, torn).unwrap();
        assert_eq!(export(&source, &resumed, u64::MAX).await, Ok(End::Made));
        let names = [format!("part.{word}"), format!("whole.{word}")];
        assert_eq!(entries(folder.path()), names);
        let same = fs::read(&file).unwrap() == fs::read(path("whole")).unwrap();
        assert!(same, "{word} differs");
        let format = Format::from_word(word).unwrap();
        let rows = Reader::open(&file, format, &ReadOptions::default()).unwrap();
        let rows: Result<Vec<_>, _> = rows.collect();
        assert_eq!(rows.unwrap().len() as u64, ROWS);
    }
}

#[tokio::test]
async fn what_was_interrupted_is_not_gone_on_with_as_something_else() {
    let source = filled().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    assert_eq!(export(&source, &args(&file, &[]), 1_000).await, Ok(End::Stopped));
    let others: [&[&str]; 4] =
        [&["--yuan"], &["--status", "SENT"], &["--columns", "mch_billno"], &["--limit", "7"]];
    for other in others {
        let other = args(&file, &[other, &["--resume"]].concat());
        let failure = export(&source, &other, u64::MAX).await.unwrap_err();
        assert_eq!(failure.code, "EXPORT_OTHER");
    }
    let resumed = args(&file, &["--resume"]);
    let Source::Records { ledger, mch_id, .. } = &source else { panic!("it is of records") };
    let (ledger, mch_id) = (ledger.clone(), mch_id.clone());
    let elsewhere = Source::Records { ledger, mch_id, place: place("another") };
    let failure = export(&elsewhere, &resumed, u64::MAX).await.unwrap_err();
    assert_eq!(failure.code, "EXPORT_OTHER", "the same arguments, of another ledger");
    fs::remove_file(folder.path().join("x.csv.part")).unwrap();
    assert_eq!(export(&source, &resumed, u64::MAX).await, Ok(End::Made), "begun anew");
    assert_eq!(fs::read_to_string(&file).unwrap().matches("10000098202607").count() as u64, ROWS);
}

#[tokio::test]
async fn filters_and_columns_hold_for_the_payer_s_own_records() {
    let source = filled().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    let columns = "mch_billno,total_amount_yuan,received_fen,wishing,openid";
    let more = ["--columns", columns, "--status", "RECEIVED", "--activity", "端午"];
    let more = [&more[..], &["--limit", "2", "--from", "2026-07-20T22:45:16+08:00"]].concat();
    assert_eq!(export(&source, &args(&file, &more), u64::MAX).await, Ok(End::Made));
    let text = "mch_billno,total_amount_yuan,received_fen,wishing,openid\n\
        1000009820260700000000000009,1.09,109,\"'=恭喜,\"\"发财\"\"\",o9\n\
        1000009820260700000000000015,1.15,115,\"'=恭喜,\"\"发财\"\"\",o15\n";
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let refused = |more: &[&str]| Plan::of(&args(&file, more)).unwrap_err().code;
    assert_eq!(refused(&["--verdict", "open"]), "EXPORT_FILTER");
    assert_eq!(refused(&["--columns", "verdict"]), "COLUMN_UNKNOWN");
}
