//! Every row of the verdict's table.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use hongbao_wire::failure::FailureReply;
use hongbao_wire::observation::{Observation, Silence, Unreadable, read};
use hongbao_wire::query::QueryReply;
use hongbao_wire::reply::ReplyError;
use hongbao_wire::send::SendReply;
use hongbao_wire::sign::{Policy, Proof, SignError};
use hongbao_wire::verdict::{
    Known, NextStep, NoAnswer, Open, Unknown, Verdict, WINDOW, judge, judge_send,
};
use hongbao_wire::xml::XmlError;
use hongbao_wire::{ErrorCode, HumanText};
use jiff::{SignedDuration, Timestamp};
use support::*;

fn now() -> Timestamp {
    "2017-07-21T00:00:00Z".parse().unwrap()
}

fn judged(body: &[u8]) -> Verdict {
    judge(&Known::default(), &query_seen(body), now())
}

fn code(word: &'static str) -> Verdict {
    judged(&unsigned(&refusal(word)))
}

fn send_code(word: &'static str) -> Verdict {
    judge_send(&send_seen(&unsigned(&refusal(word))))
}

#[track_caller]
fn row(verdict: &Verdict, expected: &Verdict, word: &str, step: NextStep, is_final: bool) {
    assert_eq!(verdict, expected);
    assert_eq!(verdict.as_str(), word);
    assert_eq!(verdict.next_step(), step);
    assert_eq!(verdict.is_final(), is_final);
    assert_eq!(verdict.new_billno_permitted(), word == "failed");
    assert!(Verdict::WORDS.contains(&word));
}

#[test]
fn received_and_refund_are_done() {
    row(
        &judged(&signed(&record("RECEIVED"))),
        &Verdict::Received,
        "received",
        NextStep::Done,
        true,
    );
    row(&judged(&signed(&record("REFUND"))), &Verdict::Refunded, "refunded", NextStep::Done, true);
}

#[test]
fn failed_permits_a_new_number() {
    let verdict = judged(&signed(&record("FAILED")));
    assert!(matches!(verdict, Verdict::Failed(_)));
    row(&verdict, &verdict, "failed", NextStep::NewBillnoPermitted, true);
}

#[test]
fn open_states_are_asked_again() {
    for (body, open, step) in [
        (record("SENT"), Open::Sent, NextStep::AskAgain),
        (record("RFUND_ING"), Open::Refunding, NextStep::AskAgain),
        (record("REFUNDING"), Open::Refunding, NextStep::AskAgain),
        (record("REFUND_ING"), Open::Refunding, NextStep::AskAgain),
        (record("SENDING"), Open::Sending, NextStep::AskAgainOrResendSame),
        (
            with(record("SENDING"), "reason", "余额不足"),
            Open::Refused,
            NextStep::AskAgainOrResendSame,
        ),
    ] {
        row(&judged(&signed(&body)), &Verdict::Open(open), "open", step, false);
    }
}

#[test]
fn a_status_that_nobody_knows_is_unknown() {
    for status in ["HELD", "failed", "FAILED ", " FAILED", "SENDNG", "0"] {
        let expected = Verdict::Unknown(Unknown::Status(status.into()));
        row(&judged(&signed(&record(status))), &expected, "unknown", NextStep::PersonLooks, false);
    }
}

#[test]
fn not_found_is_unknown() {
    let expected = Verdict::Unknown(Unknown::NotFound);
    row(&code("NOT_FOUND"), &expected, "unknown", NextStep::CheckThenAskOrResendSame, false);
}

#[test]
fn busy_and_silent_are_asked_again_slower() {
    let expected = Verdict::NoAnswer(NoAnswer::TryAgain);
    for word in ["FREQ_LIMIT", "SYSTEMERROR", "PSYSTEMERROR"] {
        row(&code(word), &expected, "no_answer", NextStep::AskAgainSlower, false);
        assert_eq!(send_code(word), expected);
    }
    for silence in [
        Silence::NotConnected,
        Silence::TimedOut,
        Silence::ConnectionLost,
        Silence::HttpStatus(502),
    ] {
        let verdict = judge(&Known::default(), &Observation::Silence(silence), now());
        row(&verdict, &expected, "no_answer", NextStep::AskAgainSlower, false);
        assert_eq!(judge_send(&Observation::Silence(silence)), expected);
    }
    let gateway = unsigned(&[("return_code", "FAIL"), ("retmsg", "x"), ("retcode", "1")]);
    assert_eq!(judged(&gateway), expected);
    assert_eq!(judge_send(&send_seen(&gateway)), expected);
}

