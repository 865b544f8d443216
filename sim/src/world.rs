//! The world of one seed: the payer, the network, the merchant's disk, and the judge.

use crate::bug::Bug;
use crate::chance::Chance;
use crate::check::Check;
use crate::judge::Judge;
use crate::network::Network;
use crate::run::Plan;
use crate::time::{TrueClock, WallClock};
use crate::trace::Trace;
use crate::weather::Weather;
use hongbao_issuer::{Fault, FaultRule, Issuer, IssuerConfig, Play};
use hongbao_ledger::record::Order;
use hongbao_ledger::{Ledger, Limits, MemoryLedger, Merchant};
use hongbao_wire::send::Sender;
use hongbao_wire::{ApiKey, Fen, WorkwxSecret};
use jiff::SignedDuration;
use std::fmt::Arguments;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

pub(crate) const MCH: &str = "1000009800";
pub(crate) const APPID: &str = "wx8888888888888888";

/// Something that shall be paid, once.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) business_ref: Box<str>,
    pub(crate) order: Order,
}

/// Everything that outlives a process.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) bug: Option<Bug>,
    pub(crate) weather: Weather,
    pub(crate) time: TrueClock,
    pub(crate) issuer: Issuer,
    pub(crate) payer_ledger: Arc<MemoryLedger>,
    pub(crate) merchant: Merchant,
    /// The merchant's ledger.
    pub(crate) ledger: Arc<MemoryLedger>,
    /// One for each of the merchant's machines.
    pub(crate) clocks: Vec<WallClock>,
    pub(crate) jobs: Vec<Job>,
    /// Numbers that a file names and that nobody sent.
    pub(crate) strangers: Vec<Box<str>>,
    /// Whether processes lease what they are at, so that the others leave it alone.
    pub(crate) has_leases: bool,
    /// Turns a second of each process.
    pub(crate) pace: u32,
    network: Mutex<Network>,
    judge: Mutex<Judge>,
    trace: Mutex<Trace>,
    /// Told when a check is broken.
    pub(crate) broken: Notify,
}

impl World {
    pub(crate) async fn new(plan: &Plan) -> Arc<Self> {
        let seed = plan.seed;
        let mut chance = Chance::new(seed, "world");
        let weather = Weather::of(seed);
        let time = TrueClock::start();
        let jobs = jobs(&mut chance);
        let merchant = merchant(&mut chance, &jobs);
        let payer_ledger = Arc::new(MemoryLedger::new());
        payer_ledger.add_merchant(merchant.clone()).await.expect("the ledger is empty");
        let config = IssuerConfig { play: play(&mut chance), seed, ..IssuerConfig::default() };
        let issuer = Issuer::open(payer_ledger.clone(), Arc::new(time), config).await;
        let issuer = issuer.expect("an empty ledger opens");
        for rule in faults(&mut chance, &weather) {
            issuer.add_fault(rule).await.expect("the rules are good");
        }
        let machines = chance.number(1..4);
        let strangers = if chance.hits(80) { vec!["stranger0001".into()] } else { Vec::new() };
        Arc::new(Self {
            seed,
            bug: plan.bug,
            time,
            issuer,
            payer_ledger,
            merchant,
            ledger: Arc::new(MemoryLedger::new()),
            clocks: (0..machines).map(|_| WallClock::new(time)).collect(),
            jobs,
            strangers,
            pace: u32::try_from(chance.magnitude(1..30)).unwrap_or(20),
            has_leases: Chance::new(seed, "leases").hits(500),
            network: Mutex::new(Network::new(seed)),
            judge: Mutex::new(Judge::new(plan.muted.clone())),
            trace: Mutex::new(Trace::new(plan.whole_trace)),
            broken: Notify::new(),
            weather,
        })
    }

    /// Whether the storm is over: nothing bad happens any more.
    pub(crate) fn is_calm(&self) -> bool {
        self.time.age() >= self.weather.lasts
    }

    /// The share where the storm lasts, else 0.
    pub(crate) fn permille(&self, share: impl Fn(&Weather) -> u32) -> u32 {
        if self.is_calm() { 0 } else { share(&self.weather) }
    }

