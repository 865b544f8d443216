//! The merchant's side: `query`, `send`, `sign`, `explain`.

use super::ledger::LedgerFlag;
use hongbao_wire::send::Scene;
use hongbao_wire::sign::Policy;
use hongbao_wire::{Fen, MchBillno};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use std::path::PathBuf;
use std::time::Duration;

/// `hongbao query`.
#[derive(Debug, clap::Args)]
pub struct QueryArgs {
    /// The merchant's profile, such as `merchants/10000098/merchant.toml` of a server's folder
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// The bill numbers, each at most 28 of `0-9 a-z A-Z`
    #[arg(value_name = "BILLNO", required = true, value_parser = billno)]
    pub billnos: Vec<String>,
    /// Take what the ledger was told at most so long ago, such as `10m`, instead of asking
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with_all = ["offline", "no_ledger"])]
    pub fresh_for: Option<SignedDuration>,
    /// Ask nobody: say what the ledger knows
    #[arg(long, conflicts_with = "no_ledger")]
    pub offline: bool,
    /// Ask in any case, and remember nothing
    #[arg(long)]
    pub no_ledger: bool,
    /// Print one JSON object for each bill number, one a line
    #[arg(long)]
    pub json: bool,
    /// What a success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}

/// `hongbao send`.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// The merchant's profile, such as `merchants/10000098/merchant.toml` of a server's folder
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// The receiver's openid, at most 32 characters
    #[arg(long, value_name = "OPENID", value_parser = text::<32>)]
    pub to: String,
    /// The amount in yuan, such as `1.00`
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    pub amount: Fen,
    /// The bill number; without it one is made and printed before anything is sent
    #[arg(long, value_name = "BILLNO", value_parser = billno)]
    pub billno: Option<String>,
    /// Your own name of what is paid, at most 128 characters: it is paid once, however often this runs
    #[arg(id = "ref", long = "ref", value_name = "REF", value_parser = text::<128>)]
    pub business_ref: Option<String>,
    /// Then follow it until it is final, or for so long, such as `10m`
    #[arg(long, value_name = "DURATION", value_parser = wait)]
    pub wait: Option<Duration>,
    /// The name of the campaign, at most 32 characters
    #[arg(long, value_name = "TEXT", default_value = "红包", value_parser = text::<32>)]
    pub act_name: String,
    /// The wish on the packet, at most 128 characters
    #[arg(long, value_name = "TEXT", default_value = "恭喜发财", value_parser = text::<128>)]
    pub wishing: String,
    /// A remark, at most 256 characters
    #[arg(long, value_name = "TEXT", default_value = "红包", value_parser = text::<256>)]
    pub remark: String,
    /// Send under a person's name, at most 128 characters
    #[arg(long, value_name = "NAME", conflicts_with = "agentid", value_parser = text::<128>)]
    pub sender_name: Option<String>,
    /// Send under an app's name
    #[arg(long, value_name = "NUMBER")]
    pub agentid: Option<u32>,
    /// The WeCom media id of the sender's picture, at most 128 characters
    #[arg(long, value_name = "MEDIA_ID", value_parser = text::<128>)]
    pub sender_header_media_id: Option<String>,
    /// The purpose, `PRODUCT_1` to `PRODUCT_8`; required above 200 yuan and below 1 yuan
    #[arg(long, value_name = "SCENE", value_parser = scene)]
    pub scene: Option<Scene>,
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub json: bool,
    /// What a success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}

/// `hongbao sign`.
#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// A profile whose API key and WeCom secret are used
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_file", "secret_file"])]
    pub profile: Option<PathBuf>,
    /// A file that holds the API key
    #[arg(long, value_name = "FILE", required_unless_present = "profile")]
    pub key_file: Option<PathBuf>,
    /// A file that holds the WeCom secret, for `workwx_sign`
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The request or reply, as XML
    #[arg(value_name = "FILE.xml")]
    pub file: PathBuf,
    /// Print the findings as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hongbao explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// An error code, status, verdict, next step, fault or exit code; without it, all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// What a success without a signature counts as (`protocol.md` §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PolicyArg {
    /// Unknown.
    #[value(help = crate::say!("args-policy-require"))]
    Require,
    /// Accepted; a signature is checked where there is one.
    #[value(help = crate::say!("args-policy-verify-if-present"))]
    VerifyIfPresent,
}

impl From<PolicyArg> for Policy {
    fn from(policy: PolicyArg) -> Self {
        match policy {
            PolicyArg::Require => Self::Require,
            PolicyArg::VerifyIfPresent => Self::VerifyIfPresent,
        }
    }
}

/// A bill number of a request.
pub(super) fn billno(text: &str) -> Result<String, String> {
    if MchBillno::is_well_formed(text) {
        Ok(text.to_owned())
    } else {
        Err(crate::say!("args-bad-billno"))
    }
}

/// An amount in yuan, above zero.
pub(super) fn yuan(text: &str) -> Result<Fen, String> {
    match Fen::from_yuan(text) {
        Ok(fen) if fen > Fen::ZERO => Ok(fen),
        _ => Err(crate::say!("args-bad-yuan")),
    }
}

/// A duration such as `10m` or `30d`; not negative.
pub(super) fn duration(text: &str) -> Result<SignedDuration, String> {
    let span = text.parse::<Span>();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    match duration {
        Ok(duration) if !duration.is_negative() => Ok(duration),
        _ => Err(crate::say!("args-bad-duration")),
    }
}

/// The same, to wait.
fn wait(text: &str) -> Result<Duration, String> {
    Duration::try_from(duration(text)?).map_err(|_| crate::say!("args-bad-duration"))
}

/// A scene's word.
fn scene(text: &str) -> Result<Scene, String> {
    Scene::from_wire(text).ok_or_else(|| crate::say!("args-bad-scene"))
}

/// A text of 1 to `CHARS_MAX` characters.
pub(super) fn text<const CHARS_MAX: usize>(text: &str) -> Result<String, String> {
    if (1..=CHARS_MAX).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(crate::say!("args-bad-text", chars_max = CHARS_MAX))
    }
}
