//! No bytes make a reader of tables panic, and what it gives is of the table's shape.
//!
//! Decoders may panic on the reader's own thread, `sheet`: it turns that into an error, and
//! the test is that it does.
#![no_main]

use hongbao_sheet::limits::CELL_CHARS_MAX;
use hongbao_sheet::{Cell, Format, ReadOptions, Reader, Row, SheetError};
use libfuzzer_sys::fuzz_target;
use std::io::Write;
use std::panic;

/// A few bytes may stand for rows without number.
const ROWS_MAX: usize = 10_000;

fn read(reader: Result<Reader, SheetError>) {
    let Ok(reader) = reader else { return };
    let columns = reader.columns().len();
    for row in reader.take(ROWS_MAX) {
        let line = match &row {
            Ok(Row { line, cells }) => {
                assert_eq!(cells.len(), columns);
                let fits = |cell: &Cell| cell.to_string().chars().count() <= CELL_CHARS_MAX;
                assert!(cells.iter().all(fits));
                *line
            }
            Err(SheetError::Row(error)) => error.line,
            Err(_) => continue,
        };
        assert!(line > 0);
    }
}

fuzz_target!(
    init: {
        let abort = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some("sheet") {
                abort(info);
            }
        }));
    },
    |bytes: &[u8]| {
        let named = ReadOptions { encoding: Some("gb18030".to_owned()), worksheet: None };
        for format in [Format::Csv, Format::Tsv, Format::Lines] {
            for options in [&ReadOptions::default(), &named] {
                let stream = std::io::Cursor::new(bytes.to_vec());
                read(Reader::of_stream(stream, format, options));
            }
        }
        let mut file = tempfile::NamedTempFile::new().expect("the folder for temporary files takes one");
        file.write_all(bytes).expect("a small file fits on the disk");
        for format in [Format::Xlsx, Format::Parquet] {
            read(Reader::open(file.path(), format, &ReadOptions::default()));
        }
    }
);
