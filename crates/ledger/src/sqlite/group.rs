//! What the changes of one transaction share: the end of each chain and the totals, read once and
//! written once. A change that fails leaves nothing of itself here.

use super::fault::{damaged, fault};
use super::rows::{fen, get, version};
use crate::book::Book;
use crate::chain::{Head, Link, Raw};
use crate::digest::{Digest, StateDigest};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::record::Key;
use crate::total::{Sum, Total, TotalKey, shifted};
use hongbao_wire::MchId;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// The books that a transaction changes.
#[derive(Clone, Default)]
pub(super) struct Group {
    accounts: Vec<Account>,
}

/// One book of one merchant.
#[derive(Clone)]
pub(super) struct Account {
    head: Head,
    has_moved: bool,
    totals: HashMap<TotalKey, Tally>,
}

#[derive(Clone)]
struct Tally {
    sum: Sum,
    has_changed: bool,
}

impl Group {
    pub(super) fn account(
        &mut self,
        connection: &Connection,
        book: Book,
        mch_id: &MchId,
    ) -> Result<&mut Account, LedgerError> {
        let is_it = |account: &Account| account.head.book == book && account.head.mch_id == *mch_id;
        let at = match self.accounts.iter().position(is_it) {
            Some(at) => at,
            None => {
                let head = head(connection, book, mch_id)?;
                self.accounts.push(Account { head, has_moved: false, totals: HashMap::new() });
                self.accounts.len() - 1
            }
        };
        Ok(&mut self.accounts[at])
    }

    /// Writes what has changed.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), LedgerError> {
        for account in &self.accounts {
            if account.has_moved {
                set_head(connection, &account.head)?;
            }
            for (key, tally) in &account.totals {
                if tally.has_changed {
                    set_total(connection, &account.head, key, &tally.sum)?;
                }
            }
        }
        Ok(())
    }
}

impl Account {
    /// Where the chain ends now; goes on as a copy until it is kept.
    pub(super) fn head(&self) -> Head {
        self.head.clone()
    }

    /// What the totals are once a packet counts as `new` and no longer as `old`.
    pub(super) fn shifted(
        &mut self,
        connection: &Connection,
        old: Option<Total>,
        new: Total,
    ) -> Result<Vec<Total>, LedgerError> {
        let Self { head, totals, .. } = self;
        shifted(old, new, |key| {
            if let Some(tally) = totals.get(key) {
                return Ok(tally.sum);
            }
            let sum = total(connection, head, key)?;
            totals.insert(key.clone(), Tally { sum, has_changed: false });
            Ok(sum)
        })
    }

    /// Takes over what a change that is done has made of them.
    pub(super) fn keep(&mut self, head: Head, totals: Vec<Total>) {
        self.has_moved |= head.position > self.head.position;
        self.head = head;
        for Total { key, sum } in totals {
            self.totals.insert(key, Tally { sum, has_changed: true });
        }
    }
}

/// The columns of a history, in the order of its values.
macro_rules! append_to {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (mch_id, position, mch_billno, at, source, event, mark, state, raw_digest, raw) ",
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        )
    };
}

const fn append_to(book: Book) -> &'static str {
    match book {
        Book::Records => append_to!("history"),
        Book::Inquiries => append_to!("inquiry_history"),
    }
}

/// Appends the entries of a commit to the history and the chain. `raws` are the digests of
/// their raw messages, `state` that of what is known with the last of them.
pub(super) fn append(
    connection: &Connection,
    head: &mut Head,
    key: &Key,
    entries: &[Entry],
    raws: &[Option<Digest>],
    state: &StateDigest,
) -> Result<(), LedgerError> {
    let mut statement = connection.prepare_cached(append_to(head.book)).map_err(fault)?;
    let last = entries.len().saturating_sub(1);
    for (at, (entry, raw)) in entries.iter().zip(raws).enumerate() {
        let state = (at == last).then_some(state);
        let (position, mark) = head.push(key.mch_billno.as_str(), entry, raw.as_ref(), state);
        statement
            .execute(params![
                key.mch_id.as_str(),
                position.cast_signed(),
                key.mch_billno.as_str(),
                entry.at.as_millisecond(),
                entry.source.as_str(),
                &*entry.event,
                mark,
                state,
                None::<Digest>,
                entry.raw.as_deref(),
            ])
            .map_err(fault)?;
    }
    Ok(())
}

/// Appends an entry that was never chained, and whose raw message may be gone.
pub(super) fn put_chained(
    connection: &Connection,
    head: &mut Head,
    key: &Key,
    entry: Entry,
    raw: Raw,
    state: Option<StateDigest>,
) -> Result<(), LedgerError> {
    let digest = raw.digest();
    let (position, mark) =
        head.push(key.mch_billno.as_str(), &entry, digest.as_ref(), state.as_ref());
    let mch_billno = key.mch_billno.clone();
    put_link(connection, head, &Link { mch_billno, position, entry, raw, state, mark })
}

