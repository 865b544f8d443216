//! The step of version 3 that SQL cannot take: it chains the entries that are there, in the
//! order in which they were written, and counts the totals. Row by row: a large ledger is not
//! held in memory.

use super::told::Told;
use crate::book::Book;
use crate::chain::{Head, Raw};
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::history::{Entry, Source};
use crate::inquiry::Inquiry;
use crate::record::{Key, Record};
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::group::{Group, put_chained};
use crate::sqlite::inquiries::rows as inquiry_rows;
use crate::sqlite::rows::{self, at, get, text, text_id};
use crate::total::Total;
use hongbao_wire::{MchBillno, MchId};
use rusqlite::{Connection, Row};

/// What is no longer needed, and what is made once all rows are there.
const FINISH: &str = "DROP TABLE history_unchained; DROP TABLE inquiry_history_unchained; \
     ALTER TABLE records DROP COLUMN entries; ALTER TABLE inquiries DROP COLUMN entries; \
     CREATE INDEX history_packet ON history (mch_id, mch_billno); \
     CREATE INDEX inquiry_history_packet ON inquiry_history (mch_id, mch_billno); \
     CREATE INDEX history_raw ON history (mch_id, at) WHERE raw IS NOT NULL; \
     CREATE INDEX inquiry_history_raw ON inquiry_history (mch_id, at) WHERE raw IS NOT NULL;";

/// How many rows are taken before the heads and totals so far are written.
const ROWS_MAX: u32 = 10_000;

pub(super) fn chain(connection: &Connection, mut told: Told<'_>) -> Result<(), LedgerError> {
    let books = [
        (Book::Records, "history_unchained", "records"),
        (Book::Inquiries, "inquiry_history_unchained", "inquiries"),
    ];
    for (book, old, packets) in books {
        chain_book(connection, book, old, packets, &mut told)?;
    }
    let record = |row: &Row<'_>| rows::record(row).map(|r| (r.key.mch_id.clone(), r.total()));
    let query = format!("SELECT {} FROM records", rows::RECORD);
    count(connection, Book::Records, &query, record, &mut told)?;
    let inquiry =
        |row: &Row<'_>| inquiry_rows::inquiry(row).map(|i| (i.key.mch_id.clone(), i.total()));
    let query = format!("SELECT {} FROM inquiries", inquiry_rows::INQUIRY);
    count(connection, Book::Inquiries, &query, inquiry, &mut told)?;
    told.end();
    connection.execute_batch(FINISH).map_err(fault)
}

fn chain_book(
    connection: &Connection,
    book: Book,
    old: &str,
    packets: &str,
    told: &mut Told<'_>,
) -> Result<(), LedgerError> {
    let query = format!(
        "SELECT h.mch_id, h.mch_billno, h.at, h.source, h.event, h.raw, h.seq = p.entries \
         FROM {old} h LEFT JOIN {packets} p USING (mch_id, mch_billno) ORDER BY h.rowid"
    );
    let mut statement = connection.prepare(&query).map_err(fault)?;
    let mut found = statement.query([]).map_err(fault)?;
    let (mut group, mut taken) = (Group::default(), 0);
    while let Some(row) = found.next().map_err(fault)? {
        let key = Key::new(text_id::<MchId>(row, 0)?, text_id::<MchBillno>(row, 1)?);
        let source = text(row, 3)?;
        let raw = get::<Option<Vec<u8>>>(row, 5)?.map(Into::into);
        let entry = Entry {
            at: at(row, 2)?,
            source: Source::from_word(&source).ok_or_else(|| damaged("source"))?,
            event: text(row, 4)?,
            raw: None,
        };
        let is_last = get::<Option<bool>>(row, 6)?.unwrap_or(false);
        let state = if is_last { state(connection, book, &key)? } else { None };
        let account = group.account(connection, book, &key.mch_id)?;
        let mut head: Head = account.head();
        put_chained(connection, &mut head, &key, entry, Raw::from_columns(raw, None), state)?;
        account.keep(head, Vec::new());
        taken += 1;
        if taken % ROWS_MAX == 0 {
            std::mem::take(&mut group).write(connection)?;
            told.more(ROWS_MAX);
        }
    }
    group.write(connection)?;
    told.more(taken % ROWS_MAX);
    Ok(())
}

/// The digest of what is known of a packet now.
fn state(
    connection: &Connection,
    book: Book,
    key: &Key,
) -> Result<Option<StateDigest>, LedgerError> {
    Ok(match book {
        Book::Records => {
            crate::sqlite::reader::find(connection, key)?.as_ref().map(Record::state_digest)
        }
        Book::Inquiries => crate::sqlite::inquiries::reader::inquiry(connection, key)?
            .as_ref()
            .map(Inquiry::state_digest),
    })
}

fn count(
    connection: &Connection,
    book: Book,
    query: &str,
    read: impl Fn(&Row<'_>) -> Result<(MchId, Total), LedgerError>,
    told: &mut Told<'_>,
) -> Result<(), LedgerError> {
    let mut statement = connection.prepare(query).map_err(fault)?;
    let mut found = statement.query([]).map_err(fault)?;
    let (mut group, mut taken) = (Group::default(), 0);
    while let Some(row) = found.next().map_err(fault)? {
        let (mch_id, total) = read(row)?;
        let account = group.account(connection, book, &mch_id)?;
        let totals = account.shifted(connection, None, total)?;
        account.keep(account.head(), totals);
        taken += 1;
        if taken % ROWS_MAX == 0 {
            std::mem::take(&mut group).write(connection)?;
            told.more(ROWS_MAX);
        }
    }
    group.write(connection)?;
    told.more(taken % ROWS_MAX);
    Ok(())
}
