//! What the ledger knows of packets against movements of money: the fund-flow bills (资金账单)
//! that WeChat Pay offers for download. Nobody is asked, and the ledger is not changed.
//!
//! A movement belongs to a packet by its number alone, never by its amount: by `mch_billno` in
//! the bill's voucher, or by `detail_id` as WeChat's own number of the transaction.

mod days;
mod difference;
mod movement;
mod packet;
mod statement;

pub use days::Days;
pub use difference::{Difference, differences};
pub use movement::{Direction, Flows, Movement};
pub use packet::{Packet, Packets, REFUND_WITHIN};
pub use statement::{Flaw, Statement, Totals};
