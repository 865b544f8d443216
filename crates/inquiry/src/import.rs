//! Taking in what a person's file says of packets: an old ledger, a table of finance, the
//! merchant console's export.
//!
//! A file is hearsay, whoever wrote it. What is imported:
//!
//! - **proves nothing.** No verdict comes of it, least of all that a packet failed; it is
//!   [`Unknown::Imported`] until WeChat Pay has answered, and beyond the 30 days without a verdict.
//!   Lists show it under the status [`IMPORTED`], never under the one that the file claims.
//! - **blocks what could pay twice.** The number counts as a packet from elsewhere: nothing is
//!   sent under it from here, nor under another number of its reference.
//! - **is never sent again**, as no order is known: whoever follows only asks.
//! - **changes nothing** of a number that the ledger knows already.
//!
//! A packet that was sent within the 30 days is due at once. Of an older one nobody will ever
//! know more: where the file says that it was received or refunded, the conclusion's words say so
//! too, with the cause `imported`, and reports count it. `Verdict::recall` knows no such words.

mod claim;
mod difference;

pub use claim::{Claim, ClaimFault};
pub use hongbao_ledger::inquiry::IMPORTED;

use crate::account::Account;
use crate::ask::ATTEMPTS_MAX;
use crate::learning;
use crate::standing::has_closed;
use hongbao_ledger::inquiry::{Conclusion, Seen};
use hongbao_ledger::{Entry, Expect, Inquiries, Inquiry, InquiryCommit, Key, LedgerError, Source};
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{MchBillno, NextStep, Status, Verdict};
use jiff::Timestamp;

/// The cause of what was concluded from a file alone.
const CAUSE: &str = "imported";

/// What a row of a file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The ledger did not know the number; now it does.
    New,
    /// The ledger knew the number, and nothing was changed. In these fields, by their names on
    /// the wire, it knows something else than the file says.
    Known(Vec<&'static str>),
    /// Nothing was imported: the reference was paid from this ledger, under another number.
    RefTaken(MchBillno),
}

/// What the ledger had to say of a claim.
enum Looked {
    /// Nothing is to be imported.
    Settled(Imported),
    /// The number is unknown; how many numbers its reference has, where it has one.
    Free(Option<u32>),
}

/// Notes a packet that a row of a file names, at `now`. What the ledger knows already stays as it
/// is; so importing twice changes nothing, and an import that broke off is simply begun again. The number is noted
/// only while its reference has the numbers that were looked at: one that is paid meanwhile is taken.
///
/// # Errors
/// What the ledger says; [`LedgerError::Conflict`] where others change the number all the time.
pub async fn import(
    ledger: &dyn Inquiries,
    account: &Account,
    claim: &Claim,
    now: Timestamp,
) -> Result<Imported, LedgerError> {
    for _ in 0..ATTEMPTS_MAX {
        let numbers_of_ref = match look(ledger, account, claim).await? {
            Looked::Settled(imported) => return Ok(imported),
            Looked::Free(numbers_of_ref) => numbers_of_ref,
        };
        let commit = InquiryCommit { numbers_of_ref, ..commit(account, claim, now) };
        match ledger.commit_inquiry(commit).await {
            Ok(_) => return Ok(Imported::New),
            // somebody else noted it, or another number of its reference, meanwhile
            Err(LedgerError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(LedgerError::Conflict)
}

/// What [`import`] would do, without doing it.
///
/// # Errors
/// What the ledger says.
pub async fn preview(
    ledger: &dyn Inquiries,
    account: &Account,
    claim: &Claim,
) -> Result<Imported, LedgerError> {
    Ok(match look(ledger, account, claim).await? {
        Looked::Settled(imported) => imported,
        Looked::Free(_) => Imported::New,
    })
}

async fn look(
    ledger: &dyn Inquiries,
    account: &Account,
    claim: &Claim,
) -> Result<Looked, LedgerError> {
    let key = Key::new(account.mch_id.clone(), claim.mch_billno.clone());
    if let Some(known) = ledger.inquiry(&key).await? {
        return Ok(Looked::Settled(Imported::Known(difference::of(claim, &known))));
    }
    let Some(business_ref) = &claim.business_ref else { return Ok(Looked::Free(None)) };
    let others = ledger.inquiries_of_ref(account.mch_id.as_str(), business_ref).await?;
    let numbers = u32::try_from(others.len()).unwrap_or(u32::MAX);
    let ours = others.into_iter().find(|other| other.sends > 0 || other.order.is_some());
    Ok(match ours {
        Some(ours) => Looked::Settled(Imported::RefTaken(ours.key.mch_billno)),
        None => Looked::Free(Some(numbers)),
    })
}

/// Whether the words say from a file alone what became of a packet beyond the 30 days.
pub(crate) fn is_counted(conclusion: &Conclusion) -> bool {
    conclusion.cause.as_deref() == Some(CAUSE)
        && ["received", "refunded"].contains(&&*conclusion.verdict)
}

fn commit(account: &Account, claim: &Claim, now: Timestamp) -> InquiryCommit {
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let mut inquiry = Inquiry {
        key: Key::new(account.mch_id.clone(), claim.mch_billno.clone()),
        appid: account.appid.clone(),
        business_ref: claim.business_ref.clone(),
        order: None,
        noted_at: now,
        sent_at: claim.sent_at,
        sends: 0,
        asks: 0,
        asked_at: None,
        answered_at: None,
        conclusion: learning::conclusion(&Verdict::Unknown(Unknown::Imported)),
        unknown_since: Some(now),
        is_contradicted: false,
        seen: None,
        reply: None,
        send_reply: None,
        due_at: Some(now),
        attention: None,
        version: 0,
    };
    let mut seen = seen(claim);
    if has_closed(&inquiry, now) {
        inquiry.due_at = None;
        count(claim, &mut inquiry, &mut seen);
    }
    inquiry.seen = Some(seen);
    let raw = Some(claim.to_json().into_bytes().into());
    let entry = Entry { at: now, source: Source::Admin, event: "imported".into(), raw };
    InquiryCommit { inquiry, expect: Expect::Absent, numbers_of_ref: None, entries: vec![entry] }
}

/// What lists show: nothing of what became of it.
fn seen(claim: &Claim) -> Seen {
    Seen {
        status: IMPORTED.into(),
        detail_id: claim.detail_id.clone(),
        total_amount: claim.total_amount,
        reason: claim.status.clone(),
        act_name: claim.act_name.clone(),
        sender_name: claim.sender_name.clone(),
        send_time: claim.sent_at,
        openid: claim.openid.clone(),
        amount: None,
        rcv_time: None,
        refund_amount: None,
        refund_time: None,
    }
}

/// Takes the file's word for a packet of which nobody will know more: where the money is. It moves
/// whole, where the row does not say how much of it.
fn count(claim: &Claim, inquiry: &mut Inquiry, seen: &mut Seen) {
    let verdict = match claim.claimed() {
        Some(Status::Received) => {
            seen.amount = claim.received.or(claim.total_amount);
            seen.rcv_time = claim.rcv_time;
            "received"
        }
        Some(Status::Refund) => {
            seen.refund_amount = claim.refunded.or(claim.total_amount);
            seen.refund_time = claim.refund_time;
            "refunded"
        }
        _ => return,
    };
    inquiry.unknown_since = None;
    inquiry.conclusion = Conclusion {
        verdict: verdict.into(),
        cause: Some(CAUSE.into()),
        next_step: NextStep::LedgerOrConsole.as_str().into(),
        is_final: false,
    };
}
