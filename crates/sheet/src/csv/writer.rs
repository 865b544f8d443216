//! Rows into CSV.

use crate::cell::Cell;
use crate::column::Column;
use crate::error::SheetError;
use ::csv::QuoteStyle;
use std::io::{self, Write};

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

pub(crate) struct CsvWriter<W: Write> {
    writer: ::csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    pub(crate) fn new(
        mut out: W,
        delimiter: u8,
        mark: bool,
        columns: &[Column],
    ) -> Result<CsvWriter<W>, SheetError> {
        if mark {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        // a reader must not take what stands in a name for what separates the columns
        let is_ambiguous = columns.iter().any(|c| c.name.contains([',', ';', '\t']));
        let style = if is_ambiguous { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let mut builder = ::csv::WriterBuilder::new();
        let mut header = builder.delimiter(delimiter).quote_style(style).from_writer(out);
        header.write_record(columns.iter().map(|column| column.name.as_bytes())).map_err(io)?;
        let out = header.into_inner().map_err(|error| SheetError::Io(error.into_error()))?;
        let writer = builder.quote_style(QuoteStyle::Necessary).from_writer(out);
        Ok(CsvWriter { writer })
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        for cell in cells {
            match cell {
                Cell::Empty => self.writer.write_field(""),
                Cell::Text(text) | Cell::LostDigits(text) => self.writer.write_field(&**text),
                Cell::Int(number) => self.writer.write_field(number.to_string()),
            }
            .map_err(io)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io)
    }

    /// What was written to, with everything in it.
    pub(crate) fn finish(self) -> Result<W, SheetError> {
        self.writer.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }
}

/// A record's length is checked before, so that only writing can fail.
fn io(error: ::csv::Error) -> SheetError {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => SheetError::Io(error),
        _ => SheetError::Io(io::ErrorKind::InvalidData.into()),
    }
}
