//! What those who look after a ledger do with it, on disk.

mod estate;
mod forget;
mod reader;
mod receive;
mod trim;

pub(super) use reader::{heads, passes};

use super::SqliteLedger;
use super::group::Group;
use super::writer::{Answer, Change};
use crate::archive::{Archive, EachHead, Estate, Forgotten, Shipment, Standing};
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::error::LedgerError;
use crate::seal::SealKey;
use crate::total::Total;
use async_trait::async_trait;
use hongbao_wire::OpenId;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;

/// What is changed in a ledger other than by its two sides.
pub(super) enum Care {
    Trim { book: Book, mch_id: Box<str>, before: Timestamp, limit: u32 },
    Forget { mch_id: Box<str>, openid: OpenId, alias: OpenId, at: Timestamp },
    Receive(Shipment),
    ReceiveEstate { mch_id: Box<str>, estate: Estate },
}

pub(super) fn apply(
    connection: &Connection,
    key: &SealKey,
    group: &mut Group,
    care: &Care,
) -> Result<Answer, LedgerError> {
    // What fails half-way leaves the group as it was.
    let mut trial = group.clone();
    let mut answer = Answer::default();
    match care {
        Care::Trim { book, mch_id, before, limit } => {
            answer.number = trim::trim(connection, *book, mch_id, *before, *limit)?;
        }
        Care::Forget { mch_id, openid, alias, at } => {
            let forget = forget::Forget { connection, mch_id, openid, alias, at: *at };
            answer.forgotten = forget.run(&mut trial)?;
        }
        Care::Receive(shipment) => receive::receive(connection, &mut trial, shipment)?,
        Care::ReceiveEstate { mch_id, estate } => estate::receive(connection, key, mch_id, estate)?,
    }
    *group = trial;
    Ok(answer)
}

/// The history of a book.
const fn history_of(book: Book) -> &'static str {
    match book {
        Book::Records => "history",
        Book::Inquiries => "inquiry_history",
    }
}

#[async_trait]
impl Archive for SqliteLedger {
    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        self.readers.with(heads)
    }

    async fn each_head(&self) -> Result<Vec<EachHead>, LedgerError> {
        self.readers.with(reader::each_head)
    }

    async fn links(
        &self,
        book: Book,
        mch_id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, LedgerError> {
        self.readers.with(|c| reader::links(c, book, mch_id, after, limit))
    }

    async fn standings(
        &self,
        book: Book,
        mch_id: &str,
        after_billno: &str,
        limit: u32,
    ) -> Result<Vec<Standing>, LedgerError> {
        self.readers.with(|c| reader::standings(c, book, mch_id, after_billno, limit))
    }

    async fn totals(
        &self,
        book: Book,
        mch_id: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Vec<Total>, LedgerError> {
        self.readers.with(|c| reader::totals(c, book, mch_id, from, to))
    }

    async fn trim(
        &self,
        book: Book,
        mch_id: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, LedgerError> {
        let care = Care::Trim { book, mch_id: mch_id.into(), before, limit };
        self.care(care).await.map(|answer| answer.number)
    }

    async fn forget(
        &self,
        mch_id: &str,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Result<Forgotten, LedgerError> {
        let (openid, alias) = (openid.clone(), alias.clone());
        let care = Care::Forget { mch_id: mch_id.into(), openid, alias, at };
        self.care(care).await.map(|answer| answer.forgotten)
    }

    async fn receive(&self, shipment: Shipment) -> Result<(), LedgerError> {
        shipment.check()?;
        self.join()?;
        self.care(Care::Receive(shipment)).await.map(drop)
    }

    async fn estate(&self, mch_id: &str, from: Date) -> Result<Estate, LedgerError> {
        self.readers.with(|c| estate::read(c, &self.key, mch_id, from))
    }

    async fn receive_estate(&self, mch_id: &str, estate: Estate) -> Result<(), LedgerError> {
        self.join()?;
        self.care(Care::ReceiveEstate { mch_id: mch_id.into(), estate }).await.map(drop)
    }

    async fn settings(&self) -> Result<Vec<(String, String)>, LedgerError> {
        self.readers.with(reader::settings)
    }
}

impl SqliteLedger {
    async fn care(&self, care: Care) -> Result<Answer, LedgerError> {
        self.writer.write(Change::Care(Box::new(care))).await
    }
}
