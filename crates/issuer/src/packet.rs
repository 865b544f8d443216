//! A record as a packet in its [`life`]: reading where it is, writing what happened.

use crate::life::{self, Event, Money, State};
use hongbao_ledger::record::{Receipt, Refund};
use hongbao_ledger::{Entry, Record, Source};
use hongbao_wire::{Fen, Status};
use jiff::Timestamp;

/// Where the record's packet is.
///
/// A status that this version does not know is never written here; it counts as the final
/// state that permits nothing: no move, and no new number.
pub(crate) fn state(record: &Record) -> State {
    match &record.status {
        None if record.detail_id.is_none() => State::Unstored,
        None => State::Accepted,
        Some(Status::Sending) if record.reason.is_some() => State::Refused,
        Some(Status::Sending) => State::Sending,
        Some(Status::Sent) => State::Sent,
        Some(Status::Received | Status::Unknown(_)) => State::Received,
        Some(Status::RefundIng) => State::RefundIng,
        Some(Status::Refund) => State::Refund,
        Some(Status::Failed) => State::Failed,
    }
}

/// One thing that happened, and why and when and who said so.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) event: Event,
    pub(crate) at: Timestamp,
    pub(crate) source: Source,
    /// `reason` of a refusal or a failure.
    pub(crate) reason: Option<Box<str>>,
    pub(crate) raw: Option<Box<[u8]>>,
}

impl Happening {
    /// What the issuer does by itself.
    pub(crate) const fn by_itself(event: Event, at: Timestamp) -> Self {
        Self { event, at, source: Source::Issuer, reason: None, raw: None }
    }
}

/// Changes that wait to be committed together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) entries: Vec<Entry>,
    /// What goes back to the merchant's balance; a packet gives back at most once a commit.
    pub(crate) refund: Option<Fen>,
}

/// Lets `happening` happen to the record; `false`, and nothing changes, where it does not fit.
pub(crate) fn apply(record: &mut Record, changes: &mut Changes, happening: Happening) -> bool {
    let from = state(record);
    let Some((to, money)) = life::next(from, happening.event) else { return false };
    let Happening { at, source, reason, raw, .. } = happening;
    write_state(record, from, to, at, reason);
    if money == Money::GivenBack {
        changes.refund = Some(record.order.total_amount);
    }
    changes.entries.push(Entry { at, source, event: word(to).into(), raw });
    true
}

fn write_state(record: &mut Record, from: State, to: State, at: Timestamp, why: Option<Box<str>>) {
    let amount = record.order.total_amount;
    record.status = match to {
        State::Unstored | State::Accepted => None,
        State::Sending | State::Refused => Some(Status::Sending),
        State::Sent => Some(Status::Sent),
        State::Received => Some(Status::Received),
        State::RefundIng => Some(Status::RefundIng),
        State::Refund => Some(Status::Refund),
        State::Failed => Some(Status::Failed),
    };
    record.reason = match to {
        // A refusal is told from SENDING by its reason, so it always has one.
        State::Refused => Some(why.unwrap_or_else(|| crate::text::NOT_ENOUGH.into())),
        State::Failed => why,
        _ => None,
    };
    match to {
        State::Received => {
            let openid = record.order.re_openid.clone();
            record.receipt = Some(Receipt { openid, amount, rcv_time: at });
        }
        State::Refund => record.refund = Some(Refund { refund_amount: amount, refund_time: at }),
        _ => {}
    }
    // Refused again, it has been SENDING with a reason since the first time.
    if !(from == State::Refused && to == State::Refused) {
        record.status_at = at;
        record.due_at = None;
    }
}

/// The word of a state in the history.
pub(crate) const fn word(state: State) -> &'static str {
    match state {
        State::Unstored => "not_stored",
        State::Accepted => "accepted",
        State::Sending => "SENDING",
        State::Refused => "refused",
        State::Sent => "SENT",
        State::Received => "RECEIVED",
        State::RefundIng => "RFUND_ING",
        State::Refund => "REFUND",
        State::Failed => "FAILED",
    }
}
