//! The canonical bytes are frozen: these hashes were computed by another program, from the page
//! that describes them. A ledger whose chain was begun today must verify in ten years.
#![allow(clippy::unwrap_used)]

mod given;

use given::inquiries::{full_inquiry, inquiry};
use given::{MCH_ID, at, full_record, record};
use hongbao_ledger::{Book, Entry, Flaw, Head, Inquiry, Record, Source};
use hongbao_wire::send::Sender;
use hongbao_wire::{MchBillno, Status};
use jiff::Timestamp;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_states_of_records_have_these_digests() {
    let full = Record { version: 7, ..full_record(MCH_ID, "2") };
    let mut agent = record(MCH_ID, "3");
    agent.order.sender = Sender::Agent(7);
    agent.status = Some(Status::Sent);
    agent.told = hongbao_ledger::record::Told::Clear;
    assert_eq!(hex(&record(MCH_ID, "1").state_digest()), "170ceea1eb282944f2193999cf9d673b");
    assert_eq!(hex(&full.state_digest()), "16f1a2f5f377c376f4a35320764c526e");
    assert_eq!(hex(&agent.state_digest()), "ad28b3d435dcb9d2e24555ca83ffef6f");
}

#[test]
fn the_states_of_inquiries_have_these_digests() {
    let full = Inquiry { version: 7, ..full_inquiry(MCH_ID, "2") };
    assert_eq!(hex(&inquiry(MCH_ID, "1").state_digest()), "e8107321e85a0a9e579a92f0c4febed2");
    assert_eq!(hex(&full.state_digest()), "41f1d1835e359c70f34bd9b62af1b138");
}

/// Two commits of three entries and one of another packet: with and without messages.
fn chain(book: Book) -> Vec<String> {
    let entry = |at: Timestamp, source, event: &str, raw: Option<&[u8]>| Entry {
        at,
        source,
        event: event.into(),
        raw: raw.map(Into::into),
    };
    let state = match book {
        Book::Records => record(MCH_ID, "1").state_digest(),
        Book::Inquiries => inquiry(MCH_ID, "1").state_digest(),
    };
    let ms = |ms| Timestamp::from_millisecond(ms).unwrap();
    let first = [
        entry(at(0), Source::Merchant, "accepted", Some(b"<xml>\0\xff</xml>")),
        entry(at(1), Source::Issuer, "", None),
    ];
    let second = [entry(ms(-1), Source::Admin, "测试", Some(b""))];
    let mut head = Head::empty(book, MCH_ID.into());
    let mut links = head.append(&MchBillno::from("1"), &first, state);
    links.extend(head.append(&MchBillno::from("2"), &second, [1; 16]));
    let last = entry(ms(0), Source::Upstream, "e", None);
    let (position, mark) = head.push("2", &last, None, None);
    // Followed again, it comes to the same.
    let mut follower = Head::empty(book, MCH_ID.into());
    let mut hashes = Vec::new();
    for link in &links {
        follower.follow(link).unwrap();
        hashes.push(hex(&follower.hash));
        assert_eq!(link.mark, follower.hash[..8]);
    }
    let flaw = follower.follow(&links[0]);
    assert_eq!(flaw, Err(Flaw::Place { expected: 4, found: 1 }));
    hashes.push(hex(&head.hash));
    assert_eq!((position, hex(&mark)), (4, hex(&head.hash[..8])));
    hashes
}

#[test]
fn entries_have_these_hashes() {
    assert_eq!(
        chain(Book::Records),
        [
            "27806e1b62b755a11c16207181843643c424a64c128e0cb51180f6c2b6fe2f01",
            "3ae2bed311dfd2d915b6b5ed1979364cfc98017287109a4477569125b777b5a8",
            "5ca2deb7f88d642693809455a18d2eb1ccee50f5d24eb11fff8a4bf09457c4af",
            "9fb4222ffbef7ca3df2e6e31e85462428cbb80acf23c63f9ac2a51811b7f123a",
        ]
    );
    assert_eq!(
        chain(Book::Inquiries),
        [
            "a1bea76f8aec9d15d40dbde08ee345de6cb3fb66b168f6e0848f4e6bafdba175",
            "44dc98b567c2a09c0f43f83d651e96173ea677c73d863ee22ca0a1e8bd1da057",
            "fa0d18e127fc6e43666ff71a79e35dee262d8251928698f5ef7dec2d906d3b25",
            "2d23d4464b2db78063c6177c6460aaaf41df1caf30312ad445a7b7905d072dc5",
        ]
    );
}
