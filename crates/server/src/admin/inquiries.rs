//! What a gateway knows of packets, in place of the packets themselves.

use super::Desk;
use super::problem::Problem;
use super::view::{EntryView, answer, time};
use crate::gateway::Gateway;
use axum::response::IntoResponse;
use hongbao_inquiry::Account;
use hongbao_ledger::inquiry::Seen;
use hongbao_ledger::{Inquiry, InquiryFilter, Key};
use jiff::Timestamp;
use serde::Serialize;

/// What is known of a packet: the seed's field names where there are some.
#[derive(Debug, Serialize)]
struct InquiryView {
    mch_id: String,
    mch_billno: String,
    /// `null` where no verified record ever came; `IMPORTED` where a file named it until then.
    status: Option<String>,
    /// Who says the status and what follows from it: `reply`, a verified reply of WeChat Pay, or
    /// `file`, an imported one, which proves nothing. `null`: nobody said any.
    status_by: Option<&'static str>,
    /// What an imported file says became of it, in its own words; `null` once there is a reply.
    claimed_status: Option<String>,
    /// What the ledger proves now; it permits nothing.
    verdict: &'static str,
    cause: Option<String>,
    next_step: &'static str,
    is_final: bool,
    detail_id: Option<String>,
    total_amount: Option<u64>,
    send_time: Option<String>,
    /// How many sends of it were begun here.
    sends: u32,
    asks: u32,
    asked_time: Option<String>,
    answered_time: Option<String>,
    due_time: Option<String>,
    /// Why a person is needed; `null`: none is.
    attention: Option<String>,
    version: u64,
}

impl InquiryView {
    fn of(account: &Account, inquiry: Inquiry, now: Timestamp) -> Self {
        let verdict = account.verdict_of(&inquiry, now);
        let by_file = inquiry.answered_at.is_none();
        let ordered = inquiry.order.as_ref().map(|order| order.total_amount.get());
        let seen = inquiry.seen.as_ref();
        let seen_amount = seen.and_then(|seen| seen.total_amount).map(|amount| amount.get());
        Self {
            mch_id: inquiry.key.mch_id.to_string(),
            mch_billno: inquiry.key.mch_billno.to_string(),
            status: seen.map(|seen| seen.status.to_string()),
            status_by: seen.map(|_| if by_file { "file" } else { "reply" }),
            claimed_status: seen.filter(|_| by_file).and_then(claimed),
            verdict: verdict.as_str(),
            cause: verdict.cause().map(str::to_owned),
            next_step: verdict.next_step().as_str(),
            is_final: verdict.is_final(),
            detail_id: seen.and_then(|seen| seen.detail_id.as_ref()).map(ToString::to_string),
            total_amount: seen_amount.or(ordered),
            send_time: inquiry.sent_at.map(time),
            sends: inquiry.sends,
            asks: inquiry.asks,
            asked_time: inquiry.asked_at.map(time),
            answered_time: inquiry.answered_at.map(time),
            due_time: inquiry.due_at.map(time),
            attention: inquiry.attention.map(String::from),
            version: inquiry.version,
        }
    }
}

fn claimed(seen: &Seen) -> Option<String> {
    seen.reason.as_deref().map(str::to_owned)
}

#[derive(Debug, Serialize)]
struct Known {
    packets: Vec<InquiryView>,
    /// `after` of the next page; `null` on the last.
    next: Option<String>,
}

/// A merchant's numbers in their order; none of a merchant without an upstream.
pub(super) async fn list(
    desk: &Desk,
    gateway: &Gateway,
    mch_id: &str,
    filter: &InquiryFilter,
) -> Result<impl IntoResponse + use<>, Problem> {
    let mut known = Known { packets: Vec::new(), next: None };
    if let Some(inquirer) = gateway.inquirer(mch_id) {
        let inquiries = inquirer.ledger().inquiries(mch_id, filter).await?;
        let full = u32::try_from(inquiries.len()).is_ok_and(|count| count == filter.limit);
        let last = inquiries.last().filter(|_| full);
        known.next = last.map(|inquiry| inquiry.key.mch_billno.to_string());
        let (account, now) = (inquirer.account(), inquirer.now());
        let view = |inquiry| InquiryView::of(account, inquiry, now);
        known.packets = inquiries.into_iter().map(view).collect();
    }
    Ok(answer(desk, known))
}

#[derive(Debug, Serialize)]
struct One {
    packet: InquiryView,
    history: Vec<EntryView>,
}

/// One number and its history, oldest first.
pub(super) async fn show(
    desk: &Desk,
    gateway: &Gateway,
    key: &Key,
) -> Result<impl IntoResponse + use<>, Problem> {
    let inquirer = gateway.inquirer(key.mch_id.as_str()).ok_or_else(Problem::no_packet)?;
    let known = inquirer.ledger().inquiry(key).await?;
    let known = known.ok_or_else(Problem::no_packet)?;
    let packet = InquiryView::of(inquirer.account(), known, inquirer.now());
    let history = inquirer.ledger().inquiry_history(key).await?;
    let history = history.into_iter().map(EntryView::from).collect();
    Ok(answer(desk, One { packet, history }))
}
