//! One change of one inquiry, inside the writer's savepoint: what fails here is undone there.

use crate::book::Book;
use crate::error::LedgerError;
use crate::inquiry::{Inquiry, InquiryCommit, Seen};
use crate::ledger::Expect;
use crate::record::Order;
use crate::sqlite::fault::fault;
use crate::sqlite::group::{Group, append};
use crate::sqlite::inquiries::reader::inquiry;
use crate::sqlite::ready::Ready;
use hongbao_wire::Fen;
use hongbao_wire::send::Sender;
use jiff::Timestamp;
use rusqlite::{Connection, params};

pub(in crate::sqlite) const INSERT: &str = "INSERT INTO inquiries (mch_id, mch_billno, version, appid, business_ref, noted_at, \
     sent_at, sends, asks, asked_at, answered_at, verdict, cause, next_step, is_final, \
     unknown_since, is_contradicted, due_at, attention, wxappid, re_openid, total_amount, \
     wishing, act_name, remark, sender_name, agentid, sender_header_media_id, scene_id, \
     status, detail_id, seen_total_amount, reason, seen_act_name, seen_sender_name, \
     send_time, openid, amount, rcv_time, refund_amount, refund_time, reply, send_reply) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, \
     ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43) ON CONFLICT DO NOTHING";

pub(in crate::sqlite) const UPDATE: &str = "UPDATE inquiries SET version = ?3, appid = ?4, business_ref = ?5, noted_at = ?6, sent_at \
     = ?7, sends = ?8, asks = ?9, asked_at = ?10, answered_at = ?11, verdict = ?12, cause = \
     ?13, next_step = ?14, is_final = ?15, unknown_since = ?16, is_contradicted = ?17, due_at \
     = ?18, attention = ?19, wxappid = ?20, re_openid = ?21, total_amount = ?22, wishing = \
     ?23, act_name = ?24, remark = ?25, sender_name = ?26, agentid = ?27, \
     sender_header_media_id = ?28, scene_id = ?29, status = ?30, detail_id = ?31, \
     seen_total_amount = ?32, reason = ?33, seen_act_name = ?34, seen_sender_name = ?35, \
     send_time = ?36, openid = ?37, amount = ?38, rcv_time = ?39, refund_amount = ?40, \
     refund_time = ?41, reply = ?42, send_reply = ?43, leased_until = NULL, leased_by = NULL \
     WHERE mch_id = ?1 AND mch_billno = ?2";

/// The same where the order and the reference are as they were, which is nearly always: their
/// indexes stay.
const MOVE: &str = "UPDATE inquiries SET version = ?3, appid = ?4, noted_at = ?6, sent_at = ?7, sends = ?8, \
     asks = ?9, asked_at = ?10, answered_at = ?11, verdict = ?12, cause = ?13, next_step = \
     ?14, is_final = ?15, unknown_since = ?16, is_contradicted = ?17, due_at = ?18, attention \
     = ?19, status = ?30, detail_id = ?31, seen_total_amount = ?32, reason = ?33, \
     seen_act_name = ?34, seen_sender_name = ?35, send_time = ?36, openid = ?37, amount = \
     ?38, rcv_time = ?39, refund_amount = ?40, refund_time = ?41, reply = ?42, send_reply = \
     ?43, leased_until = NULL, leased_by = NULL WHERE mch_id = ?1 AND mch_billno = ?2";

/// Makes the change; returns the inquiry's new version.
pub(in crate::sqlite) fn apply(
    connection: &Connection,
    group: &mut Group,
    ready: &Ready<InquiryCommit>,
) -> Result<u64, LedgerError> {
    let Ready { commit, raws, state, total } = ready;
    if commit.entries.is_empty() {
        return Err(LedgerError::NoEntries);
    }
    if let Some(wanted) = commit.numbers_of_ref
        && numbers_beside(connection, &commit.inquiry)? != i64::from(wanted)
    {
        return Err(LedgerError::Conflict);
    }
    let key = &commit.inquiry.key;
    let (statement, old) = match commit.expect {
        Expect::Absent => (INSERT, None),
        Expect::Version(version) => {
            let old = inquiry(connection, key)?.filter(|old| old.version == version);
            let (old, new) = (old.ok_or(LedgerError::Conflict)?, &commit.inquiry);
            let is_same = old.order == new.order && old.business_ref == new.business_ref;
            (if is_same { MOVE } else { UPDATE }, Some(old.total()))
        }
    };
    if put(connection, &commit.inquiry, statement)? == 0 {
        return Err(LedgerError::Conflict);
    }
    let account = group.account(connection, Book::Inquiries, &key.mch_id)?;
    let totals = account.shifted(connection, old, total.clone())?;
    let mut head = account.head();
    append(connection, &mut head, key, &commit.entries, raws, state)?;
    account.keep(head, totals);
    Ok(commit.inquiry.version)
}

