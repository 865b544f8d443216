//! `hongbao query`: what became of red packets.

use crate::args::QueryArgs;
use crate::commands::ask::Asker;
use crate::exit::{Exit, Failure};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::verdict_text;
use hongbao_client::Call;
use hongbao_issuer::{Clock, SystemClock};
use hongbao_wire::QueryRequest;
use hongbao_wire::verdict::{Known, judge};

/// Asks about each number in turn, and says what came of it at once.
///
/// # Errors
/// [`Failure`] where the profile or the client stands in the way; nothing was asked then.
pub async fn run(args: &QueryArgs, out: &mut Output) -> Result<Exit, Failure> {
    let asker = Asker::new(&args.profile)?;
    let mut exits = Vec::with_capacity(args.billnos.len());
    for mch_billno in &args.billnos {
        let nonce_str = asker.nonce_str();
        let request = QueryRequest {
            nonce_str: &nonce_str,
            mch_billno,
            mch_id: asker.mch_id(),
            appid: asker.appid(),
        };
        let seen = asker.client.query(&request, asker.api_key(), args.policy.into()).await;
        // nothing else is known here: no memory yet, so no sending time either
        let verdict = judge(&Known::sent(None), &seen.observation, SystemClock.now());
        let outcome = Outcome { mch_billno, call: Call::Query, seen: &seen, verdict: &verdict };
        if args.json {
            out.json(&outcome.to_json());
        } else {
            outcome.write(out);
        }
        exits.push(outcome.exit());
    }
    Ok(verdict_text::exit_of_all(&exits))
}
