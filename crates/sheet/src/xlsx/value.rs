//! What stands in a cell of a worksheet.

use crate::cell::Cell;
use crate::limits;
use crate::number;
use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

/// More characters than a cell may have.
pub(super) struct TooLong;

/// Formulas give their last result, errors such as `#N/A` their names, times
/// `yyyy-MM-dd HH:mm:ss`, durations `H:mm:ss`.
pub(super) fn cell(value: &DataRef<'_>) -> Result<Cell, TooLong> {
    let cell = match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Int(whole) => exact(*whole as f64),
        DataRef::Float(number) => exact(*number),
        DataRef::Bool(truth) => Cell::from(if *truth { "true" } else { "false" }),
        DataRef::DateTime(time) => match civil(time) {
            Some(text) => text.into(),
            None => exact(time.as_f64()), // a number that only looks like a time
        },
        DataRef::DateTimeIso(text) => Cell::of_text(&text.replacen('T', " ", 1)),
        DataRef::DurationIso(text) => Cell::of_text(text),
        DataRef::Error(error) => Cell::from(error.to_string()),
    };
    match &cell {
        Cell::Text(text) if !limits::fits_a_cell(text) => Err(TooLong),
        _ => Ok(cell),
    }
}

/// Excel keeps 15 digits of what is typed, and shows longer numbers in scientific form.
fn exact(number: f64) -> Cell {
    const LIMIT: f64 = number::EXACT_MAX as f64 + 1.0;
    number::cell(number, LIMIT, number)
}

/// Seconds of an Excel day, which is a fraction of it.
#[allow(clippy::float_arithmetic)] // the format has no other times
fn seconds(days: f64) -> i64 {
    (days * 86_400.0).round() as i64
}

/// A time as text, `None` outside of Excel's calendar.
fn civil(time: &ExcelDateTime) -> Option<String> {
    let seconds = seconds(time.as_f64());
    if time.is_duration() {
        let (sign, rest) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
        return Some(format!("{sign}{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60));
    }
    let day = seconds.div_euclid(86_400);
    let of_day = SignedDuration::from_secs(seconds.rem_euclid(86_400));
    let clock = jiff::civil::Time::midnight().checked_add(of_day).ok()?;
    // The library tells from when days count only by being equal.
    let from_1904 = ExcelDateTime::new(time.as_f64(), ExcelDateTimeType::DateTime, true) == *time;
    if day == 0 && !from_1904 {
        return Some(clock.strftime("%H:%M:%S").to_string());
    }
    let in_calendar = day > 0 || (day == 0 && from_1904);
    let days = Span::new().try_days(day).ok()?;
    let date = in_calendar.then(|| epoch(day, from_1904))?.checked_add(days).ok()?;
    Some(date.to_datetime(clock).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Day 0. Excel has a 29 February 1900, its day 60, which never was.
fn epoch(day: i64, from_1904: bool) -> Date {
    match (from_1904, day) {
        (true, _) => date(1904, 1, 1),
        (false, ..60) => date(1899, 12, 31),
        (false, _) => date(1899, 12, 30),
    }
}
