//! The schedule by stepping time: the whole list of questions for each verdict.
#![allow(clippy::unwrap_used)]

mod common;

use common::{APPID, DAY, HOUR, MCH, secs, start};
use hongbao_inquiry::{Attention, Next, Schedule};
use hongbao_ledger::inquiry::Conclusion;
use hongbao_ledger::{Inquiry, Key};
use hongbao_wire::Verdict;
use hongbao_wire::verdict::{NoAnswer, Open, Unknown};
use jiff::{SignedDuration, Timestamp};

fn sent(sent_at: Option<Timestamp>, unknown_since: Option<Timestamp>) -> Inquiry {
    Inquiry {
        key: Key::new(MCH, "1"),
        appid: APPID.into(),
        business_ref: None,
        order: None,
        noted_at: start(),
        sent_at,
        sends: 1,
        asks: 0,
        asked_at: None,
        answered_at: None,
        conclusion: Conclusion {
            verdict: "no_answer".into(),
            cause: None,
            next_step: "ask_again_slower".into(),
            is_final: false,
        },
        unknown_since,
        is_contradicted: false,
        seen: None,
        reply: None,
        send_reply: None,
        due_at: None,
        attention: None,
        version: 1,
    }
}

/// Every question about a packet of which always the same is concluded, the first at its
/// sending: at which age, in words, and `!` where a person looks until then; how it ends.
fn questions(verdict: &Verdict) -> (Vec<String>, Attention) {
    let unknown = matches!(verdict, Verdict::Unknown(_) | Verdict::NoAnswer(_));
    let inquiry = sent(Some(start()), unknown.then(start));
    let mut now = start();
    let mut asked = Vec::new();
    loop {
        match Schedule::default().next(&inquiry, verdict, now) {
            Next::Ask { at, attention } => {
                assert!(at > now, "a question at {at} after one at {now}");
                let mark = match attention {
                    None => "",
                    Some(Attention::UnknownTooLong) => "!",
                    Some(other) => panic!("{other:?} is no reason to go on"),
                };
                asked.push(format!("{}{mark}", age(at.duration_since(start()))));
                now = at;
            }
            Next::Stop(attention) => return (asked, attention),
            Next::Done => panic!("done"),
        }
        assert!(asked.len() < 1_000, "no end of it");
    }
}