#[test]
fn a_wrong_set_up_is_fixed() {
    let expected = Verdict::NoAnswer(NoAnswer::FixSetUp);
    for word in ["CA_ERROR", "SIGN_ERROR", "NO_AUTH", "PARAM_ERROR", "XML_ERROR"] {
        row(&code(word), &expected, "no_answer", NextStep::FixSetUp, false);
        assert_eq!(send_code(word), expected);
    }
    // nobody's number stands for none
    assert_eq!(judged(&unsigned(&with(refusal("XML_ERROR"), "mch_id", "0"))), expected);
    assert_eq!(judge(&Known::default(), &Observation::CertificateRefused, now()), expected);
    assert_eq!(judge_send(&Observation::CertificateRefused), expected);
    for word in
        ["ILLEGAL_APPID", "MONEY_LIMIT", "OPENID_ERROR", "NO_COMPETENCE", "API_METHOD_CLOSED"]
    {
        assert_eq!(send_code(word), expected);
    }
}

#[test]
fn any_other_code_calls_for_support() {
    for word in ["SEND_FAILED", "FATAL_ERROR", "PROCESSING", "268458547", "NEW_CODE", "SUCCESS"] {
        let expected = Verdict::Unknown(Unknown::Code(Some(ErrorCode::from_wire(word))));
        row(&code(word), &expected, "unknown", NextStep::CallSupport, false);
    }
    let without = unsigned(&[("return_code", "SUCCESS"), ("result_code", "FAIL")]);
    assert_eq!(judged(&without), Verdict::Unknown(Unknown::Code(None)));
    assert_eq!(judge_send(&send_seen(&without)), Verdict::Unknown(Unknown::Code(None)));
}

#[test]
fn what_is_unreadable_is_unknown() {
    let failed = record("FAILED");
    let mut twice = failed.clone();
    twice.push(("status", "FAILED"));
    let tampered = String::from_utf8(signed(&record("SENT"))).unwrap().replace("SENT", "FAILED");
    let with_control = signed(&with(record("FAILED"), "wishing", "\u{1d}"));
    let reply = |error| Unreadable::Reply(error);
    for (body, why) in [
        (b"".to_vec(), Unreadable::Xml(XmlError::Empty)),
        ([b"<!DOCTYPE xml>", &*signed(&failed)].concat(), Unreadable::Xml(XmlError::Doctype)),
        (signed(&twice), Unreadable::Xml(XmlError::DuplicateField("status".into()))),
        (with_control, Unreadable::ControlCharactersStripped),
        (b"<xml>\x01".to_vec(), Unreadable::Xml(XmlError::ControlCharacter)),
        (unsigned(&failed), reply(ReplyError::Sign(SignError::Missing))),
        (tampered.into_bytes(), reply(ReplyError::Sign(SignError::Mismatch))),
        (signed(&with(failed.clone(), "mch_billno", "other")), Unreadable::OtherEcho),
        (signed(&with(failed.clone(), "mch_id", "10000099")), Unreadable::OtherEcho),
        (signed(&with(failed.clone(), "status", "")), reply(ReplyError::MissingField("status"))),
        (
            signed(&with(failed.clone(), "mch_billno", "")),
            reply(ReplyError::MissingField("mch_billno")),
        ),
        (signed(&with(failed.clone(), "mch_id", "")), reply(ReplyError::MissingField("mch_id"))),
        (
            signed(&with(failed.clone(), "return_code", "")),
            reply(ReplyError::MissingField("return_code")),
        ),
        (
            signed(&with(failed.clone(), "return_code", "success")),
            reply(ReplyError::BadField("return_code")),
        ),
        (
            signed(&with(failed.clone(), "result_code", "")),
            reply(ReplyError::MissingField("result_code")),
        ),
        (
            signed(&with(failed.clone(), "result_code", "MAYBE")),
            reply(ReplyError::BadField("result_code")),
        ),
        (
            signed(&with(failed.clone(), "total_amount", "1E+2")),
            reply(ReplyError::BadField("total_amount")),
        ),
        (signed(&with(failed.clone(), "amount", "-1")), reply(ReplyError::BadField("amount"))),
        (
            signed(&with(failed.clone(), "refund_amount", "1.00")),
            reply(ReplyError::BadField("refund_amount")),
        ),
        (unsigned(&with(refusal("NOT_FOUND"), "mch_billno", "other")), Unreadable::OtherEcho),
        (unsigned(&with(refusal("NOT_FOUND"), "mch_id", "10000099")), Unreadable::OtherEcho),
    ] {
        let expected = Verdict::Unknown(Unknown::Unreadable(why));
        row(&judged(&body), &expected, "unknown", NextStep::PersonLooks, false);
    }
}

