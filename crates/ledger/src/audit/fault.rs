//! What an audit can find.

use crate::book::Book;
use crate::total::{Sum, TotalKey};
use hongbao_wire::{MchBillno, MchId};
use std::fmt;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which history.
    pub book: Book,
    /// Whose.
    pub mch_id: MchId,
    /// What.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Entries are missing: from one position up to before another.
    EntriesMissing {
        /// The first that is missing.
        from: u64,
        /// The next one that is there.
        next: u64,
    },
    /// An entry, or the mark beside it, was changed, or another one stands in its place. What
    /// comes after it cannot be told from what was written, up to the next fault of the chain's end.
    EntryChanged {
        /// Its position.
        position: u64,
        /// The packet that it names now.
        mch_billno: MchBillno,
    },
    /// The chain ends before its head.
    EntriesCut {
        /// The last entry that is there.
        last: u64,
        /// What the head says is the last.
        head: u64,
    },
    /// There are entries beyond the head of the chain.
    EntriesBeyondHead {
        /// The first of them.
        position: u64,
    },
    /// The head's hash is not that of the entry to which it points.
    HeadChanged {
        /// Its position.
        position: u64,
    },
    /// The chain ends before a head that was kept elsewhere.
    EarlierHeadMissing {
        /// The position of that head.
        position: u64,
    },
    /// The chain does not pass through a head that was kept elsewhere: it was written anew.
    EarlierHeadDiffers {
        /// The position of that head.
        position: u64,
    },
    /// A packet is not what its newest entry says was known of it.
    PacketChanged {
        /// The packet.
        mch_billno: MchBillno,
    },
    /// A packet that has entries is gone.
    PacketMissing {
        /// The packet.
        mch_billno: MchBillno,
    },
    /// A packet that no entry speaks of.
    PacketUnchained {
        /// The packet.
        mch_billno: MchBillno,
    },
    /// A total is not the sum of its packets.
    TotalDiffers {
        /// Which total.
        key: Box<TotalKey>,
        /// What is kept.
        kept: Sum,
        /// What the packets come to.
        counted: Sum,
    },
    /// The packets of a total come to more than an amount can be.
    TotalOverflows {
        /// Which total.
        key: Box<TotalKey>,
    },
    /// Something holds what it cannot hold; what comes after it in the same part was not read.
    Unreadable {
        /// After which entry or packet.
        after: Box<str>,
        /// What the store says.
        why: Box<str>,
    },
}

impl Wrong {
    /// The stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::EntriesMissing { .. } => "entries_missing",
            Self::EntryChanged { .. } => "entry_changed",
            Self::EntriesCut { .. } => "entries_cut",
            Self::EntriesBeyondHead { .. } => "entries_beyond_head",
            Self::HeadChanged { .. } => "head_changed",
            Self::EarlierHeadMissing { .. } => "earlier_head_missing",
            Self::EarlierHeadDiffers { .. } => "earlier_head_differs",
            Self::PacketChanged { .. } => "packet_changed",
            Self::PacketMissing { .. } => "packet_missing",
            Self::PacketUnchained { .. } => "packet_unchained",
            Self::TotalDiffers { .. } => "total_differs",
            Self::TotalOverflows { .. } => "total_overflows",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// The position in the chain, where there is one.
    #[must_use]
    pub const fn position(&self) -> Option<u64> {
        match self {
            Self::EntriesMissing { from: position, .. }
            | Self::EntryChanged { position, .. }
            | Self::EntriesCut { last: position, .. }
            | Self::EntriesBeyondHead { position }
            | Self::HeadChanged { position }
            | Self::EarlierHeadMissing { position }
            | Self::EarlierHeadDiffers { position } => Some(*position),
            _ => None,
        }
    }

    /// The packet, where there is one.
    #[must_use]
    pub const fn mch_billno(&self) -> Option<&MchBillno> {
        match self {
            Self::EntryChanged { mch_billno, .. }
            | Self::PacketChanged { mch_billno }
            | Self::PacketMissing { mch_billno }
            | Self::PacketUnchained { mch_billno } => Some(mch_billno),
            _ => None,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntriesMissing { from, next } => {
                write!(f, "entry {from} was due, {next} is there")
            }
            Self::EntryChanged { position, mch_billno } => {
                write!(f, "entry {position} (packet `{mch_billno}`) was changed")
            }
            Self::EntriesCut { last, head } => {
                write!(f, "the chain ends with entry {last}, its head is {head}")
            }
            Self::EntriesBeyondHead { position } => {
                write!(f, "entry {position} lies beyond the head of the chain")
            }
            Self::HeadChanged { position } => {
                write!(f, "the head of the chain is not the hash of entry {position}")
            }
            Self::EarlierHeadMissing { position } => {
                write!(f, "the chain ends before the earlier head at {position}")
            }
            Self::EarlierHeadDiffers { position } => {
                write!(f, "the chain does not pass through the earlier head at {position}")
            }
            Self::PacketChanged { mch_billno } => write!(f, "packet `{mch_billno}` was changed"),
            Self::PacketMissing { mch_billno } => write!(f, "packet `{mch_billno}` is gone"),
            Self::PacketUnchained { mch_billno } => {
                write!(f, "packet `{mch_billno}` has no entry that speaks of it")
            }
            Self::TotalDiffers { key, kept, counted } => write!(
                f,
                "the total of {} ({}) has {} packets and {} fen, its packets are {} and {}",
                key.day,
                key.outcome.as_str(),
                kept.packets,
                kept.ordered,
                counted.packets,
                counted.ordered
            ),
            Self::TotalOverflows { key } => {
                write!(f, "the total of {} ({}) is too large", key.day, key.outcome.as_str())
            }
            Self::Unreadable { after, why } => write!(f, "after `{after}`: {why}"),
        }
    }
}
