//! What processes lease, and what those ask who look after a ledger.

use crate::given::{self, MCH_ID, at, day, entry, first, next, record};
use futures_util::FutureExt;
use hongbao_ledger::{
    Archive, Book, Commit, Entry, Estate, Inquiries, Key, Lease, Ledger, LedgerError, MemoryLedger,
    Shipment, SliceRequest, SqliteLedger,
};
use hongbao_wire::{OpenId, Status};

/// One of these changes.
#[derive(Clone, Debug)]
pub enum Care {
    ClaimDue,
    ClaimDueInquiries,
    ClaimInquiry(Key),
    ReleaseInquiry(Key),
    LeasePace,
    Trim(Book),
    Forget(OpenId),
    Receive(Box<Shipment>),
    ReceiveEstate(Box<Estate>),
}

/// The merchant that comes from another ledger.
const MOVED: &str = "10000097";

fn lease() -> Lease {
    Lease { holder: "a process".into(), until: at(60_000) }
}

impl Care {
    pub async fn play(self, ledger: &SqliteLedger) -> Result<(), LedgerError> {
        let now = at(1_000);
        match self {
            Self::ClaimDue => ledger.claim_due(now, &lease(), 2).await.map(drop),
            Self::ClaimDueInquiries => {
                ledger.claim_due_inquiries(MCH_ID, now, &lease(), 2).await.map(drop)
            }
            Self::ClaimInquiry(key) => ledger.claim_inquiry(&key, now, &lease()).await.map(drop),
            Self::ReleaseInquiry(key) => ledger.release_inquiry(&key, "a process").await,
            Self::LeasePace => {
                let pace = SliceRequest {
                    mch_id: MCH_ID.into(),
                    pace: "upstream".into(),
                    whole_per_1000_seconds: 1_000,
                    lease: lease(),
                };
                ledger.lease_pace(&pace, now).await.map(drop)
            }
            Self::Trim(book) => ledger.trim(book, MCH_ID, at(1), 3).await.map(drop),
            Self::Forget(openid) => {
                ledger.forget(MCH_ID, &openid, &"oAlias".into(), now).await.map(drop)
            }
            Self::Receive(shipment) => ledger.receive(*shipment).await,
            Self::ReceiveEstate(estate) => ledger.receive_estate(MOVED, *estate).await,
        }
    }
}

/// A packet that is final, and what is asked once it is.
pub fn care(round: u64) -> (Commit, Vec<Care>) {
    let receiver: OpenId = format!("oGone{round}").as_str().into();
    let mut received = record(MCH_ID, &format!("g{round}"));
    received.status = Some(Status::Received);
    received.order.re_openid = receiver.clone();
    let raw = Entry { raw: Some(vec![b'r'; 400].into()), ..entry("accepted") };
    let commit =
        Commit { entries: vec![raw], reply: Some(vec![b'k'; 500].into()), ..first(received) };
    let asked_about = Key::new(MCH_ID, format!("i{round}"));
    let mut all = vec![
        Care::ClaimDue,
        Care::ClaimDueInquiries,
        Care::ClaimInquiry(asked_about.clone()),
        Care::ReleaseInquiry(asked_about),
        Care::LeasePace,
        Care::Trim(Book::Records),
        Care::Trim(Book::Inquiries),
        Care::Forget(receiver),
    ];
    if round == 0 {
        let (estate, shipment) = moved();
        all.extend([Care::ReceiveEstate(Box::new(estate)), Care::Receive(Box::new(shipment))]);
    }
    (commit, all)
}

/// A merchant of another ledger, with a packet.
fn moved() -> (Estate, Shipment) {
    let ledger = MemoryLedger::new();
    let made = async {
        ledger.add_merchant(given::merchant(MOVED, 500)).await.unwrap();
        let packet = record(MOVED, "moved");
        ledger.commit(first(packet.clone())).await.unwrap();
        ledger.commit(next(packet.clone(), 1)).await.unwrap();
        let found = ledger.find(&packet.key).await.unwrap().unwrap();
        let shipment = Shipment {
            book: Book::Records,
            mch_id: MOVED.into(),
            links: ledger.links(Book::Records, MOVED, 0, 1000).await.unwrap(),
            records: vec![(found, None)],
            inquiries: Vec::new(),
        };
        (ledger.estate(MOVED, day()).await.unwrap(), shipment)
    };
    made.now_or_never().unwrap() // A ledger in memory waits for nothing.
}
