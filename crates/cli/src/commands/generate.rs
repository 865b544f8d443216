//! `hongbao completions` and `hongbao man`.

use crate::args::{CompletionsArgs, ManArgs};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs it.
pub fn completions(_args: &CompletionsArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}

/// Runs it.
pub fn man(_args: &ManArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
