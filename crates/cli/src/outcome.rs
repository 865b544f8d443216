//! What one call about one bill number came to, as people and as scripts read it.

use crate::exit::Exit;
use crate::output::{Output, printable};
use crate::record::{self, Record};
use crate::say;
use crate::verdict_text as text;
use hongbao_client::{Call, Exchange};
use hongbao_inquiry::{Account, Asked, Origin, Sent};
use hongbao_ledger::Inquiry;
use hongbao_wire::observation::{Echo, Observation};
use hongbao_wire::sign::{Method, Proof};
use hongbao_wire::verdict::{NoAnswer, Unknown};
use hongbao_wire::{ErrorCode, NextStep, QueryReply, SendReply, Verdict, time};
use jiff::Timestamp;
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
    /// What is known now; `None` where the ledger does not know the number.
    pub inquiry: Option<&'o Inquiry>,
    /// What that means.
    pub verdict: &'o Verdict,
    /// What is behind it.
    pub behind: Behind<'o, R>,
}

/// What is behind a verdict.
pub enum Behind<'o, R> {
    /// What the payer was asked just now.
    Upstream(&'o Exchange<R>),
    /// The ledger; with its newest success, read again.
    Ledger(Option<Observation<R>>),
}

impl<'o> Outcome<'o, QueryReply> {
    /// What a question came to.
    #[must_use]
    pub fn of_query(asked: &'o Asked, account: &Account) -> Self {
        let inquiry = &asked.inquiry;
        let behind = Behind::of(&asked.origin, inquiry.reply.as_deref(), inquiry, account);
        Self::new(Call::Query, inquiry, &asked.verdict, behind)
    }

    /// That the ledger does not know a number, and nobody was asked.
    #[must_use]
    pub const fn of_stranger(mch_billno: &'o str) -> Self {
        let (inquiry, behind) = (None, Behind::Ledger(None));
        let verdict = &Verdict::NoAnswer(NoAnswer::TryAgain);
        Self { mch_billno, call: Call::Query, inquiry, verdict, behind }
    }
}

impl<'o> Outcome<'o, SendReply> {
    /// What a payment came to.
    #[must_use]
    pub fn of_send(sent: &'o Sent, account: &Account) -> Self {
        let inquiry = &sent.inquiry;
        let behind = Behind::of(&sent.origin, inquiry.send_reply.as_deref(), inquiry, account);
        Self::new(Call::Send, inquiry, &sent.verdict, behind)
    }
}

impl<'o, R: Echo> Behind<'o, R> {
    fn of(
        origin: &'o Origin<R>,
        kept: Option<&[u8]>,
        inquiry: &Inquiry,
        account: &Account,
    ) -> Self {
        let mch_billno = inquiry.key.mch_billno.as_str();
        match origin {
            Origin::Upstream(exchange) => Self::Upstream(exchange),
            Origin::Ledger { .. } => {
                Self::Ledger(kept.map(|reply| account.reread(mch_billno, reply)))
            }
        }
    }
}

impl<'o, R: Record> Outcome<'o, R> {
    fn new(call: Call, inquiry: &'o Inquiry, verdict: &'o Verdict, behind: Behind<'o, R>) -> Self {
        let mch_billno = inquiry.key.mch_billno.as_str();
        Self { mch_billno, call, inquiry: Some(inquiry), verdict, behind }
    }

