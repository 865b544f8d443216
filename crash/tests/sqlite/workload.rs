//! Everything that a ledger is asked to change.

use crate::care::{Care, care};
use crate::given::inquiries::{asked, full_inquiry, noted, ordered};
use crate::given::{
    self, MCH_ID, OTHER_MCH_ID, at, budget, entry, fen, first, full_record, next, record,
};
use hongbao_crash::Fault;
use hongbao_ledger::inquiry::Sighting;
use hongbao_ledger::{
    Budget, Commit, Entry, Expect, Finding, Inquiries, Inquiry, InquiryCommit, Ledger, LedgerError,
    Merchant, SqliteLedger,
};
use hongbao_wire::Status;

/// One change, which is there as a whole or not at all.
#[derive(Clone, Debug)]
pub enum Step {
    AddMerchant(Box<Merchant>),
    UpdateMerchant(Box<Merchant>),
    TopUp(&'static str, u64),
    Set(&'static str, String),
    Commit(Box<Commit>),
    Inquire(Box<InquiryCommit>),
    BeginRun(String),
    Sight(String, Vec<Sighting>),
    EndRun(String),
    Care(Care),
}

/// What happens next.
#[derive(Clone, Debug)]
pub enum Act {
    One(Step),
    /// Changes that wait while another is written, and share a transaction then.
    Together(Vec<Step>),
    /// A change that fails and is made again once the fault is lifted; with a kill -9 in between or
    /// without.
    Struck {
        step: Step,
        fault: Fault,
        is_killed: bool,
    },
    /// The write-ahead log is brought into the database, or fails to be.
    Checkpoint(&'static str, Option<Fault>),
    /// The ledger is closed and opened again.
    Reopen,
    /// The process is killed and another one opens the ledger.
    Kill,
}

impl Act {
    /// The changes of it.
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::One(step) | Self::Struck { step, .. } => std::slice::from_ref(step),
            Self::Together(steps) => steps,
            Self::Checkpoint(..) | Self::Reopen | Self::Kill => &[],
        }
    }
}

/// The names of all settings that are ever set.
pub const SETTINGS: [&str; 3] = ["clock", "clerk", "after"];

impl Step {
    pub async fn play(&self, ledger: &SqliteLedger) -> Result<(), LedgerError> {
        match self.clone() {
            Self::AddMerchant(merchant) => ledger.add_merchant(*merchant).await,
            Self::UpdateMerchant(merchant) => ledger.update_merchant(*merchant).await,
            Self::TopUp(mch_id, amount) => ledger.top_up(mch_id, fen(amount)).await.map(drop),
            Self::Set(name, value) => ledger.set_setting(name, &value).await,
            Self::Commit(commit) => ledger.commit(*commit).await.map(drop),
            Self::Inquire(commit) => ledger.commit_inquiry(*commit).await.map(drop),
            Self::BeginRun(run) => ledger.begin_run(MCH_ID, &run, at(0)).await.map(drop),
            Self::Sight(run, rows) => ledger.sight(MCH_ID, &run, rows).await.map(drop),
            Self::EndRun(run) => ledger.end_run(MCH_ID, &run).await,
            Self::Care(care) => care.play(ledger).await,
        }
    }

