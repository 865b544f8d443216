//! Rows into a file, which is there whole or not at all.

use crate::cell::{Cell, View};
use crate::column::{self, Column, Kind, shown};
use crate::error::SheetError;
use crate::format::Format;
use crate::limits::fits_a_cell;
use crate::parquet::group::DECIMAL_LIMIT;
use crate::parquet::writer::ParquetWriter;
use crate::target::Target;
use crate::text::TextWriter;
use crate::xlsx::writer::XlsxWriter;
use std::io::{BufWriter, Write};
use std::path::Path;

/// How a table is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions {
    /// CSV and TSV begin with the byte order mark of UTF-8, by which Excel tells that they are
    /// not in the system's encoding. Other programs may take it for a part of the first name.
    pub byte_order_mark: bool,
    /// In CSV and TSV a text that a spreadsheet would take for a formula gets a `'` before it, and
    /// so does one that begins with `'`; [`unguarded`](crate::unguarded) gives the text back.
    pub guard_formulas: bool,
}

/// Writes a table, row by row.
///
/// A file is written under a temporary name beside its own, and has its own only after
/// [`Writer::finish`]; a writer that is dropped before leaves nothing behind, and what was
/// there under the name stays.
///
/// Cells are written as they are. In XLSX a text is never a formula. In CSV a text that
/// begins with `=` stays as it is, because what programs read back must be what was written,
/// unless [`WriteOptions::guard_formulas`] is asked for.
pub struct Writer {
    columns: Vec<Column>,
    out: Out,
}

enum Out {
    File(TextWriter<BufWriter<Target>>),
    Stream(TextWriter<Box<dyn Write + Send>>),
    Xlsx(Box<XlsxWriter>),
    Parquet(Box<ParquetWriter>),
}

impl Writer {
    /// Begins a file. One that exists is replaced when the new one is whole.
    ///
    /// # Errors
    /// [`SheetError::ReadOnly`] for lines; columns that no table may have; a path that is a
    /// folder or a device, or in a folder that cannot be written to.
    pub fn create(
        path: &Path,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<Writer, SheetError> {
        column::check(columns)?;
        let target = || Target::new(path);
        let out = match format {
            Format::Csv | Format::Tsv | Format::JsonLines => {
                let out = BufWriter::new(target()?);
                Out::File(TextWriter::new(out, format, options, columns)?)
            }
            Format::Xlsx => Out::Xlsx(Box::new(XlsxWriter::new(target()?, columns)?)),
            Format::Parquet => Out::Parquet(Box::new(ParquetWriter::new(target()?, columns)?)),
            Format::Lines => return Err(SheetError::ReadOnly(format)),
        };
        Ok(Writer { columns: columns.to_vec(), out })
    }

    /// Writes CSV, TSV or JSON lines to a stream, such as standard output.
    ///
    /// # Errors
    /// [`SheetError::NeedsFile`] and [`SheetError::ReadOnly`] for other formats; columns that
    /// no table may have; what the stream refuses.
    pub fn to_stream(
        stream: impl Write + Send + 'static,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<Writer, SheetError> {
        column::check(columns)?;
        let stream: Box<dyn Write + Send> = Box::new(stream);
        let out = Out::Stream(TextWriter::new(stream, format, options, columns)?);
        Ok(Writer { columns: columns.to_vec(), out })
    }

    /// Writes a row. What it refuses for the row's sake is not written, and the next row may
    /// be; after [`SheetError::Io`] the table is not to be finished.
    ///
    /// # Errors
    /// [`SheetError::CellCount`], [`SheetError::NotANumber`], [`SheetError::CellTooLong`],
    /// [`SheetError::TooManyRows`] for XLSX, [`SheetError::Io`].
    pub fn write(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        self.write_views(&cells.iter().map(View::from).collect::<Vec<_>>())
    }

    /// The same of cells that belong to another.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn write_views(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        check(&self.columns, cells)?;
        match &mut self.out {
            Out::File(out) => out.row(cells),
            Out::Stream(out) => out.row(cells),
            Out::Xlsx(out) => out.row(cells),
            Out::Parquet(out) => out.row(cells),
        }
    }

    /// Writes what is left, and gives the file its name when it is on the disk.
    ///
    /// # Errors
    /// [`SheetError::Io`]; then the file is not there, and what was there before is.
    pub fn finish(self) -> Result<(), SheetError> {
        let target = match self.out {
            Out::Stream(out) => return Ok(out.finish()?.flush()?),
            Out::File(out) => {
                let file = out.finish()?.into_inner();
                file.map_err(|error| SheetError::Io(error.into_error()))?
            }
            Out::Xlsx(out) => out.finish()?,
            Out::Parquet(out) => out.finish()?,
        };
        target.commit()
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// Refuses a row for what is in it.
pub(crate) fn check(columns: &[Column], cells: &[View<'_>]) -> Result<(), SheetError> {
    if cells.len() != columns.len() {
        let (found, expected) = (cells.len(), columns.len());
        return Err(SheetError::CellCount { found, expected });
    }
    for (cell, column) in cells.iter().zip(columns) {
        match cell {
            View::Text(text) => {
                if column.kind != Kind::Text {
                    return Err(SheetError::NotANumber(shown(&column.name)));
                }
                if !fits_a_cell(text) {
                    return Err(SheetError::CellTooLong(shown(&column.name)));
                }
            }
            View::Int(number)
                if column.kind == Kind::Hundredths && number.unsigned_abs() >= DECIMAL_LIMIT =>
            {
                return Err(SheetError::NotANumber(shown(&column.name)));
            }
            View::Int(_) | View::Empty => {}
        }
    }
    Ok(())
}
