//! Tables of many rows, a row at a time.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::limits::XLSX_ROWS_MAX;
use hongbao_sheet::{Cell, Column, Format, WriteOptions, Writer};

const ROWS: i64 = 300_000;

fn cells(at: i64) -> [Cell; 3] {
    [format!("10000098201707200000{at:08}").into(), at.into(), "恭喜发财".into()]
}

#[test]
fn many_rows_come_back_in_order() {
    let columns = [Column::text("mch_billno"), Column::int("fen"), Column::text("wishing")];
    for format in [Format::Csv, Format::Xlsx, Format::Parquet] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large").with_extension(format.word());
        let mut writer = Writer::create(&path, format, WriteOptions::default(), &columns).unwrap();
        for at in 0..ROWS {
            writer.write(&cells(at)).unwrap();
        }
        writer.finish().unwrap();
        let mut count = 0;
        for row in support::open(&path).unwrap() {
            let row = row.unwrap();
            let expected = cells(count).map(|cell| cell.to_string());
            assert_eq!(row.cells.iter().map(Cell::to_string).collect::<Vec<_>>(), expected);
            count += 1;
            let header = u64::from(format != Format::Parquet);
            assert_eq!(row.line, count as u64 + header);
        }
        assert_eq!(count, ROWS, "{format:?}");
    }
}

#[test]
fn a_full_worksheet_refuses_the_next_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.xlsx");
    let columns = [Column::int("n")];
    let options = WriteOptions::default();
    let mut writer = Writer::create(&path, Format::Xlsx, options, &columns).unwrap();
    for _ in 0..XLSX_ROWS_MAX {
        writer.write(&[1.into()]).unwrap();
    }
    assert_eq!(writer.write(&[1.into()]).unwrap_err().code(), "SHEET_TOO_MANY_ROWS");
}
