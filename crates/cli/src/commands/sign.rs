//! `hongbao sign`.

use crate::args::SignArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs it.
pub fn run(_args: &SignArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
