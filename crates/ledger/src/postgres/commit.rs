//! Commits of records: what a group of them is decided on, and what is written.

use super::arrays;
use super::chains;
use super::door::{Connection, Value};
use super::fault::Outcome;
use super::rows::{self, RECORD, RecordValues, fen, get, ms, small, text};
use super::tally::{self, Tally};
use super::text::Text;
use super::writer::Desk;
use crate::book::Book;
use crate::budget::{Standing, veil};
use crate::chain::{Head, Link, Mark};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::ledger::{Budget, Commit};
use crate::record::Record;
use bytes::Bytes;
use futures_util::future::{try_join3, try_join4, try_join5};
use hongbao_wire::Fen;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The lock on a balance is taken after that on the chain, always.
pub(super) const BALANCE: &str =
    "SELECT balance FROM merchants WHERE mch_id = $1 FOR NO KEY UPDATE";
pub(super) const SET_BALANCE: &str = "UPDATE merchants SET balance = $2 WHERE mch_id = $1";
const USAGE: &str = "SELECT day, openid, packets, fen FROM unnest($2::text[]) AS days (of_day), \
     unnest($3::text[]) AS names (name) CROSS JOIN LATERAL (SELECT day, openid, packets, fen FROM usage \
     WHERE mch_id = $1 AND day = of_day AND openid = name OFFSET 0) AS found";
static SET_USAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} ON CONFLICT (mch_id, day, openid) \
         DO UPDATE SET packets = excluded.packets, fen = excluded.fen",
        arrays::insert("usage", "mch_id, day, openid, packets, fen", 1)
    )
});
const ADD_FINDINGS: &str = "INSERT INTO findings (mch_id, at, first_billno, second_billno, \
     re_openid, total_amount, told) SELECT r.* FROM unnest($1::text[], $2::bigint[], $3::text[], \
     $4::text[], $5::text[], $6::bigint[], $7::text[]) AS r \
     ON CONFLICT (mch_id, first_billno, second_billno) DO NOTHING";
static RECORDS: LazyLock<String> = LazyLock::new(|| by_numbers("records", RECORD));
static WRITE: LazyLock<String> = LazyLock::new(|| upsert("records", &format!("{RECORD}, reply")));
/// For those that are known not to be there: cheaper by a look-up and an entry in the log, each row.
static ADD: LazyLock<String> =
    LazyLock::new(|| arrays::insert("records", &format!("{RECORD}, reply"), 1));

/// The query for a merchant's rows by bill numbers; one that is asked for twice may be there twice. Each is looked up by
/// the primary key, and in its order, which no other index offers: as long as PostgreSQL has not counted the rows, it
/// takes any index that begins with `mch_id` for as good, and would go through all of the merchant's rows.
pub(super) fn by_numbers(table: &str, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM unnest($2::text[]) AS wanted (number) CROSS JOIN LATERAL \
         (SELECT {columns} FROM {table} WHERE mch_id = $1 AND mch_billno >= number \
         AND mch_billno <= number ORDER BY mch_billno LIMIT 1) AS found"
    )
}

/// Writes a merchant's rows, each new or in the place of the old one, and ends their leases.
pub(super) fn upsert(table: &str, columns: &str) -> String {
    let set: Vec<String> = columns
        .split(',')
        .map(str::trim)
        .skip(2)
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!(
        "{} ON CONFLICT (mch_id, mch_billno) \
         DO UPDATE SET {}, leased_until = NULL, leased_by = NULL",
        arrays::insert(table, columns, 1),
        set.join(", "),
    )
}

/// By day and receiver; the merchant's total under the receiver ``.
type UsageKey = (String, Box<str>);

/// A merchant's records while a group of commits is decided.
pub(super) struct RecordDesk {
    /// `None`: there is no such merchant.
    balance: Option<Fen>,
    balance_before: Option<Fen>,
    stored: HashMap<Box<str>, Record>,
    usage: HashMap<UsageKey, (u32, Fen)>,
    tally: Tally,
    written: HashMap<Box<str>, (Record, Option<Bytes>)>,
    spent: HashMap<UsageKey, (u32, Fen)>,
    findings: Vec<Finding>,
    links: Vec<Link>,
}

impl Desk for RecordDesk {
    type Commit = Commit;
    const BOOK: Book = Book::Records;

