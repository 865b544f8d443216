//! Times as stores keep them: whole milliseconds.

use jiff::Timestamp;

/// The time without what is finer than a millisecond: what every store gives back.
pub(crate) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The first whole millisecond at or after the time: the bound of what lies from it on.
pub(crate) fn first_ms_from(at: Timestamp) -> i64 {
    at.as_millisecond() + i64::from(whole(at) < at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::first_ms_from;
    use jiff::Timestamp;

    #[test]
    fn a_bound_is_never_before_its_time() {
        for (ns, ms) in [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (-1, 0), (-1_000_001, -1)] {
            let at = Timestamp::from_nanosecond(ns).unwrap();
            assert_eq!(first_ms_from(at), ms, "{ns} ns");
        }
    }
}
