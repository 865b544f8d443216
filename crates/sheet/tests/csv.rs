//! CSV, TSV and lines: encodings, line numbers, what is refused.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::limits::{CELL_CHARS_MAX, COLUMNS_MAX, RECORD_BYTES_MAX};
use hongbao_sheet::{Column, Format, ReadOptions, Reader, SheetError, WriteOptions, Writer};
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use support::{csv, kept, names, of_bytes, told};

fn encoded(bytes: &[u8], encoding: &str) -> Result<Reader, SheetError> {
    let options = ReadOptions { encoding: Some(encoding.to_owned()), ..ReadOptions::default() };
    Reader::of_stream(Cursor::new(bytes.to_vec()), Format::Csv, &options)
}

#[test]
fn a_record_is_on_the_line_where_it_begins() {
    assert_eq!(csv("a,b\n1,2\n"), ["2: 1|2"]);
    assert_eq!(csv("\n\na,b\n\n1,\"x\ny\"\n\n2,z"), ["5: 1|x\ny", "8: 2|z"]);
    assert_eq!(csv("a,b\r\n\r\n1,\"x\r\ny\"\r\n2,z\r\n"), ["3: 1|x\r\ny", "5: 2|z"]);
    assert_eq!(csv("a,b\r1,2\r\r3,4"), ["2: 1|2", "4: 3|4"]);
}

#[test]
fn a_ragged_row_is_told_and_the_rest_is_read() {
    assert_eq!(
        csv("a,b\n1\n2,3\n4,5,6\n,\n"),
        ["2: SHEET_ROW_CELL_COUNT", "3: 2|3", "4: SHEET_ROW_CELL_COUNT", "5: |"]
    );
    let error = of_bytes(b"a,b\n1\n", Format::Csv).unwrap().next().unwrap().unwrap_err();
    let text = "line 2: the row has 1 cells, the header 2; quote what holds a separator";
    assert_eq!(error.to_string(), text);
}

#[test]
fn short_rows_are_filled_up_where_they_are_wanted_and_long_ones_stay_wrong() {
    let reader = of_bytes(b"a,b,c\n1\n2,3\n4,5,6\n7,8,9,10\n", Format::Csv).unwrap();
    let rows = ["2: 1||", "3: 2|3|", "4: 4|5|6", "5: SHEET_ROW_CELL_COUNT"];
    assert_eq!(told(Ok(reader.with_short_rows())), rows);
}

#[test]
fn a_gzipped_text_is_read_as_what_it_holds() {
    let zipped = |text: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    };
    let text = "\u{FEFF}名,b\n红包,1\n";
    assert_eq!(csv(zipped(text.as_bytes())), csv(text));
    let parts = [zipped(b"a,b\n1,"), zipped(b"2\n")].concat();
    assert_eq!(csv(&parts), ["2: 1|2"]);
    // cut off: what was read comes before the fault
    let whole = zipped("a,b\n1,2\n".repeat(40_000).as_bytes());
    let cut = csv(&whole[..whole.len() - 4]);
    assert_eq!(cut.last().map(String::as_str), Some("SHEET_IO"));
}

#[test]
fn the_separator_is_the_one_the_header_has_most_of() {
    let header = |text: &str| names(&of_bytes(text.as_bytes(), Format::Csv).unwrap());
    assert_eq!(header("a,b;c,d\n"), ["a", "b;c", "d"]);
    assert_eq!(header("a;b\n"), ["a", "b"]);
    assert_eq!(header("a\tb,c\td\n"), ["a", "b,c", "d"]);
    assert_eq!(header("\"a;;;\",b\n"), ["a;;;", "b"]);
    assert_eq!(header("alone\n"), ["alone"]);
    let tabs = of_bytes(b"a,b,c\td\n", Format::Tsv).unwrap();
    assert_eq!(names(&tabs), ["a,b,c", "d"]);
}

