//! Files that other programs have written: openpyxl and Apache Arrow.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Format, Kind, ReadOptions, Reader};
use support::{kept, names, open, told};

#[test]
fn a_worksheet_of_openpyxl() {
    let reader = open(&kept("openpyxl.xlsx"));
    assert_eq!(names(reader.as_ref().unwrap()), ["mch_billno", "amount", "when", "note"]);
    assert_eq!(
        told(reader),
        [
            "2: 1000009820170720000000000001|100|2026-03-01 12:30:45|你好\n\"世界\", 🧧",
            "3: 1.00000982017072E+27|1.88||lost",
            "5: 42|-7|2026-03-02 00:00:00|true",
            "6: x|999999999999999||",
            "7: y|1E+15||",
            "8: z||30:05:00|#N/A",
            "9: SHEET_ROW_BEYOND_HEADER",
        ]
    );
    let rows: Vec<_> = open(&kept("openpyxl.xlsx")).unwrap().collect();
    assert_eq!(rows[0].as_ref().unwrap().cells[1], Cell::Int(100));
    let lost = Cell::LostDigits("1.00000982017072E+27".into());
    assert_eq!(rows[1].as_ref().unwrap().cells[0], lost);
}

#[test]
fn a_worksheet_by_its_name() {
    let sheet = |name: &str| {
        let options = ReadOptions { worksheet: Some(name.to_owned()), ..ReadOptions::default() };
        Reader::open(&kept("openpyxl.xlsx"), Format::Xlsx, &options)
    };
    assert_eq!(names(&sheet("other").unwrap()), ["", "only"]);
    assert_eq!(told(sheet("other")), ["4: |one"]);
    assert_eq!(sheet("红包").unwrap().count(), 7);
    assert_eq!(told(sheet("none")), ["SHEET_NO_WORKSHEET"]);
}

#[test]
fn every_kind_of_column_of_arrow() {
    for codec in ["snappy", "zstd", "gzip", "none"] {
        let reader = open(&kept(&format!("pyarrow-{codec}.parquet"))).unwrap();
        let header = ["billno", "i32", "u64", "dec", "utc", "local", "date", "yes", "f64"];
        assert_eq!(names(&reader), header);
        let whole = reader.columns().iter().filter(|column| column.kind == Kind::Int);
        assert_eq!(whole.map(|column| &*column.name).collect::<Vec<_>>(), ["i32"]);
        assert_eq!(
            told(Ok(reader)),
            [
                "1: 1000009820170720000000000001|1|18446744073709551615|1.05|2026-03-02 00:00:00\
                 |2026-03-01 16:00:00|2026-03-01|true|1.5",
                "2: ||0|-0.10||||false|2",
                "3: |-3|||1970-01-01 08:00:00.000001||||9.007199254740992E+15",
            ],
            "{codec}"
        );
    }
}

#[test]
fn an_empty_text_is_not_nothing_in_parquet() {
    let rows: Vec<_> = open(&kept("pyarrow-v2.parquet")).unwrap().map(Result::unwrap).collect();
    let cells: Vec<_> = rows.into_iter().map(|row| row.cells).collect();
    let expected = [
        vec![Cell::from("1000009820170720000000000001"), Cell::Int(1)],
        vec![Cell::from(""), Cell::Empty],
        vec![Cell::Empty, Cell::Int(-3)],
    ];
    assert_eq!(cells, expected);
}

#[test]
fn old_instants_and_what_is_not_read() {
    assert_eq!(told(open(&kept("pyarrow-int96.parquet"))), ["1: 2026-03-02 00:00:00"]);
    assert_eq!(told(open(&kept("pyarrow-lz4.parquet"))), ["SHEET_DAMAGED"]);
    let error = open(&kept("pyarrow-nested.parquet")).unwrap_err();
    assert_eq!(error.code(), "SHEET_COLUMN_UNSUPPORTED");
    let text = "the column `list.list.element` is a list, map or structure, which is not read; leave it out or make it text";
    assert_eq!(error.to_string(), text);
}
