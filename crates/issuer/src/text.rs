//! What replies say to people, in the words of the captures where there is one.
//! Nothing branches on these.

use hongbao_wire::ErrorCode;

/// `NOTENOUGH` and the `reason` it leaves (r05, x03).
pub const NOT_ENOUGH: &str = "帐号余额不足，请到商户平台充值后再重试";
/// `SENDNUM_LIMIT` (r09).
pub const USER_COUNT: &str =
    "该用户今日操作次数超过限制,如有需要请登录微信支付商户平台更改API安全配置";
/// `RCVDAMOUNT_LIMIT` (g02).
pub const USER_AMOUNT: &str =
    "该用户今日领取金额超过限制,如有需要请登录微信支付商户平台更改API安全配置";
/// `SENDAMOUNT_LIMIT`, worded like its siblings.
pub const MERCHANT_AMOUNT: &str =
    "该商户今日发放金额超过限制,如有需要请登录微信支付商户平台更改API安全配置";
/// `MONEY_LIMIT`: the amount needs a scene (`protocol.md` §1.1).
pub const SCENE_NEEDED: &str = "红包金额超出限制,该金额必须填写scene_id字段";
/// `MONEY_LIMIT`: the amount is out of range whatever the scene.
pub const OUT_OF_RANGE: &str = "红包金额超出限制";
/// `API_METHOD_CLOSED`.
pub const API_CLOSED: &str = "商户未开启API发放方式,请登录微信支付商户平台开启";
/// `FATAL_ERROR` (`protocol.md` §1.5).
pub const OTHER_PARAMETERS: &str = "商户单号已存在,参数与原订单不一致";
/// `PARAM_ERROR` of a repeated send (`protocol.md` §1.5).
pub const OTHER_AMOUNT: &str = "参数错误:金额与原订单不一致";
/// `SEND_FAILED` after the retry window (`protocol.md` §1.5).
pub const EXPIRED: &str = "该订单已经过期,请更换商户单号";
/// `SEND_FAILED` of a packet that failed.
pub const FAILED: &str = "红包发放失败,请更换商户单号再重试";
/// `NOT_FOUND` (q01).
pub const NOT_FOUND: &str = "指定单号数据不存在";
/// `SYSTEMERROR` of a send (s01).
pub const SYSTEM_ERROR_OF_SEND: &str = "系统错误,请稍后使用原单号重试,请勿更换单号";
/// `SYSTEMERROR` and `PSYSTEMERROR` of a query (seed, 错误码).
pub const SYSTEM_ERROR_OF_QUERY: &str = "系统繁忙，请再试";

/// A few words on a code, for replies that a fault makes up.
#[must_use]
pub fn of_code(code: &ErrorCode, of_send: bool) -> &'static str {
    match code {
        ErrorCode::CaError => "请求未携带证书，或请求携带的证书出错",
        ErrorCode::SignError => "签名错误",
        ErrorCode::NoAuth => "没有权限",
        ErrorCode::NotFound => NOT_FOUND,
        ErrorCode::FreqLimit => "受频率限制",
        ErrorCode::XmlError => "请求的xml格式错误，或者post的数据为空",
        ErrorCode::ParamError => "参数错误",
        ErrorCode::SystemError | ErrorCode::PSystemError if of_send => SYSTEM_ERROR_OF_SEND,
        ErrorCode::SystemError | ErrorCode::PSystemError => SYSTEM_ERROR_OF_QUERY,
        ErrorCode::SendNumLimit => USER_COUNT,
        ErrorCode::SendAmountLimit => MERCHANT_AMOUNT,
        ErrorCode::RcvdAmountLimit => USER_AMOUNT,
        ErrorCode::IllegalAppid => "非法appid,请确认是否为公众号或企业号的appid,不能为APP的appid",
        ErrorCode::MoneyLimit => OUT_OF_RANGE,
        ErrorCode::SendFailed => FAILED,
        ErrorCode::FatalError => OTHER_PARAMETERS,
        ErrorCode::NotEnough => NOT_ENOUGH,
        ErrorCode::OpenidError => "openid与appid不匹配",
        ErrorCode::Processing => "请求已受理，请稍后使用原单号查询发放结果",
        ErrorCode::NoCompetence => "商户未开通企业支付",
        ErrorCode::ApiMethodClosed => API_CLOSED,
        ErrorCode::Unknown(_) => "未知错误",
    }
}
