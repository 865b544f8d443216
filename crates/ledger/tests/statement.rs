//! The bytes that are signed stay what they are: heads of years ago are held against ledgers of today.
#![allow(clippy::unwrap_used)]

use hongbao_ledger::{Book, Head, Statement};
use jiff::Timestamp;

/// Written down once, by hand: the format that `docs/ledger.md` describes.
const GOLDEN: [&str; 4] = [
    "686f6e6762616f206865616400010000015d6075b0c0000000000000000252000000000000000831",
    "303030303039380000000000000102ababababababababababababababababababababababababab",
    "ababababababab490000000000000008313030303030393800000000000000010001020304050607",
    "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
];

fn head(book: Book, mch_id: &str, position: u64, hash: [u8; 32]) -> Head {
    Head { book, mch_id: mch_id.into(), position, hash }
}

#[test]
fn the_signed_bytes_are_frozen_and_do_not_depend_on_the_order_of_the_heads() {
    let at = Timestamp::from_millisecond(1_500_561_912_000).unwrap();
    let rising: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let records = head(Book::Records, "10000098", 258, [0xab; 32]);
    let inquiries = head(Book::Inquiries, "10000098", 1, rising);
    let statement = Statement::new(at, vec![inquiries.clone(), records.clone()]);
    assert_eq!(statement.heads(), [records.clone(), inquiries.clone()]);
    let hex: String = statement.canonical().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN.concat());
    assert_eq!(Statement::new(at, vec![records, inquiries]), statement);
}

#[test]
fn no_two_statements_have_the_same_bytes() {
    let at = Timestamp::UNIX_EPOCH;
    let bytes = |heads: Vec<Head>| Statement::new(at, heads).canonical();
    let all = [
        bytes(vec![]),
        bytes(vec![head(Book::Records, "1", 0, [0; 32])]),
        bytes(vec![head(Book::Inquiries, "1", 0, [0; 32])]),
        bytes(vec![head(Book::Records, "10", 0, [0; 32])]),
        bytes(vec![head(Book::Records, "1", 1, [0; 32])]),
        bytes(vec![head(Book::Records, "1", 0, [1; 32])]),
        bytes(vec![head(Book::Records, "1", 0, [0; 32]), head(Book::Records, "2", 0, [0; 32])]),
        Statement::new(Timestamp::from_millisecond(1).unwrap(), vec![]).canonical(),
    ];
    let distinct: std::collections::BTreeSet<&Vec<u8>> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}
