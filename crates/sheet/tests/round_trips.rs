//! What is written is what is read, in every format and from each to each.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Column, Format, Kind};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{read, write};

const FORMATS: [Format; 5] =
    [Format::Csv, Format::Tsv, Format::Xlsx, Format::Parquet, Format::JsonLines];

/// Text as it stands in real tables, and the characters that formats treat in their own way.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{28,31}",
        "[ -~]{0,20}",
        "[红包恭喜发财🧧👨‍👩‍👧,;\"'=+@\t\r\n<>&_x0-9A-F-]{0,12}",
        Just("_x000D_".to_owned()),
        Just("\u{FEFF}x".to_owned()),
        "\\PC{0,10}",
    ]
}

fn cell(kind: Kind) -> BoxedStrategy<Cell> {
    let number = any::<i64>().prop_map(Cell::Int);
    let lost = (-9_i64..9).prop_map(|digit| Cell::LostDigits(format!("{digit}E+27").into()));
    match kind {
        Kind::Int | Kind::Hundredths => {
            prop_oneof![Just(Cell::Empty), number, (0..9_i64).prop_map(Cell::Int)].boxed()
        }
        Kind::Text => {
            prop_oneof![Just(Cell::Empty), text().prop_map(Cell::from), number, lost].boxed()
        }
    }
}

fn table() -> impl Strategy<Value = (Vec<Column>, Vec<Vec<Cell>>)> {
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Int)];
    vec(("\\PC{1,8}", kind), 1..5)
        .prop_map(|columns| {
            let column = |(at, (name, kind)): (usize, (String, Kind))| Column {
                name: format!("{at}{name}").into(),
                kind,
            };
            columns.into_iter().enumerate().map(column).collect::<Vec<_>>()
        })
        .prop_flat_map(|columns| {
            let cells: Vec<_> = columns.iter().map(|column| cell(column.kind)).collect();
            // JSON lines without a line have no columns
            (Just(columns), vec(cells, 1..6))
        })
}

/// Rows as texts: what every format keeps. A worksheet has no blank rows.
fn texts(format: Format, rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let shown = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect();
    let kept = |row: &&Vec<Cell>| format != Format::Xlsx || !row.iter().all(Cell::is_blank);
    rows.iter().filter(kept).map(shown).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_format_keeps_every_cell((columns, rows) in table()) {
        let folder = tempfile::tempdir().unwrap();
        for format in FORMATS {
            let path = write(&folder, format, &columns, &rows);
            let (read_columns, read_rows) = read(&path);
            let names = |columns: &[Column]| -> Vec<Box<str>> {
                columns.iter().map(|column| column.name.clone()).collect()
            };
            prop_assert_eq!(names(&read_columns), names(&columns));
            prop_assert_eq!(texts(format, &read_rows), texts(format, &rows), "{:?}", format);
            if format == Format::Parquet {
                prop_assert_eq!(&read_columns, &columns);
            }
        }
    }

    #[test]
    fn a_table_goes_from_each_format_to_each((columns, rows) in table()) {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for from in FORMATS {
            let (columns, first) = read(&write(&folders[0], from, &columns, &rows));
            for to in FORMATS {
                if first.is_empty() && to == Format::JsonLines {
                    continue; // a worksheet has no blank rows
                }
                let (_, second) = read(&write(&folders[1], to, &columns, &first));
                prop_assert_eq!(texts(to, &second), texts(to, &first), "{:?} to {:?}", from, to);
            }
        }
    }
}

#[test]
fn numbers_stay_numbers_where_the_format_has_them() {
    let columns = [Column::text("t"), Column::int("n")];
    let rows = [vec![Cell::Int(5), Cell::Int(-5)], vec!["5".into(), Cell::Empty]];
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(&write(&folder, Format::Xlsx, &columns, &rows)).1, rows);
    let (read_columns, read_rows) = read(&write(&folder, Format::Parquet, &columns, &rows));
    assert_eq!(read_columns, columns);
    assert_eq!(read_rows, [vec!["5".into(), Cell::Int(-5)], vec!["5".into(), Cell::Empty]]);
}

#[test]
fn numbers_that_excel_would_not_keep_are_written_as_text() {
    let rows: Vec<Vec<Cell>> = [999_999_999_999_999, 1_000_000_000_000_000, i64::MIN]
        .into_iter()
        .map(|number| vec![Cell::Int(number)])
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let (_, read) = read(&write(&folder, Format::Xlsx, &[Column::int("n")], &rows));
    let expected: [Cell; 3] =
        [999_999_999_999_999.into(), "1000000000000000".into(), "-9223372036854775808".into()];
    assert_eq!(read.concat(), expected);
}
