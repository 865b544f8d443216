//! When packets are sent: the hours of 2025 at +08:00, each with its weight.

use jiff::civil::{DateTime, Weekday, date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};

const HOURS: usize = 365 * 24;
/// The hours of a day, from midnight: quiet nights, lunch, long evenings.
const OF_DAY: [f64; 24] = [
    0.6, 0.3, 0.15, 0.1, 0.1, 0.15, 0.3, 0.6, 1.0, 1.3, 1.4, 1.5, 1.7, 1.3, 1.2, 1.2, 1.3, 1.5,
    1.9, 2.4, 2.9, 2.8, 2.0, 1.2,
];

/// The year as the sum of its hours' weights.
#[derive(Debug)]
pub struct Calendar {
    /// The weight of all hours up to each, itself included.
    sums: Vec<f64>,
}

impl Calendar {
    pub fn new() -> Self {
        let sums = (0..HOURS).scan(0.0, |sum, hour| {
            *sum += OF_DAY[hour % 24] * of_day(hour / 24);
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    /// The time before which this share of the year's packets is sent, 0 to 1.
    pub fn at(&self, share: f64) -> Timestamp {
        let whole = self.sums.last().copied().unwrap_or_default();
        let wanted = share.clamp(0.0, 1.0) * whole;
        let hour = self.sums.partition_point(|sum| *sum <= wanted).min(HOURS - 1);
        let before = hour.checked_sub(1).map_or(0.0, |previous| self.sums[previous]);
        let within = (wanted - before) / (self.sums[hour] - before);
        let ms = hour as i64 * 3_600_000 + (within * 3_599_999.0) as i64;
        self.begin().checked_add(SignedDuration::from_millis(ms)).unwrap_or_else(|_| self.end())
    }

    /// The first moment of the year.
    pub fn begin(&self) -> Timestamp {
        instant(date(2025, 1, 1).at(0, 0, 0, 0))
    }

    /// The first moment after it.
    pub fn end(&self) -> Timestamp {
        instant(date(2026, 1, 1).at(0, 0, 0, 0))
    }
}

fn instant(at: DateTime) -> Timestamp {
    Offset::constant(8).to_timestamp(at).unwrap_or_default()
}

/// How much more is sent on a day of the year than on a plain one.
fn of_day(day: usize) -> f64 {
    let first = date(2025, 1, 1);
    let day = first.checked_add((day as i64).days()).unwrap_or(first);
    match (day.month(), day.day()) {
        // The eve of the lunar new year, and the days after it.
        (1, 28) => 25.0,
        (1, 29..=31) => 12.0,
        (2, 1..=4) => 6.0,
        (1, 1) | (12, 31) => 5.0,
        (2, 14) | (5, 20) | (11, 11) => 3.0,
        (5, 1) | (6, 18) | (10, 1..=8) => 2.0,
        (_, 10 | 15) => 1.5,
        _ if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) => 0.8,
        _ => 1.0,
    }
}
