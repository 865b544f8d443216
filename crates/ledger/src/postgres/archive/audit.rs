//! Reading chains, and what stands beside them: each page of one state of the database.

use crate::archive::{EachHead, Standing};
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::postgres::chains::{self, history, optional_fixed, select_links};
use crate::postgres::door::{Connection, Door, Value};
use crate::postgres::fault::Outcome;
use crate::postgres::inquiries::rows::{INQUIRY, inquiry};
use crate::postgres::months::{self, Run};
use crate::postgres::rows::{RECORD, get, optional, record, text, text_id};
use crate::postgres::text::Text;
use hongbao_wire::{MchBillno, MchId};
use std::collections::{BTreeMap, BTreeSet};

const PAGE_MAX: u32 = 1_000;

/// The head of every chain, and an empty one for each merchant whose entries, packets or totals have none. One
/// that cannot be read is an error of its own.
pub(super) async fn each_head(door: &Door) -> Result<Vec<EachHead>, LedgerError> {
    let connection = door.snapshot().await?;
    let mut heads = Vec::new();
    for book in Book::ALL {
        let query = "SELECT mch_id, position, hash FROM chains WHERE book = $1 AND position <> 0";
        let mut of: BTreeMap<MchId, Result<Head, LedgerError>> = BTreeMap::new();
        for row in connection.rows(query, &[&book.as_str()]).await? {
            match text_id::<MchId>(&row, 0) {
                Ok(mch_id) => of.insert(mch_id.clone(), chains::head(&row, 1, book, mch_id)),
                // As it stands there: nobody has that name.
                Err(error) => of.insert(get::<String>(&row, 0)?.into(), Err(error)),
            };
        }
        let totals = format!("totals WHERE book = '{}' AND", book.as_str());
        let packets = [history(book), book.as_str()].map(|table| format!("{table} WHERE"));
        for of_book in packets.into_iter().chain([totals]) {
            for mch_id in merchants_in(&connection, &of_book).await? {
                of.entry(mch_id.clone()).or_insert_with(|| Ok(Head::empty(book, mch_id)));
            }
        }
        heads.extend(of.into_iter().map(|(mch_id, head)| (book, mch_id, head)));
    }
    done(connection).await?;
    Ok(heads)
}

async fn done(connection: Connection) -> Outcome<()> {
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(())
}

/// The merchants that rows of a table name: one look-up for each.
async fn merchants_in(connection: &Connection, rows: &str) -> Outcome<Vec<MchId>> {
    let query = format!("SELECT min(mch_id) FROM {rows} mch_id > $1");
    let (mut found, mut after) = (Vec::new(), Box::<str>::default());
    loop {
        let row = connection.row(&query, &[&Text(&after)]).await?;
        let Some(next) = row.map(|row| optional(&row, 0)).transpose()?.flatten() else {
            return Ok(found);
        };
        found.push(MchId::from(&*next));
        after = next;
    }
}

/// Entries after a position, up to the first that a detached month holds. Where that is the next one it says
/// so: what was put away in order is no tampering, but it cannot be verified here either.
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
    let from = i64::try_from(after).unwrap_or(i64::MAX);
    let values: [Value<'_>; 3] = [&Text(mch_id), &from, &i64::from(limit)];
    let mut links = door.all(&query, &values, chains::link).await?;
    let gaps = gaps(&links, after, links.len() < limit as usize);
    if gaps.is_empty() {
        return Ok(links);
    }
    let runs = months::detached(door, book, mch_id, after).await?;
    let Some((first, last, months)) = first_put_away(&gaps, &runs) else { return Ok(links) };
    links.retain(|link| link.position < first);
    if links.is_empty() {
        let mch_id = mch_id.to_owned();
        return Err(LedgerError::Detached { mch_id, position: first, last, months });
    }
    Ok(links)
}

