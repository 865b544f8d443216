//! From when until when a certificate holds.

use crate::error::AuthorityError;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// From when until when a certificate holds, both inclusive; whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Timestamp,
    /// The last second.
    pub not_after: Timestamp,
}

impl Validity {
    /// `years` (1-100) civil years from an hour before `now`: clocks that lag a little accept it.
    ///
    /// # Errors
    /// [`AuthorityError::BadTime`] where the end lies beyond the year 9999.
    pub fn years(now: Timestamp, years: u8) -> Result<Self, AuthorityError> {
        let not_before = Timestamp::from_second(now.as_second())
            .and_then(|now| now.checked_sub(SignedDuration::from_hours(1)))
            .map_err(|_| AuthorityError::BadTime)?;
        let not_after = not_before
            .to_zoned_datetime(TimeZone::UTC)
            .checked_add(i64::from(years).years())
            .map_err(|_| AuthorityError::BadTime)?
            .timestamp();
        Ok(Self { not_before, not_after })
    }
}
