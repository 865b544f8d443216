//! The server's switches (`protocol.md` §9): with each of them the other way, the
//! SDKs still read what is said.
#![allow(clippy::unwrap_used)]

use hongbao_compat::{Folder, Identity, Outcome, Packet, lab_of};

/// Every switch the other way that leaves a success a success.
fn switches(folder: &Folder) {
    folder.set("#certificate_refusal = \"xml\"", "certificate_refusal = \"html400\"");
    folder.set("#sign_failures = false", "sign_failures = true");
    folder.set("#params_before_sign = true", "params_before_sign = false");
    folder.set("#signed_fields = \"known\"", "signed_fields = \"all_received\"");
    folder.set("#content_type = \"text/plain;charset=utf-8\"", "content_type = \"text/xml\"");
}

#[test]
fn signed_failures_and_another_content_type_are_read() {
    let Some(lab) = lab_of(switches) else { return };
    let own = lab.served().credentials();
    lab.each(|driver| {
        let billno = format!("SWITCH{}", driver.sdk().letters());
        for identity in driver.sdk().identities() {
            // WxJava verifies a signature wherever there is one, on a failure too.
            let said = driver.query(&own, *identity, &billno);
            let not_found = Some("NOT_FOUND");
            assert_eq!(said.err_code.as_deref(), not_found, "{:?} {said:?}", driver.sdk());
        }
        assert!(driver.send(&own, Identity::P12, &Packet::new(&billno)).holds_record());
        assert!(driver.query(&own, Identity::P12, &billno).holds_record());
    });
}

#[test]
fn no_certificate_is_a_page_that_no_sdk_takes_for_an_answer() {
    let Some(lab) = lab_of(switches) else { return };
    let own = lab.served().credentials();
    lab.each(|driver| {
        if driver.sdk().can_omit_certificate() {
            let said = driver.query(&own, Identity::None, "NOCERT");
            assert_ne!(said.outcome, Outcome::Ok, "{:?} {said:?}", driver.sdk());
            assert_eq!(said.err_code, None);
        }
    });
}
