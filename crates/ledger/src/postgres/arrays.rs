//! Many rows in one statement: each column of theirs is one array.
//!
//! A statement costs the server and the driver about the same whether it brings one row or a hundred.

use super::door::{Connection, Value};
use super::fault::Outcome;
use bytes::BytesMut;
use std::error::Error;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A row's value as an element of its column.
#[derive(Debug)]
struct Cell<'v>(Value<'v>);

impl ToSql for Cell<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql_checked(kind, out)
    }

    /// The value itself is asked, once it is written.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Begins an `INSERT` of rows whose first columns, so many as are `fixed`, are the same in all of them, such as
/// `mch_id`; they are the first values of the statement, and each other column is an array.
pub(super) fn insert(table: &str, columns: &str, fixed: usize) -> String {
    let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
    let place = |(at, column): (usize, &&str)| format!("${}::{}", at + 1, kind(column));
    let places: Vec<String> = columns.iter().enumerate().map(place).collect();
    let (same, arrays) = places.split_at(fixed.min(places.len()));
    let arrays: Vec<String> = arrays.iter().map(|place| format!("{place}[]")).collect();
    format!(
        "INSERT INTO {table} ({}) SELECT {}, r.* FROM unnest({}) AS r",
        columns.join(", "),
        same.join(", "),
        arrays.join(", "),
    )
}

/// The type of a column of the ledger's tables; one that is not this would be refused when it is prepared.
fn kind(column: &str) -> &'static str {
    match column {
        "told" => "smallint",
        "is_final" | "is_contradicted" => "boolean",
        "key" | "mark" | "state" | "raw" | "raw_removed" | "reply" | "send_reply" => "bytea",
        "version" | "position" | "sends" | "asks" | "agentid" | "packets" | "fen" | "ordered"
        | "received" | "refunded" | "amount" | "total_amount" | "seen_total_amount"
        | "refund_amount" | "unknown_since" | "send_time" | "rcv_time" | "refund_time" => "bigint",
        other if other == "at" || other.ends_with("_at") => "bigint",
        _ => "text",
    }
}

/// Executes such a statement; nothing where there are no rows.
pub(super) async fn execute(
    connection: &Connection,
    statement: &str,
    fixed: &[Value<'_>],
    rows: &[Vec<Value<'_>>],
) -> Outcome<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let column = |at: usize| -> Vec<Cell<'_>> {
        rows.iter().filter_map(|row| row.get(at).map(|value| Cell(*value))).collect()
    };
    let columns: Vec<Vec<Cell<'_>>> = (0..first.len()).map(column).collect();
    let mut values = fixed.to_vec();
    values.extend(columns.iter().map(|column| column as Value<'_>));
    connection.execute(statement, &values).await.map(drop)
}
