//! Runs over files: where a number stood first, and which numbers no row named.

use crate::given::inquiries::{inquiry, noted};
use crate::given::{MCH_ID, OTHER_MCH_ID, at};
use crate::inquiries::{billnos, everything};
use hongbao_ledger::inquiry::{RUN_KEPT_FOR, Sighting};
use hongbao_ledger::{Inquiries, Inquiry, InquiryFilter};
use std::sync::Arc;

type Store = Arc<dyn Inquiries>;

fn rows(rows: &[(&str, u64)]) -> Vec<Sighting> {
    rows.iter()
        .map(|(number, line)| Sighting { mch_billno: (*number).into(), line: *line })
        .collect()
}

pub async fn a_run_begins_once_until_it_ends(ledger: Store) {
    assert_eq!(ledger.begin_run(MCH_ID, "run", at(5)).await.unwrap(), at(5));
    assert_eq!(ledger.begin_run(MCH_ID, "run", at(9)).await.unwrap(), at(5));
    assert_eq!(ledger.begin_run(MCH_ID, "Run", at(6)).await.unwrap(), at(6));
    assert_eq!(ledger.begin_run(OTHER_MCH_ID, "run", at(7)).await.unwrap(), at(7));
    ledger.end_run(MCH_ID, "run").await.unwrap();
    assert_eq!(ledger.begin_run(MCH_ID, "run", at(9)).await.unwrap(), at(9));
    assert_eq!(ledger.begin_run(MCH_ID, "Run", at(9)).await.unwrap(), at(6));
    assert_eq!(ledger.begin_run(OTHER_MCH_ID, "run", at(9)).await.unwrap(), at(7));
    // Ending what never began is no fault, and begins nothing.
    ledger.end_run(MCH_ID, "never").await.unwrap();
    ledger.end_run(MCH_ID, "never").await.unwrap();
    assert_eq!(ledger.begin_run(MCH_ID, "never", at(1)).await.unwrap(), at(1));
}

pub async fn a_run_that_nobody_continues_is_forgotten(ledger: Store) {
    let kept_for = i64::try_from(RUN_KEPT_FOR.as_millis()).unwrap();
    for mch_id in [MCH_ID, OTHER_MCH_ID] {
        ledger.begin_run(mch_id, "old", at(0)).await.unwrap();
        ledger.sight(mch_id, "old", rows(&[("a", 1)])).await.unwrap();
    }
    let first = async |mch_id| ledger.sight(mch_id, "old", rows(&[("a", 9)])).await.unwrap();
    ledger.begin_run(MCH_ID, "new", at(kept_for)).await.unwrap();
    assert_eq!(first(MCH_ID).await, [1]);
    // The run itself is found, however old it is.
    assert_eq!(ledger.begin_run(MCH_ID, "old", at(kept_for + 1)).await.unwrap(), at(0));
    assert_eq!(first(MCH_ID).await, [1]);
    ledger.begin_run(MCH_ID, "new", at(kept_for + 1)).await.unwrap();
    assert_eq!(first(MCH_ID).await, [9], "it was forgotten with its rows");
    assert_eq!(first(OTHER_MCH_ID).await, [1]);
    assert_eq!(ledger.begin_run(MCH_ID, "old", at(5)).await.unwrap(), at(5));
}

pub async fn a_duplicate_row_is_told_the_first_line(ledger: Store) {
    ledger.begin_run(MCH_ID, "run", at(0)).await.unwrap();
    let sight = |given: &[(&str, u64)]| {
        let (ledger, rows) = (ledger.clone(), rows(given));
        async move { ledger.sight(MCH_ID, "run", rows).await.unwrap() }
    };
    assert_eq!(sight(&[]).await, [0; 0]);
    assert_eq!(sight(&[("a", 1), ("b", 2), ("a", 3), ("A", 4)]).await, [1, 2, 1, 4]);
    assert_eq!(sight(&[("b", 5), ("c", 6), ("a", 7)]).await, [2, 6, 1]);
    // The same again, as after a crash.
    assert_eq!(sight(&[("a", 1), ("b", 2), ("a", 3), ("A", 4)]).await, [1, 2, 1, 4]);
    // An earlier line, should it ever come later.
    assert_eq!(sight(&[("c", 5), ("c", 6)]).await, [5, 5]);
    let largest = i64::MAX as u64;
    assert_eq!(sight(&[("z", largest), ("z", 1)]).await, [largest, 1]);
}

