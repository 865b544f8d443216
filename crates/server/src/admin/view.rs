//! Records, histories and merchants as JSON: the seed's field names, amounts in
//! whole fen, times as RFC 3339 at +08:00.

use super::Desk;
use axum::Json;
use hongbao_ledger::{Entry, Finding, Merchant, Record};
use hongbao_wire::Status;
use hongbao_wire::send::Sender;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

/// What an answer holds, after the mode.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<T> {
    mode: &'static str,
    #[serde(flatten)]
    rest: T,
}

/// An answer that says the mode.
pub(crate) fn answer<T: Serialize>(desk: &Desk, rest: T) -> Json<Answer<T>> {
    Json(Answer { mode: desk.source.mode(), rest })
}

/// A time at +08:00, RFC 3339.
pub(crate) fn time(at: Timestamp) -> String {
    at.display_with_offset(Offset::constant(8)).to_string()
}

/// A packet.
#[derive(Debug, Serialize)]
pub(crate) struct PacketView {
    mch_id: String,
    mch_billno: String,
    detail_id: Option<String>,
    /// `null` while a query says NOT_FOUND.
    status: Option<String>,
    status_time: String,
    reason: Option<String>,
    send_time: String,
    wxappid: String,
    re_openid: String,
    total_amount: u64,
    wishing: String,
    act_name: String,
    remark: String,
    sender_name: Option<String>,
    agentid: Option<u32>,
    sender_header_media_id: Option<String>,
    scene_id: Option<&'static str>,
    openid: Option<String>,
    amount: Option<u64>,
    rcv_time: Option<String>,
    refund_amount: Option<u64>,
    refund_time: Option<String>,
    due_time: Option<String>,
    version: u64,
}

impl From<Record> for PacketView {
    fn from(record: Record) -> Self {
        let order = record.order;
        let agentid = match &order.sender {
            Sender::Agent(agentid) => Some(*agentid),
            Sender::Name(_) | Sender::Company => None,
        };
        let (receipt, refund) = (record.receipt, record.refund);
        Self {
            mch_id: record.key.mch_id.to_string(),
            mch_billno: record.key.mch_billno.to_string(),
            detail_id: record.detail_id.map(|id| id.to_string()),
            status: record.status.as_ref().map(Status::to_string),
            status_time: time(record.status_at),
            reason: record.reason.map(String::from),
            send_time: time(record.sent_at),
            wxappid: order.wxappid.to_string(),
            re_openid: order.re_openid.to_string(),
            total_amount: order.total_amount.get(),
            wishing: order.wishing.into(),
            act_name: order.act_name.into(),
            remark: order.remark.into(),
            sender_name: order.sender.name().map(str::to_owned),
            agentid,
            sender_header_media_id: order.sender_header_media_id.map(String::from),
            scene_id: order.scene.map(|scene| scene.as_str()),
            openid: receipt.as_ref().map(|receipt| receipt.openid.to_string()),
            amount: receipt.as_ref().map(|receipt| receipt.amount.get()),
            rcv_time: receipt.map(|receipt| time(receipt.rcv_time)),
            refund_amount: refund.as_ref().map(|refund| refund.refund_amount.get()),
            refund_time: refund.map(|refund| time(refund.refund_time)),
            due_time: record.due_at.map(time),
            version: record.version,
        }
    }
}

/// One entry of a packet's history.
#[derive(Debug, Serialize)]
pub(crate) struct EntryView {
    at: String,
    source: &'static str,
    event: String,
    /// The raw message; what of it is not UTF-8 is replaced.
    raw: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            at: time(entry.at),
            source: entry.source.as_str(),
            event: entry.event.into(),
            raw: entry.raw.map(|raw| String::from_utf8_lossy(&raw).into_owned()),
        }
    }
}

/// A double payment in the making.
#[derive(Debug, Serialize)]
pub(crate) struct FindingView {
    mch_id: String,
    at: String,
    first_billno: String,
    second_billno: String,
    re_openid: String,
    total_amount: u64,
    told: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            mch_id: finding.mch_id.to_string(),
            at: time(finding.at),
            first_billno: finding.first_billno.to_string(),
            second_billno: finding.second_billno.to_string(),
            re_openid: finding.re_openid.to_string(),
            total_amount: finding.total_amount.get(),
            told: finding.told.into(),
        }
    }
}

/// A merchant, without its secrets.
#[derive(Debug, Serialize)]
pub(crate) struct MerchantView {
    mch_id: String,
    name: String,
    appids: Vec<String>,
    key_version: u32,
    balance: u64,
    product_enabled: bool,
    api_send_enabled: bool,
    address_whitelist: Vec<String>,
    revoked_serials: Vec<String>,
    queries_per_second: u32,
    sends_per_minute: u32,
    added_at: String,
}

impl From<Merchant> for MerchantView {
    fn from(merchant: Merchant) -> Self {
        let texts = |texts: Vec<Box<str>>| texts.into_iter().map(String::from).collect();
        Self {
            mch_id: merchant.mch_id.to_string(),
            name: merchant.name.into(),
            appids: merchant.appids.iter().map(ToString::to_string).collect(),
            key_version: merchant.key_version,
            balance: merchant.balance.get(),
            product_enabled: merchant.product_enabled,
            api_send_enabled: merchant.api_send_enabled,
            address_whitelist: texts(merchant.address_whitelist),
            revoked_serials: texts(merchant.revoked_serials),
            queries_per_second: merchant.limits.queries_per_second,
            sends_per_minute: merchant.limits.sends_per_minute,
            added_at: time(merchant.added_at),
        }
    }
}
