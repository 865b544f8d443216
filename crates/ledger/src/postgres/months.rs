//! The months that history is kept by: made before something is written into them, detached by whoever
//! keeps the database.

use super::chains::history;
use super::door::{Door, Value};
use super::fault::Outcome;
use super::rows::{get, number, text};
use super::text::Text;
use crate::book::Book;
use crate::error::LedgerError;
use crate::total::day_of;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

/// How many months are made beyond the one that is written into.
const AHEAD: i16 = 2;

/// How long one that could not be locked is left alone.
const TRIED_EVERY: Duration = Duration::from_secs(60);
/// How long a commit waits for another that makes months.
const MADE_WITHIN: Duration = Duration::from_secs(10);

/// The months that this process knows to be there, or to be better left.
#[derive(Debug, Default)]
pub(super) struct Months {
    known: Mutex<HashMap<(Book, Date), State>>,
    /// Held by the one that makes some.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// There, or not to be made.
    Settled,
    /// It could not be locked then.
    Tried(Instant),
}

impl Months {
    /// The months of these times that are not known to be there, which is nearly always none.
    pub(super) fn missing(&self, book: Book, times: impl Iterator<Item = Timestamp>) -> Vec<Date> {
        let mut months: Vec<Date> = times.map(|at| day_of(at).first_of_month()).collect();
        months.sort_unstable();
        months.dedup();
        months.retain(|month| !self.is_left(book, *month));
        months
    }

    /// Whether there is nothing to be done for a month at this moment.
    fn is_left(&self, book: Book, month: Date) -> bool {
        match self.known().get(&(book, month)) {
            Some(State::Settled) => true,
            Some(State::Tried(at)) => at.elapsed() < TRIED_EVERY,
            None => false,
        }
    }

    /// Makes months. Where one cannot be made its entries go to the rest: nothing is lost but the ease of
    /// detaching them.
    pub(super) async fn make(
        &self,
        door: &Door,
        book: Book,
        missing: Vec<Date>,
    ) -> Result<(), LedgerError> {
        for month in missing {
            self.make_with_next(door, book, month).await?;
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Book, Date), State>> {
        // Each change of the map is one call.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make_with_next(
        &self,
        door: &Door,
        book: Book,
        first: Date,
    ) -> Result<(), LedgerError> {
        // Those that need the same month meanwhile wait for the one attempt.
        // Not for long: while the database is away each attempt takes its time.
        let away = |_| LedgerError::Unreachable("months are being made".to_owned());
        let _making = timeout(MADE_WITHIN, self.making.lock()).await.map_err(away)?;
        if self.is_left(book, first) {
            return Ok(());
        }
        let made: Vec<Box<str>> =
            door.all("SELECT name FROM months", &[], |row| text(row, 0)).await?;
        let is_made = |month| made.contains(&name(book, month).into());
        if is_made(first) && (1..=AHEAD).all(|ahead| is_made(months_later(first, ahead))) {
            self.known().insert((book, first), State::Settled);
            return Ok(());
        }
        for ahead in 0..=AHEAD {
            let month = months_later(first, ahead);
            if !is_made(month) && !make_one(door, book, month).await? {
                if ahead == 0 {
                    self.known().insert((book, first), State::Tried(Instant::now()));
                }
                return Ok(());
            }
            if ahead == 0 {
                self.known().insert((book, month), State::Settled);
            }
        }
        Ok(())
    }
}

/// Makes a month. False: too many write at this moment, and the next one may try.
async fn make_one(door: &Door, book: Book, month: Date) -> Outcome<bool> {
    let (from, to) = (starts_at(month), starts_at(months_later(month, 1)));
    let (table, name) = (history(book), name(book, month));
    // One message, and so one transaction. The lock that it needs keeps everyone off the table: it
    // is waited for only shortly.
    let statements = format!(
        "SET LOCAL lock_timeout = 1000; \
         CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({from}) TO ({to}); \
         INSERT INTO months (name) VALUES ('{name}') ON CONFLICT (name) DO NOTHING"
    );
    let connection = door.connection().await?;
    let made = match connection.try_run(&statements).await? {
        Ok(()) => true,
        Err(error) => match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED) => false,
            // The rest holds entries of it, another one made it at the same time, or this user
            // may make no tables.
            Some(
                &SqlState::CHECK_VIOLATION
                | &SqlState::DUPLICATE_TABLE
                | &SqlState::UNIQUE_VIOLATION
                | &SqlState::INVALID_OBJECT_DEFINITION
                | &SqlState::INSUFFICIENT_PRIVILEGE,
            ) => true,
            _ => return Err(error.into()),
        },
    };
    connection.give_back();
    Ok(made)
}

/// Entries of a merchant that a detached month holds, by what was written down of it.
#[derive(Debug)]
pub(super) struct Run {
    /// The table that holds them.
    pub(super) month: Box<str>,
    /// The position of the first.
    pub(super) first: u64,
    /// The position of the last.
    pub(super) last: u64,
}

/// The most runs that are read at one time.
const RUNS_MAX: u32 = 1_000;

/// The runs of entries beyond a position that lie in detached months, those of the smallest positions first.
pub(super) async fn detached(
    door: &Door,
    book: Book,
    mch_id: &str,
    after: u64,
) -> Result<Vec<Run>, LedgerError> {
    let table = history(book);
    // What was written down of a month that is attached again excuses nothing.
    let query = "SELECT c.relname::text FROM pg_catalog.pg_inherits i \
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1)";
    let attached = door.all(query, &[&table], |row| get::<String>(row, 0)).await?;
    let query = format!(
        "SELECT month, first, last FROM detached WHERE mch_id = $1 AND month LIKE $2 \
         AND month <> ALL($3) AND last > $4 ORDER BY first, last LIMIT {RUNS_MAX}"
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let months = format!("{table}\\_y%");
    let values: [Value<'_>; 4] = [&Text(mch_id), &months, &attached, &after];
    let run =
        |row: &Row| Ok(Run { month: text(row, 0)?, first: number(row, 1)?, last: number(row, 2)? });
    door.all(&query, &values, run).await
}

/// Such as `history_y2026m11`.
fn name(book: Book, month: Date) -> String {
    format!("{}_y{:04}m{:02}", history(book), month.year(), month.month())
}

fn months_later(first: Date, months: i16) -> Date {
    let months = jiff::Span::new().months(months);
    first.checked_add(months).unwrap_or(Date::MAX)
}

/// The first millisecond of a month at +08:00.
fn starts_at(month: Date) -> i64 {
    let midnight = month.to_datetime(Time::midnight());
    Offset::constant(8).to_timestamp(midnight).map_or(i64::MAX, |at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_month_begins_at_midnight_in_china() {
        assert_eq!(starts_at(date(2026, 11, 1)), 1_793_462_400_000);
        assert_eq!(name(Book::Records, date(2026, 11, 1)), "history_y2026m11");
        assert_eq!(months_later(date(2026, 11, 1), 2), date(2027, 1, 1));
    }
}