/// Writes a link as it comes from another ledger.
pub(super) fn put_link(
    connection: &Connection,
    head: &Head,
    link: &Link,
) -> Result<(), LedgerError> {
    let (raw, removed) = match &link.raw {
        Raw::Absent => (None, None),
        Raw::Kept(raw) => (Some(&**raw), None),
        Raw::Removed(digest) => (None, Some(digest)),
    };
    connection
        .prepare_cached(append_to(head.book))
        .and_then(|mut s| {
            s.execute(params![
                head.mch_id.as_str(),
                link.position.cast_signed(),
                link.mch_billno.as_str(),
                link.entry.at.as_millisecond(),
                link.entry.source.as_str(),
                &*link.entry.event,
                link.mark,
                link.state,
                removed,
                raw,
            ])
        })
        .map(drop)
        .map_err(fault)
}

/// The end of a chain; its beginning where there is none.
pub(super) fn head(
    connection: &Connection,
    book: Book,
    mch_id: &MchId,
) -> Result<Head, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT position, hash FROM chains WHERE mch_id = ?1 AND book = ?2")
        .map_err(fault)?;
    let mut rows = statement.query(params![mch_id.as_str(), book.as_str()]).map_err(fault)?;
    match rows.next().map_err(fault)? {
        None => Ok(Head::empty(book, mch_id.clone())),
        Some(row) => Ok(Head {
            book,
            mch_id: mch_id.clone(),
            position: version(row, 0)?,
            hash: get(row, 1)?,
        }),
    }
}

fn set_head(connection: &Connection, head: &Head) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO chains (mch_id, book, position, hash) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (mch_id, book) \
             DO UPDATE SET position = excluded.position, hash = excluded.hash",
        )
        .and_then(|mut s| {
            let position = head.position.cast_signed();
            s.execute(params![head.mch_id.as_str(), head.book.as_str(), position, head.hash])
        })
        .map(drop)
        .map_err(fault)
}

fn total(connection: &Connection, head: &Head, key: &TotalKey) -> Result<Sum, LedgerError> {
    let values = params![
        head.mch_id.as_str(),
        head.book.as_str(),
        key.day.to_string(),
        key.status,
        key.outcome.as_str(),
        key.act_name,
        key.sender,
    ];
    let read = |row: &rusqlite::Row<'_>| {
        Ok(get::<i64>(row, 0)
            .and_then(|packets| packets.try_into().map_err(|_| damaged("packets")))
            .and_then(|packets| {
                let (ordered, received, refunded) = (fen(row, 1)?, fen(row, 2)?, fen(row, 3)?);
                Ok(Sum { packets, ordered, received, refunded })
            }))
    };
    connection
        .prepare_cached(
            "SELECT packets, ordered, received, refunded FROM totals WHERE mch_id = ?1 \
             AND book = ?2 AND day = ?3 AND status = ?4 AND outcome = ?5 AND act_name = ?6 \
             AND sender = ?7",
        )
        .and_then(|mut s| s.query_row(values, read).optional())
        .map_err(fault)?
        .unwrap_or(Ok(Sum::default()))
}

pub(super) fn set_total(
    connection: &Connection,
    head: &Head,
    key: &TotalKey,
    sum: &Sum,
) -> Result<(), LedgerError> {
    let (mch_id, book) = (head.mch_id.as_str(), head.book.as_str());
    let (day, outcome) = (key.day.to_string(), key.outcome.as_str());
    let TotalKey { status, act_name, sender, .. } = key;
    if sum.packets == 0 {
        return connection
            .prepare_cached(
                "DELETE FROM totals WHERE mch_id = ?1 AND book = ?2 AND day = ?3 AND status = ?4 \
                 AND outcome = ?5 AND act_name = ?6 AND sender = ?7",
            )
            .and_then(|mut s| {
                s.execute(params![mch_id, book, day, status, outcome, act_name, sender])
            })
            .map(drop)
            .map_err(fault);
    }
    connection
        .prepare_cached(
            "INSERT INTO totals (mch_id, book, day, status, outcome, act_name, sender, packets, \
             ordered, received, refunded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (mch_id, book, day, status, outcome, act_name, sender) DO UPDATE SET \
             packets = excluded.packets, ordered = excluded.ordered, \
             received = excluded.received, refunded = excluded.refunded",
        )
        .and_then(|mut s| {
            s.execute(params![
                mch_id,
                book,
                day,
                status,
                outcome,
                act_name,
                sender,
                sum.packets.cast_signed(),
                sum.ordered.as_i64(),
                sum.received.as_i64(),
                sum.refunded.as_i64(),
            ])
        })
        .map(drop)
        .map_err(fault)
}
