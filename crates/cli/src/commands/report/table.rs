//! A report as a table on the terminal, as a file, and as JSON.

use crate::args::ReportArgs;
use crate::commands::reconcile::fault;
use crate::exit::Failure;
use crate::output::{Output, printable};
use crate::say;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use hongbao_ledger::report::{Line, Money};
use hongbao_ledger::{By, Outcome, Report};
use hongbao_sheet::{Cell, Column, Format, SheetError, WriteOptions, Writer};
use hongbao_wire::Fen;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What people call an outcome.
pub fn outcome_word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Received => say!("report-received"),
        Outcome::Refunded => say!("report-refunded"),
        Outcome::Failed => say!("report-failed"),
        Outcome::Outstanding => say!("report-outstanding"),
        Outcome::Unknown => say!("report-unknown"),
    }
}

/// What people call that by which packets are brought together.
pub fn by_word(by: By) -> String {
    match by {
        By::Day => say!("report-day"),
        By::Activity => say!("report-activity"),
        By::Status => say!("report-status"),
        By::Sender => say!("report-sender"),
    }
}

/// What is told beside the outcomes, as a part of them.
const PARTS: [&str; 2] = ["beyond_window", "imported"];

const fn parts(line: &Line) -> [Money; 2] {
    [line.beyond_window, line.imported]
}

/// The table, on stdout; amounts are yuan.
pub fn show(report: &Report, out: &mut Output) {
    let mut table = Table::new();
    let outcomes = Outcome::ALL.map(outcome_word);
    let heads = [by_word(report.by), say!("report-sent")].into_iter().chain(outcomes);
    table.load_style(ASCII_MARKDOWN).set_header(heads);
    let row = |key: String, line: &Line| {
        let moneys = std::iter::once(line.sent).chain(line.outcomes);
        std::iter::once(key).chain(moneys.map(shown)).collect::<Vec<_>>()
    };
    for line in &report.lines {
        let key = if line.key.is_empty() { "-".to_owned() } else { printable(&line.key) };
        table.add_row(row(key, line));
    }
    table.add_row(row(say!("report-total"), &report.total));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out.data(table);
    out.talk(say!("report-units"));
    let [beyond, imported] = parts(&report.total);
    if beyond.packets > 0 {
        let (packets, yuan) = (beyond.packets, beyond.fen.to_yuan());
        out.talk(say!("report-beyond-window", packets = packets, yuan = yuan));
    }
    if imported.packets > 0 {
        let (packets, yuan) = (imported.packets, imported.fen.to_yuan());
        out.talk(say!("report-imported", packets = packets, yuan = yuan));
    }
    let difference = report.total.difference();
    if difference != 0 {
        out.talk(say!("report-difference", fen = difference));
    }
}

/// `12 / 1234.00`: packets and yuan.
fn shown(money: Money) -> String {
    match money.packets {
        0 => "-".to_owned(),
        packets => format!("{packets} / {}", money.fen.to_yuan()),
    }
}

/// Writes the lines to a file; a workbook gets a line of totals.
///
/// # Errors
/// What is wrong with the file.
pub fn write(report: &Report, path: &Path, yuan: bool) -> Result<(), Failure> {
    written(report, path, yuan).map_err(|error| {
        let name = path.display().to_string();
        fault::of_table(&name, &error).hint(say!("report-out-hint"))
    })
}

fn written(report: &Report, path: &Path, yuan: bool) -> Result<(), SheetError> {
    let format = Format::of_path(path)?;
    let words = std::iter::once("sent").chain(Outcome::ALL.iter().map(|outcome| outcome.as_str()));
    let words = words.chain(PARTS);
    let money = |word: &str| match yuan {
        true => [Column::int(word), Column::hundredths(&format!("{word}_yuan"))],
        false => [Column::int(word), Column::int(&format!("{word}_fen"))],
    };
    let key = Column::text(report.by.as_str());
    let columns: Vec<Column> = std::iter::once(key).chain(words.flat_map(money)).collect();
    // activities and senders are others' words: none may run in a spreadsheet
    let guard_formulas = matches!(format, Format::Csv | Format::Tsv);
    let options = WriteOptions { guard_formulas, ..WriteOptions::default() };
    let mut writer = Writer::create(path, format, options, &columns)?;
    for line in &report.lines {
        writer.write(&cells(&line.key, line))?;
    }
    if format == Format::Xlsx {
        writer.write(&cells(&say!("report-total"), &report.total))?;
    }
    writer.finish()
}

/// Amounts are fen, which a column of hundredths shows as yuan.
fn cells(key: &str, line: &Line) -> Vec<Cell> {
    let moneys = std::iter::once(line.sent).chain(line.outcomes).chain(parts(line));
    let money = |Money { packets, fen }: Money| {
        let packets = Cell::Int(i64::try_from(packets).unwrap_or(i64::MAX));
        [packets, Cell::Int(fen.as_i64())]
    };
    std::iter::once(Cell::of_text(key)).chain(moneys.flat_map(money)).collect()
}

/// The object of the JSON contract (`docs/cli-json.md`).
pub fn to_json(report: &Report, args: &ReportArgs, mch_id: &str) -> Value {
    let (from, to) = args.days();
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    let lines: Vec<Value> = report
        .lines
        .iter()
        .map(|line| {
            let mut object = line_json(line, args.yuan);
            object.insert("key".to_owned(), json!(line.key));
            object.into()
        })
        .collect();
    json!({
        "mch_id": mch_id,
        "book": args.book.as_str(),
        "by": report.by.as_str(),
        "from": day(from),
        "to": day(to),
        "lines": lines,
        "total": line_json(&report.total, args.yuan),
        "difference_fen": i64::try_from(report.total.difference()).ok(),
    })
}

fn line_json(line: &Line, yuan: bool) -> Map<String, Value> {
    let money = |Money { packets, fen }: Money| match yuan {
        true => json!({"packets": packets, "yuan": fen.to_yuan()}),
        false => json!({"packets": packets, "fen": Fen::get(fen)}),
    };
    let outcomes = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.as_str().to_owned(), money(line.of(outcome))));
    let parts = PARTS.into_iter().zip(parts(line));
    let parts = parts.map(|(part, of_part)| (part.to_owned(), money(of_part)));
    std::iter::once(("sent".to_owned(), money(line.sent))).chain(outcomes).chain(parts).collect()
}
