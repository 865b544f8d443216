//! Following: every number that is not final is asked about again on schedule, until it is, or
//! until a person must look.

use crate::error::InquiryError;
use crate::held::Held;
use crate::inquirer::{Freshness, Inquirer};
use crate::learning;
use crate::outcome::{Asked, Sent};
use crate::send::Payment;
use crate::standing;
use futures_util::StreamExt;
use futures_util::stream;
use futures_util::stream::FuturesUnordered;
use hongbao_ledger::Inquiry;
use hongbao_wire::MchBillno;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How long after the first send an own send is sent again: well within the day for which WeChat
/// Pay takes the same number again (`protocol.md` §1.5).
const RESEND_WITHIN: SignedDuration = SignedDuration::from_hours(20);

/// How long a follower sleeps while all that is due is another process's.
const OTHERS_AT_IT: Duration = Duration::from_millis(500);

/// How a follower works.
#[derive(Clone, Copy, Debug)]
pub struct FollowOptions {
    /// How many questions may be on their way at once: 16. The pace is the client's.
    pub concurrency: usize,
    /// How many due numbers are read at once: 256.
    pub batch: u32,
    /// The longest sleep before it looks again: others add numbers too. 5 s.
    pub nap_max: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self { concurrency: 16, batch: 256, nap_max: Duration::from_secs(5) }
    }
}

/// What a follower did.
#[derive(Debug)]
pub enum Event {
    /// It asked.
    Asked(Box<Asked>),
    /// It sent again, the same number with the same parameters.
    Resent(Box<Sent>),
    /// It could not, and goes on with the others; the number stays due.
    Failed {
        /// The number.
        mch_billno: MchBillno,
        /// Why not.
        error: InquiryError,
    },
}

/// When a follower ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When nothing is due now.
    NothingDue,
    /// When nothing will ever be due: everything is final, or a person's.
    AllDone,
    /// Never.
    Stopped,
}

/// What one look at what is due came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// How many numbers were asked about or sent again.
    pub done: usize,
    /// How many could not be.
    pub failed: usize,
}

/// Follows the numbers of one merchant.
#[derive(Clone, Debug)]
pub struct Follower {
    inquirer: Arc<Inquirer>,
    options: FollowOptions,
}

impl Follower {
    /// A follower of everything that the ledger holds of the inquirer's merchant.
    #[must_use]
    pub const fn new(inquirer: Arc<Inquirer>, options: FollowOptions) -> Self {
        Self { inquirer, options }
    }

