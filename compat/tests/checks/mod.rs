//! What holds of each SDK, whatever it asks: the server itself, or a gateway to it.
#![allow(clippy::unwrap_used)]

use hongbao_compat::{
    Credentials, Driver, Fields, Identity, Lab, Packet, Said, Sdk, Served, query_fields,
    send_fields,
};

/// A trigger of the admin API and its reason.
type Trigger = (&'static str, Option<&'static str>);

/// The states of a packet, and what moves one there (`protocol.md` §3).
const STATES: [(&str, Option<Trigger>); 7] = [
    ("SENDING", None),
    ("SENDING", Some(("refuse", Some("帐号余额不足，请到商户平台充值后再重试")))),
    ("SENT", Some(("deliver", None))),
    ("RECEIVED", Some(("receive", None))),
    ("FAILED", Some(("fail", Some("发送失败 <1> & 其它")))),
    ("RFUND_ING", Some(("expire", None))),
    ("REFUND", Some(("refund", None))),
];

/// `said` holds exactly `expected`, but for what the SDK is known to lose.
fn assert_same(sdk: Sdk, said: &Said, expected: &Fields) {
    assert!(said.holds_record(), "{sdk:?} {said:?}");
    for (name, value) in expected {
        let value = (!sdk.loses(name)).then(|| value.clone());
        assert_eq!(said.field(name), value, "{sdk:?} `{name}` {said:?}");
    }
    for name in said.fields.as_ref().unwrap().keys() {
        let known = name == "sign" || expected.contains_key(name) || said.field(name).is_none();
        assert!(known, "{sdk:?} reads a `{name}` that the ledger does not have: {said:?}");
    }
}

fn sent(served: &Served, driver: &mut Driver, identity: Identity, packet: &Packet) -> Credentials {
    let credentials = served.credentials();
    let said = driver.send(&credentials, identity, packet);
    let ledger = served.packet(packet.get("mch_billno").unwrap()).unwrap();
    assert_same(driver.sdk(), &said, &send_fields(&ledger));
    for name in ["re_openid", "wishing", "act_name", "remark", "sender_name", "scene_id"] {
        assert_eq!(ledger[name].as_str(), packet.get(name), "{:?} `{name}`", driver.sdk());
    }
    assert_eq!(ledger["total_amount"].to_string(), packet.get("total_amount").unwrap());
    credentials
}

pub fn every_state_reads_back_as_the_ledger_has_it(lab: &Lab) {
    let served = lab.served();
    lab.each(|driver| {
        for identity in driver.sdk().identities() {
            for (index, (state, trigger)) in STATES.iter().enumerate() {
                let billno = format!("STATE{}{identity:?}{index}", driver.sdk().letters());
                let credentials = sent(served, driver, *identity, &Packet::new(&billno));
                if let Some((trigger, reason)) = trigger {
                    served.admin().trigger(&credentials.mch_id, &billno, trigger, *reason);
                }
                let said = driver.query(&credentials, *identity, &billno);
                let ledger = served.packet(&billno).unwrap();
                assert_eq!(ledger["status"], *state);
                assert_same(driver.sdk(), &said, &query_fields(&ledger));
            }
        }
    });
}

pub fn every_optional_field_of_an_order_arrives(lab: &Lab) {
    let served = lab.served();
    lab.each(|driver| {
        let letters = driver.sdk().letters();
        let by_person = Packet::new(&format!("PERSON{letters}"))
            .with("sender_header_media_id", "1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0")
            .with("scene_id", "PRODUCT_4")
            .with("total_amount", "25000");
        let by_app =
            Packet::new(&format!("APP{letters}")).without("sender_name").with("agentid", "1000002");
        for packet in [by_person, by_app] {
            let identity = driver.sdk().identities()[0];
            let credentials = sent(served, driver, identity, &packet);
            let billno = packet.get("mch_billno").unwrap();
            served.admin().trigger(&credentials.mch_id, billno, "receive", None);
            let said = driver.query(&credentials, identity, billno);
            assert_same(driver.sdk(), &said, &query_fields(&served.packet(billno).unwrap()));
        }
    });
}

pub fn the_same_number_again_is_one_packet(lab: &Lab) {
    let served = lab.served();
    lab.each(|driver| {
        let packet = Packet::new(&format!("AGAIN{}", driver.sdk().letters()));
        let identity = driver.sdk().identities()[0];
        let credentials = sent(served, driver, identity, &packet);
        let first = served.packet(packet.get("mch_billno").unwrap()).unwrap();
        let said = driver.send(&credentials, identity, &packet);
        assert_same(driver.sdk(), &said, &send_fields(&first));
    });
}
