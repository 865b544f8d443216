//! The checks when all is over.

use crate::check::Check;
use crate::gate::paid_once;
use crate::process::all;
use crate::truth::Truth;
use crate::world::{MCH, World};
use hongbao_ledger::{Filter, Inquiries, Inquiry, Ledger, LedgerError};
use jiff::SignedDuration;

/// From this age on WeChat Pay is about to answer no longer, and a person is called: the last
/// question comes two hours before, by clocks that were up to six hours off.
const WINDOW_ENDS: SignedDuration = SignedDuration::from_hours(30 * 24 - 2 - 12);

/// Looks at everything once more.
pub(crate) async fn check(world: &World) -> Result<(), LedgerError> {
    let known = world.ledger.inquiries(MCH, &all()).await?;
    for inquiry in &known {
        settled(world, inquiry);
    }
    let references = world.judge().references();
    for business_ref in references {
        paid_once(world, &business_ref);
    }
    let acknowledged = world.judge().acknowledged();
    for (last, entries) in acknowledged {
        let stored = world.ledger.inquiry(&last.key).await?;
        let history = world.ledger.inquiry_history(&last.key).await?;
        let version = stored.map_or(0, |stored| stored.version);
        if (version, history.len()) != (last.version, entries) {
            let detail = format!("of `{}`: version {version}", last.key.mch_billno);
            world.blame(Check::NothingLost, detail);
        }
    }
    let filter = Filter { limit: 1_000, ..Filter::default() };
    for record in world.payer_ledger.records(MCH, &filter).await? {
        let number = &record.key.mch_billno;
        let is_known = known.iter().any(|i| i.key.mch_billno == *number && i.order.is_some());
        if !is_known {
            world.blame(Check::NothingLost, format!("`{number}` was sent and is not known"));
        }
    }
    let findings = world.payer_ledger.findings(None).await?;
    if let Some(finding) = findings.first() {
        world.blame(Check::WatchSilent, format!("{finding:?}"));
    }
    Ok(())
}

fn settled(world: &World, inquiry: &Inquiry) {
    let number = inquiry.key.mch_billno.as_str();
    let truth = world.truth(number);
    let verdict = &*inquiry.conclusion.verdict;
    if inquiry.conclusion.is_final {
        if truth.word() != verdict {
            let detail = format!("`{number}` ends as `{verdict}`, and is {truth:?}");
            world.blame(Check::VerdictTrue, detail);
        }
        return;
    }
    let age = world.time.now().duration_since(inquiry.sent_at.unwrap_or(inquiry.noted_at));
    let is_called_rightly = match inquiry.attention.as_deref() {
        // the payer contradicted itself
        Some("contradiction") => inquiry.is_contradicted && truth.is_final(),
        // nobody ever knew of it, and nobody will
        Some("window_closed") => truth == Truth::Nothing && age > WINDOW_ENDS,
        Some(_) => false,
        // made and never sent, as the pace left no turn: there is nothing to be known
        None => inquiry.sends == 0 && inquiry.order.is_some() && truth == Truth::Nothing,
    };
    let mut judge = world.judge();
    judge.tally.attention += u64::from(inquiry.attention.is_some());
    judge.tally.contradicted += u64::from(inquiry.is_contradicted);
    let is_blameless = !inquiry.is_contradicted || judge.riddles.contains(number);
    drop(judge);
    // what is final is told, unless the payer contradicted itself
    let is_told = inquiry.is_contradicted || !truth.is_final();
    if !is_called_rightly || inquiry.due_at.is_some() || !is_blameless || !is_told {
        let detail = format!("`{number}` is {truth:?}, and ends as {inquiry:?}");
        world.blame(Check::NobodyForgotten, detail);
    }
}
