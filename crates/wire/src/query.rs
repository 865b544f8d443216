//! `queryworkwxredpack`: the question and the record that answers it.

use crate::error_code::ErrorCode;
use crate::failure::FailureReply;
use crate::fen::Fen;
use crate::field::{FieldError, billno, required};
use crate::id::{DetailId, MchBillno, MchId, OpenId};
use crate::key::ApiKey;
use crate::sign::{self, Policy, SignError, Verified};
use crate::status::Status;
use crate::text::HumanText;
use crate::time::WireTime;
use crate::xml::{Document, Writer};

/// The fields that a query's signature covers on the server (`protocol.md` §2.1).
pub const REQUEST_FIELDS: [&str; 4] = ["nonce_str", "mch_billno", "mch_id", "appid"];

/// The question (seed, 参数说明). `sign` is made when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRequest<'a> {
    /// Random, 1-32 characters.
    pub nonce_str: &'a str,
    /// The packet asked about, 1-28 of `0-9 a-z A-Z`.
    pub mch_billno: &'a str,
    /// The merchant, 1-32 characters.
    pub mch_id: &'a str,
    /// The corpid, 1-32 characters; `appid` here, `wxappid` in a send.
    pub appid: &'a str,
}

impl<'a> QueryRequest<'a> {
    /// Reads the fields of a request, whatever its signature.
    ///
    /// # Errors
    /// The first [`FieldError`] in the order appid, mch_billno, mch_id, nonce_str, sign.
    pub fn read(document: &'a Document<'_>) -> Result<Self, FieldError> {
        let appid = required(document, "appid", 32)?;
        let mch_billno = billno(document)?;
        let mch_id = required(document, "mch_id", 32)?;
        let nonce_str = required(document, "nonce_str", 32)?;
        required(document, "sign", 64)?;
        Ok(Self { nonce_str, mch_billno, mch_id, appid })
    }

    /// The signed bytes.
    #[must_use]
    pub fn write(&self, key: &ApiKey) -> Vec<u8> {
        let pairs = [
            ("nonce_str", self.nonce_str),
            ("mch_billno", self.mch_billno),
            ("mch_id", self.mch_id),
            ("appid", self.appid),
        ];
        let mut writer = Writer::new();
        writer.field("nonce_str", self.nonce_str);
        writer.field("sign", &sign::sign(pairs, key));
        for (name, value) in &pairs[1..] {
            writer.field(name, value);
        }
        writer.finish()
    }
}

/// The record of a packet, when `return_code` and `result_code` are SUCCESS
/// (seed, 返回参数; `protocol.md` §9).
///
/// Only the two ids and the status are demanded of a reply; everything else is
/// `None` where it was missing or empty.
#[derive(Clone, Debug)]
pub struct QueryReply {
    /// `mch_billno`, echoed, at most 28 characters.
    pub mch_billno: MchBillno,
    /// `mch_id`, at most 32 characters.
    pub mch_id: MchId,
    /// `detail_id`, 31 digits today; the `send_listid` of the send.
    pub detail_id: Option<DetailId>,
    /// `status`: the only field that speaks of the packet.
    pub status: Status,
    /// `send_type`: `API`.
    pub send_type: Option<Box<str>>,
    /// `total_amount`, fen.
    pub total_amount: Option<Fen>,
    /// `reason`: why it is refused or failed; any length; for people.
    pub reason: Option<HumanText>,
    /// `send_time`, +08:00.
    pub send_time: Option<WireTime>,
    /// `refund_time`, +08:00; when an unclaimed packet went back.
    pub refund_time: Option<WireTime>,
    /// `refund_amount`, fen.
    pub refund_amount: Option<Fen>,
    /// `wishing`, at most 128 characters.
    pub wishing: Option<Box<str>>,
    /// `remark`, at most 256 characters.
    pub remark: Option<Box<str>>,
    /// `act_name`, at most 32 characters.
    pub act_name: Option<Box<str>>,
    /// `openid` of who received it; once received.
    pub openid: Option<OpenId>,
    /// `amount` received, fen; once received.
    pub amount: Option<Fen>,
    /// `rcv_time`, +08:00; once received, and even then it may lack (`protocol.md` §3).
    pub rcv_time: Option<WireTime>,
    /// `sender_name`; absent where an app sent.
    pub sender_name: Option<Box<str>>,
    /// `sender_header_media_id`, at most 128 characters.
    pub sender_header_media_id: Option<Box<str>>,
    /// `err_code` beside a success: `SUCCESS`, `0` and `OK` are no error and become `None`.
    pub err_code: Option<ErrorCode>,
    /// Fields that the page does not name, in the order of the wire.
    pub unknown_fields: Vec<(Box<str>, Box<str>)>,
}

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

impl std::fmt::Display for ReplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

impl QueryReply {
    /// Reads and verifies a reply.
    ///
    /// # Errors
    /// [`ReplyError`]; each of them means that the outcome is unknown.
    pub fn read(
        document: &Document<'_>,
        key: &ApiKey,
        policy: Policy,
    ) -> Result<Reply<Self>, ReplyError> {
        if let Some(failure) = read_failure(document)? {
            return Ok(Reply::Failure(failure));
        }
        let proof = sign::verify_reply(document, key, policy).map_err(ReplyError::Sign)?;
        Ok(Reply::Success(Verified::new(Self::read_fields(document)?, proof)))
    }

