//! What a client saw when it asked, and nothing about what it means.

use crate::failure::FailureReply;
use crate::id::{MchBillno, MchId};
use crate::key::ApiKey;
use crate::query::QueryReply;
use crate::reply::{Reply, ReplyError};
use crate::send::SendReply;
use crate::sign::{Policy, Verified};
use crate::xml::{self, Document, XmlError};

/// What one request was answered with. `R` is [`QueryReply`] or [`SendReply`].
#[derive(Clone, Debug)]
pub enum Observation<R> {
    /// A success whose signature is what the policy demands and whose ids are those asked.
    Success(Verified<R>),
    /// A reply that says no, on either level.
    Failure(FailureReply),
    /// Nothing usable came.
    Silence(Silence),
    /// A certificate was refused: the client's by the front end (HTTP 400 HTML, or a TLS
    /// alert), or the server's by the client.
    CertificateRefused,
    /// Bytes came that cannot be trusted to mean anything.
    Unreadable(Unreadable),
}

/// Why nothing usable came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No connection was made; the request was not sent.
    NotConnected,
    /// No reply in time.
    TimedOut,
    /// The connection was lost, before or within the reply.
    ConnectionLost,
    /// HTTP status other than 200 and 400.
    HttpStatus(u16),
}

/// Why bytes cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not one flat document.
    Xml(XmlError),
    /// It needed the second attempt without control characters: readable by people only.
    ControlCharactersStripped,
    /// A field is missing or bad, or the signature does not hold.
    Reply(ReplyError),
    /// The reply speaks of another bill number or merchant than was asked.
    OtherEcho,
    /// It was unreadable when it came; its bytes are kept, why is not.
    Recalled,
}

/// What was asked: a reply must speak of the same.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The merchant.
    pub mch_id: &'a str,
    /// The bill number.
    pub mch_billno: &'a str,
}

/// A reply that names the packet it speaks of.
pub trait Echo: Sized {
    /// The bill number and the merchant that the reply names.
    fn echo(&self) -> (&MchBillno, &MchId);
    /// Reads and verifies the reply.
    ///
    /// # Errors
    /// [`ReplyError`]; each means that the outcome is unknown.
    fn read(doc: &Document<'_>, key: &ApiKey, policy: Policy) -> Result<Reply<Self>, ReplyError>;
}

impl Echo for QueryReply {
    fn echo(&self) -> (&MchBillno, &MchId) {
        (&self.mch_billno, &self.mch_id)
    }
    fn read(doc: &Document<'_>, key: &ApiKey, policy: Policy) -> Result<Reply<Self>, ReplyError> {
        Self::read(doc, key, policy)
    }
}

impl Echo for SendReply {
    fn echo(&self) -> (&MchBillno, &MchId) {
        (&self.mch_billno, &self.mch_id)
    }
    fn read(doc: &Document<'_>, key: &ApiKey, policy: Policy) -> Result<Reply<Self>, ReplyError> {
        Self::read(doc, key, policy)
    }
}

/// Reads one HTTP reply: its status and its whole body.
#[must_use]
pub fn read<R: Echo>(
    asked: Asked<'_>,
    http_status: u16,
    body: &[u8],
    key: &ApiKey,
    policy: Policy,
) -> Observation<R> {
    match http_status {
        200 => {}
        400 => return Observation::CertificateRefused,
        other => return Observation::Silence(Silence::HttpStatus(other)),
    }
    match Document::parse(body) {
        Ok(document) => read_document(asked, &document, key, policy),
        Err(XmlError::ControlCharacter) => Observation::Unreadable(second_attempt(body)),
        Err(error) => Observation::Unreadable(Unreadable::Xml(error)),
    }
}

/// Whether the body can be read without its control characters (`protocol.md` §4).
/// What it says then is for people: it is not what the signature was made over.
fn second_attempt(body: &[u8]) -> Unreadable {
    let stripped = xml::strip_control_characters(body);
    match stripped.as_deref().map(Document::parse) {
        Some(Ok(_)) => Unreadable::ControlCharactersStripped,
        _ => Unreadable::Xml(XmlError::ControlCharacter),
    }
}

fn read_document<R: Echo>(
    asked: Asked<'_>,
    document: &Document<'_>,
    key: &ApiKey,
    policy: Policy,
) -> Observation<R> {
    match R::read(document, key, policy) {
        Err(error) => Observation::Unreadable(Unreadable::Reply(error)),
        Ok(Reply::Failure(failure)) if speaks_of_another(asked, &failure) => {
            Observation::Unreadable(Unreadable::OtherEcho)
        }
        Ok(Reply::Failure(failure)) => Observation::Failure(failure),
        Ok(Reply::Success(reply)) => {
            let (billno, mch_id) = reply.get().echo();
            if billno.as_str() == asked.mch_billno && mch_id.as_str() == asked.mch_id {
                Observation::Success(reply)
            } else {
                Observation::Unreadable(Unreadable::OtherEcho)
            }
        }
    }
}

/// Whether a failure names another packet or merchant. Most name none; `mch_id` of `0` stands
/// for none (r04).
fn speaks_of_another(asked: Asked<'_>, failure: &FailureReply) -> bool {
    let billno = failure.mch_billno.as_ref().map(MchBillno::as_str);
    let mch_id = failure.mch_id.as_ref().map(MchId::as_str).filter(|mch_id| *mch_id != "0");
    billno.is_some_and(|billno| billno != asked.mch_billno)
        || mch_id.is_some_and(|mch_id| mch_id != asked.mch_id)
}
