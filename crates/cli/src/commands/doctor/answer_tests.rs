#![allow(clippy::unwrap_used)]
use super::*;
use hongbao_client::Host;
use hongbao_wire::FailureReply;
use hongbao_wire::observation::{Silence, Unreadable};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn seen(observation: Observation<QueryReply>) -> Exchange<QueryReply> {
    Exchange {
        observation,
        raw: None,
        http_status: None,
        date: None,
        cause: None,
        host: Host::Main,
        attempts: 1,
        may_have_arrived: true,
        superseded: Vec::new(),
    }
}

fn said(code: ErrorCode) -> Observation<QueryReply> {
    Observation::Failure(FailureReply::business(code, "words"))
}

#[test]
fn each_answer_says_what_it_can_and_no_more() {
    let (fine, open) = ("DOCTOR_OK", "DOCTOR_SKIPPED");
    let cases: [(Observation<QueryReply>, [&str; 3]); 13] = [
        (said(ErrorCode::NotFound), [fine, fine, fine]),
        (said(ErrorCode::CaError), ["CA_ERROR", open, open]),
        (said(ErrorCode::SignError), [fine, "SIGN_ERROR", open]),
        (said(ErrorCode::NoAuth), [fine, open, "NO_AUTH"]),
        (said(ErrorCode::ParamError), [fine, open, "PARAM_ERROR"]),
        (said(ErrorCode::FreqLimit), [open, open, "FREQ_LIMIT"]),
        (said(ErrorCode::SystemError), [open, open, "SYSTEMERROR"]),
        (said(ErrorCode::XmlError), [open, open, "XML_ERROR"]),
        (said(ErrorCode::SendFailed), [open, open, "DOCTOR_OTHER_ANSWER"]),
        (Observation::CertificateRefused, ["DOCTOR_CERTIFICATE_REFUSED", open, open]),
        (Observation::Silence(Silence::TimedOut), [open, open, "DOCTOR_NO_ANSWER"]),
        (Observation::Silence(Silence::HttpStatus(502)), [open, open, "DOCTOR_NO_ANSWER"]),
        (Observation::Unreadable(Unreadable::OtherEcho), [open, open, "DOCTOR_ANSWER_UNREADABLE"]),
    ];
    for (observation, codes) in cases {
        let seen = seen(observation);
        assert_eq!(findings(&seen).map(|finding| finding.code), codes, "{seen:?}");
    }
}

#[test]
fn the_clock_is_off_by_what_the_way_cannot_explain() {
    let date = "Mon, 20 Jul 2026 14:45:12 GMT";
    let cases = [
        ("14:45:12.3", "14:45:12.9", 0, "DOCTOR_OK"),
        // asked for ten seconds: anything within them agrees
        ("14:45:05", "14:45:15", 0, "DOCTOR_OK"),
        ("14:45:13", "14:45:13", 0, "DOCTOR_OK"),
        ("14:45:10", "14:45:11", 1, "DOCTOR_OK"),
        ("14:44:10", "14:44:13", 59, "DOCTOR_OK"),
        ("14:44:10", "14:44:12", 60, "DOCTOR_CLOCK_DRIFTS"),
        ("14:40:10", "14:40:13", 299, "DOCTOR_CLOCK_DRIFTS"),
        ("14:40:10", "14:40:12", 300, "DOCTOR_CLOCK_WRONG"),
        ("14:46:12", "14:46:13", -59, "DOCTOR_OK"),
        ("14:46:13", "14:46:14", -60, "DOCTOR_CLOCK_DRIFTS"),
        ("14:50:13", "14:50:14", -300, "DOCTOR_CLOCK_WRONG"),
    ];
    for (before, after, seconds, code) in cases {
        let time = |clock: &str| at(&format!("2026-07-20T{clock}Z"));
        let found = skew(at("2026-07-20T14:45:12Z"), time(before), time(after));
        assert_eq!(found.as_secs(), seconds, "{before} {after}");
        assert_eq!(clock(Some(date), time(before), time(after)).code, code, "{before} {after}");
    }
    for unknown in [None, Some("yesterday")] {
        let now = at("2026-07-20T14:45:12Z");
        assert_eq!(clock(unknown, now, now).code, "DOCTOR_SKIPPED");
    }
}
