//! `hongbao doctor`: what is wrong with a merchant's profile or a server's folder.

mod answer;
mod certificate;
mod finding;
mod folder;
mod identity;
mod ledger;
mod profile;
mod symptom;
mod way;

pub use symptom::Symptom;

use crate::args::DoctorArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::profile::now;
use crate::record::readable;
use crate::say;
use finding::Report;
use hongbao_issuer::{Clock, SystemClock};
use profile::AskedBy;

/// Checks what it was pointed at, and prints each finding.
///
/// # Errors
/// None: what is wrong is a finding. The exit code is that of the gravest.
pub async fn run(args: &DoctorArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut report = Report::new(out, args.json);
    let now = now();
    let version = env!("CARGO_PKG_VERSION");
    report.line(&say!("doctor-head", version = version, now = readable(SystemClock.now())));
    match (&args.profile, &args.dir) {
        (Some(path), _) => {
            report.turn_to(path);
            let asked_by = AskedBy::Merchant { ledger: args.at.place() };
            profile::examine(path, asked_by, args.offline, now, &mut report).await;
        }
        (None, Some(path)) => {
            folder::examine(path, args.at.place(), args.offline, now, &mut report).await
        }
        (None, None) => {}
    }
    Ok(report.end())
}
