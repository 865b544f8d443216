//! Replies that say no, on either level.

use crate::error_code::ErrorCode;
use crate::id::{MchBillno, MchId};
use crate::key::ApiKey;
use crate::reply::{FieldList, write_signed};
use crate::text::HumanText;
use crate::xml::Document;
use std::borrow::Cow;

/// A reply whose `return_code` or `result_code` is not SUCCESS (seed, 返回参数).
///
/// `return_code` is communication and `result_code` is the call: neither speaks
/// of the packet. Classify by `err_code` where there is one, whatever
/// `return_code` says (`protocol.md` §4).
#[derive(Clone, Debug)]
pub struct FailureReply {
    /// Whether `return_code` was SUCCESS, so that the call itself was answered.
    pub communicated: bool,
    /// `err_code`, at most 32 characters; absent on gateway refusals.
    pub err_code: Option<ErrorCode>,
    /// `err_code_des`, or `return_msg`/`retmsg` without one: for people only.
    pub description: HumanText,
    /// `mch_billno`, echoed by some errors.
    pub mch_billno: Option<MchBillno>,
    /// `mch_id`, echoed by some errors.
    pub mch_id: Option<MchId>,
}

impl FailureReply {
    /// A business error as WeChat words it: SUCCESS and FAIL, the text in both places.
    #[must_use]
    pub fn business(err_code: ErrorCode, description: &str) -> Self {
        Self {
            communicated: true,
            err_code: Some(err_code),
            description: HumanText::new(description),
            mch_billno: None,
            mch_id: None,
        }
    }

    /// The same with `mch_billno` and `mch_id` echoed, as NOT_FOUND does (q01).
    #[must_use]
    pub fn echoing(mut self, mch_billno: MchBillno, mch_id: MchId) -> Self {
        self.mch_billno = Some(mch_billno);
        self.mch_id = Some(mch_id);
        self
    }

    /// Reads what a reply says beside its verdict; `None` where it is a success.
    #[must_use]
    pub fn read(document: &Document<'_>) -> Option<Self> {
        let communicated = document.get("return_code") == Some("SUCCESS");
        if communicated && document.get("result_code") == Some("SUCCESS") {
            return None;
        }
        let texts = ["err_code_des", "return_msg", "retmsg"];
        let description = texts.iter().find_map(|name| document.get(name)).unwrap_or_default();
        Some(Self {
            communicated,
            err_code: document.get("err_code").map(ErrorCode::from_wire),
            description: HumanText::new(description),
            mch_billno: document.get("mch_billno").map(MchBillno::new),
            mch_id: document.get("mch_id").map(MchId::new),
        })
    }

    /// The fields that have a value, in the order of the captures (s01, q01).
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, Cow<'_, str>)> {
        let text = Some(self.description.text());
        let mut list = FieldList::new();
        list.text("return_code", Some(if self.communicated { "SUCCESS" } else { "FAIL" }));
        list.text("return_msg", text);
        list.text("result_code", Some("FAIL"));
        if let Some(code) = &self.err_code {
            list.text("err_code", Some(code.as_str()));
            list.text("err_code_des", text);
        }
        list.text("mch_billno", self.mch_billno.as_ref().map(MchBillno::as_str));
        list.text("mch_id", self.mch_id.as_ref().map(MchId::as_str));
        list.finish()
    }

    /// The bytes: unsigned without a key, as in every capture (`protocol.md` §2.4).
    #[must_use]
    pub fn write(&self, key: Option<&ApiKey>) -> Vec<u8> {
        write_signed(&self.fields(), key)
    }
}
