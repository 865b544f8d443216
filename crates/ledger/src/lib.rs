//! What is known of every packet: records, their history, merchants.
//!
//! One trait, [`Ledger`], and one suite of tests that every store passes.
//! A record is what is known now; its history only grows. Time is always an
//! argument: nothing here reads a clock.
//!
//! Where to look: [`ledger`] the trait · [`record`] a packet ·
//! [`history`] its history · [`merchant`] who sends · [`finding`] double payments ·
//! [`seal`] secrets at rest · [`memory`], [`sqlite`] the stores.

mod budget;
mod durable;
pub mod error;
pub mod finding;
pub mod history;
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
pub use ledger::{Budget, Commit, Expect, Filter, Ledger};
pub use memory::MemoryLedger;
pub use merchant::{Limits, Merchant};
pub use record::{Key, Record};
pub use seal::SealKey;
pub use sqlite::{SqliteLedger, SqliteOptions};
