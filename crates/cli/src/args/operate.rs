//! The paying side: `serve`, `demo`, `merchant`, `sandbox`.

use super::ask::{billno, text, yuan};
use super::fault::FaultName;
use super::ledger::LedgerFlag;
use super::merchant_set::MerchantSetArgs;
use hongbao_wire::Fen;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `hongbao serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The server's folder; an empty or missing one is filled at the first start
    #[arg(long, value_name = "DIR", default_value = "hongbao-data")]
    pub dir: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// Where merchants ask, over mutual TLS; port 0 picks a free one [default: of `hongbao.toml`, else 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where the operator asks; loopback only [default: of `hongbao.toml`, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<SocketAddr>,
    /// Be a gateway to WeChat Pay for the merchant of this real profile; repeatable [default: of `hongbao.toml`]
    #[arg(long, value_name = "PROFILE")]
    pub upstream: Vec<PathBuf>,
}

/// `hongbao demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Stay up afterwards, and print how to query it with curl and with an SDK
    #[arg(long)]
    pub keep: bool,
}

/// `hongbao merchant`.
#[derive(Debug, clap::Args)]
pub struct MerchantArgs {
    /// The server's folder
    #[arg(long, value_name = "DIR", default_value = "hongbao-data", global = true)]
    pub dir: PathBuf,
    /// Where the ledger is: a file, or `postgres://USER@HOST:PORT/DATABASE` [default: as the configuration says]
    #[arg(long, value_name = "PLACE", global = true)]
    pub ledger: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: MerchantCommand,
}

/// What to do with merchants.
#[derive(Debug, clap::Subcommand)]
pub enum MerchantCommand {
    /// Add a merchant: its certificate, keys and profile
    Add(MerchantAddArgs),
    /// List the merchants
    List(MerchantListArgs),
    /// Show one merchant
    Show(MerchantShowArgs),
    /// Set what a merchant may do, and add to its balance
    Set(MerchantSetArgs),
    /// Refuse a merchant's certificates from now on
    Revoke(MerchantRevokeArgs),
}

