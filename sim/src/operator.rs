//! Somebody who wants one thing paid, and is nervous, or trusts whoever follows.

use crate::chance::Chance;
use crate::check::Check;
use crate::judge::{told_asked, told_sent};
use crate::world::{MCH, World};
use hongbao_inquiry::{Freshness, Inquirer, InquiryError, Payment, SendRefusal};
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{Fen, MchBillno, Verdict};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
/// After so many failed numbers it is let be.
const FAILURES_MAX: usize = 3;

/// Pays a job until it is received, refunded, or has failed too often; or until it is sent.
pub(crate) async fn run(world: &World, inquirer: &Inquirer, machine: usize, job: usize) {
    let mut chance = Chance::new(world.seed, &format!("operator {machine} {job}"));
    let mut operator = Operator { world, inquirer, job, known: None, failures: 0 };
    // pays once, and leaves the rest to the follower
    let trusts = chance.hits(400);
    let mut patience = SECOND;
    sleep(chance.wait(MS, HOUR / 10)).await;
    while !operator.pay(&mut chance).await {
        if trusts && operator.known.is_some() {
            break;
        }
        if chance.hits(500) {
            operator.look(&mut chance).await;
        }
        sleep(chance.wait((patience / 16).max(500 * MS), patience.max(2 * SECOND))).await;
        // less and less often
        patience = (patience * 2).min(6 * HOUR);
    }
    world.note(format_args!("operator {machine}/{job} is done"));
    world.judge().done.insert((machine, job));
}

struct Operator<'w> {
    world: &'w World,
    inquirer: &'w Inquirer,
    job: usize,
    known: Option<MchBillno>,
    failures: usize,
}

impl Operator<'_> {
    /// Tries to pay; whether nothing is left to do.
    async fn pay(&mut self, chance: &mut Chance) -> bool {
        let job = &self.world.jobs[self.job];
        let mut payment = Payment {
            order: job.order.clone(),
            mch_billno: None,
            business_ref: Some(job.business_ref.clone()),
        };
        let mut mistaken = false;
        match chance.number(0..20) {
            // the number that was told last
            0..4 => payment.mch_billno.clone_from(&self.known),
            // a number of one's own
            4..6 => {
                let number = format!("{MCH}own{:010}", chance.number(0..10_000_000_000));
                payment.mch_billno = Some(number.into());
            }
            // a slip of the finger
            6 if self.known.is_some() => {
                payment.mch_billno.clone_from(&self.known);
                payment.order.total_amount = Fen::new(99_999).unwrap_or_default();
                mistaken = true;
            }
            _ => {}
        }
        let wait_max = chance.wait(MS, SECOND);
        let done = if chance.hits(300) {
            self.inquirer.send_within(&payment, wait_max).await
        } else {
            self.inquirer.send(&payment).await
        };
        match done {
            Ok(sent) => {
                told_sent(self.world, &sent);
                self.hear(sent.inquiry.key.mch_billno.clone(), &sent.verdict)
            }
            Err(error) => {
                self.refused(&error, mistaken);
                false
            }
        }
    }

    /// What a number came to; whether nothing is left to do.
    fn hear(&mut self, number: MchBillno, verdict: &Verdict) -> bool {
        match verdict {
            // a person decides about what the payer contradicts itself on
            Verdict::Received | Verdict::Refunded | Verdict::Unknown(Unknown::Contradiction) => {
                return true;
            }
            Verdict::Failed(_) => {
                self.failures += 1;
                self.known = None;
            }
            _ => self.known = Some(number),
        }
        self.failures >= FAILURES_MAX
    }

    fn refused(&mut self, error: &InquiryError, mistaken: bool) {
        self.world.note(format_args!("refused: {error:?}"));
        let mut judge = self.world.judge();
        match error {
            InquiryError::Ledger(_) => {}
            InquiryError::OverPace => judge.tally.over_pace += 1,
            InquiryError::Refused(refusal) => {
                judge.tally.refusals += 1;
                drop(judge);
                match refusal {
                    SendRefusal::ReferenceOpen { mch_billno, .. } => {
                        self.known = Some(mch_billno.clone());
                    }
                    SendRefusal::OtherParameters { field: "total_amount", .. } if mistaken => {}
                    other => self.world.blame(Check::RefusedRightly, format!("{other:?}")),
                }
            }
        }
    }

    /// Asks what became of the number that was told last.
    async fn look(&self, chance: &mut Chance) {
        let Some(number) = &self.known else { return };
        let freshness = match chance.number(0..3) {
            0 => Freshness::New,
            1 => Freshness::Within(SignedDuration::from_secs(60)),
            _ => Freshness::Since(self.inquirer.now()),
        };
        let asked = if chance.hits(300) {
            let wait_max = chance.wait(MS, SECOND);
            self.inquirer.ask_within(number.as_str(), freshness, wait_max).await
        } else {
            self.inquirer.ask(number.as_str(), freshness).await
        };
        match asked {
            Ok(asked) => told_asked(self.world, &asked),
            Err(InquiryError::OverPace) => self.world.judge().tally.over_pace += 1,
            Err(error) => self.world.note(format_args!("not asked: {}", error.code())),
        }
    }
}
