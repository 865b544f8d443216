//! Rows into a file, which is there whole or not at all.

use crate::cell::Cell;
use crate::column::{self, Column, Kind, shown};
use crate::csv::writer::CsvWriter;
use crate::error::SheetError;
use crate::format::Format;
use crate::limits::fits_a_cell;
use crate::parquet::writer::ParquetWriter;
use crate::target::Target;
use crate::xlsx::writer::XlsxWriter;
use std::io::{BufWriter, Write};
use std::path::Path;

/// How a table is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions {
    /// CSV and TSV begin with the byte order mark of UTF-8, by which Excel tells that they are
    /// not in the system's encoding. Other programs may take it for a part of the first name.
    pub byte_order_mark: bool,
}

/// Writes a table, row by row.
///
/// A file is written under a temporary name beside its own, and has its own only after
/// [`Writer::finish`]; a writer that is dropped before leaves nothing behind, and what was
/// there under the name stays.
///
/// Cells are written as they are. In XLSX a text is never a formula. In CSV a text that
/// begins with `=` stays as it is, because what programs read back must be what was written;
/// a person who opens files of strangers in Excel should ask for XLSX.
pub struct Writer {
    columns: Vec<Column>,
    out: Out,
}

enum Out {
    CsvFile(CsvWriter<BufWriter<Target>>),
    CsvStream(CsvWriter<Box<dyn Write + Send>>),
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
            Format::Csv | Format::Tsv => {
                let out = BufWriter::new(target()?);
                let mark = options.byte_order_mark;
                Out::CsvFile(CsvWriter::new(out, delimiter(format), mark, columns)?)
            }
            Format::Xlsx => Out::Xlsx(Box::new(XlsxWriter::new(target()?, columns)?)),
            Format::Parquet => Out::Parquet(Box::new(ParquetWriter::new(target()?, columns)?)),
            Format::Lines => return Err(SheetError::ReadOnly(format)),
        };
        Ok(Writer { columns: columns.to_vec(), out })
    }

    /// Writes CSV or TSV to a stream, such as standard output.
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
        match format {
            Format::Csv | Format::Tsv => {}
            Format::Xlsx | Format::Parquet => return Err(SheetError::NeedsFile(format)),
            Format::Lines => return Err(SheetError::ReadOnly(format)),
        }
        column::check(columns)?;
        let stream: Box<dyn Write + Send> = Box::new(stream);
        let mark = options.byte_order_mark;
        let out = Out::CsvStream(CsvWriter::new(stream, delimiter(format), mark, columns)?);
        Ok(Writer { columns: columns.to_vec(), out })
    }

    /// Writes a row. What it refuses for the row's sake is not written, and the next row may
    /// be; after [`SheetError::Io`] the table is not to be finished.
    ///
    /// # Errors
    /// [`SheetError::CellCount`], [`SheetError::NotANumber`], [`SheetError::CellTooLong`],
    /// [`SheetError::TooManyRows`] for XLSX, [`SheetError::Io`].
    pub fn write(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        if cells.len() != self.columns.len() {
            let (found, expected) = (cells.len(), self.columns.len());
            return Err(SheetError::CellCount { found, expected });
        }
        for (cell, column) in cells.iter().zip(&self.columns) {
            let (Cell::Text(text) | Cell::LostDigits(text)) = cell else { continue };
            if column.kind == Kind::Int {
                return Err(SheetError::NotANumber(shown(&column.name)));
            }
            if !fits_a_cell(text) {
                return Err(SheetError::CellTooLong(shown(&column.name)));
            }
        }
        match &mut self.out {
            Out::CsvFile(out) => out.row(cells),
            Out::CsvStream(out) => out.row(cells),
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
            Out::CsvStream(out) => return Ok(out.finish()?.flush()?),
            Out::CsvFile(out) => {
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

fn delimiter(format: Format) -> u8 {
    if format == Format::Tsv { b'\t' } else { b',' }
}
