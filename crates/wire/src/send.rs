//! `sendworkwxredpack`: the order to pay (`protocol.md` §1).

use crate::error_code::ErrorCode;
use crate::fen::Fen;
use crate::field::{FieldError, FieldRule, billno, optional, required};
use crate::id::{AppId, DetailId, MchBillno, MchId, OpenId};
use crate::key::{ApiKey, WorkwxSecret};
use crate::reply::{
    FieldList, Reply, ReplyError, amount, needed, read_failure, success_err_code, write_signed,
};
use crate::sign::{self, Policy, Verified};
use crate::xml::{Document, Writer};
use std::borrow::Cow;

/// The fields that a send's signature covers on the server (`protocol.md` §1.1, §2.1).
pub const REQUEST_FIELDS: [&str; 15] = [
    "nonce_str",
    "mch_billno",
    "mch_id",
    "wxappid",
    "sender_name",
    "agentid",
    "sender_header_media_id",
    "re_openid",
    "total_amount",
    "wishing",
    "act_name",
    "remark",
    "scene_id",
    "workwx_sign",
    "sign",
];

/// Why a packet is sent (`scene_id`): required above 200 yuan and below 1 yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    /// `PRODUCT_1` promotion.
    Promotion,
    /// `PRODUCT_2` lottery.
    Lottery,
    /// `PRODUCT_3` prize for virtual goods.
    VirtualGoods,
    /// `PRODUCT_4` benefit within a company.
    InternalBenefit,
    /// `PRODUCT_5` profit share of a channel.
    ChannelShare,
    /// `PRODUCT_6` insurance return.
    InsuranceReturn,
    /// `PRODUCT_7` pay-out of a lottery ticket.
    LotteryTicket,
    /// `PRODUCT_8` tax lottery.
    TaxLottery,
}

impl Scene {
    /// All of them, `PRODUCT_1` first.
    pub const ALL: [Self; 8] = [
        Self::Promotion,
        Self::Lottery,
        Self::VirtualGoods,
        Self::InternalBenefit,
        Self::ChannelShare,
        Self::InsuranceReturn,
        Self::LotteryTicket,
        Self::TaxLottery,
    ];

    /// The wire's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promotion => "PRODUCT_1",
            Self::Lottery => "PRODUCT_2",
            Self::VirtualGoods => "PRODUCT_3",
            Self::InternalBenefit => "PRODUCT_4",
            Self::ChannelShare => "PRODUCT_5",
            Self::InsuranceReturn => "PRODUCT_6",
            Self::LotteryTicket => "PRODUCT_7",
            Self::TaxLottery => "PRODUCT_8",
        }
    }

    /// Reads the wire's word; `None` for any other.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scene| scene.as_str() == word)
    }
}

/// Under whose name a packet is sent: a person's and an app's exclude each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// `sender_name`, at most 128 characters.
    Name(Box<str>),
    /// `agentid`, an unsigned integer.
    Agent(u32),
    /// Neither: WeChat shows the company.
    Company,
}

impl Sender {
    /// `sender_name`, where a person sends.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// The order (`protocol.md` §1.1). `workwx_sign` and `sign` are made when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRequest {
    /// Random, 1-32 characters.
    pub nonce_str: Box<str>,
    /// The packet's number, 1-28 of `0-9 a-z A-Z`, unique per merchant.
    pub mch_billno: MchBillno,
    /// The merchant, 1-32 characters.
    pub mch_id: MchId,
    /// The corpid, 1-32 characters; `wxappid` here, `appid` in a query.
    pub wxappid: AppId,
    /// Under whose name.
    pub sender: Sender,
    /// `sender_header_media_id`: a WeCom media id, at most 128 characters.
    pub sender_header_media_id: Option<Box<str>>,
    /// `re_openid`: the receiver under `wxappid`, 1-32 characters.
    pub re_openid: OpenId,
    /// `total_amount`, fen.
    pub total_amount: Fen,
    /// `wishing`, 1-128 characters.
    pub wishing: Box<str>,
    /// `act_name`, 1-32 characters.
    pub act_name: Box<str>,
    /// `remark`, 1-256 characters.
    pub remark: Box<str>,
    /// `scene_id`; required above 200 yuan and below 1 yuan, which the payer checks.
    pub scene: Option<Scene>,
}

