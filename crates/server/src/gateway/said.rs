//! What a gateway says, and never says.
//!
//! | the merchant's side came to | a query is answered | a send is answered |
//! |---|---|---|
//! | two verified replies that exclude each other | SYSTEMERROR | SYSTEMERROR |
//! | final, now or before | the reply that settled it, byte for byte | the kept acceptance, else one of the same words; SEND_FAILED for a proven failure |
//! | a reply that can be read, success or failure | that reply, byte for byte | the same |
//! | silence, 5xx, HTTP 400, a refused certificate or signature, a forged or broken reply | SYSTEMERROR | the kept acceptance, else SYSTEMERROR |
//! | SEND_FAILED that no record proves | SYSTEMERROR | the kept acceptance, else what the query says at once: SEND_FAILED where it proves it, else SYSTEMERROR |
//! | a record that is young enough | its reply, byte for byte | |
//! | past the 30 days, never final | NOT_FOUND | |
//! | no turn of the pace | FREQ_LIMIT; the last record where the options say so | FREQ_LIMIT |
//! | the number was sent with another amount; with anything else another | | PARAM_ERROR; FATAL_ERROR |
//! | the number is a packet that was sent from elsewhere | | the payer is asked, which compares; SYSTEMERROR past the 30 days |
//! | the ledger failed, no upstream | SYSTEMERROR | SYSTEMERROR |
//!
//! SYSTEMERROR stands for "no answer": of all the codes it alone claims nothing, neither of
//! the packet nor of the SDK's own set-up. So a certificate of the *gateway's* that the payer
//! refuses is no CA_ERROR here, which would send the SDK's owner to the wrong place: it is an
//! error in the log and a count in the metrics. So are its CA_ERROR and SIGN_ERROR: the SDK's own
//! certificate and signatures were checked here.

use crate::source::Origin;
use crate::turn;
use bytes::Bytes;
use hongbao_client::Exchange;
use hongbao_inquiry::{Asked, SendRefusal, Sent};
use hongbao_issuer::{Answer, Delivery, ReplyStyle, text};
use hongbao_ledger::{Inquiry, Merchant};
use hongbao_wire::field::{FieldError, FieldRule};
use hongbao_wire::observation::Observation;
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{ErrorCode, FailureReply, SendReply, Verdict};

/// An answer, and where it came from.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) answer: Answer,
    pub(crate) origin: Origin,
}

/// The call that is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'c> {
    pub(super) kind: turn::Call,
    pub(super) merchant: &'c Merchant,
    pub(super) mch_billno: &'c str,
    pub(super) style: &'c ReplyStyle,
}

/// Whether the payer said FREQ_LIMIT just now.
pub(super) fn is_too_fast(asked: &Asked) -> bool {
    let exchange = asked.origin.exchange();
    exchange.is_some_and(|exchange| match &exchange.observation {
        Observation::Failure(failure) => failure.err_code == Some(ErrorCode::FreqLimit),
        _ => false,
    })
}

