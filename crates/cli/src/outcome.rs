//! What one call about one bill number came to, as people and as scripts read it.

use crate::exit::Exit;
use crate::output::{Output, printable};
use crate::record::{self, Record};
use crate::say;
use crate::verdict_text as text;
use hongbao_client::{Call, Exchange};
use hongbao_wire::observation::Observation;
use hongbao_wire::sign::{Method, Proof};
use hongbao_wire::{ErrorCode, NextStep, Verdict};
use owo_colors::{OwoColorize, Style};
use serde_json::{Value, json};

/// The most of an unreadable reply that is shown to people, characters; JSON has it all.
const RAW_CHARS_MAX: usize = 2_000;

/// What one call came to.
pub struct Outcome<'o, R> {
    /// The number that was asked about or sent.
    pub mch_billno: &'o str,
    /// Which call.
    pub call: Call,
    /// What was seen.
    pub seen: &'o Exchange<R>,
    /// What that means.
    pub verdict: &'o Verdict,
}

impl<R: Record> Outcome<'_, R> {
    /// The exit code of this outcome alone.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        text::exit(self.verdict, self.call)
    }

    /// The object of the JSON contract (`docs/cli-json.md`).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let said = match &self.seen.observation {
            Observation::Failure(failure) => Some(failure.description.to_string()),
            _ => None,
        };
        json!({
            "mch_billno": self.mch_billno,
            "verdict": self.verdict.as_str(),
            "cause": self.verdict.cause(),
            "final": self.verdict.is_final(),
            "next_step": self.verdict.next_step().as_str(),
            "new_billno_permitted": self.verdict.new_billno_permitted(),
            "exit_code": self.exit().code(),
            "err_code": self.err_code().map(ErrorCode::as_str),
            "err_code_des": said.filter(|text| !text.is_empty()),
            "http_status": self.seen.http_status,
            "signature": self.proof().map(proof_word),
            "alerts": self.alerts(),
            "record": self.record().map(|record| record::to_json(record)),
            "raw": self.unreadable(),
        })
    }

    /// The verdict in words, the record, and what to do next.
    pub fn write(&self, out: &mut Output) {
        let words = text::words(self.verdict, self.seen);
        out.data(format_args!("{}  {}", self.mch_billno.bold(), words.style(self.style())));
        for line in self.record().map(|record| record::to_lines(record)).unwrap_or_default() {
            out.data(line);
        }
        for alert in self.alerts() {
            out.talk(match alert {
                "amount_differs" => say!("ask-alert-amount"),
                "unverified" => say!("ask-unverified"),
                _ => {
                    say!("ask-alert-err-code", code = self.err_code().map_or("", ErrorCode::as_str))
                }
            });
        }
        if let Some(raw) = self.unreadable() {
            out.talk(say!("ask-raw"));
            let shown: String = raw.chars().take(RAW_CHARS_MAX).collect();
            for line in shown.lines() {
                out.talk(format_args!("  {}", printable(line)));
            }
        }
        self.write_hint(out);
    }

    /// What to do next; a send that was taken says nothing, so it is the query that comes next.
    fn write_hint(&self, out: &mut Output) {
        let step = self.verdict.next_step();
        if self.call == Call::Send && step == NextStep::AskAgain {
            out.hint(say!("send-taken", billno = self.mch_billno));
        } else {
            out.hint(text::next_step(step));
        }
    }

    fn record(&self) -> Option<&R> {
        match &self.seen.observation {
            Observation::Success(reply) => Some(reply.get()),
            _ => None,
        }
    }

    fn proof(&self) -> Option<Proof> {
        match &self.seen.observation {
            Observation::Success(reply) => Some(reply.proof()),
            _ => None,
        }
    }

    fn err_code(&self) -> Option<&ErrorCode> {
        match &self.seen.observation {
            Observation::Success(reply) => reply.get().err_code(),
            Observation::Failure(failure) => failure.err_code.as_ref(),
            _ => None,
        }
    }

    /// What a person should know beside the verdict; stable words.
    fn alerts(&self) -> Vec<&'static str> {
        let record = self.record();
        let differs = record.is_some_and(Record::amount_differs).then_some("amount_differs");
        let beside = record.and_then(Record::err_code).map(|_| "err_code_beside_record");
        let unverified = (self.proof() == Some(Proof::ExemptByPolicy)).then_some("unverified");
        differs.into_iter().chain(beside).chain(unverified).collect()
    }

    /// The reply's text where it could not be trusted: a person will want to see it.
    fn unreadable(&self) -> Option<String> {
        match &self.seen.observation {
            Observation::Unreadable(_) => {
                self.seen.raw.as_deref().map(|raw| String::from_utf8_lossy(raw).into_owned())
            }
            _ => None,
        }
    }

    fn style(&self) -> Style {
        match self.exit() {
            Exit::Ok => Style::new().green().bold(),
            Exit::Failed => Style::new().red().bold(),
            _ => Style::new().yellow().bold(),
        }
    }
}

const fn proof_word(proof: Proof) -> &'static str {
    match proof {
        Proof::Signed(Method::Md5) => "md5",
        Proof::Signed(Method::HmacSha256) => "hmac_sha256",
        Proof::ExemptByPolicy => "exempt_by_policy",
    }
}
