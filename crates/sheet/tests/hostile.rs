//! No bytes make a reader panic, hang, or take memory without end.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Column, Format};
use proptest::prelude::*;
use std::io::Write;
use support::workbook::Workbook;
use support::{kept, of_file, told, write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Rows are enough when they are more than the bytes could name one by one.
const ROWS_ENOUGH: usize = 10_000;

fn read_whatever(bytes: &[u8]) {
    for format in [Format::Csv, Format::Tsv, Format::Lines, Format::Xlsx, Format::Parquet] {
        if let Ok(reader) = of_file(bytes, format) {
            let _ = reader.take(ROWS_ENOUGH).count();
        }
    }
}

fn samples() -> Vec<(Format, Vec<u8>)> {
    let of = |name: &str| std::fs::read(kept(name)).unwrap();
    vec![
        (Format::Xlsx, of("openpyxl.xlsx")),
        (Format::Parquet, of("pyarrow-none.parquet")),
        (Format::Parquet, of("pyarrow-snappy.parquet")),
        (Format::Parquet, of("pyarrow-v2.parquet")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_whatever(&bytes);
        read_whatever(&[b"PK\x03\x04", &bytes[..]].concat());
        read_whatever(&[b"PAR1", &bytes[..], b"PAR1"].concat());
    }

    #[test]
    fn altered_files_are_survived(at: prop::sample::Index, byte: u8, which: prop::sample::Index) {
        let (format, mut bytes) = which.get(&samples()).clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(reader) = of_file(&bytes, format) {
            let _ = reader.take(ROWS_ENOUGH).count();
        }
    }
}

#[test]
fn a_file_that_is_cut_off_is_never_taken_for_a_whole_one() {
    for (format, bytes) in samples() {
        for length in 0..bytes.len() {
            let told = told(of_file(&bytes[..length], format));
            assert_eq!(told, ["SHEET_DAMAGED"], "{format:?}, {length} bytes");
        }
    }
}

fn sheet(rows: &str, shared: &str) -> Vec<String> {
    Workbook { rows, shared, ..Workbook::default() }.told()
}

const NONE_SHARED: &str = "<sst></sst>";

#[test]
fn a_claim_of_many_shared_texts_makes_no_room_for_them() {
    let shared = "<sst uniqueCount=\"4000000000000\"><si><t>a</t></si></sst>";
    assert_eq!(sheet("", shared), ["SHEET_DAMAGED"]);
}

#[test]
fn a_cell_far_to_the_right_makes_no_room_for_those_before_it() {
    let header = r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row>"#;
    let rows = format!(r#"{header}<row r="2"><c r="XFD2"><v>1</v></c></row>"#);
    assert_eq!(sheet(&rows, NONE_SHARED), ["2: SHEET_ROW_BEYOND_HEADER"]);
    let rows = r#"<row r="1"><c r="XFD1" t="str"><v>a</v></c></row>"#;
    assert_eq!(sheet(rows, NONE_SHARED), ["SHEET_TOO_MANY_COLUMNS"]);
}

#[test]
fn rows_before_a_break_come_before_it() {
    let row = |line: u8| format!(r#"<row r="{line}"><c r="A{line}" t="str"><v>a</v></c></row>"#);
    let rows = format!("{}{}{}<row r=\"4\"><c r=\"A4\"><v><", row(1), row(2), row(3));
    assert_eq!(sheet(&rows, NONE_SHARED), ["2: a", "SHEET_DAMAGED"]);
}

#[test]
fn a_part_that_unpacks_to_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.xlsx");
    let mut archive = ZipWriter::new(std::fs::File::create(&path).unwrap());
    archive.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..=512 {
        archive.write_all(&zeros).unwrap();
    }
    archive.finish().unwrap();
    assert_eq!(told(support::open(&path)), ["SHEET_TOO_LARGE"]);
}

#[test]
fn a_reader_may_be_dropped_before_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![vec![Cell::from("x")]; 20_000];
    for format in [Format::Xlsx, Format::Parquet] {
        let path = write(&folder, format, &[Column::text("a")], &rows);
        let mut reader = support::open(&path).unwrap();
        assert_eq!(
            reader.next().unwrap().unwrap().line,
            if format == Format::Xlsx { 2 } else { 1 }
        );
    }
}