impl Call<'_> {
    /// Of a question.
    pub(super) fn of_asked(self, asked: &Asked) -> Said {
        let (inquiry, exchange) = (&asked.inquiry, asked.origin.exchange());
        let origin = if exchange.is_some() { Origin::Upstream } else { Origin::Ledger };
        if is_contradicted(&asked.verdict) {
            return self.nobody_knows("two verified replies exclude each other", origin);
        }
        if asked.verdict.is_final()
            && let Some(reply) = &inquiry.reply
        {
            return passed(reply.clone(), None, origin);
        }
        match exchange {
            Some(exchange) => {
                let passed = readable(exchange);
                passed.unwrap_or_else(|| self.no_answer(exchange))
            }
            None if asked.verdict == Verdict::BeyondWindow => self.not_found(),
            None => match &inquiry.reply {
                Some(reply) => passed(reply.clone(), None, origin),
                None => self.nobody_knows("the ledger knows no record", origin),
            },
        }
    }

    /// Of the last known record, however old; `None` where there is none to vouch for.
    pub(super) fn stale(self, asked: &Asked) -> Option<Said> {
        if matches!(
            asked.verdict,
            Verdict::Unknown(Unknown::Contradiction | Unknown::Unreadable(_))
        ) {
            return None;
        }
        Some(passed(asked.inquiry.reply.clone()?, None, Origin::LedgerStale))
    }

    /// Of a send.
    pub(super) fn of_sent(self, sent: &Sent) -> Said {
        let (inquiry, exchange) = (&sent.inquiry, sent.origin.exchange());
        let origin = if exchange.is_some() { Origin::Upstream } else { Origin::Ledger };
        if is_contradicted(&sent.verdict) {
            return self.nobody_knows("two verified replies exclude each other", origin);
        }
        // An acceptance claims less than any failure does: it passes whatever else is known.
        if let Some(exchange) = exchange
            && matches!(exchange.observation, Observation::Success(_))
            && let Some(passed) = readable(exchange)
        {
            return passed;
        }
        match &sent.verdict {
            // of a packet from elsewhere only the payer could tell whether this is its order
            Verdict::Received | Verdict::Refunded if inquiry.order.is_some() => {
                return self.accepted(inquiry, origin);
            }
            Verdict::Failed(_) => return self.own(ErrorCode::SendFailed, text::FAILED, origin),
            _ => {}
        }
        let Some(exchange) = exchange else {
            return self.nobody_knows("the ledger knows no record", origin);
        };
        if let Some(passed) = readable(exchange) {
            return passed;
        }
        match &inquiry.send_reply {
            Some(accepted) => {
                self.warn(exchange);
                passed(accepted.clone(), None, Origin::Ledger)
            }
            None => self.no_answer(exchange),
        }
    }

    /// Of a payment that never left.
    pub(super) fn of_refusal(self, refusal: &SendRefusal) -> Said {
        match refusal {
            SendRefusal::OtherParameters { field: "total_amount", .. } => {
                self.own(ErrorCode::ParamError, text::OTHER_AMOUNT, Origin::Refused)
            }
            SendRefusal::OtherParameters { .. } => {
                self.own(ErrorCode::FatalError, text::OTHER_PARAMETERS, Origin::Refused)
            }
            other => self.nobody_knows(other.code(), Origin::Refused),
        }
    }

    /// FREQ_LIMIT.
    pub(super) fn too_fast(self) -> Said {
        let code = ErrorCode::FreqLimit;
        self.own(code.clone(), text::of_code(&code, self.is_send()), Origin::Refused)
    }

    /// PARAM_ERROR: an appid that is not the merchant's, worded as WeChat Pay does (q02).
    pub(super) fn unbound(self, field: &'static str) -> Said {
        let error = FieldError { field, rule: FieldRule::Required { chars_max: 32 } };
        self.own(ErrorCode::ParamError, &error.to_string(), Origin::Refused)
    }

    /// A merchant of the folder for which nobody can be asked.
    pub(super) fn no_upstream(self) -> Said {
        let mch_id = &self.merchant.mch_id;
        tracing::error!(%mch_id, "the gateway has no upstream profile for this merchant");
        self.system_error(Origin::Refused)
    }

    /// The ledger failed, or a task ended early: whether the payer was asked is not known here.
    pub(super) fn failed(self, error: &dyn std::fmt::Display) -> Said {
        let (mch_id, mch_billno) = (&self.merchant.mch_id, self.mch_billno);
        tracing::error!(%mch_id, mch_billno, %error, "the answer is a system error");
        self.system_error(Origin::Refused)
    }

    /// That it was accepted: as the payer said it, else in the same words.
    fn accepted(self, inquiry: &Inquiry, origin: Origin) -> Said {
        if let Some(accepted) = &inquiry.send_reply {
            return passed(accepted.clone(), None, origin);
        }
        let (order, seen) = (inquiry.order.as_ref(), inquiry.seen.as_ref());
        let reply = SendReply {
            mch_billno: inquiry.key.mch_billno.clone(),
            mch_id: inquiry.key.mch_id.clone(),
            wxappid: order.map(|order| order.wxappid.clone()),
            re_openid: order.map(|order| order.re_openid.clone()),
            total_amount: order.map(|order| order.total_amount),
            send_listid: seen.and_then(|seen| seen.detail_id.clone()),
            sender_name: order.and_then(|order| order.sender.name()).map(Into::into),
            sender_header_media_id: order.and_then(|order| order.sender_header_media_id.clone()),
            err_code: None,
            unknown_fields: Vec::new(),
        };
        let key = self.style.sign_success.then_some(&self.merchant.api_key);
        passed(reply.write(key).into(), None, origin)
    }

    /// NOT_FOUND with the ids echoed, as q01 has it.
    fn not_found(self) -> Said {
        let failure = FailureReply::business(ErrorCode::NotFound, text::NOT_FOUND)
            .echoing(self.mch_billno.into(), self.merchant.mch_id.clone());
        self.write(&failure, ErrorCode::NotFound, Origin::Ledger)
    }

    /// The payer was asked, and nothing came back that can be passed on.
    fn no_answer<R>(self, exchange: &Exchange<R>) -> Said {
        self.warn(exchange);
        self.system_error(Origin::Upstream)
    }

    fn warn<R>(self, exchange: &Exchange<R>) {
        let (mch_id, mch_billno) = (&self.merchant.mch_id, self.mch_billno);
        let (http_status, cause) = (exchange.http_status, exchange.cause.as_deref());
        match &exchange.observation {
            Observation::CertificateRefused => {
                tracing::error!(
                    %mch_id, mch_billno, http_status, cause,
                    "the payer refuses the gateway's certificate, or its own was not believed"
                );
            }
            Observation::Failure(failure) => {
                let err_code = failure.err_code.as_ref().map(tracing::field::display);
                if failure.err_code == Some(ErrorCode::SendFailed) {
                    tracing::warn!(%mch_id, mch_billno, err_code, "nothing proves a failure");
                } else {
                    tracing::error!(
                        %mch_id, mch_billno, err_code,
                        "the payer refuses the gateway's certificate, key or secret"
                    );
                }
            }
            Observation::Unreadable(why) => {
                // the bytes are in the number's history
                tracing::error!(%mch_id, mch_billno, ?why, "a reply was not passed on");
            }
            _ => tracing::warn!(%mch_id, mch_billno, http_status, cause, "the payer is silent"),
        }
    }

    fn nobody_knows(self, why: &str, origin: Origin) -> Said {
        let (mch_id, mch_billno) = (&self.merchant.mch_id, self.mch_billno);
        tracing::warn!(%mch_id, mch_billno, why, "the answer is a system error");
        self.system_error(origin)
    }

    /// SYSTEMERROR, or as the options spell it.
    fn system_error(self, origin: Origin) -> Said {
        let code = self.style.system_error.clone();
        let words = text::of_code(&code, self.is_send());
        self.own(code, words, origin)
    }

    /// A failure in the gateway's own name.
    fn own(self, code: ErrorCode, words: &str, origin: Origin) -> Said {
        self.write(&FailureReply::business(code.clone(), words), code, origin)
    }

    fn write(self, failure: &FailureReply, code: ErrorCode, origin: Origin) -> Said {
        let key = self.style.sign_failures.then_some(&self.merchant.api_key);
        passed(failure.write(key).into(), Some(code), origin)
    }

    fn is_send(self) -> bool {
        self.kind == turn::Call::Send
    }
}

