//! What is wrong with a table, in the language of the user.

use crate::exit::Failure;
use crate::lang::{self, Lang};
use crate::say;
use hongbao_sheet::SheetError;

/// What is wrong with a table, with the exit code of files; the hint is the caller's.
#[must_use]
pub fn of_table(name: &str, error: &SheetError) -> Failure {
    Failure::config(error.code(), say!("reconcile-sheet", file = name, why = why(error)))
}

fn why(error: &SheetError) -> String {
    // the crate's own words are English; the catalogue has the meaning of every code
    let meaning = || lang::current().find(&format!("about-failure-{}", error.code()), &[]);
    match (lang::current(), facts(error)) {
        (Lang::En, _) => error.to_string(),
        (Lang::ZhCn, facts) => match (meaning(), facts) {
            (None, _) => error.to_string(),
            (Some(meaning), None) => meaning,
            (Some(meaning), Some(facts)) => {
                say!("reconcile-sheet-facts", meaning = meaning, facts = facts)
            }
        },
    }
}

/// What an error says beside its code: names as they stand in the file, counts, the system's
/// own words.
fn facts(error: &SheetError) -> Option<String> {
    Some(match error {
        SheetError::Io(error) => error.to_string(),
        SheetError::Row(error) => format!("line {}", error.line),
        SheetError::FormatUnknown(name)
        | SheetError::EncodingUnknown(name)
        | SheetError::NoWorksheet(name)
        | SheetError::ColumnTwice(name)
        | SheetError::NotAFile(name)
        | SheetError::NotANumber(name)
        | SheetError::InUse(name)
        | SheetError::PartLost(name)
        | SheetError::CellTooLong(name) => format!("`{name}`"),
        SheetError::NeedsFile(format) | SheetError::ReadOnly(format) => {
            format!("`{}`", format.word())
        }
        SheetError::ColumnUnsupported { column, what } => format!("`{column}`: {what}"),
        SheetError::Damaged { format, what } => format!("{}: {what}", format.word()),
        SheetError::CellCount { found, expected } => format!("{found} / {expected}"),
        SheetError::NoHeader
        | SheetError::TooManyColumns
        | SheetError::NameTooLong
        | SheetError::Unnamed
        | SheetError::TooLarge
        | SheetError::TooManyRows => return None,
    })
}
