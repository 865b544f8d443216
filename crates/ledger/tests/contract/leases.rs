//! Who works on what, and for how long: claims of due work, and slices of a pace.

use crate::given::inquiries::{asked, inquiry, noted};
use crate::given::{MCH_ID, OTHER_MCH_ID, at, first, next, record};
use hongbao_ledger::inquiries::DUE_AHEAD_MAX;
use hongbao_ledger::{
    Claim, Inquiries, Inquiry, Key, LEASE_MAX, Lease, Ledger, LedgerError, Record, SliceRequest,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::task::JoinSet;

type Records = Arc<dyn Ledger>;
type Asked = Arc<dyn Inquiries>;

fn lease(holder: &str, until: i64) -> Lease {
    Lease { holder: holder.into(), until: at(until) }
}

async fn due_record(ledger: &Records, mch_id: &str, mch_billno: &str, due: Option<i64>) {
    let due = Record { due_at: due.map(at), ..record(mch_id, mch_billno) };
    ledger.commit(first(due)).await.unwrap();
}

async fn due_inquiry(ledger: &Asked, mch_billno: &str, due: Option<i64>) {
    let due = Inquiry { due_at: due.map(at), ..inquiry(MCH_ID, mch_billno) };
    ledger.commit_inquiry(noted(due)).await.unwrap();
}

/// Who claims, at what time, until when, how many at most; and what that gives.
type Turn<'a> = (&'a str, i64, i64, u32, &'a [&'a str]);

async fn claims_records(ledger: &Records, turns: &[Turn<'_>]) {
    for (number, (holder, now, until, limit, wanted)) in turns.iter().enumerate() {
        let got = ledger.claim_due(at(*now), &lease(holder, *until), *limit).await.unwrap();
        let got: Vec<_> = got.iter().map(|record| record.key.mch_billno.as_str()).collect();
        assert_eq!(got, *wanted, "turn {number}");
    }
}

async fn claims_inquiries(ledger: &Asked, turns: &[Turn<'_>]) {
    for (number, (holder, now, until, limit, wanted)) in turns.iter().enumerate() {
        let lease = lease(holder, *until);
        let got = ledger.claim_due_inquiries(MCH_ID, at(*now), &lease, *limit).await.unwrap();
        let got: Vec<_> = got.iter().map(|inquiry| inquiry.key.mch_billno.as_str()).collect();
        assert_eq!(got, *wanted, "turn {number}");
    }
}

pub async fn what_is_due_is_leased_to_one(ledger: Records) {
    for (mch_id, mch_billno, due) in
        [(OTHER_MCH_ID, "b", Some(2)), (MCH_ID, "a", Some(2)), (MCH_ID, "c", Some(1))]
    {
        due_record(&ledger, mch_id, mch_billno, due).await;
    }
    due_record(&ledger, MCH_ID, "later", Some(6)).await;
    due_record(&ledger, MCH_ID, "never", None).await;
    let turns: [Turn<'_>; 9] = [
        ("one", 5, 100, 0, &[]),
        ("one", 5, 100, 2, &["c", "a"]),
        ("two", 5, 50, 9, &["b"]),
        ("two", 5, 50, 9, &["b"]),
        // its own are prolonged, until exactly then
        ("one", 49, 200, 9, &["c", "a", "later"]),
        ("one", 49, 200, 9, &["c", "a", "later"]),
        ("two", 100, 150, 9, &["b"]),
        ("one", 150, 200, 9, &["c", "a", "b", "later"]),
        ("two", 200, 300, 9, &["c", "a", "b", "later"]),
    ];
    claims_records(&ledger, &turns).await;
    let due = ledger.due(at(5), 9).await.unwrap();
    assert_eq!(due.len(), 3, "a lease hides nothing from who only looks");
}

pub async fn a_commit_ends_the_lease_of_a_record(ledger: Records) {
    due_record(&ledger, MCH_ID, "1", Some(1)).await;
    claims_records(&ledger, &[("one", 5, 100, 9, &["1"]), ("two", 5, 100, 9, &[])]).await;
    let again = Record { due_at: Some(at(2)), ..record(MCH_ID, "1") };
    assert_eq!(ledger.commit(next(again, 1)).await.unwrap(), 2, "whoever commits it");
    claims_records(&ledger, &[("two", 5, 100, 9, &["1"]), ("one", 5, 100, 9, &[])]).await;
    let refused = ledger.commit(next(record(MCH_ID, "1"), 1)).await;
    assert!(matches!(refused, Err(LedgerError::Conflict)));
    claims_records(&ledger, &[("one", 5, 100, 9, &[])]).await;
}

pub async fn of_many_that_claim_each_gets_its_own(ledger: Records) {
    for number in 0..100 {
        due_record(&ledger, MCH_ID, &format!("{number:02}"), Some(1)).await;
    }
    let mut tasks = JoinSet::new();
    for holder in 0..8 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let lease = lease(&holder.to_string(), 100);
            ledger.claim_due(at(5), &lease, 10).await.unwrap()
        });
    }
    let mut got: Vec<Key> =
        tasks.join_all().await.into_iter().flatten().map(|record| record.key).collect();
    got.sort();
    let wanted: Vec<Key> = (0..80).map(|n| Key::new(MCH_ID, format!("{n:02}"))).collect();
    assert_eq!(got, wanted);
}