fn is_contradicted(verdict: &Verdict) -> bool {
    *verdict == Verdict::Unknown(Unknown::Contradiction)
}

/// Whether all that speaks for a failure is the send's own word: only the query could prove it.
pub(super) fn is_doubtful(sent: &Sent) -> bool {
    let exchange = sent.origin.exchange();
    let said = exchange.is_some_and(|exchange| match &exchange.observation {
        Observation::Failure(failure) => failure.err_code == Some(ErrorCode::SendFailed),
        _ => false,
    });
    said && !sent.verdict.is_final() && sent.inquiry.send_reply.is_none()
}

/// Whether a failure may be told in the payer's bytes. SEND_FAILED lets an SDK pay anew, and no
/// failure is ever signed: it is told where a record proves it, and never passed on. A
/// certificate or signature that the payer refuses is the gateway's own.
const fn may_pass(code: &ErrorCode) -> bool {
    !matches!(code, ErrorCode::SendFailed | ErrorCode::CaError | ErrorCode::SignError)
}

/// The payer's reply, byte for byte, where it could be read and may be passed on.
fn readable<R>(exchange: &Exchange<R>) -> Option<Said> {
    let code = match &exchange.observation {
        Observation::Success(_) => None,
        // without a code it is a failure all the same
        Observation::Failure(failure) => match &failure.err_code {
            None => Some(ErrorCode::Unknown("FAIL".into())),
            Some(code) if may_pass(code) => Some(code.clone()),
            Some(_) => return None,
        },
        _ => return None,
    };
    let raw = exchange.raw.as_deref()?;
    Some(passed(Bytes::copy_from_slice(raw), code, Origin::Upstream))
}

const fn passed(body: Bytes, err_code: Option<ErrorCode>, origin: Origin) -> Said {
    Said { answer: Answer { body, delivery: Delivery::Plain, err_code }, origin }
}
