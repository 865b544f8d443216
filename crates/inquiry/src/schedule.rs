//! When to ask again: a table by the packet's age and verdict, and nothing else.
//!
//! | verdict | next question |
//! |---|---|
//! | final | none |
//! | open | at the next age of [`Schedule::AGES`]; after PROCESSING not before 20 minutes |
//! | unknown: NOT_FOUND | the same, not before 2 minutes |
//! | unknown: SEND_FAILED or FATAL_ERROR to a send | the same: only the query tells |
//! | unknown: any other | the same, not before 5 minutes |
//! | no answer: try again | after as long as there has been none: 30 seconds to an hour |
//! | no answer: fix the set-up | the same, 10 minutes to an hour |
//! | contradiction | none: a person |
//! | any, once the window has closed | none: a person |
//!
//! Ages are counted from the sending; where it is not known, from when the number was noted. One
//! last question is asked two hours before the window closes, and again while it has no answer.
//! Source: seed, notes 1 and 2; `protocol.md` §1.4, §3, §5.

use hongbao_ledger::Inquiry;
use hongbao_wire::Verdict;
use hongbao_wire::verdict::{NoAnswer, Open, Unknown, WINDOW};
use jiff::{SignedDuration, Timestamp};

const fn secs(secs: i64) -> SignedDuration {
    SignedDuration::from_secs(secs)
}

const fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// How long before the window closes the last question is asked.
const LAST_BEFORE: SignedDuration = hours(2);
/// The longest that is waited for the next question, whatever a clock that was ahead noted: well
/// below [`hongbao_ledger::inquiries::DUE_AHEAD_MAX`].
const AHEAD_MAX: SignedDuration = hours(24);
/// After PROCESSING (`protocol.md` §1.4).
const PROCESSING: SignedDuration = secs(20 * 60);

/// When packets are asked about again, and when a person is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a verdict may be unknown, or without an answer, before a person is called: 25 h,
    /// an hour after the last moment at which a send can still be in flight.
    pub unknown_max: SignedDuration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { unknown_max: hours(25) }
    }
}

/// What comes next for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is final.
    Done,
    /// Ask at this time; with a reason, a person looks meanwhile.
    Ask {
        /// When.
        at: Timestamp,
        /// Why a person looks.
        attention: Option<Attention>,
    },
    /// Nothing by itself any more: a person looks.
    Stop(Attention),
}

/// Why a person is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attention {
    /// Unknown, or without an answer, for longer than configured.
    UnknownTooLong,
    /// Two verified replies exclude each other.
    Contradiction,
    /// WeChat Pay no longer answers for it, and it never became final.
    WindowClosed,
}

impl Attention {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UnknownTooLong, Self::Contradiction, Self::WindowClosed];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownTooLong => "unknown_too_long",
            Self::Contradiction => "contradiction",
            Self::WindowClosed => "window_closed",
        }
    }
}

impl Schedule {
    /// The ages at which an open packet is asked about within its first two days: seconds, then
    /// minutes, hours, and around the refund at 24 hours; from then on it is daily.
    pub const AGES: [SignedDuration; 34] = ages();

    /// What comes next for `inquiry`, of which `verdict` was concluded at `now`.
    #[must_use]
    pub fn next(&self, inquiry: &Inquiry, verdict: &Verdict, now: Timestamp) -> Next {
        if verdict.is_final() {
            return Next::Done;
        }
        if matches!(verdict, Verdict::Unknown(Unknown::Contradiction)) {
            return Next::Stop(Attention::Contradiction);
        }
        let base = inquiry.sent_at.unwrap_or(inquiry.noted_at);
        let (last, end) = (later(base, WINDOW - LAST_BEFORE), later(base, WINDOW));
        // a clock that was set back must not make the packet younger than new
        let age = now.duration_since(base).max(SignedDuration::ZERO);
        let unanswered = matches!(verdict, Verdict::NoAnswer(_)) && now < end;
        if *verdict == Verdict::BeyondWindow || (now >= last && !unanswered) {
            return Next::Stop(Attention::WindowClosed);
        }
        let by_age = later(base, next_age(age));
        let at = match verdict {
            Verdict::NoAnswer(why) => later(now, self.patience(*why, inquiry, now)),
            other => by_age.max(later(now, least_delay(other))),
        };
        let unknown = inquiry.unknown_since.map(|since| now.duration_since(since));
        let too_long = unknown.is_some_and(|unknown| unknown > self.unknown_max);
        let latest = if now < last { last } else { end }.min(later(now, AHEAD_MAX));
        Next::Ask { at: at.min(latest), attention: too_long.then_some(Attention::UnknownTooLong) }
    }

    /// As long again as there has been no answer, within bounds: it doubles each time.
    fn patience(&self, why: NoAnswer, inquiry: &Inquiry, now: Timestamp) -> SignedDuration {
        let least = match why {
            NoAnswer::TryAgain => secs(30),
            NoAnswer::FixSetUp => secs(10 * 60),
        };
        let since = inquiry.unknown_since.unwrap_or(now);
        now.duration_since(since).clamp(least, hours(1))
    }
}

/// The least time until the next question, whatever the age says.
const fn least_delay(verdict: &Verdict) -> SignedDuration {
    match verdict {
        Verdict::Open(Open::Processing) => PROCESSING,
        Verdict::Open(_) | Verdict::Unknown(Unknown::SaidFailed | Unknown::OtherOrder) => secs(5),
        Verdict::Unknown(Unknown::NotFound) => secs(2 * 60),
        _ => secs(5 * 60),
    }
}

/// The first age of the table above `age`; from two days on, the next whole day.
fn next_age(age: SignedDuration) -> SignedDuration {
    let in_table = Schedule::AGES.into_iter().find(|next| *next > age);
    in_table.unwrap_or_else(|| hours((age.as_hours() / 24 + 1) * 24))
}

const fn ages() -> [SignedDuration; 34] {
    let mut ages = [SignedDuration::ZERO; 34];
    let first = [secs(5), secs(30), secs(120), secs(300), secs(1200)];
    // 24 h unclaimed, then the money goes back; how long that takes is not published
    let refund = [hours(24), secs(24 * 3600 + 600), hours(25), hours(27), hours(36), hours(48)];
    let mut at = 0;
    while at < first.len() {
        ages[at] = first[at];
        at += 1;
    }
    let mut hour = 1;
    while hour < 24 {
        ages[at] = hours(hour);
        at += 1;
        hour += 1;
    }
    let mut step = 0;
    while step < refund.len() {
        ages[at] = refund[step];
        at += 1;
        step += 1;
    }
    ages
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
