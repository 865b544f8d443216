//! `hongbao send`.

use crate::args::SendArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs it.
pub async fn run(_args: &SendArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
