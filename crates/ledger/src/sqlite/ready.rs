//! A commit made ready on the caller's thread: what needs no disk is done before the writer has it.

use crate::digest::{Digest, StateDigest};
use crate::history::Entry;
use crate::inquiry::{Inquiry, InquiryCommit};
use crate::ledger::{Commit, Expect};
use crate::record::Record;
use crate::total::Total;
use sha2::{Digest as _, Sha256};

/// A commit, its times and its version as they will be kept, with what is computed from it.
pub(super) struct Ready<C> {
    pub(super) commit: C,
    /// The digest of each entry's raw message.
    pub(super) raws: Vec<Option<Digest>>,
    /// The digest of what is known after it.
    pub(super) state: StateDigest,
    /// What the packet adds to the totals after it.
    pub(super) total: Total,
}

impl From<Commit> for Ready<Commit> {
    fn from(commit: Commit) -> Self {
        let version = version(commit.expect);
        let record = Record { version, ..commit.record }.in_whole_ms();
        let (state, total) = (record.state_digest(), record.total());
        let raws = digests(&commit.entries);
        Self { commit: Commit { record, ..commit }, raws, state, total }
    }
}

impl From<InquiryCommit> for Ready<InquiryCommit> {
    fn from(commit: InquiryCommit) -> Self {
        let version = version(commit.expect);
        let inquiry = Inquiry { version, ..commit.inquiry }.in_whole_ms();
        let (state, total) = (inquiry.state_digest(), inquiry.total());
        let raws = digests(&commit.entries);
        Self { commit: InquiryCommit { inquiry, ..commit }, raws, state, total }
    }
}

/// The version that comes of a commit; one that cannot be is refused by the writer.
const fn version(expect: Expect) -> u64 {
    match expect {
        Expect::Absent => 1,
        Expect::Version(version) => version.saturating_add(1),
    }
}

fn digests(entries: &[Entry]) -> Vec<Option<Digest>> {
    let digest = |raw: &[u8]| Digest::from(Sha256::digest(raw));
    entries.iter().map(|entry| entry.raw.as_deref().map(digest)).collect()
}