#[test]
fn a_failure_that_says_failed_is_no_failed_packet() {
    let body = signed(&with(record("FAILED"), "result_code", "FAIL"));
    assert_eq!(judged(&body), Verdict::Unknown(Unknown::Code(None)));
    let body = signed(&with(record("FAILED"), "return_code", "FAIL"));
    assert_eq!(judged(&body), Verdict::NoAnswer(NoAnswer::TryAgain));
}

#[test]
fn http_status_comes_first() {
    let body = signed(&record("FAILED"));
    let seen = |status| read::<QueryReply>(asked(), status, &body, &key(), Policy::Require);
    assert!(matches!(seen(400), Observation::CertificateRefused));
    assert!(matches!(seen(500), Observation::Silence(Silence::HttpStatus(500))));
    assert!(matches!(seen(201), Observation::Silence(Silence::HttpStatus(201))));
    assert!(matches!(seen(200), Observation::Success(_)));
}

#[test]
fn policy_decides_on_a_missing_signature_only() {
    let lenient = |body: &[u8]| {
        let policy = Policy::VerifyIfPresent;
        let seen = read::<QueryReply>(asked(), 200, body, &key(), policy);
        (judge(&Known::default(), &seen, now()), seen)
    };
    let (verdict, seen) = lenient(&unsigned(&record("FAILED")));
    assert!(verdict.new_billno_permitted());
    assert!(matches!(seen, Observation::Success(reply) if reply.proof() == Proof::ExemptByPolicy));
    let (verdict, _) = lenient(&unsigned(&with(record("FAILED"), "sign", "0")));
    assert!(!verdict.new_billno_permitted());
}

#[test]
fn the_window_counts_only_where_there_is_no_record() {
    let edge = now() - WINDOW;
    let before = Known::sent(Some(edge - SignedDuration::from_secs(1)));
    let beyond = |known: &Known, body: &[u8]| judge(known, &query_seen(body), now());
    let not_found = unsigned(&refusal("NOT_FOUND"));
    let verdict = beyond(&before, &not_found);
    row(&verdict, &Verdict::BeyondWindow, "beyond_window", NextStep::LedgerOrConsole, false);
    assert_eq!(beyond(&before, &unsigned(&refusal("SYSTEMERROR"))), Verdict::BeyondWindow);
    assert_eq!(beyond(&before, &unsigned(&refusal("CA_ERROR"))), Verdict::BeyondWindow);
    let other = Verdict::Unknown(Unknown::Code(Some(ErrorCode::from_wire("NEW"))));
    assert_eq!(beyond(&before, &unsigned(&refusal("NEW"))), other);
    assert_eq!(beyond(&before, &signed(&record("RECEIVED"))), Verdict::Received);
    let at_edge = Known::sent(Some(edge));
    assert_eq!(beyond(&at_edge, &not_found), Verdict::Unknown(Unknown::NotFound));
    assert_eq!(beyond(&Known::default(), &not_found), Verdict::Unknown(Unknown::NotFound));
    assert_eq!(WINDOW, SignedDuration::from_hours(720));
}

#[test]
fn a_send_never_proves_failure() {
    for (word, expected, step) in [
        ("SEND_FAILED", Verdict::Unknown(Unknown::SaidFailed), NextStep::AskTheQuery),
        ("FATAL_ERROR", Verdict::Unknown(Unknown::OtherOrder), NextStep::PersonLooks),
        ("PROCESSING", Verdict::Open(Open::Processing), NextStep::AskIn20Minutes),
        ("SENDNUM_LIMIT", Verdict::Open(Open::Refused), NextStep::AskAgainOrResendSame),
        ("SENDAMOUNT_LIMIT", Verdict::Open(Open::Refused), NextStep::AskAgainOrResendSame),
        ("RCVDAMOUNT_LIMIT", Verdict::Open(Open::Refused), NextStep::AskAgainOrResendSame),
        ("NOTENOUGH", Verdict::Open(Open::Refused), NextStep::AskAgainOrResendSame),
        (
            "NOT_FOUND",
            Verdict::Unknown(Unknown::Code(Some(ErrorCode::NotFound))),
            NextStep::CallSupport,
        ),
    ] {
        assert_eq!(send_code(word), expected);
        assert_eq!(send_code(word).next_step(), step);
    }
    for code in ErrorCode::KNOWN {
        let seen = Observation::<SendReply>::Failure(FailureReply::business(code.clone(), "x"));
        assert!(!judge_send(&seen).new_billno_permitted(), "{code}");
        let seen = Observation::<QueryReply>::Failure(FailureReply::business(code.clone(), "x"));
        let verdict = judge(&Known::default(), &seen, now());
        assert!(!verdict.new_billno_permitted(), "{code}");
    }
    let accepted = judge_send(&send_seen(&signed(&record("FAILED"))));
    assert_eq!(accepted, Verdict::Open(Open::Accepted));
    assert_eq!(accepted.next_step(), NextStep::AskAgain);
    let unreadable = judge_send(&send_seen(b""));
    let why = Unreadable::Xml(XmlError::Empty);
    assert_eq!(unreadable, Verdict::Unknown(Unknown::Unreadable(why)));
}

