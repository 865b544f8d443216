//! Every word that people and scripts meet, by kind, with its explanation.

use crate::args::FaultName;
use crate::commands::doctor::Symptom;
use crate::commands::import::ImportProblem;
use crate::commands::ledger::FAULTS;
use crate::commands::reconcile::Problem;
use crate::culprit::Mistake;
use crate::exit::Exit;
use crate::lang::{self, Lang};
use hongbao_inquiry::Attention;
use hongbao_inquiry::fund_flow;
use hongbao_inquiry::reconcile::Difference;
use hongbao_wire::{ErrorCode, NextStep, Status, Verdict};

/// Every status of the page, in the order of a packet's life.
const STATUSES: [Status; 6] = [
    Status::Sending,
    Status::Sent,
    Status::Failed,
    Status::Received,
    Status::RefundIng,
    Status::Refund,
];

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `status` of a packet.
    Status,
    /// `err_code` of a call.
    ErrorCode,
    /// A verdict.
    Verdict,
    /// A next step.
    NextStep,
    /// Why a person is needed.
    Attention,
    /// In what a packet differs from what a file expects.
    Difference,
    /// What is wrong with a row of a file.
    RowProblem,
    /// In what a packet differs from its movements of money.
    Movement,
    /// An exit code.
    Exit,
    /// A code of a failure of ours.
    Failure,
    /// A fault of the sandbox.
    Fault,
    /// A mistake in a signature.
    Mistake,
    /// A finding of `hongbao doctor`.
    Finding,
    /// What `hongbao ledger verify` can find.
    LedgerFault,
}

impl Kind {
    /// Every kind, in the order of the list.
    pub const ALL: [Self; 14] = [
        Self::Status,
        Self::ErrorCode,
        Self::Verdict,
        Self::NextStep,
        Self::Attention,
        Self::Difference,
        Self::RowProblem,
        Self::Movement,
        Self::Exit,
        Self::Failure,
        Self::Fault,
        Self::Mistake,
        Self::Finding,
        Self::LedgerFault,
    ];

    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::ErrorCode => "err_code",
            Self::Verdict => "verdict",
            Self::NextStep => "next_step",
            Self::Attention => "attention",
            Self::Difference => "difference",
            Self::RowProblem => "row_problem",
            Self::Movement => "movement",
            Self::Exit => "exit_code",
            Self::Failure => "failure",
            Self::Fault => "fault",
            Self::Mistake => "sign_culprit",
            Self::Finding => "finding",
            Self::LedgerFault => "ledger_fault",
        }
    }

    /// What the names of its texts begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Status => "about-status-",
            Self::ErrorCode => "about-err-",
            Self::Verdict => "about-verdict-",
            Self::NextStep => "step-",
            Self::Attention => "about-attention-",
            Self::Difference => "about-difference-",
            Self::RowProblem => "about-row-",
            Self::Movement => "about-movement-",
            Self::Exit => "about-exit-",
            Self::Failure => "about-failure-",
            Self::Fault => "fault-",
            Self::Mistake => "mistake-",
            Self::Finding => "about-finding-",
            Self::LedgerFault => "about-fault-",
        }
    }

    /// Its words.
    #[must_use]
    pub fn words(self) -> Vec<String> {
        match self {
            Self::Status => STATUSES.iter().map(ToString::to_string).collect(),
            Self::ErrorCode => ErrorCode::KNOWN.iter().map(ToString::to_string).collect(),
            Self::Verdict => Verdict::WORDS.map(str::to_owned).to_vec(),
            Self::NextStep => NextStep::ALL.map(|step| step.as_str().to_owned()).to_vec(),
            Self::Difference => Difference::ALL.map(|d| d.as_str().to_owned()).to_vec(),
            Self::RowProblem => {
                let words = Problem::WORDS.iter().chain(&ImportProblem::WORDS);
                words.map(|word| (*word).to_owned()).collect()
            }
            Self::Movement => fund_flow::Difference::ALL.map(|d| d.as_str().to_owned()).to_vec(),
            Self::Attention => Attention::ALL.map(|why| why.as_str().to_owned()).to_vec(),
            Self::Exit => Exit::ALL.map(|exit| exit.code().to_string()).to_vec(),
            Self::Failure => {
                let names = lang::names(self.prefix()).into_iter();
                names.map(|name| name[self.prefix().len()..].to_owned()).collect()
            }
            Self::Fault => FaultName::ALL.iter().map(|fault| fault.as_str().to_owned()).collect(),
            Self::Finding => Symptom::ALL.map(|symptom| symptom.as_str().to_owned()).to_vec(),
            Self::LedgerFault => FAULTS.map(str::to_owned).to_vec(),
            Self::Mistake => Mistake::ALL.map(|mistake| mistake.as_str().to_owned()).to_vec(),
        }
    }
}

/// One word, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its kind.
    pub kind: Kind,
    /// As it is written.
    pub word: String,
}

impl Word {
    /// What it means, where `lang` has an explanation.
    #[must_use]
    pub fn meaning(&self, lang: Lang) -> Option<String> {
        lang.find(&self.text_name(), &[])
    }

    /// What to do, where that needs saying.
    #[must_use]
    pub fn what_to_do(&self, lang: Lang) -> Option<String> {
        lang.find(&format!("{}.do", self.text_name()), &[])
    }

    /// Whether it, and nothing less, permits a new bill number.
    #[must_use]
    pub fn permits_new_billno(&self) -> bool {
        match self.kind {
            Kind::Status => self.word == Status::Failed.as_str(),
            Kind::Verdict => self.word == "failed",
            Kind::NextStep => self.word == NextStep::NewBillnoPermitted.as_str(),
            Kind::Exit => self.word == Exit::Failed.code().to_string(),
            Kind::ErrorCode
            | Kind::Attention
            | Kind::Difference
            | Kind::RowProblem
            | Kind::Movement
            | Kind::Failure
            | Kind::Fault
            | Kind::Mistake
            | Kind::Finding
            | Kind::LedgerFault => false,
        }
    }

    fn text_name(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.word)
    }
}

/// Every word.
#[must_use]
pub fn all() -> Vec<Word> {
    let of = |kind: Kind| kind.words().into_iter().map(move |word| Word { kind, word });
    Kind::ALL.into_iter().flat_map(of).collect()
}

/// The words that `asked` can mean: case does not count, nor `-` for `_`. A spelling of
/// `RFUND_ING` that is accepted on the wire counts as it.
#[must_use]
pub fn find(asked: &str) -> Vec<Word> {
    let plain = |text: &str| text.trim().replace('-', "_").to_ascii_uppercase();
    let wanted = plain(asked);
    let wanted = match Status::from_wire(&wanted) {
        Status::Unknown(_) => wanted,
        known => known.to_string(),
    };
    let mut found: Vec<Word> =
        all().into_iter().filter(|entry| plain(&entry.word) == wanted).collect();
    // written exactly so, it is meant exactly so: `FAILED` the status, `failed` the verdict
    if found.iter().any(|entry| entry.word == asked) {
        found.retain(|entry| entry.word == asked);
    }
    found
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod tests;
