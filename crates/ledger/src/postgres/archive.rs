//! The ledger in PostgreSQL as those see it who look after it.

mod audit;
mod erase;
mod forget;
mod naming;
mod receive;

use super::PostgresLedger;
use super::door::Value;
use super::rows::get;
use super::tally::{self, TOTAL};
use super::text::{Text, unescaped};
use crate::archive::{Archive, EachHead, Estate, Forgotten, Shipment, Standing};
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::error::LedgerError;
use crate::total::Total;
use async_trait::async_trait;
use hongbao_wire::OpenId;
use jiff::Timestamp;
use jiff::civil::Date;

#[async_trait]
impl Archive for PostgresLedger {
    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        self.each_head().await?.into_iter().map(|(_, _, head)| head).collect()
    }

    async fn each_head(&self) -> Result<Vec<EachHead>, LedgerError> {
        audit::each_head(&self.door).await
    }

    async fn links(
        &self,
        book: Book,
        mch_id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, LedgerError> {
        audit::links(&self.door, book, mch_id, after, limit).await
    }

    async fn standings(
        &self,
        book: Book,
        mch_id: &str,
        after_billno: &str,
        limit: u32,
    ) -> Result<Vec<Standing>, LedgerError> {
        audit::standings(&self.door, book, mch_id, after_billno, limit).await
    }

    async fn totals(
        &self,
        book: Book,
        mch_id: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Vec<Total>, LedgerError> {
        let query = format!(
            "SELECT {TOTAL} FROM totals WHERE mch_id = $1 AND book = $2 AND packets > 0 \
             AND day >= $3 AND day <= $4"
        );
        let from = from.map_or_else(String::new, |day| day.to_string());
        let to = to.map_or_else(|| "~".to_owned(), |day| day.to_string());
        let values: [Value<'_>; 4] = [&Text(mch_id), &book.as_str(), &from, &to];
        let mut totals = self.door.all(&query, &values, tally::total).await?;
        totals.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(totals)
    }

    async fn trim(
        &self,
        book: Book,
        mch_id: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, LedgerError> {
        erase::trim(&self.door, book, mch_id, before, limit).await
    }

    async fn forget(
        &self,
        mch_id: &str,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Result<Forgotten, LedgerError> {
        forget::forget(self, mch_id, openid, alias, at).await
    }

    async fn receive(&self, shipment: Shipment) -> Result<(), LedgerError> {
        shipment.check()?;
        self.ready(shipment.book, shipment.links.iter().map(|link| link.entry.at)).await?;
        receive::shipment(&self.door, &shipment).await
    }

    async fn estate(&self, mch_id: &str, from: Date) -> Result<Estate, LedgerError> {
        receive::estate(&self.door, &self.key, mch_id, from).await
    }

    async fn receive_estate(&self, mch_id: &str, estate: Estate) -> Result<(), LedgerError> {
        receive::put_estate(&self.door, &self.key, mch_id, &estate).await
    }

    async fn settings(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let query = "SELECT name, value FROM settings ORDER BY name";
        let read = |row: &tokio_postgres::Row| {
            let word = |column| Ok::<_, LedgerError>(unescaped(get(row, column)?)?.into_owned());
            Ok((word(0)?, word(1)?))
        };
        self.door.all(query, &[], read).await
    }
}
