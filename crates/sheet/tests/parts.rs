//! Files that are written over a long time: interrupted and gone on with, they are the bytes
//! of one that never was.
#![allow(clippy::unwrap_used)]

use hongbao_sheet::{
    Cell, Checkpoint, Column, Format, Part, ReadOptions, Reader, View, WriteOptions, Writer,
    unguarded,
};
use std::fs;
use std::path::{Path, PathBuf};

const FORMATS: [Format; 5] =
    [Format::Csv, Format::Tsv, Format::JsonLines, Format::Xlsx, Format::Parquet];

fn columns() -> [Column; 4] {
    [Column::text("号"), Column::int("n"), Column::hundredths("yuan"), Column::text("词")]
}

fn row(at: i64) -> [Cell; 4] {
    let text = ["=1+1", "'x", "a,\"b\"\r\n", "", "恭喜"][usize::try_from(at % 5).unwrap()];
    let yuan = if at % 3 == 0 { Cell::Empty } else { Cell::Int(at * 7) };
    [format!("1000009820170720{at:012}").into(), at.into(), yuan, Cell::of_text(text)]
}

fn put(part: &mut Part, at: i64) {
    part.write(&row(at).each_ref().map(View::from)).unwrap();
}

const OPTIONS: WriteOptions = WriteOptions { byte_order_mark: true, guard_formulas: true };

fn path_in(folder: &Path, format: Format) -> PathBuf {
    folder.join("table").with_extension(format.word())
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_was_interrupted_is_byte_for_byte_one_that_was_not() {
    for format in FORMATS {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let whole = path_in(folders[0].path(), format);
        let mut writer = Writer::create(&whole, format, OPTIONS, &columns()).unwrap();
        (0..3000).for_each(|at| writer.write(&row(at)).unwrap());
        writer.finish().unwrap();

        let path = path_in(folders[1].path(), format);
        let mut part = Part::begin(&path, format, OPTIONS, &columns()).unwrap();
        (0..1000).for_each(|at| put(&mut part, at));
        let checkpoint = part.checkpoint().unwrap();
        assert_eq!(checkpoint.rows, 1000);
        // beyond the checkpoint: it is written anew
        (1000..1500).for_each(|at| put(&mut part, at));
        drop(part);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(entries(folders[1].path()), [format!("{name}.part")], "{format:?}");
        let mut part = Part::go_on(&path, format, OPTIONS, &columns(), checkpoint).unwrap();
        (1000..3000).for_each(|at| put(&mut part, at));
        let mut seen = Vec::new();
        let is_made = part.finish(|rows| {
            seen.push(rows);
            true
        });
        assert!(is_made.unwrap());
        assert_eq!(entries(folders[1].path()), [name], "{format:?}");
        assert!(fs::read(&path).unwrap() == fs::read(&whole).unwrap(), "{format:?} differs");
        let asked = match format {
            Format::Xlsx => vec![1024, 2048],
            Format::Parquet => vec![3000],
            _ => Vec::new(),
        };
        assert_eq!(seen, asked, "{format:?}");
    }
}

/// With more than one row group, pauses within one and at the end of one, and rows that were
/// written behind a checkpoint and lost.
#[test]
fn a_parquet_file_is_the_same_bytes_whatever_pauses_it_was_made_in() {
    const ROWS: i64 = 140_000;
    const GROUP: i64 = 65_536;
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.parquet");
    let mut writer = Writer::create(&whole, Format::Parquet, OPTIONS, &columns()).unwrap();
    (0..ROWS).for_each(|at| writer.write(&row(at)).unwrap());
    writer.finish().unwrap();

    let path = folder.path().join("part.parquet");
    let mut part = Part::begin(&path, Format::Parquet, OPTIONS, &columns()).unwrap();
    let mut at_ease = Vec::new();
    let mut at = 0;
    for (pause, lost) in [(10, 0), (11, 500), (60_000, 9_000), (GROUP, 1), (GROUP + 1, 70_000)] {
        while at < pause {
            if part.write(&row(at).each_ref().map(View::from)).unwrap() {
                at_ease.push(at + 1);
            }
            at += 1;
        }
        let checkpoint = part.checkpoint().unwrap();
        assert_eq!(part.checkpoint().unwrap(), checkpoint, "nothing is written twice");
        (at..at + lost).for_each(|at| put(&mut part, at));
        drop(part);
        part = Part::go_on(&path, Format::Parquet, OPTIONS, &columns(), checkpoint).unwrap();
    }
    assert_eq!(at_ease, [GROUP]);
    (at..ROWS).for_each(|at| put(&mut part, at));
    let mut seen = Vec::new();
    let is_made = part.finish(|rows| {
        seen.push(rows);
        true
    });
    assert!(is_made.unwrap());
    assert_eq!(seen, [65_536, 131_072, 140_000]);
    assert!(fs::read(&path).unwrap() == fs::read(&whole).unwrap(), "it differs");
    let rows = Reader::open(&path, Format::Parquet, &ReadOptions::default()).unwrap();
    assert!(rows.zip(0..).all(|(row_read, at)| {
        let mut cells = row(at).to_vec();
        if let Cell::Int(yuan) = cells[2] {
            cells[2] = format!("{}.{:02}", yuan / 100, yuan % 100).into();
        }
        row_read.unwrap().cells == cells
    }));
}

#[test]
fn the_end_can_be_stopped_too_and_what_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(folder.path(), Format::Parquet);
    fs::write(&path, "old").unwrap();
    let mut part = Part::begin(&path, Format::Parquet, OPTIONS, &columns()).unwrap();
    (0..2000).for_each(|at| put(&mut part, at));
    let checkpoint = part.checkpoint().unwrap();
    assert!(!part.finish(|_| false).unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(entries(folder.path()), ["table.parquet", "table.parquet.part"]);
    let part = Part::go_on(&path, Format::Parquet, OPTIONS, &columns(), checkpoint).unwrap();
    assert!(part.finish(|_| true).unwrap());
    let rows = Reader::open(&path, Format::Parquet, &ReadOptions::default()).unwrap();
    assert_eq!(rows.count(), 2000);
}

#[test]
fn one_process_at_a_time_writes_and_what_is_lost_is_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(folder.path(), Format::Csv);
    let begin = || Part::begin(&path, Format::Csv, OPTIONS, &columns());
    let go_on = |bytes| {
        let from = Checkpoint { bytes, rows: 0 };
        Part::go_on(&path, Format::Csv, OPTIONS, &columns(), from)
    };
    assert_eq!(go_on(0).unwrap_err().code(), "SHEET_PART_LOST");
    let first = begin().unwrap();
    assert_eq!(begin().unwrap_err().code(), "SHEET_IN_USE");
    assert_eq!(go_on(0).unwrap_err().code(), "SHEET_IN_USE");
    drop(first);
    assert_eq!(go_on(10_000).unwrap_err().code(), "SHEET_PART_LOST");
    assert!(begin().is_ok());
}

