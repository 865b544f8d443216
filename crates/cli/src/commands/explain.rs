//! `hongbao explain`.

use crate::args::ExplainArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs it.
pub fn run(_args: &ExplainArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
