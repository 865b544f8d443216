//! The gateway: the payer is elsewhere, the ledger remembers what it said.
//!
//! A merchant's SDK asks here as it would ask WeChat Pay. What the ledger holds as final, or
//! young enough, is answered with the payer's own bytes; else the payer is asked, at the
//! merchant's pace, once for all who ask at the same time, and what it said passes byte for
//! byte. What nobody can vouch for does not pass: no answer is SYSTEMERROR, which claims
//! nothing. What becomes which answer is decided in `said.rs`.

mod metered;
mod said;

use crate::gateway::metered::Metered;
use crate::gateway::said::{Call, Said};
use crate::metrics::{Backlog, Metrics};
use hongbao_client::{AttemptLimits, Client, ClientOptions, Dice, Pace, Rate, Transport};
use hongbao_inquiry::{
    Account, Asked, Clock, FollowOptions, Follower, Freshness, Inquirer, InquirerOptions,
    InquiryError, Payment, Schedule, Sent, SliceKeeper, UPSTREAM_PACE,
};
use hongbao_issuer::ReplyStyle;
use hongbao_ledger::{Inquiries, InquiryFilter, Merchant};
use hongbao_wire::{QueryRequest, SendRequest};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio_util::task::TaskTracker;

/// How many questions of a follower may be on their way at once: few, so that whoever asks
/// here waits for few turns of the pace.
const FOLLOWED_AT_ONCE: usize = 4;
/// The most numbers that need a person that a scrape counts.
const PERSONS_COUNTED_MAX: u32 = 1_000;

/// How a gateway behaves.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// How old a record may be that is answered without asking: 5 s.
    pub fresh_for: SignedDuration,
    /// How long a request waits for its turn of the merchant's pace: 2 s.
    pub wait_for_turn: Duration,
    /// Whether a query that gets no turn is answered with the last known record, however old,
    /// rather than FREQ_LIMIT: `false`.
    pub stale_over_pace: bool,
    /// Whether what is not final is followed: `true`.
    pub follow: bool,
    /// How the gateway's own replies are written.
    pub style: ReplyStyle,
    /// Where several gateways share a ledger: the name of this one, as
    /// [`InquirerOptions::holder`]; then they share each merchant's pace too. `None`.
    pub holder: Option<Box<str>>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            fresh_for: SignedDuration::from_secs(5),
            wait_for_turn: Duration::from_secs(2),
            stale_over_pace: false,
            follow: true,
            style: ReplyStyle::default(),
            holder: None,
        }
    }
}

/// One merchant's way to the payer.
#[derive(Debug)]
pub struct Upstream {
    /// As whom it asks.
    pub account: Account,
    /// Through what, with the merchant's real certificate.
    pub transport: Arc<dyn Transport>,
    /// How. One request here is at most one request that reaches the payer, whatever `attempts`
    /// says: the SDK decides whether it asks again.
    pub client: ClientOptions,
    /// When its numbers are asked about again.
    pub schedule: Schedule,
}

/// What stands in for the payer.
#[derive(Debug)]
pub struct Gateway {
    upstreams: BTreeMap<Box<str>, Arc<Inquirer>>,
    options: GatewayOptions,
    slices: Vec<SliceKeeper>,
    /// What was begun, and is noted to its end whoever waits for it.
    begun: TaskTracker,
    pub(crate) metrics: Arc<Metrics>,
}