    /// The exit code of this outcome alone.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        text::exit(self.verdict, self.call)
    }

    /// Prints it, for scripts or for people.
    pub fn print(&self, json: bool, out: &mut Output) {
        if json { out.json(&self.to_json()) } else { self.write(out) }
    }

    /// The object of the JSON contract (`docs/cli-json.md`).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let said = match self.observation() {
            Some(Observation::Failure(failure)) => Some(failure.description.to_string()),
            _ => None,
        };
        let at = |time: Option<Timestamp>| time.map(time::rfc3339);
        let exchange = self.exchange();
        let sent = exchange.filter(|_| self.call == Call::Send);
        let rest = json!({
            "exit_code": self.exit().code(),
            "source": self.source(),
            "asked_at": at(self.inquiry.and_then(|inquiry| inquiry.asked_at)),
            "answered_at": at(self.inquiry.and_then(|inquiry| inquiry.answered_at)),
            "err_code": self.err_code().map(ErrorCode::as_str),
            "err_code_des": said.filter(|text| !text.is_empty()),
            "http_status": exchange.and_then(|exchange| exchange.http_status),
            "host": exchange.map(|exchange| exchange.host.as_str()),
            "attempts": exchange.map(|exchange| exchange.attempts),
            "may_have_arrived": sent.map(|exchange| exchange.may_have_arrived),
            "signature": self.proof().map(proof_word),
            "alerts": self.alerts(),
            "record": self.record().map(|record| record::to_json(record)),
            "raw": self.unreadable(),
        });
        text::to_json(self.mch_billno, self.verdict, rest)
    }

    /// The verdict in words, the record, and what to do next.
    fn write(&self, out: &mut Output) {
        let words = self.words();
        out.data(format_args!("{}  {}", self.mch_billno.bold(), words.style(self.style())));
        for line in self.record().map(|record| record::to_lines(record)).unwrap_or_default() {
            out.data(line);
        }
        if let (Behind::Ledger(_), Some(inquiry)) = (&self.behind, self.inquiry) {
            out.talk(match inquiry.asked_at {
                Some(at) => say!("ask-from-ledger", at = record::readable(at)),
                None => say!("ask-from-ledger-never"),
            });
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

    /// The verdict in words, with what was observed; of the ledger, with what it still knows.
    fn words(&self) -> String {
        let Behind::Ledger(_) = &self.behind else {
            return text::words(self.verdict, || {
                self.exchange().map_or_else(String::new, text::why)
            });
        };
        let seen = self.inquiry.and_then(|inquiry| inquiry.seen.as_ref());
        match (self.verdict, seen) {
            (Verdict::Unknown(Unknown::Status(_)), Some(seen)) => {
                say!("verdict-unknown-status", status = seen.status)
            }
            (Verdict::Unknown(Unknown::Code(None)), _) => say!("verdict-unknown-code-recalled"),
            (verdict, _) => text::words(verdict, || match self.inquiry {
                None => say!("why-stranger"),
                Some(_) => say!("why-unanswered"),
            }),
        }
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

    const fn exchange(&self) -> Option<&'o Exchange<R>> {
        match &self.behind {
            Behind::Upstream(exchange) => Some(exchange),
            Behind::Ledger(_) => None,
        }
    }

    const fn source(&self) -> &'static str {
        match &self.behind {
            Behind::Upstream(_) => "upstream",
            Behind::Ledger(_) => "ledger",
        }
    }

    const fn observation(&self) -> Option<&Observation<R>> {
        match &self.behind {
            Behind::Upstream(exchange) => Some(&exchange.observation),
            Behind::Ledger(kept) => kept.as_ref(),
        }
    }

    fn record(&self) -> Option<&R> {
        match self.observation() {
            Some(Observation::Success(reply)) => Some(reply.get()),
            _ => None,
        }
    }

    const fn proof(&self) -> Option<Proof> {
        match self.observation() {
            Some(Observation::Success(reply)) => Some(reply.proof()),
            _ => None,
        }
    }

    fn err_code(&self) -> Option<&ErrorCode> {
        match self.observation() {
            Some(Observation::Success(reply)) => reply.get().err_code(),
            Some(Observation::Failure(failure)) => failure.err_code.as_ref(),
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
        let exchange = self.exchange()?;
        match &exchange.observation {
            Observation::Unreadable(_) => {
                exchange.raw.as_deref().map(|raw| String::from_utf8_lossy(raw).into_owned())
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
