//! What can go wrong with a table, and with one of its rows.
//!
//! No error holds what stands in a cell: it may be an openid.

use crate::format::Format;
use crate::limits::{CELL_CHARS_MAX, COLUMNS_MAX, PARTS_BYTES_MAX, RECORD_BYTES_MAX};
use std::io;

/// Why a table could not be read or written. After any but [`SheetError::Row`] nothing more
/// comes from the reader, and nothing more may go to the writer.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// One row is wrong; the next call goes on with the row after it.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Reading or writing failed.
    #[error("the file could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// The extension stands for no format.
    #[error(
        "`{0}` has no known format; name it: `csv`, `tsv`, `xlsx`, `parquet`, `jsonl` or `lines`"
    )]
    FormatUnknown(String),
    /// XLSX and Parquet are read from their end, JSON lines twice, which a stream does not permit.
    #[error("`{}` cannot be streamed; name a file", .0.word())]
    NeedsFile(Format),
    /// Lines are a format for reading.
    #[error("`{}` cannot be written; write `csv`, `xlsx` or `parquet`", .0.word())]
    ReadOnly(Format),
    /// The encoding has no such name.
    #[error("no encoding is named `{0}`; use `utf-8`, `gb18030` or `utf-16le`")]
    EncodingUnknown(String),
    /// The workbook has no such worksheet.
    #[error("the workbook has no worksheet `{0}`")]
    NoWorksheet(String),
    /// Nothing in the file, or nothing in its header.
    #[error("there is no header row; the first row must name the columns")]
    NoHeader,
    /// The header names a column twice.
    #[error("the column `{0}` is there twice; rename one of them")]
    ColumnTwice(String),
    /// More columns than [`COLUMNS_MAX`].
    #[error("there are more than {COLUMNS_MAX} columns; leave out those that are not needed")]
    TooManyColumns,
    /// A column's name is longer than a cell may be.
    #[error("a column's name is longer than {CELL_CHARS_MAX} characters; shorten it")]
    NameTooLong,
    /// Parquet: a column that no cell can hold, such as a list.
    #[error("the column `{column}` is {what}, which is not read; leave it out or make it text")]
    ColumnUnsupported {
        /// The column.
        column: String,
        /// What it is.
        what: &'static str,
    },
    /// Parquet: a column without a name cannot be written.
    #[error("a column has no name, which Parquet does not permit; name it, or write `csv`")]
    Unnamed,
    /// XLSX: more text than is read, or a file made to exhaust memory.
    #[error("the workbook unpacks to more than {PARTS_BYTES_MAX} bytes; save it as CSV")]
    TooLarge,
    /// The file is not of its format, or is cut off.
    #[error("this is no whole {} file: {what}; save or fetch it again", .format.word())]
    Damaged {
        /// What it should have been.
        format: Format,
        /// What was found.
        what: String,
    },
    /// XLSX: the worksheet is full. Nothing has been written.
    #[error("a worksheet holds 1048575 rows below its header; write `csv` or `parquet`")]
    TooManyRows,
    /// The target is a folder or a device.
    #[error("`{0}` is no regular file and is left alone; name a file")]
    NotAFile(String),
    /// Writing: a row with another number of cells than there are columns.
    #[error("a row of {found} cells for {expected} columns; give every column its cell")]
    CellCount {
        /// Cells in the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// Writing: for a column of numbers, text, or more digits than the format's numbers have.
    #[error("no number that the column `{0}` holds; make it a column of text")]
    NotANumber(String),
    /// Somebody else is writing the same part of a file.
    #[error("`{0}` is being written by another process; wait for it or name another file")]
    InUse(String),
    /// What is there of an interrupted file is less than was on the disk.
    #[error("`{0}` is not what was left of the interrupted file; begin anew")]
    PartLost(String),
    /// Writing: more characters than a cell holds.
    #[error("more than {CELL_CHARS_MAX} characters for the column `{0}`; shorten them")]
    CellTooLong(String),
}

