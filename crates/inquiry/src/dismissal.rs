//! Putting down that a person looked at a number, and that nobody else needs to.

use crate::ask::ATTEMPTS_MAX;
use crate::learning;
use hongbao_ledger::Inquiry;
use hongbao_ledger::{Expect, Inquiries, InquiryCommit, Key, LedgerError};
use jiff::Timestamp;

/// Notes that a person looked at a number at `at`: it needs nobody any more, and is not due by
/// itself. [`Inquirer::follow`](crate::Inquirer::follow) makes it due again, and so does asking or
/// sending. What is known of it, and with it what may be paid, stays as it is.
///
/// Returns it as it then is; `None` where the ledger does not know it.
///
/// # Errors
/// What the ledger says; [`LedgerError::Conflict`] where others change it all the time.
pub async fn dismiss(
    ledger: &dyn Inquiries,
    key: &Key,
    at: Timestamp,
) -> Result<Option<Inquiry>, LedgerError> {
    let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    for _ in 0..ATTEMPTS_MAX {
        let Some(known) = ledger.inquiry(key).await? else { return Ok(None) };
        if known.attention.is_none() && known.due_at.is_none() {
            return Ok(Some(known));
        }
        let expect = Expect::Version(known.version);
        let inquiry = Inquiry { attention: None, due_at: None, ..known };
        let commit = InquiryCommit {
            inquiry: inquiry.clone(),
            expect,
            numbers_of_ref: None,
            entries: vec![learning::intent(at, "dismissed")],
        };
        match ledger.commit_inquiry(commit).await {
            Ok(version) => return Ok(Some(Inquiry { version, ..inquiry })),
            Err(LedgerError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(LedgerError::Conflict)
}
