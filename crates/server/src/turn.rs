//! The turn of a request: every check in its order, then the source of answers
//! (`protocol.md` §9, end).

use crate::certificate::{CertificateTrouble, Shown};
use crate::config::{SignedFields, WireOptions};
use crate::refusal::Refused;
use crate::request_body::TooLong;
use crate::roster::{Member, Roster};
use crate::source::{Origin, Source};
use hongbao_issuer::Answer;
use hongbao_wire::field::{FieldError, FieldRule};
use hongbao_wire::sign::{self, Rule};
use hongbao_wire::xml::{Document, XmlError};
use hongbao_wire::{QueryRequest, SendRequest, query, send};
use std::net::IpAddr;

/// The two calls of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `queryworkwxredpack`.
    Query,
    /// `sendworkwxredpack`.
    Send,
}

impl Call {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Query, Self::Send];

    /// The word of logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Send => "send",
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'c> {
    /// What certificate was shown in the handshake.
    pub(crate) shown: &'c Shown,
    /// From where.
    pub(crate) address: IpAddr,
    /// Now, as far as certificates are concerned: seconds since 1970.
    pub(crate) now_s: i64,
}

/// The outcome of a turn.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The source's answer.
    Answered(Answer, Origin),
    /// No answer: why.
    Refused(Refused),
}

/// Takes one request through all checks and to the source. Also says whose
/// certificate it was, once that is known to be good.
pub(crate) async fn take<'r>(
    call: Call,
    body: Result<&[u8], TooLong>,
    caller: Caller<'_>,
    roster: &'r Roster,
    source: &Source,
    options: &WireOptions,
) -> (Option<&'r Member>, Turn) {
    let member = match caller.shown.judge(roster, caller.now_s) {
        Ok(member) => &**member,
        Err(trouble) => return (None, Turn::Refused(Refused::Certificate(trouble))),
    };
    let answered = async {
        let body = body.map_err(|TooLong| Refused::Xml(XmlError::TooLong))?;
        let document = Document::parse(body).map_err(Refused::Xml)?;
        let checks = Checks { document: &document, member, caller, options };
        match call {
            Call::Query => query(&checks, source).await,
            // Boxed, as it is long, and a query would be as long as the longer of both.
            Call::Send => Box::pin(send(&checks, source, body)).await,
        }
    };
    let turn = match answered.await {
        Ok((answer, origin)) => Turn::Answered(answer, origin),
        Err(refused) => Turn::Refused(refused),
    };
    (Some(member), turn)
}

async fn query(checks: &Checks<'_, '_>, source: &Source) -> Result<(Answer, Origin), Refused> {
    let request = checks.in_order(
        |document| QueryRequest::read(document),
        || checks.sign(&query::REQUEST_FIELDS),
    )?;
    checks.permission()?;
    if !checks.member.queries.permits_one() {
        return Err(Refused::Pace);
    }
    let merchant = &checks.member.merchant;
    Ok(match source {
        Source::Issuer(issuer) => (issuer.query(merchant, &request).await, Origin::Issuer),
        Source::Gateway(gateway) => {
            // Boxed for the same reason as a send.
            let said = Box::pin(gateway.query(merchant, &request)).await;
            (said.answer, said.origin)
        }
    })
}

async fn send(
    checks: &Checks<'_, '_>,
    source: &Source,
    raw: &[u8],
) -> Result<(Answer, Origin), Refused> {
    let request = checks.in_order(
        |document| SendRequest::read(document),
        || {
            checks.sign(&send::REQUEST_FIELDS)?;
            sign::verify_workwx(checks.document, &checks.member.merchant.workwx_secret)
                .map_err(|_| Refused::WorkwxSign)
        },
    )?;
    checks.permission()?;
    if !checks.member.sends.permits_one() {
        return Err(Refused::Pace);
    }
    let merchant = &checks.member.merchant;
    Ok(match source {
        Source::Issuer(issuer) => (issuer.send(merchant, &request, raw).await, Origin::Issuer),
        Source::Gateway(gateway) => {
            let said = gateway.send(merchant, &request).await;
            (said.answer, said.origin)
        }
    })
}

/// The checks of one request whose certificate is good and whose body is XML.
struct Checks<'c, 'd> {
    document: &'c Document<'d>,
    member: &'c Member,
    caller: Caller<'c>,
    options: &'c WireOptions,
}

impl<'c, 'd> Checks<'c, 'd> {
    /// Fields, merchant and signatures, in the order that the options say.
    fn in_order<R>(
        &self,
        read: impl FnOnce(&'c Document<'d>) -> Result<R, FieldError>,
        signatures: impl FnOnce() -> Result<(), Refused>,
    ) -> Result<R, Refused> {
        if self.options.params_before_sign {
            let request = read(self.document).map_err(Refused::Field)?;
            self.merchant()?;
            signatures()?;
            Ok(request)
        } else {
            self.merchant()?;
            signatures()?;
            read(self.document).map_err(Refused::Field)
        }
    }

    /// The certificate is that of the request's merchant.
    fn merchant(&self) -> Result<(), Refused> {
        match self.document.get("mch_id") {
            Some(mch_id) if mch_id == self.member.merchant.mch_id.as_str() => Ok(()),
            Some(_) => Err(Refused::Certificate(CertificateTrouble::OtherMerchant)),
            None => {
                let rule = FieldRule::Required { chars_max: 32 };
                Err(Refused::Field(FieldError { field: "mch_id", rule }))
            }
        }
    }

    fn sign(&self, known: &[&str]) -> Result<(), Refused> {
        let rule = match self.options.signed_fields {
            SignedFields::Known => Rule::Known(known),
            SignedFields::AllReceived => Rule::AllReceived,
        };
        match sign::verify(self.document, &self.member.merchant.api_key, rule) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refused::Sign),
        }
    }

    fn permission(&self) -> Result<(), Refused> {
        if !self.member.permits(self.caller.address) {
            return Err(Refused::Address);
        }
        if !self.member.merchant.product_enabled {
            return Err(Refused::Product);
        }
        Ok(())
    }
}
