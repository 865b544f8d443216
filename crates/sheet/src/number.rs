//! Binary fractions as cells, where a format knows no other numbers.

use crate::cell::Cell;
use std::fmt::{Display, UpperExp};

/// The largest number whose digits all survive in a number of Excel, which keeps 15 of those
/// that are typed, and so in a double too.
pub(crate) const EXACT_MAX: i64 = 999_999_999_999_999;

/// From here on two whole numbers have the same double.
pub(crate) const DOUBLE_LIMIT: f64 = 9_007_199_254_740_992.0;
/// From here on two whole numbers have the same single.
pub(crate) const SINGLE_LIMIT: f64 = 16_777_216.0;

/// A number as a cell: whole ones as such, others as the shortest decimal that means the same
/// number. [`Cell::LostDigits`] where digits may have been lost, or where it is no number.
pub(crate) fn cell(number: f64, limit: f64, shortest: impl Display + UpperExp) -> Cell {
    if number.is_nan() || number.abs() >= limit {
        let shown = format!("{shortest:E}").replace('E', "E+");
        return Cell::LostDigits(shown.into());
    }
    let whole = number as i64;
    if whole as f64 == number { Cell::Int(whole) } else { Cell::Text(shortest.to_string().into()) }
}

/// Hundredths as a decimal: 1205 is `12.05`.
pub(crate) fn hundredths(number: i64) -> String {
    let (sign, whole) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}

#[cfg(test)]
mod tests {
    use super::hundredths;

    #[test]
    fn hundredths_are_exact() {
        let cases = [(0, "0.00"), (5, "0.05"), (1205, "12.05"), (-5, "-0.05"), (-1205, "-12.05")];
        for (number, text) in cases {
            assert_eq!(hundredths(number), text);
        }
        assert_eq!(hundredths(i64::MAX), "92233720368547758.07");
        assert_eq!(hundredths(i64::MIN), "-92233720368547758.08");
    }
}