impl Gateway {
    /// A gateway for these merchants, one upstream each, that remembers in `ledger`.
    #[must_use]
    pub fn new(
        upstreams: Vec<Upstream>,
        ledger: &Arc<dyn Inquiries>,
        clock: &Arc<dyn Clock>,
        options: GatewayOptions,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let mut slices = Vec::new();
        let inquirer = |upstream: Upstream| {
            let mch_id: Box<str> = upstream.account.mch_id.as_str().into();
            let transport = Metered {
                below: upstream.transport,
                mch_id: mch_id.clone(),
                metrics: metrics.clone(),
            };
            let client =
                ClientOptions { attempts: AttemptLimits::ARRIVING_ONCE, ..upstream.client };
            let client = Client::with_transport(Arc::new(transport), client);
            slices.extend(options.holder.as_ref().map(|holder| SliceKeeper {
                ledger: ledger.clone(),
                clock: clock.clone(),
                mch_id: mch_id.clone(),
                pace: UPSTREAM_PACE.into(),
                whole_per_1000_seconds: client.pace().rate().per_1000_seconds(),
                holder: holder.clone(),
                is_exact: true,
            }));
            // A send that NOT_FOUND answers for is the SDK's to repeat. Before there was a gateway
            // the SDK sent past it: the payer compares what is repeated.
            let options = InquirerOptions {
                schedule: upstream.schedule,
                resends: false,
                adopts: true,
                holder: options.holder.clone(),
            };
            let (ledger, clock) = (ledger.clone(), clock.clone());
            let account = upstream.account;
            let inquirer = Inquirer::new(account, client, ledger, clock, Dice::random(), options);
            (mch_id, Arc::new(inquirer))
        };
        let upstreams = upstreams.into_iter().map(inquirer).collect();
        Self { upstreams, options, slices, begun: TaskTracker::new(), metrics }
    }

    /// What keeps this gateway's slice of each merchant's pace, and the pace; none where the
    /// ledger is its own.
    pub(crate) fn slices(&self) -> Vec<(SliceKeeper, Pace)> {
        let pace =
            |keeper: &SliceKeeper| Some(self.inquirer(&keeper.mch_id)?.client().pace().clone());
        self.slices.iter().filter_map(|keeper| Some((keeper.clone(), pace(keeper)?))).collect()
    }

    /// Each merchant's pace.
    pub(crate) fn paces(&self) -> impl Iterator<Item = (&str, &Pace)> {
        self.upstreams.iter().map(|(mch_id, inquirer)| (&**mch_id, inquirer.client().pace()))
    }

    /// The merchant's side of a merchant; `None` where it has no upstream.
    #[must_use]
    pub fn inquirer(&self, mch_id: &str) -> Option<&Arc<Inquirer>> {
        self.upstreams.get(mch_id)
    }

    /// Answers a query whose certificate, fields and signature were checked.
    pub(crate) async fn query(&self, merchant: &Merchant, request: &QueryRequest<'_>) -> Said {
        let mch_billno = request.mch_billno;
        let call = self.call(crate::turn::Call::Query, merchant, mch_billno);
        if !is_bound(merchant, request.appid) {
            return call.unbound("appid");
        }
        let Some(inquirer) = self.inquirer(merchant.mch_id.as_str()) else {
            return call.no_upstream();
        };
        let freshness = Freshness::Within(self.options.fresh_for);
        match self.ask(inquirer, mch_billno, freshness).await {
            Ok(Ok(asked)) if self.options.stale_over_pace && said::is_too_fast(&asked) => {
                call.stale(&asked).unwrap_or_else(|| call.of_asked(&asked))
            }
            Ok(Ok(asked)) => call.of_asked(&asked),
            Ok(Err(InquiryError::OverPace)) => self.over_pace(inquirer, call).await,
            Ok(Err(error)) => call.failed(&error),
            Err(error) => call.failed(&error),
        }
    }

    /// Answers a send whose certificate, fields and signatures were checked. Its number and
    /// parameters are in the ledger before the payer hears of them.
    pub(crate) async fn send(&self, merchant: &Merchant, request: &SendRequest) -> Said {
        let call = self.call(crate::turn::Call::Send, merchant, request.mch_billno.as_str());
        if !is_bound(merchant, request.wxappid.as_str()) {
            return call.unbound("wxappid");
        }
        let Some(inquirer) = self.inquirer(merchant.mch_id.as_str()) else {
            return call.no_upstream();
        };
        let payment = Payment {
            order: request.into(),
            mch_billno: Some(request.mch_billno.clone()),
            business_ref: None,
        };
        let (paying, wait_max) = (inquirer.clone(), self.options.wait_for_turn);
        // In a task of its own, as above: a send that was begun is noted to its end.
        let sent = async move { paying.send_within(&payment, wait_max).await };
        match self.begun.spawn(sent).await {
            Ok(Ok(sent)) => call.of_sent(&self.proven(inquirer, sent).await),
            Ok(Err(InquiryError::Refused(refusal))) => call.of_refusal(&refusal),
            Ok(Err(InquiryError::OverPace)) => call.too_fast(),
            Ok(Err(error)) => call.failed(&error),
            Err(error) => call.failed(&error),
        }
    }

