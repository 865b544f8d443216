//! What an integrator is led to believe by what an SDK made of a reply.

use crate::said::{Outcome, Said};
use serde_json::Value;
use std::fmt;

/// The two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `sendworkwxredpack`.
    Send,
    /// `queryworkwxredpack`.
    Query,
}

impl Call {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Query => "query",
        }
    }
}

/// What follows for the integrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing wrong.
    None,
    /// The packet exists, the SDK raised an error, and nothing in the error says
    /// that the outcome is unknown: with a new number, it is paid twice.
    PaysTwice,
    /// The packet exists, and only an `err_code` that the caller has to know says
    /// that this is no failure: taken for one, it is paid twice.
    PaysTwiceUnlessRead,
    /// The caller holds something that was not proved, or nothing, as if it were an answer.
    FalseBelief,
}

impl Mark {
    /// Its sign in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::PaysTwice => " **¥¥**",
            Self::PaysTwiceUnlessRead => " **¥**",
            Self::FalseBelief => " **✗**",
        }
    }
}

/// One cell of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    text: String,
    mark: Mark,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, self.mark.as_str())
    }
}

impl Judgement {
    /// Judges what was said under `fault`, where the payer has stored the packet or not.
    #[must_use]
    pub fn of(call: Call, fault: &str, said: &Said, stored: bool) -> Self {
        let text = describe(call, fault, said);
        let mark = match (said.outcome, said.err_code.as_deref()) {
            _ if said.holds_record() && fault == "wrongly_signed" => Mark::FalseBelief,
            _ if said.holds_record() => Mark::None,
            (Outcome::Ok, None) => Mark::FalseBelief,
            (_, Some("NOT_FOUND")) if call == Call::Query && stored => Mark::PaysTwiceUnlessRead,
            (_, Some(_)) if call == Call::Send && stored => Mark::PaysTwiceUnlessRead,
            (_, None) if call == Call::Send && stored => Mark::PaysTwice,
            _ => Mark::None,
        };
        Self { text, mark }
    }

    /// What follows for the integrator.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        self.mark
    }
}

fn describe(call: Call, fault: &str, said: &Said) -> String {
    let class = said.error_class.as_deref().unwrap_or("");
    let class = class.split(" (").next().unwrap_or("");
    match (said.outcome, said.err_code.as_deref()) {
        (Outcome::Ok, _) if said.holds_record() => match (call, said.field("status")) {
            (Call::Query, Some(status)) if fault == "unknown_status" => {
                format!("record, `{status}`")
            }
            (Call::Query, _) if fault == "unsigned" => "record, unproved".to_owned(),
            (Call::Send, _) if fault == "unsigned" => "accepted, unproved".to_owned(),
            (Call::Query, _) => "record".to_owned(),
            (Call::Send, _) => "accepted".to_owned(),
        },
        (Outcome::Ok, Some(code)) => format!("a value with `{code}` in it"),
        (Outcome::Ok, None) => match said.value.as_ref().and_then(Value::as_str) {
            None | Some("") => "an empty value, no error".to_owned(),
            Some(_) => "the raw text, no error".to_owned(),
        },
        (Outcome::Error, Some(code)) => format!("error `{code}`"),
        (Outcome::Error, None) => {
            format!("error, no code: `{}`", class.split(' ').next().unwrap_or(""))
        }
        (Outcome::Crash, _) => format!("crash `{class}`"),
    }
}
