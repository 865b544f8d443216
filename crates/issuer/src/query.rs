//! The turn of a query: the kept reply where it is right, else the record.

use crate::answer::{Answer, Delivery};
use crate::breakage::{self, Call, Said};
use crate::clock::later;
use crate::fault::{FaultRule, On};
use crate::issuer::{ATTEMPTS_MAX, Issuer};
use crate::packet::Changes;
use crate::reply;
use crate::text;
use crate::watch::{self, Heard};
use hongbao_ledger::{Expect, Key, LedgerError, Merchant};
use hongbao_wire::field::FieldRule;
use hongbao_wire::{ErrorCode, FailureReply, FieldError, QueryRequest};

impl Issuer {
    /// Answers a query (seed) whose certificate, fields and signature were checked.
    pub async fn query(&self, merchant: &Merchant, request: &QueryRequest<'_>) -> Answer {
        let call = self.call(On::Query, merchant, request.mch_billno);
        // What is seldom needed is boxed: the future of a query is moved with every
        // request, and these would make it kilobytes long.
        if !self.faults.is_empty() {
            return Box::pin(self.query_under_faults(call, request)).await;
        }
        match self.kept_reply(call, request).await {
            Some(kept) => kept,
            None => Box::pin(self.query_the_record(call, request)).await,
        }
    }

    async fn query_under_faults(&self, call: Call<'_>, request: &QueryRequest<'_>) -> Answer {
        let merchant = call.merchant;
        let mch_id = merchant.mch_id.as_str();
        let hit = self.faults.draw(&*self.ledger, On::Query, mch_id, request.mch_billno).await;
        let Some(rule) = hit else {
            return match self.kept_reply(call, request).await {
                Some(kept) => kept,
                None => self.query_the_record(call, request).await,
            };
        };
        let mut said = None;
        if breakage::processes(&rule) {
            said = Some(self.look_up(call, request, Some(&rule)).await);
        } else {
            self.note_unprocessed(&Key::new(mch_id, request.mch_billno), merchant, &rule).await;
        }
        breakage::answer(&rule, call, said)
    }

    async fn query_the_record(&self, call: Call<'_>, request: &QueryRequest<'_>) -> Answer {
        breakage::travelling(self.look_up(call, request, None).await, Delivery::Plain)
    }

    /// The fast path: one read of the ledger, no copy of the bytes.
    async fn kept_reply(&self, call: Call<'_>, request: &QueryRequest<'_>) -> Option<Answer> {
        if !is_bound(call.merchant, request.appid) {
            return None;
        }
        let mch_id = call.merchant.mch_id.as_str();
        let kept = self.ledger.reply(mch_id, request.mch_billno).await.ok().flatten()?;
        let body = reply::unpack(kept, call.merchant, call.style, self.now())?;
        Some(Answer { body, delivery: Delivery::Plain, err_code: None })
    }

    async fn look_up(
        &self,
        call: Call<'_>,
        request: &QueryRequest<'_>,
        hit: Option<&FaultRule>,
    ) -> Said {
        if !is_bound(call.merchant, request.appid) {
            return breakage::failure(appid_failure("appid"), call);
        }
        let key = Key::new(call.merchant.mch_id.as_str(), request.mch_billno);
        for _ in 0..ATTEMPTS_MAX {
            match self.try_look_up(call, &key, hit).await {
                Ok(found) => return found,
                Err(LedgerError::Conflict) => {}
                Err(error) => return self.system_error(call, &error),
            }
        }
        self.system_error(call, &LedgerError::Conflict)
    }

    async fn try_look_up(
        &self,
        call: Call<'_>,
        key: &Key,
        hit: Option<&FaultRule>,
    ) -> Result<Said, LedgerError> {
        let (merchant, style, now) = (call.merchant, call.style, self.now());
        let not_found =
            || breakage::failure(reply::not_found(call.mch_billno, merchant.mch_id.as_str()), call);
        let Some(mut record) = self.ledger.find(key).await? else {
            return Ok(not_found());
        };
        let expect = Expect::Version(record.version);
        let mut changes = Changes::default();
        let moved = self.settle(&mut record, &mut changes, now);
        let is_old = now >= later(record.sent_at, reply::QUERY_WINDOW);
        let body = if is_old { None } else { reply::of_record(&record, merchant, style) };
        // An old packet's NOT_FOUND is the documented end, not news of it.
        let plain = if is_old { Heard::Nothing } else { watch::heard_of(&record) };
        let heard = match hit {
            Some(rule) => breakage::heard(rule, plain, body.is_some(), style),
            None => plain,
        };
        if self.config.watch {
            watch::note(&mut record, &mut changes, &heard, now);
        }
        if !changes.entries.is_empty() {
            let commit = self.commit_of(record, expect, changes, merchant);
            match self.ledger.commit(commit).await {
                Ok(_) => {}
                // What the record says is stored already; only the watch's note is not.
                Err(error) if !moved && !matches!(error, LedgerError::Conflict) => {
                    tracing::warn!(%error, "what a merchant was told could not be noted");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(body.map_or_else(not_found, |body| Said { body, err_code: None }))
    }

    pub(crate) const fn call<'a>(
        &'a self,
        kind: On,
        merchant: &'a Merchant,
        mch_billno: &'a str,
    ) -> Call<'a> {
        Call { kind, merchant, mch_billno, style: &self.config.style }
    }

    /// The reply where the ledger failed: the outcome is unknown.
    pub(crate) fn system_error(&self, call: Call<'_>, error: &LedgerError) -> Said {
        tracing::error!(%error, "the ledger failed, the answer is a system error");
        let code = call.style.system_error.clone();
        let words = text::of_code(&code, call.kind == On::Send);
        breakage::failure(FailureReply::business(code, words), call)
    }
}

/// Whether the appid belongs to the merchant.
pub(crate) fn is_bound(merchant: &Merchant, appid: &str) -> bool {
    merchant.appids.iter().any(|bound| bound.as_str() == appid)
}

/// A wrong appid, worded like a missing one (q02, `protocol.md` §9 row 11).
pub(crate) fn appid_failure(field: &'static str) -> FailureReply {
    let error = FieldError { field, rule: FieldRule::Required { chars_max: 32 } };
    FailureReply::business(ErrorCode::ParamError, &error.to_string())
}
