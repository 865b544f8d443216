//! The heart: from what was observed and what is known to a verdict and a next step.
//!
//! | observed | verdict | next step |
//! |---|---|---|
//! | status RECEIVED / REFUND | [`Verdict::Received`] / [`Verdict::Refunded`], final | done |
//! | status FAILED | [`Verdict::Failed`], final | a new bill number is permitted |
//! | a verified record that a settled verdict excludes | [`Verdict::Unknown`] | a person looks; the number stays |
//! | status SENT, RFUND_ING | [`Verdict::Open`] | ask again on schedule |
//! | status SENDING | [`Verdict::Open`]; with `reason`: refused so far | ask again; the same number may be re-sent |
//! | another status | [`Verdict::Unknown`] | a person looks; the number stays |
//! | NOT_FOUND | [`Verdict::Unknown`] | check that it is ours; ask again in minutes, or re-send the SAME number |
//! | no record, asked more than 30 days after sending | [`Verdict::BeyondWindow`] | the ledger, else the merchant console |
//! | FREQ_LIMIT, SYSTEMERROR, PSYSTEMERROR, silence | [`Verdict::NoAnswer`] | ask again, slower |
//! | CA_ERROR, SIGN_ERROR, NO_AUTH, PARAM_ERROR, XML_ERROR, HTTP 400 | [`Verdict::NoAnswer`] | fix the set-up; the number stays |
//! | any other `err_code` | [`Verdict::Unknown`] | a person calls support; the number stays |
//! | unreadable in any way | [`Verdict::Unknown`] | the number stays; the raw bytes are kept |
//!
//! Source: the seed's notes, `protocol.md` §1.4, §3, §7, §9. Texts for people
//! (`err_code_des`, `return_msg`, the words of `reason`) are never looked at:
//! of `reason` only whether there is one.

use crate::error_code::ErrorCode;
use crate::observation::{Observation, Unreadable};
use crate::query::QueryReply;
use crate::send::SendReply;
use crate::sign::Verified;
use crate::status::Status;
use jiff::{SignedDuration, Timestamp};

/// How long WeChat Pay answers for a packet after it was sent (seed, first note).
pub const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What became of a packet, as far as can truthfully be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has the money. Final.
    Received,
    /// Unclaimed, and the money went back. Final.
    Refunded,
    /// Failed for certain. Final, and the only verdict that permits a new bill number.
    Failed(Failed),
    /// On its way: it may still become anything.
    Open(Open),
    /// Nothing can be said; the number stays.
    Unknown(Unknown),
    /// WeChat Pay no longer answers for it.
    BeyondWindow,
    /// The question was not answered: nothing is learnt of the packet.
    NoAnswer(NoAnswer),
}

/// Proof of failure. Only [`judge`] makes one, from a verified reply whose status is FAILED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(());

/// Where an open packet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A send was accepted; ask the query.
    Accepted,
    /// A send said PROCESSING; ask after 20 minutes.
    Processing,
    /// SENDING.
    Sending,
    /// Refused so far: SENDING with a reason, or a send that ran into a limit.
    Refused,
    /// SENT: not yet opened.
    Sent,
    /// RFUND_ING: the money is on its way back.
    Refunding,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A verified status that this version does not know.
    Status(Box<str>),
    /// NOT_FOUND: not yet stored, or never stored.
    NotFound,
    /// A send said SEND_FAILED: only the query can confirm it.
    SaidFailed,
    /// A send said FATAL_ERROR: the number stands for an order with other parameters.
    OtherOrder,
    /// An `err_code` outside the tables, or a failure without one.
    Code(Option<ErrorCode>),
    /// The reply cannot be trusted to mean anything.
    Unreadable(Unreadable),
    /// Two verified replies exclude each other.
    Contradiction,
    /// A person's file names it, and nobody has asked yet: what a file says proves nothing.
    Imported,
}

/// Why the question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Busy, slow or away: the same question may be asked again, slower.
    TryAgain,
    /// Certificate, signature, permission or parameters: asking again changes nothing.
    FixSetUp,
}

/// What to do next. None but [`NextStep::NewBillnoPermitted`] allows a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// Nothing.
    Done,
    /// The payment may be made again under a new bill number.
    NewBillnoPermitted,
    /// Ask again on schedule.
    AskAgain,
    /// Ask again after 20 minutes.
    AskIn20Minutes,
    /// Ask again; the same number may also be re-sent once the cause is gone.
    AskAgainOrResendSame,
    /// Check that the number is ours; ask again in minutes, or re-send the SAME number.
    CheckThenAskOrResendSame,
    /// Ask again, slower.
    AskAgainSlower,
    /// Ask the query: only it can confirm.
    AskTheQuery,
    /// Fix the set-up.
    FixSetUp,
    /// A person looks; the number stays.
    PersonLooks,
    /// A person calls WeChat Pay's support; the number stays.
    CallSupport,
    /// The ledger answers if it knows; else the merchant console does.
    LedgerOrConsole,
}

