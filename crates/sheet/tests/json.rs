//! JSON lines, as others write them.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Column, Format, SheetError};
use support::{names, of_file, read, told, write};

fn json(text: &str) -> Vec<String> {
    told(of_file(text.as_bytes(), Format::JsonLines))
}

#[test]
fn all_objects_together_name_the_columns() {
    let text = "{\"b\":1}\n\n{\"a\":\"x\",\"b\":null}\n{}\n";
    assert_eq!(names(&of_file(text.as_bytes(), Format::JsonLines).unwrap()), ["b", "a"]);
    assert_eq!(json(text), ["1: 1|", "3: |x", "4: |"]);
}

#[test]
fn numbers_are_exact_or_lost() {
    let text = concat!(
        "{\"a\":9223372036854775807}\n{\"a\":18446744073709551615}\n",
        "{\"a\":1000009820170720000000000001}\n{\"a\":0.29}\n{\"a\":12.00}\n{\"a\":true}\n",
    );
    let rows: Vec<Cell> = of_file(text.as_bytes(), Format::JsonLines)
        .unwrap()
        .map(|row| row.unwrap().cells.remove(0))
        .collect();
    let expected: [Cell; 6] = [
        i64::MAX.into(),
        "18446744073709551615".into(),
        Cell::LostDigits("1.00000982017072E+27".into()),
        "0.29".into(),
        12.into(),
        "true".into(),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn what_is_wrong_with_a_line_is_told_and_the_next_is_read() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(32_768));
    let text = format!(
        "{{\"a\":1}}\n[1]\n{{\"a\":1\n{{\"a\":1,\"a\":2}}\n{{\"a\":[1]}}\n{{\"a\":{{\"b\":1}}}}\n{long}\n{{\"a\":2}}"
    );
    let expected = [
        "1: 1",
        "2: SHEET_ROW_NOT_JSON",
        "3: SHEET_ROW_NOT_JSON",
        "4: SHEET_ROW_NOT_JSON",
        "5: SHEET_ROW_NO_TEXT",
        "6: SHEET_ROW_NO_TEXT",
        "7: SHEET_ROW_CELL_TOO_LONG",
        "8: 2",
    ];
    assert_eq!(json(&text), expected);
    assert_eq!(json(""), ["SHEET_NO_HEADER"]);
    let bytes = [b"{\"a\":1}\n{\"a\":\"".as_slice(), b"\xff\"}\n"].concat();
    assert_eq!(told(of_file(&bytes, Format::JsonLines)), ["1: 1", "2: SHEET_ROW_NOT_UTF8"]);
}

#[test]
fn what_is_written_is_one_object_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let columns = [Column::text("号"), Column::int("n"), Column::hundredths("yuan")];
    let rows = [vec!["a\"\n红".into(), 5.into(), 1205.into()], vec![Cell::Empty; 3]];
    let path = write(&folder, Format::JsonLines, &columns, &rows);
    let text = "{\"号\":\"a\\\"\\n红\",\"n\":5,\"yuan\":\"12.05\"}\n{\"号\":null,\"n\":null,\"yuan\":null}\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let back = [vec!["a\"\n红".into(), 5.into(), "12.05".into()], vec![Cell::Empty; 3]];
    assert_eq!(read(&path).1, back);
    let stream = hongbao_sheet::Reader::of_stream(
        text.as_bytes(),
        Format::JsonLines,
        &hongbao_sheet::ReadOptions::default(),
    );
    assert!(matches!(stream, Err(SheetError::NeedsFile(Format::JsonLines))));
}
