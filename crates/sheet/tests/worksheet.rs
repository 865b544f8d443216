//! What cells of a worksheet become.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Format};
use support::workbook::Workbook;

const HEADER: &str = r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row>"#;

/// What a cell becomes that has these attributes and holds this.
fn cell(attributes: &str, inner: &str, properties: &str) -> String {
    let rows = format!(r#"{HEADER}<row r="2"><c r="A2" {attributes}>{inner}</c></row>"#);
    Workbook { rows: &rows, properties, ..Workbook::default() }.told().join("; ")
}

fn number(text: &str) -> String {
    cell("", &format!("<v>{text}</v>"), "")
}

#[test]
fn whole_numbers_are_exact_or_marked_as_lost() {
    assert_eq!(number("42"), "2: 42");
    assert_eq!(number("42.0"), "2: 42");
    assert_eq!(number("1E3"), "2: 1000");
    assert_eq!(number("-0"), "2: 0");
    assert_eq!(number("999999999999999"), "2: 999999999999999");
    for (lost, shown) in [
        ("1000000000000000", "1E+15"),
        ("9007199254740993", "9.007199254740992E+15"),
        ("1.0000098201707201E+27", "1.00000982017072E+27"),
        ("-1e15", "-1E+15"),
        ("1e999", "inf"),
    ] {
        assert_eq!(number(lost), format!("2: {shown}"), "{lost}");
        let rows = format!(r#"{HEADER}<row r="2"><c r="A2"><v>{lost}</v></c></row>"#);
        let bytes = Workbook { rows: &rows, ..Workbook::default() }.bytes();
        let row = support::of_file(&bytes, Format::Xlsx).unwrap().next().unwrap().unwrap();
        assert_eq!(row.cells, [Cell::LostDigits(shown.into())], "{lost}");
    }
}

#[test]
fn fractions_are_the_shortest_that_mean_the_same() {
    assert_eq!(number("1.88"), "2: 1.88");
    assert_eq!(number("0.30000000000000004"), "2: 0.30000000000000004");
    assert_eq!(number("1e-7"), "2: 0.0000001");
}

#[test]
fn times_are_text() {
    let time = |days: &str| cell("s=\"1\"", &format!("<v>{days}</v>"), "");
    assert_eq!(time("46082.5213541667"), "2: 2026-03-01 12:30:45");
    assert_eq!(time("46082.999999999"), "2: 2026-03-02 00:00:00");
    assert_eq!(time("1.5"), "2: 1900-01-01 12:00:00");
    assert_eq!(time("59"), "2: 1900-02-28 00:00:00");
    assert_eq!(time("61"), "2: 1900-03-01 00:00:00");
    assert_eq!(time("0.5"), "2: 12:00:00");
    assert_eq!(time("2958465.5"), "2: 9999-12-31 12:00:00");
    assert_eq!(time("2958466"), "2: 2958466");
    assert_eq!(time("-3"), "2: -3");
    assert_eq!(time("1e27"), "2: 1E+27");
    let since_1904 = |days: &str| cell("s=\"1\"", &format!("<v>{days}</v>"), "date1904=\"1\"");
    assert_eq!(since_1904("0.5"), "2: 1904-01-01 12:00:00");
    assert_eq!(since_1904("61"), "2: 1904-03-02 00:00:00");
    assert_eq!(cell("t=\"d\"", "<v>2026-03-01T12:30:45</v>", ""), "2: 2026-03-01 12:30:45");
}

#[test]
fn other_cells_are_what_they_show() {
    assert_eq!(cell("t=\"b\"", "<v>1</v>", ""), "2: true");
    assert_eq!(cell("t=\"e\"", "<v>#DIV/0!</v>", ""), "2: #DIV/0!");
    assert_eq!(cell("t=\"str\"", "<f>\"x\"&amp;1</f><v>x1</v>", ""), "2: x1");
    assert_eq!(cell("t=\"inlineStr\"", "<is><t>a &lt; 红包</t></is>", ""), "2: a < 红包");
}

#[test]
fn rows_are_where_the_worksheet_has_them() {
    let shared = "<sst uniqueCount=\"1\"><si><t>a</t></si></sst>";
    let rows = r#"<row r="3"><c r="B3" t="s"><v>0</v></c></row>
        <row r="4"><c r="A4"/></row>
        <row r="7"><c r="B7"><v>1</v></c><c r="C7"/></row>"#;
    assert_eq!(Workbook { rows, shared, ..Workbook::default() }.told(), ["7: |1"]);
    assert_eq!(Workbook { rows, ..Workbook::default() }.told(), ["SHEET_DAMAGED"]);
    assert_eq!(Workbook::default().told(), ["SHEET_NO_HEADER"]);
}
