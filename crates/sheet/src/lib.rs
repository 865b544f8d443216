//! Tables in files: rows of named columns, read from and written to CSV, XLSX, Parquet and JSON lines.
//!
//! Rows go through one by one, so that memory does not grow with the file. One exception is
//! the format's own: an XLSX file that Excel has saved keeps its texts in one table, which is
//! read whole, up to [`limits::PARTS_BYTES_MAX`]. Files that this room has written do not.
//!
//! Calls block: run them where blocking is allowed. This is one of the rooms that touch the
//! disk; it knows nothing of red packets.
//!
//! Where to look: [`reader`] rows out of a file · [`writer`] rows into one, whole or not at
//! all · [`part`] the same, and what was interrupted can be gone on with · [`cell`] what a row is made of · [`format`](mod@format) which formats there are ·
//! [`limits`] what is refused for its size · [`error`] what can go wrong.

pub mod cell;
pub mod column;
mod csv;
pub mod error;
pub mod format;
mod json;
pub mod limits;
mod lines;
mod number;
mod parquet;
pub mod part;
pub mod reader;
mod source;
mod stage;
mod target;
mod text;
pub mod writer;
mod xlsx;

pub use cell::{Cell, Row, View};
pub use column::{Column, Kind};
pub use csv::writer::unguarded;
pub use error::{RowError, RowFault, SheetError};
pub use format::Format;
pub use part::{Checkpoint, Part};
pub use reader::{ReadOptions, Reader};
pub use writer::{WriteOptions, Writer};
