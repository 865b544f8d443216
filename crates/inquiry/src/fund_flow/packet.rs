//! A packet of the ledger, as far as money is compared with it.

use crate::account::Account;
use crate::reconcile::Period;
use hongbao_ledger::{Inquiries, Inquiry, InquiryFilter, Key, LedgerError};
use hongbao_wire::{DetailId, Fen, MchBillno, Verdict};
use jiff::Timestamp;
use std::vec::IntoIter;

/// How many days after the sending a refund may be booked: 24 hours unclaimed, and days on its way.
pub const REFUND_WITHIN: i64 = 7;
/// Packets that are read at once.
const PAGE: u32 = 1000;

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The merchant's number.
    pub mch_billno: MchBillno,
    /// What became of it, by the kept reply.
    pub verdict: Verdict,
    /// The status word of the newest verified record.
    pub status: Option<Box<str>>,
    /// WeChat's number of it.
    pub detail_id: Option<DetailId>,
    /// What was ordered: of the record, else as we ordered it.
    pub amount: Option<Fen>,
    /// What went back, where it did.
    pub refund_amount: Option<Fen>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it went back.
    pub refund_time: Option<Timestamp>,
}

impl Packet {
    /// What the ledger knows at `now`.
    #[must_use]
    pub fn new(account: &Account, inquiry: Inquiry, now: Timestamp) -> Self {
        let verdict = account.verdict_of(&inquiry, now);
        let ordered = inquiry.order.as_ref().map(|order| order.total_amount);
        let seen = inquiry.seen;
        let of_record = seen.as_ref().and_then(|seen| seen.total_amount);
        Self {
            mch_billno: inquiry.key.mch_billno,
            verdict,
            amount: of_record.or(ordered),
            refund_amount: seen.as_ref().and_then(|seen| seen.refund_amount),
            refund_time: seen.as_ref().and_then(|seen| seen.refund_time),
            detail_id: seen.as_ref().and_then(|seen| seen.detail_id.clone()),
            status: seen.map(|seen| seen.status),
            sent_at: inquiry.sent_at,
        }
    }
}

/// The packets of a ledger.
#[derive(Debug)]
pub struct Packets<'l> {
    ledger: &'l dyn Inquiries,
    account: &'l Account,
    now: Timestamp,
}

impl<'l> Packets<'l> {
    /// Those of `account`, judged at `now`.
    #[must_use]
    pub const fn new(ledger: &'l dyn Inquiries, account: &'l Account, now: Timestamp) -> Self {
        Self { ledger, account, now }
    }

    /// The packet of a number.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn find(&self, mch_billno: &str) -> Result<Option<Packet>, LedgerError> {
        let key = Key::new(self.account.mch_id.clone(), mch_billno);
        let inquiry = self.ledger.inquiry(&key).await?;
        Ok(inquiry.map(|inquiry| Packet::new(self.account, inquiry, self.now)))
    }

    /// Those that were sent in a period (where that is unknown: noted), in the order of their
    /// numbers, a page at a time.
    #[must_use]
    pub fn of(&self, period: Period) -> Walk<'_> {
        let filter = InquiryFilter {
            from: Some(period.from),
            until: Some(period.until),
            limit: PAGE,
            ..InquiryFilter::default()
        };
        Walk { packets: self, filter, page: Vec::new().into_iter(), is_last: false }
    }
}

/// A walk over packets.
#[derive(Debug)]
pub struct Walk<'p> {
    packets: &'p Packets<'p>,
    filter: InquiryFilter,
    page: IntoIter<Inquiry>,
    is_last: bool,
}

impl Walk<'_> {
    /// The next packet.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn next(&mut self) -> Result<Option<Packet>, LedgerError> {
        let Packets { ledger, account, now } = self.packets;
        loop {
            if let Some(inquiry) = self.page.next() {
                return Ok(Some(Packet::new(account, inquiry, *now)));
            }
            if self.is_last {
                return Ok(None);
            }
            let page = ledger.inquiries(account.mch_id.as_str(), &self.filter).await?;
            self.is_last = page.len() < PAGE as usize;
            let last = page.last().map(|inquiry| inquiry.key.mch_billno.as_str().into());
            self.filter.after_billno = last.or(self.filter.after_billno.take());
            self.page = page.into_iter();
        }
    }
}
