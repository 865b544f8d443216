//! `fund-flow`: the ledger against movements of money.

use super::ask::PolicyArg;
use super::remember::{LedgerOf, day};
use jiff::civil::Date;
use std::path::PathBuf;

/// `hongbao fund-flow`.
#[derive(Debug, clap::Args)]
pub struct FundFlowArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// The bills of one or more days, as downloaded: CSV, gzipped or not, or XLSX
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where the differences go: CSV, XLSX or Parquet; without it CSV on standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the packets that agree with their movements too
    #[arg(long)]
    pub all: bool,
    /// The first day that the bills cover [default: the days on which they have movements]
    #[arg(long, value_name = "DATE", value_parser = day, requires = "to")]
    pub from: Option<Date>,
    /// The last day that the bills cover
    #[arg(long, value_name = "DATE", value_parser = day, requires = "from")]
    pub to: Option<Date>,
    /// The encoding of the bills, such as `gb18030` [default: UTF-8, or GB18030 where the header is no UTF-8]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Print the summary as one JSON object
    #[arg(long, requires = "out")]
    pub json: bool,
    /// What a kept success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}