pub async fn due_inquiries_are_leased_to_one(ledger: Asked) {
    for (mch_billno, due) in [("a", Some(2)), ("b", Some(1)), ("later", Some(6)), ("never", None)] {
        due_inquiry(&ledger, mch_billno, due).await;
    }
    let ahead = 5 + DUE_AHEAD_MAX.as_millis() as i64 + 1;
    due_inquiry(&ledger, "ahead", Some(ahead)).await;
    let others = Inquiry { due_at: Some(at(1)), ..inquiry(OTHER_MCH_ID, "theirs") };
    ledger.commit_inquiry(noted(others)).await.unwrap();
    let turns: [Turn<'_>; 6] = [
        ("one", 5, 100, 1, &["b"]),
        ("two", 5, 50, 9, &["a", "ahead"]),
        ("one", 5, 100, 9, &["b"]),
        ("one", 50, 100, 9, &["b", "a", "later"]),
        ("two", 99, 300, 9, &[]),
        ("two", 100, 300, 9, &["b", "a", "later"]),
    ];
    claims_inquiries(&ledger, &turns).await;
    let again = Inquiry { due_at: Some(at(3)), ..inquiry(MCH_ID, "a") };
    ledger.commit_inquiry(asked(again, 1)).await.unwrap();
    claims_inquiries(&ledger, &[("one", 100, 200, 9, &["a"])]).await;
}

pub async fn an_inquiry_is_claimed_by_one_until_it_ends(ledger: Asked) {
    let key = Key::new(MCH_ID, "1");
    let claim = async |holder, now, until| {
        ledger.claim_inquiry(&key, at(now), &lease(holder, until)).await.unwrap()
    };
    assert_eq!(claim("one", 0, 10).await, Claim::Absent);
    ledger.commit_inquiry(noted(inquiry(MCH_ID, "1"))).await.unwrap();
    assert_eq!(claim("one", 0, 10).await, Claim::Taken);
    assert_eq!(claim("two", 9, 20).await, Claim::Held { until: at(10) });
    assert_eq!(claim("one", 9, 15).await, Claim::Taken, "its own is prolonged");
    assert_eq!(claim("two", 10, 20).await, Claim::Held { until: at(15) });
    assert_eq!(claim("two", 15, 20).await, Claim::Taken, "it has ended");
    ledger.release_inquiry(&key, "one").await.unwrap();
    assert_eq!(claim("one", 16, 30).await, Claim::Held { until: at(20) }, "not its to end");
    ledger.release_inquiry(&key, "two").await.unwrap();
    assert_eq!(claim("one", 16, 30).await, Claim::Taken);
    ledger.commit_inquiry(asked(inquiry(MCH_ID, "1"), 1)).await.unwrap();
    assert_eq!(claim("two", 16, 30).await, Claim::Taken, "a commit ends it");
    ledger.release_inquiry(&Key::new(MCH_ID, "none"), "one").await.unwrap();
}

