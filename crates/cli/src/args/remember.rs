//! The merchant's side that remembers: `follow`, `records`, `history`, `attention`.

use super::ask::{PolicyArg, billno, text};
use super::ledger::LedgerFlag;
use hongbao_inquiry::follow::Until;
use hongbao_wire::Verdict;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use std::path::PathBuf;

/// `hongbao follow`.
#[derive(Debug, clap::Args)]
pub struct FollowArgs {
    /// The merchant's profile, such as `merchants/10000098/merchant.toml` of a server's folder
    #[arg(long, value_name = "FILE")]
    pub profile: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
    /// Bill numbers to follow too, at once; what the ledger holds already is followed anyway
    #[arg(value_name = "BILLNO", value_parser = billno)]
    pub billnos: Vec<String>,
    /// When to end
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = UntilArg::Done)]
    pub until: UntilArg,
    /// Never send again what the payer says it does not know, only ask
    #[arg(long)]
    pub no_resend: bool,
    /// How many questions may be on their way at once; the profile's pace holds in any case
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// Print JSON, one object for each event, one a line
    #[arg(long)]
    pub json: bool,
    /// What a success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}

/// When following ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum UntilArg {
    /// When nothing is left to ask, ever.
    #[value(help = crate::say!("args-until-done"))]
    Done,
    /// When nothing is left to ask now.
    #[value(help = crate::say!("args-until-idle"))]
    Idle,
    /// By a signal alone.
    #[value(help = crate::say!("args-until-stopped"))]
    Stopped,
}

impl From<UntilArg> for Until {
    fn from(until: UntilArg) -> Self {
        match until {
            UntilArg::Done => Self::AllDone,
            UntilArg::Idle => Self::NothingDue,
            UntilArg::Stopped => Self::Stopped,
        }
    }
}

/// Whose ledger is looked at.
#[derive(Debug, clap::Args)]
pub struct LedgerOf {
    /// The merchant's profile
    #[arg(long, value_name = "FILE", required_unless_present = "dir", conflicts_with = "dir")]
    pub profile: Option<PathBuf>,
    /// A gateway's folder, instead of a profile
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The merchant of the gateway's folder [default: its only one]
    #[arg(long, value_name = "MCH_ID", requires = "dir")]
    pub merchant: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub at: LedgerFlag,
}

/// Which records are meant: those for which all that is given holds.
#[derive(Debug, clap::Args)]
pub struct FilterArgs {
    /// Only those whose newest record has this status, such as `SENT`
    #[arg(long, value_name = "STATUS", value_parser = text::<16>)]
    pub status: Option<String>,
    /// Only those with this verdict
    #[arg(long, value_name = "VERDICT", value_parser = clap::builder::PossibleValuesParser::new(Verdict::WORDS))]
    pub verdict: Option<String>,
    /// Only those of this campaign, by its whole name
    #[arg(long, value_name = "TEXT", value_parser = text::<32>)]
    pub activity: Option<String>,
    /// Only those to this receiver
    #[arg(long, value_name = "OPENID", value_parser = text::<32>)]
    pub openid: Option<String>,
    /// Only those of this reference
    #[arg(id = "ref", long = "ref", value_name = "REF", value_parser = text::<128>)]
    pub business_ref: Option<String>,
    /// Only those that need a person
    #[arg(long)]
    pub attention: bool,
    /// Only those sent (or, not sent from here, first noted) on this day (+08:00) or at this time (RFC 3339), or later
    #[arg(long, value_name = "TIME", value_parser = from)]
    pub from: Option<Timestamp>,
    /// Only those sent (or, not sent from here, first noted) on this day (+08:00) or earlier, or before this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub to: Option<Timestamp>,
    /// At most so many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// `hongbao records`.
#[derive(Debug, clap::Args)]
pub struct RecordsArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Print one JSON object for each record, one a line
    #[arg(long)]
    pub json: bool,
    /// What a kept success without a signature counts as [default: `signature_policy` of the profile]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyArg>,
}

/// `hongbao history`.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// The bill number
    #[arg(value_name = "BILLNO", value_parser = billno)]
    pub billno: String,
    /// Print what came, byte for byte, under each entry
    #[arg(long)]
    pub raw: bool,
    /// Print one JSON object for each entry, one a line
    #[arg(long)]
    pub json: bool,
}

/// `hongbao attention`.
#[derive(Debug, clap::Args)]
pub struct AttentionArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// Put down that a person looked at this number: it leaves the list, and is not asked about until `hongbao follow` names it; repeatable
    #[arg(long, value_name = "BILLNO", value_parser = billno, conflicts_with = "json")]
    pub dismiss: Vec<String>,
    /// Print one JSON object for each number, one a line
    #[arg(long)]
    pub json: bool,
}

/// The first instant of a day, or an instant.
pub(super) fn from(text: &str) -> Result<Timestamp, String> {
    instant(text, Ok)
}

/// The first instant after a day, or an instant.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    instant(text, Date::tomorrow)
}

/// A day, as people write it.
pub(super) fn day(text: &str) -> Result<Date, String> {
    match text.parse() {
        Ok(day) if text.len() == "2026-01-31".len() => Ok(day),
        _ => Err(crate::say!("args-bad-day")),
    }
}

fn instant(
    text: &str,
    edge: impl FnOnce(Date) -> Result<Date, jiff::Error>,
) -> Result<Timestamp, String> {
    let parsed = if text.len() == "2026-01-31".len() {
        let midnight = text.parse().and_then(edge).map(|day| day.at(0, 0, 0, 0));
        midnight.and_then(|midnight| Offset::constant(8).to_timestamp(midnight))
    } else {
        text.parse()
    };
    parsed.map_err(|_| crate::say!("args-bad-time"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_is_beijing_s_and_whole() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(from("2026-11-24"), Ok(at("2026-11-23T16:00:00Z")));
        assert_eq!(until("2026-11-24"), Ok(at("2026-11-24T16:00:00Z")));
        let instant = "2026-11-24T09:30:00+08:00";
        assert_eq!((from(instant), until(instant)), (Ok(at(instant)), Ok(at(instant))));
        for bad in ["", "yesterday", "2026-11-31", "2026-11-24T09:30", "24.11.2026"] {
            assert!(from(bad).is_err(), "{bad}");
        }
    }
}
