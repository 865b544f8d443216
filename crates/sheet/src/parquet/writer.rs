//! Rows into Parquet, a row group at a time.

use crate::cell::Cell;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use crate::target::Target;
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use std::io::{self, BufWriter};
use std::sync::Arc;

/// A row group is written at so many rows, or bytes of text: what waits in memory.
const GROUP_ROWS: usize = 65_536;
const GROUP_BYTES: usize = 16 << 20;

/// The digits of a decimal in 64 bits, and the first number that has more.
const DECIMAL_DIGITS: i32 = 18;
pub(crate) const DECIMAL_LIMIT: u64 = 1_000_000_000_000_000_000;

pub(crate) struct ParquetWriter {
    file: SerializedFileWriter<BufWriter<Target>>,
    columns: Vec<Waiting>,
    rows: usize,
    bytes: usize,
}

/// What of a column waits for its row group: the values, and for each row 1 or 0, whether it
/// has one.
struct Waiting {
    values: Values,
    levels: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Hundredths(Vec<i64>),
}

impl ParquetWriter {
    /// Columns of UTF-8 text and of signed 64-bit numbers, all optional; snappy.
    pub(crate) fn new(target: Target, columns: &[Column]) -> Result<ParquetWriter, SheetError> {
        if columns.iter().any(|column| column.name.is_empty()) {
            return Err(SheetError::Unnamed);
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .build();
        let fields: Result<Vec<Arc<Type>>, ParquetError> =
            columns.iter().map(|column| field(column).map(Arc::new)).collect();
        let schema =
            fields.and_then(|fields| Type::group_type_builder("table").with_fields(fields).build());
        let schema = Arc::new(schema.map_err(io)?);
        let out = BufWriter::new(target);
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(io)?;
        let columns = columns
            .iter()
            .map(|column| Waiting {
                values: match column.kind {
                    Kind::Text => Values::Text(Vec::new()),
                    Kind::Int => Values::Int(Vec::new()),
                    Kind::Hundredths => Values::Hundredths(Vec::new()),
                },
                levels: Vec::new(),
            })
            .collect();
        Ok(ParquetWriter { file, columns, rows: 0, bytes: 0 })
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.levels.push(i16::from(*cell != Cell::Empty));
            match (&mut column.values, cell) {
                (_, Cell::Empty) => {}
                (Values::Int(values) | Values::Hundredths(values), Cell::Int(number)) => {
                    values.push(*number);
                }
                (Values::Text(values), cell) => {
                    let text = cell.to_string();
                    self.bytes += text.len();
                    values.push(text.into_bytes().into());
                }
                (Values::Int(_) | Values::Hundredths(_), Cell::Text(_) | Cell::LostDigits(_)) => {
                    return Err(SheetError::Io(io::ErrorKind::InvalidInput.into()));
                }
            }
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> Result<Target, SheetError> {
        self.flush()?;
        let out = self.file.into_inner().map_err(io)?;
        out.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }

    fn flush(&mut self) -> Result<(), SheetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(io)?;
        for column in &mut self.columns {
            column.write(&mut group).map_err(io)?;
        }
        group.close().map_err(io)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Waiting {
    fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, BufWriter<Target>>,
    ) -> Result<(), ParquetError> {
        let ended = || ParquetError::General("fewer columns than in the schema".to_owned());
        let mut writer = group.next_column()?.ok_or_else(ended)?;
        match &mut self.values {
            Values::Text(values) => {
                let column = writer.typed::<ByteArrayType>();
                column.write_batch(values, Some(&self.levels), None)?;
                values.clear();
            }
            Values::Int(values) | Values::Hundredths(values) => {
                let column = writer.typed::<Int64Type>();
                column.write_batch(values, Some(&self.levels), None)?;
                values.clear();
            }
        }
        self.levels.clear();
        writer.close()
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let builder = match column.kind {
        Kind::Text => Type::primitive_type_builder(&column.name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String)),
        Kind::Int => Type::primitive_type_builder(&column.name, Physical::INT64),
        Kind::Hundredths => Type::primitive_type_builder(&column.name, Physical::INT64)
            .with_logical_type(Some(LogicalType::decimal(2, DECIMAL_DIGITS)))
            .with_precision(DECIMAL_DIGITS)
            .with_scale(2),
    };
    builder.with_repetition(Repetition::OPTIONAL).build()
}

/// Rows are checked before, so that only writing can fail.
fn io(error: ParquetError) -> SheetError {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => SheetError::Io(*error),
            Err(cause) => SheetError::Io(io::Error::other(cause)),
        },
        other => SheetError::Io(io::Error::other(other)),
    }
}