    /// Whether it takes several transactions: rows of a run that has ended are forgotten
    /// bit by bit, and nothing reads them meanwhile.
    pub const fn is_gradual(&self) -> bool {
        matches!(self, Self::EndRun(_))
    }
}

/// Rounds of everything; a checkpoint of each kind and a new start come with some.
pub fn acts(rounds: u64) -> Vec<Act> {
    let rich = Merchant { name: "a rich one".into(), ..given::merchant(MCH_ID, 1_000_000) };
    let mut acts: Vec<Act> = [
        Step::AddMerchant(Box::new(rich)),
        Step::AddMerchant(Box::new(given::merchant(OTHER_MCH_ID, 5))),
    ]
    .map(Act::One)
    .into();
    for round in 0..rounds {
        acts.extend(packet(round).map(Act::One));
        acts.extend(inquiry(round).map(Act::One));
        acts.push(Act::Together(together(round)));
        acts.extend(beside(round).map(Act::One));
        let (packet, cares) = care(round);
        acts.push(Act::One(commit(packet)));
        acts.extend(cares.into_iter().map(|care| Act::One(Step::Care(care))));
        match round % 6 {
            0 => acts.push(Act::Checkpoint("PASSIVE", None)),
            1 => acts.push(Act::Reopen),
            2 => acts.push(Act::Checkpoint("RESTART", None)),
            3 => acts.push(Act::Checkpoint("TRUNCATE", None)),
            4 => acts.push(Act::Kill),
            _ => {}
        }
    }
    acts
}

/// Text that fills a part of a page, or several pages.
fn text(mch_billno: &str, version: u64, bytes: usize) -> Vec<u8> {
    format!("{mch_billno} {version} ").bytes().cycle().take(bytes).collect()
}

fn commit(commit: Commit) -> Step {
    Step::Commit(Box::new(commit))
}

/// A packet that takes from the budget, is sent, found to be paid twice, and refunded; and one
/// that is refused.
fn packet(round: u64) -> [Step; 5] {
    let mch_billno = format!("p{round}");
    let order = record(MCH_ID, &mch_billno);
    let raw = Entry { raw: Some(text(&mch_billno, 0, 300).into()), ..entry("accepted") };
    let accepted = Commit {
        entries: vec![raw, entry("told_unclear")],
        reply: Some(text(&mch_billno, 1, 900).into()),
        budget: Some(Budget {
            re_openid: format!("o{}", round % 3).as_str().into(),
            ..budget(100)
        }),
        ..first(order.clone())
    };
    let mut sent = order.clone();
    (sent.status, sent.due_at) = (Some(Status::Sent), Some(at(round as i64)));
    let mut refunded = full_record(MCH_ID, &mch_billno);
    refunded.order = order.order.clone();
    let finding = Finding {
        mch_id: MCH_ID.into(),
        at: at(round as i64),
        first_billno: format!("p{}", round.saturating_sub(1)).as_str().into(),
        second_billno: mch_billno.as_str().into(),
        re_openid: "oOther".into(),
        total_amount: fen(100),
        told: "SYSTEMERROR".into(),
    };
    let refunded = Commit {
        refund: Some(fen(100)),
        findings: vec![finding],
        reply: Some(text(&mch_billno, 3, if round.is_multiple_of(2) { 700 } else { 9_000 }).into()),
        ..next(refunded, 2)
    };
    let too_much = Commit {
        budget: Some(budget(6)),
        ..first(record(OTHER_MCH_ID, &format!("refused{round}")))
    };
    [
        commit(accepted),
        commit(next(sent.clone(), 1)),
        commit(refunded),
        commit(next(sent, 1)), // It is older than what is there.
        commit(too_much),
    ]
}

fn inquiry(round: u64) -> [Step; 2] {
    let mch_billno = format!("i{round}");
    let inquiry = cheap(ordered(MCH_ID, &mch_billno, &mch_billno));
    let first = InquiryCommit { numbers_of_ref: Some(0), ..noted(inquiry) };
    let mut full = cheap(full_inquiry(MCH_ID, &mch_billno));
    full.business_ref = Some(mch_billno.as_str().into());
    full.send_reply = Some(text(&mch_billno, 2, 1_500).into());
    [first, asked(full, 1)].map(|commit| Step::Inquire(Box::new(commit)))
}

/// The sum of all must stay below the most that there is.
fn cheap(mut inquiry: Inquiry) -> Inquiry {
    inquiry.order.iter_mut().for_each(|order| order.total_amount = fen(100));
    if let Some(seen) = &mut inquiry.seen {
        (seen.total_amount, seen.amount) = (Some(fen(100)), Some(fen(100)));
    }
    inquiry
}

/// Of both sides, one of them refused.
fn together(round: u64) -> Vec<Step> {
    let many = (0..4).map(|number| {
        let mch_billno = format!("t{round}x{number}");
        let budget = Budget { re_openid: "oMany".into(), ..budget(1) };
        let reply = Some(text(&mch_billno, 1, 900).into());
        commit(Commit { reply, budget: Some(budget), ..first(record(MCH_ID, &mch_billno)) })
    });
    let mut steps: Vec<Step> = many.collect();
    let again = Commit { expect: Expect::Absent, ..first(record(MCH_ID, &format!("p{round}"))) };
    steps.insert(2, commit(again));
    let inquiry = noted(cheap(ordered(OTHER_MCH_ID, &format!("t{round}"), "shared")));
    steps.push(Step::Inquire(Box::new(inquiry)));
    steps.push(Step::Set("clerk", format!("round {round}")));
    steps
}

/// Settings, money, merchants, a run over a file.
fn beside(round: u64) -> [Step; 6] {
    let run = format!("run {round}");
    let rows = (1..=20).map(|line| Sighting { mch_billno: format!("i{line}").into(), line });
    let merchant = Merchant {
        name: format!("round {round}").into(),
        version: round + 1,
        ..given::merchant(OTHER_MCH_ID, 0)
    };
    [
        Step::Set("clock", round.to_string()),
        Step::TopUp(MCH_ID, 10_000),
        Step::UpdateMerchant(Box::new(merchant)),
        Step::BeginRun(run.clone()),
        Step::Sight(run.clone(), rows.collect()),
        Step::EndRun(run),
    ]
}
