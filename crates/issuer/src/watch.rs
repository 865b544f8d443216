//! The watch on the merchant: was an unclear outcome answered with a new number?
//!
//! Every answer tells the merchant something about one number. Where that was unclear, and
//! the same openid and amount come again under a new number, somebody may be paid twice
//! (seed, notes; `protocol.md` §7). What was told last is kept in [`Record::told`], the word
//! of it in the history; both are written only when `told` changes.

use crate::life::State;
use crate::packet::{self, Changes};
use hongbao_ledger::record::Told;
use hongbao_ledger::{Entry, Finding, Key, Ledger, LedgerError, Record, Source};
use jiff::{SignedDuration, Timestamp};

/// How long an unclear number is remembered: as long as a query answers for it.
pub(crate) const WATCHED: SignedDuration = crate::reply::QUERY_WINDOW;
/// Begins the history's words on what the merchant was told.
const TOLD: &str = "told:";

/// What an answer lets the merchant know of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing new.
    Nothing,
    /// That the order stands, or its status.
    Clear,
    /// For certain that it failed.
    Failed,
    /// Nothing from which the outcome can be known; the word that findings show.
    Unclear(Box<str>),
}

/// What the true status of a record lets the merchant know.
///
/// SENDING with a `reason` is unclear: the order was refused so far and the number may
/// still be paid, so it is no licence for a new one (`protocol.md` §7 story 4).
pub(crate) fn heard_of(record: &Record) -> Heard {
    match packet::state(record) {
        State::Unstored | State::Accepted => Heard::Unclear("NOT_FOUND".into()),
        State::Refused => Heard::Unclear("SENDING".into()),
        State::Failed => Heard::Failed,
        _ => Heard::Clear,
    }
}

/// What the merchant was told last, after `heard`. A failure told for certain stays told.
fn told_after(told: Told, heard: &Heard) -> Told {
    match (told, heard) {
        (Told::Failed, _) => Told::Failed,
        (told, Heard::Nothing) => told,
        (_, Heard::Clear) => Told::Clear,
        (_, Heard::Failed) => Told::Failed,
        (_, Heard::Unclear(_)) => Told::Unclear,
    }
}

/// Whether telling the record's status once more changes nothing, so that its reply may be
/// given without looking.
pub(crate) fn is_settled(record: &Record) -> bool {
    told_after(record.told, &heard_of(record)) == record.told
}

/// Notes what the merchant is about to hear, where that changes what it knows.
pub(crate) fn note(record: &mut Record, changes: &mut Changes, heard: &Heard, at: Timestamp) {
    let told = told_after(record.told, heard);
    if told == record.told {
        return;
    }
    record.told = told;
    let word = match heard {
        Heard::Nothing => return,
        Heard::Clear => "clear",
        Heard::Failed => "FAILED",
        Heard::Unclear(word) => word,
    };
    let event = format!("{TOLD}{word}").into();
    changes.entries.push(Entry { at, source: Source::Issuer, event, raw: None });
}

/// The double payments in the making that a send under a new number reveals. Each
/// unclear number is found once, by the first that replaces it.
pub(crate) async fn findings(
    ledger: &dyn Ledger,
    second: &Record,
    now: Timestamp,
) -> Result<Vec<Finding>, LedgerError> {
    let Key { mch_id, mch_billno } = &second.key;
    let order = &second.order;
    let since = now.checked_sub(WATCHED).unwrap_or(Timestamp::MIN);
    let mut unclear =
        ledger.unclear(mch_id.as_str(), &order.re_openid, order.total_amount, since).await?;
    unclear.retain(|first| first.key != second.key);
    if unclear.is_empty() {
        return Ok(Vec::new());
    }
    let known = ledger.findings(Some(mch_id.as_str())).await?;
    let mut findings = Vec::new();
    for first in unclear {
        if known.iter().any(|finding| finding.first_billno == first.key.mch_billno) {
            continue;
        }
        findings.push(Finding {
            mch_id: mch_id.clone(),
            at: now,
            told: last_word(&ledger.history(&first.key).await?),
            first_billno: first.key.mch_billno,
            second_billno: mch_billno.clone(),
            re_openid: order.re_openid.clone(),
            total_amount: order.total_amount,
        });
    }
    Ok(findings)
}

fn last_word(history: &[Entry]) -> Box<str> {
    let words = history.iter().rev().filter_map(|entry| entry.event.strip_prefix(TOLD));
    words.into_iter().next().unwrap_or("unclear").into()
}
