//! A run over many numbers: order, duplicates, what is asked and what is not, and what an
//! interrupted run still asks.
#![allow(clippy::unwrap_used)]

mod given;

use futures_util::{Stream, StreamExt, pin_mut, stream};
use given::Side;
use hongbao_inquiry::reconcile::{Answer, InputRow, Period, Run, RunOptions};
use hongbao_wire::Status;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn start() -> Timestamp {
    "2026-07-20T04:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// Rows from line 2 on, in batches of 3; an empty number is none.
fn rows(numbers: &[&str]) -> impl Stream<Item = Vec<InputRow<()>>> + use<> {
    let rows: Vec<InputRow<()>> = numbers
        .iter()
        .zip(2..)
        .map(|(number, line)| {
            let mch_billno = (!number.is_empty()).then(|| (*number).into());
            InputRow { line, mch_billno, carried: () }
        })
        .collect();
    stream::iter(rows.chunks(3).map(<[_]>::to_vec).collect::<Vec<_>>())
}

async fn begin(side: &Side, concurrency: usize) -> Run {
    let options = RunOptions { concurrency, is_fresh: false };
    Run::begin(Arc::clone(&side.inquirer), "run", options).await.unwrap()
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Found(found) => format!("{} {}", found.verdict.as_str(), found.source()),
        Answer::Duplicate { first_line } => format!("as line {first_line}"),
        Answer::NotAsked => "not asked".to_owned(),
        Answer::Stopped => "stopped".to_owned(),
    }
}

/// Line and answer of each row.
async fn answers(run: &Run, numbers: &[&str]) -> Vec<(u64, String)> {
    let answers = run.answers(rows(numbers)).map(Result::unwrap);
    answers.map(|(row, answer)| (row.line, word(&answer))).collect().await
}

