//! Lists of inquiries: filters, pages, what is due.

use crate::given::inquiries::{asked, inquiry, noted, ordered, plainly_ordered, seen};
use crate::given::{MCH_ID, OTHER_MCH_ID, at};
use crate::inquiries::{billnos, everything};
use hongbao_ledger::inquiry::Seen;
use hongbao_ledger::{Inquiries, Inquiry, InquiryFilter};
use std::sync::Arc;

type Store = Arc<dyn Inquiries>;

async fn note(ledger: &Store, inquiries: impl IntoIterator<Item = Inquiry>) {
    for inquiry in inquiries {
        ledger.commit_inquiry(noted(inquiry)).await.unwrap();
    }
}

/// Six packets that differ in everything that a filter asks for.
fn six() -> [Inquiry; 6] {
    let of = |mch_billno: &str| inquiry(MCH_ID, mch_billno);
    let mut received = ordered(MCH_ID, "2", "ref");
    received.order.as_mut().unwrap().re_openid = "oA".into();
    received.seen =
        Some(Seen { act_name: Some("他".into()), openid: Some("oB".into()), ..seen("RECEIVED") });
    received.conclusion.verdict = "received".into();
    received.sent_at = Some(at(20));
    let mut failed = of("3");
    failed.seen = Some(Seen { act_name: Some("活动".into()), ..seen("FAILED") });
    failed.conclusion.verdict = "failed".into();
    failed.attention = Some("".into());
    failed.sent_at = Some(at(10));
    let mut ordered_only = plainly_ordered(MCH_ID, "4");
    ordered_only.order.as_mut().unwrap().re_openid = "oB".into();
    ordered_only.noted_at = at(30);
    let mut sent = ordered(MCH_ID, "5", "ref");
    sent.order.as_mut().unwrap().re_openid = "oA".into();
    sent.seen = Some(Seen { openid: Some("oA".into()), ..seen("SENT") });
    sent.attention = Some("unknown_for_long".into());
    sent.noted_at = at(5);
    let mut only_seen = of("6");
    only_seen.seen = Some(Seen { openid: Some("oA".into()), ..seen("RECEIVED") });
    only_seen.conclusion.verdict = "received".into();
    [of("1"), received, failed, ordered_only, sent, only_seen]
}

pub async fn a_filter_of_inquiries_holds_in_all_its_parts(ledger: Store) {
    note(&ledger, six()).await;
    let all = everything;
    let (oa, ob) = (|| Some("oA".into()), || Some("oB".into()));
    let text = |text: &str| Some(text.into());
    let cases: Vec<(InquiryFilter, &[&str])> = vec![
        (all(), &["1", "2", "3", "4", "5", "6"]),
        (InquiryFilter { status: text("RECEIVED"), ..all() }, &["2", "6"]),
        (InquiryFilter { status: text("received"), ..all() }, &[]),
        (InquiryFilter { verdict: text("received"), ..all() }, &["2", "6"]),
        (InquiryFilter { verdict: text("no_answer"), ..all() }, &["1", "4", "5"]),
        (InquiryFilter { act_name: text("活动"), ..all() }, &["3", "4", "5"]),
        (InquiryFilter { act_name: text("他"), ..all() }, &["2"]),
        (InquiryFilter { openid: oa(), ..all() }, &["2", "5", "6"]),
        (InquiryFilter { openid: ob(), ..all() }, &["2", "4"]),
        (InquiryFilter { business_ref: text("ref"), ..all() }, &["2", "5"]),
        (InquiryFilter { attention: Some(true), ..all() }, &["3", "5"]),
        (InquiryFilter { attention: Some(false), ..all() }, &["1", "2", "4", "6"]),
        (InquiryFilter { from: Some(at(10)), ..all() }, &["2", "3", "4"]),
        (InquiryFilter { until: Some(at(10)), ..all() }, &["1", "5", "6"]),
        (InquiryFilter { from: Some(at(5)), until: Some(at(20)), ..all() }, &["3", "5"]),
        (InquiryFilter { after_billno: text("4"), ..all() }, &["5", "6"]),
        (InquiryFilter { openid: oa(), status: text("RECEIVED"), ..all() }, &["2", "6"]),
        (InquiryFilter { openid: oa(), attention: Some(true), ..all() }, &["5"]),
        (InquiryFilter { verdict: text("failed"), attention: Some(false), ..all() }, &[]),
    ];
    for (filter, wanted) in cases {
        let found = ledger.inquiries(MCH_ID, &filter).await.unwrap();
        assert_eq!(billnos(&found), wanted, "{filter:?}");
    }
    let everything_of_2 = InquiryFilter {
        status: text("RECEIVED"),
        verdict: text("received"),
        act_name: text("他"),
        openid: ob(),
        business_ref: text("ref"),
        attention: Some(false),
        from: Some(at(20)),
        until: Some(at(21)),
        after_billno: text("1"),
        limit: 9,
    };
    let found = ledger.inquiries(MCH_ID, &everything_of_2).await.unwrap();
    assert_eq!(found, [six()[1].clone()]);
}