/// `hongbao merchant add`.
#[derive(Debug, clap::Args)]
pub struct MerchantAddArgs {
    /// The merchant's number, at most 32 characters
    #[arg(value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: String,
    /// The corpid that it sends and queries under, at most 32 characters
    #[arg(long, value_name = "APPID", required = true, value_parser = text::<32>)]
    pub appid: Vec<String>,
    /// The company's name, also in its certificate; `--name` is the same [default: its number]
    #[arg(long, value_name = "NAME", alias = "name", value_parser = text::<64>)]
    pub company: Option<String>,
    /// Its balance in yuan, such as `1000.00` [default: 0]
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub balance: Option<Fen>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao merchant list`.
#[derive(Debug, clap::Args)]
pub struct MerchantListArgs {
    /// Print one JSON object for each merchant, one a line
    #[arg(long)]
    pub json: bool,
}

/// `hongbao merchant show`.
#[derive(Debug, clap::Args)]
pub struct MerchantShowArgs {
    /// The merchant's number
    #[arg(value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao merchant revoke`.
#[derive(Debug, clap::Args)]
pub struct MerchantRevokeArgs {
    /// The merchant's number
    #[arg(value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: String,
    /// Refuse only the certificate of this serial number, hexadecimal, such as an older one
    #[arg(long, value_name = "SERIAL", conflicts_with = "reissue", value_parser = serial)]
    pub serial: Option<String>,
    /// Issue a new certificate and key in place of the revoked one; API key and secret stay
    #[arg(long)]
    pub reissue: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao sandbox`.
#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// The folder of the running server [default: `hongbao-data`, where a server runs in it]
    #[arg(long, value_name = "DIR", conflicts_with = "admin", global = true)]
    pub dir: Option<PathBuf>,
    /// The admin URL of the running server, the second of its `ready` line [default: http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", global = true)]
    pub admin: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: SandboxCommand,
}

/// What to do with the sandbox.
#[derive(Debug, clap::Subcommand)]
pub enum SandboxCommand {
    /// Show the sandbox's mode and time
    Show(SandboxShowArgs),
    /// Move the sandbox's time forward, and every packet with it
    Advance(SandboxAdvanceArgs),
    /// Deliver a packet to its receiver
    Deliver(PacketArgs),
    /// Let the receiver open a packet
    Receive(PacketArgs),
    /// Refuse a packet: it stays SENDING, with a reason
    Refuse(ReasonArgs),
    /// Fail a packet for good
    Fail(ReasonArgs),
    /// Let a packet go unclaimed: its refund begins
    Expire(PacketArgs),
    /// Complete a packet's refund
    Refund(PacketArgs),
    /// Add to a merchant's balance
    TopUp(TopUpArgs),
    /// Set, list and clear faults
    #[command(subcommand)]
    Fault(FaultCommand),
    /// List payments that a merchant seems to have made twice
    Findings(FindingsArgs),
}

/// `hongbao sandbox show`.
#[derive(Debug, clap::Args)]
pub struct SandboxShowArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao sandbox advance`.
#[derive(Debug, clap::Args)]
pub struct SandboxAdvanceArgs {
    /// By how much, such as `90s`, `20m`, `24h` or `30d`
    #[arg(value_name = "DURATION")]
    pub by: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A packet of a running sandbox.
#[derive(Debug, clap::Args)]
pub struct PacketArgs {
    /// The bill number
    #[arg(value_name = "BILLNO", value_parser = billno)]
    pub billno: String,
    /// The merchant's number
    #[arg(long, value_name = "MCH_ID", default_value = "10000098", value_parser = mch_id)]
    pub mch_id: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A packet of a running sandbox, and why.
#[derive(Debug, clap::Args)]
pub struct ReasonArgs {
    /// The packet.
    #[command(flatten)]
    pub packet: PacketArgs,
    /// The `reason` that its record will show
    #[arg(long, value_name = "TEXT", value_parser = text::<128>)]
    pub reason: Option<String>,
}

/// `hongbao sandbox top-up`.
#[derive(Debug, clap::Args)]
pub struct TopUpArgs {
    /// How much, in yuan
    #[arg(value_name = "YUAN", value_parser = yuan)]
    pub amount: Fen,
    /// The merchant's number
    #[arg(long, value_name = "MCH_ID", default_value = "10000098", value_parser = mch_id)]
    pub mch_id: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What to do with faults.
#[derive(Debug, clap::Subcommand)]
pub enum FaultCommand {
    /// Set a fault for one packet, one merchant or all
    Add(FaultAddArgs),
    /// List the faults that are set
    List(FaultListArgs),
    /// Clear one fault, or all
    Clear(FaultClearArgs),
}

/// `hongbao sandbox fault add`.
#[derive(Debug, clap::Args)]
pub struct FaultAddArgs {
    /// The fault
    #[arg(value_name = "FAULT", value_enum)]
    pub fault: FaultName,
    /// Only for this merchant
    #[arg(long, value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: Option<String>,
    /// Only for this bill number
    #[arg(long, value_name = "BILLNO", value_parser = billno)]
    pub billno: Option<String>,
    /// Which calls it meets
    #[arg(long, value_name = "CALL", value_enum, default_value_t = On::Both)]
    pub on: On,
    /// How probable it is, 0 to 1
    #[arg(long, value_name = "PROBABILITY", default_value_t = 1.0, value_parser = probability)]
    pub probability: f64,
    /// The seed of its dice
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// How many calls it meets before it is spent
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub times: Option<u32>,
    /// How long `delay` waits, such as `500ms` or `5s`
    #[arg(long, value_name = "DURATION")]
    pub delay: Option<String>,
    /// The code of `unknown-error-code`
    #[arg(long, value_name = "CODE", value_parser = text::<32>)]
    pub err_code: Option<String>,
    /// The status of `unknown-status`
    #[arg(long, value_name = "STATUS", value_parser = text::<16>)]
    pub status: Option<String>,
    /// How many queries of each packet `not-found-first` meets [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub first: Option<u32>,
    /// Whether `http-502`, `unknown-error-code` and `systemerror` let the send happen [default: true]
    #[arg(long, value_name = "BOOL")]
    pub stored: Option<bool>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao sandbox fault list`.
#[derive(Debug, clap::Args)]
pub struct FaultListArgs {
    /// Print one JSON object for each fault, one a line
    #[arg(long)]
    pub json: bool,
}

/// `hongbao sandbox fault clear`.
#[derive(Debug, clap::Args)]
pub struct FaultClearArgs {
    /// The fault's id; without it, all are cleared
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `hongbao sandbox findings`.
#[derive(Debug, clap::Args)]
pub struct FindingsArgs {
    /// Only of this merchant
    #[arg(long, value_name = "MCH_ID", value_parser = mch_id)]
    pub mch_id: Option<String>,
    /// Print one JSON object for each finding, one a line
    #[arg(long)]
    pub json: bool,
}

/// Which calls a fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum On {
    /// Sends.
    #[value(help = crate::say!("args-on-send"))]
    Send,
    /// Queries.
    #[value(help = crate::say!("args-on-query"))]
    Query,
    /// Sends and queries.
    #[value(help = crate::say!("args-on-both"))]
    Both,
}

impl On {
    /// The word of the admin API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Query => "query",
            Self::Both => "both",
        }
    }
}

/// A merchant's number: 1-32 of `0-9 a-z A-Z`.
pub(super) fn mch_id(text: &str) -> Result<String, String> {
    let fits = (1..=32).contains(&text.len());
    if fits && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(text.to_owned())
    } else {
        Err(crate::say!("args-bad-mch-id"))
    }
}

/// A certificate's serial number as it is kept: hexadecimal in small letters, without `:`,
/// at most 20 bytes (RFC 5280).
fn serial(text: &str) -> Result<String, String> {
    let serial: String = text.chars().filter(|c| *c != ':').collect();
    let fits = (2..=40).contains(&serial.len()) && serial.len().is_multiple_of(2);
    if fits && serial.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(serial.to_ascii_lowercase())
    } else {
        Err(crate::say!("args-bad-serial"))
    }
}

/// A probability, 0 to 1.
fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err(crate::say!("args-bad-probability")),
    }
}
