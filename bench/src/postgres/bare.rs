//! The driver alone.

use super::Outcome;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use hongbao_ledger::Key;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row, Statement};

/// Connections, each with many statements under way.
const CONNECTIONS: usize = 4;
/// Packets that share a transaction.
const GROUP: usize = 100;

/// A row's values as the driver takes them.
type Values = Vec<Box<dyn ToSql + Sync + Send>>;

/// What ours wrote, to be written again.
pub struct Rows {
    records: Vec<Values>,
    history: Vec<Values>,
}

/// A few connections to one database.
pub struct Bare {
    clients: Vec<Client>,
}

impl Bare {
    pub async fn connect(address: &str) -> Outcome<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
            tokio::spawn(connection);
            clients.push(client);
        }
        Ok(Self { clients })
    }

    /// What the tables and indexes of packets and their history take.
    pub async fn bytes(&self) -> Outcome<i64> {
        const QUERY: &str = "SELECT pg_database_size(current_database())";
        Ok(self.clients[0].query_one(QUERY, &[]).await?.get(0))
    }

    /// Looks up the kept reply of each.
    pub async fn lookups(&self, keys: &[Key], at_once: usize) -> Outcome<()> {
        const QUERY: &str = "SELECT reply FROM records WHERE mch_id = $1 AND mch_billno = $2";
        let shares = keys.chunks(keys.len().div_ceil(self.clients.len()).max(1));
        try_join_all(self.clients.iter().zip(shares).map(|(client, keys)| async move {
            let statement = client.prepare(QUERY).await?;
            let lookups = keys.iter().map(|key| look_up(client, &statement, key));
            let at_once = at_once / CONNECTIONS;
            let mut replies = futures_util::stream::iter(lookups).buffer_unordered(at_once);
            while let Some(reply) = replies.next().await {
                std::hint::black_box(reply?);
            }
            Outcome::Ok(())
        }))
        .await
        .map(drop)
    }

    /// All packets and entries of a database, in the order of the chains.
    pub async fn rows(&self) -> Outcome<Rows> {
        let all = async |table: &str, order: &str| -> Outcome<Vec<Values>> {
            let query = format!("SELECT * FROM {table} ORDER BY {order}");
            self.clients[0].query(&query, &[]).await?.iter().map(values).collect()
        };
        Ok(Rows {
            records: all("records", "mch_id, mch_billno").await?,
            history: all("history", "mch_id, position").await?,
        })
    }

    /// Writes them, a hundred packets and their entries a transaction.
    pub async fn write(&self, rows: Rows) -> Outcome<()> {
        let entries = GROUP * rows.history.len() / rows.records.len().max(1);
        let groups: Vec<_> =
            rows.records.chunks(GROUP).zip(rows.history.chunks(entries.max(1))).collect();
        let shares = groups.chunks(groups.len().div_ceil(self.clients.len()).max(1));
        try_join_all(self.clients.iter().zip(shares).map(|(client, groups)| async move {
            let Some((records, history)) = groups.first() else { return Ok(()) };
            let record = client.prepare(&insert("records", records)).await?;
            let entry = client.prepare(&insert("history", history)).await?;
            for (records, history) in groups {
                client.batch_execute("BEGIN").await?;
                let inserts = records.iter().map(|values| execute(client, &record, values));
                try_join_all(inserts).await?;
                try_join_all(history.iter().map(|values| execute(client, &entry, values))).await?;
                client.batch_execute("COMMIT").await?;
            }
            Outcome::Ok(())
        }))
        .await
        .map(drop)
    }
}

async fn look_up(client: &Client, statement: &Statement, key: &Key) -> Outcome<Option<Vec<u8>>> {
    let row =
        client.query_opt(statement, &[&key.mch_id.as_str(), &key.mch_billno.as_str()]).await?;
    Ok(row.and_then(|row| row.get(0)))
}

async fn execute(client: &Client, statement: &Statement, values: &Values) -> Outcome<()> {
    let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
    client.execute_raw(statement, values).await?;
    Ok(())
}

fn insert(table: &str, rows: &[Values]) -> String {
    let columns = rows.first().map_or(1, Vec::len);
    let places: Vec<String> = (1..=columns).map(|at| format!("${at}")).collect();
    format!("INSERT INTO {table} VALUES ({})", places.join(", "))
}

fn values(row: &Row) -> Outcome<Values> {
    row.columns()
        .iter()
        .enumerate()
        .map(|(at, column)| -> Outcome<Box<dyn ToSql + Sync + Send>> {
            Ok(match *column.type_() {
                Type::TEXT => Box::new(row.get::<_, Option<String>>(at)),
                Type::INT8 => Box::new(row.get::<_, Option<i64>>(at)),
                Type::INT4 => Box::new(row.get::<_, Option<i32>>(at)),
                Type::INT2 => Box::new(row.get::<_, Option<i16>>(at)),
                Type::BOOL => Box::new(row.get::<_, Option<bool>>(at)),
                Type::BYTEA => Box::new(row.get::<_, Option<Vec<u8>>>(at)),
                ref other => return Err(format!("a column of the unforeseen type {other}").into()),
            })
        })
        .collect()
}