    /// Asks in a task of its own: what comes back is noted, also where the SDK has hung up.
    async fn ask(
        &self,
        inquirer: &Arc<Inquirer>,
        mch_billno: &str,
        freshness: Freshness,
    ) -> Result<Result<Asked, InquiryError>, JoinError> {
        let (asking, number) = (inquirer.clone(), mch_billno.to_owned());
        let wait_max = self.options.wait_for_turn;
        let asked = async move { asking.ask_within(&number, freshness, wait_max).await };
        self.begun.spawn(asked).await
    }

    /// A send, with what the query says at once where all that speaks for a failure is the
    /// send's own word. Where it says nothing, or gets no turn, the failure stays unproven.
    async fn proven(&self, inquirer: &Arc<Inquirer>, sent: Sent) -> Sent {
        if !said::is_doubtful(&sent) {
            return sent;
        }
        match self.ask(inquirer, sent.inquiry.key.mch_billno.as_str(), Freshness::New).await {
            Ok(Ok(Asked { inquiry, verdict, .. })) => Sent { inquiry, verdict, ..sent },
            Ok(Err(_)) | Err(_) => sent,
        }
    }

    /// Waits until what was begun is noted; for when nobody asks any more.
    pub(crate) async fn finish(&self) {
        self.begun.close();
        self.begun.wait().await;
    }

    async fn over_pace(&self, inquirer: &Inquirer, call: Call<'_>) -> Said {
        if !self.options.stale_over_pace {
            return call.too_fast();
        }
        match inquirer.recall(call.mch_billno).await {
            Ok(known) => {
                known.and_then(|asked| call.stale(&asked)).unwrap_or_else(|| call.too_fast())
            }
            Err(error) => call.failed(&error),
        }
    }

    fn call<'c>(
        &'c self,
        kind: crate::turn::Call,
        merchant: &'c Merchant,
        mch_billno: &'c str,
    ) -> Call<'c> {
        Call { kind, merchant, mch_billno, style: &self.options.style }
    }

    /// What follows each merchant's numbers; none where the options say so.
    pub(crate) fn followers(&self) -> Vec<(Box<str>, Follower)> {
        let options = FollowOptions { concurrency: FOLLOWED_AT_ONCE, ..FollowOptions::default() };
        let followed = self.upstreams.iter().filter(|_| self.options.follow);
        let follower = |inquirer: &Arc<Inquirer>| Follower::new(inquirer.clone(), options);
        followed.map(|(mch_id, inquirer)| (mch_id.clone(), follower(inquirer))).collect()
    }

    /// Puts what the ledger holds of each merchant into the metrics.
    ///
    /// # Errors
    /// The ledger failed.
    pub(crate) async fn look(&self) -> Result<(), InquiryError> {
        for (mch_id, inquirer) in &self.upstreams {
            let (next, waiting) = inquirer.ledger().next_due(mch_id).await?;
            let overdue = next.map(|next| inquirer.now().duration_since(next));
            let overdue = overdue.and_then(|overdue| Duration::try_from(overdue).ok());
            let filter = InquiryFilter {
                attention: Some(true),
                limit: PERSONS_COUNTED_MAX,
                ..InquiryFilter::default()
            };
            let persons = inquirer.ledger().inquiries(mch_id, &filter).await?;
            self.metrics.backlog(
                mch_id,
                Backlog {
                    waiting,
                    overdue: overdue.unwrap_or_default(),
                    needing_person: persons.len() as u64,
                    pace: pace_of(inquirer.client().pace()),
                },
            );
        }
        Ok(())
    }
}

/// The pace in force; `None`: no turns are given.
pub(crate) fn pace_of(pace: &Pace) -> Option<Rate> {
    pace.permitted().map(|_| pace.rate())
}

/// Whether the appid belongs to the merchant.
fn is_bound(merchant: &Merchant, appid: &str) -> bool {
    merchant.appids.iter().any(|bound| bound.as_str() == appid)
}

#[cfg(test)]
mod tests;
