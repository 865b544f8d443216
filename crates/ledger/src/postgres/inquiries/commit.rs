//! Commits of inquiries: what a group of them is decided on, and what is written.

use super::rows::{self, INQUIRY};
use crate::book::Book;
use crate::chain::{Head, Link, Mark};
use crate::error::LedgerError;
use crate::inquiry::{Inquiry, InquiryCommit};
use crate::postgres::chains;
use crate::postgres::commit::by_numbers;
use crate::postgres::door::{Connection, Value};
use crate::postgres::fault::Outcome;
use crate::postgres::rows::text;
use crate::postgres::tally::{self, Tally};
use crate::postgres::text::Text;
use crate::postgres::writer::Desk;
use futures_util::future::{try_join3, try_join4};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static INQUIRIES: LazyLock<String> = LazyLock::new(|| by_numbers("inquiries", INQUIRY));
/// With the first characters, by which the index finds them.
const OF_REFS: &str = "SELECT business_ref, mch_billno FROM inquiries WHERE mch_id = $1 \
     AND left(business_ref, 64) = ANY(ARRAY(SELECT left(ref, 64) FROM unnest($2::text[]) AS ref)) \
     AND business_ref = ANY($2)";

/// A merchant's inquiries while a group of commits is decided.
pub(in crate::postgres) struct InquiryDesk {
    stored: HashMap<Box<str>, Inquiry>,
    /// The numbers of each reference that a commit counts, with what was decided.
    of_refs: HashMap<Box<str>, HashSet<Box<str>>>,
    tally: Tally,
    written: HashMap<Box<str>, Inquiry>,
    links: Vec<Link>,
}

impl Desk for InquiryDesk {
    type Commit = InquiryCommit;
    const BOOK: Book = Book::Inquiries;

    fn statements() -> Vec<&'static str> {
        vec![
            &INQUIRIES,
            OF_REFS,
            tally::READ,
            &rows::ADD,
            &rows::WRITE,
            tally::WRITE,
            tally::REMOVE,
        ]
    }

    async fn read(
        connection: &Connection,
        mch_id: &str,
        commits: &[&InquiryCommit],
    ) -> Outcome<Self> {
        let merchant = Text(mch_id);
        let numbers: Vec<Text<'_>> =
            commits.iter().map(|commit| Text(commit.inquiry.key.mch_billno.as_str())).collect();
        let counting = commits.iter().filter(|commit| commit.numbers_of_ref.is_some());
        let refs: Vec<Text<'_>> = counting
            .filter_map(|commit| commit.inquiry.business_ref.as_deref())
            .map(Text)
            .collect();
        let refs_values: [Value<'_>; 2] = [&merchant, &refs];
        let of_refs = async {
            if refs.is_empty() {
                Ok(Vec::new())
            } else {
                connection.rows(OF_REFS, &refs_values).await
            }
        };
        let totals: Vec<_> =
            commits.iter().map(|commit| kept(&commit.inquiry, 0).total().key).collect();
        let (stored, of_refs, tally) = try_join3(
            connection.rows(&INQUIRIES, &[&merchant, &numbers]),
            of_refs,
            Tally::read(connection, Book::Inquiries, mch_id, &totals),
        )
        .await?;
        let mut desk = Self {
            stored: HashMap::new(),
            of_refs: HashMap::new(),
            tally,
            written: HashMap::new(),
            links: Vec::new(),
        };
        for row in &stored {
            let inquiry = rows::inquiry(row)?;
            desk.stored.insert(inquiry.key.mch_billno.as_str().into(), inquiry);
        }
        for row in &of_refs {
            desk.of_refs.entry(text(row, 0)?).or_default().insert(text(row, 1)?);
        }
        Ok(desk)
    }

    async fn read_more(&mut self, connection: &Connection) -> Outcome<()> {
        let Some(inquiry) = self.stored.values().next() else { return Ok(()) };
        let mch_id = inquiry.key.mch_id.clone();
        let keys: Vec<_> = self.stored.values().map(|inquiry| inquiry.total().key).collect();
        self.tally.read_more(connection, Book::Inquiries, mch_id.as_str(), &keys).await
    }

    fn apply(&mut self, head: &mut Head, commit: &InquiryCommit) -> Result<u64, LedgerError> {
        if commit.entries.is_empty() {
            return Err(LedgerError::NoEntries);
        }
        let key = &commit.inquiry.key;
        let mch_billno = key.mch_billno.as_str();
        let stored = self.written.get(mch_billno).or(self.stored.get(mch_billno));
        let version = commit.expect.next_version(stored.map(|inquiry| inquiry.version))?;
        if commit.numbers_of_ref.is_some_and(|wanted| wanted != self.beside(&commit.inquiry)) {
            return Err(LedgerError::Conflict);
        }
        let old_ref = stored.and_then(|inquiry| inquiry.business_ref.clone());
        let old = stored.map(Inquiry::total);
        let inquiry = kept(&commit.inquiry, version);
        self.tally.turn(old, inquiry.total())?;
        // Nothing is refused from here on.
        if let Some(numbers) = old_ref.and_then(|old_ref| self.of_refs.get_mut(&old_ref)) {
            numbers.remove(mch_billno);
        }
        if let Some(business_ref) = &inquiry.business_ref {
            self.of_refs.entry(business_ref.clone()).or_default().insert(mch_billno.into());
        }
        let state = inquiry.state_digest();
        self.links.extend(head.append(&key.mch_billno, &commit.entries, state));
        self.written.insert(mch_billno.into(), inquiry);
        Ok(version)
    }

    fn last_mark(&self) -> Option<Mark> {
        self.links.last().map(|link| link.mark)
    }

    async fn write(&self, connection: &Connection) -> Outcome<()> {
        let Some(first) = self.written.values().next() else { return Ok(()) };
        let mch_id = first.key.mch_id.as_str();
        let (old, new): (Vec<_>, Vec<_>) = self
            .written
            .values()
            .partition(|inquiry| self.stored.contains_key(inquiry.key.mch_billno.as_str()));
        try_join4(
            rows::write_all(connection, &rows::ADD, mch_id, new.into_iter()),
            rows::write_all(connection, &rows::WRITE, mch_id, old.into_iter()),
            chains::write_links(connection, Book::Inquiries, mch_id, &self.links),
            self.tally.write(connection, Book::Inquiries, mch_id),
        )
        .await
        .map(drop)
    }

    fn may_begin(&self) -> bool {
        true
    }
}

impl InquiryDesk {
    /// How many other numbers have the inquiry's reference; without one, none.
    fn beside(&self, inquiry: &Inquiry) -> u32 {
        let Some(business_ref) = &inquiry.business_ref else { return 0 };
        let Some(numbers) = self.of_refs.get(business_ref) else { return 0 };
        let others = numbers.iter().filter(|number| ***number != *inquiry.key.mch_billno.as_str());
        others.count().try_into().unwrap_or(u32::MAX)
    }
}

/// As it will be read again.
fn kept(inquiry: &Inquiry, version: u64) -> Inquiry {
    Inquiry { version, ..inquiry.clone() }.in_whole_ms()
}
