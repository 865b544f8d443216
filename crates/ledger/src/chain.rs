//! The chain of entries: what makes a change of the past evident.
//!
//! The entries of one merchant in one [`Book`] are numbered 1, 2, 3 … in the order in which they
//! were committed, and each is hashed together with the one before it:
//! `hash(n) = SHA-256(hash(n - 1) ‖ canonical(n))`, `hash(0)` being 32 zero bytes. The canonical
//! bytes begin with a version byte and are frozen by golden vectors (`tests/chain.rs`); they hold the hash of
//! the raw message, not the message, so that a message can be removed later without breaking the
//! chain, and the digest of what was known after the commit, so that a changed record is found too.
//!
//! A store keeps the newest hash whole ([`Head`]) and of each entry the first 8 bytes ([`Mark`]):
//! the head proves, the marks say where.

use crate::book::Book;
use crate::digest::{Digest, StateDigest};
use crate::history::Entry;
use hongbao_wire::{MchBillno, MchId};
use sha2::{Digest as _, Sha256};

/// The version of the canonical bytes.
const VERSION: u8 = 1;

/// The first bytes of an entry's hash.
pub type Mark = [u8; 8];

/// A raw message as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// There was none.
    Absent,
    /// It is kept.
    Kept(Box<[u8]>),
    /// It was removed; this was its SHA-256.
    Removed(Digest),
}

impl Raw {
    /// Its SHA-256; `None` where there was none.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Absent => None,
            Self::Kept(raw) => Some(Sha256::digest(raw).into()),
            Self::Removed(digest) => Some(*digest),
        }
    }

    /// As the store keeps it: at most one of the message and its hash.
    #[must_use]
    pub fn from_columns(raw: Option<Box<[u8]>>, removed: Option<Digest>) -> Self {
        match (raw, removed) {
            (Some(raw), _) => Self::Kept(raw),
            (None, Some(digest)) => Self::Removed(digest),
            (None, None) => Self::Absent,
        }
    }
}

/// An entry in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The packet's number.
    pub mch_billno: MchBillno,
    /// Its place in the chain, from 1.
    pub position: u64,
    /// What happened; its `raw` is `None` here.
    pub entry: Entry,
    /// The raw message.
    pub raw: Raw,
    /// What was known after the commit; only the last entry of a commit holds it.
    pub state: Option<StateDigest>,
    /// The first bytes of its hash.
    pub mark: Mark,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which history.
    pub book: Book,
    /// Whose.
    pub mch_id: MchId,
    /// How many entries there are.
    pub position: u64,
    /// The hash of the newest.
    pub hash: Digest,
}

impl Head {
    /// The beginning of a chain.
    #[must_use]
    pub fn empty(book: Book, mch_id: MchId) -> Self {
        Self { book, mch_id, position: 0, hash: [0; 32] }
    }

    /// Goes on by one entry, whose `position` and `mark` are returned.
    ///
    /// `raw` is the digest of its raw message, `state` that of what is known after its commit.
    pub fn push(
        &mut self,
        mch_billno: &str,
        entry: &Entry,
        raw: Option<&Digest>,
        state: Option<&StateDigest>,
    ) -> (u64, Mark) {
        let position = self.position.saturating_add(1);
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update([VERSION, self.book.tag()]);
        text(&mut hash, self.mch_id.as_str());
        text(&mut hash, mch_billno);
        hash.update(position.to_be_bytes());
        hash.update(entry.at.as_millisecond().to_be_bytes());
        text(&mut hash, entry.source.as_str());
        text(&mut hash, &entry.event);
        optional(&mut hash, raw.map(|raw| &raw[..]));
        optional(&mut hash, state.map(|state| &state[..]));
        self.position = position;
        self.hash = hash.finalize().into();
        (position, mark(&self.hash))
    }

    /// Goes on by the entries of one commit: the links, of which the last holds `state`.
    pub fn append(
        &mut self,
        mch_billno: &MchBillno,
        entries: &[Entry],
        state: StateDigest,
    ) -> Vec<Link> {
        let last = entries.len().saturating_sub(1);
        let links = entries.iter().enumerate().map(|(at, entry)| {
            let state = (at == last).then_some(state);
            let raw = entry.raw.clone().map_or(Raw::Absent, Raw::Kept);
            let digest = raw.digest();
            let (position, mark) =
                self.push(mch_billno.as_str(), entry, digest.as_ref(), state.as_ref());
            let entry = Entry { raw: None, ..entry.clone() };
            Link { mch_billno: mch_billno.clone(), position, entry, raw, state, mark }
        });
        links.collect()
    }

    /// Goes on by a link that a store holds, where it is the next one and unchanged.
    ///
    /// # Errors
    /// What is wrong with it; the head stays.
    pub fn follow(&mut self, link: &Link) -> Result<(), Flaw> {
        let expected = self.position.saturating_add(1);
        if link.position != expected {
            return Err(Flaw::Place { expected, found: link.position });
        }
        let mut next = self.clone();
        let digest = link.raw.digest();
        let (_, mark) =
            next.push(link.mch_billno.as_str(), &link.entry, digest.as_ref(), link.state.as_ref());
        if mark != link.mark {
            return Err(Flaw::Changed { position: expected });
        }
        *self = next;
        Ok(())
    }
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Another one was due: entries were removed, put in or put in another order.
    #[error("entry {expected} was due, {found} is there")]
    Place {
        /// The position that was due.
        expected: u64,
        /// The position that was found.
        found: u64,
    },
    /// It, or the mark beside it, is not what was written.
    #[error("entry {position} was changed")]
    Changed {
        /// Its position.
        position: u64,
    },
}

fn mark(hash: &Digest) -> Mark {
    let mut mark = [0; 8];
    mark.copy_from_slice(&hash[..8]);
    mark
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

fn optional(hash: &mut Sha256, bytes: Option<&[u8]>) {
    match bytes {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update(bytes);
        }
    }
}