impl SheetError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SheetError::Row(error) => error.code(),
            SheetError::Io(_) => "SHEET_IO",
            SheetError::FormatUnknown(_) => "SHEET_FORMAT_UNKNOWN",
            SheetError::NeedsFile(_) => "SHEET_NEEDS_FILE",
            SheetError::ReadOnly(_) => "SHEET_READ_ONLY",
            SheetError::EncodingUnknown(_) => "SHEET_ENCODING_UNKNOWN",
            SheetError::NoWorksheet(_) => "SHEET_NO_WORKSHEET",
            SheetError::NoHeader => "SHEET_NO_HEADER",
            SheetError::ColumnTwice(_) => "SHEET_COLUMN_TWICE",
            SheetError::TooManyColumns => "SHEET_TOO_MANY_COLUMNS",
            SheetError::NameTooLong => "SHEET_NAME_TOO_LONG",
            SheetError::ColumnUnsupported { .. } => "SHEET_COLUMN_UNSUPPORTED",
            SheetError::Unnamed => "SHEET_UNNAMED",
            SheetError::TooLarge => "SHEET_TOO_LARGE",
            SheetError::Damaged { .. } => "SHEET_DAMAGED",
            SheetError::TooManyRows => "SHEET_TOO_MANY_ROWS",
            SheetError::NotAFile(_) => "SHEET_NOT_A_FILE",
            SheetError::CellCount { .. } => "SHEET_CELL_COUNT",
            SheetError::NotANumber(_) => "SHEET_NOT_A_NUMBER",
            SheetError::InUse(_) => "SHEET_IN_USE",
            SheetError::PartLost(_) => "SHEET_PART_LOST",
            SheetError::CellTooLong(_) => "SHEET_CELL_TOO_LONG",
        }
    }
}

/// A row that could not be read, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct RowError {
    /// The row's line, as [`Row::line`](crate::Row::line) counts.
    pub line: u64,
    /// What is wrong with it.
    pub fault: RowFault,
}

impl RowError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Another number of cells than the header has.
    #[error("the row has {found} cells, the header {expected}; quote what holds a separator")]
    CellCount {
        /// Cells in the row.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// XLSX: something stands right of the header's last column.
    #[error("a cell stands right of the header's last column; name its column or clear it")]
    BeyondHeader,
    /// Not UTF-8, and no encoding was given.
    #[error("not UTF-8; give the encoding, such as `gb18030` for files of Excel in China")]
    NotUtf8,
    /// Not of the encoding that was given or that the file itself names.
    #[error("not of the file's encoding; give another encoding")]
    NotOfEncoding,
    /// More than [`CELL_CHARS_MAX`] characters.
    #[error("a cell is longer than {CELL_CHARS_MAX} characters; shorten it")]
    CellTooLong,
    /// More than [`RECORD_BYTES_MAX`] bytes.
    #[error("the row is longer than {RECORD_BYTES_MAX} bytes; a quote may be left open")]
    RecordTooLong,
    /// More cells than [`COLUMNS_MAX`].
    #[error("the row has more than {COLUMNS_MAX} cells; leave out those that are not needed")]
    TooManyCells,
    /// CSV: the file ends between quotes.
    #[error("the file ends inside the quote that this row opens; close it, or fetch it again")]
    QuoteOpen,
    /// JSON lines: not one object, or one that has a name twice.
    #[error("the line is no JSON object that has each name once")]
    NotJson,
    /// Parquet and JSON lines: a value that no cell can hold.
    #[error("the column `{0}` has a value that is no text, number or time")]
    NoText(String),
}

impl RowFault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            RowFault::CellCount { .. } => "SHEET_ROW_CELL_COUNT",
            RowFault::BeyondHeader => "SHEET_ROW_BEYOND_HEADER",
            RowFault::NotUtf8 => "SHEET_ROW_NOT_UTF8",
            RowFault::NotOfEncoding => "SHEET_ROW_NOT_OF_ENCODING",
            RowFault::CellTooLong => "SHEET_ROW_CELL_TOO_LONG",
            RowFault::RecordTooLong => "SHEET_ROW_TOO_LONG",
            RowFault::TooManyCells => "SHEET_ROW_TOO_MANY_CELLS",
            RowFault::QuoteOpen => "SHEET_ROW_QUOTE_OPEN",
            RowFault::NotJson => "SHEET_ROW_NOT_JSON",
            RowFault::NoText(_) => "SHEET_ROW_NO_TEXT",
        }
    }

    /// The fault of the row on a line.
    pub(crate) fn on(self, line: u64) -> SheetError {
        SheetError::Row(RowError { line, fault: self })
    }
}
