//! What the merchant's side knows of a packet: what it ordered, what it was told, what it
//! concluded, and when it asks next.
//!
//! A [`Record`](crate::Record) is the issuer's own truth and complete; an [`Inquiry`] is hearsay,
//! and nearly everything in it may be missing. Hence two types, and a table for each.

use crate::history::Entry;
use crate::ledger::Expect;
use crate::record::{CLOSED_AFTER, Key, Order};
use crate::time::whole;
use bytes::Bytes;
use hongbao_wire::{AppId, DetailId, Fen, OpenId};
use jiff::{SignedDuration, Timestamp};

/// The status word of what was imported and never answered for. WeChat Pay has no such status.
pub const IMPORTED: &str = "IMPORTED";

/// A packet as the merchant's side knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// What names it.
    pub key: Key,
    /// The corpid under which it is asked about.
    pub appid: AppId,
    /// The merchant's own name of what is paid, 1-128 characters: at most one number of a
    /// reference may be without a proof of failure.
    pub business_ref: Option<Box<str>>,
    /// What we ordered; `None` where we only ask.
    pub order: Option<Order>,
    /// When it was first noted. Whole milliseconds, like every time here.
    pub noted_at: Timestamp,
    /// When it was sent: by us, or by the newest record's `send_time`.
    pub sent_at: Option<Timestamp>,
    /// How many times a send of it was begun.
    pub sends: u32,
    /// How many times it was asked about.
    pub asks: u32,
    /// When it was last asked about.
    pub asked_at: Option<Timestamp>,
    /// When a verified record last came.
    pub answered_at: Option<Timestamp>,
    /// What was concluded last.
    pub conclusion: Conclusion,
    /// Since when the verdict has been unknown or without an answer, without a break.
    pub unknown_since: Option<Timestamp>,
    /// Whether two verified replies excluded each other: that stays.
    pub is_contradicted: bool,
    /// What the newest verified record said. Until one came (`answered_at` is `None`): what an
    /// imported file says, under the status word [`IMPORTED`].
    pub seen: Option<Seen>,
    /// The newest verified record's reply, byte for byte.
    pub reply: Option<Bytes>,
    /// The reply that accepted our send, byte for byte.
    pub send_reply: Option<Bytes>,
    /// When to ask next; `None`: not by itself.
    pub due_at: Option<Timestamp>,
    /// Why a person is needed: a stable word; `None`: no person is.
    pub attention: Option<Box<str>>,
    /// 1 when first committed, one more with every commit.
    pub version: u64,
}

/// A conclusion in the stable words of `hongbao_wire::verdict`: for lists and filters. What
/// permits a new number is never these words, but the reply, verified anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// `Verdict::as_str`.
    pub verdict: Box<str>,
    /// `Verdict::cause`.
    pub cause: Option<Box<str>>,
    /// `NextStep::as_str`.
    pub next_step: Box<str>,
    /// Whether nothing can change any more.
    pub is_final: bool,
}

/// What a verified record said, as far as lists show it; or, unverified, an imported file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `status`, as it came.
    pub status: Box<str>,
    /// `detail_id`.
    pub detail_id: Option<DetailId>,
    /// `total_amount`, fen.
    pub total_amount: Option<Fen>,
    /// `reason`, for people.
    pub reason: Option<Box<str>>,
    /// `act_name`.
    pub act_name: Option<Box<str>>,
    /// `sender_name`.
    pub sender_name: Option<Box<str>>,
    /// `send_time`, where it could be read.
    pub send_time: Option<Timestamp>,
    /// `openid` of who received it.
    pub openid: Option<OpenId>,
    /// `amount` received, fen.
    pub amount: Option<Fen>,
    /// `rcv_time`, where it could be read.
    pub rcv_time: Option<Timestamp>,
    /// `refund_amount`, fen.
    pub refund_amount: Option<Fen>,
    /// `refund_time`, where it could be read.
    pub refund_time: Option<Timestamp>,
}

