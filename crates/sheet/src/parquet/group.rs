//! Rows that wait for their row group, and row groups as they are joined to a file.
//!
//! A row group is encoded into a small file of its own, in memory. A file is made of these by
//! copying their columns as they are: so it is the same bytes, however many pauses it was made in.

use crate::cell::View;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use ::bytes::Bytes;
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::column::writer::ColumnCloseResult;
use ::parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// A row group is written at so many rows, or bytes of text: what waits in memory.
const ROWS: usize = 65_536;
const BYTES: usize = 16 << 20;

/// The digits of a decimal in 64 bits, and the first number that has more.
const DECIMAL_DIGITS: i32 = 18;
pub(crate) const DECIMAL_LIMIT: u64 = 1_000_000_000_000_000_000;

/// What a file is: its columns, and how they are encoded.
#[derive(Clone)]
pub(super) struct Shape {
    schema: Arc<Type>,
    properties: Arc<WriterProperties>,
}

impl Shape {
    /// Columns of UTF-8 text and of signed 64-bit numbers, all optional; snappy.
    fn of(columns: &[Column]) -> Result<Shape, SheetError> {
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
        Ok(Shape { schema: Arc::new(schema.map_err(io)?), properties: Arc::new(properties) })
    }

    /// Begins a file.
    pub(super) fn begin<W: Write + Send>(&self, out: W) -> Result<Joined<W>, SheetError> {
        let (schema, properties) = (Arc::clone(&self.schema), Arc::clone(&self.properties));
        let file = SerializedFileWriter::new(out, schema, properties).map_err(io)?;
        Ok(Joined { file })
    }
}

/// The rows of a group that is not full yet.
pub(super) struct Group {
    shape: Shape,
    columns: Vec<Waiting>,
    rows: usize,
    bytes: usize,
}

/// What of a column waits: the values, and for each row 1 or 0, whether it has one.
struct Waiting {
    values: Values,
    levels: Vec<i16>,
}

enum Values {
    /// The texts, one behind the other, and where each ends.
    Text(Vec<u8>, Vec<usize>),
    Int(Vec<i64>),
}

impl Group {
    /// An empty one.
    pub(super) fn new(columns: &[Column]) -> Result<Group, SheetError> {
        let shape = Shape::of(columns)?;
        let columns = columns
            .iter()
            .map(|column| Waiting {
                values: match column.kind {
                    Kind::Text => Values::Text(Vec::new(), Vec::new()),
                    Kind::Int | Kind::Hundredths => Values::Int(Vec::new()),
                },
                levels: Vec::new(),
            })
            .collect();
        Ok(Group { shape, columns, rows: 0, bytes: 0 })
    }

    pub(super) const fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) const fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    /// Takes a row in, which was checked before.
    pub(super) fn push(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.levels.push(i16::from(*cell != View::Empty));
            match (&mut column.values, cell) {
                (_, View::Empty) => {}
                (Values::Int(values), View::Int(number)) => values.push(*number),
                (Values::Text(texts, ends), View::Text(text)) => {
                    self.bytes += text.len();
                    texts.extend_from_slice(text.as_bytes());
                    ends.push(texts.len());
                }
                (Values::Text(texts, ends), View::Int(number)) => {
                    let before = texts.len();
                    write!(texts, "{number}")?;
                    self.bytes += texts.len() - before;
                    ends.push(texts.len());
                }
                (Values::Int(_), View::Text(_)) => {
                    return Err(SheetError::Io(io::ErrorKind::InvalidInput.into()));
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows as a file of one row group.
    pub(super) fn encoded(&self) -> Result<Vec<u8>, SheetError> {
        let mut file = self.shape.begin(Vec::new())?.file;
        let mut group = file.next_row_group().map_err(io)?;
        self.columns.iter().try_for_each(|column| column.write(&mut group)).map_err(io)?;
        group.close().map_err(io)?;
        file.into_inner().map_err(io)
    }

    /// Forgets the rows.
    pub(super) fn clear(&mut self) {
        for column in &mut self.columns {
            column.levels.clear();
            match &mut column.values {
                Values::Text(texts, ends) => {
                    texts.clear();
                    ends.clear();
                }
                Values::Int(values) => values.clear(),
            }
        }
        (self.rows, self.bytes) = (0, 0);
    }
}

impl Waiting {
    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError> {
        let ended = || ParquetError::General("fewer columns than in the schema".to_owned());
        let mut writer = group.next_column()?.ok_or_else(ended)?;
        match &self.values {
            Values::Text(texts, ends) => {
                let texts = Bytes::copy_from_slice(texts);
                let mut begin = 0;
                let text = |end: &usize| {
                    let text = texts.slice(begin..*end);
                    begin = *end;
                    ByteArray::from(text)
                };
                let values: Vec<ByteArray> = ends.iter().map(text).collect();
                let column = writer.typed::<ByteArrayType>();
                column.write_batch(&values, Some(&self.levels), None)?;
            }
            Values::Int(values) => {
                let column = writer.typed::<Int64Type>();
                column.write_batch(values, Some(&self.levels), None)?;
            }
        }
        writer.close()
    }
}

/// A file that row groups are joined to.
pub(super) struct Joined<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> Joined<W> {
    /// Joins the row groups of an [encoded](Group::encoded) file; how many rows they have.
    pub(super) fn join(&mut self, encoded: Bytes) -> Result<u64, SheetError> {
        self.copy(encoded).map_err(io)
    }

    fn copy(&mut self, encoded: Bytes) -> Result<u64, ParquetError> {
        let source = SerializedFileReader::new(encoded.clone())?;
        let mut all = 0;
        for group in source.metadata().row_groups() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            let mut into = self.file.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: rows,
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                into.append_column(&encoded, close)?;
            }
            into.close()?;
            all += rows;
        }
        Ok(all)
    }

    /// Writes what stands at the end of a file.
    pub(super) fn finish(self) -> Result<W, SheetError> {
        self.file.into_inner().map_err(io)
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
