//! The digest of what is known of a packet: a changed column is found by it.
//!
//! Left out: openids, so that they can be forgotten, and kept replies, which the entries' raw
//! messages cover. Everything else is in, in the order of the type, each part with its kind.

use crate::book::Book;
use crate::inquiry::Inquiry;
use crate::record::{Order, Record, Told};
use hongbao_wire::Fen;
use hongbao_wire::send::Sender;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub type Digest = [u8; 32];

/// The first 16 bytes of a SHA-256: enough against a second state with the same digest.
pub type StateDigest = [u8; 16];

/// The version of the canonical bytes.
const VERSION: u8 = 1;

impl Record {
    /// The digest of what is known, its version included.
    #[must_use]
    pub fn state_digest(&self) -> StateDigest {
        let mut state = State::new(Book::Records);
        state.text(self.key.mch_id.as_str()).text(self.key.mch_billno.as_str());
        state.number(self.version).order(&self.order).time(self.sent_at);
        state.maybe_text(self.detail_id.as_ref().map(|id| id.as_str()));
        state.maybe_text(self.status.as_ref().map(|status| status.as_str()));
        state.time(self.status_at).maybe_text(self.reason.as_deref());
        let receipt = self.receipt.as_ref();
        state.maybe_fen(receipt.map(|receipt| receipt.amount));
        state.maybe_time(receipt.map(|receipt| receipt.rcv_time));
        let refund = self.refund.as_ref();
        state.maybe_fen(refund.map(|refund| refund.refund_amount));
        state.maybe_time(refund.map(|refund| refund.refund_time));
        state.maybe_time(self.due_at).text(&self.play).number(match self.told {
            Told::Nothing => 0,
            Told::Unclear => 1,
            Told::Clear => 2,
            Told::Failed => 3,
        });
        state.finish()
    }
}

impl Inquiry {
    /// The digest of what is known, its version included.
    #[must_use]
    pub fn state_digest(&self) -> StateDigest {
        let mut state = State::new(Book::Inquiries);
        state.text(self.key.mch_id.as_str()).text(self.key.mch_billno.as_str());
        state.number(self.version).text(self.appid.as_str());
        state.maybe_text(self.business_ref.as_deref());
        match &self.order {
            None => state.absent(),
            Some(order) => state.order(order),
        };
        state.time(self.noted_at).maybe_time(self.sent_at);
        state.number(self.sends.into()).number(self.asks.into());
        state.maybe_time(self.asked_at).maybe_time(self.answered_at);
        let conclusion = &self.conclusion;
        state.text(&conclusion.verdict).maybe_text(conclusion.cause.as_deref());
        state.text(&conclusion.next_step).number(conclusion.is_final.into());
        state.maybe_time(self.unknown_since).number(self.is_contradicted.into());
        match &self.seen {
            None => {
                state.absent();
            }
            Some(seen) => {
                state.text(&seen.status);
                state.maybe_text(seen.detail_id.as_ref().map(|id| id.as_str()));
                state.maybe_fen(seen.total_amount).maybe_text(seen.reason.as_deref());
                state.maybe_text(seen.act_name.as_deref());
                state.maybe_text(seen.sender_name.as_deref());
                state.maybe_time(seen.send_time).maybe_fen(seen.amount);
                state.maybe_time(seen.rcv_time).maybe_fen(seen.refund_amount);
                state.maybe_time(seen.refund_time);
            }
        }
        state.maybe_time(self.due_at).maybe_text(self.attention.as_deref());
        state.finish()
    }
}

struct State(Sha256);

impl State {
    fn new(book: Book) -> Self {
        Self(Sha256::new_with_prefix([VERSION, book.tag()]))
    }

    fn absent(&mut self) -> &mut Self {
        self.0.update([0]);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.update([1]);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.update([2]);
        self.0.update(number.to_be_bytes());
        self
    }

    fn time(&mut self, at: Timestamp) -> &mut Self {
        self.0.update([3]);
        self.0.update(at.as_millisecond().to_be_bytes());
        self
    }

    fn maybe_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.absent(),
            Some(text) => self.text(text),
        }
    }

    fn maybe_time(&mut self, at: Option<Timestamp>) -> &mut Self {
        match at {
            None => self.absent(),
            Some(at) => self.time(at),
        }
    }

    fn maybe_fen(&mut self, fen: Option<Fen>) -> &mut Self {
        match fen {
            None => self.absent(),
            Some(fen) => self.number(fen.get()),
        }
    }

    fn order(&mut self, order: &Order) -> &mut Self {
        self.text(order.wxappid.as_str()).number(order.total_amount.get());
        self.text(&order.wishing).text(&order.act_name).text(&order.remark);
        match &order.sender {
            Sender::Name(name) => self.text(name),
            Sender::Agent(agentid) => self.number((*agentid).into()),
            Sender::Company => self.absent(),
        };
        self.maybe_text(order.sender_header_media_id.as_deref());
        self.maybe_text(order.scene.map(|scene| scene.as_str()))
    }

    fn finish(self) -> StateDigest {
        let whole: Digest = self.0.finalize().into();
        let mut state = [0; 16];
        state.copy_from_slice(&whole[..16]);
        state
    }
}
