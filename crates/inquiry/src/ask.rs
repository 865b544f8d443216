//! Asking what became of a packet: note that it will be asked, ask, note what came, judge.

use crate::among::Question;
use crate::error::InquiryError;
use crate::inquirer::{Freshness, Inquirer, WaitMax};
use crate::learning;
use crate::outcome::{Asked, Origin};
use crate::standing;
use hongbao_client::Exchange;
use hongbao_ledger::{Entry, Expect, Inquiry, InquiryCommit, LedgerError};
use hongbao_wire::{AppId, QueryReply, QueryRequest, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// How often a change is tried anew after somebody else changed the inquiry meanwhile.
pub(crate) const ATTEMPTS_MAX: usize = 32;
/// When a number is asked about by whoever follows, should the one who noted it die.
pub(crate) const ORPHAN_AFTER: SignedDuration = SignedDuration::from_secs(60);

impl Inquirer {
    /// What became of a packet. What is final is never asked again; past the 30 days the ledger
    /// answers. Several who ask at once for the same number share one question.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`]. That the payer could not be asked is an outcome, not an error.
    pub async fn ask(&self, mch_billno: &str, freshness: Freshness) -> Result<Asked, InquiryError> {
        self.ask_in_turn(mch_billno, freshness, None).await
    }

    /// The same, where the merchant's pace makes it wait at most `wait_max` for its turn.
    ///
    /// # Errors
    /// [`InquiryError::OverPace`]: nothing was asked. [`InquiryError::Ledger`].
    pub async fn ask_within(
        &self,
        mch_billno: &str,
        freshness: Freshness,
        wait_max: Duration,
    ) -> Result<Asked, InquiryError> {
        self.ask_in_turn(mch_billno, freshness, Some(wait_max)).await
    }

    /// What the ledger knows of a packet, without asking; `None` where it knows nothing.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`].
    pub async fn recall(&self, mch_billno: &str) -> Result<Option<Asked>, InquiryError> {
        let known = self.ledger.inquiry(&self.key(mch_billno)).await?;
        Ok(known.map(|inquiry| self.recalled(inquiry)))
    }

    async fn ask_in_turn(
        &self,
        mch_billno: &str,
        freshness: Freshness,
        wait_max: WaitMax,
    ) -> Result<Asked, InquiryError> {
        let known = self.ledger.inquiry(&self.key(mch_billno)).await?;
        let asks = known.as_ref().map_or(0, |inquiry| inquiry.asks);
        if let Some(inquiry) = known {
            let now = self.now();
            let (verdict, is_over) = standing::stand(&self.account, &inquiry, now);
            if is_over && inquiry.due_at.is_some() {
                return self.put_down(mch_billno).await;
            }
            if is_over || is_fresh(&inquiry, freshness, now) {
                let origin = Origin::Ledger { asked_at: inquiry.asked_at };
                return Ok(Asked { inquiry, verdict, origin });
            }
        }
        // one time for all: a twin that takes over has no more of it than it came with
        let latest = wait_max.and_then(|wait_max| Instant::now().checked_add(wait_max));
        let left = || latest.map(|latest| latest.saturating_duration_since(Instant::now()));
        let ask = async || match &self.options.holder {
            None => self.ask_payer(mch_billno, left()).await,
            Some(holder) => {
                let question = Question { mch_billno, freshness, asks, latest };
                self.ask_among_others(holder, question).await
            }
        };
        self.twins.share(mch_billno, ask).await
    }

    pub(crate) fn recalled(&self, inquiry: Inquiry) -> Asked {
        let verdict = standing::verdict(&self.account, &inquiry, self.now());
        let origin = Origin::Ledger { asked_at: inquiry.asked_at };
        Asked { inquiry, verdict, origin }
    }

    pub(crate) async fn ask_payer(
        &self,
        mch_billno: &str,
        wait_max: WaitMax,
    ) -> Result<Asked, InquiryError> {
        let appid = self.note(mch_billno).await?;
        let nonce_str = self.dice.nonce_str();
        let request = QueryRequest {
            nonce_str: &nonce_str,
            mch_billno,
            mch_id: self.account.mch_id.as_str(),
            appid: appid.as_str(),
        };
        let (key, policy) = (&self.account.api_key, self.account.policy);
        let exchange: Exchange<QueryReply> = match wait_max {
            None => self.client.query(&request, key, policy).await,
            Some(wait_max) => self
                .client
                .query_within(wait_max, &request, key, policy)
                .await
                .map_err(|_| InquiryError::OverPace)?,
        };
        let at = self.now();
        let schedule = &self.options.schedule;
        let learnt = self
            .learn(mch_billno, |inquiry| {
                Some(learning::from_query(inquiry, &exchange, at, &self.account, schedule))
            })
            .await?;
        let (inquiry, verdict) = learnt;
        tracing::debug!(
            mch_id = %self.account.mch_id, mch_billno, verdict = verdict.as_str(),
            cause = verdict.cause(), attempts = exchange.attempts, "asked"
        );
        Ok(Asked { inquiry, verdict, origin: Origin::Upstream(exchange) })
    }

    /// Notes a number that is about to be asked about, where it is not known yet; returns the
    /// corpid to ask under: that of its send, whatever the account's is by now.
    pub(crate) async fn note(&self, mch_billno: &str) -> Result<AppId, InquiryError> {
        let key = self.key(mch_billno);
        if let Some(known) = self.ledger.inquiry(&key).await? {
            return Ok(known.appid);
        }
        let now = self.now();
        let commit = InquiryCommit {
            inquiry: self.blank(mch_billno, now),
            expect: Expect::Absent,
            numbers_of_ref: None,
            entries: vec![learning::intent(now, "query intended")],
        };
        match self.ledger.commit_inquiry(commit).await {
            // somebody else noted it meanwhile
            Ok(_) | Err(LedgerError::Conflict) => Ok(self.account.appid.clone()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts down that nobody needs to ask any more, because it is settled or because WeChat Pay
    /// no longer answers. Without that, whoever follows would find it due for ever.
    async fn put_down(&self, mch_billno: &str) -> Result<Asked, InquiryError> {
        let (at, schedule) = (self.now(), &self.options.schedule);
        let (inquiry, verdict) = self
            .learn(mch_billno, |inquiry| {
                // somebody else may have heard more meanwhile
                let over = standing::is_over(&self.account, inquiry, at);
                (over && inquiry.due_at.is_some())
                    .then(|| learning::from_ending(inquiry, at, &self.account, schedule))
            })
            .await?;
        let origin = Origin::Ledger { asked_at: inquiry.asked_at };
        Ok(Asked { inquiry, verdict, origin })
    }

    /// Changes what is known, on the newest version of it, until nobody else was quicker.
    /// Returns what was committed; where `change` has nothing to say, nothing is.
    pub(crate) async fn learn(
        &self,
        mch_billno: &str,
        change: impl Fn(&mut Inquiry) -> Option<(Verdict, Vec<Entry>)>,
    ) -> Result<(Inquiry, Verdict), InquiryError> {
        let key = self.key(mch_billno);
        for _ in 0..ATTEMPTS_MAX {
            let stored = self.ledger.inquiry(&key).await?;
            let expect = stored.as_ref().map_or(Expect::Absent, |i| Expect::Version(i.version));
            let mut inquiry = stored.unwrap_or_else(|| self.blank(mch_billno, self.now()));
            let Some((verdict, entries)) = change(&mut inquiry) else {
                let verdict = standing::verdict(&self.account, &inquiry, self.now());
                return Ok((inquiry, verdict));
            };
            let commit =
                InquiryCommit { inquiry: inquiry.clone(), expect, numbers_of_ref: None, entries };
            match self.ledger.commit_inquiry(commit).await {
                Ok(version) => return Ok((Inquiry { version, ..inquiry }, verdict)),
                Err(LedgerError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LedgerError::Conflict.into())
    }
}

/// Whether the ledger's answer is fresh enough.
pub(crate) fn is_fresh(inquiry: &Inquiry, freshness: Freshness, now: Timestamp) -> bool {
    match freshness {
        Freshness::New => false,
        Freshness::Within(age_max) => {
            let answered = inquiry.answered_at.filter(|_| inquiry.reply.is_some());
            // a clock that was set back makes nothing fresh
            answered.is_some_and(|at| at <= now && now.duration_since(at) <= age_max)
        }
        Freshness::Since(start) => {
            let answered = &*inquiry.conclusion.verdict != "no_answer";
            answered && inquiry.asked_at.is_some_and(|at| start <= at && at <= now)
        }
    }
}