#[test]
fn hundredths_are_numbers_where_the_format_has_exact_ones() {
    let folder = tempfile::tempdir().unwrap();
    let columns = [Column::hundredths("yuan")];
    let rows: [i64; 5] = [0, 29, 1205, 999_999_999_999_999, 999_999_999_999_999_999];
    for (format, shown) in [
        (Format::Csv, ["0.00", "0.29", "12.05", "9999999999999.99", "9999999999999999.99"]),
        (Format::JsonLines, ["0.00", "0.29", "12.05", "9999999999999.99", "9999999999999999.99"]),
        (Format::Parquet, ["0.00", "0.29", "12.05", "9999999999999.99", "9999999999999999.99"]),
        // a worksheet's numbers have no decimals of their own: its format shows them
        (Format::Xlsx, ["0", "0.29", "12.05", "9999999999999.99", "9999999999999999.99"]),
    ] {
        let path = path_in(folder.path(), format);
        let options = WriteOptions::default();
        let mut writer = Writer::create(&path, format, options, &columns).unwrap();
        rows.iter().for_each(|number| writer.write(&[(*number).into()]).unwrap());
        let too_large = writer.write(&[1_000_000_000_000_000_000_i64.into()]).unwrap_err();
        assert_eq!(too_large.code(), "SHEET_NOT_A_NUMBER");
        assert_eq!(writer.write(&["1".into()]).unwrap_err().code(), "SHEET_NOT_A_NUMBER");
        writer.finish().unwrap();
        let read = Reader::open(&path, format, &ReadOptions::default()).unwrap();
        let read: Vec<String> = read.map(|row| row.unwrap().cells[0].to_string()).collect();
        assert_eq!(read, shown, "{format:?}");
    }
}

#[test]
fn what_a_spreadsheet_would_take_for_a_formula_is_guarded_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let texts =
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'x", "''", "x'", "1=1", "红包", "'1"];
    let path = path_in(folder.path(), Format::Csv);
    let options = WriteOptions { guard_formulas: true, ..WriteOptions::default() };
    let mut writer =
        Writer::create(&path, Format::Csv, options, &[Column::text("t"), Column::int("n")])
            .unwrap();
    texts.iter().for_each(|text| writer.write(&[(*text).into(), (-5).into()]).unwrap());
    writer.finish().unwrap();
    let read = Reader::open(&path, Format::Csv, &ReadOptions::default()).unwrap();
    let read: Vec<Vec<Cell>> = read.map(|row| row.unwrap().cells).collect();
    for (cells, text) in read.iter().zip(texts) {
        let [cell, number] = &cells[..] else { panic!("two columns") };
        let (cell, number) = (cell.to_string(), number.to_string());
        assert_eq!(number, "-5", "a number is no formula");
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '＝']), "{cell}");
        assert_eq!(unguarded(&cell), text);
    }
    for plain in ["1", "'红", "x", ""] {
        assert_eq!(unguarded(plain), plain);
    }
}