    /// Reads the fields of a success, verifying nothing: for tools that show a reply.
    ///
    /// # Errors
    /// [`ReplyError::MissingField`] and [`ReplyError::BadField`].
    pub fn read_fields(document: &Document<'_>) -> Result<Self, ReplyError> {
        let need = |name| document.get(name).ok_or(ReplyError::MissingField(name));
        let text = |name| document.get(name).map(Box::<str>::from);
        let time = |name| document.get(name).map(WireTime::from_wire);
        let fen = |name| match document.get(name).map(str::parse::<Fen>) {
            None => Ok(None),
            Some(Ok(fen)) => Ok(Some(fen)),
            Some(Err(_)) => Err(ReplyError::BadField(name)),
        };
        Ok(Self {
            mch_billno: need("mch_billno")?.into(),
            mch_id: need("mch_id")?.into(),
            detail_id: document.get("detail_id").map(DetailId::from),
            status: Status::from_wire(need("status")?),
            send_type: text("send_type"),
            total_amount: fen("total_amount")?,
            reason: document.get("reason").map(HumanText::new),
            send_time: time("send_time"),
            refund_time: time("refund_time"),
            refund_amount: fen("refund_amount")?,
            wishing: text("wishing"),
            remark: text("remark"),
            act_name: text("act_name"),
            openid: document.get("openid").map(OpenId::from),
            amount: fen("amount")?,
            rcv_time: time("rcv_time"),
            sender_name: text("sender_name"),
            sender_header_media_id: text("sender_header_media_id"),
            err_code: success_err_code(document),
            unknown_fields: unknown_fields(document, &REPLY_FIELDS),
        })
    }

    /// The fields in the order of the seed's example, without `sign`.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, String)> {
        let mut fields = vec![
            ("return_code", "SUCCESS".to_owned()),
            ("return_msg", "ok".to_owned()),
            ("result_code", "SUCCESS".to_owned()),
            ("mch_billno", self.mch_billno.to_string()),
            ("mch_id", self.mch_id.to_string()),
        ];
        let mut put = |name, value: Option<String>| fields.extend(value.map(|v| (name, v)));
        put("detail_id", self.detail_id.as_ref().map(ToString::to_string));
        put("status", Some(self.status.to_string()));
        put("send_type", self.send_type.as_ref().map(ToString::to_string));
        put("total_amount", self.total_amount.map(|f| f.to_string()));
        put("reason", self.reason.as_ref().map(ToString::to_string));
        put("send_time", self.send_time.as_ref().map(ToString::to_string));
        put("refund_time", self.refund_time.as_ref().map(ToString::to_string));
        put("refund_amount", self.refund_amount.map(|f| f.to_string()));
        put("wishing", self.wishing.as_ref().map(ToString::to_string));
        put("remark", self.remark.as_ref().map(ToString::to_string));
        put("act_name", self.act_name.as_ref().map(ToString::to_string));
        put("openid", self.openid.as_ref().map(ToString::to_string));
        put("amount", self.amount.map(|f| f.to_string()));
        put("rcv_time", self.rcv_time.as_ref().map(ToString::to_string));
        put("sender_name", self.sender_name.as_ref().map(ToString::to_string));
        put(
            "sender_header_media_id",
            self.sender_header_media_id.as_ref().map(ToString::to_string),
        );
        for (name, value) in &self.unknown_fields {
            fields.push((name, value.to_string()));
        }
        fields
    }

    /// The bytes: signed where there is a key, unsigned without.
    #[must_use]
    pub fn write(&self, key: Option<&ApiKey>) -> Vec<u8> {
        write_signed(&self.fields(), key)
    }
}

/// The fields of a query's reply, envelope included, in the order of the seed.
pub const REPLY_FIELDS: [&str; 24] = [
    "return_code",
    "return_msg",
    "sign",
    "result_code",
    "err_code",
    "err_code_des",
    "mch_billno",
    "mch_id",
    "detail_id",
    "status",
    "send_type",
    "total_amount",
    "reason",
    "send_time",
    "refund_time",
    "refund_amount",
    "wishing",
    "remark",
    "act_name",
    "openid",
    "amount",
    "rcv_time",
    "sender_name",
    "sender_header_media_id",
];

/// The failure that a reply says, or `None` on a success.
///
/// # Errors
/// [`ReplyError::MissingField`] where neither code nor gateway refusal is there.
pub(crate) fn read_failure(document: &Document<'_>) -> Result<Option<FailureReply>, ReplyError> {
    if document.get("return_code").is_none() {
        return Err(ReplyError::MissingField("return_code"));
    }
    let communicated = document.get("return_code") == Some("SUCCESS");
    match document.get("result_code") {
        None if communicated && document.get("err_code").is_none() => {
            Err(ReplyError::MissingField("result_code"))
        }
        Some("SUCCESS" | "FAIL") | None => Ok(FailureReply::read(document)),
        Some(_) => Err(ReplyError::BadField("result_code")),
    }
}

pub(crate) fn success_err_code(document: &Document<'_>) -> Option<ErrorCode> {
    let code = document.get("err_code").filter(|c| !matches!(*c, "SUCCESS" | "0" | "OK"))?;
    Some(ErrorCode::from_wire(code))
}

pub(crate) fn unknown_fields(document: &Document<'_>, known: &[&str]) -> Vec<(Box<str>, Box<str>)> {
    let unknown = document.fields().iter().filter(|f| !known.contains(&f.name()));
    unknown.filter_map(|f| Some((f.name().into(), f.value()?.into()))).collect()
}

pub(crate) fn write_signed(fields: &[(&str, String)], key: Option<&ApiKey>) -> Vec<u8> {
    let pairs = || fields.iter().map(|(name, value)| (*name, value.as_str()));
    let sign = key.map(|key| sign::sign(pairs(), key));
    let mut writer = Writer::new();
    for (name, value) in pairs() {
        if name == "result_code" {
            writer.optional("sign", sign.as_deref());
        }
        writer.optional(name, Some(value));
    }
    writer.finish()
}
