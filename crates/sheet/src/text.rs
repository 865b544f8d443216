//! Rows into the formats that are text: each row stands on its own, so that a file can be
//! continued.

use crate::cell::View;
use crate::column::Column;
use crate::csv::writer::CsvWriter;
use crate::error::SheetError;
use crate::format::Format;
use crate::json::writer::JsonWriter;
use crate::writer::WriteOptions;
use std::io::Write;

pub(crate) enum TextWriter<W: Write> {
    Csv(Box<CsvWriter<W>>),
    Json(JsonWriter<W>),
}

impl<W: Write> TextWriter<W> {
    /// Begins a text, with its header where it has one.
    pub(crate) fn new(
        out: W,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<TextWriter<W>, SheetError> {
        Ok(match of(format)? {
            None => TextWriter::Json(JsonWriter::new(out, columns)?),
            Some(delimiter) => {
                TextWriter::Csv(Box::new(CsvWriter::new(out, delimiter, options, columns)?))
            }
        })
    }

    /// Goes on with a text that has its header.
    pub(crate) fn headed(
        out: W,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<TextWriter<W>, SheetError> {
        Ok(match of(format)? {
            None => TextWriter::Json(JsonWriter::new(out, columns)?),
            Some(delimiter) => {
                TextWriter::Csv(Box::new(CsvWriter::headed(out, delimiter, options, columns)))
            }
        })
    }

    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        match self {
            TextWriter::Csv(out) => out.row(cells),
            TextWriter::Json(out) => out.row(cells),
        }
    }

    /// What was written to, with everything in it.
    pub(crate) fn finish(self) -> Result<W, SheetError> {
        match self {
            TextWriter::Csv(out) => out.finish(),
            TextWriter::Json(out) => Ok(out.finish()),
        }
    }

    /// The same, to write on.
    pub(crate) fn flushed(&mut self) -> Result<&W, SheetError> {
        match self {
            TextWriter::Csv(out) => out.flushed(),
            TextWriter::Json(out) => out.flushed(),
        }
    }
}

/// What separates the cells of a format, `None` for JSON lines.
fn of(format: Format) -> Result<Option<u8>, SheetError> {
    match format {
        Format::Csv => Ok(Some(b',')),
        Format::Tsv => Ok(Some(b'\t')),
        Format::JsonLines => Ok(None),
        Format::Xlsx | Format::Parquet => Err(SheetError::NeedsFile(format)),
        Format::Lines => Err(SheetError::ReadOnly(format)),
    }
}
