//! Verdicts in words, as stable words of the JSON contract, and as exit codes.

use crate::exit::Exit;
use crate::say;
use hongbao_client::{Call, Exchange};
use hongbao_wire::observation::{Observation, Silence, Unreadable};
use hongbao_wire::query::ReplyError;
use hongbao_wire::sign::SignError;
use hongbao_wire::verdict::{NoAnswer, Open, Unknown};
use hongbao_wire::{NextStep, Verdict};
use serde_json::{Value, json};

/// The exit code of one verdict; a send's can obtain no record. Nothing but [`Verdict::Failed`] gives [`Exit::Failed`].
#[must_use]
pub const fn exit(verdict: &Verdict, call: Call) -> Exit {
    match (verdict, call) {
        (Verdict::Failed(_), _) => Exit::Failed,
        // a refused send: nothing was taken, and nothing says that it failed
        (Verdict::Open(Open::Refused), Call::Send) => Exit::Unknown,
        (Verdict::Received | Verdict::Refunded | Verdict::Open(_), _) => Exit::Ok,
        (Verdict::Unknown(_) | Verdict::BeyondWindow, _) => Exit::Unknown,
        (Verdict::NoAnswer(NoAnswer::TryAgain), _) => Exit::NoAnswer,
        (Verdict::NoAnswer(NoAnswer::FixSetUp), _) => Exit::SetUp,
    }
}

/// The exit code of several verdicts. A script may act on 3 or 0 for every number it
/// asked about, so each needs all of them; mixed answers take the worst of 4, 7 and 6,
/// and a mix of failed and not failed is 6.
#[must_use]
pub fn exit_of_all(exits: &[Exit]) -> Exit {
    match exits {
        [] => Exit::Ok,
        [first, rest @ ..] if rest.iter().all(|exit| exit == first) => *first,
        _ => [Exit::SetUp, Exit::NoAnswer]
            .into_iter()
            .find(|worst| exits.contains(worst))
            .unwrap_or(Exit::Unknown),
    }
}

/// What every object about one number says of its verdict (`docs/cli-json.md`), and the rest.
#[must_use]
pub fn to_json(mch_billno: &str, verdict: &Verdict, rest: Value) -> Value {
    let mut object = json!({
        "mch_billno": mch_billno,
        "verdict": verdict.as_str(),
        "cause": verdict.cause(),
        "final": verdict.is_final(),
        "next_step": verdict.next_step().as_str(),
        "new_billno_permitted": verdict.new_billno_permitted(),
    });
    if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
        object.extend(rest);
    }
    object
}

/// The verdict in words; `why` says what stood in the way, where there was no answer.
#[must_use]
pub fn words(verdict: &Verdict, why: impl FnOnce() -> String) -> String {
    match verdict {
        Verdict::Received => say!("verdict-received"),
        Verdict::Refunded => say!("verdict-refunded"),
        Verdict::Failed(_) => say!("verdict-failed"),
        Verdict::Open(Open::Accepted) => say!("verdict-open-accepted"),
        Verdict::Open(Open::Processing) => say!("verdict-open-processing"),
        Verdict::Open(Open::Sending) => say!("verdict-open-sending"),
        Verdict::Open(Open::Refused) => say!("verdict-open-refused"),
        Verdict::Open(Open::Sent) => say!("verdict-open-sent"),
        Verdict::Open(Open::Refunding) => say!("verdict-open-refunding"),
        Verdict::Unknown(unknown) => unknown_words(unknown),
        Verdict::BeyondWindow => say!("verdict-beyond-window"),
        Verdict::NoAnswer(NoAnswer::TryAgain) => say!("verdict-no-answer-again", why = why()),
        Verdict::NoAnswer(NoAnswer::FixSetUp) => say!("verdict-no-answer-set-up", why = why()),
    }
}

fn unknown_words(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Status(status) => say!("verdict-unknown-status", status = status),
        Unknown::NotFound => say!("verdict-unknown-not-found"),
        Unknown::SaidFailed => say!("verdict-unknown-said-failed"),
        Unknown::OtherOrder => say!("verdict-unknown-other-order"),
        Unknown::Code(Some(code)) => say!("verdict-unknown-code", code = code),
        Unknown::Code(None) => say!("verdict-unknown-no-code"),
        Unknown::Unreadable(why) => say!("verdict-unknown-unreadable", why = unreadable(why)),
        Unknown::Contradiction => say!("verdict-unknown-contradiction"),
        Unknown::Imported => say!("verdict-unknown-imported"),
    }
}

/// What stood in the way of an answer.
#[must_use]
pub fn why<R>(seen: &Exchange<R>) -> String {
    let why = match &seen.observation {
        Observation::Failure(failure) => {
            let said = failure.description.to_string();
            return match &failure.err_code {
                Some(code) if said.is_empty() => say!("why-code", code = code),
                Some(code) => say!("why-code-said", code = code, said = said),
                None => say!("why-said", said = said),
            };
        }
        Observation::Silence(Silence::NotConnected) => say!("why-not-connected"),
        Observation::Silence(Silence::TimedOut) => say!("why-timed-out"),
        Observation::Silence(Silence::ConnectionLost) => say!("why-connection-lost"),
        Observation::Silence(Silence::HttpStatus(status)) => {
            say!("why-http-status", status = status)
        }
        Observation::CertificateRefused => say!("why-certificate"),
        Observation::Unreadable(why) => unreadable(why),
        Observation::Success(_) => String::new(),
    };
    match &seen.cause {
        Some(cause) => say!("why-caused", why = why, cause = cause),
        None => why,
    }
}

fn unreadable(why: &Unreadable) -> String {
    match why {
        Unreadable::Xml(error) => say!("why-xml", error = error),
        Unreadable::ControlCharactersStripped => say!("why-control"),
        Unreadable::Reply(ReplyError::MissingField(field) | ReplyError::BadField(field)) => {
            say!("why-field", field = field)
        }
        Unreadable::Reply(ReplyError::Sign(SignError::Missing)) => say!("why-sign-missing"),
        Unreadable::Reply(ReplyError::Sign(SignError::Mismatch)) => say!("why-sign-mismatch"),
        Unreadable::OtherEcho => say!("why-other-echo"),
        Unreadable::Recalled => say!("why-recalled"),
    }
}

/// What to do next, in words.
#[must_use]
pub fn next_step(step: NextStep) -> String {
    crate::lang::current().say(&format!("step-{}", step.as_str()), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_needs_every_number_to_have_failed() {
        use Exit::{Failed, NoAnswer, Ok, SetUp, Unknown};
        let cases: [(&[Exit], Exit); 10] = [
            (&[Failed, Failed], Failed),
            (&[Failed, Ok], Unknown),
            (&[Failed, Unknown], Unknown),
            (&[Failed, NoAnswer], NoAnswer),
            (&[Failed, SetUp], SetUp),
            (&[Ok, Ok], Ok),
            (&[Ok, Unknown], Unknown),
            (&[Unknown, NoAnswer], NoAnswer),
            (&[NoAnswer, SetUp], SetUp),
            (&[Ok], Ok),
        ];
        for (exits, together) in cases {
            assert_eq!(exit_of_all(exits), together, "{exits:?}");
            let turned: Vec<Exit> = exits.iter().rev().copied().collect();
            assert_eq!(exit_of_all(&turned), together, "{turned:?}");
        }
    }
}
