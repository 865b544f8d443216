//! `docs/compat.md`: written by hand but for the table between its markers.

use crate::place;
use std::path::PathBuf;

const BEGIN: &str = "<!-- table: begin (cargo run -p hongbao-compat --bin compat-table) -->\n";
const END: &str = "<!-- table: end -->\n";

fn path() -> PathBuf {
    place::project().join("docs").join("compat.md")
}

fn read() -> (String, String, String) {
    let text = std::fs::read_to_string(path()).expect("`docs/compat.md` is there");
    let (before, rest) = text.split_once(BEGIN).expect("the page has the first marker");
    let (table, after) = rest.split_once(END).expect("the page has the last marker");
    (before.to_owned(), table.to_owned(), after.to_owned())
}

/// The table as the page has it.
///
/// # Panics
/// When the page or a marker is missing.
#[must_use]
pub fn committed_table() -> String {
    read().1
}

/// Puts a table into the page.
///
/// # Panics
/// When the page cannot be read or written.
pub fn write_table(table: &str) {
    let (before, _, after) = read();
    let text = format!("{before}{BEGIN}{table}{END}{after}");
    std::fs::write(path(), text).expect("`docs/compat.md` can be written");
}
