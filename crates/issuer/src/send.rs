//! The turn of a send (`protocol.md` §1): one number, one packet, however often it is asked.

use crate::answer::{Answer, Delivery};
use crate::breakage::{self, Call, Said};
use crate::clock::later;
use crate::config::Mode;
use crate::fault::{FaultRule, On};
use crate::issuer::{ATTEMPTS_MAX, Issuer};
use crate::life::{Event, State};
use crate::packet::{self, Changes, Happening};
use crate::play;
use crate::reply;
use crate::rules::{self, Refusal};
use crate::watch::{self, Heard};
use hongbao_ledger::record::Told;
use hongbao_ledger::{Expect, Finding, Key, LedgerError, Merchant, Record, Source};
use hongbao_wire::{FailureReply, SendRequest};
use jiff::{SignedDuration, Timestamp};

/// How long a number that was not accepted can be sent again (`protocol.md` §1.5).
pub(crate) const RETRY_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// A send on its way through.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) request: &'a SendRequest,
    pub(crate) raw: &'a [u8],
    pub(crate) key: &'a Key,
    pub(crate) hit: Option<&'a FaultRule>,
    pub(crate) now: Timestamp,
}

/// A record about to change, and what the ledger must hold for it.
pub(crate) struct Draft {
    pub(crate) record: Record,
    pub(crate) expect: Expect,
    pub(crate) changes: Changes,
    pub(crate) findings: Vec<Finding>,
}

impl Issuer {
    /// Answers a send (`protocol.md` §1) whose certificate, fields and signatures were
    /// checked. `raw` is the request as it came, for the history.
    ///
    /// The same number with the same parameters gets the same bytes, for ever once it was
    /// accepted: only a number that was *not* accepted expires after 24 hours. Telling the
    /// sender of a paid packet SEND_FAILED would invite it to pay twice.
    pub async fn send(&self, merchant: &Merchant, request: &SendRequest, raw: &[u8]) -> Answer {
        let mch_billno = request.mch_billno.as_str();
        let call = self.call(On::Send, merchant, mch_billno);
        let key = Key { mch_id: merchant.mch_id.clone(), mch_billno: request.mch_billno.clone() };
        let mch_id = merchant.mch_id.as_str();
        let hit = self.faults.draw(&*self.ledger, On::Send, mch_id, mch_billno).await;
        let now = self.now();
        let incoming = Incoming { call, request, raw, key: &key, hit: hit.as_ref(), now };
        let Some(rule) = &hit else {
            return breakage::travelling(self.take(incoming).await, Delivery::Plain);
        };
        let mut said = None;
        if breakage::processes(rule) {
            said = Some(self.take(incoming).await);
        } else {
            self.leave_trace(incoming, Heard::Nothing).await;
        }
        breakage::answer(rule, call, said)
    }

