//! Worksheets of Excel 2007 and later.

mod parts;
pub(crate) mod reader;
mod value;
pub(crate) mod writer;

use crate::error::SheetError;
use crate::format::Format;

fn damaged(what: impl Into<String>) -> SheetError {
    SheetError::Damaged { format: Format::Xlsx, what: what.into() }
}
