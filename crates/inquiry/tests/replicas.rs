//! Several processes of one merchant on one ledger: one asks, the others wait; what a dead one was
//! at is done after its lease; together they keep the merchant's pace.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
mod given;

use common::{MCH, account, secs, start};
use given::Payer;
use hongbao_client::{AttemptLimits, Client, ClientOptions, Dice, Pace, Rate};
use hongbao_inquiry::follow::{Event, Round, Until};
use hongbao_inquiry::slice::whole_turns;
use hongbao_inquiry::{
    ASK_LEASE, Asked, Clock, FollowOptions, Follower, Freshness, Inquirer, InquirerOptions, Origin,
    SLICE_LEASE, Slice, SliceKeeper,
};
use hongbao_ledger::{Claim, Inquiries, Key, Lease, MemoryLedger};
use hongbao_wire::Verdict;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// The time of day goes as tokio's clock does.
#[derive(Debug)]
struct DayClock(Instant);

impl Clock for DayClock {
    fn now(&self) -> Timestamp {
        start() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

/// What the processes share.
struct Shop {
    ledger: Arc<MemoryLedger>,
    payer: Arc<Payer>,
    clock: Arc<DayClock>,
}

impl Shop {
    fn new() -> Self {
        let clock = Arc::new(DayClock(Instant::now()));
        Self { ledger: Arc::default(), payer: Arc::default(), clock }
    }

    fn process(&self, holder: &str) -> Arc<Inquirer> {
        self.process_at(holder, Pace::per_second(10_000))
    }

    fn process_at(&self, holder: &str, pace: Pace) -> Arc<Inquirer> {
        let attempts = AttemptLimits::ONCE;
        let client = ClientOptions { pace, attempts, dice: Dice::seeded(1), ..Default::default() };
        let client = Client::with_transport(self.payer.clone(), client);
        let options = InquirerOptions { holder: Some(holder.into()), ..Default::default() };
        let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
        let inquirer = Inquirer::new(account(), client, ledger, clock, Dice::seeded(2), options);
        Arc::new(inquirer)
    }

    /// The payer knows the number, and answers after so long.
    fn pays(&self, number: &str, status: &'static str, takes: Duration) {
        self.payer.pays(number, status, start() - secs(3600));
        self.payer.takes(number, takes);
    }

    /// Another process takes the number and dies.
    async fn dies_over(&self, number: &str) {
        let until = self.clock.now() + SignedDuration::try_from(ASK_LEASE).unwrap();
        let lease = Lease { holder: "dead".into(), until };
        let claim = self.ledger.claim_inquiry(&key(number), self.clock.now(), &lease).await;
        assert_eq!(claim.unwrap(), Claim::Taken);
    }

    /// Whether nobody has a lease on the number.
    async fn is_free(&self, number: &str) -> bool {
        let lease = Lease { holder: "looks".into(), until: self.clock.now() + secs(1) };
        let claim = self.ledger.claim_inquiry(&key(number), self.clock.now(), &lease).await;
        self.ledger.release_inquiry(&key(number), "looks").await.unwrap();
        claim.unwrap() == Claim::Taken
    }
}

fn key(number: &str) -> Key {
    Key::new(MCH, number)
}

fn is_from_ledger(asked: &Asked) -> bool {
    matches!(asked.origin, Origin::Ledger { .. })
}

#[tokio::test(start_paused = true)]
async fn twins_at_two_processes_cost_one_question() {
    let shop = Shop::new();
    let (a, b) = (shop.process("a"), shop.process("b"));
    for (n, takes) in [5, 50, 900, 20_000].into_iter().enumerate() {
        let number = format!("{n}");
        shop.pays(&number, "SENT", takes * MS);
        let later = async {
            sleep(2 * MS).await;
            b.ask(&number, Freshness::New).await.unwrap()
        };
        let (first, second) = tokio::join!(a.ask(&number, Freshness::New), later);
        let first = first.unwrap();
        assert_eq!(shop.payer.asks(&number), 1, "{takes} ms");
        assert!(!is_from_ledger(&first) && is_from_ledger(&second));
        assert_eq!(first.inquiry.reply, second.inquiry.reply);
        assert!(matches!(second.verdict, Verdict::Open(_)), "{:?}", second.verdict);
        assert!(shop.is_free(&number).await);
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_many_processes_cost_one_question() {
    let shop = Shop::new();
    shop.pays("1", "SENT", 300 * MS);
    let processes: Vec<_> = (0..5).map(|n| shop.process(&n.to_string())).collect();
    let mut asking = JoinSet::new();
    for n in 0..100 {
        let process = processes[n % 5].clone();
        asking.spawn(async move {
            sleep(Duration::from_millis(n as u64)).await;
            process.ask_within("1", Freshness::Within(secs(0)), 2 * SECOND).await.unwrap()
        });
    }
    assert!(asking.join_all().await.iter().all(|asked| asked.inquiry.asks == 1));
    assert_eq!(shop.payer.asks("1"), 1);
    // later it is asked anew
    sleep(SECOND).await;
    processes[3].ask("1", Freshness::New).await.unwrap();
    assert_eq!(shop.payer.asks("1"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_from_the_ledger_is_asked_by_each() {
    let shop = Shop::new();
    let (a, b) = (shop.process("a"), shop.process("b"));
    // NOT_FOUND leaves no record that could be passed on
    let (first, second) = tokio::join!(a.ask("1", Freshness::New), b.ask("1", Freshness::New));
    assert_eq!(shop.payer.asks("1"), 2);
    for asked in [first.unwrap(), second.unwrap()] {
        assert!(!is_from_ledger(&asked));
    }
    // whoever only needs to know that it was asked does not ask again
    sleep(MS).await;
    let since = Freshness::Since(shop.clock.now());
    let (first, second) = tokio::join!(a.ask("1", since), b.ask("1", since));
    assert_eq!(shop.payer.asks("1"), 3);
    assert!(is_from_ledger(&first.unwrap()) != is_from_ledger(&second.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_dead_process_asks_after_its_lease_and_not_before() {
    let shop = Shop::new();
    let process = shop.process("a");
    shop.pays("1", "SENT", 50 * MS);
    process.ask("1", Freshness::New).await.unwrap();
    shop.dies_over("1").await;
    let began = Instant::now();
    let asked = process.ask("1", Freshness::New).await.unwrap();
    assert!(!is_from_ledger(&asked));
    let took = began.elapsed();
    assert!((ASK_LEASE + 50 * MS..ASK_LEASE + 2 * SECOND).contains(&took), "{took:?}");
    assert_eq!(shop.payer.asks("1"), 2);
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_long_enough_asks_by_itself() {
    let shop = Shop::new();
    let process = shop.process("a");
    shop.pays("1", "SENT", 50 * MS);
    process.ask("1", Freshness::New).await.unwrap();
    shop.dies_over("1").await;
    let began = Instant::now();
    let asked = process.ask_within("1", Freshness::New, 2 * SECOND).await.unwrap();
    assert!(!is_from_ledger(&asked));
    let took = began.elapsed();
    assert!((2 * SECOND..2 * SECOND + 400 * MS).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_takes_longer_than_its_lease_keeps_it() {
    let shop = Shop::new();
    let (a, b) = (shop.process("a"), shop.process("b"));
    // as long as a call may take
    shop.pays("1", "SENT", 28 * SECOND);
    let later = async {
        sleep(SECOND).await;
        b.ask("1", Freshness::New).await
    };
    let (first, second) = tokio::join!(a.ask("1", Freshness::New), later);
    assert!(!is_from_ledger(&first.unwrap()) && is_from_ledger(&second.unwrap()));
    assert_eq!(shop.payer.asks("1"), 1);
}

#[tokio::test(start_paused = true)]
async fn who_gets_no_turn_keeps_nobody_from_asking() {
    let shop = Shop::new();
    let pace = Pace::per_second(1);
    let (a, b) = (shop.process_at("a", pace.clone()), shop.process("b"));
    shop.pays("1", "SENT", 50 * MS);
    pace.turn().await;
    assert!(a.ask_within("1", Freshness::New, Duration::ZERO).await.is_err());
    assert!(shop.is_free("1").await);
    assert!(!is_from_ledger(&b.ask("1", Freshness::New).await.unwrap()));
}

fn follower(process: &Arc<Inquirer>, concurrency: usize) -> Follower {
    Follower::new(process.clone(), FollowOptions { concurrency, ..FollowOptions::default() })
}

async fn round(process: &Arc<Inquirer>) -> Round {
    follower(process, 8).round(&mut |_| {}).await.unwrap()
}

/// Numbers that the payer knows, due now.
async fn due(shop: &Shop, count: usize, takes: Duration) -> Vec<String> {
    let process = shop.process("notes");
    let numbers: Vec<String> = (0..count).map(|n| format!("{n:03}")).collect();
    for number in &numbers {
        shop.pays(number, "RECEIVED", takes);
        process.follow(number).await.unwrap();
    }
    numbers
}

#[tokio::test(start_paused = true)]
async fn followers_share_what_is_due() {
    let shop = Shop::new();
    let numbers = due(&shop, 200, 50 * MS).await;
    let (a, b) = (shop.process("a"), shop.process("b"));
    let (of_a, of_b) = tokio::join!(round(&a), round(&b));
    assert_eq!((of_a.done + of_b.done, of_a.failed, of_b.failed), (200, 0, 0));
    assert!(of_a.done >= 80 && of_b.done >= 80, "{of_a:?} {of_b:?}");
    for number in numbers {
        assert_eq!(shop.payer.asks(&number), 1);
        assert!(shop.is_free(&number).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_follower_takes_no_more_than_it_begins() {
    let shop = Shop::new();
    due(&shop, 50, SECOND).await;
    let (a, b) = (shop.process("a"), shop.process("b"));
    let half_way = timeout(500 * MS, async { follower(&a, 3).round(&mut |_| {}).await });
    assert!(half_way.await.is_err(), "it was dropped, as by a crash");
    assert_eq!(shop.payer.asks_in_all(), 3);
    assert_eq!(round(&b).await, Round { done: 47, failed: 0 });
    // the three are the dead one's until its lease ends
    assert_eq!(round(&b).await, Round::default());
    sleep(ASK_LEASE - 8 * SECOND).await;
    let took = shop.clock.0.elapsed();
    assert!(took < ASK_LEASE, "{took:?}");
    assert_eq!(round(&b).await, Round::default());
    sleep(ASK_LEASE - took).await;
    assert_eq!(round(&b).await, Round { done: 3, failed: 0 });
    assert_eq!(shop.payer.asks_in_all(), 53);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_is_stopped_leaves_its_numbers_to_others_at_once() {
    let shop = Shop::new();
    let numbers = due(&shop, 5, SECOND).await;
    let a = shop.process("a");
    let stop = sleep(500 * MS);
    follower(&a, 8).run(Until::Stopped, stop, |_| {}).await.unwrap();
    assert_eq!(shop.payer.asks_in_all(), 5);
    for number in &numbers {
        assert!(shop.is_free(number).await, "{number}");
    }
    assert_eq!(round(&shop.process("b")).await, Round { done: 5, failed: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_number_that_cannot_be_followed_here_does_not_keep_the_others_waiting() {
    let shop = Shop::new();
    due(&shop, 30, 50 * MS).await;
    shop.payer.takes("000", 28 * SECOND);
    let (began, mut ended) = (Instant::now(), BTreeMap::new());
    let mut note = |event: Event| {
        if let Event::Asked(asked) = event {
            ended.insert(asked.inquiry.key.mch_billno.to_string(), began.elapsed());
        }
    };
    follower(&shop.process("a"), 4).round(&mut note).await.unwrap();
    assert_eq!(ended.len(), 30);
    let slow = ended.remove("000").unwrap();
    assert!(slow >= 28 * SECOND, "{slow:?}");
    assert!(ended.values().all(|took| *took < 2 * SECOND), "{ended:?}");
}

/// One process and its slice of the pace.
struct Sharer {
    pace: Pace,
    keeper: SliceKeeper,
    tasks: JoinSet<()>,
}

type Given = Arc<Mutex<Vec<Instant>>>;

impl Sharer {
    /// Keeps a slice, and takes every turn that it gets.
    fn begin(shop: &Shop, holder: String, whole: u32, given: &Given) -> Self {
        let pace = Pace::per_second(whole);
        pace.forbid();
        let keeper = SliceKeeper {
            ledger: shop.ledger.clone(),
            clock: shop.clock.clone(),
            mch_id: MCH.into(),
            pace: "upstream".into(),
            whole_per_1000_seconds: u64::from(whole) * 1000,
            holder: holder.into(),
            is_exact: true,
        };
        let mut tasks = JoinSet::new();
        let (keeping, its) = (keeper.clone(), pace.clone());
        tasks.spawn(async move {
            let set = move |slice: Slice| match Rate::per_1000(whole_turns(slice.per_1000_seconds))
            {
                Some(rate) => its.permit(rate, Some(slice.until - Instant::now())),
                None => its.forbid(),
            };
            keeping.keep(set).await;
        });
        let (its, given) = (pace.clone(), given.clone());
        tasks.spawn(async move {
            loop {
                its.turn().await;
                given.lock().unwrap().push(Instant::now());
            }
        });
        Self { pace, keeper, tasks }
    }

    /// Ends in order: it gives no turns, and gives its slice back.
    async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.pace.forbid();
        self.keeper.release().await;
    }
}

#[track_caller]
fn no_second_exceeds(given: &Given, whole: u32, seed: u64) {
    let mut given = given.lock().unwrap().clone();
    given.sort();
    for (at, first) in given.iter().enumerate() {
        let in_second = given[at..].iter().take_while(|turn| **turn < *first + SECOND).count();
        assert!(in_second <= whole as usize, "seed {seed}: {in_second} turns at {whole}/s");
    }
}

#[tokio::test(start_paused = true)]
async fn one_process_has_the_whole_and_two_have_halves() {
    let shop = Shop::new();
    let given = Given::default();
    let first = Sharer::begin(&shop, "a".into(), 21, &given);
    sleep(5 * SECOND).await;
    assert_eq!(first.pace.permitted(), Some(Rate::per_second(21)));
    let second = Sharer::begin(&shop, "b".into(), 21, &given);
    sleep(MS).await;
    assert_eq!(second.pace.permitted(), None, "nothing is free yet");
    sleep(5 * SECOND).await;
    assert_eq!(first.pace.permitted(), Some(Rate::per_second(10)));
    assert_eq!(second.pace.permitted(), Some(Rate::per_second(10)));
    // given back, it is the other one's after its next renewal
    second.stop().await;
    sleep(5 * SECOND).await;
    assert_eq!(first.pace.permitted(), Some(Rate::per_second(21)));
    // a dead one's is free when its lease ends
    let mut third = Sharer::begin(&shop, "c".into(), 21, &given);
    sleep(8 * SECOND).await;
    assert_eq!(first.pace.permitted(), Some(Rate::per_second(10)));
    third.tasks.shutdown().await;
    let died = Instant::now();
    while first.pace.permitted() == Some(Rate::per_second(10)) {
        sleep(10 * MS).await;
    }
    let took = died.elapsed();
    assert!((SLICE_LEASE - 2 * SECOND..SLICE_LEASE + 5 * SECOND).contains(&took), "{took:?}");
    assert_eq!(third.pace.permitted(), None, "what it held has ended");
    no_second_exceeds(&given, 21, 0);
}

#[tokio::test(start_paused = true)]
async fn more_processes_than_turns_in_a_second_each_get_some() {
    let shop = Shop::new();
    let given = Given::default();
    let sharers: Vec<_> = (0..10).map(|n| Sharer::begin(&shop, n.to_string(), 5, &given)).collect();
    sleep(10 * SECOND).await;
    for sharer in &sharers {
        assert_eq!(sharer.pace.permitted(), Rate::per_1000(500));
    }
    given.lock().unwrap().clear();
    sleep(100 * SECOND).await;
    let turns = given.lock().unwrap().len();
    assert!((480..=500).contains(&turns), "{turns} turns in 100 s at 5/s");
}

/// Processes come and go, in order or not, and the ledger is away for a while.
async fn play(seed: u64) {
    let dice = Dice::seeded(seed);
    let below = |end: usize| {
        let most = Duration::from_nanos(end as u64 - 1);
        usize::try_from(dice.below(most).as_nanos()).unwrap()
    };
    let shop = Shop::new();
    let given = Given::default();
    let whole = [2, 5, 20, 30, 77][below(5)];
    let mut sharers: Vec<Sharer> = Vec::new();
    for step in 0..60 {
        match below(4) {
            0 | 1 if sharers.len() < 2 => {
                sharers.push(Sharer::begin(&shop, format!("{step}"), whole, &given));
            }
            2 if !sharers.is_empty() => {
                // killed: it gives no turn more, and its lease stays
                let at = below(sharers.len());
                sharers.swap_remove(at).tasks.shutdown().await;
            }
            3 if !sharers.is_empty() => {
                let at = below(sharers.len());
                sharers.swap_remove(at).stop().await;
            }
            _ => {}
        }
        sleep(dice.below(5 * SECOND)).await;
    }
    no_second_exceeds(&given, whole, seed);
    assert!(given.lock().unwrap().len() > 50, "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn no_second_sees_more_than_the_whole_whoever_comes_and_goes() {
    for seed in 0..40 {
        play(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_beyond_its_lease_gives_no_turn() {
    let shop = Shop::new();
    let given = Given::default();
    let first = Sharer::begin(&shop, "a".into(), 20, &given);
    sleep(5 * SECOND).await;
    given.lock().unwrap().clear();
    // nothing of it runs for so long
    advance(SLICE_LEASE).await;
    assert_eq!(first.pace.permitted(), None);
}
