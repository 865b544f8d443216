//! The history of a packet: it only grows.

use crate::time::whole;
use jiff::Timestamp;

/// Where an entry came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The merchant's request.
    Merchant,
    /// The issuer's own clock or play.
    Issuer,
    /// A person, through the admin listener or an imported file.
    Admin,
    /// A reply of WeChat Pay (the inquiry's source).
    Upstream,
}

impl Source {
    /// The stable word that stores keep.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Issuer => "issuer",
            Self::Admin => "admin",
            Self::Upstream => "upstream",
        }
    }

    /// Reads the stable word; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Merchant, Self::Issuer, Self::Admin, Self::Upstream]
            .into_iter()
            .find(|source| source.as_str() == word)
    }
}

/// One entry: what happened, when, who said so, and the raw message where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When; whole milliseconds.
    pub at: Timestamp,
    /// Who said so.
    pub source: Source,
    /// What happened: a short stable word such as `accepted`, `SENT`, `told_unclear`.
    pub event: Box<str>,
    /// The raw message, as it was on the wire.
    pub raw: Option<Box<[u8]>>,
}

impl Entry {
    /// Whether it says that the receiver was forgotten.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.source == Source::Admin && &*self.event == "forgotten"
    }

    /// That the receiver was forgotten, at `at`.
    pub(crate) fn forgotten(at: Timestamp) -> Self {
        Self { at: whole(at), source: Source::Admin, event: "forgotten".into(), raw: None }
    }
}
