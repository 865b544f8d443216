//! `hongbao ledger head`: signs the ends of all chains.

use super::signed_head::HeadKey;
use crate::args::HeadArgs;
use crate::exit::{Exit, Failure};
use crate::files::{self, PUBLIC};
use crate::output::Output;
use crate::say;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::Statement;
use jiff::Timestamp;

/// Prints a signed head, or writes it to a file that is not there yet.
///
/// # Errors
/// The ledger or the key cannot be used, `FILE_EXISTS`, `FILE_NOT_WRITTEN`: exit 9.
pub async fn run(args: &HeadArgs, out: &mut Output) -> Result<Exit, Failure> {
    let ledger = super::which(&args.which)?.open().await?;
    let beside = ledger.place.key_file().with_file_name("head.key");
    let path = args.head_key.clone().unwrap_or(beside);
    let (key, is_new) = HeadKey::load_or_create(&path)?;
    if is_new {
        out.talk(say!("ledger-head-key-made", file = path.display(), key = key.public()));
    }
    let heads = ledger.store.heads().await.map_err(|error| ledger.place.failure(&error))?;
    // whole seconds, as the file writes them
    let now = SystemClock.now();
    let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let text = key.sign(&Statement::new(at, heads));
    match &args.out {
        None => out.bytes(text.as_bytes()),
        Some(file) => {
            files::create(file, text.as_bytes(), PUBLIC)?;
            out.talk(say!("ledger-head-written", file = file.display(), key = key.public()));
        }
    }
    Ok(Exit::Ok)
}
