//! The two books of a ledger, a chain of entries for each merchant in each.

/// Which history: the paying side's, or the merchant's side's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Book {
    /// [`Record`](crate::Record)s: the issuer's own truth.
    Records,
    /// [`Inquiry`](crate::Inquiry)s: what the merchant's side was told.
    Inquiries,
}

impl Book {
    /// Both, in their order.
    pub const ALL: [Self; 2] = [Self::Records, Self::Inquiries];

    /// The stable word that stores and JSON keep.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Inquiries => "inquiries",
        }
    }

    /// Reads the stable word; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|book| book.as_str() == word)
    }

    /// Its byte in what is hashed.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Records => b'R',
            Self::Inquiries => b'I',
        }
    }
}
