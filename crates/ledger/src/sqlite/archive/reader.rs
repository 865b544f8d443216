//! Reading chains, standings and totals, each page of one state of the file.

use super::history_of;
use crate::archive::{EachHead, Standing};
use crate::book::Book;
use crate::chain::{Head, Link, Mark, Raw};
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::history::{Entry, Source};
use crate::inquiry::Inquiry;
use crate::record::{Key, Record};
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::inquiries::reader::inquiry;
use crate::sqlite::reader::{all, find};
use crate::sqlite::rows::{at, fen, get, text, text_id, version};
use crate::total::{Outcome, Sum, Total, TotalKey};
use hongbao_wire::{MchBillno, MchId};
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// A limit, brought into its range.
fn rows_max(limit: u32) -> u32 {
    limit.clamp(1, 1000)
}

/// The head of every chain; an error where one is damaged.
pub(in crate::sqlite) fn heads(connection: &Connection) -> Result<Vec<Head>, LedgerError> {
    each_head(connection)?.into_iter().map(|(_, _, head)| head).collect()
}

/// The head of every chain, and an empty one for each merchant whose entries, packets or totals have none.
pub(in crate::sqlite) fn each_head(connection: &Connection) -> Result<Vec<EachHead>, LedgerError> {
    let reading = connection.unchecked_transaction().map_err(fault)?;
    let mut heads = Vec::new();
    for book in Book::ALL {
        let read = |row: &Row<'_>| {
            let mch_id: MchId = text_id(row, 0)?;
            let head = version(row, 1)
                .and_then(|position| Ok((position, get(row, 2)?)))
                .map(|(position, hash)| Head { book, mch_id: mch_id.clone(), position, hash });
            Ok((mch_id, head))
        };
        let query = "SELECT mch_id, position, hash FROM chains WHERE book = ?1";
        let mut of: BTreeMap<MchId, Result<Head, LedgerError>> =
            all(&reading, query, [book.as_str()], read)?.into_iter().collect();
        let totals = format!("totals WHERE book = '{}' AND", book.as_str());
        let packets = [history_of(book), book.as_str()].map(|table| format!("{table} WHERE"));
        for of_book in packets.into_iter().chain([totals]) {
            for mch_id in merchants_in(&reading, &of_book)? {
                of.entry(mch_id.clone()).or_insert_with(|| Ok(Head::empty(book, mch_id)));
            }
        }
        heads.extend(of.into_iter().map(|(mch_id, head)| (book, mch_id, head)));
    }
    Ok(heads)
}

/// Whether the chain passes through this head, as far as the mark of its entry says.
pub(in crate::sqlite) fn passes(connection: &Connection, head: &Head) -> Result<bool, LedgerError> {
    let query =
        format!("SELECT mark FROM {} WHERE mch_id = ?1 AND position = ?2", history_of(head.book));
    let mark: Option<Mark> = connection
        .prepare_cached(&query)
        .and_then(|mut s| {
            let values = params![head.mch_id.as_str(), head.position.cast_signed()];
            s.query_row(values, |row| row.get(0)).optional()
        })
        .map_err(fault)?;
    Ok(mark.map_or(head.position == 0, |mark| head.hash.starts_with(&mark)))
}

/// The merchants that rows of a table name: one look-up for each.
fn merchants_in(connection: &Connection, rows: &str) -> Result<Vec<MchId>, LedgerError> {
    let query = format!("SELECT min(mch_id) FROM {rows} mch_id > ?1");
    let mut statement = connection.prepare_cached(&query).map_err(fault)?;
    let (mut found, mut after) = (Vec::new(), String::new());
    while let Some(next) =
        statement.query_row([&after], |row| row.get::<_, Option<String>>(0)).map_err(fault)?
    {
        found.push(MchId::from(&*next));
        after = next;
    }
    Ok(found)
}