/// One change of one inquiry, with its history, or nothing of it.
#[derive(Clone, Debug)]
pub struct InquiryCommit {
    /// The inquiry as it shall be; its `version` is set by the store.
    pub inquiry: Inquiry,
    /// What it must be now; else [`LedgerError::Conflict`](crate::LedgerError::Conflict).
    pub expect: Expect,
    /// How many numbers the inquiry's reference must have now, this one not counted; else
    /// [`LedgerError::Conflict`](crate::LedgerError::Conflict): two sends of one reference cannot both
    /// find it free.
    pub numbers_of_ref: Option<u32>,
    /// What happened, appended to its history in this order; never empty.
    pub entries: Vec<Entry>,
}

/// Which inquiries to list: those for which all that is given holds.
#[derive(Clone, Debug, Default)]
pub struct InquiryFilter {
    /// Only those whose newest record has this status word.
    pub status: Option<Box<str>>,
    /// Only those with this verdict word.
    pub verdict: Option<Box<str>>,
    /// Only those of this activity: of the newest record, else of our order.
    pub act_name: Option<Box<str>>,
    /// Only those to this receiver: of our order, or who received it.
    pub openid: Option<OpenId>,
    /// Only those of this reference.
    pub business_ref: Option<Box<str>>,
    /// Only those that need a person, or only those that need none.
    pub attention: Option<bool>,
    /// Only those sent at or after this time; where the sending time is unknown, noted.
    pub from: Option<Timestamp>,
    /// Only those sent before this time; where the sending time is unknown, noted.
    pub until: Option<Timestamp>,
    /// Only those with bill numbers after this one, in bytewise order: the next page.
    pub after_billno: Option<Box<str>>,
    /// The most inquiries, 1-1000; 0 counts as 1, more than 1000 as 1000.
    pub limit: u32,
}

impl InquiryFilter {
    /// The limit, brought into its range.
    pub(crate) fn rows_max(&self) -> usize {
        self.limit.clamp(1, 1000) as usize
    }
}

/// How long after it began a run is kept that nobody ended.
pub const RUN_KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// One row of a run: which number, on which line of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The number.
    pub mch_billno: Box<str>,
    /// The line, from 1.
    pub line: u64,
}

impl Inquiry {
    /// With its times in whole milliseconds, as every store keeps them.
    pub(crate) fn in_whole_ms(mut self) -> Self {
        self.noted_at = whole(self.noted_at);
        let times = [
            &mut self.sent_at,
            &mut self.asked_at,
            &mut self.answered_at,
            &mut self.unknown_since,
            &mut self.due_at,
        ];
        times.into_iter().flatten().for_each(|at| *at = whole(*at));
        if let Some(seen) = &mut self.seen {
            let times = [&mut seen.send_time, &mut seen.rcv_time, &mut seen.refund_time];
            times.into_iter().flatten().for_each(|at| *at = whole(*at));
        }
        self
    }

    /// Whether more can still be learnt of it at `at`: it is due, or not final and sent less than
    /// [`CLOSED_AFTER`] before; where the sending time is unknown, noted.
    #[must_use]
    pub fn can_still_change(&self, at: Timestamp) -> bool {
        let age = at.duration_since(self.sent_at.unwrap_or(self.noted_at));
        self.due_at.is_some() || (!self.conclusion.is_final && age < CLOSED_AFTER)
    }

    /// Whether the receiver stands in it, as who was meant or as who received.
    pub(crate) fn names(&self, openid: &OpenId) -> bool {
        let meant = self.order.as_ref().map(|order| &order.re_openid);
        let received_by = self.seen.as_ref().and_then(|seen| seen.openid.as_ref());
        meant == Some(openid) || received_by == Some(openid)
    }

    /// With `alias` in the receiver's place, and without the kept replies.
    pub(crate) fn renamed(mut self, openid: &OpenId, alias: &OpenId) -> Self {
        if let Some(order) = &mut self.order
            && order.re_openid == *openid
        {
            order.re_openid = alias.clone();
        }
        if let Some(seen) = &mut self.seen
            && seen.openid.as_ref() == Some(openid)
        {
            seen.openid = Some(alias.clone());
        }
        Self { reply: None, send_reply: None, ..self }
    }
}
