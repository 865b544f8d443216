//! Rows out of a worksheet, cell by cell.

use super::value::{self, TooLong};
use super::{damaged, parts};
use crate::cell::{Cell, Row};
use crate::column::{Column, shown};
use crate::error::{RowError, RowFault, SheetError};
use crate::format::Format;
use crate::limits::COLUMNS_MAX;
use crate::stage::{Out, Stage, Stop};
use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use std::fs::File;
use std::io::BufReader;

/// Opens the worksheet of a name, or the first that is not hidden. The header is the first row that is not
/// blank; blank rows below it are passed over.
pub(crate) fn open(
    file: File,
    worksheet: Option<String>,
) -> Result<(Vec<Column>, Stage), SheetError> {
    parts::check(&file)?;
    Stage::start(Format::Xlsx, move |out| read(file, worksheet, out))
}

fn read(file: File, worksheet: Option<String>, out: &mut Out) -> Result<(), Stop> {
    let mut book = Xlsx::new(BufReader::new(file)).map_err(of_calamine)?;
    let name = name(&book, worksheet)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(of_calamine)?;
    let mut table = Table::default();
    let mut row = Draft::default();
    loop {
        // What is cut off may have cut the row before it, too: neither is told.
        let cell = cells.next_cell().map_err(of_calamine)?;
        let line = cell.as_ref().map(|cell| u64::from(cell.get_position().0) + 1);
        if line != row.line {
            table.take(std::mem::take(&mut row), out)?;
            row.line = line;
        }
        let Some(cell) = cell else { break };
        row.put(cell.get_position().1, value::cell(cell.get_value()));
    }
    if table.columns.is_empty() { Err(SheetError::NoHeader.into()) } else { Ok(()) }
}

fn name(book: &Xlsx<BufReader<File>>, wanted: Option<String>) -> Result<String, SheetError> {
    let mut sheets = book.sheets_metadata().iter();
    match wanted {
        Some(name) if sheets.any(|sheet| sheet.name == name) => Ok(name),
        Some(name) => Err(SheetError::NoWorksheet(shown(&name))),
        None => sheets
            .find(|sheet| {
                sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
            })
            .map(|sheet| sheet.name.clone())
            .ok_or_else(|| damaged("it has no worksheet that is not hidden")),
    }
}

/// A row of which not all cells are there yet.
#[derive(Default)]
struct Draft {
    line: Option<u64>,
    cells: Vec<Cell>,
    is_too_long: bool,
    beyond: bool,
}

impl Draft {
    fn put(&mut self, column: u32, value: Result<Cell, TooLong>) {
        let column = column as usize;
        if matches!(value, Ok(Cell::Empty)) {
            return;
        }
        if column >= COLUMNS_MAX {
            self.beyond = true;
            return;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Empty);
        }
        match value {
            Ok(cell) => self.cells[column] = cell,
            Err(TooLong) => self.is_too_long = true,
        }
    }
}

/// The header, once it is known.
#[derive(Default)]
struct Table {
    columns: Vec<Column>,
}

impl Table {
    fn take(&mut self, row: Draft, out: &mut Out) -> Result<(), Stop> {
        let Some(line) = row.line else { return Ok(()) };
        if row.cells.is_empty() && !row.beyond {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = self.header(row, line)?;
            return out.header(self.columns.clone());
        }
        out.row(self.row(row, line).map_err(|fault| RowError { line, fault }))
    }

    fn header(&self, row: Draft, line: u64) -> Result<Vec<Column>, SheetError> {
        if row.beyond {
            return Err(SheetError::TooManyColumns);
        }
        if row.is_too_long {
            return Err(RowFault::CellTooLong.on(line));
        }
        Ok(row.cells.iter().map(|cell| Column::text(&cell.to_string())).collect())
    }

    fn row(&self, mut row: Draft, line: u64) -> Result<Row, RowFault> {
        if row.is_too_long {
            return Err(RowFault::CellTooLong);
        }
        if row.beyond || row.cells.len() > self.columns.len() {
            return Err(RowFault::BeyondHeader);
        }
        row.cells.resize(self.columns.len(), Cell::Empty);
        Ok(Row { line, cells: row.cells })
    }
}

/// What is wrong with a workbook, without what stands in its cells.
fn of_calamine(error: XlsxError) -> SheetError {
    match error {
        XlsxError::Io(error) => damaged(format!("it is cut off or altered ({})", error.kind())),
        XlsxError::Zip(_) => damaged("it is no whole ZIP archive"),
        XlsxError::Password => damaged("it is protected by a password"),
        XlsxError::NotAWorksheet(_) => damaged("the sheet is a chart"),
        XlsxError::Xml(_) | XlsxError::XmlAttr(_) | XlsxError::XmlEof(_) => {
            damaged("its XML is cut off or altered")
        }
        _ => damaged("it is no workbook of Excel 2007 or later"),
    }
}
