//! All that a ledger holds, in a form that compares.

use crate::given::{MCH_ID, OTHER_MCH_ID, at};
use crate::workload::SETTINGS;
use hongbao_ledger::{
    Archive, Filter, Inquiries, InquiryFilter, Ledger, LedgerError, SqliteLedger,
};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The rows of each table, in one text each.
pub type State = BTreeMap<String, String>;

/// What differs between two ledgers in which the same happened: nonces, and when a schema was made.
const CHANCE: [&str; 5] = ["api_key", "workwx_secret", "sealed", "applied_on", "checksum"];

/// Every table of the file.
pub fn stored(path: &Path) -> rusqlite::Result<State> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let names = "SELECT m.name, group_concat(quote(p.name) || ' || quote(\"' || p.name || '\")', \
         ' || '' '' || ') FROM sqlite_schema m, pragma_table_info(m.name) p \
         WHERE m.type = 'table' AND p.name NOT IN (SELECT value FROM json_each(?1)) GROUP BY m.name";
    let chance = format!("{CHANCE:?}");
    let mut tables = connection.prepare(names)?;
    let tables = tables.query_map([chance], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut state = State::new();
    for table in tables {
        let (name, columns): (String, String) = table?;
        let rows = format!(
            "SELECT coalesce(group_concat(row, char(10)), '') \
             FROM (SELECT {columns} AS row FROM \"{name}\" ORDER BY row)"
        );
        let rows = connection.query_row(&rows, [], |row| row.get(0))?;
        state.insert(name, rows);
    }
    Ok(state)
}

/// Whether every index says the same as its table.
pub fn is_whole(path: &Path) -> rusqlite::Result<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))
}

/// What the ledger says when it is asked for everything.
pub async fn told(ledger: &SqliteLedger) -> Result<String, LedgerError> {
    let mut told = String::new();
    let mut say = |what: &dyn std::fmt::Debug| writeln!(told, "{what:?}").unwrap();
    say(&ledger.merchants().await?);
    for mch_id in [MCH_ID, OTHER_MCH_ID] {
        for record in ledger.records(mch_id, &Filter { limit: 1000, ..Filter::default() }).await? {
            say(&ledger.history(&record.key).await?);
            say(&ledger.reply(mch_id, record.key.mch_billno.as_str()).await?);
            say(&record);
        }
        let all = InquiryFilter { limit: 1000, ..InquiryFilter::default() };
        for inquiry in ledger.inquiries(mch_id, &all).await? {
            say(&ledger.inquiry_history(&inquiry.key).await?);
            say(&inquiry);
        }
        say(&ledger.findings(Some(mch_id)).await?);
        say(&ledger.next_due(mch_id).await?);
    }
    for head in ledger.heads().await? {
        say(&ledger.links(head.book, head.mch_id.as_str(), 0, 1000).await?);
        say(&ledger.totals(head.book, head.mch_id.as_str(), None, None).await?);
        say(&head);
    }
    say(&ledger.due(at(i64::from(i32::MAX)), 1000).await?);
    for name in SETTINGS {
        say(&ledger.setting(name).await?);
    }
    Ok(told)
}

/// Where two states differ, for a person.
pub fn difference(found: &State, wanted: &State) -> String {
    let names = found.keys().chain(wanted.keys().filter(|name| !found.contains_key(*name)));
    let mut text = String::new();
    for name in names {
        let rows = |state: &State| -> Vec<String> {
            state
                .get(name)
                .map(|rows| rows.lines().map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let (found, wanted) = (rows(found), rows(wanted));
        let lost = wanted.iter().filter(|row| !found.contains(row)).map(|row| ("lost", row));
        let more = found.iter().filter(|row| !wanted.contains(row)).map(|row| ("more", row));
        for (word, row) in lost.chain(more).take(4) {
            let row: String = row.chars().take(160).collect();
            let _ = write!(text, "\n  {name}: {word}: {row}");
        }
    }
    text
}
