//! One ledger taken in by another, part by part.

use crate::archive::{happen, is_whole};
use crate::given::{
    MCH_ID, OTHER_MCH_ID, at, budget, day, fen, first, merchant, next, record, spending,
};
use crate::stores::Whole;
use hongbao_ledger::{Book, Flaw, Key, LedgerError, MemoryLedger, Shipment};
use jiff::ToSpan;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The next part of a merchant's book after a position.
async fn part(from: &Whole, book: Book, after: u64, limit: u32) -> Shipment {
    let links = from.links(book, MCH_ID, after, limit).await.unwrap();
    let billnos: BTreeSet<_> = links.iter().map(|link| link.mch_billno.clone()).collect();
    let (mut records, mut inquiries) = (Vec::new(), Vec::new());
    for billno in billnos {
        let key = Key::new(MCH_ID, billno.clone());
        match book {
            Book::Records => {
                let reply = from.reply(MCH_ID, billno.as_str()).await.unwrap();
                records.push((from.find(&key).await.unwrap().unwrap(), reply));
            }
            Book::Inquiries => inquiries.push(from.inquiry(&key).await.unwrap().unwrap()),
        }
    }
    Shipment { book, mch_id: MCH_ID.into(), links, records, inquiries }
}

/// Copies part by part, each twice; `until` ends it early.
async fn copy(from: &Whole, to: &Whole, until: u64) {
    let estate = from.estate(MCH_ID, day()).await.unwrap();
    to.receive_estate(MCH_ID, estate).await.unwrap();
    for book in Book::ALL {
        let heads = to.heads().await.unwrap();
        let head = heads.iter().find(|head| (head.book, head.mch_id.as_str()) == (book, MCH_ID));
        // From a little before where it ended: what is there is left.
        let mut after = head.map_or(0, |head| head.position).saturating_sub(3);
        loop {
            let part = part(from, book, after, 7).await;
            let Some(last) = part.links.last() else { break };
            after = last.position;
            to.receive(part.clone()).await.unwrap();
            to.receive(part).await.unwrap();
            if after >= until {
                break;
            }
        }
    }
}

