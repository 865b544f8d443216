//! Every sequence of up to five observations, from all classes of observation.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use hongbao_wire::QueryReply;
use hongbao_wire::observation::{Observation, Silence};
use hongbao_wire::verdict::{Known, NextStep, Unknown, Verdict};
use jiff::{SignedDuration, Timestamp};
use support::*;

/// What a class of observation says of the packet, told here and not by the code under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    Open,
    Refunding,
    NewStatus,
    Received,
    Refunded,
    Failed,
}

type Class = (Says, Observation<QueryReply>);

fn records() -> Vec<Class> {
    let seen = |fields: Vec<_>| query_seen(&signed(&fields));
    vec![
        (Says::Received, seen(record("RECEIVED"))),
        (Says::Refunded, seen(record("REFUND"))),
        (Says::Failed, seen(record("FAILED"))),
        (Says::Open, seen(record("SENDING"))),
        (Says::Open, seen(with(record("SENDING"), "reason", "余额不足"))),
        (Says::Open, seen(record("SENT"))),
        (Says::Refunding, seen(record("RFUND_ING"))),
        (Says::NewStatus, seen(record("HELD"))),
    ]
}

fn others() -> Vec<Class> {
    let failed = record("FAILED");
    let mut twice = failed.clone();
    twice.push(("status", "FAILED"));
    let truncated = signed(&failed);
    let sent = String::from_utf8(signed(&record("SENT"))).unwrap();
    vec![
        query_seen(&unsigned(&refusal("NOT_FOUND"))),
        query_seen(&unsigned(&refusal("SYSTEMERROR"))),
        query_seen(&unsigned(&refusal("CA_ERROR"))),
        query_seen(&unsigned(&refusal("SEND_FAILED"))),
        query_seen(&signed(&with(failed.clone(), "result_code", "FAIL"))),
        query_seen(&signed(&with(failed.clone(), "return_code", "FAIL"))),
        Observation::Silence(Silence::TimedOut),
        Observation::CertificateRefused,
        query_seen(&truncated[..truncated.len() - 3]),
        query_seen(sent.replace("SENT", "FAILED").as_bytes()),
        query_seen(&unsigned(&failed)),
        query_seen(&signed(&with(failed.clone(), "mch_billno", "other"))),
        query_seen(&signed(&twice)),
        query_seen(&signed(&with(failed, "wishing", "\u{2}"))),
    ]
    .into_iter()
    .map(|seen| (Says::Nothing, seen))
    .collect()
}

/// Walks every continuation of `said` and counts the sequences.
fn walk(classes: &[Class], known: &Known, said: &mut Vec<Says>, at: Timestamp, deep: usize) -> u64 {
    let mut count = 0;
    for (says, seen) in classes {
        let mut known_after = known.clone();
        let verdict = known_after.observe(seen, at);
        said.push(*says);
        check(&verdict, known, said);
        count += 1;
        if deep > 1 {
            count += walk(classes, &known_after, said, at, deep - 1);
        }
        said.pop();
    }
    count
}

fn check(verdict: &Verdict, before: &Known, said: &[Says]) {
    let heard = |says| said.contains(&says);
    let last = said.last().copied().unwrap();
    assert_eq!(verdict.next_step() == NextStep::NewBillnoPermitted, verdict.new_billno_permitted());
    if verdict.new_billno_permitted() {
        assert!(heard(Says::Failed), "{said:?}");
        assert!(!heard(Says::Received) && !heard(Says::Refunded), "{said:?}");
        let failed_at = said.iter().position(|says| *says == Says::Failed).unwrap();
        let excluded = [Says::Refunding, Says::NewStatus];
        assert!(!said[failed_at..].iter().any(|says| excluded.contains(says)), "{said:?}");
    }
    match verdict {
        Verdict::Received => assert!(heard(Says::Received) && !heard(Says::Failed), "{said:?}"),
        Verdict::Refunded => assert!(heard(Says::Refunded) && !heard(Says::Failed), "{said:?}"),
        _ => {}
    }
    let contradiction = Verdict::Unknown(Unknown::Contradiction);
    match before.settled() {
        Some(settled) if last == Says::Nothing => assert_eq!(verdict, settled, "{said:?}"),
        Some(settled) => assert!(verdict == settled || *verdict == contradiction, "{said:?}"),
        None if last == Says::Nothing => assert!(!verdict.is_final(), "{said:?}"),
        None => {}
    }
}

#[test]
fn no_sequence_of_five_permits_a_second_payment() {
    let classes: Vec<Class> = records().into_iter().chain(others()).collect();
    assert_eq!(classes.len(), 22);
    let at: Timestamp = "2017-07-21T00:00:00Z".parse().unwrap();
    let count = walk(&classes, &Known::default(), &mut Vec::new(), at, 5);
    assert_eq!(count, (1..=5).map(|n| 22_u64.pow(n)).sum());
}

#[test]
fn nor_does_one_beyond_the_window() {
    let classes: Vec<Class> = records().into_iter().chain(others()).collect();
    let at: Timestamp = "2017-07-21T00:00:00Z".parse().unwrap();
    let known = Known::sent(Some(at - SignedDuration::from_hours(31 * 24)));
    walk(&classes, &known, &mut Vec::new(), at, 4);
}

/// The verdict on each pair of records, whichever comes first.
#[test]
fn every_pair_of_records() {
    let at: Timestamp = "2017-07-21T00:00:00Z".parse().unwrap();
    let words = ["RECEIVED", "REFUND", "FAILED", "SENDING", "SENT", "RFUND_ING", "HELD"];
    let mut table = Vec::new();
    for first in words {
        let mut known = Known::default();
        known.observe(&query_seen(&signed(&record(first))), at);
        let second = |word| {
            let seen = query_seen(&signed(&record(word)));
            match known.clone().observe(&seen, at) {
                Verdict::Unknown(Unknown::Contradiction) => "!".to_owned(),
                verdict => verdict.as_str().chars().take(3).collect(),
            }
        };
        table.push(words.map(second).join(" "));
    }
    let expected = [
        "rec ! ! rec rec ! !",
        "! ref ! ref ref ref !",
        "! ! fai fai fai ! !",
        "rec ref fai ope ope ope unk",
        "rec ref fai ope ope ope unk",
        "rec ref fai ope ope ope unk",
        "rec ref fai ope ope ope unk",
    ];
    assert_eq!(table, expected);
}

#[test]
fn a_contradiction_stays_one() {
    let at: Timestamp = "2017-07-21T00:00:00Z".parse().unwrap();
    let contradiction = Verdict::Unknown(Unknown::Contradiction);
    for last in ["FAILED", "RECEIVED", "REFUND", "SENDING"] {
        let mut known = Known::default();
        for word in ["FAILED", "RECEIVED"] {
            known.observe(&query_seen(&signed(&record(word))), at);
        }
        assert_eq!(known.observe(&query_seen(&signed(&record(last))), at), contradiction);
        assert_eq!(known.settled(), Some(&contradiction));
    }
}
