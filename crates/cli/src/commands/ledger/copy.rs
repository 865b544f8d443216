//! `hongbao ledger copy`: from any place to any other, while the source is in use.

use super::progress::{Place, shown};
use super::{hex, place};
use crate::args::CopyArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::ledger_place::LedgerPlace;
use crate::output::Output;
use crate::say;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::copy::{Copied, CopyError, CopyOptions, Progress, copy};
use hongbao_ledger::total::day_of;
use jiff::SignedDuration;
use serde_json::json;

/// Copies, or goes on where a copy was interrupted.
///
/// # Errors
/// A ledger cannot be used, the destination holds another one, or the source is ahead: exit 9.
pub async fn run(args: &CopyArgs, out: &mut Output) -> Result<Exit, Failure> {
    let from = place(&args.from, args.from_key.as_deref(), args.from_password_file.as_deref())?;
    let to = place(&args.to, args.to_key.as_deref(), args.to_password_file.as_deref())?;
    let same = || {
        let failure = Failure::usage("LEDGER_SAME", say!("ledger-copy-same", place = from));
        failure.hint(say!("ledger-copy-same-hint"))
    };
    if from.is_same(&to) {
        return Err(same());
    }
    let source = from.open().await?;
    let (target, is_new) = to.open_or_make().await?;
    if source.is_same(&target).await? {
        return Err(same());
    }
    // before anything is read for it: a server may be alone with the destination
    target.join()?;
    target.warn(out);
    if is_new {
        out.talk(say!("ledger-copy-made", place = to, key = to.key_file().display()));
    }
    let mut stop = Stop::listen()?;
    let progress = Place::new();
    let yesterday = SystemClock.now() - SignedDuration::from_hours(24);
    let options = CopyOptions { usage_from: day_of(yesterday) };
    let mut note = |at: Progress| progress.note(at);
    let copying = copy(&*source.store, &*target.store, options, &mut note);
    let Some(copied) = shown(copying, &progress, said, &mut stop, out).await else {
        out.talk(say!("ledger-stopped"));
        out.hint(say!("ledger-copy-stopped-hint"));
        return Ok(Exit::Interrupted);
    };
    let copied = copied.map_err(|error| failure(&error, &from, &to))?;
    print(&copied, args.json, out);
    if copied.behind == 0 {
        return Ok(Exit::Ok);
    }
    let message = say!("ledger-copy-behind", count = copied.behind);
    Err(Failure::config("LEDGER_COPY_BEHIND", message).hint(say!("ledger-copy-behind-hint")))
}

fn said(progress: Progress) -> String {
    match progress {
        Progress::Entries { done, total } => {
            say!("ledger-copy-progress", done = done, total = total)
        }
        Progress::Compared { packets } => say!("ledger-compare-progress", count = packets),
    }
}

fn failure(error: &CopyError, from: &LedgerPlace, to: &LedgerPlace) -> Failure {
    match error {
        CopyError::Source(error) => from.failure(error),
        CopyError::Destination(error) => to.failure(error),
        CopyError::Different { book, mch_id } => {
            let book = book.as_str();
            let message = say!("ledger-copy-different", place = to, book = book, mch_id = mch_id);
            Failure::config("LEDGER_DIFFERENT", message).hint(say!("ledger-copy-different-hint"))
        }
        CopyError::Unclean { .. } | CopyError::TotalsDiffer { .. } => {
            let message = say!("ledger-copy-unclean", place = to, why = error);
            Failure::config("LEDGER_COPY_UNCLEAN", message).hint(say!("ledger-copy-unclean-hint"))
        }
    }
}

fn print(copied: &Copied, json: bool, out: &mut Output) {
    let entries: u64 = copied.heads.iter().map(|head| head.position).sum();
    let chains = hex(&copied.chains_hash);
    let packets_hash = copied.packets_hash.as_ref().map(|hash| hex(hash));
    if json {
        out.json(&json!({
            "merchants": copied.merchants,
            "entries": entries,
            "brought": copied.brought,
            "behind": copied.behind,
            "packets": copied.packets_hash.map(|_| copied.packets),
            "chains_sha256": chains,
            "packets_sha256": packets_hash,
        }));
        return;
    }
    let (merchants, brought) = (copied.merchants, copied.brought);
    out.data(say!("ledger-copied", merchants = merchants, entries = entries, brought = brought));
    out.data(say!("ledger-copied-chains", hash = chains));
    if let Some(hash) = packets_hash {
        out.data(say!("ledger-copied-packets", count = copied.packets, hash = hash));
    }
}
