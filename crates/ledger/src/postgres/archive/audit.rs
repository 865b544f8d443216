//! Reading chains, and what stands beside them.

use crate::archive::Standing;
use crate::book::Book;
use crate::chain::Link;
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::inquiry::Inquiry;
use crate::postgres::chains::{self, history, optional_fixed, select_links};
use crate::postgres::door::{Door, Value};
use crate::postgres::inquiries::rows::{INQUIRY, inquiry};
use crate::postgres::months;
use crate::postgres::rows::{RECORD, number, record, signed, text};
use crate::postgres::text::Text;
use crate::record::Record;
use hongbao_wire::MchBillno;
use std::collections::BTreeMap;

const PAGE_MAX: u32 = 1_000;

/// Entries after a position. Where some are not there and months are detached, it says so: what was
/// put away in order is no tampering, but it cannot be verified here either.
pub(super) async fn links(
    door: &Door,
    book: Book,
    mch_id: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<Link>, LedgerError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let query =
        select_links(book, "WHERE mch_id = $1 AND position > $2 ORDER BY position, at LIMIT $3");
    let values: [Value<'_>; 3] = [&Text(mch_id), &signed(after)?, &i64::from(limit)];
    let links = door.all(&query, &values, chains::link).await?;
    let due = (after.saturating_add(1)..).zip(&links);
    let gap = due.clone().find(|(due, link)| *due != link.position).map(|(due, _)| due);
    let end = after.saturating_add(links.len() as u64);
    let is_short = links.len() < limit as usize && end < position(door, book, mch_id).await?;
    if let Some(missing) = gap.or(is_short.then(|| end.saturating_add(1))) {
        let months = months::detached(door, book).await?;
        if !months.is_empty() {
            return Err(LedgerError::Detached {
                mch_id: mch_id.to_owned(),
                position: missing,
                months: months.join(", "),
            });
        }
    }
    Ok(links)
}

/// How many entries a chain has by its head.
async fn position(door: &Door, book: Book, mch_id: &str) -> Result<u64, LedgerError> {
    let query = "SELECT position FROM chains WHERE mch_id = $1 AND book = $2";
    let values: [Value<'_>; 2] = [&Text(mch_id), &book.as_str()];
    Ok(door.one(query, &values, |row| number(row, 0)).await?.unwrap_or_default())
}

/// Packets after a number with what is there of each, and what its chain says.
pub(super) async fn standings(
    door: &Door,
    book: Book,
    mch_id: &str,
    after_billno: &str,
    limit: u32,
) -> Result<Vec<Standing>, LedgerError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let values: [Value<'_>; 3] = [&Text(mch_id), &Text(after_billno), &i64::from(limit)];
    let mut page: BTreeMap<Box<str>, Standing> = BTreeMap::new();
    for (mch_billno, digest) in found(door, book, &values).await? {
        page.insert(mch_billno.clone(), standing(mch_billno, Some(digest)));
    }
    let query = format!(
        "SELECT DISTINCT mch_billno FROM {} WHERE mch_id = $1 AND mch_billno > $2 \
         ORDER BY mch_billno LIMIT $3",
        history(book)
    );
    for mch_billno in door.all(&query, &values, |row| text(row, 0)).await? {
        page.entry(mch_billno.clone()).or_insert_with(|| standing(mch_billno, None));
    }
    // Each of the two was a page: beyond the first of both it has gaps.
    let page: Vec<Standing> = page.into_values().take(limit as usize).collect();
    chained(door, book, mch_id, page).await
}

fn standing(mch_billno: Box<str>, found: Option<StateDigest>) -> Standing {
    Standing { mch_billno: MchBillno::from(mch_billno.into_string()), chained: None, found }
}

/// The digests of what is there.
async fn found(
    door: &Door,
    book: Book,
    values: &[Value<'_>],
) -> Result<Vec<(Box<str>, StateDigest)>, LedgerError> {
    let page = "WHERE mch_id = $1 AND mch_billno > $2 ORDER BY mch_billno LIMIT $3";
    match book {
        Book::Records => {
            let of =
                |record: Record| (record.key.mch_billno.as_str().into(), record.state_digest());
            let query = format!("SELECT {RECORD} FROM records {page}");
            door.all(&query, values, |row| record(row).map(of)).await
        }
        Book::Inquiries => {
            let of =
                |inquiry: Inquiry| (inquiry.key.mch_billno.as_str().into(), inquiry.state_digest());
            let query = format!("SELECT {INQUIRY} FROM inquiries {page}");
            door.all(&query, values, |row| inquiry(row).map(of)).await
        }
    }
}

/// Adds what the newest entry of each packet with a digest says.
async fn chained(
    door: &Door,
    book: Book,
    mch_id: &str,
    mut page: Vec<Standing>,
) -> Result<Vec<Standing>, LedgerError> {
    let numbers: Vec<Text<'_>> = page.iter().map(|at| Text(at.mch_billno.as_str())).collect();
    let query = format!(
        "SELECT mch_billno, state FROM {} WHERE mch_id = $1 AND mch_billno = ANY($2) \
         AND state IS NOT NULL ORDER BY position",
        history(book)
    );
    let read = |row: &tokio_postgres::Row| Ok((text(row, 0)?, optional_fixed(row, 1)?));
    let states = door.all(&query, &[&Text(mch_id), &numbers], read).await?;
    // The last of each stays.
    let newest: BTreeMap<Box<str>, Option<StateDigest>> = states.into_iter().collect();
    for at in &mut page {
        at.chained = newest.get(at.mch_billno.as_str()).copied().flatten();
    }
    Ok(page)
}
