//! What a send takes from the limits and the balance, at the exact boundary.

use crate::given::{MCH_ID, OTHER_MCH_ID, budget, fen, first, next, record, spending};
use hongbao_ledger::{Budget, Commit, Key, Ledger, LedgerError};
use hongbao_wire::Fen;
use jiff::ToSpan;
use std::sync::Arc;

type Store = Arc<dyn Ledger>;

async fn balance(ledger: &Store, mch_id: &str) -> u64 {
    ledger.merchant(mch_id).await.unwrap().unwrap().balance.get()
}

pub async fn a_budget_takes_from_the_balance(ledger: Store) {
    ledger.commit(spending("1", budget(100))).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, 900);
    ledger.commit(spending("2", budget(0))).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, 900);
    assert_eq!(balance(&ledger, OTHER_MCH_ID).await, 1_000);
}

pub async fn the_receivers_count_is_exact(ledger: Store) {
    let limited = || Budget { user_packets_max: 2, ..budget(1) };
    ledger.commit(spending("1", limited())).await.unwrap();
    ledger.commit(spending("2", limited())).await.unwrap();
    let third = ledger.commit(spending("3", limited())).await;
    assert!(matches!(third, Err(LedgerError::UserCountUsedUp)));
}

pub async fn the_receivers_amount_is_exact(ledger: Store) {
    let limited = |amount| Budget { user_amount_max: fen(300), ..budget(amount) };
    ledger.commit(spending("1", limited(100))).await.unwrap();
    let over = ledger.commit(spending("2", limited(201))).await;
    assert!(matches!(over, Err(LedgerError::UserAmountUsedUp)));
    ledger.commit(spending("2", limited(200))).await.unwrap();
    let over = ledger.commit(spending("3", limited(1))).await;
    assert!(matches!(over, Err(LedgerError::UserAmountUsedUp)));
    let over = ledger.commit(spending("3", Budget { amount: Fen::MAX, ..budget(0) })).await;
    assert!(matches!(over, Err(LedgerError::UserAmountUsedUp)), "the sum is checked");
}

pub async fn the_merchants_amount_is_exact(ledger: Store) {
    let limited = |to: &str, amount| Budget {
        re_openid: to.into(),
        merchant_amount_max: fen(300),
        ..budget(amount)
    };
    ledger.commit(spending("1", limited("oA", 100))).await.unwrap();
    let over = ledger.commit(spending("2", limited("oB", 201))).await;
    assert!(matches!(over, Err(LedgerError::MerchantAmountUsedUp)));
    ledger.commit(spending("2", limited("oB", 200))).await.unwrap();
    let over = ledger.commit(spending("3", limited("oC", 1))).await;
    assert!(matches!(over, Err(LedgerError::MerchantAmountUsedUp)));
}

pub async fn the_balance_is_exact(ledger: Store) {
    let over = ledger.commit(spending("1", budget(1_001))).await;
    assert!(matches!(over, Err(LedgerError::BalanceTooLow)));
    ledger.commit(spending("1", budget(1_000))).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, 0);
    let over = ledger.commit(spending("2", budget(1))).await;
    assert!(matches!(over, Err(LedgerError::BalanceTooLow)));
}

pub async fn limits_break_in_their_order(ledger: Store) {
    ledger.commit(spending("1", budget(1))).await.unwrap();
    let mut all = Budget {
        user_packets_max: 1,
        user_amount_max: fen(1),
        merchant_amount_max: fen(1),
        ..budget(1_000)
    };
    let broken = ledger.commit(spending("2", all.clone())).await;
    assert!(matches!(broken, Err(LedgerError::UserCountUsedUp)));
    all.user_packets_max = 2;
    let broken = ledger.commit(spending("2", all.clone())).await;
    assert!(matches!(broken, Err(LedgerError::UserAmountUsedUp)));
    all.user_amount_max = Fen::MAX;
    let broken = ledger.commit(spending("2", all.clone())).await;
    assert!(matches!(broken, Err(LedgerError::MerchantAmountUsedUp)));
    all.merchant_amount_max = Fen::MAX;
    let broken = ledger.commit(spending("2", all)).await;
    assert!(matches!(broken, Err(LedgerError::BalanceTooLow)));
    let taken = ledger.commit(spending("1", Budget { user_packets_max: 0, ..budget(1) })).await;
    assert!(matches!(taken, Err(LedgerError::Conflict)), "a conflict comes first");
}

pub async fn days_receivers_and_merchants_count_apart(ledger: Store) {
    let limited = || Budget {
        user_packets_max: 1,
        user_amount_max: fen(1),
        merchant_amount_max: fen(2),
        ..budget(1)
    };
    ledger.commit(spending("1", limited())).await.unwrap();
    let to_another = Budget { re_openid: "oB".into(), ..limited() };
    ledger.commit(spending("2", to_another)).await.unwrap();
    let tomorrow = Budget { day: limited().day.checked_add(1.day()).unwrap(), ..limited() };
    ledger.commit(spending("3", tomorrow)).await.unwrap();
    let theirs = Commit { budget: Some(limited()), ..first(record(OTHER_MCH_ID, "1")) };
    ledger.commit(theirs).await.unwrap();
}

pub async fn a_refused_budget_changes_nothing(ledger: Store) {
    ledger.commit(first(record(MCH_ID, "old"))).await.unwrap();
    let refused = Commit { budget: Some(budget(1_001)), ..next(record(MCH_ID, "old"), 1) };
    assert!(matches!(ledger.commit(refused).await, Err(LedgerError::BalanceTooLow)));
    assert!(matches!(
        ledger.commit(spending("new", budget(1_001))).await,
        Err(LedgerError::BalanceTooLow)
    ));
    assert_eq!(ledger.find(&Key::new(MCH_ID, "new")).await.unwrap(), None);
    assert_eq!(ledger.history(&Key::new(MCH_ID, "new")).await.unwrap(), Vec::new());
    assert_eq!(ledger.find(&Key::new(MCH_ID, "old")).await.unwrap().unwrap().version, 1);
    assert_eq!(ledger.history(&Key::new(MCH_ID, "old")).await.unwrap().len(), 1);
    // Nor were the day's sums touched.
    let exact = Budget { user_packets_max: 1, user_amount_max: fen(1_000), ..budget(1_000) };
    ledger.commit(spending("new", exact)).await.unwrap();
}

pub async fn a_refund_adds_to_the_balance(ledger: Store) {
    ledger.commit(spending("1", budget(400))).await.unwrap();
    let refund = Commit { refund: Some(fen(400)), ..next(record(MCH_ID, "1"), 1) };
    ledger.commit(refund).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, 1_000);
    let both = Commit { refund: Some(fen(1)), ..spending("2", budget(1_000)) };
    ledger.commit(both).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, 1);
}

pub async fn a_refund_over_the_largest_amount_is_refused(ledger: Store) {
    let over = Commit { refund: Some(Fen::MAX), ..first(record(MCH_ID, "1")) };
    assert!(matches!(ledger.commit(over).await, Err(LedgerError::Overflow)));
    assert_eq!(ledger.find(&Key::new(MCH_ID, "1")).await.unwrap(), None);
    let exact = fen(Fen::MAX.get() - 1_000);
    let full = Commit { refund: Some(exact), ..first(record(MCH_ID, "1")) };
    ledger.commit(full).await.unwrap();
    assert_eq!(balance(&ledger, MCH_ID).await, Fen::MAX.get());
}
