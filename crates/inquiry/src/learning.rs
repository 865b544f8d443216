//! What an observation changes in what is known of a packet: pure, so that it can be done anew
//! on whatever somebody else committed meanwhile.

use crate::account::Account;
use crate::import;
use crate::schedule::{Next, Schedule};
use crate::standing;
use bytes::Bytes;
use hongbao_client::Exchange;
use hongbao_ledger::inquiry::{Conclusion, Seen};
use hongbao_ledger::{Entry, Inquiry, Source};
use hongbao_wire::observation::{Observation, Silence, Unreadable};
use hongbao_wire::verdict::{NoAnswer, Unknown, judge_send};
use hongbao_wire::{QueryReply, SendReply, Verdict, WireTime};
use jiff::{SignedDuration, Timestamp};

/// How far our time of a send may be from the payer's before ours counts as wrong.
pub(crate) const CLOCK_MAX: SignedDuration = SignedDuration::from_hours(24);

/// The verdict before anything came: the question has no answer yet.
pub(crate) const fn nothing_learnt() -> Verdict {
    Verdict::NoAnswer(NoAnswer::TryAgain)
}

/// The verdict where the ledger's words cannot be proven.
pub(crate) const fn unproven() -> Verdict {
    Verdict::Unknown(Unknown::Unreadable(Unreadable::Recalled))
}

/// A verdict in the words that the ledger keeps.
pub(crate) fn conclusion(verdict: &Verdict) -> Conclusion {
    Conclusion {
        verdict: verdict.as_str().into(),
        cause: verdict.cause().map(Into::into),
        next_step: verdict.next_step().as_str().into(),
        is_final: verdict.is_final(),
    }
}

/// Learns from what a question came to at `at`; returns the verdict and the history's entries.
///
/// A record that has not changed is the same bytes again: its entry leaves out those that the
/// inquiry keeps already, or a month of questions would keep them sixty times.
pub(crate) fn from_query(
    inquiry: &mut Inquiry,
    exchange: &Exchange<QueryReply>,
    at: Timestamp,
    account: &Account,
    schedule: &Schedule,
) -> (Verdict, Vec<Entry>) {
    let mut known = standing::known(account, inquiry);
    let was_settled = known.settled().cloned();
    let seen = &exchange.observation;
    if let Observation::Success(reply) = seen {
        let send_time = reply.get().send_time.as_ref().and_then(WireTime::instant);
        inquiry.sent_at = sent_at(inquiry, send_time, at);
        known.sent_at = inquiry.sent_at;
    }
    let verdict = known.observe(seen, at);
    let raw = exchange.raw.as_deref().filter(|raw| inquiry.reply.as_deref() != Some(raw));
    inquiry.asks = inquiry.asks.saturating_add(1);
    inquiry.asked_at = Some(at);
    if let Observation::Success(reply) = seen {
        inquiry.answered_at = Some(at);
        // what is settled keeps the reply that settled it
        if was_settled.is_none() {
            inquiry.seen = Some(seen_of(reply.get()));
            inquiry.reply = exchange.raw.as_deref().map(Bytes::copy_from_slice);
        }
    }
    inquiry.is_contradicted |= verdict == Verdict::Unknown(Unknown::Contradiction);
    conclude(inquiry, &verdict, at, schedule);
    let event = |seen: &Observation<QueryReply>| {
        format!("query {}", word(seen, |reply| reply.status.as_str()))
    };
    let mut entries = superseded(exchange, at, event);
    entries.push(entry(at, &event(seen), raw));
    (verdict, entries)
}

/// Learns from what a send came to at `at`; returns the verdict and the history's entries.
pub(crate) fn from_send(
    inquiry: &mut Inquiry,
    exchange: &Exchange<SendReply>,
    at: Timestamp,
    account: &Account,
    schedule: &Schedule,
) -> (Verdict, Vec<Entry>) {
    let seen = &exchange.observation;
    if let Observation::Success(_) = seen {
        inquiry.send_reply = exchange.raw.as_deref().map(Bytes::copy_from_slice);
    }
    let settled = standing::known(account, inquiry).settled().cloned();
    let verdict = settled.unwrap_or_else(|| judge_send(seen));
    conclude(inquiry, &verdict, at, schedule);
    let event = |seen: &Observation<SendReply>| format!("send {}", word(seen, |_| "accepted"));
    let mut entries = superseded(exchange, at, event);
    entries.push(entry(at, &event(seen), exchange.raw.as_deref()));
    (verdict, entries)
}

