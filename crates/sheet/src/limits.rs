//! What is refused for its size, so that no file takes more memory than these add up to.

/// Characters in a cell: what a cell of Excel holds.
pub const CELL_CHARS_MAX: usize = 32_767;

/// Columns of a table.
pub const COLUMNS_MAX: usize = 1_000;

/// Bytes of a CSV record as UTF-8, without its quotes.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes that the parts of an XLSX file may unpack to, its worksheets apart, which are
/// streamed. The table of shared texts is the large one among them, and is held in memory.
pub const PARTS_BYTES_MAX: u64 = 512 << 20;

/// Rows of data that a worksheet holds below its header.
pub const XLSX_ROWS_MAX: u64 = 1_048_575;

/// Rows that are on their way from a reader's thread, at most: a few batches of these.
pub(crate) const BATCH_ROWS: usize = 256;

/// Whether a text is short enough for a cell.
pub(crate) fn fits_a_cell(text: &str) -> bool {
    text.len() <= CELL_CHARS_MAX || text.chars().count() <= CELL_CHARS_MAX
}
