//! Rows out of CSV.

use super::records::{Record, Records};
use crate::cell::{Cell, Row};
use crate::column::{self, Column};
use crate::error::{RowFault, SheetError};
use crate::limits;
use crate::source::Source;

pub(crate) struct CsvReader {
    records: Records,
    width: usize,
    /// Whether a row may have fewer cells than the header.
    pub(crate) takes_short_rows: bool,
}

impl CsvReader {
    /// Reads the header.
    pub(crate) fn new(
        source: Source,
        delimiter: Option<u8>,
    ) -> Result<(Vec<Column>, CsvReader), SheetError> {
        let mut records = Records::new(source, delimiter)?;
        let header = match records.next() {
            Err(SheetError::Row(error)) if error.fault == RowFault::TooManyCells => {
                return Err(SheetError::TooManyColumns);
            }
            header => header?.ok_or(SheetError::NoHeader)?,
        };
        let named = |field| records.text(field).map(Column::text);
        let names: Result<Vec<Column>, RowFault> = records.fields(&header).map(named).collect();
        let columns = names.map_err(|fault| fault.on(header.line))?;
        column::check(&columns)?;
        let width = columns.len();
        Ok((columns, CsvReader { records, width, takes_short_rows: false }))
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>, SheetError> {
        let Some(record) = self.records.next()? else { return Ok(None) };
        match self.cells(&record) {
            Ok(cells) => Ok(Some(Row { line: record.line, cells })),
            Err(fault) => Err(fault.on(record.line)),
        }
    }

    fn cells(&self, record: &Record) -> Result<Vec<Cell>, RowFault> {
        let fields = self.records.fields(record);
        let found = fields.len();
        if found > self.width || (found < self.width && !self.takes_short_rows) {
            return Err(RowFault::CellCount { found, expected: self.width });
        }
        let missing = std::iter::repeat_n(Ok(Cell::Empty), self.width - found);
        fields
            .map(|field| {
                let text = self.records.text(field)?;
                if limits::fits_a_cell(text) {
                    Ok(Cell::of_text(text))
                } else {
                    Err(RowFault::CellTooLong)
                }
            })
            .chain(missing)
            .collect()
    }
}