#[tokio::test(start_paused = true)]
async fn rows_keep_their_order_and_each_number_is_asked_about_once() {
    let side = Side::new(start());
    side.payer.pays("1", Status::Received, start() - hours(1));
    side.payer.pays("2", Status::Sent, start() - hours(1));
    side.payer.pays("3", Status::Failed, start() - hours(1));
    side.payer.slow.lock().unwrap().insert("1".into(), Duration::from_secs(3));
    let run = begin(&side, 4).await;
    let numbers = ["1", "", "2", "4", "2", "3", "1", "5"];
    let expected = [
        "received upstream",
        "not asked",
        "open upstream",
        "unknown upstream",
        "as line 4",
        "failed upstream",
        "as line 2",
        "unknown upstream",
    ];
    let expected: Vec<(u64, String)> = (2..).zip(expected.map(str::to_owned)).collect();
    assert_eq!(answers(&run, &numbers).await, expected);
    assert_eq!(side.payer.asks_in_all(), 5);
    run.end().await.unwrap();

    // a later run asks what is not final, and no more
    *side.clock.0.lock().unwrap() = start() + hours(1);
    let run = begin(&side, 4).await;
    assert!(!run.is_continued());
    let again = answers(&run, &["1", "2", "3"]).await;
    let words: Vec<&str> = again.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(words, ["received ledger", "open upstream", "failed ledger"]);
    assert_eq!([side.payer.asks("1"), side.payer.asks("2"), side.payer.asks("3")], [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_keeps_what_is_on_its_way_and_continues_without_asking_twice() {
    let side = Side::new(start());
    let numbers: Vec<String> = (100..160).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let run = begin(&side, 4).await;
    let mut answered = 0;
    {
        let answers = run.answers(rows(&numbers));
        pin_mut!(answers);
        while let Some(answer) = answers.next().await {
            let (row, answer) = answer.unwrap();
            answered += u32::from(matches!(answer, Answer::Found(_)));
            if row.line == 11 {
                run.stop();
            }
        }
    }
    assert_eq!(side.payer.asks_in_all(), answered, "what was asked was waited for");
    assert!((10..20).contains(&answered), "{answered}");
    drop(run);

    *side.clock.0.lock().unwrap() = start() + hours(1);
    let run = begin(&side, 4).await;
    assert!(run.is_continued());
    assert_eq!(run.began(), start());
    let all = answers(&run, &numbers).await;
    assert!(all.iter().all(|(_, word)| word == "unknown upstream"), "{all:?}");
    assert!(numbers.iter().all(|number| side.payer.asks(number) == 1));
}

/// As after kill -9: only what was on its way is asked about again.
#[tokio::test(start_paused = true)]
async fn a_run_that_dies_asks_again_only_what_was_on_its_way() {
    let side = Side::new(start());
    let numbers: Vec<String> = (100..160).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let run = begin(&side, 4).await;
    {
        let answers = run.answers(rows(&numbers));
        pin_mut!(answers);
        for _ in 0..10 {
            answers.next().await.unwrap().unwrap();
        }
    }
    drop(run);
    let run = begin(&side, 4).await;
    assert_eq!(answers(&run, &numbers).await.len(), 60);
    let twice = numbers.iter().filter(|number| side.payer.asks(number) == 2).count();
    assert!(twice <= 4, "{twice} were asked about twice");
    assert!(numbers.iter().all(|number| (1..=2).contains(&side.payer.asks(number))));
}

#[tokio::test(start_paused = true)]
async fn a_run_of_long_ago_or_a_fresh_one_begins_anew() {
    let side = Side::new(start());
    assert_eq!(answers(&begin(&side, 4).await, &["1"]).await[0].1, "unknown upstream");
    *side.clock.0.lock().unwrap() = start() + hours(24);
    let options = RunOptions { concurrency: 4, is_fresh: true };
    let run = Run::begin(Arc::clone(&side.inquirer), "run", options).await.unwrap();
    assert!(!run.is_continued());
    assert_eq!(answers(&run, &["1"]).await[0].1, "unknown upstream");
    assert_eq!(side.payer.asks("1"), 2);
    *side.clock.0.lock().unwrap() = start() + hours(24 + 7 * 24);
    assert!(begin(&side, 4).await.is_continued());
    *side.clock.0.lock().unwrap() = start() + hours(24 + 7 * 24 + 1);
    let run = begin(&side, 4).await;
    assert!(!run.is_continued());
    assert_eq!(answers(&run, &["1"]).await[0].1, "unknown upstream");
    assert_eq!(side.payer.asks("1"), 3);
}

#[tokio::test(start_paused = true)]
async fn one_slow_reply_does_not_hold_up_the_others() {
    let side = Side::new(start());
    let numbers: Vec<String> = (100..300).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    side.payer.slow.lock().unwrap().insert("100".into(), Duration::from_secs(5));
    let run = begin(&side, 10).await;
    let started = Instant::now();
    assert_eq!(answers(&run, &numbers).await.len(), 200);
    // nine go on: 199 replies of 50 ms are there before the slow one
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn packets_that_no_row_names_are_unexpected() {
    let side = Side::new(start());
    let numbers: Vec<String> = (1000..2200).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    for number in &numbers {
        side.payer.pays(number, Status::Received, start() - hours(2));
    }
    side.payer.pays("9", Status::Received, start() - hours(20));
    let earlier = begin(&side, 100).await;
    answers(&earlier, &[&numbers[..], &["9", "nowhere"]].concat()).await;
    earlier.end().await.unwrap();

    let run = begin(&side, 100).await;
    answers(&run, &numbers[..100]).await;
    let period = Period { from: start() - hours(3), until: start() + hours(1) };
    let mut unexpected = Vec::new();
    loop {
        let after = unexpected.last();
        let page = run.unexpected(period, after).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|(_, found)| found.verdict.as_str() == "received"));
        unexpected.extend(page.into_iter().map(|(number, _)| number));
    }
    let found: Vec<&str> = unexpected.iter().map(|number| number.as_str()).collect();
    assert_eq!(found, &numbers[100..], "neither what lies outside nor what was never seen");
}
