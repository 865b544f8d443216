//! The totals of a merchant while a group of commits is decided.

use super::arrays;
use super::door::{Connection, Value};
use super::fault::{Outcome, damaged};
use super::rows::{fen, get, number, signed, text};
use super::text::Text;
use crate::book::Book;
use crate::error::LedgerError;
use crate::total::{Outcome as Became, Sum, Total, TotalKey, shifted};
use futures_util::future::try_join;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tokio_postgres::Row;

/// The columns of a total in the order that [`total`] reads them.
pub(super) const TOTAL: &str =
    "day, status, outcome, act_name, sender, packets, ordered, received, refunded";

pub(super) const READ: &str = "SELECT day, status, outcome, act_name, sender, packets, ordered, \
     received, refunded FROM unnest($3::bytea[], $4::text[]) AS wanted (of_key, of_day) \
     CROSS JOIN LATERAL (SELECT * FROM totals WHERE mch_id = $1 AND book = $2 AND day = of_day \
     AND key = of_key OFFSET 0) AS found";

pub(super) const WRITE: &str = "INSERT INTO totals (mch_id, book, day, key, status, outcome, \
     act_name, sender, packets, ordered, received, refunded) \
     SELECT $1::text, $2::text, r.* FROM unnest($3::text[], $4::bytea[], $5::text[], $6::text[], \
     $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[]) AS r \
     ON CONFLICT (mch_id, book, day, key) DO UPDATE SET packets = excluded.packets, \
     ordered = excluded.ordered, received = excluded.received, refunded = excluded.refunded";

pub(super) const REMOVE: &str = "DELETE FROM totals t USING \
     unnest($3::text[], $4::bytea[]) AS r (day, key) \
     WHERE t.mch_id = $1 AND t.book = $2 AND t.day = r.day AND t.key = r.key";

/// Totals as they are, and as they will be.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sums: HashMap<TotalKey, Sum>,
    changed: HashMap<TotalKey, Sum>,
}

impl Tally {
    /// Reads the totals of these keys.
    pub(super) async fn read(
        connection: &Connection,
        book: Book,
        mch_id: &str,
        keys: &[TotalKey],
    ) -> Outcome<Self> {
        let mut tally = Self::default();
        tally.read_more(connection, book, mch_id, keys).await?;
        Ok(tally)
    }

    /// Reads those of these keys that are not here yet.
    pub(super) async fn read_more(
        &mut self,
        connection: &Connection,
        book: Book,
        mch_id: &str,
        keys: &[TotalKey],
    ) -> Outcome<()> {
        let mut missing: Vec<&TotalKey> =
            keys.iter().filter(|key| !self.sums.contains_key(key)).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let digests: Vec<Vec<u8>> = missing.iter().map(|key| digest(key)).collect();
        let days: Vec<String> = missing.iter().map(|key| key.day.to_string()).collect();
        let values: [Value<'_>; 4] = [&Text(mch_id), &book.as_str(), &digests, &days];
        let rows = connection.rows(READ, &values).await?;
        for key in missing {
            self.sums.insert(key.clone(), Sum::default());
        }
        for row in rows {
            let Total { key, sum } = total(&row)?;
            self.sums.insert(key, sum);
        }
        Ok(())
    }

    /// Takes a packet's old total out and puts its new one in, or changes nothing.
    pub(super) fn turn(&mut self, old: Option<Total>, new: Total) -> Result<(), LedgerError> {
        for Total { key, sum } in shifted(old, new, |key| Ok(self.sum(key)))? {
            self.changed.insert(key, sum);
        }
        Ok(())
    }

    fn sum(&self, key: &TotalKey) -> Sum {
        self.changed.get(key).or_else(|| self.sums.get(key)).copied().unwrap_or_default()
    }

    /// Writes what changed.
    pub(super) async fn write(
        &self,
        connection: &Connection,
        book: Book,
        mch_id: &str,
    ) -> Outcome<()> {
        write_all(connection, book, mch_id, self.changed()).await
    }

    /// What changed.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&TotalKey, &Sum)> {
        self.changed.iter()
    }
}

/// What a total's columns are set to, but for `mch_id` and `book`.
struct TotalValues<'t> {
    day: String,
    digest: Vec<u8>,
    status: Text<'t>,
    outcome: &'static str,
    act_name: Text<'t>,
    sender: Text<'t>,
    packets: i64,
    ordered: i64,
    received: i64,
    refunded: i64,
}

impl<'t> TotalValues<'t> {
    fn new(key: &'t TotalKey, sum: &Sum) -> Result<Self, LedgerError> {
        Ok(Self {
            day: key.day.to_string(),
            digest: digest(key),
            status: Text(&key.status),
            outcome: key.outcome.as_str(),
            act_name: Text(&key.act_name),
            sender: Text(&key.sender),
            packets: signed(sum.packets)?,
            ordered: sum.ordered.as_i64(),
            received: sum.received.as_i64(),
            refunded: sum.refunded.as_i64(),
        })
    }

    fn values(&self) -> Vec<Value<'_>> {
        vec![
            &self.day,
            &self.digest,
            &self.status,
            &self.outcome,
            &self.act_name,
            &self.sender,
            &self.packets,
            &self.ordered,
            &self.received,
            &self.refunded,
        ]
    }
}

/// Writes a total in the place of the one that is there; one of nothing is removed.
pub(super) async fn write(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    key: &TotalKey,
    sum: &Sum,
) -> Outcome<()> {
    write_all(connection, book, mch_id, std::iter::once((key, sum))).await
}

async fn write_all(
    connection: &Connection,
    book: Book,
    mch_id: &str,
    totals: impl Iterator<Item = (&TotalKey, &Sum)>,
) -> Outcome<()> {
    let (gone, left): (Vec<_>, Vec<_>) = totals.partition(|(_, sum)| **sum == Sum::default());
    let values = left.iter().map(|(key, sum)| TotalValues::new(key, sum));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = values.iter().map(TotalValues::values).collect();
    let gone: Vec<_> = gone.iter().map(|(key, _)| (key.day.to_string(), digest(key))).collect();
    let of_gone: Vec<_> = gone.iter().map(|(day, key)| vec![day as Value<'_>, key]).collect();
    let of: [Value<'_>; 2] = [&Text(mch_id), &book.as_str()];
    try_join(
        arrays::execute(connection, WRITE, &of, &rows),
        arrays::execute(connection, REMOVE, &of, &of_gone),
    )
    .await
    .map(drop)
}

/// Reads the columns of [`TOTAL`].
pub(super) fn total(row: &Row) -> Result<Total, LedgerError> {
    let outcome = Became::from_word(get(row, 2)?).ok_or_else(|| damaged("outcome"))?;
    let key = TotalKey {
        day: get::<&str>(row, 0)?.parse().map_err(|_| damaged("day"))?,
        status: text(row, 1)?,
        outcome,
        act_name: text(row, 3)?,
        sender: text(row, 4)?,
    };
    let sum = Sum {
        packets: number(row, 5)?,
        ordered: fen(row, 6)?,
        received: fen(row, 7)?,
        refunded: fen(row, 8)?,
    };
    Ok(Total { key, sum })
}

/// The first 16 bytes of a SHA-256 over the words; the day stands beside it.
fn digest(key: &TotalKey) -> Vec<u8> {
    let mut digest = Sha256::new();
    for word in [&*key.status, key.outcome.as_str(), &key.act_name, &key.sender] {
        digest.update((word.len() as u64).to_be_bytes());
        digest.update(word);
    }
    digest.finalize()[..16].to_vec()
}
