//! Removing what need not or must not be kept any longer, without breaking a chain.

use crate::archive::Forgotten;
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::Inquiry;
use crate::postgres::PostgresLedger;
use crate::postgres::chains::{self, history};
use crate::postgres::commit::{write_record, write_usage};
use crate::postgres::door::{Connection, Door, Value};
use crate::postgres::fault::{Fault, Kind, Outcome};
use crate::postgres::inquiries::rows::{INQUIRY, inquiry, write as write_inquiry};
use crate::postgres::reader::select_records;
use crate::postgres::retry::Tries;
use crate::postgres::rows::{fen, get, record, small};
use crate::postgres::text::Text;
use crate::record::Record;
use hongbao_wire::{Fen, MchBillno, OpenId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most messages that one call removes.
const TRIM_MAX: u32 = 1_000;

/// Puts in the place of a message its hash. The server does it: no message is read for it.
const WITHOUT_RAW: &str = "raw = NULL, raw_removed = sha256(raw)";
/// How many packets of a receiver are read at one time.
const PAGE: usize = 500;

/// Removes raw messages of entries before a time, the oldest first.
pub(super) async fn trim(
    door: &Door,
    book: Book,
    mch_id: &str,
    before: Timestamp,
    limit: u32,
) -> Result<u64, LedgerError> {
    let mut tries = Tries::default();
    let limit = i64::from(limit.min(TRIM_MAX));
    loop {
        match try_to_trim(door, book, mch_id, before, limit).await {
            // What was removed is not there to be removed again.
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_to_trim(
    door: &Door,
    book: Book,
    mch_id: &str,
    before: Timestamp,
    limit: i64,
) -> Outcome<u64> {
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    chains::lock(&connection, book, mch_id).await?;
    let table = history(book);
    let statement = format!(
        "UPDATE {table} h SET {WITHOUT_RAW} FROM (SELECT position, at FROM {table} \
         WHERE mch_id = $1 AND at < $2 AND raw IS NOT NULL ORDER BY at, position LIMIT $3) old \
         WHERE h.mch_id = $1 AND h.position = old.position AND h.at = old.at"
    );
    let before = crate::time::first_ms_from(before);
    let removed = connection.execute(&statement, &[&Text(mch_id), &before, &limit]).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(removed)
}

/// Puts an alias in the place of a receiver, everywhere and at once.
pub(super) async fn forget(
    ledger: &PostgresLedger,
    mch_id: &str,
    openid: &OpenId,
    alias: &OpenId,
    at: Timestamp,
) -> Result<Forgotten, LedgerError> {
    let entry = Entry::forgotten(at);
    for book in Book::ALL {
        ledger.ready(book, std::iter::once(at)).await?;
    }
    let values = [Text(mch_id), Text(openid.as_str())];
    let eraser = Eraser { mch_id, openid, alias, entry, values };
    let mut tries = Tries::default();
    loop {
        match eraser.run(&ledger.door).await {
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

/// The packets of $1 that name $2, those after the number $3.
const OF_RECEIVER: &str =
    "WHERE mch_id = $1 AND (re_openid = $2 OR openid = $2) AND mch_billno > $3 ORDER BY mch_billno";

struct Eraser<'e> {
    mch_id: &'e str,
    openid: &'e OpenId,
    alias: &'e OpenId,
    entry: Entry,
    /// $1 and $2 of the queries here.
    values: [Text<'e>; 2],
}

impl Eraser<'_> {
    async fn run(&self, door: &Door) -> Outcome<Forgotten> {
        let connection = door.connection().await?;
        connection.run("BEGIN").await?;
        let mut forgotten = Forgotten::default();
        // Always in this order, so that two of these cannot wait for each other.
        for book in Book::ALL {
            let Some(head) = chains::lock(&connection, book, self.mch_id).await? else { continue };
            match book {
                Book::Records => self.records(&connection, head, &mut forgotten).await?,
                Book::Inquiries => self.inquiries(&connection, head, &mut forgotten).await?,
            }
        }
        self.beside(&connection).await?;
        connection.run("COMMIT").await?;
        connection.give_back();
        Ok(forgotten)
    }

    async fn records(
        &self,
        connection: &Connection,
        mut head: Head,
        forgotten: &mut Forgotten,
    ) -> Outcome<()> {
        let before = head.position;
        let query = "SELECT count(reply) FROM records \
             WHERE mch_id = $1 AND (re_openid = $2 OR openid = $2)";
        forgotten.messages += self.count(connection, query).await?;
        let query = select_records(&format!("{OF_RECEIVER} LIMIT {PAGE}"));
        let mut after = String::new();
        loop {
            let mut links = Vec::new();
            for row in connection.rows(&query, &self.values_after(&Text(&after))).await? {
                let record = self.without_in_record(record(&row)?)?;
                links.extend(self.link(&mut head, &record.key.mch_billno, record.state_digest()));
                write_record(connection, &record, None).await?;
            }
            self.close(connection, head.book, &links, forgotten).await?;
            let Some(last) = links.last().filter(|_| links.len() >= PAGE) else { break };
            after = last.mch_billno.to_string();
        }
        if head.position > before {
            let touch = "UPDATE merchants SET version = version + 1 WHERE mch_id = $1";
            connection.execute(touch, &[&self.values[0]]).await?;
        }
        chains::write_head(connection, &head).await
    }

    async fn inquiries(
        &self,
        connection: &Connection,
        mut head: Head,
        forgotten: &mut Forgotten,
    ) -> Outcome<()> {
        let query = "SELECT count(reply) + count(send_reply) FROM inquiries \
             WHERE mch_id = $1 AND (re_openid = $2 OR openid = $2)";
        forgotten.messages += self.count(connection, query).await?;
        let query = format!("SELECT {INQUIRY} FROM inquiries {OF_RECEIVER} LIMIT {PAGE}");
        let mut after = String::new();
        loop {
            let mut links = Vec::new();
            for row in connection.rows(&query, &self.values_after(&Text(&after))).await? {
                let inquiry = self.without_in_inquiry(inquiry(&row)?)?;
                links.extend(self.link(&mut head, &inquiry.key.mch_billno, inquiry.state_digest()));
                write_inquiry(connection, &inquiry).await?;
            }
            self.close(connection, head.book, &links, forgotten).await?;
            let Some(last) = links.last().filter(|_| links.len() >= PAGE) else { break };
            after = last.mch_billno.to_string();
        }
        chains::write_head(connection, &head).await
    }

    fn values(&self) -> [Value<'_>; 2] {
        [&self.values[0], &self.values[1]]
    }

    fn values_after<'v>(&'v self, after: &'v Text<'v>) -> [Value<'v>; 3] {
        [&self.values[0], &self.values[1], after]
    }

    async fn count(&self, connection: &Connection, query: &str) -> Outcome<u64> {
        let row = connection.row(query, &self.values()).await?;
        Ok(row.map(|row| get::<i64>(&row, 0)).transpose()?.unwrap_or(0).unsigned_abs())
    }

    fn link(&self, head: &mut Head, mch_billno: &MchBillno, state: [u8; 16]) -> Vec<Link> {
        head.append(mch_billno, std::slice::from_ref(&self.entry), state)
    }

    fn without_in_record(&self, record: Record) -> Result<Record, LedgerError> {
        if record.can_still_change(self.entry.at) {
            return Err(LedgerError::StillOpen(record.key.mch_billno.to_string()));
        }
        let version = record.version.saturating_add(1);
        Ok(Record { version, ..record.renamed(self.openid, self.alias) })
    }

    fn without_in_inquiry(&self, inquiry: Inquiry) -> Result<Inquiry, LedgerError> {
        if inquiry.can_still_change(self.entry.at) {
            return Err(LedgerError::StillOpen(inquiry.key.mch_billno.to_string()));
        }
        let version = inquiry.version.saturating_add(1);
        Ok(Inquiry { version, ..inquiry.renamed(self.openid, self.alias) })
    }

    /// Removes the messages of the packets, and writes their new entries.
    async fn close(
        &self,
        connection: &Connection,
        book: Book,
        links: &[Link],
        forgotten: &mut Forgotten,
    ) -> Outcome<()> {
        let numbers: Vec<Text<'_>> =
            links.iter().map(|link| Text(link.mch_billno.as_str())).collect();
        let statement = format!(
            "UPDATE {} SET {WITHOUT_RAW} \
             WHERE mch_id = $1 AND mch_billno = ANY($2) AND raw IS NOT NULL",
            history(book)
        );
        forgotten.messages +=
            connection.execute(&statement, &[&Text(self.mch_id), &numbers]).await?;
        for link in links {
            chains::write_link(connection, book, self.mch_id, link).await?;
        }
        forgotten.packets += links.len() as u64;
        Ok(())
    }

    /// What else names the receiver: the use of the limits, and what the watch found.
    async fn beside(&self, connection: &Connection) -> Outcome<()> {
        let (mch_id, openid) = (Text(self.mch_id), Text(self.openid.as_str()));
        let alias = self.alias.as_str();
        let findings = "UPDATE findings SET re_openid = $3 WHERE mch_id = $1 AND re_openid = $2";
        connection.execute(findings, &[&mch_id, &openid, &Text(alias)]).await?;
        let usage = "DELETE FROM usage WHERE mch_id = $1 AND openid = $2 \
             RETURNING day, packets, fen";
        let mut used: BTreeMap<String, (u32, Fen)> = BTreeMap::new();
        for row in connection.rows(usage, &[&mch_id, &openid]).await? {
            used.insert(get(&row, 0)?, (small(&row, 1)?, fen(&row, 2)?));
        }
        for row in connection.rows(usage, &[&mch_id, &Text(alias)]).await? {
            let (packets, amount) = used.entry(get(&row, 0)?).or_default();
            *packets = packets.saturating_add(small(&row, 1)?);
            *amount = amount.checked_add(fen(&row, 2)?).unwrap_or(Fen::MAX);
        }
        for (day, sum) in used {
            write_usage(connection, self.mch_id, &day, alias, sum).await?;
        }
        Ok(())
    }
}
