//! Data in and out: `export`, `import`.

use super::ask::PolicyArg;
use super::remember::{FilterArgs, LedgerOf};
use hongbao_ledger::Book;
use hongbao_sheet::Format;
use std::path::PathBuf;

/// `hongbao export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Which book: what the merchant's side was told, or, of a server's folder, the payer's own records
    #[arg(long, value_enum, value_name = "BOOK", default_value_t = BookArg::Inquiries)]
    pub book: BookArg,
    /// The file: CSV, TSV, XLSX, Parquet or JSON lines; without it CSV on standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The format: `csv`, `tsv`, `xlsx`, `parquet` or `jsonl` [default: of the extension]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// The columns, by their English names and in this order [default: all that the book has]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Amounts in yuan with two decimals, exact, instead of fen
    #[arg(long)]
    pub yuan: bool,
    /// The language of the columns' names
    #[arg(long, value_enum, value_name = "LANG", default_value_t = HeadersArg::En)]
    pub headers: HeadersArg,
    /// CSV and TSV for Excel: UTF-8 with a byte order mark, and `` ` `` before ids of digits, which Excel would cut to 15
    #[arg(long)]
    pub excel: bool,
    /// In CSV and TSV, leave texts alone that a spreadsheet would take for a formula; else they get a `'` before them
    #[arg(long)]
    pub as_is: bool,
    /// Go on with an interrupted export of the same file; where there is none, begin
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// Print the summary as one JSON object
    #[arg(long, requires = "out")]
    pub json: bool,
    /// What a kept success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}

/// A book of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BookArg {
    /// The merchant's side.
    #[value(help = crate::say!("args-book-inquiries"))]
    Inquiries,
    /// The paying side.
    #[value(help = crate::say!("args-book-records"))]
    Records,
}

impl From<BookArg> for Book {
    fn from(book: BookArg) -> Self {
        match book {
            BookArg::Inquiries => Self::Inquiries,
            BookArg::Records => Self::Records,
        }
    }
}

/// The language of the names of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum HeadersArg {
    /// English.
    #[value(help = crate::say!("args-headers-en"))]
    En,
    /// Chinese.
    #[value(help = crate::say!("args-headers-zh"))]
    Zh,
}

/// `hongbao import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// CSV, TSV, XLSX, Parquet or JSON lines, with a column of bill numbers; `-` for standard input, one number a line
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The file's format: `csv`, `tsv`, `xlsx`, `parquet`, `jsonl` or `lines` [default: of its extension]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub input_format: Option<Format>,
    /// The encoding of text, such as `gb18030` [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The worksheet of an XLSX file [default: the first]
    #[arg(long, value_name = "NAME")]
    pub worksheet: Option<String>,
    /// In what amounts are counted whose column does not say it
    #[arg(long, value_enum, value_name = "UNIT")]
    pub amounts: Option<UnitArg>,
    /// Only say what would be imported
    #[arg(long)]
    pub dry_run: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// In what amounts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum UnitArg {
    /// Whole fen.
    #[value(help = crate::say!("args-unit-fen"))]
    Fen,
    /// Yuan with up to two decimals.
    #[value(help = crate::say!("args-unit-yuan"))]
    Yuan,
}

/// The format that a word stands for.
pub(super) fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word).ok_or_else(|| crate::say!("args-bad-format"))
}
