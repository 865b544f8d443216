//! `hongbao query`.

use crate::args::QueryArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs it.
pub async fn run(_args: &QueryArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
