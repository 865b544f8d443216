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
    lines: BoundedLines,
}

impl Lines {
    pub(crate) fn new(source: Source) -> Lines {
        Lines { lines: BoundedLines::new(source, LINE_BYTES_MAX) }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>, SheetError> {
        while let Some(whole) = self.lines.advance()? {
            let line = self.lines.line;
            let text = self.lines.text().map_err(|fault| fault.on(line))?.trim();
            if !whole || !limits::fits_a_cell(text) {
                return Err(RowFault::CellTooLong.on(line));
            }
            if !text.is_empty() && !text.starts_with('#') {
                return Ok(Some(Row { line, cells: vec![Cell::Text(text.into())] }));
            }
        }
        Ok(None)
    }
}

/// Lines, one after the other, in memory of bounded size.
pub(crate) struct BoundedLines {
    source: BufReader<Source>,
    bytes: Vec<u8>,
    bytes_max: usize,
    /// The number of the line that was read last, from 1.
    pub(crate) line: u64,
}

impl BoundedLines {
    pub(crate) fn new(source: Source, bytes_max: usize) -> BoundedLines {
        BoundedLines { source: BufReader::new(source), bytes: Vec::new(), bytes_max, line: 0 }
    }

    /// Reads the next line; whether all of it, or `None` at the end.
    pub(crate) fn advance(&mut self) -> io::Result<Option<bool>> {
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
            if self.bytes.len() + part.len() <= self.bytes_max {
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

    /// The line that was read last.
    pub(crate) fn text(&self) -> Result<&str, RowFault> {
        self.source.get_ref().text(&self.bytes)
    }
}
