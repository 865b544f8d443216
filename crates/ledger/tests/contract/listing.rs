//! Lists: pages, what is due, what is unclear, findings.

use crate::given::{MCH_ID, OTHER_MCH_ID, at, fen, first, next, record};
use hongbao_ledger::record::Told;
use hongbao_ledger::{Commit, Filter, Finding, Ledger, Record};
use hongbao_wire::Status;
use std::sync::Arc;

type Store = Arc<dyn Ledger>;

pub fn everything() -> Filter {
    Filter { limit: 1000, ..Filter::default() }
}

fn billnos(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.key.mch_billno.as_str()).collect()
}

pub async fn records_are_listed_in_bytewise_order_by_page(ledger: Store) {
    for mch_billno in ["b", "a", "B", "10", "9", "é", "aa", ""] {
        ledger.commit(first(record(MCH_ID, mch_billno))).await.unwrap();
    }
    let in_order = ["", "10", "9", "B", "a", "aa", "b", "é"];
    let all = ledger.records(MCH_ID, &everything()).await.unwrap();
    assert_eq!(billnos(&all), in_order);
    let mut filter = Filter { limit: 3, ..Filter::default() };
    let mut seen = Vec::new();
    loop {
        let page = ledger.records(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        assert!(page.len() <= 3);
        seen.extend(page);
    }
    assert_eq!(seen, all);
    assert_eq!(ledger.records("nobody", &everything()).await.unwrap(), Vec::new());
}

pub async fn a_filter_holds_in_all_its_parts(ledger: Store) {
    let of = |mch_billno: &str, status, to: &str| {
        let mut record = record(MCH_ID, mch_billno);
        record.status = status;
        record.order.re_openid = to.into();
        record
    };
    let records = [
        of("1", Some(Status::Sent), "oA"),
        of("2", Some(Status::Sent), "oB"),
        of("3", None, "oA"),
        of("4", Some(Status::Unknown("NEW".into())), "oA"),
        of("5", Some(Status::Sent), "oA"),
    ];
    for record in records {
        ledger.commit(first(record)).await.unwrap();
    }
    type Text = Option<&'static str>;
    let cases: [(Text, Text, Text, &[&str]); 7] = [
        (Some("SENT"), None, None, &["1", "2", "5"]),
        (Some("NEW"), None, None, &["4"]),
        (Some("sent"), None, None, &[]),
        (None, Some("oA"), None, &["1", "3", "4", "5"]),
        (Some("SENT"), Some("oA"), None, &["1", "5"]),
        (Some("SENT"), Some("oA"), Some("1"), &["5"]),
        (None, None, Some("4"), &["5"]),
    ];
    for (status, re_openid, after_billno, wanted) in cases {
        let filter = Filter {
            status: status.map(Into::into),
            re_openid: re_openid.map(Into::into),
            after_billno: after_billno.map(Into::into),
            limit: 10,
        };
        let found = ledger.records(MCH_ID, &filter).await.unwrap();
        assert_eq!(billnos(&found), wanted, "{filter:?}");
    }
}

pub async fn a_limit_is_brought_into_its_range(ledger: Store) {
    for number in 0..1001 {
        ledger.commit(first(record(MCH_ID, &format!("{number:04}")))).await.unwrap();
    }
    for (limit, wanted) in [(0, 1), (1, 1), (1000, 1000), (1001, 1000), (u32::MAX, 1000)] {
        let filter = Filter { limit, ..Filter::default() };
        assert_eq!(ledger.records(MCH_ID, &filter).await.unwrap().len(), wanted, "{limit}");
    }
}

pub async fn due_gives_the_longest_due_first(ledger: Store) {
    let of = |mch_id, mch_billno: &str, due| {
        let mut record = record(mch_id, mch_billno);
        record.due_at = due;
        record
    };
    let records = [
        of(MCH_ID, "late", Some(at(30))),
        of(OTHER_MCH_ID, "early", Some(at(-5))),
        of(MCH_ID, "b", Some(at(10))),
        of(OTHER_MCH_ID, "a", Some(at(10))),
        of(MCH_ID, "never", None),
    ];
    for record in records {
        ledger.commit(first(record)).await.unwrap();
    }
    let due = |now, limit| {
        let ledger = ledger.clone();
        async move { ledger.due(now, limit).await.unwrap() }
    };
    assert_eq!(billnos(&due(at(-6), 10).await), [""; 0]);
    assert_eq!(billnos(&due(at(9), 10).await), ["early"]);
    assert_eq!(billnos(&due(at(10), 10).await), ["early", "b", "a"]);
    assert_eq!(billnos(&due(at(30), 2).await), ["early", "b"]);
    assert_eq!(billnos(&due(at(30), 0).await), [""; 0]);
    ledger.commit(next(of(OTHER_MCH_ID, "early", None), 1)).await.unwrap();
    assert_eq!(billnos(&due(at(30), 9).await), ["b", "a", "late"]);
}

pub async fn unclear_gives_what_the_merchant_cannot_know(ledger: Store) {
    let of = |mch_id, mch_billno: &str, told, sent| {
        let mut record = record(mch_id, mch_billno);
        record.told = told;
        record.sent_at = at(sent);
        record
    };
    let mut to_another = of(MCH_ID, "6", Told::Unclear, 10);
    to_another.order.re_openid = "oB".into();
    let mut of_another_amount = of(MCH_ID, "7", Told::Unclear, 10);
    of_another_amount.order.total_amount = fen(101);
    let records = [
        of(MCH_ID, "1", Told::Unclear, 20),
        of(MCH_ID, "2", Told::Unclear, 10),
        of(MCH_ID, "3", Told::Clear, 10),
        of(MCH_ID, "4", Told::Nothing, 10),
        of(MCH_ID, "5", Told::Failed, 10),
        to_another,
        of_another_amount,
        of(OTHER_MCH_ID, "8", Told::Unclear, 10),
        of(MCH_ID, "9", Told::Unclear, 9),
    ];
    for record in records {
        ledger.commit(first(record)).await.unwrap();
    }
    let order = record(MCH_ID, "1").order;
    let found = ledger.unclear(MCH_ID, &order.re_openid, fen(100), at(10)).await.unwrap();
    assert_eq!(billnos(&found), ["2", "1"]);
    ledger.commit(next(of(MCH_ID, "2", Told::Clear, 10), 1)).await.unwrap();
    let found = ledger.unclear(MCH_ID, &order.re_openid, fen(100), at(10)).await.unwrap();
    assert_eq!(billnos(&found), ["1"]);
}

pub async fn findings_come_with_their_commit_and_once(ledger: Store) {
    let finding = |mch_id: &str, second: &str, ms| Finding {
        mch_id: mch_id.into(),
        at: at(ms),
        first_billno: "1".into(),
        second_billno: second.into(),
        re_openid: "oA".into(),
        total_amount: fen(100),
        told: "SYSTEMERROR".into(),
    };
    let ours = [finding(MCH_ID, "3", 20), finding(MCH_ID, "2", 10)];
    let findings = ours.to_vec();
    ledger.commit(Commit { findings, ..first(record(MCH_ID, "3")) }).await.unwrap();
    let theirs = finding(OTHER_MCH_ID, "2", 15);
    let findings = vec![theirs.clone()];
    ledger.commit(Commit { findings, ..first(record(OTHER_MCH_ID, "2")) }).await.unwrap();
    let [late, early] = ours;
    let all = [early.clone(), theirs.clone(), late.clone()];
    assert_eq!(ledger.findings(None).await.unwrap(), all);

    let findings = vec![finding(MCH_ID, "2", 99)];
    let again = Commit { findings, ..next(record(MCH_ID, "3"), 1) };
    ledger.commit(again).await.unwrap();
    let findings = vec![finding(MCH_ID, "4", 0)];
    let conflicting = Commit { findings, ..first(record(MCH_ID, "3")) };
    ledger.commit(conflicting).await.unwrap_err();
    assert_eq!(ledger.findings(Some(MCH_ID)).await.unwrap(), [early, late]);
    assert_eq!(ledger.findings(Some(OTHER_MCH_ID)).await.unwrap(), [theirs]);
    assert_eq!(ledger.findings(Some("nobody")).await.unwrap(), []);
}
