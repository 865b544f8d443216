//! `hongbao export`: what a ledger holds, in a file.

mod cells;
mod plan;
mod sink;
mod source;
mod state;

use crate::args::ExportArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::say;
use hongbao_sheet::Cell;
use plan::Plan;
use serde_json::json;
use sink::Sink;
use source::Source;
use state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many pages are read between two states that an interrupted export goes on from.
const PAGES_BETWEEN: u64 = 20;

/// Writes the rows page by page: memory does not grow with the ledger.
///
/// # Errors
/// What is wrong with the columns, the file, the profile or the ledger; what was written until
/// then can be gone on with.
pub async fn run(args: &ExportArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut plan = Plan::of(args)?;
    let source = Source::open(args, out).await?;
    plan.reads(source.place());
    let (mut state, sink) = begin(args, &plan, out)?;
    let has_stopped = watch_signals()?;
    let is_stopped = |_: &State| has_stopped.load(Ordering::Relaxed);
    match write(args, &plan, &source, &mut state, sink, is_stopped, out).await? {
        End::Made => Ok(told(args, &state, out)),
        End::Stopped => {
            out.talk(say!("export-stopped", rows = state.rows));
            out.hint(say!("export-stopped-hint"));
            Ok(Exit::Interrupted)
        }
        End::Unread => Ok(Exit::Ok),
    }
}

/// How an export ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All of it is written, and a file has its name.
    Made,
    /// By a signal; a file can be gone on with.
    Stopped,
    /// Nobody reads standard output any more.
    Unread,
}

/// Writes what is left to be written.
async fn write(
    args: &ExportArgs,
    plan: &Plan,
    source: &Source,
    state: &mut State,
    mut sink: Sink,
    is_stopped: impl Fn(&State) -> bool,
    out: &mut Output,
) -> Result<End, Failure> {
    let mut progress = Progress::new(None);
    let mut pages = 0_u64;
    while !is_stopped(state) {
        let Some(page) = source.page(args, state).await? else {
            let is_made = sink.finish(state, |rows, total| {
                progress.show_at_times(rows, &say!("export-making", total = total), out);
                !is_stopped(state)
            })?;
            progress.clear();
            return Ok(if is_made { End::Made } else { End::Stopped });
        };
        for packet in &page {
            let cells: Vec<Cell> = plan.columns.iter().map(|column| column.cell(packet)).collect();
            if !sink.row(&cells)? {
                return Ok(End::Unread);
            }
        }
        pages += 1;
        if pages.is_multiple_of(PAGES_BETWEEN) {
            sink.keep(state)?;
        }
        progress.show_at_times(state.rows, "", out);
    }
    progress.clear();
    sink.keep(state)?;
    Ok(End::Stopped)
}

/// Begins, or goes on with what is left of an interrupted export of the same rows.
fn begin(args: &ExportArgs, plan: &Plan, out: &mut Output) -> Result<(State, Sink), Failure> {
    let Some(path) = &args.out else {
        return Ok((State::new(plan), Sink::to_stdout(plan)?));
    };
    if args.resume
        && let Some(state) = State::load(path, plan)?
    {
        if let Some(sink) = Sink::go_on(path, plan, &state)? {
            out.talk(say!("export-continued", rows = state.rows));
            return Ok((state, sink));
        }
        out.warning("EXPORT_BEGUN_ANEW", say!("export-anew"));
    }
    let mut state = State::new(plan);
    let mut sink = Sink::begin(path, plan)?;
    // from now on the part is this export's, and no other's
    sink.keep(&mut state)?;
    Ok((state, sink))
}

/// Whether a signal has come.
fn watch_signals() -> Result<Arc<AtomicBool>, Failure> {
    let mut stop = Stop::listen()?;
    let has_stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&has_stopped);
    tokio::spawn(async move {
        stop.wait().await;
        flag.store(true, Ordering::Relaxed);
    });
    Ok(has_stopped)
}

fn told(args: &ExportArgs, state: &State, out: &mut Output) -> Exit {
    if args.json {
        out.json(&json!({"rows": state.rows, "as_of": state.as_of(), "out": args.out}));
    } else if let Some(path) = &args.out {
        out.talk(say!("export-done", rows = state.rows, file = path.display()));
    }
    Exit::Ok
}

#[cfg(test)]
mod tests;
