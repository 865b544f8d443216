//! What the ledger proves of a packet. Its words prove nothing: the kept reply does, verified anew.

use crate::account::Account;
use hongbao_ledger::Inquiry;
use hongbao_wire::observation::{self, Asked, Observation};
use hongbao_wire::verdict::{Known, WINDOW};
use hongbao_wire::{QueryReply, Verdict};
use jiff::Timestamp;

/// What is known beside the next observation: what the kept reply settles.
pub(crate) fn known(account: &Account, inquiry: &Inquiry) -> Known {
    let mut known = Known::sent(inquiry.sent_at);
    if inquiry.is_contradicted {
        return known.contradicted();
    }
    if let Some(seen) = kept(account, inquiry) {
        known.observe(&seen, inquiry.answered_at.unwrap_or(inquiry.noted_at));
    }
    known
}

impl Account {
    /// The verdict that the ledger stands for at `now`, without asking: its words prove nothing,
    /// the kept reply is verified anew.
    #[must_use]
    pub fn verdict_of(&self, inquiry: &Inquiry, now: Timestamp) -> Verdict {
        verdict(self, inquiry, now)
    }
}

/// Whether the kept reply settles it, or two replies exclude each other: nothing that is asked
/// or sent could change it.
pub(crate) fn is_settled(account: &Account, inquiry: &Inquiry) -> bool {
    known(account, inquiry).settled().is_some()
}

/// The verdict that the ledger stands for at `now`, without asking.
pub(crate) fn verdict(account: &Account, inquiry: &Inquiry, now: Timestamp) -> Verdict {
    stand(account, inquiry, now).0
}

/// The verdict that the ledger stands for at `now`, without asking, and whether asking is over:
/// it is settled, or WeChat Pay no longer answers for it. The kept reply is read once for both.
///
/// A failure whose reply no longer verifies (another key, a stricter policy) is unknown again:
/// it would permit a new number.
pub(crate) fn stand(account: &Account, inquiry: &Inquiry, now: Timestamp) -> (Verdict, bool) {
    if let Some(settled) = known(account, inquiry).settled() {
        return (settled.clone(), true);
    }
    if has_closed(inquiry, now) {
        return (Verdict::BeyondWindow, true);
    }
    let conclusion = &inquiry.conclusion;
    let recalled = Verdict::recall(&conclusion.verdict, conclusion.cause.as_deref());
    (recalled.unwrap_or_else(crate::learning::unproven), false)
}

/// Whether WeChat Pay no longer answers for it.
pub(crate) fn has_closed(inquiry: &Inquiry, now: Timestamp) -> bool {
    inquiry.sent_at.is_some_and(|sent| now.duration_since(sent) > WINDOW)
}

/// Whether asking is over: it is settled, or WeChat Pay no longer answers for it.
pub(crate) fn is_over(account: &Account, inquiry: &Inquiry, now: Timestamp) -> bool {
    has_closed(inquiry, now) || is_settled(account, inquiry)
}

/// The kept reply, read as it was read when it came.
fn kept(account: &Account, inquiry: &Inquiry) -> Option<Observation<QueryReply>> {
    let asked =
        Asked { mch_id: account.mch_id.as_str(), mch_billno: inquiry.key.mch_billno.as_str() };
    let reply = inquiry.reply.as_deref()?;
    Some(observation::read(asked, 200, reply, &account.api_key, account.policy))
}
