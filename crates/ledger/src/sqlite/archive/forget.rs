//! Forgetting a receiver: an alias in every place, no message, and an entry that says so.

use super::trim::{naming, of_packet};
use crate::archive::{Forgotten, alias_is_used, check_alias};
use crate::book::Book;
use crate::budget::in_place_of;
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::{Inquiry, InquiryFilter};
use crate::record::{Key, Record};
use crate::sqlite::fault::{damaged, fault};
use crate::sqlite::group::{Group, append};
use crate::sqlite::inquiries::{commit as inquiry_commit, reader as inquiry_reader};
use crate::sqlite::reader::all;
use crate::sqlite::rows::{self, RECORD, get};
use crate::sqlite::{commit, merchants, reader};
use hongbao_wire::OpenId;
use jiff::Timestamp;
use rusqlite::{Connection, ToSql, params};
use std::collections::BTreeMap;

pub(super) struct Forget<'a> {
    pub(super) connection: &'a Connection,
    pub(super) mch_id: &'a str,
    pub(super) openid: &'a OpenId,
    pub(super) alias: &'a OpenId,
    pub(super) at: Timestamp,
}

impl Forget<'_> {
    pub(super) fn run(&self, group: &mut Group) -> Result<Forgotten, LedgerError> {
        check_alias(self.openid, self.alias)?;
        if self.is_alias_used()? {
            return Err(alias_is_used());
        }
        let (records, inquiries) = (self.records()?, self.inquiries()?);
        let open = records.iter().find(|record| record.can_still_change(self.at)).map(|r| &r.key);
        let asked = inquiries.iter().find(|i| i.can_still_change(self.at)).map(|i| &i.key);
        if let Some(key) = open.or(asked) {
            return Err(LedgerError::StillOpen(key.mch_billno.to_string()));
        }
        let mut forgotten = Forgotten::default();
        for record in records {
            let replies =
                reader::reply(self.connection, self.mch_id, record.key.mch_billno.as_str())?;
            let version = record.version.saturating_add(1);
            let record = Record { version, ..record.renamed(self.openid, self.alias) };
            commit::put(self.connection, &record, None, commit::UPDATE)?;
            forgotten.messages += u64::from(replies.is_some());
            forgotten.messages +=
                self.note(group, Book::Records, &record.key, record.state_digest())?;
            forgotten.packets += 1;
        }
        if forgotten.packets > 0 {
            merchants::touch(self.connection, self.mch_id)?;
        }
        for inquiry in inquiries {
            let replies = [&inquiry.reply, &inquiry.send_reply].into_iter().flatten().count();
            let version = inquiry.version.saturating_add(1);
            let inquiry = Inquiry { version, ..inquiry.renamed(self.openid, self.alias) };
            inquiry_commit::put(self.connection, &inquiry, inquiry_commit::UPDATE)?;
            forgotten.messages += replies as u64;
            let (key, state) = (&inquiry.key, inquiry.state_digest());
            forgotten.messages += self.note(group, Book::Inquiries, key, state)?;
            forgotten.packets += 1;
        }
        for book in Book::ALL {
            forgotten.messages += naming(self.connection, book, self.mch_id, self.openid)?;
        }
        self.rename_beside()?;
        Ok(forgotten)
    }

    fn records(&self) -> Result<Vec<Record>, LedgerError> {
        let mut found = BTreeMap::new();
        for place in ["re_openid = ?2", "openid = ?2 AND openid <> re_openid"] {
            let query = format!("SELECT {RECORD} FROM records WHERE mch_id = ?1 AND {place}");
            let values = [self.mch_id, self.openid.as_str()];
            for record in all(self.connection, &query, values, rows::record)? {
                found.insert(record.key.mch_billno.clone(), record);
            }
        }
        Ok(found.into_values().collect())
    }

    fn inquiries(&self) -> Result<Vec<Inquiry>, LedgerError> {
        let openid = Some(self.openid.clone());
        let mut filter = InquiryFilter { openid, limit: 1_000, ..InquiryFilter::default() };
        let mut found = Vec::new();
        loop {
            let page = inquiry_reader::list(self.connection, self.mch_id, None, &filter)?;
            let Some(last) = page.last() else { return Ok(found) };
            filter.after_billno = Some(last.key.mch_billno.as_str().into());
            found.extend(page);
        }
    }

    /// Removes the messages of a packet's entries and appends one that says so; returns how many.
    fn note(
        &self,
        group: &mut Group,
        book: Book,
        key: &Key,
        state: StateDigest,
    ) -> Result<u64, LedgerError> {
        let (connection, mch_billno) = (self.connection, key.mch_billno.as_str());
        let messages = of_packet(connection, book, self.mch_id, mch_billno)?;
        let account = group.account(connection, book, &key.mch_id)?;
        let mut head = account.head();
        append(connection, &mut head, key, &[Entry::forgotten(self.at)], &[None], &state)?;
        account.keep(head, Vec::new());
        Ok(messages)
    }

    /// In the use of the limits and in what the watch found.
    fn rename_beside(&self) -> Result<(), LedgerError> {
        let findings = "UPDATE findings SET re_openid = ?3 WHERE mch_id = ?1 AND re_openid = ?2";
        let names = params![self.mch_id, self.openid.as_str(), self.alias.as_str()];
        let execute = |statement: &str, values: &[&dyn ToSql]| {
            self.connection.prepare_cached(statement).and_then(|mut s| s.execute(values))
        };
        execute(findings, names).map_err(fault)?;
        let days = "SELECT day FROM usage WHERE mch_id = ?1 AND openid = ?2";
        let values = [self.mch_id, self.openid.as_str()];
        for day in all(self.connection, days, values, |row| get::<String>(row, 0))? {
            let date = day.parse().map_err(|_| damaged("day"))?;
            let name = in_place_of((self.mch_id, self.openid), self.alias, date, self.at);
            let values = params![self.mch_id, self.openid.as_str(), &*name, day];
            let statement = "INSERT INTO usage (mch_id, day, openid, packets, fen) \
                 SELECT mch_id, day, ?3, packets, fen FROM usage \
                 WHERE mch_id = ?1 AND openid = ?2 AND day = ?4 \
                 ON CONFLICT (mch_id, day, openid) DO UPDATE SET \
                 packets = packets + excluded.packets, \
                 fen = min(fen, 9223372036854775807 - excluded.fen) + excluded.fen";
            execute(statement, values).map_err(fault)?;
        }
        let used = "DELETE FROM usage WHERE mch_id = ?1 AND openid = ?2";
        execute(used, params![self.mch_id, self.openid.as_str()]).map(drop).map_err(fault)
    }

    /// Whether packets name the alias that it was not put into. Of those that name it one is looked at: either
    /// it stands for somebody in all of them, or in none.
    fn is_alias_used(&self) -> Result<bool, LedgerError> {
        for (packets, history) in [("records", "history"), ("inquiries", "inquiry_history")] {
            let query = format!(
                "SELECT NOT EXISTS (SELECT 1 FROM {history} h WHERE h.mch_id = ?1 \
                 AND h.mch_billno = named.mch_billno AND source = 'admin' \
                 AND event = 'forgotten') FROM (SELECT * FROM \
                 (SELECT mch_billno FROM {packets} WHERE mch_id = ?1 AND re_openid = ?2 LIMIT 1) \
                 UNION ALL SELECT * FROM \
                 (SELECT mch_billno FROM {packets} WHERE mch_id = ?1 AND openid = ?2 LIMIT 1) \
                 LIMIT 1) named"
            );
            let values = [self.mch_id, self.alias.as_str()];
            if all(self.connection, &query, values, |row| get(row, 0))?.contains(&true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
