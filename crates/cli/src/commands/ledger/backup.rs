use crate::args::{BackupArgs, RestoreArgs};
use crate::exit::{Exit, Failure};
use crate::output::Output;
pub async fn run(_args: &BackupArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
pub async fn restore(_args: &RestoreArgs, _out: &mut Output) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
