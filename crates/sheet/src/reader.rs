//! Rows out of a file or a stream.

use crate::cell::Row;
use crate::column::Column;
use crate::csv::reader::CsvReader;
use crate::error::SheetError;
use crate::format::Format;
use crate::json::reader::JsonReader;
use crate::lines::{self, Lines};
use crate::source::Source;
use crate::stage::Stage;
use crate::{parquet, xlsx};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file itself does not say.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The encoding of CSV, TSV, JSON lines and lines, such as `gb18030`; a byte order mark in the file
    /// comes first. Without either it is UTF-8.
    pub encoding: Option<String>,
    /// The worksheet of an XLSX file; without it the first that is not hidden.
    pub worksheet: Option<String>,
}

/// The rows of a table, one after the other. CSV, TSV and lines may be gzipped.
///
/// [`SheetError::Row`] tells of one row, and the next call goes on after it. After any other
/// error, and after the last row, there is nothing more.
///
/// ```
/// use hongbao_sheet::{Format, ReadOptions, Reader, SheetError};
///
/// let text = "单号,amount\n1000009820170720000000000001,100\ncut off\n";
/// let table = Reader::of_stream(text.as_bytes(), Format::Csv, &ReadOptions::default())?;
/// let mut lines = Vec::new();
/// for row in table {
///     match row {
///         Ok(row) => lines.push(row.line),
///         Err(SheetError::Row(error)) => lines.push(error.line),
///         Err(error) => return Err(error),
///     }
/// }
/// assert_eq!(lines, [2, 3]);
/// # Ok::<(), SheetError>(())
/// ```
pub struct Reader {
    columns: Vec<Column>,
    rows: Rows,
}

enum Rows {
    Csv(Box<CsvReader>),
    Lines(Lines),
    Json(Box<JsonReader>),
    Staged(Stage),
    Ended,
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// What is wrong with the file or its header.
    pub fn open(path: &Path, format: Format, options: &ReadOptions) -> Result<Reader, SheetError> {
        let file = File::open(path)?;
        let (columns, stage) = match format {
            Format::Xlsx => xlsx::reader::open(file, options.worksheet.clone())?,
            Format::Parquet => parquet::reader::open(file)?,
            Format::JsonLines => {
                let (columns, rows) = JsonReader::open(file, options.encoding.as_deref())?;
                return Ok(Reader { columns, rows: Rows::Json(Box::new(rows)) });
            }
            Format::Csv | Format::Tsv | Format::Lines => {
                return Reader::of_stream(file, format, options);
            }
        };
        Ok(Reader { columns, rows: Rows::Staged(stage) })
    }

    /// Reads the header of CSV or TSV from a stream; lines have none, and one column that is
    /// named `mch_billno`.
    ///
    /// # Errors
    /// [`SheetError::NeedsFile`] for the other formats; what is wrong with the header.
    pub fn of_stream(
        stream: impl Read + Send + 'static,
        format: Format,
        options: &ReadOptions,
    ) -> Result<Reader, SheetError> {
        let delimiter = match format {
            Format::Xlsx | Format::Parquet | Format::JsonLines => {
                return Err(SheetError::NeedsFile(format));
            }
            Format::Tsv => Some(b'\t'),
            Format::Csv | Format::Lines => None,
        };
        let source = Source::new(Box::new(stream), options.encoding.as_deref())?;
        if format == Format::Lines {
            let columns = vec![Column::text(lines::COLUMN)];
            return Ok(Reader { columns, rows: Rows::Lines(Lines::new(source)) });
        }
        let (columns, reader) = CsvReader::new(source, delimiter)?;
        Ok(Reader { columns, rows: Rows::Csv(Box::new(reader)) })
    }

    /// Takes rows of CSV and TSV that have fewer cells than the header; the missing ones are
    /// [`Cell::Empty`](crate::Cell::Empty). Without it such a row is an error.
    #[must_use]
    pub fn with_short_rows(mut self) -> Reader {
        if let Rows::Csv(reader) = &mut self.rows {
            reader.takes_short_rows = true;
        }
        self
    }

    /// The columns, as the header names them.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

impl Iterator for Reader {
    type Item = Result<Row, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.rows {
            Rows::Csv(reader) => reader.next(),
            Rows::Lines(lines) => lines.next(),
            Rows::Json(reader) => reader.next(),
            Rows::Staged(stage) => stage.next(),
            Rows::Ended => return None,
        };
        if !matches!(next, Ok(Some(_)) | Err(SheetError::Row(_))) {
            self.rows = Rows::Ended;
        }
        next.transpose()
    }
}

impl std::iter::FusedIterator for Reader {}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("columns", &self.columns).finish_non_exhaustive()
    }
}