fn age(age: SignedDuration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        _ if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// `from` to `to` hours, every `step`.
fn every(from: i64, to: i64, step: usize, mark: &str) -> Vec<String> {
    (from..=to).step_by(step).map(|hour| format!("{hour}h{mark}")).collect()
}

fn all(parts: &[&[String]]) -> Vec<String> {
    parts.concat()
}

fn words(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

#[test]
fn an_open_packet() {
    let (asked, end) = questions(&Verdict::Open(Open::Sent));
    let golden = all(&[
        &words("5s 30s 2m 5m 20m"),
        &every(1, 24, 1, ""),
        &words("1450m 25h 27h 36h 48h"),
        &every(72, 696, 24, ""),
        &words("718h"),
    ]);
    assert_eq!(asked, golden);
    assert_eq!(end, Attention::WindowClosed);
    for open in [Open::Accepted, Open::Sending, Open::Refused, Open::Refunding] {
        assert_eq!(questions(&Verdict::Open(open)), (golden.clone(), end));
    }
    for said in [Unknown::SaidFailed, Unknown::OtherOrder] {
        let (asked, end) = questions(&Verdict::Unknown(said));
        let bare: Vec<&str> = asked.iter().map(|question| question.trim_end_matches('!')).collect();
        assert_eq!(bare, golden);
        assert_eq!(end, Attention::WindowClosed);
        assert_eq!(asked.iter().position(|question| question.ends_with('!')), Some(32), "36h");
    }
}

#[test]
fn a_packet_that_is_processed() {
    let (asked, end) = questions(&Verdict::Open(Open::Processing));
    let golden = all(&[
        &words("20m"),
        &every(1, 24, 1, ""),
        // never before 20 minutes after the last
        &words("1460m 25h 27h 36h 48h"),
        &every(72, 696, 24, ""),
        &words("718h"),
    ]);
    assert_eq!(asked, golden);
    assert_eq!(end, Attention::WindowClosed);
}

#[test]
fn a_packet_that_is_not_found() {
    let (asked, end) = questions(&Verdict::Unknown(Unknown::NotFound));
    let golden = all(&[
        &words("2m 5m 20m"),
        &every(1, 24, 1, ""),
        &words("1450m 25h 27h 36h! 48h!"),
        &every(72, 696, 24, "!"),
        &words("718h!"),
    ]);
    assert_eq!(asked, golden);
    assert_eq!(end, Attention::WindowClosed);
}

#[test]
fn a_packet_of_which_nothing_can_be_read() {
    let (asked, end) = questions(&Verdict::Unknown(Unknown::Code(None)));
    let golden = all(&[
        &words("5m 20m"),
        &every(1, 24, 1, ""),
        &words("1450m 25h 27h 36h! 48h!"),
        &every(72, 696, 24, "!"),
        &words("718h!"),
    ]);
    assert_eq!(asked, golden);
    assert_eq!(end, Attention::WindowClosed);
}

#[test]
fn a_question_without_an_answer() {
    let (asked, end) = questions(&Verdict::NoAnswer(NoAnswer::TryAgain));
    assert_eq!(asked[..8], words("30s 1m 2m 4m 8m 16m 32m 64m"));
    assert_eq!(asked[8], "124m", "then once an hour");
    let marked = asked.iter().position(|question| question.ends_with('!')).unwrap();
    assert_eq!(asked[marked - 1..=marked], words("1504m 1564m!"));
    // also after the last question, until the window has closed
    let last = asked.iter().position(|question| question == "718h!").unwrap();
    assert_eq!(asked[last..], words("718h! 719h! 720h!"));
    assert_eq!(end, Attention::WindowClosed);
    let (asked, end) = questions(&Verdict::NoAnswer(NoAnswer::FixSetUp));
    assert_eq!(asked[..5], words("10m 20m 40m 80m 140m"));
    assert_eq!(end, Attention::WindowClosed);
}

#[test]
fn what_is_over_is_asked_no_more() {
    let inquiry = sent(Some(start()), None);
    let schedule = Schedule::default();
    for verdict in [Verdict::Received, Verdict::Refunded] {
        assert_eq!(schedule.next(&inquiry, &verdict, start()), Next::Done);
    }
    let contradiction = Verdict::Unknown(Unknown::Contradiction);
    let person = Next::Stop(Attention::Contradiction);
    assert_eq!(schedule.next(&inquiry, &contradiction, start()), person);
    let closed = Next::Stop(Attention::WindowClosed);
    assert_eq!(schedule.next(&inquiry, &Verdict::BeyondWindow, start() + HOUR), closed);
    assert_eq!(schedule.next(&inquiry, &Verdict::Open(Open::Sent), start() + 60 * DAY), closed);
    let silent = Verdict::NoAnswer(NoAnswer::TryAgain);
    assert_eq!(schedule.next(&inquiry, &silent, start() + 30 * DAY), closed);
}

#[test]
fn where_the_sending_is_unknown_the_noting_counts() {
    let schedule = Schedule::default();
    let (asked, noted) = (sent(Some(start()), None), sent(None, None));
    for after in [0, 7, 100, 3_601, 86_400, 1_000_000, 2_600_000] {
        let now = start() + secs(after);
        let open = Verdict::Open(Open::Sent);
        assert_eq!(schedule.next(&asked, &open, now), schedule.next(&noted, &open, now));
    }
}

#[test]
fn a_clock_that_was_set_back_loses_no_question() {
    let schedule = Schedule::default();
    let open = Verdict::Open(Open::Sent);
    // sent by a clock that was an hour ahead: asked when the packet would be 5 s old
    let ahead = sent(Some(start() + HOUR), None);
    let at = start() + HOUR + secs(5);
    assert_eq!(schedule.next(&ahead, &open, start()), Next::Ask { at, attention: None });
    // no answer since a time that has not come: again in half a minute, and no person
    let silent = sent(Some(start()), Some(start() + 2 * DAY));
    let at = start() + secs(30);
    let next = schedule.next(&silent, &Verdict::NoAnswer(NoAnswer::TryAgain), start());
    assert_eq!(next, Next::Ask { at, attention: None });
}

#[test]
fn a_person_is_called_as_configured() {
    let schedule = Schedule { unknown_max: HOUR };
    let not_found = Verdict::Unknown(Unknown::NotFound);
    let inquiry = sent(Some(start()), Some(start()));
    let attention = |now| match schedule.next(&inquiry, &not_found, now) {
        Next::Ask { attention, .. } => attention,
        other => panic!("{other:?}"),
    };
    assert_eq!(attention(start() + HOUR), None);
    assert_eq!(attention(start() + HOUR + secs(1)), Some(Attention::UnknownTooLong));
}

#[test]
fn the_reasons_have_stable_words() {
    let words = Attention::ALL.map(Attention::as_str);
    assert_eq!(words, ["unknown_too_long", "contradiction", "window_closed"]);
}
