//! Forgetting a receiver: an alias in every place, no message, and an entry that says so.

use super::erase;
use super::naming::Named;
use crate::archive::{Forgotten, alias_is_used, check_alias};
use crate::book::Book;
use crate::budget::in_place_of;
use crate::chain::{Head, Link};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::Inquiry;
use crate::postgres::chains::{self, history};
use crate::postgres::commit::{write_record, write_usage};
use crate::postgres::door::{Connection, Door, Value};
use crate::postgres::fault::{Fault, Kind, Outcome, damaged};
use crate::postgres::inquiries::reader::of_receiver;
use crate::postgres::inquiries::rows::{INQUIRY, inquiry, write as write_inquiry};
use crate::postgres::reader::select_records;
use crate::postgres::retry::Tries;
use crate::postgres::rows::{fen, get, record, small, text};
use crate::postgres::text::{Text, is};
use crate::postgres::{PostgresLedger, months};
use crate::record::Record;
use hongbao_wire::{Fen, MchBillno, OpenId};
use jiff::Timestamp;

/// How many packets of a receiver are read at one time.
const PAGE: usize = 500;

/// Puts an alias in the place of a receiver, everywhere and at once.
pub(super) async fn forget(
    ledger: &PostgresLedger,
    mch_id: &str,
    openid: &OpenId,
    alias: &OpenId,
    at: Timestamp,
) -> Result<Forgotten, LedgerError> {
    check_alias(openid, alias)?;
    for book in Book::ALL {
        if is_used(&ledger.door, book, mch_id, alias).await? {
            return Err(alias_is_used());
        }
        ledger.ready(book, std::iter::once(at)).await?;
    }
    let values = [Text(mch_id), Text(openid.as_str())];
    let eraser = Eraser { mch_id, openid, alias, entry: Entry::forgotten(at), values };
    let mut tries = Tries::default();
    loop {
        match eraser.run(&ledger.door).await {
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

/// Whether packets name the alias that it was not put into. Of those that name it one is looked at: either it
/// stands for somebody in all of them, or in none.
async fn is_used(
    door: &Door,
    book: Book,
    mch_id: &str,
    alias: &OpenId,
) -> Result<bool, LedgerError> {
    let table = book.as_str();
    let query = format!(
        "(SELECT mch_billno FROM {table} WHERE mch_id = $1 AND {} LIMIT 1) UNION ALL \
         (SELECT mch_billno FROM {table} WHERE mch_id = $1 AND {} LIMIT 1) LIMIT 1",
        is("re_openid", "$2"),
        is("openid", "$2")
    );
    let values: [Value<'_>; 2] = [&Text(mch_id), &Text(alias.as_str())];
    let Some(mch_billno) = door.one(&query, &values, |row| text(row, 0)).await? else {
        return Ok(false);
    };
    let query = format!(
        "SELECT 1 FROM {} WHERE mch_id = $1 AND mch_billno = $2 \
         AND source = 'admin' AND event = 'forgotten' LIMIT 1",
        history(book)
    );
    let values: [Value<'_>; 2] = [&Text(mch_id), &Text(&mch_billno)];
    let is_alias = door.one(&query, &values, |_| Ok(())).await?.is_some();
    // The entry that says so may lie in a month that is detached.
    Ok(!is_alias && months::detached(door, book, mch_id, 0).await?.is_empty())
}

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
        // What is there already is looked through before the merchant's locks are taken.
        let mut named = [Named::default(), Named::default()];
        for (book, named) in Book::ALL.into_iter().zip(&mut named) {
            *named = Named::so_far(&connection, book, self.mch_id, self.openid).await?;
        }
        connection.run("BEGIN").await?;
        let mut forgotten = Forgotten::default();
        // Always in this order, so that two of these cannot wait for each other.
        for (book, named) in Book::ALL.into_iter().zip(&mut named) {
            let Some(head) = chains::lock(&connection, book, self.mch_id).await? else { continue };
            named.look_on(&connection, book, self.mch_id, self.openid, head.position).await?;
            match book {
                Book::Records => self.records(&connection, head, &mut forgotten).await?,
                Book::Inquiries => self.inquiries(&connection, head, &mut forgotten).await?,
            }
            forgotten.messages +=
                erase::of_entries(&connection, book, self.mch_id, &named.positions).await?;
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
        let of_receiver = of_receiver("records", "$2");
        let query = format!("SELECT count(reply) FROM records WHERE mch_id = $1 AND {of_receiver}");
        forgotten.messages += self.count(connection, &query).await?;
        let query = select_records(&self.page_of(&of_receiver));
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
        let of_receiver = of_receiver("inquiries", "$2");
        let query = format!(
            "SELECT count(reply) + count(send_reply) FROM inquiries \
             WHERE mch_id = $1 AND {of_receiver}"
        );
        forgotten.messages += self.count(connection, &query).await?;
        let query = format!("SELECT {INQUIRY} FROM inquiries {}", self.page_of(&of_receiver));
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

    /// The receiver's packets of $1 after the number $3.
    fn page_of(&self, of_receiver: &str) -> String {
        format!(
            "WHERE mch_id = $1 AND {of_receiver} AND mch_billno > $3 \
             ORDER BY mch_billno LIMIT {PAGE}"
        )
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
        forgotten.messages += erase::of_packets(connection, book, self.mch_id, links).await?;
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
        let mut used = Vec::new();
        for row in connection.rows(usage, &[&mch_id, &openid]).await? {
            let day: &str = get(&row, 0)?;
            let of = (self.mch_id, self.openid);
            let date = day.parse().map_err(|_| damaged("day"))?;
            let name = in_place_of(of, self.alias, date, self.entry.at);
            used.push((day.to_owned(), name, small(&row, 1)?, fen(&row, 2)?));
        }
        let there = "SELECT packets, fen FROM usage WHERE mch_id = $1 AND day = $2 AND openid = $3";
        for (day, name, packets, amount) in used {
            let row = connection.row(there, &[&mch_id, &day, &Text(&name)]).await?;
            let (more, beside) = match row {
                Some(row) => (small(&row, 0)?, fen(&row, 1)?),
                None => (0, Fen::ZERO),
            };
            let packets = packets.saturating_add(more);
            let amount = amount.checked_add(beside).unwrap_or(Fen::MAX);
            write_usage(connection, self.mch_id, &day, &name, (packets, amount)).await?;
        }
        Ok(())
    }
}