    fn statements() -> Vec<&'static str> {
        vec![
            BALANCE,
            &RECORDS,
            USAGE,
            tally::READ,
            &ADD,
            &WRITE,
            SET_BALANCE,
            &SET_USAGE,
            ADD_FINDINGS,
            tally::WRITE,
            tally::REMOVE,
        ]
    }

    async fn read(connection: &Connection, mch_id: &str, commits: &[&Commit]) -> Outcome<Self> {
        let merchant = Text(mch_id);
        let numbers: Vec<Text<'_>> =
            commits.iter().map(|commit| Text(commit.record.key.mch_billno.as_str())).collect();
        let budgets = || commits.iter().filter_map(|commit| commit.budget.as_ref());
        let mut days: Vec<String> = budgets().map(|budget| budget.day.to_string()).collect();
        days.sort_unstable();
        days.dedup();
        let mut openids: Vec<Text<'_>> =
            budgets().map(|budget| Text(budget.re_openid.as_str())).collect();
        let veils: Vec<_> = budgets().map(|b| veil(mch_id, b.day, &b.re_openid)).collect();
        openids.extend(veils.iter().map(|veil| Text(veil)));
        openids.push(Text(""));
        let usage_values: [Value<'_>; 3] = [&merchant, &days, &openids];
        let usage = async {
            if days.is_empty() {
                Ok(Vec::new())
            } else {
                connection.rows(USAGE, &usage_values).await
            }
        };
        let totals: Vec<_> = commits.iter().map(|commit| kept(commit, 0).total().key).collect();
        let (balance, stored, usage, tally) = try_join4(
            connection.row(BALANCE, &[&merchant]),
            connection.rows(&RECORDS, &[&merchant, &numbers]),
            usage,
            Tally::read(connection, Book::Records, mch_id, &totals),
        )
        .await?;
        let balance = balance.map(|row| fen(&row, 0)).transpose()?;
        let mut desk = Self {
            balance,
            balance_before: balance,
            stored: HashMap::new(),
            usage: HashMap::new(),
            tally,
            written: HashMap::new(),
            spent: HashMap::new(),
            findings: Vec::new(),
            links: Vec::new(),
        };
        for row in &stored {
            let record = rows::record(row)?;
            desk.stored.insert(record.key.mch_billno.as_str().into(), record);
        }
        for row in &usage {
            let key = (get(row, 0)?, text(row, 1)?);
            desk.usage.insert(key, (small(row, 2)?, fen(row, 3)?));
        }
        Ok(desk)
    }

    async fn read_more(&mut self, connection: &Connection) -> Outcome<()> {
        let Some(record) = self.stored.values().next() else { return Ok(()) };
        let mch_id = record.key.mch_id.clone();
        let keys: Vec<_> = self.stored.values().map(|record| record.total().key).collect();
        self.tally.read_more(connection, Book::Records, mch_id.as_str(), &keys).await
    }

    fn apply(&mut self, head: &mut Head, commit: &Commit) -> Result<u64, LedgerError> {
        if commit.entries.is_empty() {
            return Err(LedgerError::NoEntries);
        }
        let key = &commit.record.key;
        let mch_billno = key.mch_billno.as_str();
        let before = self.balance.ok_or_else(|| LedgerError::NoMerchant(key.mch_id.to_string()))?;
        let stored =
            self.written.get(mch_billno).map(|(record, _)| record).or(self.stored.get(mch_billno));
        let version = commit.expect.next_version(stored.map(|record| record.version))?;
        let old = stored.map(Record::total);
        let spend = |budget| self.spend(key.mch_id.as_str(), budget, before);
        let spent = commit.budget.as_ref().map(spend).transpose()?;
        let mut balance = spent.map_or(before, |after| after.balance);
        if let Some(refund) = commit.refund {
            balance = balance.checked_add(refund).ok_or(LedgerError::Overflow)?;
        }
        let record = kept(commit, version);
        self.tally.turn(old, record.total())?;
        // Nothing is refused from here on.
        self.balance = Some(balance);
        if let (Some(budget), Some(after)) = (&commit.budget, spent) {
            let user = self.user(key.mch_id.as_str(), budget);
            self.spent.insert(user, (after.user_packets, after.user_amount));
            let merchant = (budget.day.to_string(), "".into());
            self.spent.insert(merchant, (after.merchant_packets, after.merchant_amount));
        }
        let state = record.state_digest();
        self.links.extend(head.append(&key.mch_billno, &commit.entries, state));
        self.written.insert(mch_billno.into(), (record, commit.reply.clone()));
        self.findings.extend(commit.findings.iter().cloned());
        Ok(version)
    }

    fn last_mark(&self) -> Option<Mark> {
        self.links.last().map(|link| link.mark)
    }

    async fn write(&self, connection: &Connection) -> Outcome<()> {
        let Some((first, _)) = self.written.values().next() else { return Ok(()) };
        let mch_id = first.key.mch_id.as_str();
        let (old, new): (Vec<_>, Vec<_>) = self
            .written
            .iter()
            .map(|(mch_billno, (record, reply))| (mch_billno, (record, reply.as_deref())))
            .partition(|(mch_billno, _)| self.stored.contains_key(*mch_billno));
        let rows = |of: Vec<(_, _)>| of.into_iter().map(|(_, row)| row);
        let spent = self.spent.iter().map(|((day, openid), sum)| (&**day, &**openid, *sum));
        let balance = async {
            match self.balance.filter(|_| self.balance != self.balance_before) {
                Some(balance) => write_balance(connection, mch_id, balance).await,
                None => Ok(()),
            }
        };
        try_join3(
            try_join5(
                write_records(connection, &ADD, mch_id, rows(new)),
                chains::write_links(connection, Book::Records, mch_id, &self.links),
                self.tally.write(connection, Book::Records, mch_id),
                write_usages(connection, mch_id, spent),
                write_findings(connection, &self.findings),
            ),
            write_records(connection, &WRITE, mch_id, rows(old)),
            balance,
        )
        .await
        .map(drop)
    }

    fn may_begin(&self) -> bool {
        self.balance.is_some()
    }
}

