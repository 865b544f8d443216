//! One column of one row group, a few values at a time.

use super::value::{self, Meaning};
use crate::cell::Cell;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{DataType, Int96};
use ::parquet::errors::ParquetError;
use jiff::SignedDuration;

/// The next values of a column as cells, `None` for one that is no cell. Fewer than `rows`
/// where the column ends.
pub(super) fn cells(
    reader: &mut ColumnReader,
    meaning: Meaning,
    rows: usize,
) -> Result<Vec<Option<Cell>>, ParquetError> {
    let whole = |number| meaning.of_whole(number);
    match reader {
        ColumnReader::BoolColumnReader(reader) => {
            read(reader, rows, |truth| Some(Cell::from(if *truth { "true" } else { "false" })))
        }
        ColumnReader::Int32ColumnReader(reader) => read(reader, rows, |number| {
            if meaning == Meaning::Unsigned {
                whole(i64::from(*number as u32))
            } else {
                whole(i64::from(*number))
            }
        }),
        ColumnReader::Int64ColumnReader(reader) => read(reader, rows, |number| whole(*number)),
        ColumnReader::Int96ColumnReader(reader) => {
            read(reader, rows, |time| value::instant(since_1970(time)?).map(Cell::from))
        }
        ColumnReader::FloatColumnReader(reader) => read(reader, rows, |n| Some(value::single(*n))),
        ColumnReader::DoubleColumnReader(reader) => read(reader, rows, |n| Some(value::double(*n))),
        ColumnReader::ByteArrayColumnReader(reader) => {
            read(reader, rows, |bytes| meaning.of_bytes(bytes.data()))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            read(reader, rows, |bytes| meaning.of_bytes(bytes.data()))
        }
    }
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    cell: impl Fn(&T::T) -> Option<Cell>,
) -> Result<Vec<Option<Cell>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    // Without definition levels every value is there.
    while levels.len().max(values.len()) < rows {
        let left = rows - levels.len().max(values.len());
        if reader.read_records(left, Some(&mut levels), None, &mut values)?.0 == 0 {
            break;
        }
    }
    if levels.is_empty() {
        return Ok(values.iter().map(cell).collect());
    }
    let mut values = values.iter();
    let place = |level: &i16| match level {
        0 => Some(Cell::Empty),
        _ => values.next().and_then(&cell),
    };
    Ok(levels.iter().map(place).collect())
}

/// The old form of an instant: nanoseconds of a day, and the day of the Julian calendar.
fn since_1970(time: &Int96) -> Option<SignedDuration> {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, day] = time.data() else { return None };
    let nanos = i64::try_from(u64::from(*high) << 32 | u64::from(*low)).ok()?;
    let days = SignedDuration::from_hours((i64::from(*day) - JULIAN_DAY_OF_1970) * 24);
    days.checked_add(SignedDuration::from_nanos(nanos))
}
