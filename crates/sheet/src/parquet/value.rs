//! How the values of a Parquet column become cells.

use crate::cell::Cell;
use crate::column::{Kind, shown};
use crate::error::SheetError;
use crate::number;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use ::parquet::schema::types::ColumnDescriptor;
use jiff::civil::{Time, date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Span, Timestamp};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Bool,
    Signed,
    Unsigned,
    /// Exact, with so many digits after the point.
    Decimal(u32),
    /// Days since 1970.
    Date,
    /// Since midnight.
    Time(Unit),
    /// Since 1970, shown at +08:00.
    Instant(Unit),
    /// Since 1970, on a clock without a zone.
    Local(Unit),
    Single,
    Double,
    Text,
}

/// Parts of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Milli,
    Micro,
    Nano,
}

impl Unit {
    fn of(self, count: i64) -> SignedDuration {
        match self {
            Unit::Milli => SignedDuration::from_millis(count),
            Unit::Micro => SignedDuration::from_micros(count),
            Unit::Nano => SignedDuration::from_nanos(count),
        }
    }
}

impl From<&TimeUnit> for Unit {
    fn from(unit: &TimeUnit) -> Unit {
        match unit {
            TimeUnit::MILLIS => Unit::Milli,
            TimeUnit::MICROS => Unit::Micro,
            TimeUnit::NANOS => Unit::Nano,
        }
    }
}

impl Meaning {
    /// What a column means, or an error that names it.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Meaning, SheetError> {
        let refused = |what| {
            let column = shown(&column.path().string());
            Err(SheetError::ColumnUnsupported { column, what })
        };
        if column.max_rep_level() > 0 || column.path().parts().len() != 1 {
            return refused("a list, map or structure");
        }
        let scale = || u32::try_from(column.type_scale()).ok().filter(|scale| *scale <= 38);
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        let decimal =
            converted == ConvertedType::DECIMAL || matches!(logical, Some(LogicalType::Decimal(_)));
        if decimal {
            return match (column.physical_type(), scale()) {
                (Physical::FLOAT | Physical::DOUBLE | Physical::BOOLEAN | Physical::INT96, _)
                | (_, None) => refused("a decimal that does not fit"),
                (_, Some(scale)) => Ok(Meaning::Decimal(scale)),
            };
        }
        match column.physical_type() {
            Physical::BOOLEAN => Ok(Meaning::Bool),
            Physical::FLOAT => Ok(Meaning::Single),
            Physical::DOUBLE => Ok(Meaning::Double),
            Physical::INT96 => Ok(Meaning::Instant(Unit::Nano)),
            Physical::INT32 | Physical::INT64 => whole(logical, converted),
            Physical::BYTE_ARRAY => match (logical, converted) {
                (Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _)
                | (None, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
                | (None, ConvertedType::NONE) => Ok(Meaning::Text),
                _ => refused("binary"),
            },
            Physical::FIXED_LEN_BYTE_ARRAY => refused("binary"),
        }
    }

    pub(super) fn kind(self) -> Kind {
        if matches!(self, Meaning::Signed) { Kind::Int } else { Kind::Text }
    }

    /// A whole number of the column as a cell; `None` where it means nothing.
    pub(super) fn of_whole(self, number: i64) -> Option<Cell> {
        let duration = |unit: Unit| unit.of(number);
        let epoch = date(1970, 1, 1);
        let text = match self {
            Meaning::Signed => return Some(Cell::Int(number)),
            Meaning::Unsigned => (number as u64).to_string(),
            Meaning::Decimal(scale) => decimal(i128::from(number), scale),
            Meaning::Date => {
                let days = Span::new().try_days(number).ok()?;
                epoch.checked_add(days).ok()?.to_string()
            }
            Meaning::Time(unit) => {
                let time = Time::midnight().checked_add(duration(unit)).ok()?;
                time.strftime("%H:%M:%S%.f").to_string()
            }
            Meaning::Local(unit) => {
                let time = epoch.at(0, 0, 0, 0).checked_add(duration(unit)).ok()?;
                time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
            }
            Meaning::Instant(unit) => instant(duration(unit))?,
            _ => return None,
        };
        Some(text.into())
    }

