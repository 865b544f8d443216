//! What a row of the input says, and what is wrong with it.

use super::columns::Layout;
use crate::packet_field::Unit;
use hongbao_inquiry::reconcile::{Expected, InputRow};
use hongbao_sheet::{Cell, Row, RowError};
use hongbao_wire::{Fen, MchBillno, OpenId};

/// What is carried along with a row's number.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Its cells as they stood; none where the row could not be read.
    pub cells: Vec<Cell>,
    /// What it expects.
    pub expected: Expected,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// What is wrong with a row. Only [`Problem::BadAmount`] leaves a number to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// Its number's cell is empty.
    NoBillno,
    /// Its number is not 1-28 of `0-9 a-z A-Z`.
    BadBillno,
    /// A spreadsheet took its number for a number: `1.00E+25`.
    LostDigits,
    /// Its amount is none; it is asked about all the same.
    BadAmount,
    /// An earlier line has its number.
    Duplicate {
        /// That line.
        first_line: u64,
    },
    /// It cannot be read.
    Unreadable {
        /// Its line: none of its cells is there to find it by.
        line: u64,
        /// Why.
        code: &'static str,
    },
}

impl Problem {
    /// The stable words, one for each variant.
    pub const WORDS: [&'static str; 6] =
        ["no_billno", "bad_billno", "lost_digits", "bad_amount", "duplicate", "unreadable"];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoBillno => "no_billno",
            Self::BadBillno => "bad_billno",
            Self::LostDigits => "lost_digits",
            Self::BadAmount => "bad_amount",
            Self::Duplicate { .. } => "duplicate",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// Why it cannot be read, where that is what is wrong.
    #[must_use]
    pub const fn unreadable_code(self) -> Option<&'static str> {
        match self {
            Self::Unreadable { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The cell of the output: the word, and after `: ` what belongs to it.
    #[must_use]
    pub fn cell(self) -> String {
        match self {
            Self::Duplicate { first_line } => format!("duplicate: line {first_line}"),
            Self::Unreadable { line, code } => format!("unreadable: line {line}: {code}"),
            other => other.as_str().to_owned(),
        }
    }
}

/// What a row says.
pub fn read(row: Row, layout: &Layout) -> InputRow<Carried> {
    let cell = |at: usize| row.cells.get(at).map(plain).unwrap_or_default();
    let (mch_billno, mut problem) = match billno(row.cells.get(layout.billno)) {
        Ok(mch_billno) => (Some(mch_billno), None),
        Err(problem) => (None, Some(problem)),
    };
    let amount = match layout.amount.map(|(at, unit)| amount(&cell(at), unit)) {
        None => None,
        Some(Ok(amount)) => amount,
        Some(Err(bad)) => {
            problem.get_or_insert(bad);
            None
        }
    };
    let openid = layout.openid.map(cell).filter(|openid| !openid.is_empty()).map(OpenId::from);
    let expected = Expected { amount, openid };
    let carried = Carried { cells: row.cells, expected, problem };
    InputRow { line: row.line, mch_billno, carried }
}

/// A row that could not be read.
pub fn unreadable(error: &RowError) -> InputRow<Carried> {
    let problem = Some(Problem::Unreadable { line: error.line, code: error.code() });
    let carried = Carried { cells: Vec::new(), expected: Expected::default(), problem };
    InputRow { line: error.line, mch_billno: None, carried }
}

/// A cell's text, without blanks around it and without the mark before it (`` ` `` in WeChat's
/// own downloads, `'` in spreadsheets) that keeps it text.
pub fn plain(cell: &Cell) -> String {
    let text = cell.to_string();
    let text = text.trim();
    text.strip_prefix(['`', '\'']).unwrap_or(text).trim().to_owned()
}

/// The bill number of a cell.
///
/// # Errors
/// [`Problem::NoBillno`], [`Problem::BadBillno`], [`Problem::LostDigits`].
pub fn billno(cell: Option<&Cell>) -> Result<MchBillno, Problem> {
    if let Some(Cell::LostDigits(_)) = cell {
        return Err(Problem::LostDigits);
    }
    let text = cell.map(plain).unwrap_or_default();
    let text = text.as_str();
    if text.is_empty() {
        return Err(Problem::NoBillno);
    }
    if MchBillno::is_well_formed(text) {
        return Ok(text.into());
    }
    Err(if is_scientific(text) { Problem::LostDigits } else { Problem::BadBillno })
}

/// Whether it is what a spreadsheet makes of a long number, such as `1.00001E+25`.
#[must_use]
pub fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    are_digits(&digits.replacen('.', "", 1)) && are_digits(exponent.trim_start_matches('+'))
}

/// The amount of a cell's text, `None` where it is empty.
///
/// # Errors
/// [`Problem::BadAmount`].
pub fn amount(text: &str, unit: Unit) -> Result<Option<Fen>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let amount = match unit {
        Unit::Fen => text.parse(),
        Unit::Yuan => Fen::from_yuan(text),
    };
    amount.map(Some).map_err(|_| Problem::BadAmount)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(cells: &[Cell], unit: Unit) -> InputRow<Carried> {
        let layout = Layout { billno: 0, amount: Some((1, unit)), openid: Some(2) };
        read(Row { line: 7, cells: cells.to_vec() }, &layout)
    }

    fn number(cell: impl Into<Cell>) -> Result<String, Problem> {
        let row = row(&[cell.into()], Unit::Fen);
        assert_eq!(row.mch_billno.is_none(), row.carried.problem.is_some());
        row.mch_billno.map(|number| number.to_string()).ok_or_else(|| row.carried.problem.unwrap())
    }

    fn fen(cell: impl Into<Cell>, unit: Unit) -> Result<Option<u64>, Problem> {
        let row = row(&["1".into(), cell.into()], unit);
        match row.carried.problem {
            None => Ok(row.carried.expected.amount.map(Fen::get)),
            Some(problem) => Err(problem),
        }
    }

    #[test]
    fn a_number_is_taken_without_blanks_and_marks_and_nothing_else_is_mended() {
        let longest = "1000009820170720aBcDeFgHiJ28";
        for whole in [longest, " 1000009820170720aBcDeFgHiJ28\t", "`1000009820170720aBcDeFgHiJ28"] {
            assert_eq!(number(whole), Ok(longest.to_owned()), "{whole}");
        }
        assert_eq!(number(123), Ok("123".to_owned()));
        assert_eq!(number("'0123"), Ok("0123".to_owned()));
        for bad in
            ["1000009820170720aBcDeFgHiJ280", "12-3", "1 2", "单号", "-5", "=1", "12.5", "''1"]
        {
            assert_eq!(number(bad), Err(Problem::BadBillno), "{bad}");
        }
        for lost in ["1.00E+25", "1.00001e+27", "1E+25"] {
            assert_eq!(number(lost), Err(Problem::LostDigits), "{lost}");
        }
        for none in ["", "  ", "`"] {
            assert_eq!(number(none), Err(Problem::NoBillno), "{none:?}");
        }
        assert_eq!(number(Cell::Empty), Err(Problem::NoBillno));
        assert_eq!(number(Cell::LostDigits("1E+27".into())), Err(Problem::LostDigits));
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        assert_eq!(fen("100", Unit::Fen), Ok(Some(100)));
        assert_eq!(fen(100, Unit::Fen), Ok(Some(100)));
        assert_eq!(fen("", Unit::Fen), Ok(None));
        assert_eq!(fen("1.00", Unit::Fen), Err(Problem::BadAmount));
        assert_eq!(fen(Cell::LostDigits("1E+15".into()), Unit::Fen), Err(Problem::BadAmount));
        assert_eq!(fen(-1, Unit::Fen), Err(Problem::BadAmount));
        for (yuan, expected) in [("1", 100), ("1.5", 150), ("`0.29", 29), ("19.99", 1999)] {
            assert_eq!(fen(yuan, Unit::Yuan), Ok(Some(expected)), "{yuan}");
        }
        assert_eq!(fen(3, Unit::Yuan), Ok(Some(300)));
        for bad in ["1.005", "1,000.00", "¥1", "1e2", "abc"] {
            assert_eq!(fen(bad, Unit::Yuan), Err(Problem::BadAmount), "{bad}");
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_found_by_its_line() {
        let error = RowError { line: 7, fault: hongbao_sheet::RowFault::NotUtf8 };
        let row = unreadable(&error);
        assert_eq!((row.line, row.mch_billno), (7, None));
        let cell = row.carried.problem.map(Problem::cell);
        assert_eq!(cell.as_deref(), Some("unreadable: line 7: SHEET_ROW_NOT_UTF8"));
    }

    #[test]
    fn a_bad_amount_leaves_the_number_and_the_receiver() {
        let row = row(&["1".into(), "x".into(), " o1 ".into()], Unit::Fen);
        assert_eq!(row.mch_billno.unwrap().as_str(), "1");
        assert_eq!(row.carried.expected, Expected { amount: None, openid: Some("o1".into()) });
        assert_eq!(row.carried.problem, Some(Problem::BadAmount));
        assert_eq!(row.carried.cells.len(), 3);
    }
}
