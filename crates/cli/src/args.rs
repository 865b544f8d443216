//! The command line, defined once: parser, help, man pages and completions come from here.
//!
//! Doc comments are the English help; `lang/zh-CN/help.ftl` holds the Chinese,
//! which `localise` puts in at run time. No flag takes a secret.

mod ask;
mod data;
mod doctor;
mod fault;
mod fund_flow;
mod ledger;
mod merchant_set;
mod operate;
mod reconcile;
mod remember;
mod report;

pub use ask::{ExplainArgs, QueryArgs, SendArgs, SignArgs};
pub use data::{BookArg, ExportArgs, HeadersArg, ImportArgs, UnitArg};
pub use doctor::DoctorArgs;
pub use fault::FaultName;
pub use fund_flow::FundFlowArgs;
pub use ledger::{
    BackupArgs, CopyArgs, ForgetArgs, HeadArgs, InfoArgs, LedgerArgs, LedgerCommand, RestoreArgs,
    TrimArgs, VerifyArgs, WhichLedger,
};
pub use merchant_set::{MerchantChanges, MerchantSetArgs};
pub use operate::{
    DemoArgs, FaultAddArgs, FaultCommand, FindingsArgs, MerchantAddArgs, MerchantArgs,
    MerchantCommand, MerchantRevokeArgs, PacketArgs, ReasonArgs, SandboxArgs, SandboxCommand,
    ServeArgs, TopUpArgs,
};
pub use reconcile::ReconcileArgs;
pub use remember::{AttentionArgs, FilterArgs, FollowArgs, HistoryArgs, LedgerOf, RecordsArgs};
pub use report::ReportArgs;

use crate::lang::Lang;
use clap::{ArgAction, Parser, Subcommand};
use std::path::PathBuf;

/// The query service for WeCom red packets, its sandbox, and the merchant's side of both
#[derive(Debug, Parser)]
#[command(name = "hongbao", version, disable_help_subcommand = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Cli {
    /// Language of messages and help; without it, the locale decides
    #[arg(long, global = true, value_name = "LANG", value_enum, display_order = 900)]
    pub lang: Option<Lang>,
    /// Print help
    // defined here, not left to clap, so that its own help can be in both languages
    #[arg(short, long, global = true, action = ArgAction::Help, display_order = 901)]
    pub help: Option<bool>,
    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version, display_order = 902)]
    pub version: Option<bool>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show it all at work: a server, real packets, their life, and what each query says
    Demo(DemoArgs),
    /// Answer queries and sends over mutual TLS, from a folder that the first start fills
    Serve(ServeArgs),
    /// Ask what became of red packets
    Query(QueryArgs),
    /// Send a red packet
    Send(SendArgs),
    /// Ask about every red packet on schedule, until each is final or needs a person
    Follow(FollowArgs),
    /// List what the ledger holds
    Records(RecordsArgs),
    /// Show what was done and told about one red packet
    History(HistoryArgs),
    /// List the red packets that need a person, and what to do about each
    Attention(AttentionArgs),
    /// Ask about every bill number of a file, and compare what was found with what it expects
    Reconcile(ReconcileArgs),
    /// Write what the ledger holds to a file: CSV, XLSX, Parquet or JSON lines
    Export(ExportArgs),
    /// Take the packets that a file names into the ledger; what a file says proves nothing
    Import(ImportArgs),
    /// Compare the ledger with fund-flow bills (资金账单): every red packet against its movements of money, asking nobody
    FundFlow(FundFlowArgs),
    /// Sum up what was sent and what became of it: by day, activity, status or sender
    Report(ReportArgs),
    /// Show what a request or reply signs, and why a signature does not hold
    Sign(SignArgs),
    /// Find out what is wrong with a profile or a server's folder, and print a report to paste
    Doctor(DoctorArgs),
    /// Explain an error code, status, verdict, next step, fault or exit code
    Explain(ExplainArgs),
    /// Add, list, show, set and revoke the merchants of a server's folder
    Merchant(MerchantArgs),
    /// Look after a ledger: verify, sign, back up, restore, copy, forget, trim
    Ledger(LedgerArgs),
    /// Move time and packets of a running sandbox, and set faults
    Sandbox(SandboxArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Write the manual pages to a folder
    Man(ManArgs),
}

/// `hongbao completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `hongbao man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The folder; made where it does not exist
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}
