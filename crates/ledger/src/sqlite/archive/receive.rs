//! Taking in a part of another ledger.

use super::history_of;
use super::trim::of_packet;
use crate::archive::Shipment;
use crate::book::Book;
use crate::chain::{Flaw, Head, Link, Mark};
use crate::error::LedgerError;
use crate::sqlite::commit::{self, balance};
use crate::sqlite::fault::fault;
use crate::sqlite::group::{Account, Group, put_link};
use crate::sqlite::inquiries::{commit as inquiry_commit, reader as inquiry_reader};
use crate::sqlite::reader;
use crate::total::Total;
use hongbao_wire::MchId;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn receive(
    connection: &Connection,
    group: &mut Group,
    shipment: &Shipment,
) -> Result<(), LedgerError> {
    if shipment.book == Book::Records {
        balance(connection, &shipment.mch_id)?;
    }
    let account = group.account(connection, shipment.book, &MchId::from(&*shipment.mch_id))?;
    links(connection, account, shipment)?;
    for (record, reply) in &shipment.records {
        let old = reader::find(connection, &record.key)?;
        if old.as_ref().is_some_and(|old| old.version >= record.version) {
            continue;
        }
        let record = record.clone().in_whole_ms();
        let statement = if old.is_some() { commit::UPDATE } else { commit::INSERT };
        commit::put(connection, &record, reply.as_deref(), statement)?;
        shift(connection, account, old.map(|old| old.total()), record.total())?;
    }
    for inquiry in &shipment.inquiries {
        let old = inquiry_reader::inquiry(connection, &inquiry.key)?;
        if old.as_ref().is_some_and(|old| old.version >= inquiry.version) {
            continue;
        }
        let inquiry = inquiry.clone().in_whole_ms();
        let statement = if old.is_some() { inquiry_commit::UPDATE } else { inquiry_commit::INSERT };
        inquiry_commit::put(connection, &inquiry, statement)?;
        shift(connection, account, old.map(|old| old.total()), inquiry.total())?;
    }
    Ok(())
}

fn shift(
    connection: &Connection,
    account: &mut Account,
    old: Option<Total>,
    new: Total,
) -> Result<(), LedgerError> {
    let totals = account.shifted(connection, old, new)?;
    account.keep(account.head(), totals);
    Ok(())
}

/// Compares the links that are there and appends those that are not.
fn links(
    connection: &Connection,
    account: &mut Account,
    shipment: &Shipment,
) -> Result<(), LedgerError> {
    let broken = |flaw| LedgerError::ChainBroken { mch_id: shipment.mch_id.to_string(), flaw };
    let mut head = account.head();
    let known = head.position;
    for link in &shipment.links {
        if (1..=known).contains(&link.position) {
            if mark(connection, &head, link)? != Some(link.mark) {
                return Err(broken(Flaw::Changed { position: link.position }));
            }
            continue;
        }
        head.follow(link).map_err(broken)?;
        put_link(connection, &head, link)?;
        if link.entry.is_forgotten() {
            // An earlier part brought messages that the source has not any more.
            of_packet(connection, head.book, &shipment.mch_id, link.mch_billno.as_str())?;
        }
    }
    account.keep(head, Vec::new());
    Ok(())
}

fn mark(connection: &Connection, head: &Head, link: &Link) -> Result<Option<Mark>, LedgerError> {
    let query =
        format!("SELECT mark FROM {} WHERE mch_id = ?1 AND position = ?2", history_of(head.book));
    connection
        .prepare_cached(&query)
        .and_then(|mut s| {
            let position = link.position.cast_signed();
            s.query_row(params![head.mch_id.as_str(), position], |row| row.get(0)).optional()
        })
        .map_err(fault)
}
