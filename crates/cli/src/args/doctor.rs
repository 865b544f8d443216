//! `hongbao doctor`.

use super::ledger::LedgerFlag;
use clap::ArgGroup;
use std::path::PathBuf;

/// `hongbao doctor`.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("subject").required(true).args(["profile", "dir"])))]
pub struct DoctorArgs {
    /// The merchant's profile to check, such as `merchants/10000098/merchant.toml` of a server's folder
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// The server's folder to check
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// Check only what is on this machine; connect to nothing
    #[arg(long)]
    pub offline: bool,
    /// Print one JSON object for each finding, one a line
    #[arg(long)]
    pub json: bool,
}
