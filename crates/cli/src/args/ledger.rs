//! `hongbao ledger`: what is done for a ledger as a whole.

use super::ask::text;
use super::operate::mch_id;
use clap::ArgGroup;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Where a ledger is, instead of where the configuration says.
#[derive(Debug, clap::Args)]
pub struct LedgerFlag {
    /// Where the ledger is: a file, or `postgres://USER@HOST:PORT/DATABASE` [default: as the configuration says]
    #[arg(long, value_name = "PLACE")]
    pub ledger: Option<String>,
}

impl LedgerFlag {
    /// The place, where one is given.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.ledger.as_deref()
    }
}

/// Which ledger is meant.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["profile", "dir", "ledger"])))]
pub struct WhichLedger {
    /// That of a merchant's profile
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    pub profile: Option<PathBuf>,
    /// That of a server's folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Where it is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// Its key file [default: as the configuration says, else beside the file]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// A file with the password of its database, one line [default: as the configuration says, else the environment's PGPASSWORD]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `hongbao ledger`.
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// What to do for a ledger.
#[derive(Debug, clap::Subcommand)]
pub enum LedgerCommand {
    /// Show what a ledger is and holds
    Info(InfoArgs),
    /// Find any entry that was changed, removed or put elsewhere, and any packet that is not what its history says
    Verify(VerifyArgs),
    /// Sign the ends of all chains, to be kept elsewhere and held against the ledger later
    Head(HeadArgs),
    /// Back a ledger in a file up while it is in use
    Backup(BackupArgs),
    /// Put a backup in place where no ledger is
    Restore(RestoreArgs),
    /// Copy a ledger to another place while it is in use
    Copy(CopyArgs),
    /// Take receivers out of a ledger
    Forget(ForgetArgs),
    /// Remove raw messages that are older than some days
    Trim(TrimArgs),
}

/// `hongbao ledger info`.
#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// A head that `hongbao ledger head` signed: the chains must pass through it; repeatable
    #[arg(long, value_name = "FILE")]
    pub head: Vec<PathBuf>,
    /// The public key that must have signed the heads: 64 hexadecimal digits, or a file of them
    #[arg(long, value_name = "KEY", requires = "head")]
    pub public_key: Option<String>,
    /// Print one JSON object for each fault, one a line, and one for all
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger head`.
#[derive(Debug, clap::Args)]
pub struct HeadArgs {
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// Where the head goes; what is there stays [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The key that signs; made where it is not there [default: `head.key` beside the ledger's key file]
    #[arg(long, value_name = "FILE")]
    pub head_key: Option<PathBuf>,
}

/// `hongbao ledger backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The backup; what is there stays
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// Verify the whole backup, not only that it opens
    #[arg(long)]
    pub full: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// Where the ledger is to be: a file, a server's folder, or a profile; what is there stays
    #[arg(value_name = "TO")]
    pub to: String,
    /// The key file that belongs to the backup [default: where the restored ledger looks for it]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Verify the whole ledger, not only that it opens
    #[arg(long)]
    pub full: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger copy`.
#[derive(Debug, clap::Args)]
pub struct CopyArgs {
    /// From where: a file, `postgres://USER@HOST:PORT/DATABASE`, a server's folder, or a profile
    #[arg(value_name = "FROM")]
    pub from: String,
    /// To where, in the same way; made where it is not there
    #[arg(value_name = "TO")]
    pub to: String,
    /// The key file of FROM [default: as its configuration says, else beside the file]
    #[arg(long, value_name = "FILE")]
    pub from_key: Option<PathBuf>,
    /// The key file of TO [default: as its configuration says, else beside the file]
    #[arg(long, value_name = "FILE")]
    pub to_key: Option<PathBuf>,
    /// A file with the password of FROM's database
    #[arg(long, value_name = "FILE")]
    pub from_password_file: Option<PathBuf>,
    /// A file with the password of TO's database
    #[arg(long, value_name = "FILE")]
    pub to_password_file: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger forget`.
#[derive(Debug, clap::Args)]
pub struct ForgetArgs {
    /// Receivers
    #[arg(value_name = "OPENID", required_unless_present = "file", value_parser = text::<32>)]
    pub openids: Vec<String>,
    /// A file of receivers, one a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// Put the same word in the place of all, so that nobody can tell one from the other
    #[arg(long)]
    pub erase: bool,
    /// Only in what this merchant sent; repeatable [default: every merchant of the ledger]
    #[arg(long, value_name = "MCH_ID", value_parser = mch_id)]
    pub merchant: Vec<String>,
    /// Print one JSON object for each receiver, one a line
    #[arg(long)]
    pub json: bool,
}

/// `hongbao ledger trim`.
#[derive(Debug, clap::Args)]
pub struct TrimArgs {
    /// Which ledger.
    #[command(flatten)]
    pub which: WhichLedger,
    /// Keep the raw messages of so many days [default: `raw_replies_days` of the configuration]
    #[arg(long, value_name = "DAYS")]
    pub days: Option<NonZeroU32>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