impl NextStep {
    /// Every next step.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::NewBillnoPermitted,
        Self::AskAgain,
        Self::AskIn20Minutes,
        Self::AskAgainOrResendSame,
        Self::CheckThenAskOrResendSame,
        Self::AskAgainSlower,
        Self::AskTheQuery,
        Self::FixSetUp,
        Self::PersonLooks,
        Self::CallSupport,
        Self::LedgerOrConsole,
    ];

    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NewBillnoPermitted => "new_billno_permitted",
            Self::AskAgain => "ask_again",
            Self::AskIn20Minutes => "ask_in_20_minutes",
            Self::AskAgainOrResendSame => "ask_again_or_resend_same",
            Self::CheckThenAskOrResendSame => "check_then_ask_or_resend_same",
            Self::AskAgainSlower => "ask_again_slower",
            Self::AskTheQuery => "ask_the_query",
            Self::FixSetUp => "fix_set_up",
            Self::PersonLooks => "person_looks",
            Self::CallSupport => "call_support",
            Self::LedgerOrConsole => "ledger_or_console",
        }
    }
}

impl Verdict {
    /// The stable words of the JSON contract, one for each variant.
    pub const WORDS: [&'static str; 7] =
        ["received", "refunded", "failed", "open", "unknown", "beyond_window", "no_answer"];

    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Failed(_) => "failed",
            Self::Open(_) => "open",
            Self::Unknown(_) => "unknown",
            Self::BeyondWindow => "beyond_window",
            Self::NoAnswer(_) => "no_answer",
        }
    }

    /// Why this verdict and not another of the same word: a stable word of the JSON contract.
    #[must_use]
    pub const fn cause(&self) -> Option<&'static str> {
        Some(match self {
            Self::Received | Self::Refunded | Self::Failed(_) | Self::BeyondWindow => return None,
            Self::Open(Open::Accepted) => "accepted",
            Self::Open(Open::Processing) => "processing",
            Self::Open(Open::Sending) => "sending",
            Self::Open(Open::Refused) => "refused",
            Self::Open(Open::Sent) => "sent",
            Self::Open(Open::Refunding) => "refunding",
            Self::Unknown(Unknown::Status(_)) => "unknown_status",
            Self::Unknown(Unknown::NotFound) => "not_found",
            Self::Unknown(Unknown::SaidFailed) => "said_failed",
            Self::Unknown(Unknown::OtherOrder) => "other_order",
            Self::Unknown(Unknown::Code(_)) => "unknown_code",
            Self::Unknown(Unknown::Unreadable(_)) => "unreadable",
            Self::Unknown(Unknown::Contradiction) => "contradiction",
            Self::Unknown(Unknown::Imported) => "imported",
            Self::NoAnswer(NoAnswer::TryAgain) => "try_again",
            Self::NoAnswer(NoAnswer::FixSetUp) => "fix_set_up",
        })
    }

    /// The verdict that was told by its words, [`Verdict::as_str`] and [`Verdict::cause`]; what
    /// the words do not hold (a status, a code, why it was unreadable) is left out. `None` for
    /// other words, and for `failed`: words prove nothing.
    #[must_use]
    pub fn recall(word: &str, cause: Option<&str>) -> Option<Self> {
        Some(match (word, cause) {
            ("received", None) => Self::Received,
            ("refunded", None) => Self::Refunded,
            ("beyond_window", None) => Self::BeyondWindow,
            ("open", Some(cause)) => Self::Open(match cause {
                "accepted" => Open::Accepted,
                "processing" => Open::Processing,
                "sending" => Open::Sending,
                "refused" => Open::Refused,
                "sent" => Open::Sent,
                "refunding" => Open::Refunding,
                _ => return None,
            }),
            ("unknown", Some(cause)) => Self::Unknown(match cause {
                "unknown_status" => Unknown::Status("".into()),
                "not_found" => Unknown::NotFound,
                "said_failed" => Unknown::SaidFailed,
                "other_order" => Unknown::OtherOrder,
                "unknown_code" => Unknown::Code(None),
                "unreadable" => Unknown::Unreadable(Unreadable::Recalled),
                "contradiction" => Unknown::Contradiction,
                "imported" => Unknown::Imported,
                _ => return None,
            }),
            ("no_answer", Some("try_again")) => Self::NoAnswer(NoAnswer::TryAgain),
            ("no_answer", Some("fix_set_up")) => Self::NoAnswer(NoAnswer::FixSetUp),
            _ => return None,
        })
    }

    /// Whether nothing can change any more.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Received | Self::Refunded | Self::Failed(_))
    }

    /// Whether the same payment may be made under a new bill number: only when it failed.
    #[must_use]
    pub const fn new_billno_permitted(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// What to do next.
    #[must_use]
    pub const fn next_step(&self) -> NextStep {
        match self {
            Self::Received | Self::Refunded => NextStep::Done,
            Self::Failed(_) => NextStep::NewBillnoPermitted,
            Self::Open(Open::Processing) => NextStep::AskIn20Minutes,
            Self::Open(Open::Sending | Open::Refused) => NextStep::AskAgainOrResendSame,
            Self::Open(Open::Accepted | Open::Sent | Open::Refunding) => NextStep::AskAgain,
            Self::Unknown(Unknown::NotFound) => NextStep::CheckThenAskOrResendSame,
            Self::Unknown(Unknown::SaidFailed | Unknown::Imported) => NextStep::AskTheQuery,
            Self::Unknown(Unknown::Code(_)) => NextStep::CallSupport,
            Self::Unknown(_) => NextStep::PersonLooks,
            Self::BeyondWindow => NextStep::LedgerOrConsole,
            Self::NoAnswer(NoAnswer::TryAgain) => NextStep::AskAgainSlower,
            Self::NoAnswer(NoAnswer::FixSetUp) => NextStep::FixSetUp,
        }
    }
}

