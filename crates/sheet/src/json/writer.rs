//! Rows into JSON lines.

use crate::cell::View;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use crate::number;
use std::io::{self, Write};

pub(crate) struct JsonWriter<W: Write> {
    out: W,
    /// What stands before each value: `"name":`.
    names: Vec<(Box<str>, Kind)>,
}

impl<W: Write> JsonWriter<W> {
    pub(crate) fn new(out: W, columns: &[Column]) -> Result<JsonWriter<W>, SheetError> {
        if columns.iter().any(|column| column.name.is_empty()) {
            return Err(SheetError::Unnamed);
        }
        let name = |column: &Column| {
            let name = serde_json::to_string(&column.name).map_err(io::Error::from)?;
            Ok((format!("{name}:").into(), column.kind))
        };
        let names: Result<_, io::Error> = columns.iter().map(name).collect();
        Ok(JsonWriter { out, names: names? })
    }

    /// Writes a row: `null` for what is empty, numbers as such, hundredths as text, as most
    /// readers make a binary fraction of a decimal.
    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        let mut before = '{';
        for ((name, kind), cell) in self.names.iter().zip(cells) {
            write!(self.out, "{before}{name}")?;
            before = ',';
            match cell {
                View::Empty => self.out.write_all(b"null")?,
                View::Text(text) => {
                    serde_json::to_writer(&mut self.out, text).map_err(io::Error::from)?;
                }
                View::Int(number) if *kind == Kind::Hundredths => {
                    write!(self.out, "\"{}\"", number::hundredths(*number))?;
                }
                View::Int(number) => write!(self.out, "{number}")?,
            }
        }
        self.out.write_all(b"}\n")?;
        Ok(())
    }

    pub(crate) fn finish(self) -> W {
        self.out
    }

    pub(crate) fn flushed(&mut self) -> Result<&W, SheetError> {
        self.out.flush()?;
        Ok(&self.out)
    }
}