    pub(crate) fn network(&self) -> MutexGuard<'_, Network> {
        // a panic ends the seed, and nobody looks again
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, event: Arguments<'_>) {
        self.trace().note(self.time.age().as_millis(), event);
    }

    /// Says that a check is broken; the first that is said counts.
    pub(crate) fn blame(&self, check: Check, detail: String) {
        if self.judge().blame(check, detail) {
            self.note(format_args!("BROKEN {}", check.as_str()));
            self.broken.notify_one();
        }
    }

    /// The storm is over: the issuer's faults end, the account is filled, clocks are set right
    /// or stay as they are.
    pub(crate) async fn calm_down(&self) {
        self.note(format_args!("the world behaves again"));
        self.issuer.clear_faults(None).await.expect("a ledger in memory does not fail");
        let plenty = Fen::new(10_000_000).unwrap_or_default();
        self.payer_ledger.top_up(MCH, plenty).await.expect("the merchant is there");
        if Chance::new(self.seed, "calm").hits(500) {
            self.clocks.iter().for_each(|clock| clock.set(0));
        }
    }
}

fn jobs(chance: &mut Chance) -> Vec<Job> {
    let count = chance.number(1..6);
    let job = |no: u64| Job {
        business_ref: format!("ref-{no}").into(),
        order: Order {
            wxappid: APPID.into(),
            // two receivers, who run into their limits; amounts that tell the payments apart
            re_openid: format!("oxTWIuGaIt6gTKsQRLau2M0yL16{}", no % 2).into(),
            total_amount: Fen::new(1_000 * (no + 1) + no).unwrap_or_default(),
            wishing: "恭喜发财".into(),
            act_name: "新年红包 & <more>".into(),
            remark: format!("ref-{no}").into(),
            sender: Sender::Company,
            sender_header_media_id: None,
            scene: None,
        },
    };
    (0..count).map(job).collect()
}

fn merchant(chance: &mut Chance, jobs: &[Job]) -> Merchant {
    let all: u64 = jobs.iter().map(|job| job.order.total_amount.get()).sum();
    let balance = if chance.hits(200) { all / 2 } else { 10_000_000 };
    let user_packets_per_day = if chance.hits(200) { 1 } else { 10 };
    Merchant {
        mch_id: MCH.into(),
        name: "sim".into(),
        appids: vec![APPID.into()],
        api_key: ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d"),
        workwx_secret: WorkwxSecret::new(*b"synthetic-workwx-secret-01234567"),
        key_version: 1,
        limits: Limits { user_packets_per_day, ..Limits::default() },
        balance: Fen::new(balance).unwrap_or_default(),
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn play(chance: &mut Chance) -> Play {
    let mut seconds = |from: u64, to: u64| {
        let wait = chance.wait(Duration::from_secs(from), Duration::from_secs(to));
        SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO)
    };
    Play {
        stored_after: seconds(1, 600),
        sent_after: seconds(1, 3_600),
        received_after: seconds(10, 50_000),
        expired_after: SignedDuration::from_hours(24),
        refunded_after: seconds(60, 7_200),
        failed_after: seconds(600, 86_400),
        unclaimed_share_permille: 300,
    }
}

#[expect(clippy::float_arithmetic, reason = "a probability, not money")]
/// The issuer's own faults; none that comes between the patience of its watch and ours.
fn faults(chance: &mut Chance, weather: &Weather) -> Vec<FaultRule> {
    if weather.issuer_faults == 0 {
        return Vec::new();
    }
    let probability = f64::from(weather.issuer_faults) / 1000.0;
    let mut rules = Vec::new();
    for fault in Fault::ALL {
        if chance.hits(300) {
            let delay_ms = Some(*chance.pick(&[100, 3_000, 7_000, 12_000, 60_000]));
            let stored = Some(chance.hits(500));
            let seed = chance.number(0..u64::MAX);
            rules.push(FaultRule { probability, seed, delay_ms, stored, ..FaultRule::new(fault) });
        }
    }
    rules
}
