//! What is left of a call that was not processed: the watch must know that somebody
//! was answered, though nothing was stored.

use crate::breakage;
use crate::fault::FaultRule;
use crate::issuer::{ATTEMPTS_MAX, Issuer};
use crate::life::State;
use crate::packet::{self, Changes};
use crate::send::{Draft, Incoming};
use crate::watch::{self, Heard};
use hongbao_ledger::{Entry, Expect, Key, LedgerError, Merchant, Source};

impl Issuer {
    /// A send that was not processed leaves nothing but a trace for the watch. `plain` is
    /// what the merchant hears where no fault says something else.
    pub(crate) async fn leave_trace(&self, incoming: Incoming<'_>, plain: Heard) {
        if !self.config.watch {
            return;
        }
        for _ in 0..ATTEMPTS_MAX {
            match self.try_leave_trace(incoming, plain.clone()).await {
                Ok(()) => return,
                Err(LedgerError::Conflict) => {}
                Err(error) => {
                    tracing::warn!(%error, "what a merchant was told could not be noted");
                    return;
                }
            }
        }
    }

    async fn try_leave_trace(
        &self,
        incoming: Incoming<'_>,
        plain: Heard,
    ) -> Result<(), LedgerError> {
        let Incoming { key, raw, now, call, .. } = incoming;
        let mut draft = match self.ledger.find(key).await? {
            Some(record) => {
                let expect = Expect::Version(record.version);
                Draft { record, expect, changes: Changes::default(), findings: Vec::new() }
            }
            None => {
                let mut draft = self.first_draft(incoming).await?;
                draft.changes.entries.push(Entry {
                    at: now,
                    source: Source::Merchant,
                    event: packet::word(State::Unstored).into(),
                    raw: Some(raw.into()),
                });
                draft
            }
        };
        self.note(incoming, &mut draft, plain, false);
        self.commit_if_changed(call, draft).await
    }

    /// Notes that a call was answered without being processed, where the packet is known.
    pub(crate) async fn note_unprocessed(&self, key: &Key, merchant: &Merchant, rule: &FaultRule) {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_note(key, merchant, rule).await {
                Ok(()) => return,
                Err(LedgerError::Conflict) => {}
                Err(error) => {
                    tracing::warn!(%error, "what a merchant was told could not be noted");
                    return;
                }
            }
        }
    }

    async fn try_note(
        &self,
        key: &Key,
        merchant: &Merchant,
        rule: &FaultRule,
    ) -> Result<(), LedgerError> {
        if !self.config.watch {
            return Ok(());
        }
        let Some(mut record) = self.ledger.find(key).await? else { return Ok(()) };
        let expect = Expect::Version(record.version);
        let mut changes = Changes::default();
        let heard = breakage::heard(rule, Heard::Nothing, false, &self.config.style);
        watch::note(&mut record, &mut changes, &heard, self.now());
        if changes.entries.is_empty() {
            return Ok(());
        }
        self.ledger.commit(self.commit_of(record, expect, changes, merchant)).await.map(|_| ())
    }
}
