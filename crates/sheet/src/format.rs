//! The formats of tables.

use crate::error::SheetError;
use std::path::Path;

/// The format of a table in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values; read with `,`, `;` or a tab between them, whichever the header
    /// has most of; written with `,`.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A worksheet of Excel 2007 or later.
    Xlsx,
    /// Apache Parquet, flat columns.
    Parquet,
    /// One JSON object a line; a column is a name that any of them has.
    JsonLines,
    /// One value a line, no header; only read.
    Lines,
}

impl Format {
    /// The format that a file's extension stands for, in either case.
    ///
    /// # Errors
    /// [`SheetError::FormatUnknown`], which names the formats there are.
    pub fn of_path(path: &Path) -> Result<Format, SheetError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.and_then(Format::from_word).ok_or_else(|| {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            SheetError::FormatUnknown(name.escape_debug().collect())
        })
    }

    /// The format that a word stands for: an extension, or the name of a format.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Format> {
        Some(match word.to_ascii_lowercase().as_str() {
            "csv" => Format::Csv,
            "tsv" | "tab" => Format::Tsv,
            "xlsx" | "xlsm" => Format::Xlsx,
            "parquet" | "pq" => Format::Parquet,
            "jsonl" | "ndjson" => Format::JsonLines,
            "txt" | "lines" => Format::Lines,
            _ => return None,
        })
    }

    /// Its name, which [`Format::from_word`] understands.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Xlsx => "xlsx",
            Format::Parquet => "parquet",
            Format::JsonLines => "jsonl",
            Format::Lines => "lines",
        }
    }
}