    async fn take(&self, incoming: Incoming<'_>) -> Said {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_take(incoming).await {
                Ok(said) => return said,
                Err(LedgerError::Conflict) => {}
                Err(error) => return self.take_failed(incoming, &error).await,
            }
        }
        self.take_failed(incoming, &LedgerError::Conflict).await
    }

    /// The ledger failed, perhaps only in telling that it had stored: the merchant does not
    /// know, and where the ledger can, it notes that.
    async fn take_failed(&self, incoming: Incoming<'_>, error: &LedgerError) -> Said {
        let said = self.system_error(incoming.call, error);
        let word = incoming.call.style.system_error.as_str().into();
        self.leave_trace(incoming, Heard::Unclear(word)).await;
        said
    }

    async fn try_take(&self, incoming: Incoming<'_>) -> Result<Said, LedgerError> {
        let Incoming { call, request, key, .. } = incoming;
        if let Some(failure) = rules::appid(call.merchant, request) {
            return Ok(breakage::failure(failure, call));
        }
        match self.ledger.find(key).await? {
            None => match rules::terms(call.merchant, request) {
                Some(failure) => Ok(breakage::failure(failure, call)),
                None => {
                    let draft = self.first_draft(incoming).await?;
                    self.accept(incoming, draft).await
                }
            },
            Some(record) => self.repeat(incoming, record).await,
        }
    }

    /// A number seen before, even if it was never stored: its first parameters stand.
    async fn repeat(&self, incoming: Incoming<'_>, record: Record) -> Result<Said, LedgerError> {
        let Incoming { call, request, now, .. } = incoming;
        if let Some(failure) = rules::difference(&record.order, request) {
            return Ok(breakage::failure(failure, call));
        }
        let expect = Expect::Version(record.version);
        let mut draft = Draft { record, expect, changes: Changes::default(), findings: Vec::new() };
        self.settle(&mut draft.record, &mut draft.changes, now);
        let has_expired = now >= later(draft.record.sent_at, RETRY_WINDOW);
        match packet::state(&draft.record) {
            State::Failed => self.say_failed(incoming, draft, has_expired).await,
            State::Unstored | State::Refused if has_expired => {
                // Fails now if it did not before: what SEND_FAILED says must be true.
                let fail = Happening::by_itself(Event::Fail, now);
                packet::apply(&mut draft.record, &mut draft.changes, fail);
                self.number(&mut draft.record, now);
                self.say_failed(incoming, draft, true).await
            }
            State::Unstored | State::Refused => match rules::terms(call.merchant, request) {
                Some(failure) => Ok(breakage::failure(failure, call)),
                None => self.accept(incoming, draft).await,
            },
            _ => {
                let said = accepted(&draft.record, call);
                self.note(incoming, &mut draft, Heard::Clear, true);
                self.commit_if_changed(call, draft).await?;
                Ok(said)
            }
        }
    }

    async fn say_failed(
        &self,
        incoming: Incoming<'_>,
        mut draft: Draft,
        has_expired: bool,
    ) -> Result<Said, LedgerError> {
        self.settle(&mut draft.record, &mut draft.changes, incoming.now);
        self.note(incoming, &mut draft, Heard::Failed, false);
        self.commit_if_changed(incoming.call, draft).await?;
        Ok(breakage::failure(rules::failed(has_expired), incoming.call))
    }

    /// Takes the money and the order, or refuses it with a reason that queries show.
    async fn accept(&self, incoming: Incoming<'_>, draft: Draft) -> Result<Said, LedgerError> {
        let Incoming { call, now, .. } = incoming;
        let mut taken = self.drafted(incoming, &draft, Event::Accept, None);
        self.note(incoming, &mut taken, Heard::Clear, true);
        let said = accepted(&taken.record, call);
        let budget = rules::budget(call.merchant, &taken.record.order, now);
        let mut commit = self.commit_of(taken.record, taken.expect, taken.changes, call.merchant);
        commit.budget = Some(budget);
        commit.findings = taken.findings;
        let refusal = match self.ledger.commit(commit).await {
            Ok(_) => return Ok(said),
            Err(error) => Refusal::of(error)?,
        };
        let mut refused = self.drafted(incoming, &draft, Event::Refuse, Some(refusal.reason()));
        let heard = Heard::Unclear(refusal.err_code().as_str().into());
        self.note(incoming, &mut refused, heard, false);
        // Refused once more for the same reason is no news; retries do not fill the history.
        let before = &draft.record;
        let is_news = packet::state(before) != State::Refused
            || (&before.reason, before.told) != (&refused.record.reason, refused.record.told);
        if is_news {
            self.commit_if_changed(call, refused).await?;
        }
        let failure = FailureReply::business(refusal.err_code(), refusal.reason());
        Ok(breakage::failure(failure, call))
    }

    /// The draft after `event`, as the merchant's request caused it.
    fn drafted(
        &self,
        incoming: Incoming<'_>,
        draft: &Draft,
        event: Event,
        reason: Option<&str>,
    ) -> Draft {
        let Incoming { raw, now, .. } = incoming;
        let mut record = draft.record.clone();
        let mut changes = draft.changes.clone();
        if packet::state(&record) == State::Unstored {
            record.sent_at = now;
        }
        let happening = Happening {
            event,
            at: now,
            source: Source::Merchant,
            reason: reason.map(Into::into),
            raw: Some(raw.into()),
        };
        packet::apply(&mut record, &mut changes, happening);
        self.number(&mut record, now);
        if self.config.mode == Mode::Sandbox {
            record.play = play::claim(&self.config.play, self.config.seed, &record.key).into();
        } else if packet::state(&record) == State::Accepted {
            packet::apply(&mut record, &mut changes, Happening::by_itself(Event::Store, now));
        }
        self.settle(&mut record, &mut changes, now);
        Draft { record, expect: draft.expect, changes, findings: draft.findings.clone() }
    }

    /// Gives the packet WeChat's number, where it has none.
    fn number(&self, record: &mut Record, now: Timestamp) {
        let Record { key, detail_id, .. } = record;
        detail_id.get_or_insert_with(|| crate::detail_id::detail_id(self.config.seed, key, now));
    }

    /// The record of a number that was never seen, and what the watch makes of it.
    pub(crate) async fn first_draft(&self, incoming: Incoming<'_>) -> Result<Draft, LedgerError> {
        let Incoming { request, key, now, .. } = incoming;
        let record = Record {
            key: key.clone(),
            order: request.into(),
            sent_at: now,
            detail_id: None,
            status: None,
            status_at: now,
            reason: None,
            receipt: None,
            refund: None,
            due_at: None,
            play: "".into(),
            told: Told::Nothing,
            version: 0,
        };
        let findings = if self.config.watch {
            watch::findings(&*self.ledger, &record, now).await?
        } else {
            Vec::new()
        };
        Ok(Draft { record, expect: Expect::Absent, changes: Changes::default(), findings })
    }

    pub(crate) fn note(
        &self,
        incoming: Incoming<'_>,
        draft: &mut Draft,
        plain: Heard,
        success: bool,
    ) {
        if !self.config.watch {
            return;
        }
        let heard = match incoming.hit {
            Some(rule) => breakage::heard(rule, plain, success, incoming.call.style),
            None => plain,
        };
        watch::note(&mut draft.record, &mut draft.changes, &heard, incoming.now);
    }

    pub(crate) async fn commit_if_changed(
        &self,
        call: Call<'_>,
        draft: Draft,
    ) -> Result<(), LedgerError> {
        if draft.changes.entries.is_empty() {
            return Ok(());
        }
        let mut commit = self.commit_of(draft.record, draft.expect, draft.changes, call.merchant);
        commit.findings = draft.findings;
        self.ledger.commit(commit).await.map(|_| ())
    }
}

fn accepted(record: &Record, call: Call<'_>) -> Said {
    Said { body: reply::of_accepted(record, call.merchant, call.style), err_code: None }
}
