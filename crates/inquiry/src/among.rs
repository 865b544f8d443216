//! Asking where several processes share a ledger: one asks, the others wait for its answer.
//!
//! Who asks has a lease on the inquiry, which it prolongs while the question is on its way; one that
//! died is waited for no longer than that. Whoever has waited long enough asks by itself: a lease
//! only spares questions.

use crate::ask::is_fresh;
use crate::error::InquiryError;
use crate::held::Held;
use crate::inquirer::{Freshness, Inquirer};
use crate::outcome::{Asked, Origin};
use crate::standing;
use hongbao_ledger::{Claim, Inquiry, Key, Lease, LedgerError};
use jiff::{SignedDuration, Timestamp};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// For how long a question keeps other processes from asking the same, unless it is prolonged:
/// every third of it, while it is on its way.
pub const ASK_LEASE: Duration = Duration::from_secs(15);
/// What a stop waits for leases to be released; those that are not end by themselves.
const RELEASE_WITHIN: Duration = Duration::from_secs(1);
/// The first and the longest pause between two looks at what another process learnt.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(320));
/// How often it is tried to take over from whoever asks.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(1);

/// What is asked, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    pub(crate) mch_billno: &'q str,
    pub(crate) freshness: Freshness,
    /// How many times it had been asked when the caller came.
    pub(crate) asks: u32,
    /// Until when the caller waits for its turn; `None`: for ever.
    pub(crate) latest: Option<Instant>,
}

impl Question<'_> {
    fn time_left(&self) -> Option<Duration> {
        self.latest.map(|latest| latest.saturating_duration_since(Instant::now()))
    }

    /// Whether what the ledger holds is an answer to it: it was asked since the caller came, and
    /// what came back can be told from the ledger.
    fn is_answered_by(&self, inquiry: &Inquiry, now: Timestamp) -> bool {
        let was_asked = inquiry.asks > self.asks;
        was_asked
            && match self.freshness {
                Freshness::Since(_) => is_fresh(inquiry, self.freshness, now),
                Freshness::New | Freshness::Within(_) => {
                    inquiry.reply.is_some() && inquiry.answered_at == inquiry.asked_at
                }
            }
    }
}

impl Inquirer {
    /// Asks the payer, unless another process is at it: then waits for what it learns.
    pub(crate) async fn ask_among_others(
        &self,
        holder: &str,
        question: Question<'_>,
    ) -> Result<Asked, InquiryError> {
        let Question { mch_billno, .. } = question;
        // what is leased must be there
        self.note(mch_billno).await?;
        let key = self.key(mch_billno);
        // before it is leased: one who is stopped while it is gives that up too
        self.asking.add(&key.mch_billno);
        let asked = self.ask_in_lease(&key, holder, question).await;
        self.asking.remove(&key.mch_billno);
        asked
    }

    async fn ask_in_lease(
        &self,
        key: &Key,
        holder: &str,
        question: Question<'_>,
    ) -> Result<Asked, InquiryError> {
        let Question { mch_billno, .. } = question;
        loop {
            let until = match self.claim(key, holder).await? {
                Claim::Held { until } => until,
                Claim::Taken | Claim::Absent => break,
            };
            if let Some(asked) = self.wait_for_another(key, question, until).await? {
                return Ok(asked);
            }
            if question.time_left() == Some(Duration::ZERO) {
                return self.ask_payer(mch_billno, question.time_left()).await;
            }
        }
        let ask = async {
            // somebody may have been quicker between the look and the lease
            match self.answer_to(key, question).await? {
                Some(asked) => Ok((asked, false)),
                None => {
                    let asked = self.ask_payer(mch_billno, question.time_left()).await?;
                    Ok((asked, true))
                }
            }
        };
        let asked = self.holding(key, holder, ask).await;
        match asked {
            // what was learnt was committed, which ended the lease
            Ok((asked, true)) => Ok(asked),
            Ok((asked, false)) => {
                self.release(key, holder).await;
                Ok(asked)
            }
            Err(error) => {
                self.release(key, holder).await;
                Err(error)
            }
        }
    }

