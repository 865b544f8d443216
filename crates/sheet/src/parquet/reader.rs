//! Rows out of Parquet, row group by row group, a batch at a time.

use super::chunk;
use super::value::Meaning;
use crate::cell::{Cell, Row};
use crate::column::{Column, shown};
use crate::error::{RowError, RowFault, SheetError};
use crate::format::Format;
use crate::limits::{BATCH_ROWS, COLUMNS_MAX, fits_a_cell};
use crate::stage::{Out, Stage, Stop};
use ::parquet::basic::Compression;
use ::parquet::column::reader::ColumnReader;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};

/// Opens a file. Columns of instants are shown at +08:00, decimals as exact text.
pub(crate) fn open(file: impl ChunkReader + 'static) -> Result<(Vec<Column>, Stage), SheetError> {
    Stage::start(Format::Parquet, move |out| read(file, out))
}

fn read(file: impl ChunkReader + 'static, out: &mut Out) -> Result<(), Stop> {
    let file = SerializedFileReader::new(file).map_err(of_parquet)?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    if schema.num_columns() > COLUMNS_MAX {
        return Err(SheetError::TooManyColumns.into());
    }
    let meanings: Result<Vec<Meaning>, _> =
        schema.columns().iter().map(|column| Meaning::of(column)).collect();
    let meanings = meanings?;
    let columns: Vec<Column> = schema
        .columns()
        .iter()
        .zip(&meanings)
        .map(|(column, meaning)| Column { name: column.name().into(), kind: meaning.kind() })
        .collect();
    out.header(columns.clone())?;
    let mut line = 0;
    for at in 0..file.num_row_groups() {
        let group = file.get_row_group(at).map_err(of_parquet)?;
        read_group(&*group, &columns, &meanings, &mut line, out)?;
    }
    Ok(())
}

fn read_group(
    group: &dyn RowGroupReader,
    columns: &[Column],
    meanings: &[Meaning],
    line: &mut u64,
    out: &mut Out,
) -> Result<(), Stop> {
    if group.num_columns() != columns.len() {
        return Err(damaged("a row group has other columns than the file").into());
    }
    let mut readers: Vec<ColumnReader> = Vec::with_capacity(columns.len());
    for at in 0..columns.len() {
        if !reads(group.metadata().column(at).compression()) {
            return Err(damaged("its compression is none of snappy, zstd and gzip").into());
        }
        let chunk = group.metadata().column(at);
        let starts = [Some(chunk.data_page_offset()), chunk.dictionary_page_offset()];
        if chunk.compressed_size() < 0 || starts.into_iter().flatten().any(|start| start < 0) {
            return Err(damaged("a column begins before the file").into()); // else a panic
        }
        readers.push(group.get_column_reader(at).map_err(of_parquet)?);
    }
    let mut left = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
    while left > 0 {
        let rows = left.min(BATCH_ROWS as u64) as usize;
        let mut batch = Vec::with_capacity(columns.len());
        for (reader, meaning) in readers.iter_mut().zip(meanings) {
            let cells = chunk::cells(reader, *meaning, rows).map_err(of_parquet)?;
            if cells.len() != rows {
                return Err(damaged("a column ends before the others").into());
            }
            batch.push(cells.into_iter());
        }
        for _ in 0..rows {
            *line += 1;
            let cells = batch.iter_mut().map(|cells| cells.next().flatten());
            out.row(row(*line, columns, cells))?;
        }
        left -= rows as u64;
    }
    Ok(())
}

fn row(
    line: u64,
    columns: &[Column],
    cells: impl Iterator<Item = Option<Cell>>,
) -> Result<Row, RowError> {
    let mut whole = Vec::with_capacity(columns.len());
    let mut fault = None;
    // Every column gives its cell, also when one of them is wrong: they must keep step.
    for (cell, column) in cells.zip(columns) {
        match cell {
            Some(Cell::Text(text)) if !fits_a_cell(&text) => fault = Some(RowFault::CellTooLong),
            Some(cell) => whole.push(cell),
            None => fault = Some(RowFault::NoText(shown(&column.name))),
        }
    }
    match fault {
        Some(fault) => Err(RowError { line, fault }),
        None => Ok(Row { line, cells: whole }),
    }
}

fn reads(compression: Compression) -> bool {
    use Compression::{GZIP, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(compression, UNCOMPRESSED | SNAPPY | ZSTD(_) | GZIP(_))
}

fn damaged(what: impl Into<String>) -> SheetError {
    SheetError::Damaged { format: Format::Parquet, what: what.into() }
}

/// What is wrong with a file, without what stands in its cells.
fn of_parquet(error: ParquetError) -> SheetError {
    damaged(match error {
        ParquetError::EOF(_) => "it is cut off",
        ParquetError::NYI(_) => "it uses a part of the format that is not read",
        _ => "it is cut off or altered",
    })
}
