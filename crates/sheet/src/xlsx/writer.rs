//! Rows into a worksheet, a row at a time.

use crate::cell::View;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use crate::limits::XLSX_ROWS_MAX;
use crate::number::{self, EXACT_MAX};
use crate::target::Target;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::io::{self, BufWriter};

/// Width of a column, in characters.
const WIDTH_MIN: u32 = 10;
const WIDTH_MAX: u32 = 48;

pub(crate) struct XlsxWriter {
    book: Workbook,
    target: Target,
    rows: u64,
    widths: Vec<u32>,
    /// Which columns are of hundredths, and how those are shown.
    hundredths: Vec<bool>,
    two_decimals: Format,
}

impl XlsxWriter {
    /// Writes the header: bold, and in sight when the rows below scroll.
    pub(crate) fn new(target: Target, columns: &[Column]) -> Result<XlsxWriter, SheetError> {
        let mut book = Workbook::new();
        // The rows on their way are beside the target, where there must be room anyway.
        book.set_tempdir(target.folder()).map_err(io)?;
        // The same rows give the same bytes, whatever the time.
        let born = ExcelDateTime::from_ymd(2000, 1, 1).map_err(io)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&born));
        let sheet = book.add_worksheet_with_constant_memory().map_err(io)?;
        sheet.set_freeze_panes(1, 0).map_err(io)?;
        let bold = Format::new().set_bold();
        for (at, column) in (0..).zip(columns) {
            sheet.write_string_with_format(0, at, &*column.name, &bold).map_err(io)?;
        }
        let widths = columns.iter().map(|column| width(&column.name)).collect();
        let hundredths = columns.iter().map(|column| column.kind == Kind::Hundredths).collect();
        let two_decimals = Format::new().set_num_format("0.00");
        Ok(XlsxWriter { book, target, rows: 0, widths, hundredths, two_decimals })
    }

    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        if self.rows == XLSX_ROWS_MAX {
            return Err(SheetError::TooManyRows);
        }
        self.rows += 1;
        let line = u32::try_from(self.rows).map_err(|_| SheetError::TooManyRows)?;
        let sheet = self.book.worksheet_from_index(0).map_err(io)?;
        let beside = self.widths.iter_mut().zip(&self.hundredths);
        for ((at, cell), (width, is_hundredths)) in (0..).zip(cells).zip(beside) {
            let put = match cell {
                View::Int(number) if *is_hundredths => {
                    put_hundredths(sheet, line, at, *number, &self.two_decimals)
                }
                cell => put(sheet, line, at, cell),
            };
            *width = (*width).max(put.map_err(io)?);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Target, SheetError> {
        let sheet = self.book.worksheet_from_index(0).map_err(io)?;
        for (at, width) in (0..).zip(&self.widths) {
            sheet.set_column_width(at, *width).map_err(io)?;
        }
        let mut out = BufWriter::new(self.target);
        self.book.save_to_writer(&mut out).map_err(io)?;
        out.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }
}

/// Writes a cell and gives its width. Text is never taken for a formula or a number; a number
/// that Excel would not keep whole is written as text.
fn put(sheet: &mut Worksheet, line: u32, at: u16, cell: &View<'_>) -> Result<u32, XlsxError> {
    Ok(match cell {
        View::Empty => 0,
        View::Text(text) => {
            sheet.write_string(line, at, &**text)?;
            width(text)
        }
        View::Int(number) if (-EXACT_MAX..=EXACT_MAX).contains(number) => {
            sheet.write_number(line, at, *number as f64)?;
            WIDTH_MIN
        }
        View::Int(number) => {
            sheet.write_string(line, at, number.to_string())?;
            WIDTH_MIN
        }
    })
}

/// Writes hundredths as the number that their decimal is, shown with both decimals; as text where Excel
/// would not keep all digits.
fn put_hundredths(
    sheet: &mut Worksheet,
    line: u32,
    at: u16,
    number: i64,
    two_decimals: &Format,
) -> Result<u32, XlsxError> {
    let text = number::hundredths(number);
    match text.parse::<f64>() {
        Ok(nearest) if (-EXACT_MAX..=EXACT_MAX).contains(&number) => {
            sheet.write_number_with_format(line, at, nearest, two_decimals)?;
        }
        _ => {
            sheet.write_string(line, at, &text)?;
        }
    }
    Ok(width(&text))
}

/// The width of a text, in which a character beyond ASCII counts twice, as Chinese ones do.
fn width(text: &str) -> u32 {
    let characters = text.chars().take(WIDTH_MAX as usize);
    let sum: u32 = characters.map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (sum + 2).clamp(WIDTH_MIN, WIDTH_MAX)
}

fn io(error: XlsxError) -> SheetError {
    match error {
        XlsxError::IoError(error) => SheetError::Io(error),
        // Sizes are checked before, so that only writing can fail.
        other => SheetError::Io(io::Error::other(other)),
    }
}