    /// Waits until the ledger holds the answer that another process is after, or until it is time
    /// to try to take over: it gave up, its lease has ended, or the caller waits no longer.
    async fn wait_for_another(
        &self,
        key: &Key,
        question: Question<'_>,
        until: Timestamp,
    ) -> Result<Option<Asked>, InquiryError> {
        let lease_left = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        let mut end = Instant::now() + lease_left.clamp(PAUSE.0, TAKE_OVER_EVERY);
        end = question.latest.map_or(end, |latest| latest.min(end));
        let mut pause = PAUSE.0;
        let version = self.ledger.inquiry(key).await?.map(|inquiry| inquiry.version);
        loop {
            sleep_until(end.min(Instant::now() + pause)).await;
            pause = PAUSE.1.min(pause * 2);
            let Some(inquiry) = self.ledger.inquiry(key).await? else { return Ok(None) };
            let has_changed = version != Some(inquiry.version);
            let asked = self.told_by(inquiry, question);
            if asked.is_some() || has_changed || Instant::now() >= end {
                return Ok(asked);
            }
        }
    }

    async fn answer_to(
        &self,
        key: &Key,
        question: Question<'_>,
    ) -> Result<Option<Asked>, InquiryError> {
        let inquiry = self.ledger.inquiry(key).await?;
        Ok(inquiry.and_then(|inquiry| self.told_by(inquiry, question)))
    }

    /// What another process learnt, where that is an answer.
    fn told_by(&self, inquiry: Inquiry, question: Question<'_>) -> Option<Asked> {
        let now = self.now();
        let (verdict, is_over) = standing::stand(&self.account, &inquiry, now);
        let is_answered = question.is_answered_by(&inquiry, now);
        let origin = Origin::Ledger { asked_at: inquiry.asked_at };
        (is_over || is_answered).then_some(Asked { inquiry, verdict, origin })
    }

    /// Does `work` while the holder's lease on the inquiry is prolonged.
    pub(crate) async fn holding<T>(
        &self,
        key: &Key,
        holder: &str,
        work: impl Future<Output = T>,
    ) -> T {
        let prolong = async {
            loop {
                sleep(ASK_LEASE / 3).await;
                if let Err(error) = self.claim(key, holder).await {
                    tracing::debug!(%error, "a lease was not prolonged");
                }
            }
        };
        let (mut work, mut prolong) = (pin!(work), pin!(prolong));
        tokio::select! {
            biased;
            done = &mut work => done,
            () = &mut prolong => unreachable!("it is prolonged until the work is done"),
        }
    }

    /// Ends a lease; where that fails, it ends by itself.
    pub(crate) async fn release(&self, key: &Key, holder: &str) {
        if let Err(error) = self.ledger.release_inquiry(key, holder).await {
            tracing::debug!(%error, "a lease was not released");
        }
    }

    /// Gives up, for other processes, what this one was asking about when it was told to stop.
    /// Nothing that is asked here may be waited for any more.
    pub async fn let_go(&self) {
        self.let_go_of(&self.asking).await;
    }

    /// Releases what was begun and is given up.
    pub(crate) async fn let_go_of(&self, held: &Held) {
        let Some(holder) = &self.options.holder else { return };
        let release = async {
            for mch_billno in held.take() {
                self.release(&self.key(mch_billno.as_str()), holder).await;
            }
        };
        if timeout(RELEASE_WITHIN, release).await.is_err() {
            tracing::debug!("leases were not released in time");
        }
    }

    /// A lease from now on, and what the time is by which it ends: that of the ledger, where several
    /// machines share one.
    pub(crate) async fn lease(&self, holder: &str) -> Result<(Timestamp, Lease), LedgerError> {
        let now = self.ledger.shared_time().await?.unwrap_or_else(|| self.now());
        let length = SignedDuration::try_from(ASK_LEASE).unwrap_or(SignedDuration::MAX);
        let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
        Ok((now, Lease { holder: holder.into(), until }))
    }

    async fn claim(&self, key: &Key, holder: &str) -> Result<Claim, LedgerError> {
        let (now, lease) = self.lease(holder).await?;
        self.ledger.claim_inquiry(key, now, &lease).await
    }
}
