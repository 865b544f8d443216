//! What those who look after a ledger do with it, in memory.

use super::MemoryLedger;
use crate::archive::{Archive, Estate, Forgotten, Shipment, Standing, alias_is_used, check_alias};
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::error::LedgerError;
use crate::total::Total;
use async_trait::async_trait;
use hongbao_wire::OpenId;
use jiff::Timestamp;
use jiff::civil::Date;

/// A limit, brought into its range.
fn rows_max(limit: u32) -> usize {
    limit.clamp(1, 1000) as usize
}

#[async_trait]
impl Archive for MemoryLedger {
    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        let mut heads = self.state().chains.heads();
        heads.extend(self.noted().chains.heads());
        Ok(heads)
    }

    async fn links(
        &self,
        book: Book,
        mch_id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, LedgerError> {
        let limit = rows_max(limit);
        Ok(match book {
            Book::Records => self.state().chains.links(mch_id, after, limit),
            Book::Inquiries => self.noted().chains.links(mch_id, after, limit),
        })
    }

    async fn standings(
        &self,
        book: Book,
        mch_id: &str,
        after_billno: &str,
        limit: u32,
    ) -> Result<Vec<Standing>, LedgerError> {
        let limit = rows_max(limit);
        Ok(match book {
            Book::Records => self.state().standings(mch_id, after_billno, limit),
            Book::Inquiries => self.noted().standings(mch_id, after_billno, limit),
        })
    }

    async fn totals(
        &self,
        book: Book,
        mch_id: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Vec<Total>, LedgerError> {
        Ok(match book {
            Book::Records => self.state().chains.totals(mch_id, from, to),
            Book::Inquiries => self.noted().chains.totals(mch_id, from, to),
        })
    }

    async fn trim(
        &self,
        book: Book,
        mch_id: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, LedgerError> {
        Ok(match book {
            Book::Records => self.state().chains.trim(mch_id, before, limit),
            Book::Inquiries => self.noted().chains.trim(mch_id, before, limit),
        })
    }

    async fn forget(
        &self,
        mch_id: &str,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Result<Forgotten, LedgerError> {
        check_alias(openid, alias)?;
        // The one place that takes both locks.
        let (mut state, mut noted) = (self.state(), self.noted());
        if state.is_alias_used(mch_id, alias) || noted.is_alias_used(mch_id, alias) {
            return Err(alias_is_used());
        }
        let (records, inquiries) =
            (state.of_receiver(mch_id, openid, at)?, noted.of_receiver(mch_id, openid, at)?);
        let paid = state.forget(mch_id, records, openid, alias, at);
        let asked = noted.forget(mch_id, inquiries, openid, alias, at);
        Ok(Forgotten {
            packets: paid.packets + asked.packets,
            messages: paid.messages
                + asked.messages
                + state.chains.strip_naming(mch_id, openid)
                + noted.chains.strip_naming(mch_id, openid),
        })
    }

    async fn receive(&self, shipment: Shipment) -> Result<(), LedgerError> {
        shipment.check()?;
        match shipment.book {
            Book::Records => self.state().receive(&shipment),
            Book::Inquiries => self.noted().receive(&shipment),
        }
    }

    async fn estate(&self, mch_id: &str, from: Date) -> Result<Estate, LedgerError> {
        Ok(self.state().estate(mch_id, from))
    }

    async fn receive_estate(&self, mch_id: &str, estate: Estate) -> Result<(), LedgerError> {
        self.state().receive_estate(mch_id, estate)
    }

    async fn settings(&self) -> Result<Vec<(String, String)>, LedgerError> {
        Ok(self.state().settings())
    }
}
