//! When packets move by themselves: the sandbox's play, from a record alone.

use crate::clock::later;
use crate::config::Play;
use crate::life::{Event, State};
use crate::packet::{self, Changes, Happening};
use crate::seeded;
use hongbao_ledger::{Key, Record};
use jiff::Timestamp;

/// `Record::play` of a packet that somebody claims.
pub(crate) const CLAIMED: &str = "claimed";
/// `Record::play` of a packet that nobody claims.
pub(crate) const UNCLAIMED: &str = "unclaimed";

/// Whether somebody claims the packet: always the same for one seed and one key.
pub(crate) fn claim(play: &Play, seed: u64, key: &Key) -> &'static str {
    let roll = seeded::number(seed, &["claim", key.mch_id.as_str(), key.mch_billno.as_str()]);
    if roll % 1000 < u64::from(play.unclaimed_share_permille) { UNCLAIMED } else { CLAIMED }
}

/// What happens next by itself, and when.
pub(crate) fn upcoming(play: &Play, record: &Record) -> Option<(Timestamp, Event)> {
    let since = record.status_at;
    match packet::state(record) {
        State::Accepted => Some((later(since, play.stored_after), Event::Store)),
        State::Sending => Some((later(since, play.sent_after), Event::Deliver)),
        State::Sent => Some(end_of_sent(play, record)),
        State::RefundIng => Some((later(since, play.refunded_after), Event::Refund)),
        State::Refused => Some((later(since, play.failed_after), Event::Fail)),
        State::Unstored | State::Received | State::Refund | State::Failed => None,
    }
}

/// A packet is claimed a while after it was delivered, or never. The 24 hours run from
/// `send_time`, the only time that a merchant is told, unless the packet took a detour
/// (a refusal, a person) on its way to SENT: then from there.
fn end_of_sent(play: &Play, record: &Record) -> (Timestamp, Event) {
    let straight = later(later(record.sent_at, play.stored_after), play.sent_after);
    let from = if record.status_at <= straight { record.sent_at } else { record.status_at };
    let expiry = later(from, play.expired_after).max(record.status_at);
    let claim = later(record.status_at, play.received_after);
    if &*record.play != UNCLAIMED && claim < expiry {
        (claim, Event::Receive)
    } else {
        (expiry, Event::Expire)
    }
}

/// Lets everything happen that was due at `now`, each at its own time, and sets when the
/// next is due. Returns whether anything happened.
///
/// A time that was set before stands, whatever `play` says now: kept replies rely on it.
pub(crate) fn settle(
    play: &Play,
    record: &mut Record,
    changes: &mut Changes,
    now: Timestamp,
) -> bool {
    let mut moved = false;
    while let Some((reckoned, event)) = upcoming(play, record) {
        let at = record.due_at.unwrap_or(reckoned);
        if at > now || !packet::apply(record, changes, Happening::by_itself(event, at)) {
            record.due_at = Some(at);
            return moved;
        }
        moved = true;
    }
    record.due_at = None;
    moved
}
