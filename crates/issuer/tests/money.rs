//! Whatever a merchant, a person and the clock do in whatever order, no fen is made or lost.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::{Fault, FaultRule, IssuerConfig, Play, Trigger};
use hongbao_ledger::ledger::Filter;
use hongbao_wire::Status;
use proptest::prelude::*;

/// One thing that somebody does.
#[derive(Clone, Debug)]
enum Deed {
    Send { billno: u8, amount: u64 },
    Query { billno: u8 },
    Trigger { billno: u8, word: &'static str },
    Advance { minutes: i64 },
    Fault { fault: Fault },
    ClearFaults,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let billno = 0..4_u8;
    const WORDS: [&str; 6] = ["deliver", "receive", "refuse", "fail", "expire", "refund"];
    let deed = prop_oneof![
        4 => (billno.clone(), 1..4_u64)
            .prop_map(|(billno, n)| Deed::Send { billno, amount: n * 500 }),
        2 => billno.clone().prop_map(|billno| Deed::Query { billno }),
        3 => (billno, prop::sample::select(&WORDS[..]))
            .prop_map(|(billno, word)| Deed::Trigger { billno, word }),
        2 => (1..3_000_i64).prop_map(|minutes| Deed::Advance { minutes }),
        1 => prop::sample::select(&Fault::ALL[..]).prop_map(|fault| Deed::Fault { fault }),
        1 => Just(Deed::ClearFaults),
    ];
    prop::collection::vec(deed, 1..40)
}

async fn perform(rig: &Rig, deed: Deed) {
    match deed {
        Deed::Send { billno, amount } => {
            rig.answer_send(&order_of(&billno.to_string(), amount)).await;
        }
        Deed::Query { billno } => {
            rig.answer_query(&billno.to_string()).await;
        }
        Deed::Trigger { billno, word } => {
            let trigger = Trigger::from_word(word, None).unwrap();
            // Refused where it does not fit; nothing may have changed then.
            let _ = rig.issuer.trigger(&rig.key(&billno.to_string()), trigger).await;
        }
        Deed::Advance { minutes } => {
            rig.advance(seconds(minutes * 60)).await;
        }
        Deed::Fault { fault } => {
            rig.fault(FaultRule::new(fault)).await;
        }
        Deed::ClearFaults => {
            rig.issuer.clear_faults(None).await.unwrap();
        }
    }
}

/// What is under way and what was received, fen.
async fn spent(rig: &Rig) -> u64 {
    let filter = Filter { limit: 100, ..Filter::default() };
    let records = rig.issuer.records(MCH, &filter).await.unwrap();
    let spent = records.iter().filter(|record| match &record.status {
        None => record.detail_id.is_some(),
        Some(Status::Sending) => record.reason.is_none(),
        Some(status) => matches!(status, Status::Sent | Status::Received | Status::RefundIng),
    });
    spent.map(|record| record.order.total_amount.get()).sum()
}

/// Final records, which must stay what they are.
async fn finals(rig: &Rig) -> Vec<(String, Status)> {
    let filter = Filter { limit: 100, ..Filter::default() };
    let records = rig.issuer.records(MCH, &filter).await.unwrap().into_iter();
    records
        .filter_map(|r| Some((r.key.mch_billno.to_string(), r.status.filter(Status::is_final)?)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_fen_is_made_or_lost(deeds in deeds(), unclaimed in 0..2_u16, stored_after in 0..2_i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let play = Play {
                unclaimed_share_permille: unclaimed * 1000,
                stored_after: seconds(stored_after * 3_600),
                ..Play::default()
            };
            let mut small = merchant();
            small.balance = fen(4_000);
            small.limits.user_packets_per_day = 3;
            let rig = Rig::with(IssuerConfig { play, ..IssuerConfig::default() }, small).await;
            let mut ended: Vec<(String, Status)> = Vec::new();
            for deed in deeds {
                perform(&rig, deed).await;
                assert_eq!(rig.balance().await + spent(&rig).await, 4_000);
                let now_ended = finals(&rig).await;
                assert!(ended.iter().all(|end| now_ended.contains(end)), "{ended:?} {now_ended:?}");
                ended = now_ended;
            }
        });
    }
}
