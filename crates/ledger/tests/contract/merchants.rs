//! Merchants and settings.

use crate::given::{MCH_ID, OTHER_MCH_ID, at, budget, fen, merchant, spending};
use hongbao_ledger::{Ledger, LedgerError, Limits, Merchant};
use hongbao_wire::{ApiKey, Fen, WorkwxSecret};
use std::sync::Arc;

type Store = Arc<dyn Ledger>;

/// Everything of a merchant, comparable: keys do not compare by themselves.
fn parts(merchant: &Merchant) -> (String, Vec<u8>, Vec<u8>) {
    (
        format!("{merchant:?}"),
        merchant.api_key.expose().to_vec(),
        merchant.workwx_secret.expose().to_vec(),
    )
}

fn another(mch_id: &str) -> Merchant {
    Merchant {
        name: "".into(),
        appids: vec!["a\"b\\c".into()],
        api_key: ApiKey::new(*b"\0\xff not a text"),
        workwx_secret: WorkwxSecret::new(*b""),
        key_version: u32::MAX,
        limits: Limits {
            packet_max: Fen::MAX,
            user_packets_per_day: u32::MAX,
            queries_per_second: 0,
            ..Limits::default()
        },
        product_enabled: false,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: vec!["00".into(), "01".into()],
        version: 1,
        added_at: at(-1),
        ..merchant(mch_id, Fen::MAX.get())
    }
}

pub async fn a_merchant_comes_back_as_it_was_added(ledger: Store) {
    ledger.add_merchant(another("0")).await.unwrap();
    let found = ledger.merchant("0").await.unwrap().unwrap();
    assert_eq!(parts(&found), parts(&another("0")));
    let all: Vec<_> = ledger.merchants().await.unwrap().iter().map(parts).collect();
    let wanted = [another("0"), merchant(MCH_ID, 1_000), merchant(OTHER_MCH_ID, 1_000)];
    assert_eq!(all, wanted.iter().map(parts).collect::<Vec<_>>());
    assert!(ledger.merchant("nobody").await.unwrap().is_none());
}

pub async fn a_merchant_is_added_once(ledger: Store) {
    let again = ledger.add_merchant(another(MCH_ID)).await;
    assert!(matches!(again, Err(LedgerError::MerchantExists(mch_id)) if mch_id == MCH_ID));
    let found = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(parts(&found), parts(&merchant(MCH_ID, 1_000)));
}

pub async fn an_update_keeps_the_balance_and_when_it_was_added(ledger: Store) {
    ledger.commit(spending("1", budget(1))).await.unwrap();
    ledger.update_merchant(another(MCH_ID)).await.unwrap();
    let wanted = Merchant { balance: fen(999), added_at: at(0), version: 2, ..another(MCH_ID) };
    let found = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(parts(&found), parts(&wanted));
    let untouched = ledger.merchant(OTHER_MCH_ID).await.unwrap().unwrap();
    assert_eq!(parts(&untouched), parts(&merchant(OTHER_MCH_ID, 1_000)));
}

pub async fn of_two_updates_of_what_was_read_once_the_second_is_refused(ledger: Store) {
    let read = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    let first = Merchant { revoked_serials: vec!["0a".into()], ..read.clone() };
    ledger.update_merchant(first).await.unwrap();
    let second = Merchant { revoked_serials: vec!["0b".into()], ..read };
    assert!(matches!(ledger.update_merchant(second).await, Err(LedgerError::Conflict)));
    let found = ledger.merchant(MCH_ID).await.unwrap().unwrap();
    assert_eq!(found.revoked_serials, [Box::from("0a")]);
}

pub async fn an_update_of_no_merchant_is_refused(ledger: Store) {
    let refused = ledger.update_merchant(merchant("nobody", 0)).await;
    assert!(matches!(refused, Err(LedgerError::NoMerchant(mch_id)) if mch_id == "nobody"));
    assert!(ledger.merchant("nobody").await.unwrap().is_none());
}

pub async fn a_top_up_returns_the_new_balance(ledger: Store) {
    assert_eq!(ledger.top_up(MCH_ID, fen(5)).await.unwrap(), fen(1_005));
    assert_eq!(ledger.top_up(MCH_ID, Fen::ZERO).await.unwrap(), fen(1_005));
    assert_eq!(ledger.merchant(MCH_ID).await.unwrap().unwrap().balance, fen(1_005));
    assert_eq!(ledger.merchant(OTHER_MCH_ID).await.unwrap().unwrap().balance, fen(1_000));
}

pub async fn a_top_up_is_guarded(ledger: Store) {
    let refused = ledger.top_up("nobody", fen(1)).await;
    assert!(matches!(refused, Err(LedgerError::NoMerchant(mch_id)) if mch_id == "nobody"));
    let over = fen(Fen::MAX.get() - 1_000 + 1);
    assert!(matches!(ledger.top_up(MCH_ID, over).await, Err(LedgerError::Overflow)));
    let exact = fen(Fen::MAX.get() - 1_000);
    assert_eq!(ledger.top_up(MCH_ID, exact).await.unwrap(), Fen::MAX);
}

pub async fn the_version_grows_with_changes_but_not_with_balances(ledger: Store) {
    let before = ledger.merchants_version().await.unwrap();
    ledger.commit(spending("1", budget(1))).await.unwrap();
    ledger.top_up(MCH_ID, fen(1)).await.unwrap();
    ledger.add_merchant(merchant(MCH_ID, 0)).await.unwrap_err();
    ledger.update_merchant(merchant("nobody", 0)).await.unwrap_err();
    assert_eq!(ledger.merchants_version().await.unwrap(), before);
    ledger.update_merchant(merchant(MCH_ID, 0)).await.unwrap();
    let updated = ledger.merchants_version().await.unwrap();
    assert!(updated > before);
    ledger.add_merchant(merchant("0", 0)).await.unwrap();
    assert!(ledger.merchants_version().await.unwrap() > updated);
}

pub async fn a_setting_is_replaced_where_it_is_what_was_read(ledger: Store) {
    let replace = |was, value| ledger.replace_setting("sandbox.clock", was, value);
    let conflict = |done: Result<(), LedgerError>| {
        assert!(matches!(done, Err(LedgerError::Conflict)), "{done:?}");
    };
    conflict(replace(Some("0"), "1").await);
    assert_eq!(ledger.setting("sandbox.clock").await.unwrap(), None);
    replace(None, "1").await.unwrap();
    conflict(replace(None, "2").await);
    conflict(replace(Some("0"), "2").await);
    assert_eq!(ledger.setting("sandbox.clock").await.unwrap().as_deref(), Some("1"));
    replace(Some("1"), "1").await.unwrap();
    replace(Some("1"), "").await.unwrap();
    replace(Some(""), "3").await.unwrap();
    assert_eq!(ledger.setting("sandbox.clock").await.unwrap().as_deref(), Some("3"));
}

pub async fn settings_are_kept(ledger: Store) {
    assert_eq!(ledger.setting("clock").await.unwrap(), None);
    for value in ["1", "", "多 ' \0 \"", "1"] {
        ledger.set_setting("clock", value).await.unwrap();
        assert_eq!(ledger.setting("clock").await.unwrap().as_deref(), Some(value));
    }
    assert_eq!(ledger.setting("Clock").await.unwrap(), None);
}

pub async fn a_working_store_passes_its_check(ledger: Store) {
    ledger.check().await.unwrap();
}
