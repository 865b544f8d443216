//! Taking in what another ledger sends, and giving what belongs to a merchant.

use super::erase;
use crate::archive::{Estate, Shipment, Usage};
use crate::book::Book;
use crate::chain::{Flaw, Head, Link};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::postgres::chains::{self, select_links};
use crate::postgres::commit::{BALANCE, write_finding, write_record, write_usage};
use crate::postgres::door::{Connection, Door, Value};
use crate::postgres::fault::{Fault, Kind, Outcome, damaged};
use crate::postgres::inquiries::rows::{INQUIRY, inquiry, write as write_inquiry};
use crate::postgres::retry::Tries;
use crate::postgres::rows::{FINDING, fen, finding, get, record, signed, small, text};
use crate::postgres::tally::{self, Tally};
use crate::postgres::text::Text;
use crate::postgres::{merchants, reader};
use crate::seal::SealKey;
use crate::total::Total;
use futures_util::future::try_join_all;
use jiff::civil::Date;
use std::collections::HashMap;
use tokio_postgres::Row;

/// Takes in a part of another ledger; the same part twice changes nothing the second time.
pub(super) async fn shipment(door: &Door, shipment: &Shipment) -> Result<(), LedgerError> {
    let mut tries = Tries::default();
    loop {
        match try_shipment(door, shipment).await {
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_shipment(door: &Door, shipment: &Shipment) -> Outcome<()> {
    let Shipment { book, mch_id, links, .. } = shipment;
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    let mut head = chains::lock_or_begin(&connection, *book, mch_id).await?;
    if *book == Book::Records && connection.row(BALANCE, &[&Text(mch_id)]).await?.is_none() {
        return Err(LedgerError::NoMerchant(mch_id.to_string()).into());
    }
    let new = follow(&connection, &mut head, links).await?;
    connection.prepare(&[chains::append_to(*book), tally::WRITE, tally::REMOVE]).await?;
    try_join_all(new.iter().map(|link| chains::write_link(&connection, *book, mch_id, link)))
        .await?;
    // An earlier part brought messages that the source has not any more.
    erase::before_forgotten(&connection, *book, mch_id, &new).await?;
    let mut tally = Tally::default();
    match book {
        Book::Records => take_records(&connection, shipment, &mut tally).await?,
        Book::Inquiries => take_inquiries(&connection, shipment, &mut tally).await?,
    }
    for (key, sum) in tally.changed() {
        tally::write(&connection, *book, mch_id, key, sum).await?;
    }
    chains::write_head(&connection, &head).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(())
}

/// Moves the head on by those links that are new; those that are not must be the same.
async fn follow<'l>(
    connection: &Connection,
    head: &mut Head,
    links: &'l [Link],
) -> Outcome<Vec<&'l Link>> {
    let broken = |flaw| LedgerError::ChainBroken { mch_id: head.mch_id.to_string(), flaw };
    let (old, new): (Vec<&Link>, Vec<&Link>) =
        links.iter().partition(|link| (1..=head.position).contains(&link.position));
    if let (Some(first), Some(last)) = (old.first(), old.last()) {
        let query = select_links(
            head.book,
            "WHERE mch_id = $1 AND position BETWEEN $2 AND $3 ORDER BY position",
        );
        let (first, last) = (signed(first.position)?, signed(last.position)?);
        let values: [Value<'_>; 3] = [&Text(head.mch_id.as_str()), &first, &last];
        let mut marks = HashMap::new();
        for row in connection.rows(&query, &values).await? {
            let link = chains::link(&row)?;
            marks.insert(link.position, link.mark);
        }
        for link in old {
            if marks.get(&link.position) != Some(&link.mark) {
                return Err(broken(Flaw::Changed { position: link.position }).into());
            }
        }
    }
    let mut next = head.clone();
    new.iter().try_for_each(|link| next.follow(link)).map_err(broken)?;
    *head = next;
    Ok(new)
}

async fn take_records(
    connection: &Connection,
    shipment: &Shipment,
    tally: &mut Tally,
) -> Outcome<()> {
    let mch_id = &*shipment.mch_id;
    let numbers: Vec<Text<'_>> =
        shipment.records.iter().map(|(record, _)| Text(record.key.mch_billno.as_str())).collect();
    let query = reader::select_records("WHERE mch_id = $1 AND mch_billno = ANY($2)");
    let mut stored = HashMap::new();
    for row in connection.rows(&query, &[&Text(mch_id), &numbers]).await? {
        let record = record(&row)?;
        stored.insert(record.key.mch_billno.clone(), record);
    }
    let mut newer = Vec::new();
    let mut turns: Vec<(Option<Total>, Total)> = Vec::new();
    for (record, reply) in &shipment.records {
        let old = stored.get(&record.key.mch_billno);
        if old.is_none_or(|old| old.version < record.version) {
            let record = record.clone().in_whole_ms();
            turns.push((old.map(|old| old.total()), record.total()));
            newer.push((record, reply));
        }
    }
    let write =
        newer.iter().map(|(record, reply)| write_record(connection, record, reply.as_deref()));
    try_join_all(write).await?;
    turn(connection, Book::Records, mch_id, tally, turns).await
}

async fn take_inquiries(
    connection: &Connection,
    shipment: &Shipment,
    tally: &mut Tally,
) -> Outcome<()> {
    let mch_id = &*shipment.mch_id;
    let numbers: Vec<Text<'_>> =
        shipment.inquiries.iter().map(|inquiry| Text(inquiry.key.mch_billno.as_str())).collect();
    let query =
        format!("SELECT {INQUIRY} FROM inquiries WHERE mch_id = $1 AND mch_billno = ANY($2)");
    let mut stored = HashMap::new();
    for row in connection.rows(&query, &[&Text(mch_id), &numbers]).await? {
        let inquiry = inquiry(&row)?;
        stored.insert(inquiry.key.mch_billno.clone(), inquiry);
    }
    let mut newer = Vec::new();
    let mut turns: Vec<(Option<Total>, Total)> = Vec::new();
    for inquiry in &shipment.inquiries {
        let old = stored.get(&inquiry.key.mch_billno);
        if old.is_none_or(|old| old.version < inquiry.version) {
            let inquiry = inquiry.clone().in_whole_ms();
            turns.push((old.map(|old| old.total()), inquiry.total()));
            newer.push(inquiry);
        }
    }
    try_join_all(newer.iter().map(|inquiry| write_inquiry(connection, inquiry))).await?;
    turn(connection, Book::Inquiries, mch_id, tally, turns).await
}

async fn turn(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    tally: &mut Tally,
    turns: Vec<(Option<Total>, Total)>,
) -> Outcome<()> {
    let mut keys = Vec::new();
    for (old, new) in &turns {
        keys.extend(old.iter().map(|total| total.key.clone()));
        keys.push(new.key.clone());
    }
    tally.read_more(connection, book, mch_id, &keys).await?;
    for (old, new) in turns {
        tally.turn(old, new)?;
    }
    Ok(())
}

/// What belongs to a merchant beside its packets, as it was at one moment.
pub(super) async fn estate(
    door: &Door,
    key: &SealKey,
    mch_id: &str,
    from: Date,
) -> Result<Estate, LedgerError> {
    let connection = door.snapshot().await?;
    let of = Text(mch_id);
    let merchant = merchants::one_in(&connection, key, mch_id).await?;
    let query = "SELECT day, openid, packets, fen FROM usage \
         WHERE mch_id = $1 AND day >= $2 ORDER BY day, openid";
    let usage = connection.rows(query, &[&of, &from.to_string()]).await?;
    let usage: Result<Vec<Usage>, _> = usage.iter().map(used).collect();
    let query = format!(
        "SELECT {FINDING} FROM findings WHERE mch_id = $1 \
         ORDER BY at, first_billno, second_billno"
    );
    let findings = connection.rows(&query, &[&of]).await?;
    let findings: Result<Vec<Finding>, _> = findings.iter().map(finding).collect();
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(Estate { merchant, usage: usage?, findings: findings? })
}

fn used(row: &Row) -> Result<Usage, LedgerError> {
    Ok(Usage {
        day: get::<&str>(row, 0)?.parse().map_err(|_| damaged("day"))?,
        openid: text(row, 1)?,
        packets: small(row, 2)?,
        amount: fen(row, 3)?,
    })
}

/// Puts what belongs to a merchant in the place of what is there; twice is as once.
pub(super) async fn put_estate(
    door: &Door,
    key: &SealKey,
    mch_id: &str,
    estate: &Estate,
) -> Result<(), LedgerError> {
    let mut tries = Tries::default();
    loop {
        match try_to_put_estate(door, key, mch_id, estate).await {
            Err(Fault { kind: Kind::Clash | Kind::Broken, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn try_to_put_estate(
    door: &Door,
    key: &SealKey,
    mch_id: &str,
    estate: &Estate,
) -> Outcome<()> {
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    // Who commits has this lock before it reads a balance.
    chains::lock_or_begin(&connection, Book::Records, mch_id).await?;
    match &estate.merchant {
        Some(merchant) => merchants::put(&connection, key, merchant).await?,
        // What is beside packets belongs to a merchant that is listed.
        None if connection.row(BALANCE, &[&Text(mch_id)]).await?.is_none() => {
            connection.run("ROLLBACK").await?;
            connection.give_back();
            return Ok(());
        }
        None => {}
    }
    for statement in
        ["DELETE FROM usage WHERE mch_id = $1", "DELETE FROM findings WHERE mch_id = $1"]
    {
        connection.execute(statement, &[&Text(mch_id)]).await?;
    }
    for Usage { day, openid, packets, amount } in &estate.usage {
        let day = day.to_string();
        write_usage(&connection, mch_id, &day, openid, (*packets, *amount)).await?;
    }
    for found in &estate.findings {
        write_finding(&connection, found).await?;
    }
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(())
}
