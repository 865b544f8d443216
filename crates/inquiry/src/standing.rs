//! What the ledger proves of a packet. Its words prove nothing: the kept reply does, verified anew.

use crate::account::Account;
use crate::schedule::{Attention, Next, Schedule};
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

    /// Why a person is needed at `now`, as the stable word of [`Attention`], without asking.
    ///
    /// What is due is judged as if it had been asked about now to no avail: that nobody followed
    /// it must not hide that it is unknown for too long, or that its window has closed.
    #[must_use]
    pub fn attention_of<'i>(
        &self,
        inquiry: &'i Inquiry,
        schedule: &Schedule,
        now: Timestamp,
    ) -> Option<&'i str> {
        if inquiry.due_at.is_none() {
            return inquiry.attention.as_deref();
        }
        match schedule.next(inquiry, &verdict(self, inquiry, now), now) {
            Next::Done => None,
            Next::Ask { attention, .. } => attention.map(Attention::as_str),
            Next::Stop(attention) => Some(attention.as_str()),
        }
    }
}

/// Whether the kept reply settles it, or two replies exclude each other: nothing that is asked
/// or sent could change it.
pub(crate) fn is_settled(account: &Account, inquiry: &Inquiry) -> bool {
    known(account, inquiry).settled().is_some()
}

/// The verdict that the ledger stands for at `now`, without asking.
///
/// A failure whose reply no longer verifies (another key, a stricter policy) is unknown again:
/// it would permit a new number.
pub(crate) fn verdict(account: &Account, inquiry: &Inquiry, now: Timestamp) -> Verdict {
    let known = known(account, inquiry);
    if let Some(settled) = known.settled() {
        return settled.clone();
    }
    if has_closed(inquiry, now) {
        return Verdict::BeyondWindow;
    }
    let conclusion = &inquiry.conclusion;
    match Verdict::recall(&conclusion.verdict, conclusion.cause.as_deref()) {
        Some(recalled) => recalled,
        None => crate::learning::unproven(),
    }
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
