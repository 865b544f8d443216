//! Rows into CSV.

use crate::cell::View;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use crate::number;
use crate::writer::WriteOptions;
use ::csv::{QuoteStyle, WriterBuilder};
use std::borrow::Cow;
use std::io::{self, Write};

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

pub(crate) struct CsvWriter<W: Write> {
    writer: ::csv::Writer<W>,
    kinds: Vec<Kind>,
    guards_formulas: bool,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    pub(crate) fn new(
        mut out: W,
        delimiter: u8,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<CsvWriter<W>, SheetError> {
        if options.byte_order_mark {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        // a reader must not take what stands in a name for what separates the columns
        let is_ambiguous = columns.iter().any(|c| c.name.contains([',', ';', '\t']));
        let style = if is_ambiguous { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let mut builder = WriterBuilder::new();
        let mut header = builder.delimiter(delimiter).quote_style(style).from_writer(out);
        header.write_record(columns.iter().map(|column| column.name.as_bytes())).map_err(io)?;
        let out = header.into_inner().map_err(|error| SheetError::Io(error.into_error()))?;
        Ok(CsvWriter::headed(out, delimiter, options, columns))
    }

    /// Goes on below a header that is there.
    pub(crate) fn headed(
        out: W,
        delimiter: u8,
        options: WriteOptions,
        columns: &[Column],
    ) -> CsvWriter<W> {
        let mut builder = WriterBuilder::new();
        let writer =
            builder.delimiter(delimiter).quote_style(QuoteStyle::Necessary).from_writer(out);
        let kinds = columns.iter().map(|column| column.kind).collect();
        CsvWriter { writer, kinds, guards_formulas: options.guard_formulas }
    }

    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        for (cell, kind) in cells.iter().zip(&self.kinds) {
            match cell {
                View::Empty => self.writer.write_field(""),
                View::Text(text) if self.guards_formulas => {
                    self.writer.write_field(guarded(text).as_bytes())
                }
                View::Text(text) => self.writer.write_field(text.as_bytes()),
                View::Int(number) if *kind == Kind::Hundredths => {
                    self.writer.write_field(number::hundredths(*number))
                }
                View::Int(number) => self.writer.write_field(number.to_string()),
            }
            .map_err(io)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io)
    }

    /// What was written to, with everything in it.
    pub(crate) fn finish(self) -> Result<W, SheetError> {
        self.writer.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }

    /// The same, to write on.
    pub(crate) fn flushed(&mut self) -> Result<&W, SheetError> {
        self.writer.flush()?;
        Ok(self.writer.get_ref())
    }
}

/// A text with `'` before it where a spreadsheet would take it for a formula, or where it begins
/// with `'` itself: who takes one `'` away again has the text. See [`unguarded`].
fn guarded(text: &str) -> Cow<'_, str> {
    match text.starts_with(is_guarded) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that [`WriteOptions::guard_formulas`] has written as `text`.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(is_guarded)).unwrap_or(text)
}

const fn is_guarded(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠')
}

/// A record's length is checked before, so that only writing can fail.
fn io(error: ::csv::Error) -> SheetError {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => SheetError::Io(error),
        _ => SheetError::Io(io::ErrorKind::InvalidData.into()),
    }
}
