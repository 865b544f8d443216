//! What is known of every packet: records, their history, merchants.
//!
//! Two traits, [`Ledger`] for the paying side and [`Inquiries`] for the merchant's, and one suite
//! of tests that every store passes. A record is what is known now; its history only grows. Time
//! is always an argument: nothing here reads a clock.
//!
//! Where to look: [`ledger`] the paying side's trait · [`record`] a packet · [`history`] its
//! history · [`inquiries`] the merchant's side's trait · [`inquiry`] a packet as it knows it ·
//! [`merchant`] who sends · [`finding`] double payments · [`seal`] secrets at rest ·
//! [`memory`], [`sqlite`] the stores.

mod budget;
mod durable;
pub mod error;
pub mod finding;
pub mod history;
pub mod inquiries;
pub mod inquiry;
pub mod ledger;
pub mod memory;
pub mod merchant;
pub mod record;
pub mod seal;
pub mod sqlite;
mod time;

pub use error::LedgerError;
pub use finding::Finding;
pub use history::{Entry, Source};
pub use inquiries::Inquiries;
pub use inquiry::{Inquiry, InquiryCommit, InquiryFilter};
pub use ledger::{Budget, Commit, Expect, Filter, Ledger};
pub use memory::MemoryLedger;
pub use merchant::{Limits, Merchant};
pub use record::{Key, Record};
pub use seal::SealKey;
pub use sqlite::{Durability, SqliteLedger, SqliteOptions};
