//! `sendworkwxredpack`: the order to pay (`protocol.md` §1).

use crate::error_code::ErrorCode;
use crate::fen::Fen;
use crate::field::{FieldError, FieldRule, billno, optional, required};
use crate::id::{AppId, DetailId, MchBillno, MchId, OpenId};
use crate::key::{ApiKey, WorkwxSecret};
use crate::query::{
    Reply, ReplyError, read_failure, success_err_code, unknown_fields, write_signed,
};
use crate::sign::{self, Policy, Verified};
use crate::xml::{Document, Writer};

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
        let number = |field| FieldError { field, rule: FieldRule::Number };
        let nonce_str = required(document, "nonce_str", 32)?.into();
        required(document, "sign", 64)?;
        let scene = match optional(document, "scene_id", 32)? {
            None => None,
            Some(word) => Some(
                Scene::from_wire(word)
                    .ok_or(FieldError { field: "scene_id", rule: FieldRule::OneOfDocumented })?,
            ),
        };
        let request = Self {
            nonce_str,
            mch_billno: billno(document)?.into(),
            mch_id: required(document, "mch_id", 32)?.into(),
            wxappid: required(document, "wxappid", 32)?.into(),
            sender: read_sender(document)?,
            sender_header_media_id: optional(document, "sender_header_media_id", 128)?
                .map(Into::into),
            re_openid: required(document, "re_openid", 32)?.into(),
            total_amount: required(document, "total_amount", 20)?
                .parse()
                .map_err(|_| number("total_amount"))?,
            wishing: required(document, "wishing", 128)?.into(),
            act_name: required(document, "act_name", 32)?.into(),
            remark: required(document, "remark", 256)?.into(),
            scene,
        };
        required(document, "workwx_sign", 32)?;
        Ok(request)
    }

    /// The fields that have a value, in the order of `protocol.md` §1.1, without signatures.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("nonce_str", self.nonce_str.to_string()),
            ("mch_billno", self.mch_billno.to_string()),
            ("mch_id", self.mch_id.to_string()),
            ("wxappid", self.wxappid.to_string()),
        ];
        match &self.sender {
            Sender::Name(name) => fields.push(("sender_name", name.to_string())),
            Sender::Agent(agentid) => fields.push(("agentid", agentid.to_string())),
            Sender::Company => {}
        }
        if let Some(media) = &self.sender_header_media_id {
            fields.push(("sender_header_media_id", media.to_string()));
        }
        fields.extend([
            ("re_openid", self.re_openid.to_string()),
            ("total_amount", self.total_amount.to_string()),
            ("wishing", self.wishing.to_string()),
            ("act_name", self.act_name.to_string()),
            ("remark", self.remark.to_string()),
        ]);
        if let Some(scene) = self.scene {
            fields.push(("scene_id", scene.as_str().to_owned()));
        }
        fields
    }

    /// The bytes with both signatures: `workwx_sign` first, then `sign` over everything.
    #[must_use]
    pub fn write(&self, key: &ApiKey, secret: &WorkwxSecret) -> Vec<u8> {
        let mut fields = self.fields();
        let workwx_sign = {
            let get = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
            sign::workwx_sign(get, secret)
        };
        fields.push(("workwx_sign", workwx_sign));
        let sign = sign::sign(fields.iter().map(|(n, v)| (*n, v.as_str())), key);
        let mut writer = Writer::new();
        for (name, value) in &fields {
            writer.field(name, value);
        }
        writer.field("sign", &sign);
        writer.finish()
    }
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
        let need = |name| document.get(name).ok_or(ReplyError::MissingField(name));
        let total_amount = match document.get("total_amount").map(str::parse::<Fen>) {
            None => None,
            Some(Ok(fen)) => Some(fen),
            Some(Err(_)) => return Err(ReplyError::BadField("total_amount")),
        };
        Ok(Self {
            mch_billno: need("mch_billno")?.into(),
            mch_id: need("mch_id")?.into(),
            wxappid: document.get("wxappid").map(AppId::from),
            re_openid: document.get("re_openid").map(OpenId::from),
            total_amount,
            send_listid: document.get("send_listid").map(DetailId::from),
            sender_name: document.get("sender_name").map(Into::into),
            sender_header_media_id: document.get("sender_header_media_id").map(Into::into),
            err_code: success_err_code(document),
            unknown_fields: unknown_fields(document, &REPLY_FIELDS),
        })
    }

    /// The fields in the order of the page, without `sign`.
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
        put("wxappid", self.wxappid.as_ref().map(ToString::to_string));
        put("re_openid", self.re_openid.as_ref().map(ToString::to_string));
        put("total_amount", self.total_amount.map(|f| f.to_string()));
        put("send_listid", self.send_listid.as_ref().map(ToString::to_string));
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
