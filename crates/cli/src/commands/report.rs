//! `hongbao report`: sums of what was sent and what became of it. It reads totals alone, which the
//! ledger keeps in step with every commit, so that ten million packets take no longer than ten.

mod chart;
mod table;

use crate::args::ReportArgs;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::ledger_place::{LedgerPlace, OpenLedger};
use crate::output::Output;
use crate::remembered::{self, Remembered};
use crate::say;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::{Book, Report, Store, report};
use std::sync::Arc;

/// Prints the report, and writes the file and the chart that are asked for.
///
/// # Errors
/// [`Failure`] where the profile or its ledger cannot be used, or a file cannot be written.
pub async fn run(args: &ReportArgs, out: &mut Output) -> Result<Exit, Failure> {
    if args.chart.as_ref().is_some_and(|chart| chart.extension().is_none_or(|e| e != "svg")) {
        let failure = Failure::usage("CHART_FORMAT", say!("report-chart-format"));
        return Err(failure.hint(say!("report-chart-format-hint")));
    }
    let side = Side::open(args).await?;
    let (from, to) = args.days();
    // the payer's own records are never old
    let is_told = args.book == Book::Inquiries;
    let open_from = is_told.then(|| report::first_open_day(SystemClock.now()));
    let totals = side.ledger.totals(args.book, &side.mch_id, from, to).await;
    let report = totals
        .and_then(|totals| Report::of(&totals, args.by, open_from))
        .map_err(|error| side.place.failure(&error))?;
    if args.json {
        out.json(&table::to_json(&report, args, &side.mch_id));
    } else {
        table::show(&report, out);
    }
    if let Some(path) = &args.out {
        table::write(&report, path, args.yuan)?;
    }
    if let Some(path) = &args.chart {
        files::write(path, chart::svg(&report, (from, to))?.as_bytes(), files::PUBLIC)?;
    }
    Ok(Exit::Ok)
}

/// Whose totals.
struct Side {
    ledger: Arc<dyn Store>,
    mch_id: String,
    /// Where the ledger is, for what goes wrong with it.
    place: LedgerPlace,
}

impl Side {
    async fn open(args: &ReportArgs) -> Result<Self, Failure> {
        let (Book::Records, Some(dir)) = (args.book, &args.whose.dir) else {
            let remembered = Remembered::open(&args.whose, None).await?;
            let mch_id = remembered.account.mch_id.to_string();
            return Ok(Self { ledger: remembered.ledger, mch_id, place: remembered.place });
        };
        let (opened, mch_id) = remembered::payers(dir, &args.whose).await?;
        let OpenLedger { store: ledger, place, .. } = opened;
        Ok(Self { ledger, mch_id, place })
    }
}
