//! `hongbao export`: what a ledger holds, in a file.

mod cells;
mod plan;
mod sink;
mod source;
mod state;
mod writing;

use crate::args::ExportArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::say;
use plan::Plan;
use serde_json::json;
use sink::Sink;
use source::Source;
use state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use writing::{Message, Page, Written};

/// Pages that wait to be written: reading goes on meanwhile.
const PAGES_AHEAD: usize = 4;

/// Whether to stop; asked with the rows that are read, or written where all are read.
type IsStopped = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// Writes the rows page by page: memory does not grow with the ledger.
///
/// # Errors
/// What is wrong with the columns, the file, the profile or the ledger; what was written until
/// then can be gone on with.
pub async fn run(args: &ExportArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut plan = Plan::of(args)?;
    let source = Source::open(args, out).await?;
    plan.reads(source.place());
    let (state, sink) = begin(args, &plan, out)?;
    let has_stopped = watch_signals()?;
    let is_stopped = Arc::new(move |_| has_stopped.load(Ordering::Relaxed));
    let (end, state) = write(args, &plan, &source, (state, sink), is_stopped, out).await?;
    match end {
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

/// Writes what is left to be written: here it is read, and on another thread written.
async fn write(
    args: &ExportArgs,
    plan: &Plan,
    source: &Source,
    (state, sink): (State, Sink),
    is_stopped: IsStopped,
    out: &mut Output,
) -> Result<(End, State), Failure> {
    let written = Arc::new(Written::default());
    let (sender, pages) = mpsc::channel(PAGES_AHEAD);
    let mut place = state.clone();
    let writing = writing::Writing::new(plan, state, sink, &written, &is_stopped);
    let mut writing = tokio::task::spawn_blocking(move || writing.run(pages));
    let mut progress = Progress::new(None);
    let read = async {
        while !is_stopped(place.rows) {
            let message = match source.page(args, &mut place).await? {
                Some(packets) => Message::Page(Page { packets, after: place.after.clone() }),
                None => Message::End,
            };
            let is_end = matches!(message, Message::End);
            // where nobody takes it, writing says why
            if sender.send(message).await.is_err() || is_end {
                break;
            }
            written.show_at_times(&mut progress, out);
        }
        Ok(())
    };
    let read: Result<(), Failure> = read.await;
    // what is read is written, and kept
    drop(sender);
    let end = loop {
        tokio::select! {
            end = &mut writing => break end,
            () = progress.tick() => written.show(&progress, out),
        }
    };
    progress.clear();
    let end = end.unwrap_or_else(|gone| std::panic::resume_unwind(gone.into_panic()));
    read.and(end)
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