async fn everything(ledger: &Whole) -> Vec<String> {
    let heads = ledger.heads().await.unwrap();
    let heads: Vec<_> = heads.into_iter().filter(|head| head.mch_id.as_str() == MCH_ID).collect();
    let mut seen = vec![format!("{heads:?}")];
    for book in Book::ALL {
        seen.push(format!("{:?}", ledger.links(book, MCH_ID, 0, 1_000).await.unwrap()));
        seen.push(format!("{:?}", ledger.totals(book, MCH_ID, None, None).await.unwrap()));
        let standings = ledger.standings(book, MCH_ID, "", 1_000).await.unwrap();
        for standing in &standings {
            let key = Key::new(MCH_ID, standing.mch_billno.clone());
            let billno = key.mch_billno.as_str();
            seen.push(format!("{:?}", ledger.find(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.reply(MCH_ID, billno).await.unwrap()));
            seen.push(format!("{:?}", ledger.history(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.inquiry(&key).await.unwrap()));
            seen.push(format!("{:?}", ledger.inquiry_history(&key).await.unwrap()));
        }
        seen.push(format!("{standings:?}"));
    }
    let estate = ledger.estate(MCH_ID, day()).await.unwrap();
    seen.push(format!("{:?} {:?}", estate.merchant.map(|m| (m.balance, m.version)), estate.usage));
    seen
}

pub async fn a_copy_is_the_same_and_can_go_on(ledger: Whole) {
    let mut random = StdRng::seed_from_u64(20_170_720);
    let others: Whole = Arc::new(MemoryLedger::new());
    others.add_merchant(merchant(MCH_ID, 5_000)).await.unwrap();
    // In both directions: from the store into memory, and from memory into the store.
    for tick in 0..60 {
        happen(&others, &mut random, tick).await;
    }
    others.trim(Book::Records, MCH_ID, at(30), 1_000).await.unwrap();
    copy(&others, &ledger, 20).await;
    for tick in 60..90 {
        happen(&others, &mut random, tick).await;
    }
    others.commit(spending("spent", budget(3))).await.unwrap();
    copy(&others, &ledger, u64::MAX).await;
    let wanted = everything(&others).await;
    assert_eq!(everything(&ledger).await, wanted);
    copy(&others, &ledger, u64::MAX).await;
    assert_eq!(everything(&ledger).await, wanted, "once more changes nothing");
    assert!(is_whole(&ledger).await);

    let back: Whole = Arc::new(MemoryLedger::new());
    copy(&ledger, &back, u64::MAX).await;
    assert_eq!(everything(&back).await, wanted);
    // The copy is a ledger like any other.
    ledger.commit(spending("new", budget(1))).await.unwrap();
    happen(&ledger, &mut random, 91).await;
    assert!(is_whole(&ledger).await);
}

pub async fn a_chain_that_does_not_follow_is_refused(ledger: Whole) {
    let other: Whole = Arc::new(MemoryLedger::new());
    other.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    for number in ["1", "2", "3"] {
        other.commit(first(record(MCH_ID, number))).await.unwrap();
    }
    let whole = part(&other, Book::Records, 0, 9).await;
    let refused = |flaw: Flaw, outcome: Result<(), LedgerError>| match outcome {
        Err(LedgerError::ChainBroken { mch_id, flaw: found }) => {
            assert_eq!((mch_id.as_str(), found), (MCH_ID, flaw));
        }
        other => panic!("{other:?}"),
    };
    let mut gap = whole.clone();
    gap.links.remove(0);
    refused(Flaw::Place { expected: 1, found: 2 }, ledger.receive(gap).await);
    let mut changed = whole.clone();
    changed.links[1].entry.event = "x".into();
    refused(Flaw::Changed { position: 2 }, ledger.receive(changed).await);
    assert_eq!(ledger.heads().await.unwrap(), [], "nothing of it");
    assert_eq!(ledger.find(&Key::new(MCH_ID, "1")).await.unwrap(), None);
    // What the ledger holds already is another history.
    ledger.commit(first(record(MCH_ID, "own"))).await.unwrap();
    refused(Flaw::Changed { position: 1 }, ledger.receive(whole).await);
    assert!(is_whole(&ledger).await);
}

pub async fn a_part_of_no_merchant_is_refused(ledger: Whole) {
    let other: Whole = Arc::new(MemoryLedger::new());
    other.add_merchant(merchant(MCH_ID, 1_000)).await.unwrap();
    other.commit(first(record(MCH_ID, "1"))).await.unwrap();
    let part = part(&other, Book::Records, 0, 9).await;
    let nobody = Shipment { mch_id: "nobody".into(), ..part.clone() };
    assert!(matches!(ledger.receive(nobody).await, Err(LedgerError::Storage(_))));
    let empty = Shipment { records: Vec::new(), mch_id: "nobody".into(), ..part };
    let refused = ledger.receive(empty).await;
    assert!(matches!(refused, Err(LedgerError::NoMerchant(_))), "{refused:?}");
}

pub async fn an_estate_takes_the_place_of_what_is_there(ledger: Whole) {
    ledger.commit(spending("1", budget(10))).await.unwrap();
    let version = ledger.merchants_version().await.unwrap();
    let mut estate = ledger.estate(MCH_ID, day()).await.unwrap();
    assert_eq!(estate.usage.len(), 2);
    let later = day().checked_add(1.day()).unwrap();
    assert_eq!(ledger.estate(MCH_ID, later).await.unwrap().usage, []);
    let merchant = estate.merchant.as_mut().unwrap();
    (merchant.balance, merchant.version, merchant.key_version) = (fen(5), 9, 4);
    estate.usage.retain(|used| used.openid.is_empty());
    ledger.receive_estate(MCH_ID, estate).await.unwrap();
    let found = ledger.estate(MCH_ID, day()).await.unwrap();
    let merchant = found.merchant.unwrap();
    assert_eq!((merchant.balance, merchant.version, merchant.key_version), (fen(5), 9, 4));
    assert_eq!(found.usage.len(), 1);
    assert!(ledger.merchants_version().await.unwrap() > version);
    assert_eq!(ledger.merchant(OTHER_MCH_ID).await.unwrap().unwrap().balance, fen(1_000));
    ledger.commit(next(record(MCH_ID, "1"), 1)).await.unwrap();
    assert!(is_whole(&ledger).await);
}
