#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// The instants at which turns were given, and the rate in force at each.
type Given = Arc<Mutex<Vec<(Instant, Rate)>>>;

/// Fails where a half-open window of one second holds more turns than the rates in force in
/// it permit. It is enough to look at windows that begin with a turn.
#[track_caller]
fn no_window_exceeds(given: &[(Instant, Rate)]) {
    for (first, (start, _)) in given.iter().enumerate() {
        let window: Vec<_> =
            given[first..].iter().take_while(|(at, _)| *at < *start + SECOND).collect();
        let most = window.iter().map(|(_, rate)| rate.per_1000_seconds).max().unwrap();
        let most = usize::try_from(most.div_ceil(1000)).unwrap();
        assert!(window.len() <= most, "{} turns within a second at {most}/s", window.len());
    }
}

/// Takes turns as fast as they come, `workers` at a time, for `time`.
async fn saturate(pace: &Pace, workers: usize, time: Duration) -> Vec<(Instant, Rate)> {
    let given = Given::default();
    let end = Instant::now() + time;
    let mut set = JoinSet::new();
    for _ in 0..workers {
        let (pace, given) = (pace.clone(), Arc::clone(&given));
        set.spawn(async move {
            while Instant::now() < end {
                pace.turn().await;
                given.lock().unwrap().push((Instant::now(), pace.rate()));
            }
        });
    }
    set.join_all().await;
    let mut given = Arc::into_inner(given).unwrap().into_inner().unwrap();
    given.retain(|(at, _)| *at < end);
    given.sort();
    given
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_and_the_throughput_is_99_hundredths() {
    for rate in [1, 2, 7, 20, 100, 333, 1000, 5000] {
        let pace = Pace::per_second(rate);
        let given = saturate(&pace, 8, Duration::from_secs(8)).await;
        no_window_exceeds(&given);
        let least = usize::try_from(rate * 8 * 98 / 100).unwrap();
        assert!(given.len() >= least, "{} turns in 8 s at {rate}/s", given.len());
    }
}

/// A share of less than the floor leaves no mark on a larger one.
#[tokio::test(start_paused = true)]
async fn a_limit_told_to_a_small_share_bounds_a_larger_one_by_the_floor() {
    let pace = Pace::per_second(1);
    pace.permit(Rate::per_1000(100).unwrap(), None);
    pace.freq_limited();
    assert_eq!(pace.rate(), Rate::per_1000(100).unwrap());
    pace.permit(Rate::per_second(1), None);
    assert_eq!(pace.rate(), Rate::FLOOR);
}

/// The burst that a rest earns is within the rate too.
#[tokio::test(start_paused = true)]
async fn a_rest_earns_no_burst_beyond_the_rate() {
    let pace = Pace::per_second(100);
    let mut given = saturate(&pace, 3, SECOND).await;
    advance(Duration::from_secs(3600)).await;
    given.extend(saturate(&pace, 3, SECOND).await);
    no_window_exceeds(&given);
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_in_the_order_of_asking() {
    let pace = Pace::per_second(10);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut set = JoinSet::new();
    for number in 0..20 {
        let (pace, order) = (pace.clone(), Arc::clone(&order));
        set.spawn(async move {
            pace.turn().await;
            order.lock().unwrap().push(number);
        });
        tokio::task::yield_now().await;
    }
    set.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_no_turn() {
    let pace = Pace::per_second(1);
    pace.turn().await;
    let start = Instant::now();
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(pace.turn())).collect();
    for turn in &mut waiting {
        assert!(tokio::time::timeout(Duration::from_millis(10), turn).await.is_err());
    }
    drop(waiting);
    pace.turn().await;
    assert!(Instant::now() - start <= Duration::from_millis(1011), "{:?}", Instant::now() - start);
}

#[tokio::test(start_paused = true)]
async fn a_turn_within_a_time_comes_within_it_or_is_refused() {
    let pace = Pace::per_second(1);
    assert_eq!(pace.turn_within(Duration::ZERO).await, Ok(()));
    let start = Instant::now();
    // the next in line can tell at once
    assert_eq!(pace.turn_within(Duration::from_millis(900)).await, Err(OverPace));
    assert_eq!(Instant::now(), start);
    let next = pace.clone();
    let next = tokio::spawn(async move { next.turn().await });
    tokio::task::yield_now().await;
    // who is behind it learns it when the time is over
    assert_eq!(pace.turn_within(Duration::from_millis(500)).await, Err(OverPace));
    assert!(Instant::now() - start < Duration::from_millis(510));
    next.await.unwrap();
    assert_eq!(pace.turn_within(Duration::from_secs(2)).await, Ok(()));
    assert_eq!(pace.turn_within(Duration::MAX).await, Ok(()));
    assert_eq!(OverPace.code(), "OVER_PACE");
}

#[tokio::test(start_paused = true)]
async fn freq_limit_halves_and_quiet_doubles() {
    let pace = Pace::per_second(20);
    let rate = || pace.rate().to_string();
    pace.freq_limited();
    pace.freq_limited();
    assert_eq!(rate(), "10/s", "those that come together count once");
    for tightened in ["5/s", "2.500/s", "1.250/s", "0.625/s", "0.312/s", "0.200/s", "0.200/s"] {
        advance(SECOND).await;
        pace.freq_limited();
        assert_eq!(rate(), tightened);
    }
    advance(QUIET - Duration::from_millis(1)).await;
    pace.turn().await;
    assert_eq!(rate(), "0.200/s", "not quiet for long enough");
    for recovered in ["0.400/s", "0.800/s", "1.600/s", "3.200/s", "6.400/s", "12.800/s", "20/s"] {
        advance(QUIET * 10).await;
        pace.turn().await;
        assert_eq!(rate(), recovered, "one step at a time, and none while nobody asks");
    }
    advance(QUIET).await;
    pace.turn().await;
    assert_eq!(rate(), "20/s");
}

#[tokio::test(start_paused = true)]
async fn a_freq_limit_that_comes_with_others_still_breaks_the_quiet() {
    let pace = Pace::per_second(20);
    pace.freq_limited();
    advance(Duration::from_millis(900)).await;
    pace.freq_limited();
    advance(QUIET - Duration::from_millis(100)).await;
    pace.turn().await;
    assert_eq!(pace.rate(), Rate::per_second(10));
    advance(Duration::from_millis(200)).await;
    pace.turn().await;
    assert_eq!(pace.rate(), Rate::per_second(20));
}

#[test]
fn a_rate_of_nothing_is_one() {
    assert_eq!(Rate::per_second(0), Rate::per_second(1));
    assert_eq!(Rate::per_second(3).per_1000_seconds(), 3000);
    assert_eq!(Rate::FLOOR.to_string(), "0.200/s");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_permitted_is_not_given_and_who_waits_hears_of_a_change() {
    let pace = Pace::per_second(10);
    pace.forbid();
    assert_eq!(pace.permitted(), None);
    let start = Instant::now();
    assert_eq!(pace.turn_within(SECOND).await, Err(OverPace));
    assert_eq!(Instant::now() - start, SECOND);
    let waiting = pace.clone();
    let waiting = tokio::spawn(async move {
        waiting.turn().await;
        Instant::now()
    });
    advance(Duration::from_secs(3600)).await;
    let permitted_at = Instant::now();
    pace.permit(Rate::per_second(10), None);
    assert_eq!(waiting.await.unwrap(), permitted_at, "nothing was given for an hour");
    assert_eq!(pace.permitted(), Some(Rate::per_second(10)));
    // the next one is 101 ms away; nothing is permitted before it
    let next = pace.clone();
    let next = tokio::spawn(async move { next.turn_within(Duration::from_millis(500)).await });
    tokio::task::yield_now().await;
    pace.forbid();
    assert_eq!(next.await.unwrap(), Err(OverPace));
    assert_eq!(Instant::now() - permitted_at, Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn what_is_permitted_for_a_time_ends_with_it() {
    let pace = Pace::per_second(10);
    pace.permit(Rate::per_second(20), Some(SECOND));
    let start = Instant::now();
    let mut given = 0;
    while pace.turn_within(2 * SECOND).await.is_ok() {
        assert!(Instant::now() < start + SECOND);
        given += 1;
    }
    assert_eq!(given, 20);
    assert_eq!(pace.permitted(), None);
    pace.permit(Rate::per_second(20), Some(SECOND));
    assert_eq!(pace.turn_within(Duration::ZERO).await, Ok(()), "an interval is long past");
}

#[tokio::test(start_paused = true)]
async fn less_is_given_at_once_and_more_without_a_burst() {
    let pace = Pace::per_second(50);
    let mut given = saturate(&pace, 3, Duration::from_millis(300)).await;
    pace.permit(Rate::per_second(4), None);
    let slow = saturate(&pace, 3, Duration::from_secs(4)).await;
    assert!(slow.iter().all(|(_, rate)| *rate == Rate::per_second(4)));
    assert_eq!(slow.len(), 15, "4 a second, the first an interval after the last of the fast ones");
    given.extend(slow);
    pace.permit(Rate::per_second(50), None);
    given.extend(saturate(&pace, 3, SECOND).await);
    no_window_exceeds(&given);
    assert_eq!(given.len(), 15 + 15 + 50);
}

#[tokio::test(start_paused = true)]
async fn a_slow_rate_that_changes_often_still_gives_turns() {
    let pace = Pace::per_second(1);
    let changing = pace.clone();
    let changing = tokio::spawn(async move {
        for turns in (400..500).cycle() {
            sleep(SECOND).await;
            changing.permit(Rate::per_1000(turns).unwrap(), None);
        }
    });
    let given = saturate(&pace, 2, Duration::from_secs(100)).await;
    changing.abort();
    // 0.4 to 0.5 a second
    assert!((40..=50).contains(&given.len()), "{} turns", given.len());
    no_window_exceeds(&given);
}

#[tokio::test(start_paused = true)]
async fn what_freq_limit_tightened_stays_tight_under_another_rate() {
    let pace = Pace::per_second(20);
    pace.freq_limited();
    pace.permit(Rate::per_second(30), None);
    assert_eq!(pace.rate(), Rate::per_second(10));
    pace.permit(Rate::per_second(5), None);
    assert_eq!(pace.rate(), Rate::per_second(5));
    pace.permit(Rate::per_second(20), None);
    assert_eq!(pace.rate(), Rate::per_second(10), "a share that came back is no quiet time");
    advance(QUIET).await;
    pace.turn().await;
    assert_eq!(pace.rate(), Rate::per_second(20));
    pace.permit(Rate::per_1000(100).unwrap(), None);
    advance(SECOND).await;
    pace.freq_limited();
    assert_eq!(pace.rate().to_string(), "0.100/s", "below the floor nothing tightens");
    assert_eq!(Rate::per_1000(0), None);
}

/// What happens to a pace while many wait.
#[derive(Clone, Debug)]
enum Event {
    /// So many ask, each leaving after so many ms.
    Ask(u8, u16),
    FreqLimit,
    /// So many turns in 1000 s are permitted, for so many seconds; 0: none.
    Permit(u32, u8),
    Pass(u16),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..20_u8, 0..3000_u16).prop_map(|(many, ms)| Event::Ask(many, ms)),
        1 => Just(Event::FreqLimit),
        2 => (prop_oneof![Just(0), 100..5000_u32, 5000..200_000_u32], 0..9_u8)
            .prop_map(|(turns, seconds)| Event::Permit(turns, seconds)),
        3 => (0..1500_u16).prop_map(Event::Pass),
        1 => (30_000..40_000_u16).prop_map(Event::Pass),
    ]
}

async fn play(rate: u32, events: Vec<Event>) -> Vec<(Instant, Rate)> {
    let pace = Pace::per_second(rate);
    let given = Given::default();
    let mut set = JoinSet::new();
    for event in events {
        match event {
            Event::FreqLimit => pace.freq_limited(),
            Event::Permit(turns, seconds) => match Rate::per_1000(turns.into()) {
                None => pace.forbid(),
                Some(rate) => {
                    pace.permit(rate, Some(Duration::from_secs(seconds.into())));
                }
            },
            Event::Pass(ms) => sleep(Duration::from_millis(ms.into())).await,
            Event::Ask(many, ms) => {
                for at in 0..u64::from(many) {
                    let (pace, given) = (pace.clone(), Arc::clone(&given));
                    let patience = Duration::from_millis(u64::from(ms) + at);
                    set.spawn(async move {
                        let turn = async {
                            pace.turn().await;
                            given.lock().unwrap().push((Instant::now(), pace.rate()));
                        };
                        // half of them are dropped, half give up by themselves
                        if at % 2 == 0 {
                            let _ = tokio::time::timeout(patience, turn).await;
                        } else if pace.turn_within(patience).await.is_ok() {
                            given.lock().unwrap().push((Instant::now(), pace.rate()));
                        }
                    });
                }
            }
        }
    }
    // who waits for a turn has a time to leave: nobody is left
    set.join_all().await;
    let mut given = Arc::into_inner(given).unwrap().into_inner().unwrap();
    given.sort();
    // after all that, it still gives turns
    pace.permit(Rate::per_second(rate), None);
    let last = tokio::time::timeout(Duration::from_secs(6), pace.turn()).await;
    assert!(last.is_ok(), "the pace is stuck at {}", pace.rate());
    given
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_window_exceeds_whatever_happens(
        rate in prop_oneof![1..5_u32, 10..200_u32, Just(1000)],
        events in prop::collection::vec(event(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        no_window_exceeds(&runtime.block_on(play(rate, events)));
    }
}
