//! `reconcile`: many numbers of a file.

use super::ask::PolicyArg;
use super::data::format;
use super::ledger::LedgerFlag;
use super::remember::{from, until};
use hongbao_sheet::Format;
use jiff::Timestamp;
use std::path::PathBuf;

/// `hongbao reconcile`.
#[derive(Debug, clap::Args)]
pub struct ReconcileArgs {
    /// The merchant's profile, such as `merchants/10000098/merchant.toml` of a server's folder
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// CSV, XLSX, Parquet or JSON lines with a column of bill numbers; `-` for standard input, one number a line
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the rows go with what was found: CSV, XLSX, Parquet or JSON lines; without it CSV on standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The input's format: `csv`, `tsv`, `xlsx`, `parquet`, `jsonl` or `lines` [default: of its extension]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub input_format: Option<Format>,
    /// The encoding of CSV and lines, such as `gb18030` [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The worksheet of an XLSX file [default: the first]
    #[arg(long, value_name = "NAME")]
    pub worksheet: Option<String>,
    /// The column of bill numbers [default: `mch_billno`, `billno`, `商户订单号` or `商户单号`]
    #[arg(long, value_name = "COLUMN")]
    pub billno_column: Option<String>,
    /// The column of expected amounts in fen [default: `amount`, `total_amount`, `total_amount_fen` or `金额(分)`]
    #[arg(long, value_name = "COLUMN", conflicts_with = "yuan_column")]
    pub amount_column: Option<String>,
    /// The column of expected amounts in yuan [default: `amount_yuan`, `total_amount_yuan`, `金额` or `金额(元)`]
    #[arg(long, value_name = "COLUMN")]
    pub yuan_column: Option<String>,
    /// The column of expected receivers [default: `openid`, `re_openid`, `用户openid` or `领取人openid`]
    #[arg(long, value_name = "COLUMN")]
    pub openid_column: Option<String>,
    /// Unexpected packets are those sent from then on: a day or a time [default: the earliest that was found]
    #[arg(long, value_name = "TIME", value_parser = from)]
    pub from: Option<Timestamp>,
    /// Unexpected packets are those sent until then: a day, which counts whole, or a time [default: the latest that was found]
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub to: Option<Timestamp>,
    /// Leave out packets of the ledger that no row names
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub no_unexpected: bool,
    /// How many questions may be on their way at once [default: by the pace, 16 to 256]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub concurrency: Option<u16>,
    /// The most questions in any one second [default: of the profile]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub pace: Option<u32>,
    /// Begin anew, even if the same run was interrupted
    #[arg(long)]
    pub fresh: bool,
    /// Print the summary as one JSON object
    #[arg(long, requires = "out")]
    pub json: bool,
    /// What a success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}
