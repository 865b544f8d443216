//! What a person looked at leaves the list, and comes back only when somebody asks for it.
#![allow(clippy::unwrap_used)]

mod common;

use common::{BILLNO, MCH, Rig, start};
use hongbao_inquiry::Freshness::New;
use hongbao_inquiry::dismiss;
use hongbao_ledger::Key;

#[tokio::test(start_paused = true)]
async fn a_number_that_a_person_looked_at_is_due_no_more_until_it_is_followed() {
    let rig = Rig::new();
    let ledger = &**rig.inquirer.ledger();
    let key = Key::new(MCH, BILLNO);
    assert_eq!(dismiss(ledger, &key, start()).await.unwrap(), None, "nobody knows it");
    let before = rig.inquirer.ask(BILLNO, New).await.unwrap();
    assert!(before.inquiry.due_at.is_some());

    let after = dismiss(ledger, &key, start()).await.unwrap().unwrap();
    assert_eq!((after.due_at, after.attention.clone()), (None, None));
    assert_eq!(after.conclusion, before.inquiry.conclusion, "what is known stays");
    assert_eq!(ledger.inquiry(&key).await.unwrap(), Some(after.clone()));
    assert_eq!(dismiss(ledger, &key, start()).await.unwrap(), Some(after), "once is enough");
    let history = ledger.inquiry_history(&key).await.unwrap();
    let events: Vec<&str> = history.iter().map(|entry| &*entry.event).collect();
    assert_eq!(events, ["query intended", "query NOT_FOUND", "dismissed"]);

    rig.inquirer.follow(BILLNO).await.unwrap();
    let again = ledger.inquiry(&key).await.unwrap().unwrap();
    assert_eq!(again.due_at, Some(rig.inquirer.now()));
}
