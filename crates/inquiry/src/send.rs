//! Paying: one number, one packet, however often it is tried, and one number of a reference at
//! a time. The number and its parameters are durable before the first byte leaves.

use crate::ask::{ATTEMPTS_MAX, ORPHAN_AFTER};
use crate::billno;
use crate::error::{InquiryError, SendRefusal};
use crate::inquirer::Inquirer;
use crate::learning;
use crate::outcome::{Origin, Sent};
use crate::standing;
use hongbao_client::Exchange;
use hongbao_ledger::record::Order;
use hongbao_ledger::{Expect, Inquiry, InquiryCommit, LedgerError};
use hongbao_wire::observation::Observation;
use hongbao_wire::{MchBillno, SendReply, SendRequest, Verdict, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// How long a send waits for its turn at most, from before its number is noted: less than
/// [`ORPHAN_AFTER`], when others may take the number up. What waited longer could arrive after they
/// had done so, and beyond the day for which WeChat Pay takes a repetition as one.
pub(crate) const TURN_WITHIN: Duration = Duration::from_secs(50);

/// How long after a number was first noted it may be sent for the first time: what was noted
/// earlier may be a packet that somebody else sent, and that is no longer known.
const SEND_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What shall be paid.
#[derive(Clone, Debug)]
pub struct Payment {
    /// To whom, how much, in which words.
    pub order: Order,
    /// The number; without it one is made, or the reference's is taken again.
    pub mch_billno: Option<MchBillno>,
    /// The merchant's own name of what is paid, 1-128 characters.
    pub business_ref: Option<Box<str>>,
}

/// A number that may be sent, as it stands in the ledger.
struct Number {
    mch_billno: MchBillno,
    known: Option<Inquiry>,
    /// How many other numbers the reference has; `None` where no reference is taken.
    numbers_of_ref: Option<u32>,
}

impl Inquirer {
    /// Pays, or repeats a payment under its number. What needs no sending any more is answered
    /// from the ledger: a reference that was paid is not paid again. Neither is a number past
    /// the 30 days: whether WeChat Pay still knows it then is nowhere promised.
    ///
    /// # Errors
    /// [`InquiryError::Refused`]: nothing was sent. [`InquiryError::OverPace`]: no turn came within
    /// 50 seconds, and nothing was sent. [`InquiryError::Ledger`]: nothing was sent unless the error
    /// came after the answer; the number is the same next time.
    pub async fn send(&self, payment: &Payment) -> Result<Sent, InquiryError> {
        self.send_in_turn(payment, TURN_WITHIN, &mut |_| {}).await
    }

    /// The same as [`Inquirer::send_within`], where `noted` is told the number once it is durable
    /// and before anything is sent; not at all where nothing needs sending.
    ///
    /// # Errors
    /// As [`Inquirer::send`].
    pub async fn send_noted(
        &self,
        payment: &Payment,
        wait_max: Duration,
        noted: &mut (dyn FnMut(&MchBillno) + Send),
    ) -> Result<Sent, InquiryError> {
        self.send_in_turn(payment, wait_max, noted).await
    }

    /// The same, where the merchant's pace makes it wait at most `wait_max` for its turn, and never
    /// longer than 50 seconds.
    ///
    /// # Errors
    /// [`InquiryError::OverPace`]: nothing was sent. As [`Inquirer::send`].
    pub async fn send_within(
        &self,
        payment: &Payment,
        wait_max: Duration,
    ) -> Result<Sent, InquiryError> {
        self.send_in_turn(payment, wait_max, &mut |_| {}).await
    }

    async fn send_in_turn(
        &self,
        payment: &Payment,
        wait_max: Duration,
        noted: &mut (dyn FnMut(&MchBillno) + Send),
    ) -> Result<Sent, InquiryError> {
        let secret = self.account.workwx_secret.as_ref().ok_or(SendRefusal::NoSecret)?;
        for _ in 0..ATTEMPTS_MAX {
            let number = self.number(payment).await?;
            if let Some(known) = &number.known {
                check(payment, known)?;
                if self.needs_no_sending(known)? {
                    let asked = self.recalled(known.clone());
                    let origin = Origin::Ledger { asked_at: asked.inquiry.asked_at };
                    return Ok(Sent { inquiry: asked.inquiry, verdict: asked.verdict, origin });
                }
            }
            // before it is noted: the others' time to take it up runs from then
            let latest = Instant::now() + wait_max.min(TURN_WITHIN);
            match self.intend(payment, number).await {
                Ok(mch_billno) => {
                    noted(&mch_billno);
                    return self.deliver(payment, mch_billno, secret, latest).await;
                }
                Err(LedgerError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LedgerError::Conflict.into())
    }

    /// Whether nothing that is sent could change it. Of a packet from elsewhere only WeChat Pay
    /// could tell whether this is its order, and past the 30 days nobody can.
    fn needs_no_sending(&self, known: &Inquiry) -> Result<bool, SendRefusal> {
        let now = self.now();
        let has_closed = standing::has_closed(known, now);
        if is_from_elsewhere(known) || may_be_from_elsewhere(known, now) {
            if has_closed || !self.options.adopts {
                let mch_billno = known.key.mch_billno.clone();
                return Err(SendRefusal::SentElsewhere { mch_billno });
            }
            let settled = standing::known(&self.account, known).settled().cloned();
            return Ok(
                settled.is_some_and(|it| !matches!(it, Verdict::Received | Verdict::Refunded))
            );
        }
        Ok(has_closed || standing::is_settled(&self.account, known))
    }

    /// Which number this payment goes under.
    async fn number(&self, payment: &Payment) -> Result<Number, InquiryError> {
        let mch_id = self.account.mch_id.as_str();
        let mut numbers_of_ref = None;
        if let Some(business_ref) = &payment.business_ref {
            let numbers = self.ledger.inquiries_of_ref(mch_id, business_ref).await?;
            let others = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let again = match &payment.mch_billno {
                Some(given) => numbers.iter().find(|number| number.key.mch_billno == *given),
                None => numbers.iter().rev().find(|number| !self.has_failed(number)),
            };
            if let Some(again) = again {
                let (mch_billno, known) = (again.key.mch_billno.clone(), Some(again.clone()));
                let numbers_of_ref = Some(others.saturating_sub(1));
                return Ok(Number { mch_billno, known, numbers_of_ref });
            }
            if let Some(open) = numbers.iter().find(|number| !self.has_failed(number)) {
                let mch_billno = open.key.mch_billno.clone();
                let business_ref = business_ref.clone();
                return Err(SendRefusal::ReferenceOpen { business_ref, mch_billno }.into());
            }
            numbers_of_ref = Some(others);
        }
        let (mch_billno, known) = match &payment.mch_billno {
            Some(given) => {
                let known = self.ledger.inquiry(&self.key(given.as_str())).await?;
                (given.clone(), known)
            }
            None => (self.unused(mch_id).await?, None),
        };
        Ok(Number { mch_billno, known, numbers_of_ref })
    }

    /// A made number that the ledger does not know: of many in a day, two may fall alike.
    async fn unused(&self, mch_id: &str) -> Result<MchBillno, InquiryError> {
        for _ in 0..ATTEMPTS_MAX {
            let made = billno::make(mch_id, self.now(), &self.dice)?;
            if self.ledger.inquiry(&self.key(made.as_str())).await?.is_none() {
                return Ok(made);
            }
        }
        Err(LedgerError::Conflict.into())
    }

    /// Whether it is proven that the number failed: the only proof is its reply, verified anew.
    fn has_failed(&self, inquiry: &Inquiry) -> bool {
        let known = standing::known(&self.account, inquiry);
        known.settled().is_some_and(hongbao_wire::Verdict::new_billno_permitted)
    }

    /// Makes the number and its parameters durable; [`LedgerError::Conflict`] where somebody
    /// else was quicker.
    async fn intend(&self, payment: &Payment, number: Number) -> Result<MchBillno, LedgerError> {
        let now = self.now();
        let Number { mch_billno, known, numbers_of_ref } = number;
        let expect = known.as_ref().map_or(Expect::Absent, |known| Expect::Version(known.version));
        let mut inquiry = known.unwrap_or_else(|| self.blank(mch_billno.as_str(), now));
        // whether it is the order of a packet from elsewhere is known once it is accepted
        if !is_from_elsewhere(&inquiry) {
            inquiry.appid = payment.order.wxappid.clone();
            inquiry.order = Some(payment.order.clone());
            inquiry.sent_at.get_or_insert(now);
        }
        inquiry.business_ref = payment.business_ref.clone().or(inquiry.business_ref);
        inquiry.sends = inquiry.sends.saturating_add(1);
        inquiry.due_at = now.checked_add(ORPHAN_AFTER).ok();
        let entries = vec![learning::intent(now, "send intended")];
        let commit = InquiryCommit { inquiry, expect, numbers_of_ref, entries };
        self.ledger.commit_inquiry(commit).await.map(|_| mch_billno)
    }

    async fn deliver(
        &self,
        payment: &Payment,
        mch_billno: MchBillno,
        secret: &WorkwxSecret,
        latest: Instant,
    ) -> Result<Sent, InquiryError> {
        let request = self.request(&payment.order, mch_billno.clone());
        let (key, policy) = (&self.account.api_key, self.account.policy);
        let wait_max = latest.saturating_duration_since(Instant::now());
        let sent = self.client.send_within(wait_max, &request, key, secret, policy).await;
        let Ok(exchange): Result<Exchange<SendReply>, _> = sent else {
            self.withhold(mch_billno.as_str()).await?;
            return Err(InquiryError::OverPace);
        };
        let at = self.now();
        let (inquiry, verdict) = self
            .learn(mch_billno.as_str(), |inquiry| {
                let schedule = &self.options.schedule;
                if let Observation::Success(_) = exchange.observation {
                    inquiry.order.get_or_insert_with(|| payment.order.clone());
                }
                Some(learning::from_send(inquiry, &exchange, at, &self.account, schedule))
            })
            .await?;
        tracing::debug!(
            mch_id = %self.account.mch_id, %mch_billno, verdict = verdict.as_str(),
            cause = verdict.cause(), attempts = exchange.attempts, "sent"
        );
        Ok(Sent { inquiry, verdict, origin: Origin::Upstream(exchange) })
    }

    /// Puts down that an intended send was not begun: nobody needs to ask about it.
    async fn withhold(&self, mch_billno: &str) -> Result<(), InquiryError> {
        let at = self.now();
        self.learn(mch_billno, |inquiry| {
            inquiry.sends = inquiry.sends.saturating_sub(1);
            if inquiry.sends == 0 && !is_from_elsewhere(inquiry) {
                inquiry.sent_at = None;
                // what never left binds nobody, but a reference keeps its number and parameters
                inquiry.order = inquiry.order.take().filter(|_| inquiry.business_ref.is_some());
                inquiry.due_at = inquiry.due_at.filter(|_| inquiry.asks > 0);
            }
            Some((learning::nothing_learnt(), vec![learning::intent(at, "send withheld")]))
        })
        .await?;
        Ok(())
    }

    fn request(&self, order: &Order, mch_billno: MchBillno) -> SendRequest {
        SendRequest {
            nonce_str: self.dice.nonce_str().into(),
            mch_billno,
            mch_id: self.account.mch_id.clone(),
            wxappid: order.wxappid.clone(),
            sender: order.sender.clone(),
            sender_header_media_id: order.sender_header_media_id.clone(),
            re_openid: order.re_openid.clone(),
            total_amount: order.total_amount,
            wishing: order.wishing.clone(),
            act_name: order.act_name.clone(),
            remark: order.remark.clone(),
            scene: order.scene,
        }
    }
}

/// Whether the payment is what the number stands for.
fn check(payment: &Payment, known: &Inquiry) -> Result<(), SendRefusal> {
    let mch_billno = || known.key.mch_billno.clone();
    let first = known.order.as_ref();
    if let Some(field) = first.and_then(|first| difference(first, &payment.order)) {
        return Err(SendRefusal::OtherParameters { mch_billno: mch_billno(), field });
    }
    match (&payment.business_ref, &known.business_ref) {
        (Some(given), Some(first)) if given != first => {
            Err(SendRefusal::OtherReference { mch_billno: mch_billno() })
        }
        // what was paid without the reference would leave the reference free to be paid again
        (Some(_), None) if known.order.is_some() => {
            Err(SendRefusal::OtherReference { mch_billno: mch_billno() })
        }
        _ => Ok(()),
    }
}

/// Whether it is a packet of which no order is known: it was not sent from this ledger.
const fn is_from_elsewhere(known: &Inquiry) -> bool {
    known.order.is_none() && known.seen.is_some()
}

/// Whether nobody can tell that it is not: it was noted longer ago than WeChat Pay takes the same
/// number again, and that nobody knows it may mean that it is too old to be known: paid, and long
/// ago. By a clock that was set back meanwhile that is not to be told. A reference's number was
/// made for it, and never left.
fn may_be_from_elsewhere(known: &Inquiry, now: Timestamp) -> bool {
    let is_strange = known.order.is_none() && known.business_ref.is_none();
    is_strange && now.duration_since(known.noted_at).abs() > SEND_WITHIN
}

/// The first field in which two orders differ, as the wire names it.
fn difference(first: &Order, second: &Order) -> Option<&'static str> {
    let same = [
        ("re_openid", first.re_openid == second.re_openid),
        ("total_amount", first.total_amount == second.total_amount),
        ("wxappid", first.wxappid == second.wxappid),
        ("wishing", first.wishing == second.wishing),
        ("act_name", first.act_name == second.act_name),
        ("remark", first.remark == second.remark),
        ("sender_name", first.sender == second.sender),
        ("sender_header_media_id", first.sender_header_media_id == second.sender_header_media_id),
        ("scene_id", first.scene == second.scene),
    ];
    same.into_iter().find_map(|(field, same)| (!same).then_some(field))
}
