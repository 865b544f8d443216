//! `hongbao query`: what became of red packets.

use crate::args::QueryArgs;
use crate::exit::{Exit, Failure};
use crate::merchant_side::{Memory, MerchantSide, SideOptions};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::verdict_text;
use futures_util::{StreamExt, stream};
use hongbao_inquiry::{Asked, Freshness, InquiryError};

/// How many questions may be on their way at once; the pace is the client's.
const CONCURRENCY: usize = 16;

/// Asks about the numbers, and says what came of each at once, in their order.
///
/// # Errors
/// [`Failure`] where the profile, the client or the ledger stands in the way.
pub async fn run(args: &QueryArgs, out: &mut Output) -> Result<Exit, Failure> {
    let memory = if args.no_ledger { Memory::Nowhere } else { Memory::Ledger };
    let options = SideOptions { policy: args.policy.into(), memory, resends: false };
    let side = MerchantSide::open(&args.profile, options, out)?;
    let side = &side;
    let answers = stream::iter(&args.billnos).map(|mch_billno| answer(side, args, mch_billno));
    let mut answers = answers.buffered(CONCURRENCY);
    let mut exits = Vec::with_capacity(args.billnos.len());
    for mch_billno in &args.billnos {
        let Some(answer) = answers.next().await else { break };
        let answer = answer.map_err(|error| side.failure(&error))?;
        let outcome = match &answer {
            Some(asked) => Outcome::of_query(asked, side.inquirer.account()),
            None => Outcome::of_stranger(mch_billno),
        };
        outcome.print(args.json, out);
        exits.push(outcome.exit());
    }
    Ok(verdict_text::exit_of_all(&exits))
}

/// The answer for one number; `None` where only the ledger may be asked, and knows nothing.
async fn answer(
    side: &MerchantSide,
    args: &QueryArgs,
    mch_billno: &str,
) -> Result<Option<Asked>, InquiryError> {
    if args.offline {
        return side.inquirer.recall(mch_billno).await;
    }
    let freshness = args.fresh_for.map_or(Freshness::New, Freshness::Within);
    side.inquirer.ask(mch_billno, freshness).await.map(Some)
}