/// A clock that was ahead made it, or an hour came that is no longer.
pub async fn a_lease_that_ends_too_late_keeps_nobody_off(ledger: Asked) {
    let key = Key::new("m", "1");
    let noted_one = Inquiry { due_at: Some(at(0)), ..inquiry("m", "1") };
    ledger.commit_inquiry(noted(noted_one)).await.unwrap();
    let most = LEASE_MAX.as_millis() as i64;
    let claim = async |holder, now, until| {
        ledger.claim_inquiry(&key, at(now), &lease(holder, until)).await.unwrap()
    };
    assert_eq!(claim("ahead", 0, most + 10).await, Claim::Taken);
    assert_eq!(claim("two", 10, 20).await, Claim::Held { until: at(most + 10) }, "the longest");
    assert_eq!(claim("two", 9, 20).await, Claim::Taken, "longer than any");
    assert_eq!(claim("ahead", 20, most + 50).await, Claim::Taken);
    let due = async |now| {
        let lease = lease("three", now + 1);
        ledger.claim_due_inquiries("m", at(now), &lease, 9).await.unwrap().len()
    };
    assert_eq!((due(50).await, due(49).await), (0, 1));
    for (holder, now, until, wanted) in
        [("ahead", 0, most + 10, 100), ("two", 10, 20, 0), ("three", 9, 15, 50)]
    {
        let request = slice("m", "upstream", 100, holder, until);
        let granted = ledger.lease_pace(&request, at(now)).await.unwrap();
        assert_eq!(granted, wanted, "{holder}");
    }
}

fn slice(mch_id: &str, pace: &str, whole: u64, holder: &str, until: i64) -> SliceRequest {
    SliceRequest {
        mch_id: mch_id.into(),
        pace: pace.into(),
        whole_per_1000_seconds: whole,
        lease: lease(holder, until),
    }
}

pub async fn a_pace_is_shared_evenly(ledger: Asked) {
    let ask = async |holder, now, until| {
        let request = slice(MCH_ID, "upstream", 100, holder, until);
        ledger.lease_pace(&request, at(now)).await.unwrap()
    };
    assert_eq!(ask("one", 0, 10).await, 100, "alone it has all of it");
    assert_eq!(ask("two", 1, 11).await, 0, "nothing is free yet");
    assert_eq!(ask("one", 5, 15).await, 50, "but the next time it gives half of it up");
    assert_eq!(ask("two", 6, 16).await, 50);
    assert_eq!(ask("three", 7, 17).await, 0);
    assert_eq!(ask("one", 8, 18).await, 33);
    assert_eq!(ask("three", 9, 19).await, 17, "what is free, up to its share");
    assert_eq!(ask("two", 10, 15).await, 33);
    assert_eq!(ask("three", 11, 30).await, 33);
    assert_eq!(ask("one", 15, 18).await, 50, "the dead is forgotten when its lease ends");
    assert_eq!(ask("three", 18, 30).await, 100);
    // Merchants and paces lie apart.
    for (mch_id, pace) in [(OTHER_MCH_ID, "upstream"), (MCH_ID, "Upstream"), (MCH_ID, "")] {
        let request = slice(mch_id, pace, u64::MAX, "four", 30);
        let all = ledger.lease_pace(&request, at(18)).await.unwrap();
        assert_eq!(all, i64::MAX as u64, "{mch_id} {pace}");
    }
}

pub async fn slices_never_come_to_more_than_the_whole(ledger: Asked) {
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let pace = seed.to_string();
        let (mut now, whole) = (0, random.random_range(0..200));
        let mut held: HashMap<String, (u64, i64)> = HashMap::new();
        for turn in 0..60 {
            now += random.random_range(0..4);
            let until = now + random.random_range(1..20);
            let holder = random.random_range(0..5).to_string();
            let request = slice(MCH_ID, &pace, whole, &holder, until);
            let granted = ledger.lease_pace(&request, at(now)).await.unwrap();
            held.insert(holder, (granted, until));
            held.retain(|_, (_, until)| *until > now);
            let sum: u64 = held.values().map(|(granted, _)| granted).sum();
            assert!(sum <= whole, "seed {seed}, turn {turn}: {sum} of {whole}");
        }
        // Once all are known, have given up what is over their share, and ask again: even shares.
        let mut last = BTreeMap::new();
        for round in 0..3 {
            for holder in ["0", "1", "2", "3", "4"] {
                let request = slice(MCH_ID, &pace, whole, holder, now + 1_000 + round);
                let granted = ledger.lease_pace(&request, at(now)).await.unwrap();
                last.insert(holder, granted);
            }
        }
        assert!(last.values().all(|granted| *granted == whole / 5), "seed {seed}: {last:?}");
    }
}