/// How many other numbers have the inquiry's reference; without one, none.
fn numbers_beside(connection: &Connection, inquiry: &Inquiry) -> Result<i64, LedgerError> {
    let Some(business_ref) = &inquiry.business_ref else { return Ok(0) };
    let key = &inquiry.key;
    connection
        .prepare_cached(
            "SELECT count(*) FROM inquiries \
             WHERE mch_id = ?1 AND business_ref = ?2 AND mch_billno <> ?3",
        )
        .and_then(|mut s| {
            let values = params![key.mch_id.as_str(), business_ref, key.mch_billno.as_str()];
            s.query_row(values, |row| row.get(0))
        })
        .map_err(fault)
}

/// Writes an inquiry by `statement`, whose values are the columns of [`INSERT`]; returns how many rows
/// it wrote.
pub(in crate::sqlite) fn put(
    connection: &Connection,
    inquiry: &Inquiry,
    statement: &str,
) -> Result<usize, LedgerError> {
    let order = inquiry.order.as_ref();
    let seen = inquiry.seen.as_ref();
    let agentid = order.and_then(|order| match order.sender {
        Sender::Agent(agentid) => Some(agentid),
        _ => None,
    });
    let of_order = |part: fn(&Order) -> Option<&str>| order.and_then(part);
    let of_seen = |part: fn(&Seen) -> Option<&str>| seen.and_then(part);
    let amount = |part: fn(&Seen) -> Option<Fen>| seen.and_then(part).map(Fen::as_i64);
    let time = |part: fn(&Seen) -> Option<Timestamp>| seen.and_then(part).map(ms);
    let version = i64::try_from(inquiry.version).map_err(|_| LedgerError::Conflict)?;
    let values = params![
        inquiry.key.mch_id.as_str(),
        inquiry.key.mch_billno.as_str(),
        version,
        inquiry.appid.as_str(),
        inquiry.business_ref.as_deref(),
        ms(inquiry.noted_at),
        inquiry.sent_at.map(ms),
        inquiry.sends,
        inquiry.asks,
        inquiry.asked_at.map(ms),
        inquiry.answered_at.map(ms),
        &*inquiry.conclusion.verdict,
        inquiry.conclusion.cause.as_deref(),
        &*inquiry.conclusion.next_step,
        inquiry.conclusion.is_final,
        inquiry.unknown_since.map(ms),
        inquiry.is_contradicted,
        inquiry.due_at.map(ms),
        inquiry.attention.as_deref(),
        of_order(|order| Some(order.wxappid.as_str())),
        of_order(|order| Some(order.re_openid.as_str())),
        order.map(|order| order.total_amount.as_i64()),
        of_order(|order| Some(&order.wishing)),
        of_order(|order| Some(&order.act_name)),
        of_order(|order| Some(&order.remark)),
        of_order(|order| order.sender.name()),
        agentid,
        of_order(|order| order.sender_header_media_id.as_deref()),
        of_order(|order| order.scene.map(|scene| scene.as_str())),
        of_seen(|seen| Some(&seen.status)),
        of_seen(|seen| seen.detail_id.as_ref().map(|id| id.as_str())),
        amount(|seen| seen.total_amount),
        of_seen(|seen| seen.reason.as_deref()),
        of_seen(|seen| seen.act_name.as_deref()),
        of_seen(|seen| seen.sender_name.as_deref()),
        time(|seen| seen.send_time),
        of_seen(|seen| seen.openid.as_ref().map(|openid| openid.as_str())),
        amount(|seen| seen.amount),
        time(|seen| seen.rcv_time),
        amount(|seen| seen.refund_amount),
        time(|seen| seen.refund_time),
        inquiry.reply.as_deref(),
        inquiry.send_reply.as_deref(),
    ];
    connection.prepare_cached(statement).and_then(|mut s| s.execute(values)).map_err(fault)
}

fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}