/// Learns that there is nothing more to ask: it is settled, or WeChat Pay no longer answers.
pub(crate) fn from_ending(
    inquiry: &mut Inquiry,
    at: Timestamp,
    account: &Account,
    schedule: &Schedule,
) -> (Verdict, Vec<Entry>) {
    let settled = standing::known(account, inquiry).settled().cloned();
    let event = if settled.is_some() { "settled" } else { "window closed" };
    let verdict = settled.unwrap_or(Verdict::BeyondWindow);
    conclude(inquiry, &verdict, at, schedule);
    (verdict, vec![intent(at, event)])
}

/// When it was sent: our own word for our own send, unless the payer's is a day or more away from
/// it and not ahead of now, for then our clock was wrong.
fn sent_at(inquiry: &Inquiry, send_time: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    let Some(send_time) = send_time else { return inquiry.sent_at };
    let ours = inquiry.sent_at.filter(|_| inquiry.order.is_some());
    let away = ours.map(|ours| send_time.duration_since(ours).abs());
    match away {
        Some(away) if away < CLOCK_MAX || send_time > at => ours,
        _ => Some(send_time),
    }
}

/// That something is about to be done.
pub(crate) fn intent(at: Timestamp, event: &str) -> Entry {
    Entry { at, source: Source::Merchant, event: event.into(), raw: None }
}

fn entry(at: Timestamp, event: &str, raw: Option<&[u8]>) -> Entry {
    Entry { at, source: Source::Upstream, event: event.into(), raw: raw.map(Into::into) }
}

/// What the attempts brought that counted for nothing: their bytes are kept too.
fn superseded<R>(
    exchange: &Exchange<R>,
    at: Timestamp,
    event: impl Fn(&Observation<R>) -> String,
) -> Vec<Entry> {
    let attempts = exchange.superseded.iter();
    attempts.map(|it| entry(at, &event(&it.observation), it.raw.as_deref())).collect()
}

/// Keeps the verdict, and what follows from it: when to ask next, and whether a person looks.
fn conclude(inquiry: &mut Inquiry, verdict: &Verdict, at: Timestamp, schedule: &Schedule) {
    // that WeChat Pay no longer answers says nothing against a file from before
    if *verdict == Verdict::BeyondWindow && import::is_counted(&inquiry.conclusion) {
        (inquiry.due_at, inquiry.attention) = (None, None);
        return;
    }
    inquiry.conclusion = conclusion(verdict);
    inquiry.unknown_since = match verdict {
        // it was so by now at the latest, whatever a clock that was ahead noted
        Verdict::Unknown(_) | Verdict::NoAnswer(_) => {
            Some(inquiry.unknown_since.map_or(at, |since| since.min(at)))
        }
        _ => None,
    };
    let (due_at, attention) = match schedule.next(inquiry, verdict, at) {
        Next::Done => (None, None),
        Next::Ask { at, attention } => (Some(at), attention),
        Next::Stop(attention) => (None, Some(attention)),
    };
    inquiry.due_at = due_at;
    inquiry.attention = attention.map(|attention| attention.as_str().into());
}

/// An observation as a short stable word, for the history.
fn word<'o, R>(seen: &'o Observation<R>, of_reply: impl FnOnce(&'o R) -> &'o str) -> String {
    match seen {
        Observation::Success(reply) => of_reply(reply.get()).to_owned(),
        Observation::Failure(failure) => {
            failure.err_code.as_ref().map_or("FAIL", |code| code.as_str()).to_owned()
        }
        Observation::Silence(Silence::NotConnected) => "not_connected".to_owned(),
        Observation::Silence(Silence::TimedOut) => "timed_out".to_owned(),
        Observation::Silence(Silence::ConnectionLost) => "connection_lost".to_owned(),
        Observation::Silence(Silence::HttpStatus(status)) => format!("http_{status}"),
        Observation::CertificateRefused => "certificate_refused".to_owned(),
        Observation::Unreadable(_) => "unreadable".to_owned(),
    }
}

fn seen_of(reply: &QueryReply) -> Seen {
    let instant = |time: &Option<WireTime>| time.as_ref().and_then(WireTime::instant);
    Seen {
        status: reply.status.as_str().into(),
        detail_id: reply.detail_id.clone(),
        total_amount: reply.total_amount,
        reason: reply.reason.as_ref().map(|reason| reason.to_string().into()),
        act_name: reply.act_name.clone(),
        sender_name: reply.sender_name.clone(),
        send_time: instant(&reply.send_time),
        openid: reply.openid.clone(),
        amount: reply.amount,
        rcv_time: instant(&reply.rcv_time),
        refund_amount: reply.refund_amount,
        refund_time: instant(&reply.refund_time),
    }
}
