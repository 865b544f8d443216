//! What each SDK makes of each fault of the sandbox is what `docs/compat.md` says.
#![allow(clippy::unwrap_used)]

use hongbao_compat::{
    Call, Identity, Mark, Outcome, Packet, Sdk, committed_table, document, lab, own_verdict, rows,
};
use serde_json::json;

#[test]
fn the_committed_table_is_what_is_seen() {
    let Some(lab) = lab() else { return };
    let rows = rows(lab);
    if lab.is_complete() {
        assert_eq!(
            document(&rows),
            committed_table(),
            "`cargo run -p hongbao-compat --bin compat-table` writes it"
        );
    }
    // What the sandbox cannot make any better: a lost reply tells no SDK that the outcome is unknown.
    for row in &rows {
        assert!(!row.own.new_billno_permitted, "{row:?}");
        for (sdk, cell) in &row.cells {
            let lost = ["reply_lost", "reset_after"].contains(&row.fault) && row.call == Call::Send;
            assert!(!lost || cell.mark() == Mark::PaysTwice, "{sdk:?} {} {cell}", row.fault);
        }
    }
}

/// A send goes out once, whatever becomes of its reply: no HTTP library repeats it.
#[test]
fn a_send_whose_reply_is_lost_is_not_repeated() {
    let Some(lab) = lab() else { return };
    let served = lab.served();
    let own = served.credentials();
    let lose = |billno: &str| {
        served
            .admin()
            .add_fault(&json!({ "mch_billno": billno, "on": "send", "fault": "reply_lost" }));
    };
    let sends = |billno: &str| {
        let events = served.admin().events(&own.mch_id, billno);
        events.iter().filter(|event| *event == "told:reply_lost").count()
    };
    lose("ONCEOWN");
    assert!(!own_verdict(served, Call::Send, "ONCEOWN").new_billno_permitted);
    assert_eq!(sends("ONCEOWN"), 1);
    lab.each(|driver| {
        let billno = format!("ONCE{}", driver.sdk().letters());
        lose(&billno);
        let _ = driver.send(&own, Identity::P12, &Packet::new(&billno));
        assert_eq!(sends(&billno), 1, "{:?}", driver.sdk());
    });
}

/// What the sandbox is for: an integrator that answers an exception by sending under
/// a new number is told so.
#[test]
fn an_integrator_that_pays_twice_is_found_out() {
    let Some(lab) = lab() else { return };
    let served = lab.served();
    let own = served.credentials();
    lab.each(|driver| {
        let letters = driver.sdk().letters();
        let first = Packet::new(&format!("NAIVE{letters}1"));
        let billno = first.get("mch_billno").unwrap().to_owned();
        served
            .admin()
            .add_fault(&json!({ "mch_billno": billno, "on": "send", "fault": "reply_lost" }));
        let said = driver.send(&own, Identity::P12, &first);
        assert_ne!(said.outcome, Outcome::Ok, "{said:?}");
        let second = first.with("mch_billno", &format!("NAIVE{letters}2"));
        assert!(driver.send(&own, Identity::P12, &second).holds_record());
        let findings = served.admin().findings(&own.mch_id);
        let findings = findings["findings"].as_array().unwrap();
        let finding = findings.iter().find(|f| f["first_billno"] == *billno).unwrap();
        assert_eq!(finding["second_billno"].as_str(), second.get("mch_billno"));
        assert_eq!(finding["total_amount"], 100);
    });
}

/// The ledger has a text whole whoever sends it; only wechatpy trims what it reads back.
#[test]
fn texts_at_the_edge_arrive_whole() {
    let Some(lab) = lab() else { return };
    let served = lab.served();
    let texts = [
        "  blank at both ends ",
        "&lt;no tag&gt;",
        "&#x26;amp;",
        "0",
        "0100",
        "a\tb\nc",
        "<![CDATA[x",
    ];
    lab.each(|driver| {
        let sdk = driver.sdk();
        for (index, text) in texts.iter().enumerate() {
            let billno = format!("TEXT{}{index}", sdk.letters());
            let packet = Packet::new(&billno).with("wishing", text);
            let said = driver.send(&served.credentials(), Identity::P12, &packet);
            assert!(said.holds_record(), "{sdk:?} {text:?} {said:?}");
            assert_eq!(served.packet(&billno).unwrap()["wishing"], *text, "{sdk:?}");
            let seen = driver.query(&served.credentials(), Identity::P12, &billno);
            let expected = if sdk == Sdk::Wechatpy { text.trim() } else { text };
            assert_eq!(seen.field("wishing").as_deref(), Some(expected), "{sdk:?} {seen:?}");
        }
    });
}
