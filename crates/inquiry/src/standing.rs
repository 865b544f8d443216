//! What the ledger proves of a packet. Its words prove nothing: the kept reply does, verified anew.

use crate::account::Account;
use crate::schedule::{Attention, Next, Schedule};
use hongbao_ledger::Inquiry;
use hongbao_wire::observation::{self, Asked, Echo, Observation};
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

    /// A kept reply, read as it was read when it came: with the key of today, else a former one
    /// that it verifies with.
    #[must_use]
    pub fn reread<R: Echo>(&self, mch_billno: &str, reply: &[u8]) -> Observation<R> {
        let asked = Asked { mch_id: self.mch_id.as_str(), mch_billno };
        let read = |key| observation::read(asked, 200, reply, key, self.policy);
        let today = read(&self.api_key);
        if matches!(today, Observation::Success(_)) {
            return today;
        }
        let mut former = self.former_api_keys.iter().map(read);
        former.find(|seen| matches!(seen, Observation::Success(_))).unwrap_or(today)
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
pub(crate) fn verdict(account: &Account, inquiry: &Inquiry, now: Timestamp) -> Verdict {
    stand(account, inquiry, now).0
}

/// The verdict that the ledger stands for at `now`, without asking, and whether asking is over:
/// it is settled, or WeChat Pay no longer answers for it and was asked since. One wrong reading
/// of a clock must not close what nobody asked about. The kept reply is read once for both.
///
/// A failure whose reply no longer verifies (another key, a stricter policy) is unknown again:
/// it would permit a new number.
pub(crate) fn stand(account: &Account, inquiry: &Inquiry, now: Timestamp) -> (Verdict, bool) {
    if let Some(settled) = known(account, inquiry).settled() {
        return (settled.clone(), true);
    }
    let has_closed = has_closed(inquiry, now);
    let conclusion = &inquiry.conclusion;
    let verdict = match Verdict::recall(&conclusion.verdict, conclusion.cause.as_deref()) {
        // the money is where the words say, and they permit nothing
        Some(recalled) if recalled.is_final() => recalled,
        _ if has_closed => Verdict::BeyondWindow,
        Some(recalled) => recalled,
        None => crate::learning::unproven(),
    };
    (verdict, has_closed && was_asked_since_closing(inquiry))
}

/// Whether WeChat Pay no longer answers for it.
pub(crate) fn has_closed(inquiry: &Inquiry, now: Timestamp) -> bool {
    inquiry.sent_at.is_some_and(|sent| now.duration_since(sent) > WINDOW)
}

/// Whether WeChat Pay was asked after it no longer answered.
fn was_asked_since_closing(inquiry: &Inquiry) -> bool {
    inquiry.asked_at.is_some_and(|asked_at| has_closed(inquiry, asked_at))
}

/// Whether asking is over, as [`stand`] has it.
pub(crate) fn is_over(account: &Account, inquiry: &Inquiry, now: Timestamp) -> bool {
    stand(account, inquiry, now).1
}

/// The kept reply where it verifies.
fn kept(account: &Account, inquiry: &Inquiry) -> Option<Observation<QueryReply>> {
    let seen = account.reread(inquiry.key.mch_billno.as_str(), inquiry.reply.as_deref()?);
    Some(seen).filter(|seen| matches!(seen, Observation::Success(_)))
}
