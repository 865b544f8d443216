//! The ends of all chains at one time, to be signed, kept elsewhere, and held against the ledger later.
//!
//! Whoever can write to a ledger can write a new chain too, and its marks would agree. What
//! they cannot change is a statement that somebody else keeps: a chain that was written anew does not
//! pass through it.

use crate::chain::Head;
use jiff::Timestamp;

/// The version of the canonical bytes.
pub const STATEMENT_VERSION: u8 = 1;

/// The ends of all chains at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// When; whole milliseconds.
    pub at: Timestamp,
    /// The ends, in the order of book and merchant.
    heads: Vec<Head>,
}

impl Statement {
    /// A statement of these ends, brought into their order.
    #[must_use]
    pub fn new(at: Timestamp, mut heads: Vec<Head>) -> Self {
        heads.sort_by(|a, b| (a.book, &a.mch_id).cmp(&(b.book, &b.mch_id)));
        Self { at, heads }
    }

    /// The ends, in the order of book and merchant.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The bytes that are signed, frozen by `tests/statement.rs`.
    ///
    /// `"hongbao head"`, a byte 0, the version byte 1; the time as milliseconds since 1970, 8 bytes; how many
    /// ends there are, 8 bytes; of each: `R` (records) or `I` (inquiries), the length of the merchant's
    /// number, 8 bytes, the number, the position, 8 bytes, and the hash, 32 bytes. Numbers are big-endian.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = b"hongbao head\0".to_vec();
        bytes.push(STATEMENT_VERSION);
        bytes.extend(self.at.as_millisecond().to_be_bytes());
        bytes.extend((self.heads.len() as u64).to_be_bytes());
        for head in &self.heads {
            let mch_id = head.mch_id.as_str();
            bytes.push(head.book.tag());
            bytes.extend((mch_id.len() as u64).to_be_bytes());
            bytes.extend(mch_id.as_bytes());
            bytes.extend(head.position.to_be_bytes());
            bytes.extend(head.hash);
        }
        bytes
    }
}
