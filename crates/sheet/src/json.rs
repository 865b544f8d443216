//! JSON lines: one object a line, each name once.

pub(crate) mod reader;
pub(crate) mod writer;