pub(super) fn links(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<Link>, LedgerError> {
    let query = format!(
        "SELECT mch_billno, position, at, source, event, raw, raw_digest, state, mark FROM {} \
         WHERE mch_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        history_of(book)
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    all(connection, &query, params![mch_id, after, rows_max(limit)], link)
}

fn link(row: &Row<'_>) -> Result<Link, LedgerError> {
    let source = text(row, 3)?;
    let raw = get::<Option<Vec<u8>>>(row, 5)?.map(Into::into);
    Ok(Link {
        mch_billno: text_id::<MchBillno>(row, 0)?,
        position: version(row, 1)?,
        entry: Entry {
            at: at(row, 2)?,
            source: Source::from_word(&source).ok_or_else(|| damaged("source"))?,
            event: text(row, 4)?,
            raw: None,
        },
        raw: Raw::from_columns(raw, get(row, 6)?),
        state: get(row, 7)?,
        mark: get(row, 8)?,
    })
}

pub(super) fn standings(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    after_billno: &str,
    limit: u32,
) -> Result<Vec<Standing>, LedgerError> {
    let reading = connection.unchecked_transaction().map_err(fault)?;
    let limit = rows_max(limit);
    let mut billnos = BTreeSet::new();
    for query in [
        format!(
            "SELECT mch_billno FROM {} WHERE mch_id = ?1 AND mch_billno > ?2 \
             ORDER BY mch_billno LIMIT ?3",
            book.as_str()
        ),
        format!(
            "SELECT DISTINCT mch_billno FROM {} WHERE mch_id = ?1 AND mch_billno > ?2 \
             ORDER BY mch_billno LIMIT ?3",
            history_of(book)
        ),
    ] {
        let values = params![mch_id, after_billno, limit];
        billnos.extend(all(&reading, &query, values, |row| text_id::<MchBillno>(row, 0))?);
    }
    let newest = format!(
        "SELECT state FROM {} WHERE mch_id = ?1 AND mch_billno = ?2 AND state IS NOT NULL \
         ORDER BY position DESC LIMIT 1",
        history_of(book)
    );
    let standing = |mch_billno: MchBillno| {
        let chained: Option<StateDigest> = reading
            .prepare_cached(&newest)
            .and_then(|mut s| {
                s.query_row([mch_id, mch_billno.as_str()], |row| row.get(0)).optional()
            })
            .map_err(fault)?;
        let key = Key::new(mch_id, mch_billno.clone());
        let found = match book {
            Book::Records => find(&reading, &key)?.as_ref().map(Record::state_digest),
            Book::Inquiries => inquiry(&reading, &key)?.as_ref().map(Inquiry::state_digest),
        };
        Ok(Standing { mch_billno, chained, found })
    };
    billnos.into_iter().take(limit as usize).map(standing).collect()
}

pub(super) fn totals(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    from: Option<Date>,
    to: Option<Date>,
) -> Result<Vec<Total>, LedgerError> {
    // As words, days are in order from the year 0 on; the bounds that are not given are left out.
    let query = "SELECT day, status, outcome, act_name, sender, packets, ordered, received, refunded \
         FROM totals WHERE mch_id = ?1 AND book = ?2 \
         AND day BETWEEN coalesce(?3, '') AND coalesce(?4, ':')";
    let (from, to) = (from.map(|day| day.to_string()), to.map(|day| day.to_string()));
    let mut totals = all(connection, query, params![mch_id, book.as_str(), from, to], total)?;
    totals.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(totals)
}

fn total(row: &Row<'_>) -> Result<Total, LedgerError> {
    let day: String = get(row, 0)?;
    let outcome: String = get(row, 2)?;
    Ok(Total {
        key: TotalKey {
            day: day.parse().map_err(|_| damaged("day"))?,
            status: text(row, 1)?,
            outcome: Outcome::from_word(&outcome).ok_or_else(|| damaged("outcome"))?,
            act_name: text(row, 3)?,
            sender: text(row, 4)?,
        },
        sum: Sum {
            packets: get::<i64>(row, 5)?.try_into().map_err(|_| damaged("packets"))?,
            ordered: fen(row, 6)?,
            received: fen(row, 7)?,
            refunded: fen(row, 8)?,
        },
    })
}

pub(super) fn settings(connection: &Connection) -> Result<Vec<(String, String)>, LedgerError> {
    let read = |row: &Row<'_>| Ok((get(row, 0)?, get(row, 1)?));
    all(connection, "SELECT name, value FROM settings ORDER BY name", [], read)
}
