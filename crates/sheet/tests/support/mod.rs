//! What the tests of tables share.
#![allow(dead_code, clippy::unwrap_used)] // each test file is a crate of its own and uses a part of this

pub mod workbook;

use hongbao_sheet::{
    Cell, Column, Format, ReadOptions, Reader, Row, SheetError, WriteOptions, Writer,
};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a reader gives for a row: its line with its cells as text joined by `|`, or the code
/// and line of its fault, or the code of the error that ends the file.
pub fn told(reader: Result<Reader, SheetError>) -> Vec<String> {
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return vec![told_error(&error)],
    };
    reader
        .map(|row| match row {
            Ok(row) => told_row(&row),
            Err(error) => told_error(&error),
        })
        .collect()
}

fn told_row(row: &Row) -> String {
    let cells: Vec<String> = row.cells.iter().map(Cell::to_string).collect();
    format!("{}: {}", row.line, cells.join("|"))
}

fn told_error(error: &SheetError) -> String {
    match error {
        SheetError::Row(row) => format!("{}: {}", row.line, row.code()),
        other => other.code().to_owned(),
    }
}

pub fn names(reader: &Reader) -> Vec<String> {
    reader.columns().iter().map(|column| column.name.to_string()).collect()
}

/// A reader of CSV, TSV or lines.
pub fn of_bytes(bytes: &[u8], format: Format) -> Result<Reader, SheetError> {
    Reader::of_stream(Cursor::new(bytes.to_vec()), format, &ReadOptions::default())
}

pub fn csv(bytes: impl AsRef<[u8]>) -> Vec<String> {
    told(of_bytes(bytes.as_ref(), Format::Csv))
}

/// A reader of bytes in any format, by way of a file.
pub fn of_file(bytes: &[u8], format: Format) -> Result<Reader, SheetError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Reader::open(file.path(), format, &ReadOptions::default())
}

/// A file that is kept with the tests.
pub fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

pub fn open(path: &Path) -> Result<Reader, SheetError> {
    Reader::open(path, Format::of_path(path).unwrap(), &ReadOptions::default())
}

/// Writes a table into a folder and gives its path.
pub fn write(folder: &TempDir, format: Format, columns: &[Column], rows: &[Vec<Cell>]) -> PathBuf {
    let path = folder.path().join("table").with_extension(format.word());
    let mut writer = Writer::create(&path, format, WriteOptions::default(), columns).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// All rows of a table, none of which is wrong.
pub fn read(path: &Path) -> (Vec<Column>, Vec<Vec<Cell>>) {
    let reader = open(path).unwrap();
    let columns = reader.columns().to_vec();
    (columns, reader.map(|row| row.unwrap().cells).collect())
}
