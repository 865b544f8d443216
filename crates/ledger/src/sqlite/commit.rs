//! One change of one record, inside the writer's savepoint: what fails here is undone there.

use super::fault::{damaged, fault};
use super::group::{Group, append};
use super::reader::find;
use super::ready::Ready;
use super::rows::{fen, get, told_number};
use crate::book::Book;
use crate::budget::{Standing, veil};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::ledger::{Budget, Commit, Expect};
use crate::record::Record;
use hongbao_wire::Fen;
use hongbao_wire::send::Sender;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) const INSERT: &str = "INSERT INTO records (mch_id, mch_billno, reply, version, status, \
     status_at, told, due_at, play, wxappid, re_openid, total_amount, wishing, act_name, remark, \
     sender_name, agentid, sender_header_media_id, scene_id, sent_at, detail_id, reason, openid, \
     amount, rcv_time, refund_amount, refund_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
     ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27) \
     ON CONFLICT DO NOTHING";

pub(super) const UPDATE: &str = "UPDATE records SET reply = ?3, version = ?4, status = ?5, \
     status_at = ?6, told = ?7, due_at = ?8, play = ?9, wxappid = ?10, re_openid = ?11, \
     total_amount = ?12, wishing = ?13, act_name = ?14, remark = ?15, sender_name = ?16, \
     agentid = ?17, sender_header_media_id = ?18, scene_id = ?19, sent_at = ?20, \
     detail_id = ?21, reason = ?22, openid = ?23, amount = ?24, rcv_time = ?25, \
     refund_amount = ?26, refund_time = ?27, leased_until = NULL, leased_by = NULL \
     WHERE mch_id = ?1 AND mch_billno = ?2";

/// The same where the order is as it was, which is nearly always: the index of receivers stays.
const MOVE: &str = "UPDATE records SET reply = ?3, version = ?4, status = ?5, status_at = ?6, \
     told = ?7, due_at = ?8, play = ?9, sent_at = ?20, detail_id = ?21, reason = ?22, \
     openid = ?23, amount = ?24, rcv_time = ?25, refund_amount = ?26, refund_time = ?27, \
     leased_until = NULL, leased_by = NULL WHERE mch_id = ?1 AND mch_billno = ?2";

/// Makes the change; returns the record's new version.
pub(super) fn apply(
    connection: &Connection,
    group: &mut Group,
    ready: &Ready<Commit>,
) -> Result<u64, LedgerError> {
    let Ready { commit, raws, state, total } = ready;
    if commit.entries.is_empty() {
        return Err(LedgerError::NoEntries);
    }
    let key = &commit.record.key;
    let balance = balance(connection, key.mch_id.as_str())?;
    let (statement, old) = match commit.expect {
        Expect::Absent => (INSERT, None),
        Expect::Version(version) => {
            let old = find(connection, key)?.filter(|old| old.version == version);
            let old = old.ok_or(LedgerError::Conflict)?;
            let is_same = old.order == commit.record.order;
            (if is_same { MOVE } else { UPDATE }, Some(old.total()))
        }
    };
    if put(connection, &commit.record, commit.reply.as_deref(), statement)? == 0 {
        return Err(LedgerError::Conflict);
    }
    let mut after = balance;
    if let Some(budget) = &commit.budget {
        after = spend(connection, key.mch_id.as_str(), budget, balance)?;
    }
    if let Some(refund) = commit.refund {
        after = after.checked_add(refund).ok_or(LedgerError::Overflow)?;
    }
    if after != balance {
        set_balance(connection, key.mch_id.as_str(), after)?;
    }
    commit.findings.iter().try_for_each(|finding| add_finding(connection, finding))?;
    let account = group.account(connection, Book::Records, &key.mch_id)?;
    let totals = account.shifted(connection, old, total.clone())?;
    let mut head = account.head();
    append(connection, &mut head, key, &commit.entries, raws, state)?;
    account.keep(head, totals);
    Ok(commit.record.version)
}

/// The merchant's balance.
pub(super) fn balance(connection: &Connection, mch_id: &str) -> Result<Fen, LedgerError> {
    connection
        .prepare_cached("SELECT balance FROM merchants WHERE mch_id = ?1")
        .and_then(|mut s| s.query_row([mch_id], |row| Ok(fen(row, 0))).optional())
        .map_err(fault)?
        .ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))?
}

pub(super) fn set_balance(
    connection: &Connection,
    mch_id: &str,
    balance: Fen,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached("UPDATE merchants SET balance = ?2 WHERE mch_id = ?1")
        .and_then(|mut s| s.execute(params![mch_id, balance.as_i64()]))
        .map(drop)
        .map_err(fault)
}

