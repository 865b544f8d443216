//! Many at once.

use crate::given::{MCH_ID, OTHER_MCH_ID, budget, first, next, record, spending};
use hongbao_ledger::{Commit, Expect, Filter, Key, Ledger, LedgerError};
use std::sync::Arc;
use tokio::task::JoinSet;

type Store = Arc<dyn Ledger>;

pub async fn a_balance_is_never_overdrawn(ledger: Store) {
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let mut spent = 0;
            for number in 0..4 {
                let mut budget = budget(7);
                budget.re_openid = format!("o{task}").into();
                match ledger.commit(spending(&format!("{task}.{number}"), budget)).await {
                    Ok(version) => {
                        assert_eq!(version, 1);
                        spent += 7;
                    }
                    Err(LedgerError::BalanceTooLow) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            spent
        });
    }
    let spent: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(spent, 1_000 / 7 * 7);
    let left = ledger.merchant(MCH_ID).await.unwrap().unwrap().balance.get();
    assert_eq!(left, 1_000 % 7);
    let filter = Filter { limit: 1000, ..Filter::default() };
    let kept = ledger.records(MCH_ID, &filter).await.unwrap();
    assert_eq!(kept.len() as u64, 1_000 / 7);
}

pub async fn of_two_equal_expectations_one_wins(ledger: Store) {
    for version in 0..32 {
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let ledger = ledger.clone();
            let commit = Commit { expect, ..first(record(MCH_ID, "1")) };
            tasks.spawn(async move { ledger.commit(commit).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(won.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [version + 1]);
        assert_eq!(lost.len(), 3);
        assert!(lost.iter().all(|outcome| matches!(outcome, Err(LedgerError::Conflict))));
    }
    assert_eq!(ledger.history(&Key::new(MCH_ID, "1")).await.unwrap().len(), 32);
}

pub async fn a_commit_is_seen_by_every_reader_once_acknowledged(ledger: Store) {
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let record = record(MCH_ID, &task.to_string());
            let reply = |version: u64| Some(version.to_string().into());
            ledger.commit(Commit { reply: reply(1), ..first(record.clone()) }).await.unwrap();
            for version in 1..20 {
                let commit = Commit { reply: reply(version + 1), ..next(record.clone(), version) };
                ledger.commit(commit).await.unwrap();
                // The task may run on another thread now, which reads through another door.
                let mch_billno = record.key.mch_billno.as_str();
                let seen = ledger.reply(MCH_ID, mch_billno).await.unwrap();
                assert_eq!(seen, reply(version + 1));
                let found = ledger.find(&record.key).await.unwrap().unwrap();
                assert_eq!(found.version, version + 1);
            }
        });
    }
    tasks.join_all().await;
}

pub async fn one_that_fails_does_not_take_others_with_it(ledger: Store) {
    ledger.commit(first(record(MCH_ID, "taken"))).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..64_u32 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let outcome = match task % 4 {
                0 => ledger.commit(first(record(MCH_ID, "taken"))).await.unwrap_err().code(),
                1 => ledger.commit(spending("rich", budget(1_001))).await.unwrap_err().code(),
                2 => ledger.commit(first(record("nobody", "1"))).await.unwrap_err().code(),
                _ => {
                    let record = record(OTHER_MCH_ID, &task.to_string());
                    ledger.commit(first(record)).await.unwrap();
                    "OK"
                }
            };
            let wanted = ["LEDGER_CONFLICT", "BALANCE_TOO_LOW", "NO_MERCHANT", "OK"];
            assert_eq!(outcome, wanted[task as usize % 4]);
        });
    }
    tasks.join_all().await;
    let filter = Filter { limit: 1000, ..Filter::default() };
    assert_eq!(ledger.records(OTHER_MCH_ID, &filter).await.unwrap().len(), 16);
    assert_eq!(ledger.records(MCH_ID, &filter).await.unwrap().len(), 1);
}
