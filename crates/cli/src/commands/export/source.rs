//! Where the rows come from, page by page.

use super::cells::Packet;
use super::state::State;
use crate::args::{BookArg, ExportArgs};
use crate::commands::records;
use crate::exit::Failure;
use crate::ledger_place::{LedgerPlace, OpenLedger};
use crate::output::Output;
use crate::remembered::{self, Remembered};
use hongbao_ledger::ledger::Filter;
use hongbao_ledger::{Record, Store};
use hongbao_wire::OpenId;
use std::sync::Arc;

/// How many are read at once.
const PAGE: u32 = 1000;

/// A book of a ledger, of one merchant.
pub enum Source {
    /// The merchant's side.
    Inquiries(Box<Remembered>),
    /// The paying side.
    Records {
        /// The ledger.
        ledger: Arc<dyn Store>,
        /// The merchant.
        mch_id: String,
        /// Where the ledger is, for what goes wrong with it.
        place: LedgerPlace,
    },
}

impl Source {
    /// Opens the book that is asked for.
    ///
    /// # Errors
    /// As [`Remembered::open`]; of a server's folder `DIR_NOT_OURS`, `NO_MERCHANT`.
    pub async fn open(args: &ExportArgs, out: &mut Output) -> Result<Self, Failure> {
        records::warn_of_status(&args.filter, out);
        let (BookArg::Records, Some(dir)) = (args.book, &args.whose.dir) else {
            let remembered = Remembered::open(&args.whose, args.policy.map(Into::into)).await?;
            return Ok(Self::Inquiries(Box::new(remembered)));
        };
        let (opened, mch_id) = remembered::payers(dir, &args.whose).await?;
        let OpenLedger { store: ledger, place, .. } = opened;
        Ok(Self::Records { ledger, mch_id, place })
    }

    /// Where the ledger is.
    pub fn place(&self) -> &LedgerPlace {
        match self {
            Self::Inquiries(remembered) => &remembered.place,
            Self::Records { place, .. } => place,
        }
    }

    /// The next page of what is meant, which may be empty; `None` at the end. The state then
    /// stands behind it.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn page(
        &self,
        args: &ExportArgs,
        state: &mut State,
    ) -> Result<Option<Vec<Packet>>, Failure> {
        let left = args.filter.limit.map_or(u64::MAX, |limit| limit.saturating_sub(state.rows));
        if left == 0 || state.is_at_end {
            return Ok(None);
        }
        let (mut packets, last, read) = match self {
            Self::Inquiries(remembered) => inquiries(remembered, args, state).await?,
            Self::Records { ledger, mch_id, place } => {
                let filter = Filter {
                    status: args.filter.status.as_deref().map(Into::into),
                    re_openid: args.filter.openid.as_deref().map(OpenId::from),
                    after_billno: state.after.as_deref().map(Into::into),
                    limit: PAGE,
                };
                let page = ledger.records(mch_id, &filter).await;
                let page = page.map_err(|error| place.failure(&error))?;
                let last = page.last().map(|record| record.key.mch_billno.to_string());
                let read = page.len();
                let meant = page.into_iter().filter(|record| is_meant(args, record));
                (meant.map(|record| Packet::Record(Box::new(record))).collect(), last, read)
            }
        };
        packets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        state.rows += packets.len() as u64;
        state.is_at_end = read < PAGE as usize;
        if last.is_some() {
            state.after = last;
        }
        Ok(Some(packets))
    }
}

type Page = (Vec<Packet>, Option<String>, usize);

async fn inquiries(
    remembered: &Remembered,
    args: &ExportArgs,
    state: &State,
) -> Result<Page, Failure> {
    let mut filter = records::filter(&args.filter);
    filter.after_billno = state.after.as_deref().map(Into::into);
    filter.limit = PAGE;
    let mch_id = remembered.account.mch_id.as_str();
    let page = remembered.ledger.inquiries(mch_id, &filter).await;
    let page = page.map_err(|error| remembered.failure(&error))?;
    let last = page.last().map(|inquiry| inquiry.key.mch_billno.to_string());
    let read = page.len();
    let meant = page.into_iter().filter_map(|inquiry| {
        let (inquiry, verdict) = records::select(remembered, &args.filter, inquiry, state.now)?;
        Some(Packet::Inquiry(Box::new(inquiry), verdict))
    });
    Ok((meant.collect(), last, read))
}

/// What the ledger does not sort out by itself.
fn is_meant(args: &ExportArgs, record: &Record) -> bool {
    let filter = &args.filter;
    filter.activity.as_deref().is_none_or(|wanted| *record.order.act_name == *wanted)
        && filter.from.is_none_or(|from| record.sent_at >= from)
        && filter.to.is_none_or(|to| record.sent_at < to)
}
