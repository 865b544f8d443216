//! The chains: their ends, which are also the locks on what they are of, and their links.

use super::arrays;
use super::door::{Connection, Value};
use super::fault::{Outcome, damaged};
use super::rows::{get, happening, number, signed, text_id};
use super::text::Text;
use crate::book::Book;
use crate::chain::{Head, Link, Raw};
use crate::digest::Digest;
use crate::error::LedgerError;
use hongbao_wire::MchId;
use std::sync::LazyLock;
use tokio_postgres::Row;

pub(super) const LOCK: &str =
    "SELECT position, hash FROM chains WHERE mch_id = $1 AND book = $2 FOR UPDATE";
pub(super) const BEGIN: &str = "INSERT INTO chains (mch_id, book, position, hash) \
     VALUES ($1, $2, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT (mch_id, book) DO NOTHING";
pub(super) const MOVE: &str =
    "UPDATE chains SET position = $3, hash = $4 WHERE mch_id = $1 AND book = $2";

/// Takes the lock on a merchant's book; `None` where the chain was never begun.
pub(super) async fn lock(
    connection: &Connection,
    book: Book,
    mch_id: &str,
) -> Outcome<Option<Head>> {
    let row = connection.row(LOCK, &[&Text(mch_id), &book.as_str()]).await?;
    row.map(|row| Ok(head(&row, 0, book, MchId::from(mch_id))?)).transpose()
}

/// The same, the chain begun where it was not.
pub(super) async fn lock_or_begin(
    connection: &Connection,
    book: Book,
    mch_id: &str,
) -> Outcome<Head> {
    loop {
        if let Some(head) = lock(connection, book, mch_id).await? {
            return Ok(head);
        }
        connection.execute(BEGIN, &[&Text(mch_id), &book.as_str()]).await?;
    }
}

/// Reads a position and a hash from column `first` on.
pub(super) fn head(
    row: &Row,
    first: usize,
    book: Book,
    mch_id: MchId,
) -> Result<Head, LedgerError> {
    let hash: Digest = fixed(row, first + 1)?;
    Ok(Head { book, mch_id, position: number(row, first)?, hash })
}

/// Writes a head in the place of the one that was locked.
pub(super) async fn write_head(connection: &Connection, head: &Head) -> Outcome<()> {
    let values = (Text(head.mch_id.as_str()), signed(head.position)?);
    match connection
        .execute(MOVE, &[&values.0, &head.book.as_str(), &values.1, &&head.hash[..]])
        .await?
    {
        1 => Ok(()),
        _ => Err(damaged("position").into()),
    }
}

/// The table of a book's entries.
pub(super) const fn history(book: Book) -> &'static str {
    match book {
        Book::Records => "history",
        Book::Inquiries => "inquiry_history",
    }
}

const COLUMNS: &str = "position, mch_billno, at, source, event, mark, state, raw_removed, raw";

const APPENDED: &str =
    "mch_id, position, at, mch_billno, source, event, mark, state, raw_removed, raw";

static APPEND: LazyLock<[String; 2]> = LazyLock::new(|| {
    [Book::Records, Book::Inquiries].map(|book| arrays::insert(history(book), APPENDED, 1))
});

/// The statement that writes links of one merchant.
pub(super) fn append_to(book: Book) -> &'static str {
    let [records, inquiries] = &*APPEND;
    match book {
        Book::Records => records,
        Book::Inquiries => inquiries,
    }
}

/// What a link's columns are set to, but for `mch_id`.
struct LinkValues<'l> {
    position: i64,
    at: i64,
    mch_billno: Text<'l>,
    source: &'static str,
    event: Text<'l>,
    mark: &'l [u8],
    state: Option<&'l [u8]>,
    removed: Option<&'l [u8]>,
    raw: Option<&'l [u8]>,
}

impl<'l> LinkValues<'l> {
    fn new(link: &'l Link) -> Result<Self, LedgerError> {
        let (removed, raw): (Option<&[u8]>, Option<&[u8]>) = match &link.raw {
            Raw::Absent => (None, None),
            Raw::Kept(raw) => (None, Some(raw)),
            Raw::Removed(digest) => (Some(digest), None),
        };
        Ok(Self {
            position: signed(link.position)?,
            at: link.entry.at.as_millisecond(),
            mch_billno: Text(link.mch_billno.as_str()),
            source: link.entry.source.as_str(),
            event: Text(&link.entry.event),
            mark: &link.mark,
            state: link.state.as_ref().map(|state| &state[..]),
            removed,
            raw,
        })
    }

    fn values(&self) -> Vec<Value<'_>> {
        vec![
            &self.position,
            &self.at,
            &self.mch_billno,
            &self.source,
            &self.event,
            &self.mark,
            &self.state,
            &self.removed,
            &self.raw,
        ]
    }
}

/// Writes links of one merchant.
pub(super) async fn write_links(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    links: &[Link],
) -> Outcome<()> {
    let values = links.iter().map(LinkValues::new).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = values.iter().map(LinkValues::values).collect();
    arrays::execute(connection, append_to(book), &[&Text(mch_id)], &rows).await
}

/// Writes a link.
pub(super) async fn write_link(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    link: &Link,
) -> Outcome<()> {
    write_links(connection, book, mch_id, std::slice::from_ref(link)).await
}

/// The query of links: the columns that [`link`] reads.
pub(super) fn select_links(book: Book, conditions: &str) -> String {
    format!("SELECT {COLUMNS} FROM {} {conditions}", history(book))
}

pub(super) fn link(row: &Row) -> Result<Link, LedgerError> {
    let raw = get::<Option<&[u8]>>(row, 8)?.map(Into::into);
    Ok(Link {
        position: number(row, 0)?,
        mch_billno: text_id(row, 1)?,
        entry: happening(row, 2)?,
        mark: fixed(row, 5)?,
        state: optional_fixed(row, 6)?,
        raw: Raw::from_columns(raw, optional_fixed(row, 7)?),
    })
}

/// Bytes of a known number; another number is damage.
fn fixed<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], LedgerError> {
    get::<&[u8]>(row, column)?.try_into().map_err(|_| damaged("a hash"))
}

/// The same, where there are any.
pub(super) fn optional_fixed<const N: usize>(
    row: &Row,
    column: usize,
) -> Result<Option<[u8; N]>, LedgerError> {
    let bytes = get::<Option<&[u8]>>(row, column)?;
    bytes.map(|bytes| bytes.try_into().map_err(|_| damaged("a hash"))).transpose()
}
