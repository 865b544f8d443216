//! What a row is made of.

use std::borrow::Cow;
use std::fmt;

/// One cell. Never a binary fraction: amounts and ids come as text or as whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing. CSV and XLSX do not tell it from an empty text; Parquet does.
    #[default]
    Empty,
    /// Text as it stood.
    Text(Box<str>),
    /// A whole number, where the format has numbers.
    Int(i64),
    /// A number with more digits than its format keeps, as a spreadsheet shows it, such as
    /// `1.00000982017072E+27`: what was typed is lost, and it is fit to be carried along only.
    LostDigits(Box<str>),
}

impl Cell {
    /// Whether there is nothing in it, or an empty text.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.is_empty(),
            Cell::Int(_) | Cell::LostDigits(_) => false,
        }
    }

    /// A cell of a text, [`Cell::Empty`] where there is none.
    #[must_use]
    pub fn of_text(text: &str) -> Cell {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) }
    }
}

impl fmt::Display for Cell {
    /// The cell as text: digits for a number, nothing for [`Cell::Empty`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Text(text) | Cell::LostDigits(text) => f.write_str(text),
            Cell::Int(number) => write!(f, "{number}"),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Cell {
        Cell::Int(number)
    }
}

/// A cell that is written: what is in it may belong to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum View<'c> {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(Cow<'c, str>),
    /// A whole number.
    Int(i64),
}

impl<'c> View<'c> {
    /// A cell of a text, [`View::Empty`] where there is none.
    #[must_use]
    pub const fn of_text(text: &'c str) -> View<'c> {
        if text.is_empty() { View::Empty } else { View::Text(Cow::Borrowed(text)) }
    }
}

impl<'c> From<&'c Cell> for View<'c> {
    fn from(cell: &'c Cell) -> View<'c> {
        match cell {
            Cell::Empty => View::Empty,
            Cell::Text(text) | Cell::LostDigits(text) => View::Text(Cow::Borrowed(text)),
            Cell::Int(number) => View::Int(*number),
        }
    }
}

/// One row: as many cells as the table has columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where a person finds it, from 1: for CSV and lines the line on which it begins, for
    /// XLSX the number of the worksheet's row, for Parquet, which has no header, the row's.
    pub line: u64,
    /// The cells, in the order of the columns.
    pub cells: Vec<Cell>,
}