#[test]
fn ids_and_blanks_stay_as_they_stand() {
    let id = "1000009820170720000000000001234";
    assert_eq!(
        csv(format!("id,v\n{id}, x \n007,1e5\n")),
        [format!("2: {id}| x "), "3: 007|1e5".into()]
    );
}

#[test]
fn byte_order_marks_are_no_part_of_a_name() {
    let marked = |encode: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> {
        mark.into_iter().chain("名,b\r\n红包,1\r\n".encode_utf16().flat_map(encode)).collect()
    };
    let utf16 = marked(u16::to_le_bytes, [0xFF, 0xFE]);
    let big = marked(u16::to_be_bytes, [0xFE, 0xFF]);
    for bytes in [&b"\xEF\xBB\xBF\xE5\x90\x8D,b\n\xE7\xBA\xA2\xE5\x8C\x85,1\n"[..], &utf16, &big] {
        let reader = of_bytes(bytes, Format::Csv);
        assert_eq!(names(reader.as_ref().unwrap()), ["名", "b"]);
        assert_eq!(told(reader), ["2: 红包|1"]);
    }
}

#[test]
fn gb18030_needs_to_be_named() {
    let bytes = std::fs::read(kept("excel-gbk.csv")).unwrap();
    let reader = encoded(&bytes, "gb18030");
    assert_eq!(names(reader.as_ref().unwrap()), ["商户单号", "备注"]);
    assert_eq!(told(reader), ["2: 1000009820170720000000000001|恭喜发财"]);
    assert_eq!(told(encoded(&bytes, "gbk")), ["2: 1000009820170720000000000001|恭喜发财"]);
    assert_eq!(csv(&bytes), ["1: SHEET_ROW_NOT_UTF8"]);
    assert_eq!(csv(b"a\n\xB9\xA7\nb\n"), ["2: SHEET_ROW_NOT_UTF8", "3: b"]);
    assert_eq!(told(encoded(b"a\n\xFF\nb\n", "gb18030")), ["2: SHEET_ROW_NOT_OF_ENCODING", "3: b"]);
    assert_eq!(told(encoded(b"a\n", "klingon")), ["SHEET_ENCODING_UNKNOWN"]);
}

#[test]
fn a_quote_left_open_is_told() {
    assert_eq!(csv("a,b\n1,\"x\n2,y\n3,z"), ["2: SHEET_ROW_QUOTE_OPEN"]);
    assert_eq!(csv("a,b\n1,\"x\""), ["2: 1|x"]);
    assert_eq!(csv("a,b\n1,5\" wide"), ["2: 1|5\" wide"]);
    assert_eq!(csv("\"a\nb"), ["1: SHEET_ROW_QUOTE_OPEN"]);
}

#[test]
fn what_is_too_long_is_told_and_the_rest_is_read() {
    let long = "长".repeat(CELL_CHARS_MAX);
    let text = format!("a,b\n{long},1\n{long}x,2\n3,4\n");
    assert_eq!(
        csv(text),
        [format!("2: {long}|1"), "3: SHEET_ROW_CELL_TOO_LONG".into(), "4: 3|4".into()]
    );
    let endless = "x".repeat(RECORD_BYTES_MAX * 3);
    let text = format!("a,b\n\"{endless}\n\",1\n5,6\n");
    assert_eq!(csv(text), ["2: SHEET_ROW_TOO_LONG", "4: 5|6"]);
    let wide = "x,".repeat(COLUMNS_MAX * 3);
    assert_eq!(csv(format!("a,b\n{wide}\n5,6\n")), ["2: SHEET_ROW_TOO_MANY_CELLS", "3: 5|6"]);
}

