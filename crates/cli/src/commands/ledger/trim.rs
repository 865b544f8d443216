//! `hongbao ledger trim`: raw messages that are older than some days go, their hashes stay.

use super::progress::{Place, shown};
use crate::args::{TrimArgs, WhichLedger};
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::profile::ProfileFile;
use crate::record::readable;
use crate::retention;
use crate::say;
use crate::workdir::WorkDir;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_wire::time;
use serde_json::json;
use std::num::NonZeroU32;

/// Trims, as often as it is run.
///
/// # Errors
/// `USAGE` where neither the command line nor the configuration says how many days are kept; the
/// ledger cannot be used: exit 9.
pub async fn run(args: &TrimArgs, out: &mut Output) -> Result<Exit, Failure> {
    let days = match args.days {
        Some(days) => days,
        None => configured(&args.which)?.ok_or_else(|| {
            Failure::usage("USAGE", say!("ledger-trim-days")).hint(say!("ledger-trim-days-hint"))
        })?,
    };
    let ledger = super::which(&args.which)?.open().await?;
    let before = retention::before(SystemClock.now(), days);
    let mut stop = Stop::listen()?;
    let (place, mut sum) = (Place::new(), 0);
    let mut removed = |count: u64| {
        sum += count;
        place.note(sum);
    };
    let trimming = retention::trim(&*ledger.store, before, &mut removed);
    let said = |removed: u64| say!("ledger-trim-progress", count = removed);
    let Some(done) = shown(trimming, &place, said, &mut stop, out).await else {
        out.talk(say!("ledger-stopped"));
        return Ok(Exit::Interrupted);
    };
    let removed = done.map_err(|error| ledger.place.failure(&error))?;
    if args.json {
        out.json(&json!({ "removed": removed, "before": time::rfc3339(before) }));
    } else {
        out.data(say!("ledger-trimmed", count = removed, before = readable(before)));
    }
    Ok(Exit::Ok)
}

/// How many days the configuration keeps.
fn configured(which: &WhichLedger) -> Result<Option<NonZeroU32>, Failure> {
    Ok(match (&which.profile, &which.dir) {
        (Some(profile), _) => ProfileFile::load(profile)?.raw_replies_days,
        (None, Some(dir)) => NonZeroU32::new(WorkDir::open(dir)?.config()?.raw_replies_days),
        (None, None) => None,
    })
}
