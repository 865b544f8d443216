//! `queryworkwxredpack`: the question and the record that answers it.

use crate::error_code::ErrorCode;
use crate::fen::Fen;
use crate::field::{FieldError, billno, required};
use crate::id::{DetailId, MchBillno, MchId, OpenId};
use crate::key::ApiKey;
use crate::reply::{FieldList, amount, needed, read_failure, success_err_code, write_signed};
use crate::sign::{self, Policy, Verified};
use crate::status::Status;
use crate::text::HumanText;
use crate::time::WireTime;
use crate::xml::{Document, Writer};
use std::borrow::Cow;

pub use crate::reply::{Reply, ReplyError};

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
        let mut reply = Self::blank();
        for (name, value) in document.pairs() {
            match name {
                "return_code" | "return_msg" | "sign" | "result_code" | "err_code_des" => {}
                "err_code" => reply.err_code = success_err_code(value),
                "mch_billno" => reply.mch_billno = value.into(),
                "mch_id" => reply.mch_id = value.into(),
                "detail_id" => reply.detail_id = Some(value.into()),
                "status" => reply.status = Status::from_wire(value),
                "send_type" => reply.send_type = Some(value.into()),
                "total_amount" => reply.total_amount = amount("total_amount", value)?,
                "reason" => reply.reason = Some(HumanText::new(value)),
                "send_time" => reply.send_time = Some(WireTime::from_wire(value)),
                "refund_time" => reply.refund_time = Some(WireTime::from_wire(value)),
                "refund_amount" => reply.refund_amount = amount("refund_amount", value)?,
                "wishing" => reply.wishing = Some(value.into()),
                "remark" => reply.remark = Some(value.into()),
                "act_name" => reply.act_name = Some(value.into()),
                "openid" => reply.openid = Some(value.into()),
                "amount" => reply.amount = amount("amount", value)?,
                "rcv_time" => reply.rcv_time = Some(WireTime::from_wire(value)),
                "sender_name" => reply.sender_name = Some(value.into()),
                "sender_header_media_id" => reply.sender_header_media_id = Some(value.into()),
                _ => reply.unknown_fields.push((name.into(), value.into())),
            }
        }
        needed("mch_billno", reply.mch_billno.as_str())?;
        needed("mch_id", reply.mch_id.as_str())?;
        needed("status", reply.status.as_str())?;
        Ok(reply)
    }

    fn blank() -> Self {
        Self {
            mch_billno: "".into(),
            mch_id: "".into(),
            detail_id: None,
            status: Status::Unknown("".into()),
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

    /// The fields that have a value, in the order of the seed's example, without `sign`.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, Cow<'_, str>)> {
        let mut list = FieldList::of_success(&self.mch_billno, &self.mch_id);
        list.text("detail_id", self.detail_id.as_ref().map(DetailId::as_str));
        list.text("status", Some(self.status.as_str()));
        list.text("send_type", self.send_type.as_deref());
        list.number("total_amount", self.total_amount.map(Fen::get));
        list.text("reason", self.reason.as_ref().map(HumanText::text));
        list.text("send_time", self.send_time.as_ref().map(WireTime::as_str));
        list.text("refund_time", self.refund_time.as_ref().map(WireTime::as_str));
        list.number("refund_amount", self.refund_amount.map(Fen::get));
        list.text("wishing", self.wishing.as_deref());
        list.text("remark", self.remark.as_deref());
        list.text("act_name", self.act_name.as_deref());
        list.text("openid", self.openid.as_ref().map(OpenId::as_str));
        list.number("amount", self.amount.map(Fen::get));
        list.text("rcv_time", self.rcv_time.as_ref().map(WireTime::as_str));
        list.text("sender_name", self.sender_name.as_deref());
        list.text("sender_header_media_id", self.sender_header_media_id.as_deref());
        for (name, value) in &self.unknown_fields {
            list.text(name, Some(value));
        }
        list.finish()
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
