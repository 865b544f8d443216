//! What a fault does to a call: whether it is processed, what the merchant then knows,
//! and the bytes that travel.

use crate::answer::{Answer, Delivery};
use crate::config::ReplyStyle;
use crate::fault::{Fault, FaultRule, On};
use crate::reply;
use crate::text;
use crate::watch::Heard;
use bytes::Bytes;
use hongbao_ledger::Merchant;
use hongbao_wire::xml::{Document, Writer};
use hongbao_wire::{ErrorCode, FailureReply, sign};
use std::time::Duration;

/// From this delay on a client has given up: the read time-out of the official SDKs,
/// milliseconds (`protocol.md` §5).
const PATIENCE_MS: u64 = 8_000;
/// The delay where a rule names none, milliseconds.
const DELAY_MS: u64 = 3_000;

/// A reply that is about to travel.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) body: Bytes,
    /// `None` on a success.
    pub(crate) err_code: Option<ErrorCode>,
}

/// Whether the call is processed before the fault shows: where the money has moved, and
/// where it has not, is documented on each [`Fault`].
pub(crate) fn processes(rule: &FaultRule) -> bool {
    match rule.fault {
        Fault::Http400 | Fault::FreqLimit | Fault::ResetBefore | Fault::NotFoundFirst => false,
        Fault::Http502 | Fault::UnknownErrorCode | Fault::SystemError => {
            rule.stored.unwrap_or(true)
        }
        _ => true,
    }
}

/// What the merchant knows after the fault, where it would have known `plain` without:
/// `success` says whether the reply would have been a success.
pub(crate) fn heard(rule: &FaultRule, plain: Heard, success: bool, style: &ReplyStyle) -> Heard {
    let unclear = |word: &str| Heard::Unclear(word.into());
    match rule.fault {
        Fault::NewField | Fault::OtherOrder => plain,
        Fault::Delay if rule.delay_ms.unwrap_or(DELAY_MS) < PATIENCE_MS => plain,
        // A failure carries no signature and no status that could be spoilt.
        Fault::Unsigned | Fault::WronglySigned | Fault::UnknownStatus if !success => plain,
        Fault::UnknownErrorCode => unclear(rule.code().as_str()),
        Fault::SystemError => unclear(style.system_error.as_str()),
        Fault::FreqLimit => unclear("FREQ_LIMIT"),
        Fault::NotFoundFirst => unclear("NOT_FOUND"),
        other => unclear(other.as_str()),
    }
}

/// The call a fault hit: enough to answer it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) kind: On,
    pub(crate) merchant: &'a Merchant,
    pub(crate) mch_billno: &'a str,
    pub(crate) style: &'a ReplyStyle,
}

/// The answer as the fault leaves it. `said` is the reply without the fault, where the
/// call was processed.
pub(crate) fn answer(rule: &FaultRule, call: Call<'_>, said: Option<Said>) -> Answer {
    let style = call.style;
    let made_up = |code: ErrorCode| {
        let words = text::of_code(&code, call.kind == On::Send);
        failure(FailureReply::business(code, words), call)
    };
    let said_or_system_error = || said.unwrap_or_else(|| made_up(style.system_error.clone()));
    let plain = |said: Said| travelling(said, Delivery::Plain);
    match rule.fault {
        Fault::ReplyLost | Fault::ResetAfter => silence(Delivery::ResetAfterRequest),
        Fault::ResetBefore => silence(Delivery::ResetBeforeRequest),
        Fault::Http400 => html(400, "400 The SSL certificate error"),
        Fault::Http502 => html(502, "502 Bad Gateway"),
        Fault::Delay => {
            let delay = Duration::from_millis(rule.delay_ms.unwrap_or(DELAY_MS));
            travelling(said_or_system_error(), Delivery::After(delay))
        }
        Fault::UnknownErrorCode => plain(made_up(rule.code())),
        Fault::SystemError => plain(made_up(style.system_error.clone())),
        Fault::FreqLimit => plain(made_up(ErrorCode::FreqLimit)),
        Fault::NotFoundFirst => {
            let mch_id = call.merchant.mch_id.as_str();
            plain(failure(reply::not_found(call.mch_billno, mch_id), call))
        }
        Fault::EmptyBody => plain(Said { body: Bytes::new(), err_code: None }),
        Fault::TruncatedXml => {
            let said = said_or_system_error();
            plain(Said { body: first_half(&said.body), ..said })
        }
        Fault::NewField
        | Fault::OtherOrder
        | Fault::Unsigned
        | Fault::WronglySigned
        | Fault::UnknownStatus => {
            let said = said_or_system_error();
            let success = said.err_code.is_none();
            plain(Said { body: rewritten(rule, &said.body, success, call), ..said })
        }
    }
}

/// A failure reply, ready to travel.
pub(crate) fn failure(failure: FailureReply, call: Call<'_>) -> Said {
    let body = reply::of_failure(&failure, call.merchant, call.style);
    Said { body, err_code: failure.err_code }
}

/// A reply that travels untouched.
pub(crate) fn travelling(said: Said, delivery: Delivery) -> Answer {
    Answer { body: said.body, delivery, err_code: said.err_code }
}

const fn silence(delivery: Delivery) -> Answer {
    Answer { body: Bytes::new(), delivery, err_code: None }
}

/// The front end's page (h01-h03).
fn html(status: u16, title: &str) -> Answer {
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
         </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let delivery = Delivery::Html(status);
    Answer { body: page.into(), delivery, err_code: None }
}

fn first_half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// The same reply with the fields that the fault changes, signed anew where it was signed.
fn rewritten(rule: &FaultRule, body: &[u8], success: bool, call: Call<'_>) -> Bytes {
    let Ok(document) = Document::parse(body) else { return Bytes::copy_from_slice(body) };
    let mut pairs: Vec<(&str, &str)> = document.signed_pairs().collect();
    if rule.fault == Fault::UnknownStatus && success {
        let status = rule.status.as_deref().unwrap_or("PAUSED");
        pairs.iter_mut().filter(|(name, _)| *name == "status").for_each(|pair| pair.1 = status);
    }
    if rule.fault == Fault::NewField {
        pairs.push(("new_field", "a field that no page names yet"));
    }
    let mut signature =
        document.get("sign").map(|_| sign::sign(pairs.iter().copied(), &call.merchant.api_key));
    match rule.fault {
        Fault::Unsigned => signature = None,
        Fault::WronglySigned => signature = signature.map(|right| spoilt(&right)),
        Fault::OtherOrder => pairs.reverse(),
        _ => {}
    }
    let mut writer = Writer::new();
    for (name, value) in pairs {
        if name == "result_code" {
            writer.optional("sign", signature.as_deref());
        }
        writer.field(name, value);
    }
    writer.finish().into()
}

/// A signature of the same shape that does not hold.
fn spoilt(right: &str) -> String {
    let last = if right.ends_with('0') { '1' } else { '0' };
    let kept = right.len().saturating_sub(1);
    right.chars().take(kept).chain([last]).collect()
}
