//! The columns of a table, and which sets of them are refused.

use crate::error::SheetError;
use crate::limits;
use std::collections::HashSet;

/// What the cells of a column are. Parquet stores it; the other formats decide cell by cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text. A number in it is kept as one in XLSX, and written as its digits elsewhere.
    Text,
    /// Whole numbers of 64 bits; text in it is refused.
    Int,
    /// Hundredths, as whole numbers of them: 1205 is written as `12.05`, as a number in XLSX, as an
    /// exact decimal in Parquet. Text in it is refused. Only for writing.
    Hundredths,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name as it stands in the header, blanks included. Empty where the header has a
    /// gap: several columns may be without a name, but no name is there twice.
    pub name: Box<str>,
    /// What its cells are.
    pub kind: Kind,
}

impl Column {
    /// A column of text.
    #[must_use]
    pub fn text(name: &str) -> Column {
        Column { name: name.into(), kind: Kind::Text }
    }

    /// A column of whole numbers.
    #[must_use]
    pub fn int(name: &str) -> Column {
        Column { name: name.into(), kind: Kind::Int }
    }

    /// A column of hundredths.
    #[must_use]
    pub fn hundredths(name: &str) -> Column {
        Column { name: name.into(), kind: Kind::Hundredths }
    }
}

/// Refuses what no table may have: no column with a name, too many, a name twice.
pub(crate) fn check(columns: &[Column]) -> Result<(), SheetError> {
    if columns.iter().all(|column| column.name.trim().is_empty()) {
        return Err(SheetError::NoHeader);
    }
    if columns.len() > limits::COLUMNS_MAX {
        return Err(SheetError::TooManyColumns);
    }
    let mut seen = HashSet::new();
    for column in columns {
        if !limits::fits_a_cell(&column.name) {
            return Err(SheetError::NameTooLong);
        }
        if !column.name.is_empty() && !seen.insert(&column.name) {
            return Err(SheetError::ColumnTwice(shown(&column.name)));
        }
    }
    Ok(())
}

/// A column's name for an error: of bounded length, its control characters escaped.
pub(crate) fn shown(name: &str) -> String {
    const CHARS_MAX: usize = 64;
    name.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect()
}
