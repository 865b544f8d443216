//! What belongs to a merchant beside its packets.

use crate::archive::{Estate, Usage};
use crate::error::LedgerError;
use crate::seal::SealKey;
use crate::sqlite::commit::add_finding;
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::merchants;
use crate::sqlite::reader::{all, findings};
use crate::sqlite::rows::{fen, get, text};
use jiff::civil::Date;
use rusqlite::{Connection, Row, params};

pub(super) fn read(
    connection: &Connection,
    key: &SealKey,
    mch_id: &str,
    from: Date,
) -> Result<Estate, LedgerError> {
    let reading = connection.unchecked_transaction().map_err(fault)?;
    let usage = |row: &Row<'_>| {
        let day: String = get(row, 0)?;
        Ok(Usage {
            day: day.parse().map_err(|_| damaged("day"))?,
            openid: text(row, 1)?,
            packets: get::<i64>(row, 2)?.try_into().map_err(|_| damaged("packets"))?,
            amount: fen(row, 3)?,
        })
    };
    let query = "SELECT day, openid, packets, fen FROM usage WHERE mch_id = ?1 AND day >= ?2 \
         ORDER BY day, openid";
    Ok(Estate {
        merchant: merchants::one(&reading, key, mch_id)?,
        usage: all(&reading, query, [mch_id, &from.to_string()], usage)?,
        findings: findings(&reading, Some(mch_id))?,
    })
}

pub(super) fn receive(
    connection: &Connection,
    key: &SealKey,
    mch_id: &str,
    estate: &Estate,
) -> Result<(), LedgerError> {
    match &estate.merchant {
        Some(merchant) => merchants::put(connection, key, merchant)?,
        // What is beside packets belongs to a merchant that is listed.
        None if merchants::one(connection, key, mch_id)?.is_none() => return Ok(()),
        None => {}
    }
    for statement in
        ["DELETE FROM usage WHERE mch_id = ?1", "DELETE FROM findings WHERE mch_id = ?1"]
    {
        connection
            .prepare_cached(statement)
            .and_then(|mut s| s.execute([mch_id]))
            .map_err(fault)?;
    }
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO usage (mch_id, day, openid, packets, fen) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .map_err(fault)?;
    for used in &estate.usage {
        let day = used.day.to_string();
        let values = params![mch_id, day, used.openid, used.packets, used.amount.as_i64()];
        insert.execute(values).map_err(fault)?;
    }
    estate.findings.iter().try_for_each(|finding| add_finding(connection, finding))
}
