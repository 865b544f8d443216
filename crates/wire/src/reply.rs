//! What the replies of the query and the send have in common: an envelope of
//! two codes, a signature, and fields that may be missing.

use crate::error_code::ErrorCode;
use crate::failure::FailureReply;
use crate::fen::Fen;
use crate::id::{MchBillno, MchId};
use crate::key::ApiKey;
use crate::sign::{self, SignError, Verified};
use crate::xml::{Document, Writer};
use std::borrow::Cow;
use std::fmt;

/// Why a document is no usable reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// A field without which nothing can be said is missing.
    MissingField(&'static str),
    /// A field holds what it cannot hold: an amount with a sign or an exponent.
    BadField(&'static str),
    /// The signature is missing although required, or does not hold.
    Sign(SignError),
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingField(name) => write!(f, "the reply lacks `{name}`"),
            Self::BadField(name) => write!(f, "the reply's `{name}` cannot be read"),
            Self::Sign(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplyError {}

/// What a reply was, once read.
#[derive(Clone, Debug)]
pub enum Reply<T> {
    /// Both codes were SUCCESS and the signature is what the policy demands.
    Success(Verified<T>),
    /// One of the codes was not SUCCESS.
    Failure(FailureReply),
}

/// The failure that a reply says, or `None` on a success.
///
/// # Errors
/// [`ReplyError`] where the two codes are missing or no codes.
pub(crate) fn read_failure(document: &Document<'_>) -> Result<Option<FailureReply>, ReplyError> {
    let return_code = document.get("return_code").ok_or(ReplyError::MissingField("return_code"))?;
    if !matches!(return_code, "SUCCESS" | "FAIL") {
        return Err(ReplyError::BadField("return_code"));
    }
    match document.get("result_code") {
        None if return_code == "SUCCESS" && document.get("err_code").is_none() => {
            Err(ReplyError::MissingField("result_code"))
        }
        Some("SUCCESS" | "FAIL") | None => Ok(FailureReply::read(document)),
        Some(_) => Err(ReplyError::BadField("result_code")),
    }
}

/// `err_code` beside a success: these three words are no error (`protocol.md` §9 row 13).
pub(crate) fn success_err_code(code: &str) -> Option<ErrorCode> {
    (!matches!(code, "SUCCESS" | "0" | "OK")).then(|| ErrorCode::from_wire(code))
}

/// An amount of a reply: whole fen, never `1E+2` (`protocol.md` §9 row 9).
pub(crate) fn amount(name: &'static str, value: &str) -> Result<Option<Fen>, ReplyError> {
    value.parse().map(Some).map_err(|_| ReplyError::BadField(name))
}

/// A field that must not be missing, which is the same as empty.
pub(crate) fn needed(name: &'static str, value: &str) -> Result<(), ReplyError> {
    if value.is_empty() { Err(ReplyError::MissingField(name)) } else { Ok(()) }
}

/// Fields to be written, in their order; what has no value is left out.
pub(crate) struct FieldList<'v>(Vec<(&'v str, Cow<'v, str>)>);

impl<'v> FieldList<'v> {
    /// Nothing yet; room for a whole message.
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(24))
    }

    /// The envelope of a success and the two ids that it echoes.
    pub(crate) fn of_success(mch_billno: &'v MchBillno, mch_id: &'v MchId) -> Self {
        let mut list = Self::new();
        list.text("return_code", Some("SUCCESS"));
        list.text("return_msg", Some("ok"));
        list.text("result_code", Some("SUCCESS"));
        list.text("mch_billno", Some(mch_billno.as_str()));
        list.text("mch_id", Some(mch_id.as_str()));
        list
    }

    pub(crate) fn text(&mut self, name: &'v str, value: Option<&'v str>) {
        let value = value.filter(|text| !text.is_empty());
        self.0.extend(value.map(|text| (name, Cow::Borrowed(text))));
    }

    pub(crate) fn number(&mut self, name: &'v str, value: Option<u64>) {
        self.0.extend(value.map(|number| (name, Cow::Owned(number.to_string()))));
    }

    pub(crate) fn finish(self) -> Vec<(&'v str, Cow<'v, str>)> {
        self.0
    }
}

/// The bytes of a reply: `sign` before `result_code` where there is a key.
pub(crate) fn write_signed(fields: &[(&str, Cow<'_, str>)], key: Option<&ApiKey>) -> Vec<u8> {
    let pairs = || fields.iter().map(|(name, value)| (*name, &**value));
    let sign = key.map(|key| sign::sign(pairs(), key));
    let mut writer = Writer::new();
    for (name, value) in pairs() {
        if let ("result_code", Some(sign)) = (name, &sign) {
            writer.field("sign", sign);
        }
        writer.optional(name, Some(value));
    }
    writer.finish()
}
