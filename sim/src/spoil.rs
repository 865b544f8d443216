//! What becomes of a reply on its way.

use crate::chance::Chance;
use crate::world::MCH;
use hongbao_client::{RawReply, Seen, Trouble};
use hongbao_wire::observation::Silence;
use hongbao_wire::xml::{Document, Writer};
use hongbao_wire::{ApiKey, ErrorCode, FailureReply, QueryReply, Status, sign};

/// One way to spoil a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// It breaks off.
    Cut,
    /// Somebody else wrote it.
    Forged,
    /// An older reply to the same question comes instead.
    Stale,
    /// A front end's page comes instead.
    Html,
    /// FREQ_LIMIT comes instead.
    TooFast,
}

/// Genuine replies that somebody could have recorded.
pub(crate) struct Sources<'s> {
    /// To the same call about the same number.
    pub(crate) own: &'s [Vec<u8>],
    /// To the same call about other numbers.
    pub(crate) others: &'s [&'s Vec<u8>],
}

pub(crate) const fn plain(http_status: u16, body: Vec<u8>) -> RawReply {
    RawReply { http_status, date: None, body, broke: None }
}

pub(crate) fn spoil(
    how: Spoil,
    mch_billno: &str,
    body: Vec<u8>,
    sources: &Sources<'_>,
    chance: &mut Chance,
) -> RawReply {
    match how {
        Spoil::Cut => {
            let end = usize::try_from(chance.number(0..body.len() as u64 + 1)).unwrap_or(0);
            let seen = Seen::Silence(Silence::ConnectionLost);
            let broke = Trouble { seen, was_sent: true, cause: "cut".to_owned() };
            let broke = chance.hits(500).then_some(broke);
            RawReply { broke, ..plain(200, body[..end].to_vec()) }
        }
        Spoil::Forged => plain(200, forged(mch_billno, body, sources, chance)),
        Spoil::Stale if sources.own.is_empty() => plain(200, body),
        Spoil::Stale => plain(200, chance.pick(sources.own).clone()),
        Spoil::Html => {
            let status = *chance.pick(&[400, 502, 503, 504]);
            plain(status, b"<html><body>nginx</body></html>".to_vec())
        }
        Spoil::TooFast => plain(200, failure("FREQ_LIMIT")),
    }
}

/// What somebody without the key can write.
fn forged(mch_billno: &str, body: Vec<u8>, sources: &Sources<'_>, chance: &mut Chance) -> Vec<u8> {
    let text = String::from_utf8_lossy(&body).into_owned();
    match chance.number(0..10) {
        0 => failed_record(mch_billno).write(None),
        1 => {
            let other = ApiKey::new(*b"00000000000000000000000000000000");
            failed_record(mch_billno).write(Some(&other))
        }
        // a genuine reply with another status under the old signature
        2 => ["SENDING", "SENT", "RECEIVED", "RFUND_ING", "REFUND"]
            .iter()
            .fold(text, |text, status| text.replace(&format!("[{status}]"), "[FAILED]"))
            .into_bytes(),
        3 if !sources.others.is_empty() => (*chance.pick(sources.others)).clone(),
        4 => text.replacen("<return_msg>", "<return_msg>\u{10}", 1).into_bytes(),
        5 => failure("UNHEARD_OF"),
        6 => failure("NOT_FOUND"),
        7 => failure("SEND_FAILED"),
        8 => format!("<!DOCTYPE xml>{text}").into_bytes(),
        _ => QueryReply { status: Status::Received, ..failed_record(mch_billno) }.write(None),
    }
}

fn failure(code: &str) -> Vec<u8> {
    FailureReply::business(ErrorCode::from_wire(code), "texts decide nothing").write(None)
}

/// A record that says FAILED.
pub(crate) fn failed_record(mch_billno: &str) -> QueryReply {
    QueryReply {
        mch_billno: mch_billno.into(),
        mch_id: MCH.into(),
        detail_id: None,
        status: Status::Failed,
        send_type: None,
        total_amount: None,
        reason: None,
        send_time: None,
        refund_time: None,
        refund_amount: None,
        wishing: None,
        remark: None,
        act_name: None,
        openid: None,
        amount: None,
        rcv_time: None,
        sender_name: None,
        sender_header_media_id: None,
        err_code: None,
        unknown_fields: Vec::new(),
    }
}

/// The same reply with the signature that it should have.
pub(crate) fn signed_anew(document: &Document<'_>, key: &ApiKey) -> Vec<u8> {
    let right = sign::sign(document.signed_pairs(), key);
    let mut writer = Writer::new();
    for (name, value) in document.signed_pairs().chain([("sign", right.as_str())]) {
        writer.field(name, value);
    }
    writer.finish()
}
