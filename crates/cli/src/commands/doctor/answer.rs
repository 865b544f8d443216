//! What the server answers to a query for a number that cannot exist.

use super::finding::{Finding, Report};
use super::symptom::Symptom;
use crate::say;
use crate::verdict_text;
use hongbao_client::{Client, Dice, Exchange};
use hongbao_issuer::{Clock, SystemClock};
use hongbao_wire::observation::Observation;
use hongbao_wire::sign::Policy;
use hongbao_wire::{ApiKey, ErrorCode, MchBillno, QueryReply, QueryRequest};
use jiff::{SignedDuration, Timestamp};

/// The checks of the answer, in their order.
pub const CHECKS: [&str; 4] = [CERTIFICATE, SIGNATURE, ANSWER, CLOCK];
const CERTIFICATE: &str = "certificate_accepted";
const SIGNATURE: &str = "signature_accepted";
const ANSWER: &str = "answer";
const CLOCK: &str = "clock";
/// From how far a clock is warned of.
const DRIFT: SignedDuration = SignedDuration::from_secs(60);
/// From how far a clock is an error.
const WRONG: SignedDuration = SignedDuration::from_secs(300);

/// Asks once, as the merchant would, for a number of chance alone (144 bits), and says what the answer shows.
pub async fn examine(
    client: &Client,
    mch_id: &str,
    appid: &str,
    api_key: &ApiKey,
    report: &mut Report<'_>,
) {
    let dice = Dice::random();
    let (mut mch_billno, nonce_str) = (dice.nonce_str(), dice.nonce_str());
    mch_billno.truncate(MchBillno::CHARS_MAX);
    let request = QueryRequest { nonce_str: &nonce_str, mch_billno: &mch_billno, mch_id, appid };
    let before = SystemClock.now();
    let seen = client.query(&request, api_key, Policy::Require).await;
    let after = SystemClock.now();
    findings(&seen).into_iter().for_each(|finding| report.add(finding));
    report.add(clock(seen.date.as_deref(), before, after));
}

/// One finding for each of the first three checks.
fn findings(seen: &Exchange<QueryReply>) -> [Finding; 3] {
    let said = said(seen);
    let unsaid = |check| Finding::skipped(check, say!("doctor-unsaid", said = said));
    let accepted = || Finding::fine(CERTIFICATE, say!("doctor-certificate-accepted"));
    let answer = |symptom| Finding::of(ANSWER, symptom, say!("doctor-answered", said = said));
    let failure = match &seen.observation {
        Observation::Failure(failure) => failure,
        Observation::CertificateRefused => {
            let refused = Finding::of(
                CERTIFICATE,
                Symptom::CertificateRefused,
                say!("doctor-answered", said = said),
            );
            return [refused, unsaid(SIGNATURE), unsaid(ANSWER)];
        }
        Observation::Silence(_) => {
            return [unsaid(CERTIFICATE), unsaid(SIGNATURE), answer(Symptom::NoAnswer)];
        }
        Observation::Unreadable(_) => {
            return [unsaid(CERTIFICATE), unsaid(SIGNATURE), answer(Symptom::AnswerUnreadable)];
        }
        Observation::Success(_) => {
            let exists = Finding::of(ANSWER, Symptom::NumberExists, say!("doctor-number-exists"));
            let signature = Finding::fine(SIGNATURE, say!("doctor-signature-accepted"));
            return [accepted(), signature, exists];
        }
    };
    let refused = |check, code| Finding::refused(check, code, say!("doctor-answered", said = said));
    match &failure.err_code {
        Some(ErrorCode::NotFound) => [
            accepted(),
            Finding::fine(SIGNATURE, say!("doctor-signature-accepted")),
            Finding::fine(ANSWER, say!("doctor-not-found")),
        ],
        Some(code @ ErrorCode::CaError) => {
            [refused(CERTIFICATE, code), unsaid(SIGNATURE), unsaid(ANSWER)]
        }
        Some(code @ ErrorCode::SignError) => {
            let refused = refused(SIGNATURE, code).with_remedy(say!("doctor-sign-error-hint"));
            [accepted(), refused, unsaid(ANSWER)]
        }
        Some(code @ ErrorCode::ParamError) => {
            let refused = refused(ANSWER, code).with_remedy(say!("doctor-param-error-hint"));
            [accepted(), unsaid(SIGNATURE), refused]
        }
        Some(code @ ErrorCode::NoAuth) => {
            let refused = refused(ANSWER, code).with_remedy(say!("doctor-no-auth-hint"));
            [accepted(), unsaid(SIGNATURE), refused]
        }
        Some(code @ ErrorCode::FreqLimit) => {
            let refused = refused(ANSWER, code).with_remedy(say!("doctor-freq-limit-hint"));
            [unsaid(CERTIFICATE), unsaid(SIGNATURE), refused.into_warning()]
        }
        Some(code @ (ErrorCode::SystemError | ErrorCode::PSystemError | ErrorCode::XmlError)) => {
            [unsaid(CERTIFICATE), unsaid(SIGNATURE), refused(ANSWER, code)]
        }
        _ => [unsaid(CERTIFICATE), unsaid(SIGNATURE), answer(Symptom::OtherAnswer)],
    }
}

/// What came, in words; the server's own are safe to show, and decide nothing.
fn said(seen: &Exchange<QueryReply>) -> String {
    match &seen.observation {
        Observation::Failure(failure) => {
            let code = failure.err_code.as_ref().map_or("-", ErrorCode::as_str);
            say!("doctor-said", code = code, said = failure.description)
        }
        _ => verdict_text::why(seen),
    }
}

/// The clock of this machine against that of the server, whose `Date` has whole seconds.
fn clock(date: Option<&str>, before: Timestamp, after: Timestamp) -> Finding {
    let server = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let Some(server) = server.map(|server| server.timestamp()) else {
        return Finding::skipped(CLOCK, say!("doctor-clock-none"));
    };
    let skew = skew(server, before, after);
    let seconds = skew.unsigned_abs().as_secs();
    let found = if skew.is_negative() {
        say!("doctor-clock-fast", seconds = seconds)
    } else if skew.is_positive() {
        say!("doctor-clock-slow", seconds = seconds)
    } else {
        say!("doctor-clock")
    };
    if skew.abs() >= WRONG {
        Finding::of(CLOCK, Symptom::ClockWrong, found)
    } else if skew.abs() >= DRIFT {
        Finding::of(CLOCK, Symptom::ClockDrifts, found)
    } else {
        Finding::fine(CLOCK, found)
    }
}

/// By how much the server is at least ahead: what the time on the way cannot explain.
fn skew(server: Timestamp, before: Timestamp, after: Timestamp) -> SignedDuration {
    // `Date` was true at some time within its second
    let ahead = server.duration_since(after);
    let behind = server.duration_since(before) + SignedDuration::from_secs(1);
    if ahead.is_positive() {
        ahead
    } else if behind.is_negative() {
        behind
    } else {
        SignedDuration::ZERO
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