pub async fn runs_lie_apart(ledger: Store) {
    for (mch_id, run, line) in [(MCH_ID, "one", 1), (MCH_ID, "two", 2), (OTHER_MCH_ID, "one", 3)] {
        ledger.begin_run(mch_id, run, at(0)).await.unwrap();
        let first = ledger.sight(mch_id, run, rows(&[("a", line)])).await.unwrap();
        assert_eq!(first, [line]);
    }
    ledger.end_run(MCH_ID, "one").await.unwrap();
    for (mch_id, run, line) in [(MCH_ID, "one", 9), (MCH_ID, "two", 2), (OTHER_MCH_ID, "one", 3)] {
        let first = ledger.sight(mch_id, run, rows(&[("a", 9)])).await.unwrap();
        assert_eq!(first, [line], "{mch_id} {run}");
    }
}

pub async fn unsighted_is_what_no_row_named(ledger: Store) {
    let of = |mch_id, mch_billno: &str, verdict: &str| {
        let mut inquiry = inquiry(mch_id, mch_billno);
        inquiry.conclusion.verdict = verdict.into();
        inquiry
    };
    let packets: [Inquiry; 6] = [
        of(MCH_ID, "1", "open"),
        of(MCH_ID, "2", "open"),
        of(MCH_ID, "3", "failed"),
        of(MCH_ID, "4", "open"),
        of(MCH_ID, "5", "open"),
        of(OTHER_MCH_ID, "6", "open"),
    ];
    for inquiry in packets {
        ledger.commit_inquiry(noted(inquiry)).await.unwrap();
    }
    let unsighted = |mch_id: &'static str, run: &'static str, filter: InquiryFilter| {
        let ledger = ledger.clone();
        async move { ledger.unsighted(mch_id, run, &filter).await.unwrap() }
    };
    assert_eq!(billnos(&unsighted(MCH_ID, "run", everything()).await), ["1", "2", "3", "4", "5"]);
    ledger.begin_run(MCH_ID, "run", at(0)).await.unwrap();
    ledger.sight(MCH_ID, "run", rows(&[("2", 1), ("6", 2), ("nowhere", 3)])).await.unwrap();
    ledger.sight(MCH_ID, "another", rows(&[("1", 1)])).await.unwrap();
    ledger.sight(OTHER_MCH_ID, "run", rows(&[("3", 1)])).await.unwrap();
    assert_eq!(billnos(&unsighted(MCH_ID, "run", everything()).await), ["1", "3", "4", "5"]);
    assert_eq!(billnos(&unsighted(OTHER_MCH_ID, "run", everything()).await), ["6"]);
    let open = InquiryFilter { verdict: Some("open".into()), limit: 2, ..everything() };
    assert_eq!(billnos(&unsighted(MCH_ID, "run", open.clone()).await), ["1", "4"]);
    let page = InquiryFilter { after_billno: Some("4".into()), ..open };
    assert_eq!(billnos(&unsighted(MCH_ID, "run", page).await), ["5"]);
    ledger.end_run(MCH_ID, "run").await.unwrap();
    assert_eq!(billnos(&unsighted(MCH_ID, "run", everything()).await), ["1", "2", "3", "4", "5"]);
}

pub async fn a_large_run_is_forgotten_whole(ledger: Store) {
    const ROWS: u64 = 12_001;
    ledger.begin_run(MCH_ID, "run", at(0)).await.unwrap();
    let row = |line: u64| Sighting { mch_billno: format!("{line:05}").into(), line };
    let all: Vec<Sighting> = (1..=ROWS).map(row).collect();
    for batch in all.chunks(500) {
        let own: Vec<u64> = batch.iter().map(|row| row.line).collect();
        assert_eq!(ledger.sight(MCH_ID, "run", batch.to_vec()).await.unwrap(), own);
    }
    ledger.end_run(MCH_ID, "run").await.unwrap();
    ledger.begin_run(MCH_ID, "run", at(0)).await.unwrap();
    let later: Vec<Sighting> =
        (1..=ROWS).map(|line| Sighting { line: line + 1, ..row(line) }).collect();
    let own: Vec<u64> = later.iter().map(|row| row.line).collect();
    assert_eq!(ledger.sight(MCH_ID, "run", later).await.unwrap(), own);
}
