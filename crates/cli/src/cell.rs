//! Cells of the tables that commands write; what is not known leaves its cell empty.

use hongbao_sheet::Cell;
use hongbao_wire::{Fen, time};
use jiff::Timestamp;

/// Text; an empty one is no text.
#[must_use]
pub fn text(text: Option<&str>) -> Cell {
    text.map_or(Cell::Empty, Cell::of_text)
}

/// An amount, as a number of fen.
#[must_use]
pub fn fen(fen: Option<Fen>) -> Cell {
    fen.map_or(Cell::Empty, |fen| Cell::Int(fen.as_i64()))
}

/// A sum of fen for people, in yuan; one beyond all money as the most there can be.
#[must_use]
pub fn yuan(fen: u64) -> String {
    Fen::new(fen).unwrap_or(Fen::MAX).to_yuan()
}

/// A time, as RFC 3339 at +08:00.
#[must_use]
pub fn at(at: Option<Timestamp>) -> Cell {
    at.map_or(Cell::Empty, |at| time::rfc3339(at).into())
}