impl RecordDesk {
    /// Under what the receiver's use of the day is counted: under its veil, where it was forgotten that day.
    fn user(&self, mch_id: &str, budget: &Budget) -> UsageKey {
        let veiled = (budget.day.to_string(), veil(mch_id, budget.day, &budget.re_openid));
        if self.usage.contains_key(&veiled) {
            return veiled;
        }
        (veiled.0, budget.re_openid.as_str().into())
    }

    fn spend(&self, mch_id: &str, budget: &Budget, balance: Fen) -> Result<Standing, LedgerError> {
        let used = |key: &UsageKey| {
            self.spent.get(key).or_else(|| self.usage.get(key)).copied().unwrap_or_default()
        };
        let (user_packets, user_amount) = used(&self.user(mch_id, budget));
        let (merchant_packets, merchant_amount) = used(&(budget.day.to_string(), "".into()));
        budget.spend(Standing {
            user_packets,
            user_amount,
            merchant_packets,
            merchant_amount,
            balance,
        })
    }
}

/// The record as it will be read again.
fn kept(commit: &Commit, version: u64) -> Record {
    Record { version, ..commit.record.clone() }.in_whole_ms()
}

/// Writes a merchant's records with their replies by one of the two statements.
async fn write_records(
    connection: &Connection,
    statement: &str,
    mch_id: &str,
    records: impl Iterator<Item = (&Record, Option<&[u8]>)>,
) -> Outcome<()> {
    let values = records.map(|(record, reply)| RecordValues::new(record, reply));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = values.iter().map(RecordValues::values).collect();
    arrays::execute(connection, statement, &[&Text(mch_id)], &rows).await
}

/// Writes a record, new or in the place of the old one.
pub(super) async fn write_record(
    connection: &Connection,
    record: &Record,
    reply: Option<&[u8]>,
) -> Outcome<()> {
    let mch_id = record.key.mch_id.as_str();
    write_records(connection, &WRITE, mch_id, std::iter::once((record, reply))).await
}

/// Writes what was spent: the day, the receiver, the packets and their sum.
async fn write_usages(
    connection: &Connection,
    mch_id: &str,
    usages: impl Iterator<Item = (&str, &str, (u32, Fen))>,
) -> Outcome<()> {
    let values: Vec<_> = usages
        .map(|(day, openid, (packets, sum))| (day, Text(openid), i64::from(packets), sum.as_i64()))
        .collect();
    let rows: Vec<_> = values
        .iter()
        .map(|(day, openid, packets, sum)| -> Vec<Value<'_>> { vec![day, openid, packets, sum] })
        .collect();
    arrays::execute(connection, &SET_USAGE, &[&Text(mch_id)], &rows).await
}

pub(super) async fn write_usage(
    connection: &Connection,
    mch_id: &str,
    day: &str,
    openid: &str,
    usage: (u32, Fen),
) -> Outcome<()> {
    write_usages(connection, mch_id, std::iter::once((day, openid, usage))).await
}

/// Writes findings, those that are not there yet.
async fn write_findings(connection: &Connection, findings: &[Finding]) -> Outcome<()> {
    let values: Vec<_> = findings
        .iter()
        .map(|finding| {
            let ids = [
                finding.mch_id.as_str(),
                finding.first_billno.as_str(),
                finding.second_billno.as_str(),
                finding.re_openid.as_str(),
                &finding.told,
            ];
            (ids.map(Text), ms(finding.at), finding.total_amount.as_i64())
        })
        .collect();
    let rows: Vec<_> = values
        .iter()
        .map(|([mch_id, first, second, re_openid, told], at, total_amount)| -> Vec<Value<'_>> {
            vec![mch_id, at, first, second, re_openid, total_amount, told]
        })
        .collect();
    arrays::execute(connection, ADD_FINDINGS, &[], &rows).await
}

/// Writes a finding, unless it is there.
pub(super) async fn write_finding(connection: &Connection, finding: &Finding) -> Outcome<()> {
    write_findings(connection, std::slice::from_ref(finding)).await
}

async fn write_balance(connection: &Connection, mch_id: &str, balance: Fen) -> Outcome<()> {
    connection.execute(SET_BALANCE, &[&Text(mch_id), &balance.as_i64()]).await.map(drop)
}