/// The positions after `after` that no link has, each gap with its ends; after the last link all, where
/// there is no more.
fn gaps(links: &[Link], after: u64, is_end: bool) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut due = after.saturating_add(1);
    for link in links {
        if link.position > due {
            gaps.push((due, link.position - 1));
        }
        due = due.max(link.position.saturating_add(1));
    }
    if is_end {
        gaps.push((due, u64::MAX));
    }
    gaps
}

/// The first entries of a gap that detached months hold: the ends of the run, and the months. `runs` are in order.
fn first_put_away(gaps: &[(u64, u64)], runs: &[Run]) -> Option<(u64, u64, String)> {
    let (from, to, at) = gaps.iter().find_map(|(from, to)| {
        let at = runs.iter().position(|run| run.last >= *from && run.first <= *to)?;
        Some((runs[at].first.max(*from), *to, at))
    })?;
    let mut last = runs[at].last;
    let mut months = runs[at].month.to_string();
    for run in &runs[at + 1..] {
        if run.first > last.saturating_add(1) || run.first > to {
            break;
        }
        last = last.max(run.last);
        if !months.split(", ").any(|month| month == &*run.month) {
            months.push_str(", ");
            months.push_str(&run.month);
        }
    }
    Some((from, last.min(to), months))
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
    let connection = door.snapshot().await?;
    let values: [Value<'_>; 3] = [&Text(mch_id), &Text(after_billno), &i64::from(limit)];
    let found = found(&connection, book, &values).await?;
    let query = format!(
        "SELECT DISTINCT mch_billno FROM {} WHERE mch_id = $1 AND mch_billno > $2 \
         ORDER BY mch_billno LIMIT $3",
        history(book)
    );
    let mut page: BTreeSet<Box<str>> = found.keys().cloned().collect();
    for row in connection.rows(&query, &values).await? {
        page.insert(text(&row, 0)?);
    }
    // Each of the two was a page: beyond the first of both it has gaps.
    let page: Vec<Box<str>> = page.into_iter().take(limit as usize).collect();
    let chained = chained(&connection, book, mch_id, &page).await?;
    done(connection).await?;
    let standing = |mch_billno: Box<str>| Standing {
        chained: chained.get(&mch_billno).copied().flatten(),
        found: found.get(&mch_billno).copied(),
        mch_billno: MchBillno::from(mch_billno.into_string()),
    };
    Ok(page.into_iter().map(standing).collect())
}

/// The digests of what is there.
async fn found(
    connection: &Connection,
    book: Book,
    values: &[Value<'_>],
) -> Outcome<BTreeMap<Box<str>, StateDigest>> {
    let columns = match book {
        Book::Records => RECORD,
        Book::Inquiries => INQUIRY,
    };
    let query = format!(
        "SELECT {columns} FROM {} WHERE mch_id = $1 AND mch_billno > $2 \
         ORDER BY mch_billno LIMIT $3",
        book.as_str()
    );
    let mut found = BTreeMap::new();
    for row in connection.rows(&query, values).await? {
        let digest = match book {
            Book::Records => record(&row).map(|record| record.state_digest()),
            Book::Inquiries => inquiry(&row).map(|inquiry| inquiry.state_digest()),
        };
        found.insert(text(&row, 1)?, digest?);
    }
    Ok(found)
}

/// What the newest entry of each packet with a digest says.
async fn chained(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    page: &[Box<str>],
) -> Outcome<BTreeMap<Box<str>, Option<StateDigest>>> {
    let numbers: Vec<Text<'_>> = page.iter().map(|number| Text(number)).collect();
    let query = format!(
        "SELECT mch_billno, state FROM {} WHERE mch_id = $1 AND mch_billno = ANY($2) \
         AND state IS NOT NULL ORDER BY position",
        history(book)
    );
    let mut newest = BTreeMap::new();
    for row in connection.rows(&query, &[&Text(mch_id), &numbers]).await? {
        // The last of each stays.
        newest.insert(text(&row, 0)?, optional_fixed(&row, 1)?);
    }
    Ok(newest)
}
