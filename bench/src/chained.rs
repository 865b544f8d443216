//! What the chain of entries costs a commit: hashing alone, without any store.

use crate::table::{Row, median};
use crate::year::Year;
use hongbao_ledger::chain::Head;
use hongbao_ledger::{Book, Commit, Link};
use std::hint::black_box;
use std::time::Instant;

/// Hashes the commits of the year's last packets, whose raw requests are kept, `calls` of them a round.
pub fn measure(year: &Year, rounds: usize, calls: u64) -> Vec<Row> {
    let from = year.records.saturating_sub(calls);
    let commits: Vec<Commit> = (from..year.records).map(|n| year.commit(n)).collect();
    let entries: usize = commits.iter().map(|commit| commit.entries.len()).sum();
    let (mut with, mut without, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut without_raw = commits.clone();
    without_raw.iter_mut().flat_map(|commit| &mut commit.entries).for_each(|e| e.raw = None);
    for _ in 0..rounds {
        let micros = |began: Instant| began.elapsed().as_secs_f64() * 1e6 / entries as f64;
        let began = Instant::now();
        commits.iter().for_each(|commit| drop(black_box(links_unhashed(commit))));
        bare.push(micros(began));
        let began = Instant::now();
        chain(year, &commits);
        with.push(micros(began));
        let began = Instant::now();
        chain(year, &without_raw);
        without.push(micros(began));
    }
    let (with, without, bare) = (median(with), median(without), median(bare));
    let row = |what: &str, ours: f64| Row {
        goal: "chain",
        what: what.to_owned(),
        ours: format!("{ours:.2} µs"),
        baseline: format!("the same entries, not hashed: {bare:.2} µs"),
        ratio: None,
        asked: "–",
        reached: None,
    };
    vec![
        row("an entry chained, one in three with a raw message", with),
        row("an entry chained, without raw messages", without),
    ]
}

fn chain(year: &Year, commits: &[Commit]) {
    let mch_id = year.merchants()[0].mch_id.clone();
    let mut head = Head::empty(Book::Records, mch_id);
    for commit in commits {
        let state = commit.record.state_digest();
        black_box(head.append(&commit.record.key.mch_billno, &commit.entries, state));
    }
    black_box(head);
}

/// All that `Head::append` does but hashing.
fn links_unhashed(commit: &Commit) -> Vec<Link> {
    let links = commit.entries.iter().enumerate().map(|(at, entry)| Link {
        mch_billno: commit.record.key.mch_billno.clone(),
        position: at as u64,
        raw: hongbao_ledger::Raw::from_columns(entry.raw.clone(), None),
        entry: hongbao_ledger::Entry { raw: None, ..entry.clone() },
        state: None,
        mark: [0; 8],
    });
    links.collect()
}