/// What is known of a packet beside the newest observation.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// When it was sent, where we know.
    pub sent_at: Option<Timestamp>,
    settled: Option<Verdict>,
}

impl Known {
    /// Known to have been sent at `sent_at`, if at all, and never seen.
    #[must_use]
    pub const fn sent(sent_at: Option<Timestamp>) -> Self {
        Self { sent_at, settled: None }
    }

    /// The same, with two verified replies that exclude each other: that stays.
    #[must_use]
    pub fn contradicted(self) -> Self {
        Self { settled: Some(Verdict::Unknown(Unknown::Contradiction)), ..self }
    }

    /// The final verdict or the contradiction that earlier observations led to.
    #[must_use]
    pub const fn settled(&self) -> Option<&Verdict> {
        self.settled.as_ref()
    }

    /// Judges a query's observation at `asked_at` and remembers what it settled.
    pub fn observe(&mut self, seen: &Observation<QueryReply>, asked_at: Timestamp) -> Verdict {
        let verdict = judge(self, seen, asked_at);
        if verdict.is_final() || verdict == Verdict::Unknown(Unknown::Contradiction) {
            self.settled = Some(verdict.clone());
        }
        verdict
    }
}

/// Judges one observation of a query. The table is at the top of this module.
///
/// An open verdict settles nothing: whatever record comes next is taken at its word.
/// What is settled stays settled: neither a later failure to answer nor a record
/// from before it, which came late, unsettles it. A verified record that excludes
/// it is a contradiction, and that stays one.
#[must_use]
pub fn judge(known: &Known, seen: &Observation<QueryReply>, asked_at: Timestamp) -> Verdict {
    match (&known.settled, of_query(seen)) {
        (Some(settled), Fresh::Record(fresh)) => {
            if *settled == fresh || may_precede(&fresh, settled) {
                settled.clone()
            } else {
                Verdict::Unknown(Unknown::Contradiction)
            }
        }
        (Some(settled), Fresh::NoRecord(_)) => settled.clone(),
        (None, Fresh::Record(fresh)) => fresh,
        (None, Fresh::NoRecord(fresh)) => {
            if may_be_beyond(&fresh) && is_beyond(known.sent_at, asked_at) {
                Verdict::BeyondWindow
            } else {
                fresh
            }
        }
    }
}

/// Whether a packet that is `settled` now may have been `fresh` before (`protocol.md` §3).
fn may_precede(fresh: &Verdict, settled: &Verdict) -> bool {
    match fresh {
        Verdict::Open(Open::Sending | Open::Refused | Open::Sent) => settled.is_final(),
        Verdict::Open(Open::Refunding) => *settled == Verdict::Refunded,
        _ => false,
    }
}

