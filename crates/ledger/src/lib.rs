//! What is known of every packet: records, their history, merchants.
//!
//! Three traits, [`Ledger`] for the paying side, [`Inquiries`] for the merchant's and [`Archive`] for
//! those who look after both, and one suite of tests that every store passes. A record is what is known now; its history only grows. Time
//! is always an argument: nothing here reads a clock.
//!
//! Where to look: [`ledger`] the paying side's trait · [`record`] a packet · [`history`] its
//! history · [`inquiries`] the merchant's side's trait · [`inquiry`] a packet as it knows it ·
//! [`merchant`] who sends · [`finding`] double payments · [`archive`] audits, reports, copies · [`audit`] whether it is what was written · [`chain`] what
//! makes a change of the past evident · [`total`] sums, [`report`] of them · [`lease`] work among processes · [`seal`] secrets
//! at rest · [`memory`], [`sqlite`], [`postgres`] the stores.

pub mod archive;
pub mod audit;
pub mod book;
mod budget;
pub mod chain;
pub mod copy;
pub mod digest;
mod durable;
pub mod error;
pub mod finding;
pub mod history;
pub mod inquiries;
pub mod inquiry;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod merchant;
pub mod postgres;
pub mod record;
pub mod report;
pub mod seal;
pub mod sqlite;
pub mod statement;
pub mod store;
mod time;
pub mod total;

pub use archive::{Archive, Estate, Forgotten, Shipment, Standing, Usage};
pub use audit::Audit;
pub use book::Book;
pub use chain::{Flaw, Head, Link, Raw};
pub use error::LedgerError;
pub use finding::Finding;
pub use history::{Entry, Source};
pub use inquiries::Inquiries;
pub use inquiry::{Inquiry, InquiryCommit, InquiryFilter};
pub use lease::{Claim, LEASE_MAX, Lease, SliceRequest};
pub use ledger::{Budget, Commit, Expect, Filter, Ledger};
pub use memory::MemoryLedger;
pub use merchant::{Limits, Merchant};
pub use postgres::{Password, PostgresDurability, PostgresLedger, PostgresOptions};
pub use record::{Key, Record};
pub use report::{By, Report};
pub use seal::SealKey;
pub use sqlite::{Durability, Migrating, OnMigration, SqliteLedger, SqliteOptions};
pub use statement::Statement;
pub use store::Store;
pub use total::{Outcome, Sum, Total, TotalKey};
