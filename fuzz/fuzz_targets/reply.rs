//! No bytes without a signature under the key permit a new bill number.
#![no_main]

use hongbao_wire::observation::{Asked, Observation, read};
use hongbao_wire::query::QueryReply;
use hongbao_wire::send::SendReply;
use hongbao_wire::sign::{Policy, Proof};
use hongbao_wire::verdict::{Known, judge, judge_send};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    // Nobody signs under this key: what permits a new number under `Require` is forged.
    let key = ApiKey::new(*b"a key that no reply is signed by");
    let asked = Asked { mch_id: "10000098", mch_billno: "10000098201707200000000001" };
    for policy in [Policy::Require, Policy::VerifyIfPresent] {
        let seen = read::<QueryReply>(asked, 200, body, &key, policy);
        let verdict = judge(&Known::default(), &seen, Default::default());
        match &seen {
            Observation::Success(reply) => assert_eq!(reply.proof(), Proof::ExemptByPolicy),
            _ => assert!(!verdict.is_final()),
        }
        assert!(policy == Policy::VerifyIfPresent || !verdict.is_final());
        assert!(!judge_send(&read::<SendReply>(asked, 200, body, &key, policy)).is_final());
    }
    if let Some(stripped) = xml::strip_control_characters(body) {
        assert_ne!(Document::parse(&stripped), Err(xml::XmlError::NotUtf8));
        assert!(xml::strip_control_characters(&stripped).is_none());
    }
});