impl SendRequest {
    /// Reads the fields of a request, whatever its signatures.
    ///
    /// # Errors
    /// The first [`FieldError`] in the order of `protocol.md` §1.1.
    pub fn read(document: &Document<'_>) -> Result<Self, FieldError> {
        let text = |field, chars_max| required(document, field, chars_max);
        text("nonce_str", 32)?;
        text("sign", 64)?;
        let request = Self {
            nonce_str: text("nonce_str", 32)?.into(),
            mch_billno: billno(document)?.into(),
            mch_id: text("mch_id", 32)?.into(),
            wxappid: text("wxappid", 32)?.into(),
            sender: read_sender(document)?,
            sender_header_media_id: optional(document, "sender_header_media_id", 128)?
                .map(Into::into),
            re_openid: text("re_openid", 32)?.into(),
            total_amount: text("total_amount", 20)?
                .parse()
                .map_err(|_| FieldError { field: "total_amount", rule: FieldRule::Number })?,
            wishing: text("wishing", 128)?.into(),
            act_name: text("act_name", 32)?.into(),
            remark: text("remark", 256)?.into(),
            scene: read_scene(document)?,
        };
        text("workwx_sign", 32)?;
        Ok(request)
    }

    /// The fields that have a value, in the order of `protocol.md` §1.1, without signatures.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, Cow<'_, str>)> {
        let mut list = FieldList::new();
        list.text("nonce_str", Some(&self.nonce_str));
        list.text("mch_billno", Some(self.mch_billno.as_str()));
        list.text("mch_id", Some(self.mch_id.as_str()));
        list.text("wxappid", Some(self.wxappid.as_str()));
        match &self.sender {
            Sender::Name(name) => list.text("sender_name", Some(name)),
            Sender::Agent(agentid) => list.number("agentid", Some(u64::from(*agentid))),
            Sender::Company => {}
        }
        list.text("sender_header_media_id", self.sender_header_media_id.as_deref());
        list.text("re_openid", Some(self.re_openid.as_str()));
        list.number("total_amount", Some(self.total_amount.get()));
        list.text("wishing", Some(&self.wishing));
        list.text("act_name", Some(&self.act_name));
        list.text("remark", Some(&self.remark));
        list.text("scene_id", self.scene.map(Scene::as_str));
        list.finish()
    }

    /// The bytes with both signatures: `workwx_sign` first, then `sign` over everything.
    #[must_use]
    pub fn write(&self, key: &ApiKey, secret: &WorkwxSecret) -> Vec<u8> {
        let mut fields = self.fields();
        let value_of = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v);
        let workwx_sign = sign::workwx_sign(value_of, secret);
        fields.push(("workwx_sign", workwx_sign.into()));
        let sign = sign::sign(fields.iter().map(|(n, v)| (*n, &**v)), key);
        let mut writer = Writer::new();
        for (name, value) in &fields {
            writer.field(name, value);
        }
        writer.field("sign", &sign);
        writer.finish()
    }
}

fn read_scene(document: &Document<'_>) -> Result<Option<Scene>, FieldError> {
    let undocumented = FieldError { field: "scene_id", rule: FieldRule::OneOfDocumented };
    let word = optional(document, "scene_id", 32)?;
    word.map(|word| Scene::from_wire(word).ok_or(undocumented)).transpose()
}

fn read_sender(document: &Document<'_>) -> Result<Sender, FieldError> {
    let name = optional(document, "sender_name", 128)?;
    let agentid = optional(document, "agentid", 10)?;
    match (name, agentid) {
        (Some(_), Some(_)) => {
            Err(FieldError { field: "sender_name", rule: FieldRule::ExclusiveWith("agentid") })
        }
        (Some(name), None) => Ok(Sender::Name(name.into())),
        (None, Some(agentid)) if agentid.bytes().all(|b| b.is_ascii_digit()) => agentid
            .parse()
            .map(Sender::Agent)
            .map_err(|_| FieldError { field: "agentid", rule: FieldRule::Number }),
        (None, Some(_)) => Err(FieldError { field: "agentid", rule: FieldRule::Number }),
        (None, None) => Ok(Sender::Company),
    }
}