#[test]
fn headers_that_name_nothing_or_one_column_twice_are_refused() {
    assert_eq!(csv(""), ["SHEET_NO_HEADER"]);
    assert_eq!(csv("\u{FEFF}\r\n\n"), ["SHEET_NO_HEADER"]);
    assert_eq!(csv(",,\n1,2,3\n"), ["SHEET_NO_HEADER"]);
    assert_eq!(csv("a,b,a\n"), ["SHEET_COLUMN_TWICE"]);
    let error = of_bytes("a,号\u{1B},号\u{1B}\n".as_bytes(), Format::Csv).unwrap_err();
    assert_eq!(error.to_string(), r"the column `号\u{1b}` is there twice; rename one of them");
    assert_eq!(csv("a,,\n1,2,3\n"), ["2: 1|2|3"]);
    assert_eq!(csv(wide_header(COLUMNS_MAX)), [""; 0]);
    assert_eq!(csv(wide_header(COLUMNS_MAX * 3)), ["SHEET_TOO_MANY_COLUMNS"]);
    assert_eq!(csv(wide_header(COLUMNS_MAX + 1)), ["SHEET_TOO_MANY_COLUMNS"]);
}

fn wide_header(columns: usize) -> String {
    let names: Vec<String> = (0..columns).map(|n| n.to_string()).collect();
    names.join(",")
}

#[test]
fn lines_are_numbered_with_those_that_do_not_count() {
    let text = "\u{FEFF}# mine\r\n\r\n  123 \r\n#456\n\t789\u{3000}\n\nlast";
    let reader = of_bytes(text.as_bytes(), Format::Lines);
    assert_eq!(names(reader.as_ref().unwrap()), ["mch_billno"]);
    assert_eq!(told(reader), ["3: 123", "5: 789", "7: last"]);
    let long = "x".repeat(CELL_CHARS_MAX * 9);
    let text = format!("{long}\n1\n\u{7}\n");
    let reader = of_bytes(text.as_bytes(), Format::Lines);
    assert_eq!(told(reader), ["1: SHEET_ROW_CELL_TOO_LONG", "2: 1", "3: \u{7}"]);
    assert_eq!(
        told(of_bytes(b"1\n\xFF\n2", Format::Lines)),
        ["1: 1", "2: SHEET_ROW_NOT_UTF8", "3: 2"]
    );
    assert_eq!(told(of_bytes(b"", Format::Lines)), [""; 0]);
}

/// A stream of which the test keeps the other end.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(format: Format, options: WriteOptions) -> String {
    let stream = Kept::default();
    let columns = [Column::text("号"), Column::int("fen")];
    let mut writer = Writer::to_stream(stream.clone(), format, options, &columns).unwrap();
    writer.write(&["1000009820170720000000000001".into(), 100.into()]).unwrap();
    writer.write(&["a,\"b\"\n\tc".into(), (-1).into()]).unwrap();
    writer.write(&["=1+1".into(), hongbao_sheet::Cell::Empty]).unwrap();
    writer.finish().unwrap();
    let bytes = stream.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn csv_is_written_as_rfc_4180_quotes() {
    let plain = "号,fen\n1000009820170720000000000001,100\n\"a,\"\"b\"\"\n\tc\",-1\n=1+1,\n";
    assert_eq!(written(Format::Csv, WriteOptions::default()), plain);
    let marked =
        written(Format::Csv, WriteOptions { byte_order_mark: true, ..WriteOptions::default() });
    assert_eq!(marked, format!("\u{FEFF}{plain}"));
    let tabs = "号\tfen\n1000009820170720000000000001\t100\n\"a,\"\"b\"\"\n\tc\"\t-1\n=1+1\t\n";
    assert_eq!(written(Format::Tsv, WriteOptions::default()), tabs);
}

#[test]
fn what_cannot_be_streamed_says_so() {
    for format in [Format::Xlsx, Format::Parquet] {
        assert_eq!(told(of_bytes(b"", format)), ["SHEET_NEEDS_FILE"]);
        let options = WriteOptions::default();
        let writer = Writer::to_stream(Kept::default(), format, options, &[Column::text("a")]);
        assert_eq!(writer.unwrap_err().code(), "SHEET_NEEDS_FILE");
    }
}