    /// Follows until `stop`, or `until`. What is on its way when it stops is dropped: nothing
    /// is lost by that.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`] where the ledger cannot even be read.
    pub async fn run(
        &self,
        until: Until,
        stop: impl Future<Output = ()>,
        mut on_event: impl FnMut(Event),
    ) -> Result<(), InquiryError> {
        let mut stop = pin!(stop);
        let held = Held::default();
        loop {
            let round = async {
                match self.round_holding(&held, &mut on_event).await? {
                    Round { failed: 0, done: 0 } => self.nap(until).await,
                    Round { done: 0, .. } => Ok(Some(self.options.nap_max)),
                    Round { .. } => Ok(Some(Duration::ZERO)),
                }
            };
            let nap: Result<Option<Duration>, InquiryError> = tokio::select! {
                biased;
                () = &mut stop => {
                    self.inquirer.let_go_of(&held).await;
                    return Ok(());
                }
                nap = round => nap,
            };
            let Some(nap) = nap? else { return Ok(()) };
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Asks about what is due now, at most a batch.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`] where the ledger cannot even be read.
    pub async fn round(&self, on_event: &mut impl FnMut(Event)) -> Result<Round, InquiryError> {
        self.round_holding(&Held::default(), on_event).await
    }

    async fn round_holding(
        &self,
        held: &Held,
        on_event: &mut impl FnMut(Event),
    ) -> Result<Round, InquiryError> {
        match &self.inquirer.options().holder {
            None => self.round_alone(on_event).await,
            Some(holder) => self.round_among_others(holder, held, on_event).await,
        }
    }

    async fn round_alone(&self, on_event: &mut impl FnMut(Event)) -> Result<Round, InquiryError> {
        let inquirer = &*self.inquirer;
        let mch_id = inquirer.account().mch_id.as_str();
        let now = inquirer.now();
        let due = inquirer.ledger().due_inquiries(mch_id, now, self.options.batch).await?;
        let steps = stream::iter(due).map(|inquiry| inquirer.step(inquiry));
        let mut steps = steps.buffer_unordered(self.options.concurrency.max(1));
        let mut round = Round::default();
        while let Some(event) = steps.next().await {
            round.count(&event);
            on_event(event);
        }
        Ok(round)
    }

    /// Leases no more than what is begun at once: what waits here, another process could do.
    async fn round_among_others(
        &self,
        holder: &str,
        held: &Held,
        on_event: &mut impl FnMut(Event),
    ) -> Result<Round, InquiryError> {
        let inquirer = &*self.inquirer;
        let batch = self.options.batch as usize;
        let (mut begun, mut round) = (BTreeSet::new(), Round::default());
        let mut steps = FuturesUnordered::new();
        let mut claiming = Ok(());
        loop {
            let room = self.options.concurrency.max(1).saturating_sub(steps.len());
            if claiming.is_ok() && room > 0 && begun.len() < batch {
                // those of before that are still due come again: they are leased to us
                let limit = begun.len() - round.done + room;
                match self.claim_due(holder, limit).await {
                    Ok(due) => {
                        let new = due.into_iter().filter(|it| !begun.contains(&it.key.mch_billno));
                        for inquiry in new.take(room).collect::<Vec<_>>() {
                            begun.insert(inquiry.key.mch_billno.clone());
                            held.add(&inquiry.key.mch_billno);
                            steps.push(inquirer.step_among_others(holder, held, inquiry));
                        }
                    }
                    Err(error) => claiming = Err(error),
                }
            }
            let Some(event) = steps.next().await else { break };
            round.count(&event);
            on_event(event);
        }
        claiming.map(|()| round)
    }

    async fn claim_due(&self, holder: &str, limit: usize) -> Result<Vec<Inquiry>, InquiryError> {
        let inquirer = &*self.inquirer;
        let mch_id = inquirer.account().mch_id.as_str();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        // what is due is due by the same clock: two that differ find the same
        let (now, lease) = inquirer.lease(holder).await?;
        Ok(inquirer.ledger().claim_due_inquiries(mch_id, now, &lease, limit).await?)
    }

    /// How long to sleep; `None`: it is done.
    async fn nap(&self, until: Until) -> Result<Option<Duration>, InquiryError> {
        let mch_id = self.inquirer.account().mch_id.as_str();
        let (next, waiting) = self.inquirer.ledger().next_due(mch_id).await?;
        let now = self.inquirer.now();
        let is_due = next.is_some_and(|next| next <= now);
        let done = match until {
            Until::NothingDue => !is_due,
            Until::AllDone => waiting == 0,
            Until::Stopped => false,
        };
        Ok((!done).then(|| match is_due && self.inquirer.options().holder.is_some() {
            // somebody else is at it
            true => OTHERS_AT_IT.min(self.options.nap_max),
            false => self.until_next(next, now),
        }))
    }

    fn until_next(&self, next: Option<Timestamp>, now: Timestamp) -> Duration {
        let nap = next.map(|next| next.duration_since(now).max(SignedDuration::from_millis(10)));
        let nap = nap.and_then(|nap| Duration::try_from(nap).ok());
        nap.map_or(self.options.nap_max, |nap| nap.min(self.options.nap_max))
    }
}

impl Round {
    const fn count(&mut self, event: &Event) {
        match event {
            Event::Failed { .. } => self.failed += 1,
            Event::Asked(_) | Event::Resent(_) => self.done += 1,
        }
    }
}

impl Inquirer {
    /// A step under a lease, which ends with it.
    async fn step_among_others(&self, holder: &str, held: &Held, inquiry: Inquiry) -> Event {
        let key = inquiry.key.clone();
        let event = self.holding(&key, holder, self.step(inquiry)).await;
        // what could not be done here, another process may try
        if matches!(event, Event::Failed { .. }) {
            self.release(&key, holder).await;
        }
        held.remove(&key.mch_billno);
        event
    }

    /// Puts a number on the list of what is followed: it is due now, unless nothing can change
    /// any more.
    ///
    /// # Errors
    /// [`InquiryError::Ledger`].
    pub async fn follow(&self, mch_billno: &str) -> Result<(), InquiryError> {
        let at = self.now();
        self.learn(mch_billno, |inquiry| {
            let is_settled = standing::is_settled(self.account(), inquiry);
            let is_over = inquiry.due_at.is_none() && standing::has_closed(inquiry, at);
            if is_settled || is_over || inquiry.due_at.is_some_and(|due| due <= at) {
                return None;
            }
            inquiry.due_at = Some(at);
            Some((learning::nothing_learnt(), vec![learning::intent(at, "follow intended")]))
        })
        .await?;
        Ok(())
    }

    /// The next thing to do for a number that is due: ask, or send again. That it is still young
    /// enough to be sent again holds when its turn comes too: a send waits for that only shortly.
    pub async fn step(&self, inquiry: Inquiry) -> Event {
        let mch_billno = inquiry.key.mch_billno.clone();
        let done = match self.resend(&inquiry) {
            Some(payment) => self.send(&payment).await.map(|sent| Event::Resent(Box::new(sent))),
            None => self
                .ask(mch_billno.as_str(), Freshness::New)
                .await
                .map(|asked| Event::Asked(Box::new(asked))),
        };
        match done {
            Ok(event) => event,
            Err(error) => Event::Failed { mch_billno, error },
        }
    }

    /// The payment to repeat, where the payer says that it has no such packet although we sent
    /// it, and it still takes the same number (`protocol.md` §1.5).
    fn resend(&self, inquiry: &Inquiry) -> Option<Payment> {
        let not_found = inquiry.conclusion.cause.as_deref() == Some("not_found");
        let now = self.now();
        // by a clock that was set back the sending lies ahead, and how old it is nobody knows: the
        // time since which nobody knows of the packet then stands for it
        let is_recent = |at: Timestamp| {
            (SignedDuration::ZERO..=RESEND_WITHIN).contains(&now.duration_since(at))
        };
        let is_young = is_recent(inquiry.sent_at?) && inquiry.unknown_since.is_none_or(is_recent);
        // a profile may have lost its secret: then it asks, rather than fail for ever
        let may_send = self.options().resends && self.account().workwx_secret.is_some();
        if !may_send || !not_found || inquiry.sends == 0 || !is_young {
            return None;
        }
        // what is settled is put down by asking
        if standing::is_settled(&self.account, inquiry) {
            return None;
        }
        Some(Payment {
            order: inquiry.order.clone()?,
            mch_billno: Some(inquiry.key.mch_billno.clone()),
            business_ref: inquiry.business_ref.clone(),
        })
    }
}