/// Writes a record by `statement`, whose values are the columns of [`INSERT`]; returns how many rows
/// it wrote.
pub(super) fn put(
    connection: &Connection,
    record: &Record,
    reply: Option<&[u8]>,
    statement: &str,
) -> Result<usize, LedgerError> {
    let Record { key, order, .. } = record;
    let agentid = match order.sender {
        Sender::Agent(agentid) => Some(agentid),
        _ => None,
    };
    let version = i64::try_from(record.version).map_err(|_| LedgerError::Conflict)?;
    let values = params![
        key.mch_id.as_str(),
        key.mch_billno.as_str(),
        reply,
        version,
        record.status.as_ref().map(|status| status.as_str()),
        record.status_at.as_millisecond(),
        told_number(record.told),
        record.due_at.map(|at| at.as_millisecond()),
        &*record.play,
        order.wxappid.as_str(),
        order.re_openid.as_str(),
        order.total_amount.as_i64(),
        &*order.wishing,
        &*order.act_name,
        &*order.remark,
        order.sender.name(),
        agentid,
        order.sender_header_media_id.as_deref(),
        order.scene.map(|scene| scene.as_str()),
        record.sent_at.as_millisecond(),
        record.detail_id.as_ref().map(|id| id.as_str()),
        record.reason.as_deref(),
        record.receipt.as_ref().map(|receipt| receipt.openid.as_str()),
        record.receipt.as_ref().map(|receipt| receipt.amount.as_i64()),
        record.receipt.as_ref().map(|receipt| receipt.rcv_time.as_millisecond()),
        record.refund.as_ref().map(|refund| refund.refund_amount.as_i64()),
        record.refund.as_ref().map(|refund| refund.refund_time.as_millisecond()),
    ];
    connection.prepare_cached(statement).and_then(|mut s| s.execute(values)).map_err(fault)
}

/// Takes the send from the day's limits; returns the balance that is left.
fn spend(
    connection: &Connection,
    mch_id: &str,
    budget: &Budget,
    balance: Fen,
) -> Result<Fen, LedgerError> {
    let day = budget.day.to_string();
    // Under its veil, where the receiver was forgotten that day.
    let veiled = veil(mch_id, budget.day, &budget.re_openid);
    let (openid, (user_packets, user_amount)) = match usage(connection, mch_id, &day, &veiled)? {
        Some(used) => (&*veiled, used),
        None => {
            let openid = budget.re_openid.as_str();
            (openid, usage(connection, mch_id, &day, openid)?.unwrap_or_default())
        }
    };
    let (merchant_packets, merchant_amount) =
        usage(connection, mch_id, &day, "")?.unwrap_or_default();
    let before = Standing { user_packets, user_amount, merchant_packets, merchant_amount, balance };
    let after = budget.spend(before)?;
    let set = |openid, packets: u32, amount: Fen| {
        connection
            .prepare_cached(
                "INSERT INTO usage (mch_id, day, openid, packets, fen) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (mch_id, day, openid) \
                 DO UPDATE SET packets = excluded.packets, fen = excluded.fen",
            )
            .and_then(|mut s| s.execute(params![mch_id, &day, openid, packets, amount.as_i64()]))
            .map_err(fault)
    };
    set(openid, after.user_packets, after.user_amount)?;
    set("", after.merchant_packets, after.merchant_amount)?;
    Ok(after.balance)
}

fn usage(
    connection: &Connection,
    mch_id: &str,
    day: &str,
    openid: &str,
) -> Result<Option<(u32, Fen)>, LedgerError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT packets, fen FROM usage WHERE mch_id = ?1 AND day = ?2 AND openid = ?3",
        )
        .map_err(fault)?;
    let mut rows = statement.query([mch_id, day, openid]).map_err(fault)?;
    match rows.next().map_err(fault)? {
        None => Ok(None),
        Some(row) => {
            let packets = get::<i64>(row, 0)?.try_into().map_err(|_| damaged("packets"))?;
            Ok(Some((packets, fen(row, 1)?)))
        }
    }
}

pub(super) fn add_finding(connection: &Connection, finding: &Finding) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO findings (mch_id, first_billno, second_billno, at, re_openid, \
             total_amount, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut s| {
            s.execute(params![
                finding.mch_id.as_str(),
                finding.first_billno.as_str(),
                finding.second_billno.as_str(),
                finding.at.as_millisecond(),
                finding.re_openid.as_str(),
                finding.total_amount.as_i64(),
                &*finding.told,
            ])
        })
        .map(drop)
        .map_err(fault)
}