/// The fields of a send's reply, envelope included (`protocol.md` §1.3).
pub const REPLY_FIELDS: [&str; 14] = [
    "return_code",
    "return_msg",
    "sign",
    "result_code",
    "err_code",
    "err_code_des",
    "mch_billno",
    "mch_id",
    "wxappid",
    "re_openid",
    "total_amount",
    "send_listid",
    "sender_name",
    "sender_header_media_id",
];

/// What answers an accepted send, when both codes are SUCCESS (`protocol.md` §1.3).
///
/// It says that the order was taken, not that the packet arrived: ask the query.
#[derive(Clone, Debug)]
pub struct SendReply {
    /// `mch_billno`, echoed.
    pub mch_billno: MchBillno,
    /// `mch_id`.
    pub mch_id: MchId,
    /// `wxappid`.
    pub wxappid: Option<AppId>,
    /// `re_openid`.
    pub re_openid: Option<OpenId>,
    /// `total_amount`, fen.
    pub total_amount: Option<Fen>,
    /// `send_listid`: the `detail_id` of the query.
    pub send_listid: Option<DetailId>,
    /// `sender_name`.
    pub sender_name: Option<Box<str>>,
    /// `sender_header_media_id`.
    pub sender_header_media_id: Option<Box<str>>,
    /// `err_code` beside a success: `SUCCESS`, `0` and `OK` are no error and become `None`.
    pub err_code: Option<ErrorCode>,
    /// Fields that the page does not name, in the order of the wire.
    pub unknown_fields: Vec<(Box<str>, Box<str>)>,
}

impl SendReply {
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

    /// Reads the fields of a success, verifying nothing.
    ///
    /// # Errors
    /// [`ReplyError::MissingField`] and [`ReplyError::BadField`].
    pub fn read_fields(document: &Document<'_>) -> Result<Self, ReplyError> {
        let mut reply = Self {
            mch_billno: "".into(),
            mch_id: "".into(),
            wxappid: None,
            re_openid: None,
            total_amount: None,
            send_listid: None,
            sender_name: None,
            sender_header_media_id: None,
            err_code: None,
            unknown_fields: Vec::new(),
        };
        for (name, value) in document.pairs() {
            match name {
                "return_code" | "return_msg" | "sign" | "result_code" | "err_code_des" => {}
                "err_code" => reply.err_code = success_err_code(value),
                "mch_billno" => reply.mch_billno = value.into(),
                "mch_id" => reply.mch_id = value.into(),
                "wxappid" => reply.wxappid = Some(value.into()),
                "re_openid" => reply.re_openid = Some(value.into()),
                "total_amount" => reply.total_amount = amount("total_amount", value)?,
                "send_listid" => reply.send_listid = Some(value.into()),
                "sender_name" => reply.sender_name = Some(value.into()),
                "sender_header_media_id" => reply.sender_header_media_id = Some(value.into()),
                _ => reply.unknown_fields.push((name.into(), value.into())),
            }
        }
        needed("mch_billno", reply.mch_billno.as_str())?;
        needed("mch_id", reply.mch_id.as_str())?;
        Ok(reply)
    }

    /// The fields that have a value, in the order of the page, without `sign`.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, Cow<'_, str>)> {
        let mut list = FieldList::of_success(&self.mch_billno, &self.mch_id);
        list.text("wxappid", self.wxappid.as_ref().map(AppId::as_str));
        list.text("re_openid", self.re_openid.as_ref().map(OpenId::as_str));
        list.number("total_amount", self.total_amount.map(Fen::get));
        list.text("send_listid", self.send_listid.as_ref().map(DetailId::as_str));
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
