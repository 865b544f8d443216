//! Asks as one merchant: in turn, again where that is right, and of the other host.

use crate::attempts::{self, ATTEMPT_MIN, Came, Next, Tried};
use crate::config::{ClientConfig, ClientOptions};
use crate::error::ClientError;
use crate::exchange::Exchange;
use crate::failover::Failover;
use crate::http::HttpTransport;
use crate::pace::{OverPace, Pace};
use crate::transport::{Call, Host, RawReply, Seen, Transport, Trouble};
use hongbao_wire::observation::{Asked, Echo, Silence};
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, QueryReply, QueryRequest, SendReply, SendRequest, WorkwxSecret};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// A client of one payer as one merchant. Clones share pace, connections and memory.
///
/// A call is a number of attempts with the very same bytes, and so with the same bill
/// number: at most [`crate::AttemptLimits::count_max`] within its deadline. Each takes a turn of the
/// [`Pace`]. Which outcomes lead to another attempt, and when, is a table in `attempts.rs`:
/// silence, 5xx, SYSTEMERROR and FREQ_LIMIT do, whatever else is read does not; the other
/// host is asked only after a connection was not made and after 5xx.
///
/// **Dropping** the future of a call is safe at any time: a turn that was waited for is
/// given back, a connection in use is closed, and the next call works as ever. It takes
/// nothing back: a packet whose send was dropped may have been ordered. Ask the query.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<dyn Transport>,
    options: ClientOptions,
    failover: Arc<Mutex<Failover>>,
}

/// One call, as all of its attempts make it.
struct Order<'o> {
    call: Call,
    asked: Asked<'o>,
    body: Vec<u8>,
    key: &'o ApiKey,
    policy: Policy,
}

impl Client {
    /// Makes a client that asks over HTTP; connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let transport = HttpTransport::new(&config)?;
        Ok(Self::with_transport(Arc::new(transport), config.options()))
    }

    /// Makes a client that asks over any transport, such as a simulated one.
    #[must_use]
    pub fn with_transport(transport: Arc<dyn Transport>, options: ClientOptions) -> Self {
        let failover = Arc::new(Mutex::new(Failover::new(options.failover_rest)));
        Self { transport, options, failover }
    }

    /// The merchant's pace.
    #[must_use]
    pub const fn pace(&self) -> &Pace {
        &self.options.pace
    }

    /// Asks what became of a packet (seed). Harmless, whatever comes back.
    ///
    /// A success needs a valid signature under [`Policy::Require`]; a failure is never
    /// signed (`protocol.md` §2.4). A reply about another number or merchant is unreadable.
    pub async fn query(
        &self,
        request: &QueryRequest<'_>,
        key: &ApiKey,
        policy: Policy,
    ) -> Exchange<QueryReply> {
        self.options.pace.turn().await;
        self.ask(&query_order(request, key, policy)).await
    }

    /// [`Client::query`], unless its first turn does not come within `wait_max`.
    ///
    /// # Errors
    /// [`OverPace`]: nothing was sent.
    pub async fn query_within(
        &self,
        wait_max: Duration,
        request: &QueryRequest<'_>,
        key: &ApiKey,
        policy: Policy,
    ) -> Result<Exchange<QueryReply>, OverPace> {
        self.options.pace.turn_within(wait_max).await?;
        Ok(self.ask(&query_order(request, key, policy)).await)
    }

    /// Orders a packet (`protocol.md` §1). Whatever but a verified success comes back, the
    /// money may have moved: see [`Exchange::may_have_arrived`] and `hongbao_wire::verdict`.
    pub async fn send(
        &self,
        request: &SendRequest,
        key: &ApiKey,
        secret: &WorkwxSecret,
        policy: Policy,
    ) -> Exchange<SendReply> {
        self.options.pace.turn().await;
        self.ask(&send_order(request, key, secret, policy)).await
    }

    /// [`Client::send`], unless its first turn does not come within `wait_max`.
    ///
    /// # Errors
    /// [`OverPace`]: nothing was sent.
    pub async fn send_within(
        &self,
        wait_max: Duration,
        request: &SendRequest,
        key: &ApiKey,
        secret: &WorkwxSecret,
        policy: Policy,
    ) -> Result<Exchange<SendReply>, OverPace> {
        self.options.pace.turn_within(wait_max).await?;
        Ok(self.ask(&send_order(request, key, secret, policy)).await)
    }

    /// Makes the attempts of one call; the first has its turn already.
    async fn ask<R: Echo>(&self, order: &Order<'_>) -> Exchange<R> {
        let deadline = Instant::now() + self.options.attempts.deadline;
        let mut host = self.first_host();
        let mut told: Option<Exchange<R>> = None;
        loop {
            let reply = self.attempt(host, order, deadline).await;
            let seen = Exchange::read(order.asked, host, reply, order.key, order.policy);
            let (came, was_sent) = (Came::of(&seen.observation), seen.may_have_arrived);
            self.note(host, came, was_sent);
            let exchange = match told.take() {
                Some(earlier) => earlier.then(seen),
                None => seen,
            };
            let tried = Tried {
                call: order.call,
                came,
                was_sent,
                made: exchange.attempts,
                time_left: deadline.saturating_duration_since(Instant::now()),
                host,
                has_failover: self.options.has_failover,
            };
            match attempts::next(&tried, self.options.attempts) {
                Next::Stop => return exchange,
                Next::Again { after_min, jitter_max, host: next } => {
                    sleep(after_min + self.options.dice.below(jitter_max)).await;
                    let left = deadline.saturating_duration_since(Instant::now());
                    let wait_max = left.saturating_sub(ATTEMPT_MIN);
                    if self.options.pace.turn_within(wait_max).await.is_err() {
                        return exchange;
                    }
                    (told, host) = (Some(exchange), next);
                }
            }
        }
    }

    async fn attempt(
        &self,
        host: Host,
        order: &Order<'_>,
        deadline: Instant,
    ) -> Result<RawReply, Trouble> {
        let post = self.transport.post(host, order.call, order.body.clone());
        timeout_at(deadline, post).await.unwrap_or_else(|_| {
            Err(Trouble {
                seen: Seen::Silence(Silence::TimedOut),
                was_sent: true,
                cause: "the call's deadline passed".to_owned(),
            })
        })
    }

    fn first_host(&self) -> Host {
        if self.options.has_failover { self.memory().host(Instant::now()) } else { Host::Main }
    }

    fn note(&self, host: Host, came: Came, was_sent: bool) {
        self.memory().note(host, came, was_sent, Instant::now());
        if came == Came::TooFast {
            self.options.pace.freq_limited();
        }
    }

    fn memory(&self) -> MutexGuard<'_, Failover> {
        // it holds one value, which a panic cannot leave half changed
        self.failover.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn query_order<'o>(request: &QueryRequest<'o>, key: &'o ApiKey, policy: Policy) -> Order<'o> {
    let asked = Asked { mch_id: request.mch_id, mch_billno: request.mch_billno };
    Order { call: Call::Query, asked, body: request.write(key), key, policy }
}

fn send_order<'o>(
    request: &'o SendRequest,
    key: &'o ApiKey,
    secret: &WorkwxSecret,
    policy: Policy,
) -> Order<'o> {
    let asked = Asked { mch_id: request.mch_id.as_str(), mch_billno: request.mch_billno.as_str() };
    Order { call: Call::Send, asked, body: request.write(key, secret), key, policy }
}
