//! What is counted, for Prometheus: `docs/metrics.md` lists it. No label holds a bill number
//! or an openid.
//!
//! A request counts in two atomics and a short lock: what its labels name is looked up once
//! and then kept.

use crate::pace::Share;
use crate::source::Origin;
use crate::turn::Call;
use hongbao_client::Rate;
use hongbao_wire::ErrorCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The upper bounds of the buckets of a request's duration, seconds.
const REQUEST_BUCKETS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0];
/// The upper bounds of the buckets of an attempt's duration, seconds.
const ATTEMPT_BUCKETS: [f64; 9] = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0];
/// How many words the label `err_code` has: none, the known ones, any other.
const CODES: usize = ErrorCode::KNOWN.len() + 2;
/// Calls × origins.
const KINDS: usize = Call::ALL.len() * Origin::ALL.len();

type Labels<const N: usize> = [(&'static str, String); N];
/// A gauge of fractions.
type Fractions = Gauge<f64, AtomicU64>;

/// Every metric of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    durations: Family<Labels<2>, Histogram, fn() -> Histogram>,
    kept_requests: Vec<OnceLock<Counter>>,
    kept_durations: [OnceLock<Histogram>; KINDS],
    attempts: Family<Labels<3>, Counter>,
    attempt_durations: Family<Labels<1>, Histogram, fn() -> Histogram>,
    steps: Family<Labels<2>, Counter>,
    pace: Family<Labels<1>, Fractions>,
    waiting: Family<Labels<1>, Gauge>,
    overdue: Family<Labels<1>, Fractions>,
    needing_person: Family<Labels<1>, Gauge>,
    share: Family<Labels<1>, Fractions>,
}

/// What the ledger holds of a merchant, as a scrape shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    /// How many numbers will be asked about by themselves.
    pub(crate) waiting: u64,
    /// For how long the longest due of them has been due.
    pub(crate) overdue: Duration,
    /// How many need a person.
    pub(crate) needing_person: u64,
    /// The pace in force; `None`: no turns are given.
    pub(crate) pace: Option<Rate>,
}

impl Metrics {
    /// All at nothing.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("hongbao"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(REQUEST_BUCKETS)),
            kept_requests: (0..KINDS * CODES).map(|_| OnceLock::new()).collect(),
            kept_durations: [const { OnceLock::new() }; KINDS],
            attempts: Family::default(),
            attempt_durations: Family::new_with_constructor(|| Histogram::new(ATTEMPT_BUCKETS)),
            steps: Family::default(),
            pace: Family::default(),
            waiting: Family::default(),
            overdue: Family::default(),
            needing_person: Family::default(),
            share: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests that were answered", self.requests.clone());
        let help = "From the end of a request's head to its finished answer";
        registry.register("request_duration_seconds", help, self.durations.clone());
        let help = "Requests that were made of the payer";
        registry.register("upstream_attempts", help, self.attempts.clone());
        let help = "How long the payer took to answer one of them";
        registry.register(
            "upstream_attempt_duration_seconds",
            help,
            self.attempt_durations.clone(),
        );
        let help = "What following did: asked, or could not";
        registry.register("follow_steps", help, self.steps.clone());
        let help = "The most requests of the payer in a second that are permitted now";
        registry.register("upstream_pace_per_second", help, self.pace.clone());
        let help = "Numbers that will be asked about by themselves";
        registry.register("inquiries_waiting", help, self.waiting.clone());
        let help = "For how long the longest due number has been due";
        registry.register("inquiries_overdue_seconds", help, self.overdue.clone());
        let help = "Numbers that need a person, counted up to 1000";
        registry.register("inquiries_needing_person", help, self.needing_person.clone());
        let help = "What this process may give of each merchant's calls: 1 is all of them";
        registry.register("replica_share", help, self.share.clone());
    }

    /// One request was answered.
    pub(crate) fn request(
        &self,
        call: Call,
        origin: Origin,
        err_code: Option<&ErrorCode>,
        took: Duration,
    ) {
        let kind = call as usize * Origin::ALL.len() + origin as usize;
        let (nth, code) = code_word(err_code);
        let words = || [("call", call.as_str().to_owned()), ("origin", origin.as_str().to_owned())];
        let requests = self.kept_requests[kind * CODES + nth].get_or_init(|| {
            let [call, origin] = words();
            self.requests.get_or_create_owned(&[call, origin, ("err_code", code.to_owned())])
        });
        requests.inc();
        let durations =
            self.kept_durations[kind].get_or_init(|| self.durations.get_or_create_owned(&words()));
        durations.observe(took.as_secs_f64());
    }

    /// One request was made of the payer.
    pub(crate) fn attempt(&self, mch_id: &str, call: &str, outcome: &str, took: Duration) {
        let call = ("call", call.to_owned());
        self.attempt_durations
            .get_or_create(std::array::from_ref(&call))
            .observe(took.as_secs_f64());
        let labels = [merchant(mch_id), call, ("outcome", outcome.to_owned())];
        self.attempts.get_or_create(&labels).inc();
    }

    /// Following made one step: `asked`, `resent` or `failed`.
    pub(crate) fn step(&self, mch_id: &str, step: &str) {
        self.steps.get_or_create(&[merchant(mch_id), ("step", step.to_owned())]).inc();
    }

    /// What the ledger holds of a merchant now.
    pub(crate) fn backlog(&self, mch_id: &str, backlog: Backlog) {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let labels = [merchant(mch_id)];
        self.waiting.get_or_create(&labels).set(whole(backlog.waiting));
        self.overdue.get_or_create(&labels).set(backlog.overdue.as_secs_f64());
        self.needing_person.get_or_create(&labels).set(whole(backlog.needing_person));
        let turns = backlog.pace.map_or(0, Rate::per_1000_seconds);
        let thousandth = Duration::from_millis(turns);
        // turns in 1000 s are thousandths of turns in 1 s, as milliseconds are of seconds
        self.pace.get_or_create(&labels).set(thousandth.as_secs_f64());
    }

    /// What this process may give of each merchant's calls.
    pub(crate) fn share(&self, share: &Share) {
        self.share.get_or_create(&[("pace", "calls".to_owned())]).set(share.fraction());
    }

    /// All of it as OpenMetrics text.
    pub(crate) fn write(&self) -> String {
        let mut text = String::new();
        // a `String` takes whatever is written to it
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn merchant(mch_id: &str) -> (&'static str, String) {
    ("mch_id", mch_id.to_owned())
}

/// The label's word, and which of [`CODES`] it is.
fn code_word(err_code: Option<&ErrorCode>) -> (usize, &str) {
    let Some(code) = err_code else { return (0, "none") };
    match ErrorCode::KNOWN.iter().position(|known| known == code) {
        Some(at) => (at + 1, code.as_str()),
        None => (CODES - 1, "other"),
    }
}
