//! Which days the bills cover: what they cannot know is no difference.

use crate::reconcile::Period;
use hongbao_ledger::total::day_of;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeSet;

/// Days at +08:00.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Days {
    /// Those on which money moved, where nobody says which days the bills are of.
    Seen(BTreeSet<Date>),
    /// From the first to the last, both included, as told.
    Told(Date, Date),
}

impl Days {
    /// Notes that the bills have a movement of that time.
    pub fn see(&mut self, at: Timestamp) {
        if let Self::Seen(days) = self {
            days.insert(day_of(at));
        }
    }

    /// Whether the bills have the movements of that time's day.
    #[must_use]
    pub fn cover(&self, at: Timestamp) -> bool {
        let day = day_of(at);
        match self {
            Self::Seen(days) => days.contains(&day),
            Self::Told(first, last) => (*first..=*last).contains(&day),
        }
    }

    /// When packets were sent of which the bills can know, sent up to `days_before` before the
    /// first day, as refunds are booked later; `None` where they cover no day.
    #[must_use]
    pub fn period(&self, days_before: i64) -> Option<Period> {
        let (first, last) = match self {
            Self::Seen(days) => (*days.first()?, *days.last()?),
            Self::Told(first, last) => (*first, *last),
        };
        let midnight = |day: Date| Offset::constant(8).to_timestamp(day.at(0, 0, 0, 0)).ok();
        let from = midnight(first.checked_sub(days_before.days()).ok()?)?;
        Some(Period { from, until: midnight(last.tomorrow().ok()?)? })
    }
}