    /// Bytes of the column as a cell; `None` where they are no text, or mean nothing.
    pub(super) fn of_bytes(self, bytes: &[u8]) -> Option<Cell> {
        match self {
            Meaning::Text => Some(Cell::Text(std::str::from_utf8(bytes).ok()?.into())),
            Meaning::Decimal(scale) => Some(decimal(big_endian(bytes)?, scale).into()),
            _ => None,
        }
    }
}

fn whole(logical: Option<&LogicalType>, converted: ConvertedType) -> Result<Meaning, SheetError> {
    Ok(match logical {
        Some(LogicalType::Integer(integer)) if !integer.is_signed => Meaning::Unsigned,
        Some(LogicalType::Date) => Meaning::Date,
        Some(LogicalType::Time(time)) => Meaning::Time((&time.unit).into()),
        Some(LogicalType::Timestamp(time)) if time.is_adjusted_to_u_t_c => {
            Meaning::Instant((&time.unit).into())
        }
        Some(LogicalType::Timestamp(time)) => Meaning::Local((&time.unit).into()),
        Some(_) => Meaning::Signed,
        None => match converted {
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Meaning::Unsigned,
            ConvertedType::DATE => Meaning::Date,
            ConvertedType::TIME_MILLIS => Meaning::Time(Unit::Milli),
            ConvertedType::TIME_MICROS => Meaning::Time(Unit::Micro),
            ConvertedType::TIMESTAMP_MILLIS => Meaning::Instant(Unit::Milli),
            ConvertedType::TIMESTAMP_MICROS => Meaning::Instant(Unit::Micro),
            _ => Meaning::Signed,
        },
    })
}

/// An instant at +08:00, as the rest of the project shows times to people.
pub(super) fn instant(since_1970: SignedDuration) -> Option<String> {
    let time = Offset::constant(8).to_datetime(Timestamp::from_duration(since_1970).ok()?);
    Some(time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string())
}

pub(super) fn single(value: f32) -> Cell {
    number::cell(f64::from(value), number::SINGLE_LIMIT, value)
}

pub(super) fn double(value: f64) -> Cell {
    number::cell(value, number::DOUBLE_LIMIT, value)
}

/// A number of so many digits after the point.
fn decimal(unscaled: i128, scale: u32) -> String {
    let scale = scale as usize;
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// Two's complement of at most 16 bytes, the highest first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let mut all = [if first < 0x80 { 0 } else { 0xFF }; 16];
    let start = all.len().checked_sub(bytes.len())?;
    all[start..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal(i128::from(-5), 2), "-0.05");
        assert_eq!(decimal(0, 2), "0.00");
        assert_eq!(decimal(12_345, 2), "123.45");
        assert_eq!(decimal(12_345, 0), "12345");
        assert_eq!(decimal(10_i128.pow(37), 0), format!("1{}", "0".repeat(37)));
    }

    #[test]
    fn big_endian_keeps_the_sign() {
        assert_eq!(big_endian(&[0xFF]), Some(-1));
        assert_eq!(big_endian(&[0x00, 0xFF]), Some(255));
        assert_eq!(big_endian(&[]), None);
        assert_eq!(big_endian(&[0; 17]), None);
    }

    #[test]
    fn times_are_text() {
        let text = |meaning: Meaning, number| meaning.of_whole(number).map(|cell| cell.to_string());
        let is = |expected: &str| Some(expected.to_owned());
        assert_eq!(text(Meaning::Instant(Unit::Milli), 0), is("1970-01-01 08:00:00"));
        assert_eq!(text(Meaning::Instant(Unit::Micro), 1), is("1970-01-01 08:00:00.000001"));
        assert_eq!(text(Meaning::Local(Unit::Nano), -1), is("1969-12-31 23:59:59.999999999"));
        assert_eq!(text(Meaning::Date, 20_000), is("2024-10-04"));
        assert_eq!(text(Meaning::Time(Unit::Milli), 3_600_000), is("01:00:00"));
        assert_eq!(text(Meaning::Date, i64::MAX), None);
        assert_eq!(text(Meaning::Time(Unit::Milli), i64::MAX), None);
        assert_eq!(text(Meaning::Instant(Unit::Milli), i64::MIN), None);
        assert_eq!(text(Meaning::Local(Unit::Milli), i64::MAX), None);
        assert_eq!(text(Meaning::Unsigned, -1), is("18446744073709551615"));
    }
}