pub async fn inquiries_are_listed_in_bytewise_order_by_page(ledger: Store) {
    let numbers = ["b", "a", "B", "10", "9", "é", "aa", ""];
    note(&ledger, numbers.map(|mch_billno| inquiry(MCH_ID, mch_billno))).await;
    let all = ledger.inquiries(MCH_ID, &everything()).await.unwrap();
    assert_eq!(billnos(&all), ["", "10", "9", "B", "a", "aa", "b", "é"]);
    let mut filter = InquiryFilter { limit: 3, ..InquiryFilter::default() };
    let mut seen = Vec::new();
    loop {
        let page = ledger.inquiries(MCH_ID, &filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after_billno = Some(last.key.mch_billno.as_str().into());
        assert!(page.len() <= 3);
        seen.extend(page);
    }
    assert_eq!(seen, all);
}

pub async fn a_limit_of_inquiries_is_brought_into_its_range(ledger: Store) {
    note(&ledger, (0..1001).map(|number| inquiry(MCH_ID, &format!("{number:04}")))).await;
    for (limit, wanted) in [(0, 1), (1, 1), (1000, 1000), (1001, 1000), (u32::MAX, 1000)] {
        let filter = InquiryFilter { limit, ..InquiryFilter::default() };
        assert_eq!(ledger.inquiries(MCH_ID, &filter).await.unwrap().len(), wanted, "{limit}");
        assert_eq!(ledger.unsighted(MCH_ID, "run", &filter).await.unwrap().len(), wanted);
    }
}

pub async fn the_longest_due_inquiry_comes_first(ledger: Store) {
    let of = |mch_id, mch_billno: &str, due: Option<i64>| Inquiry {
        due_at: due.map(at),
        ..inquiry(mch_id, mch_billno)
    };
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap(), (None, 0));
    let packets = [
        of(MCH_ID, "late", Some(30)),
        of(OTHER_MCH_ID, "theirs", Some(-9)),
        of(MCH_ID, "early", Some(-5)),
        of(MCH_ID, "b", Some(10)),
        of(MCH_ID, "a", Some(10)),
        of(MCH_ID, "never", None),
    ];
    note(&ledger, packets).await;
    let due = |now, limit| {
        let ledger = ledger.clone();
        async move { ledger.due_inquiries(MCH_ID, at(now), limit).await.unwrap() }
    };
    assert_eq!(billnos(&due(-6, 10).await), [""; 0]);
    assert_eq!(billnos(&due(9, 10).await), ["early"]);
    assert_eq!(billnos(&due(10, 10).await), ["early", "a", "b"]);
    assert_eq!(billnos(&due(30, 2).await), ["early", "a"]);
    assert_eq!(billnos(&due(30, 0).await), [""; 0]);
    assert_eq!(billnos(&due(30, u32::MAX).await), ["early", "a", "b", "late"]);
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap(), (Some(at(-5)), 4));
    ledger.commit_inquiry(asked(of(MCH_ID, "early", None), 1)).await.unwrap();
    ledger.commit_inquiry(asked(of(MCH_ID, "late", Some(9)), 1)).await.unwrap();
    assert_eq!(billnos(&due(30, 9).await), ["late", "a", "b"]);
    assert_eq!(ledger.next_due(MCH_ID).await.unwrap(), (Some(at(9)), 3));
    assert_eq!(ledger.next_due(OTHER_MCH_ID).await.unwrap(), (Some(at(-9)), 1));
}

pub async fn what_a_clock_that_was_ahead_made_due_is_due(ledger: Store) {
    const AHEAD_MAX: i64 = 26 * 60 * 60 * 1000;
    let of =
        |mch_billno: &str, due| Inquiry { due_at: Some(at(due)), ..inquiry(MCH_ID, mch_billno) };
    let packets = [
        of("years", 400 * AHEAD_MAX),
        of("ahead", AHEAD_MAX + 1),
        of("waits", AHEAD_MAX),
        of("early", -5),
    ];
    note(&ledger, packets).await;
    for (limit, wanted) in [(9, 3), (2, 2), (1, 1), (0, 0)] {
        let due = ledger.due_inquiries(MCH_ID, at(0), limit).await.unwrap();
        assert_eq!(billnos(&due), ["early", "ahead", "years"][..wanted]);
    }
    let due = ledger.due_inquiries(MCH_ID, at(1), 9).await.unwrap();
    assert_eq!(billnos(&due), ["early", "years"]);
}