/// Judges one observation of a send: never [`Verdict::Failed`], which only the query proves.
#[must_use]
pub fn judge_send(seen: &Observation<SendReply>) -> Verdict {
    match seen {
        Observation::Success(_) => Verdict::Open(Open::Accepted),
        Observation::Failure(failure) => match &failure.err_code {
            None if !failure.communicated => Verdict::NoAnswer(NoAnswer::TryAgain),
            None => Verdict::Unknown(Unknown::Code(None)),
            Some(code) => of_send_code(code),
        },
        Observation::Silence(_) => Verdict::NoAnswer(NoAnswer::TryAgain),
        Observation::CertificateRefused => Verdict::NoAnswer(NoAnswer::FixSetUp),
        Observation::Unreadable(why) => Verdict::Unknown(Unknown::Unreadable(why.clone())),
    }
}

/// What an observation says on its own.
enum Fresh {
    /// A verified record says it.
    Record(Verdict),
    /// There was no record to say anything.
    NoRecord(Verdict),
}

fn of_query(seen: &Observation<QueryReply>) -> Fresh {
    Fresh::NoRecord(match seen {
        Observation::Success(reply) => return Fresh::Record(of_record(reply)),
        Observation::Failure(failure) => match &failure.err_code {
            None if !failure.communicated => Verdict::NoAnswer(NoAnswer::TryAgain),
            None => Verdict::Unknown(Unknown::Code(None)),
            Some(code) => of_query_code(code),
        },
        Observation::Silence(_) => Verdict::NoAnswer(NoAnswer::TryAgain),
        Observation::CertificateRefused => Verdict::NoAnswer(NoAnswer::FixSetUp),
        Observation::Unreadable(why) => Verdict::Unknown(Unknown::Unreadable(why.clone())),
    })
}

/// The one place where [`Failed`] is made.
fn of_record(reply: &Verified<QueryReply>) -> Verdict {
    let reply = reply.get();
    match &reply.status {
        Status::Received => Verdict::Received,
        Status::Refund => Verdict::Refunded,
        Status::Failed => Verdict::Failed(Failed(())),
        Status::Sent => Verdict::Open(Open::Sent),
        Status::RefundIng => Verdict::Open(Open::Refunding),
        Status::Sending if reply.reason.is_some() => Verdict::Open(Open::Refused),
        Status::Sending => Verdict::Open(Open::Sending),
        Status::Unknown(word) => Verdict::Unknown(Unknown::Status(word.clone())),
    }
}

fn of_query_code(code: &ErrorCode) -> Verdict {
    match code {
        ErrorCode::NotFound => Verdict::Unknown(Unknown::NotFound),
        other => of_shared_code(other)
            .unwrap_or_else(|| Verdict::Unknown(Unknown::Code(Some(other.clone())))),
    }
}

fn of_send_code(code: &ErrorCode) -> Verdict {
    match code {
        ErrorCode::Processing => Verdict::Open(Open::Processing),
        ErrorCode::SendNumLimit
        | ErrorCode::SendAmountLimit
        | ErrorCode::RcvdAmountLimit
        | ErrorCode::NotEnough => Verdict::Open(Open::Refused),
        ErrorCode::IllegalAppid
        | ErrorCode::MoneyLimit
        | ErrorCode::OpenidError
        | ErrorCode::NoCompetence
        | ErrorCode::ApiMethodClosed => Verdict::NoAnswer(NoAnswer::FixSetUp),
        ErrorCode::SendFailed => Verdict::Unknown(Unknown::SaidFailed),
        ErrorCode::FatalError => Verdict::Unknown(Unknown::OtherOrder),
        other => of_shared_code(other)
            .unwrap_or_else(|| Verdict::Unknown(Unknown::Code(Some(other.clone())))),
    }
}

/// The codes that mean the same for a query and a send.
fn of_shared_code(code: &ErrorCode) -> Option<Verdict> {
    match code {
        ErrorCode::FreqLimit | ErrorCode::SystemError | ErrorCode::PSystemError => {
            Some(Verdict::NoAnswer(NoAnswer::TryAgain))
        }
        ErrorCode::CaError
        | ErrorCode::SignError
        | ErrorCode::NoAuth
        | ErrorCode::ParamError
        | ErrorCode::XmlError => Some(Verdict::NoAnswer(NoAnswer::FixSetUp)),
        _ => None,
    }
}

fn may_be_beyond(fresh: &Verdict) -> bool {
    matches!(fresh, Verdict::NoAnswer(_) | Verdict::Unknown(Unknown::NotFound))
}

fn is_beyond(sent_at: Option<Timestamp>, asked_at: Timestamp) -> bool {
    sent_at.is_some_and(|sent| asked_at.duration_since(sent) > WINDOW)
}