#[test]
fn words_are_stable_and_apart() {
    let words: Vec<_> = NextStep::ALL.iter().map(|step| step.as_str()).collect();
    let expected = [
        "done",
        "new_billno_permitted",
        "ask_again",
        "ask_in_20_minutes",
        "ask_again_or_resend_same",
        "check_then_ask_or_resend_same",
        "ask_again_slower",
        "ask_the_query",
        "fix_set_up",
        "person_looks",
        "call_support",
        "ledger_or_console",
    ];
    assert_eq!(words, expected);
}

#[test]
fn texts_for_people_change_nothing() {
    for text in ["发放失败", "FAILED", "请更换商户单号"] {
        let failure = FailureReply { description: HumanText::new(text), ..not_found() };
        let verdict = judge(&Known::default(), &Observation::Failure(failure), now());
        assert_eq!(verdict, Verdict::Unknown(Unknown::NotFound));
    }
}

fn not_found() -> FailureReply {
    FailureReply::business(ErrorCode::NotFound, "指定单号数据不存在")
}

/// Words recall every verdict but a failure: what they do not hold is left out.
#[test]
fn words_recall_what_was_told_and_prove_nothing() {
    use hongbao_wire::verdict::{NoAnswer, Open};
    let told = [
        Verdict::Received,
        Verdict::Refunded,
        Verdict::BeyondWindow,
        Verdict::Open(Open::Accepted),
        Verdict::Open(Open::Processing),
        Verdict::Open(Open::Sending),
        Verdict::Open(Open::Refused),
        Verdict::Open(Open::Sent),
        Verdict::Open(Open::Refunding),
        Verdict::Unknown(Unknown::Status("".into())),
        Verdict::Unknown(Unknown::NotFound),
        Verdict::Unknown(Unknown::SaidFailed),
        Verdict::Unknown(Unknown::OtherOrder),
        Verdict::Unknown(Unknown::Code(None)),
        Verdict::Unknown(Unknown::Unreadable(Unreadable::Recalled)),
        Verdict::Unknown(Unknown::Contradiction),
        Verdict::Unknown(Unknown::Imported),
        Verdict::NoAnswer(NoAnswer::TryAgain),
        Verdict::NoAnswer(NoAnswer::FixSetUp),
    ];
    for verdict in told {
        assert_eq!(Verdict::recall(verdict.as_str(), verdict.cause()), Some(verdict));
    }
    for (word, cause) in [
        ("failed", None),
        ("failed", Some("sent")),
        ("received", Some("sent")),
        ("received", Some("imported")),
        ("refunded", Some("imported")),
        ("failed", Some("imported")),
        ("open", None),
        ("open", Some("not_found")),
        ("unknown", Some("sent")),
        ("no_answer", Some("")),
        ("", None),
    ] {
        assert_eq!(Verdict::recall(word, cause), None, "{word} {cause:?}");
    }
}

/// What the ledger remembers as contradictory stays so, whatever comes.
#[test]
fn a_remembered_contradiction_stays() {
    let contradiction = Verdict::Unknown(Unknown::Contradiction);
    let known = || Known::sent(None).contradicted();
    assert_eq!(known().settled(), Some(&contradiction));
    for status in ["RECEIVED", "FAILED", "SENT"] {
        let seen = query_seen(&signed(&record(status)));
        assert_eq!(known().observe(&seen, now()), contradiction, "{status}");
    }
    let seen = query_seen(&unsigned(&refusal("NOT_FOUND")));
    assert_eq!(known().observe(&seen, now()), contradiction);
}
