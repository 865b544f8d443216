//! Money: whole fen, never floating point.

use std::fmt;
use std::str::FromStr;

/// An amount of money in fen (1/100 yuan), non-negative, at most `i64::MAX`.
///
/// Source: seed, `total_amount`, `amount`, `refund_amount` (单位分); the upper
/// bound is ours, so that every store can hold it as a signed 64-bit integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(u64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FenError {
    /// Nothing but blanks.
    Empty,
    /// Something other than the digits `0`-`9`: a sign, a point, an exponent.
    NotDigits,
    /// Above [`Fen::MAX`].
    TooLarge,
    /// More than two decimals of a yuan.
    FractionOfFen,
}

impl fmt::Display for FenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NotDigits => "is not a plain number",
            Self::TooLarge => "is too large",
            Self::FractionOfFen => "has more than two decimals",
        })
    }
}

impl std::error::Error for FenError {}

impl Fen {
    /// The largest amount: `i64::MAX` fen.
    pub const MAX: Self = Self(i64::MAX as u64);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `fen`, or `None` above [`Fen::MAX`].
    #[must_use]
    pub const fn new(fen: u64) -> Option<Self> {
        if fen <= Self::MAX.0 { Some(Self(fen)) } else { None }
    }

    /// The number of fen.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of fen as stores hold it; never negative.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0 as i64
    }

    /// The sum, or `None` above [`Fen::MAX`].
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::new(sum),
            None => None,
        }
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Reads yuan as a person writes them: `1`, `1.5`, `1.00`; no blanks.
    ///
    /// # Errors
    /// [`FenError`] for signs, exponents, more than two decimals, overflow.
    pub fn from_yuan(text: &str) -> Result<Self, FenError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if [whole, fraction].concat().bytes().any(|b| !b.is_ascii_digit()) {
            return Err(FenError::NotDigits);
        }
        if fraction.len() > 2 {
            return Err(FenError::FractionOfFen);
        }
        let yuan: Self = whole.parse()?;
        let mut rest = fraction.parse::<Self>()?.0;
        if fraction.len() == 1 {
            rest *= 10;
        }
        let fen = yuan.0.checked_mul(100).and_then(|f| f.checked_add(rest));
        fen.and_then(Self::new).ok_or(FenError::TooLarge)
    }

    /// Yuan with two decimals: `12.05`.
    #[must_use]
    pub fn to_yuan(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Fen {
    type Err = FenError;

    /// Reads decimal digits, blanks around them allowed; `0100` is one hundred
    /// (`protocol.md` §9 row 9).
    fn from_str(text: &str) -> Result<Self, FenError> {
        let digits = text.trim_matches([' ', '\t', '\r', '\n']);
        if digits.is_empty() {
            return Err(FenError::Empty);
        }
        let mut fen: u64 = 0;
        for byte in digits.bytes() {
            if !byte.is_ascii_digit() {
                return Err(FenError::NotDigits);
            }
            fen = fen
                .checked_mul(10)
                .and_then(|f| f.checked_add(u64::from(byte - b'0')))
                .ok_or(FenError::TooLarge)?;
        }
        Self::new(fen).ok_or(FenError::TooLarge)
    }
}
