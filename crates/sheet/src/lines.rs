//! One value a line: blanks around it do not count, nor do empty lines and those that begin
//! with `#`.

use crate::cell::{Cell, Row};
use crate::error::{RowFault, SheetError};
use crate::limits;
use crate::source::Source;
use std::io::{self, BufRead, BufReader};

/// The name of the one column.
pub(crate) const COLUMN: &str = "mch_billno";

/// A line longer than this has a cell that is too long, or blanks without end.
const LINE_BYTES_MAX: usize = limits::CELL_CHARS_MAX * 4;

pub(crate) struct Lines {
    source: BufReader<Source>,
    line: u64,
    bytes: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(source: Source) -> Lines {
        Lines { source: BufReader::new(source), line: 0, bytes: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>, SheetError> {
        while let Some(whole) = self.advance()? {
            let text = self.source.get_ref().text(&self.bytes);
            let text = text.map_err(|fault| fault.on(self.line))?.trim();
            if !whole || !limits::fits_a_cell(text) {
                return Err(RowFault::CellTooLong.on(self.line));
            }
            if !text.is_empty() && !text.starts_with('#') {
                return Ok(Some(Row { line: self.line, cells: vec![Cell::Text(text.into())] }));
            }
        }
        Ok(None)
    }

    /// The next line into `bytes`; whether all of it, or `None` at the end.
    fn advance(&mut self) -> io::Result<Option<bool>> {
        self.bytes.clear();
        let mut whole = true;
        let mut any = false;
        loop {
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if self.bytes.len() + part.len() <= LINE_BYTES_MAX {
                self.bytes.extend_from_slice(part);
            } else {
                self.bytes.clear(); // no part of a character is left to be mistaken for one
                whole = false;
            }
            let taken = part.len() + usize::from(end.is_some());
            self.source.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.line += u64::from(any);
        Ok(any.then_some(whole))
    }
}
