//! What the server itself says no with, in the words of the captures where there
//! is one. Nothing branches on the words.

use crate::certificate::CertificateTrouble;
use hongbao_wire::xml::XmlError;
use hongbao_wire::{ApiKey, ErrorCode, FailureReply, FieldError};

/// A request that never reaches the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// CA_ERROR.
    Certificate(CertificateTrouble),
    /// XML_ERROR.
    Xml(XmlError),
    /// PARAM_ERROR.
    Field(FieldError),
    /// SIGN_ERROR: `sign`.
    Sign,
    /// SIGN_ERROR: `workwx_sign`.
    WorkwxSign,
    /// NO_AUTH: the product is not enabled for the merchant.
    Product,
    /// NO_AUTH: the address is outside the merchant's whitelist.
    Address,
    /// FREQ_LIMIT.
    Pace,
}

impl Refused {
    /// Its code (seed, 错误码).
    pub(crate) const fn err_code(&self) -> ErrorCode {
        match self {
            Self::Certificate(_) => ErrorCode::CaError,
            Self::Xml(_) => ErrorCode::XmlError,
            Self::Field(_) => ErrorCode::ParamError,
            Self::Sign | Self::WorkwxSign => ErrorCode::SignError,
            Self::Product | Self::Address => ErrorCode::NoAuth,
            Self::Pace => ErrorCode::FreqLimit,
        }
    }

    /// A stable word for the log: which of the reasons that share a code it was.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Certificate(CertificateTrouble::Missing) => "no_certificate",
            Self::Certificate(CertificateTrouble::Wrong) => "wrong_certificate",
            Self::Certificate(CertificateTrouble::Expired) => "expired_certificate",
            Self::Certificate(CertificateTrouble::Revoked) => "revoked_certificate",
            Self::Certificate(CertificateTrouble::OtherMerchant) => "other_merchant",
            Self::Xml(_) => "bad_xml",
            Self::Field(_) => "bad_field",
            Self::Sign => "wrong_sign",
            Self::WorkwxSign => "wrong_workwx_sign",
            Self::Product => "product_not_enabled",
            Self::Address => "address_not_permitted",
            Self::Pace => "too_often",
        }
    }

    /// Whether a front end could have said it, which sees certificates and no bodies.
    pub(crate) const fn is_front_ends(&self) -> bool {
        matches!(
            self,
            Self::Certificate(
                CertificateTrouble::Missing
                    | CertificateTrouble::Wrong
                    | CertificateTrouble::Expired
                    | CertificateTrouble::Revoked
            )
        )
    }

    /// What it says to people: t01, `protocol.md` §4, r04, q02, s02, s03, t03, r03.
    fn text(&self) -> String {
        let text = match self {
            Self::Certificate(CertificateTrouble::Missing | CertificateTrouble::Wrong) => {
                "CA证书出错，请登录微信支付商户平台下载证书"
            }
            Self::Certificate(CertificateTrouble::Expired) => "证书已过期",
            Self::Certificate(CertificateTrouble::Revoked) => "证书已作废",
            Self::Certificate(CertificateTrouble::OtherMerchant) => "证书与商户号不匹配",
            Self::Xml(_) => "输入xml参数格式错误",
            Self::Field(error) => return error.to_string(),
            Self::Sign => "签名错误",
            Self::WorkwxSign => "企业微信签名校验失败",
            Self::Product => "产品权限验证失败,请查看您当前是否具有该产品的权限",
            Self::Address => "IP地址非你在商户平台设置的可用IP地址",
            Self::Pace => "受频率限制",
        };
        text.to_owned()
    }

    /// The bytes: SUCCESS and FAIL, nothing echoed; signed where there is a key.
    pub(crate) fn write(&self, key: Option<&ApiKey>) -> Vec<u8> {
        FailureReply::business(self.err_code(), &self.text()).write(key)
    }
}
