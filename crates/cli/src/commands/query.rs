//! `hongbao query`: what became of red packets.

use crate::args::QueryArgs;
use crate::exit::{Exit, Failure};
use crate::merchant_side::{Memory, MerchantSide, SideOptions};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::remembered::Remembered;
use crate::share_watch::{SHARE_WITHIN, no_share};
use crate::verdict_text;
use futures_util::{StreamExt, stream};
use hongbao_inquiry::Freshness;

/// How many questions may be on their way at once; the pace is the client's.
const CONCURRENCY: usize = 16;

/// Asks about the numbers, and says what came of each at once, in their order.
///
/// # Errors
/// [`Failure`] where the profile, the client or the ledger stands in the way.
pub async fn run(args: &QueryArgs, out: &mut Output) -> Result<Exit, Failure> {
    if args.offline {
        return offline(args, out).await;
    }
    let memory = if args.no_ledger { Memory::Nowhere } else { Memory::Ledger };
    let policy = args.policy.map(Into::into);
    let options = SideOptions { policy, memory, resends: false };
    let side = MerchantSide::open(&args.profile, args.at.place(), options, out).await?;
    let asked = side.until_stopped(ask(args, &side, out)).await;
    side.close().await;
    asked
}

async fn ask(args: &QueryArgs, side: &MerchantSide, out: &mut Output) -> Result<Exit, Failure> {
    let freshness = args.fresh_for.map_or(Freshness::New, Freshness::Within);
    let answers = stream::iter(&args.billnos);
    let answers = answers.map(|mch_billno| side.inquirer.ask(mch_billno, freshness));
    let mut answers = answers.buffered(CONCURRENCY);
    let mut exits = Vec::with_capacity(args.billnos.len());
    let mut share = side.share();
    loop {
        let asked = tokio::select! {
            biased;
            asked = answers.next() => asked,
            () = share.missing(SHARE_WITHIN) => return Err(no_share()),
        };
        let Some(asked) = asked else { break };
        share.got_on();
        let asked = asked.map_err(|error| side.failure(&error))?;
        let outcome = Outcome::of_query(&asked, side.inquirer.account());
        outcome.print(args.json, out);
        exits.push(outcome.exit());
    }
    Ok(verdict_text::exit_of_all(&exits))
}

/// Says what the ledger knows. It needs no certificate: one that has expired takes no memory away.
async fn offline(args: &QueryArgs, out: &mut Output) -> Result<Exit, Failure> {
    let remembered =
        Remembered::of_profile(&args.profile, args.at.place(), args.policy.map(Into::into)).await?;
    let mut exits = Vec::with_capacity(args.billnos.len());
    for mch_billno in &args.billnos {
        let known = remembered.recall(mch_billno).await?;
        let outcome = match &known {
            Some(asked) => Outcome::of_query(asked, &remembered.account),
            None => Outcome::of_stranger(mch_billno),
        };
        outcome.print(args.json, out);
        exits.push(outcome.exit());
    }
    Ok(verdict_text::exit_of_all(&exits))
}
