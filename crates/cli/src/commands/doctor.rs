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
use crate::say;
use finding::Report;
use hongbao_issuer::{Clock, SystemClock};
use jiff::Timestamp;

/// Checks what it was pointed at, and prints each finding.
///
/// # Errors
/// None: what is wrong is a finding. The exit code is that of the gravest.
pub async fn run(args: &DoctorArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut report = Report::new(out, args.json);
    let now = now();
    let second = SystemClock.now().as_second();
    let second = Timestamp::from_second(second).unwrap_or_default();
    report.line(&say!("doctor-head", version = env!("CARGO_PKG_VERSION"), now = second));
    match (&args.profile, &args.dir) {
        (Some(path), _) => {
            report.turn_to(path);
            profile::examine(path, args.offline, now, &mut report).await;
        }
        (None, Some(path)) => folder::examine(path, args.offline, now, &mut report).await,
        (None, None) => {}
    }
    Ok(report.end())
}
