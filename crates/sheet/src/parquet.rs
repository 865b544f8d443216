//! Apache Parquet: flat columns of text, whole numbers and what has an exact text.

mod chunk;
pub(crate) mod group;
pub(crate) mod part;
pub(crate) mod reader;
mod value;
pub(crate) mod writer;
