//! The merchant's side of a ledger on disk: commits, lookups, lists and a run over a file.
//! `cargo run --release -p hongbao-ledger --example inquiries -- [inquiries]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::float_arithmetic)]

#[path = "../tests/given/mod.rs"]
mod given;

use given::inquiries::{asked, noted, ordered, seen};
use given::{MCH_ID, at};
use hongbao_ledger::inquiry::{Seen, Sighting};
use hongbao_ledger::{Inquiries, Inquiry, InquiryFilter, Key, SealKey, SqliteLedger};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

const TASKS: u64 = 64;
const LOOKUPS: u64 = 50_000;
const BATCH: usize = 500;

fn billno(number: u64) -> String {
    format!("{MCH_ID}20170720{number:010}")
}

/// As one is once it was asked about; one in a thousand needs a person.
fn inquiry(number: u64) -> Inquiry {
    let mut inquiry = ordered(MCH_ID, &billno(number), &format!("salary/{number}"));
    let openid = format!("oxTWIuGaIt6gTKsQRLau{:08}", number / 4);
    inquiry.order.as_mut().unwrap().re_openid = openid.as_str().into();
    inquiry.seen = Some(Seen { openid: Some(openid.into()), ..seen("RECEIVED") });
    inquiry.conclusion.verdict = "received".into();
    inquiry.due_at = number.is_multiple_of(10).then(|| at(number as i64));
    inquiry.attention = number.is_multiple_of(1_000).then(|| "unknown_for_long".into());
    inquiry.reply = Some(vec![b'x'; 900].into());
    inquiry
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let count = std::env::args().nth(1).map_or(100_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let ledger = Arc::new(SqliteLedger::open(&path, SealKey::generate()).unwrap());
    commit_all(&ledger, count, false).await;
    commit_all(&ledger, count / 4, true).await;
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("{} bytes each, with history and indexes", bytes / count);
    lookups(&ledger, count).await;
    lists(&ledger, count).await;
    run(&ledger, count).await;
}

async fn commit_all(ledger: &Arc<SqliteLedger>, count: u64, again: bool) {
    let began = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    for _ in 0..TASKS {
        let (ledger, next) = (ledger.clone(), next.clone());
        running.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                let inquiry = inquiry(number);
                let commit = if again { asked(inquiry, 1) } else { noted(inquiry) };
                ledger.commit_inquiry(commit).await.unwrap();
            }
        });
    }
    running.join_all().await;
    let kind = if again { "second" } else { "first" };
    let rate = count as f64 / began.elapsed().as_secs_f64();
    println!("{kind} commits, {TASKS} tasks: {rate:.0}/s");
}

async fn lookups(ledger: &SqliteLedger, count: u64) {
    let mut random = StdRng::seed_from_u64(1);
    let key = |_| Key::new(MCH_ID, billno(random.random_range(0..count)));
    let keys: Vec<Key> = (0..LOOKUPS).map(key).collect();
    let began = Instant::now();
    for key in &keys {
        assert!(ledger.inquiry(key).await.unwrap().is_some());
    }
    println!("a lookup: {:.2} µs", began.elapsed().as_secs_f64() * 1e6 / LOOKUPS as f64);
}

async fn lists(ledger: &SqliteLedger, count: u64) {
    let all = || InquiryFilter { limit: 100, ..InquiryFilter::default() };
    let openid = inquiry(count / 2).order.unwrap().re_openid;
    let filters = [
        ("all", all()),
        ("by status", InquiryFilter { status: Some("RECEIVED".into()), ..all() }),
        ("by verdict", InquiryFilter { verdict: Some("received".into()), ..all() }),
        ("that need a person", InquiryFilter { attention: Some(true), ..all() }),
        ("of a receiver", InquiryFilter { openid: Some(openid), ..all() }),
        ("of a reference", InquiryFilter { business_ref: Some("salary/7".into()), ..all() }),
        ("by status: none", InquiryFilter { status: Some("SENT".into()), ..all() }),
    ];
    for (name, filter) in filters {
        let began = Instant::now();
        let found = ledger.inquiries(MCH_ID, &filter).await.unwrap().len();
        println!("a page {name}: {found} in {:.2?}", began.elapsed());
    }
    let began = Instant::now();
    let found = ledger.due_inquiries(MCH_ID, at(i64::from(i32::MAX)), 100).await.unwrap().len();
    println!("due: {found} in {:.2?}", began.elapsed());
    let began = Instant::now();
    let (_, due) = ledger.next_due(MCH_ID).await.unwrap();
    println!("next due, of {due}: {:.2?}", began.elapsed());
}

async fn run(ledger: &SqliteLedger, count: u64) {
    let row = |number| Sighting { mch_billno: billno(number).into(), line: number + 1 };
    // All but the last, as the file of a merchant has them: in no order that helps.
    let rows: Vec<Sighting> = (0..count - 1).map(|n| row((n * 7_919) % (count - 1))).collect();
    ledger.begin_run(MCH_ID, "file", at(0)).await.unwrap();
    let began = Instant::now();
    for batch in rows.chunks(BATCH) {
        ledger.sight(MCH_ID, "file", batch.to_vec()).await.unwrap();
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    println!("rows sighted, {BATCH} at once: {rate:.0}/s");
    let began = Instant::now();
    let filter = InquiryFilter { limit: 100, ..InquiryFilter::default() };
    let unsighted = ledger.unsighted(MCH_ID, "file", &filter).await.unwrap();
    println!("unsighted: {} in {:.2?}", unsighted.len(), began.elapsed());
    let began = Instant::now();
    ledger.end_run(MCH_ID, "file").await.unwrap();
    println!("forgotten in {:.2?}", began.elapsed());
}
