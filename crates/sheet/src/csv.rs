//! Comma-separated values.

pub(crate) mod reader;
mod records;
pub(crate) mod writer;
