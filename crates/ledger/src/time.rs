//! Times as stores keep them: whole milliseconds.

use jiff::Timestamp;

/// The time without what is finer than a millisecond: what every store gives back.
pub(crate) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
