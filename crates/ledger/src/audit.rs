//! The audit: whether a ledger is still what was written into it.
//!
//! It walks every chain from its first entry to its head, compares every packet with what its newest entry
//! says was known, and counts the totals anew. It reads pages, so that it needs as much memory for a
//! ledger of ten million packets as for a small one, and may run beside those who write.

mod fault;
mod walk;

pub use fault::{Fault, Wrong};

use crate::book::Book;
use crate::chain::Head;
use crate::error::LedgerError;
use crate::store::Store;
use hongbao_wire::MchId;

/// How many faults a report lists where nothing else is wished.
pub const FAULTS_LISTED: usize = 1_000;

/// What to check, and how much of it to tell.
#[derive(Clone, Debug)]
pub struct Audit {
    earlier: Vec<Head>,
    faults_listed: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self::new()
    }
}

/// How far an audit has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries that were checked.
    pub entries: u64,
    /// How many there were when the audit began.
    pub entries_in_all: u64,
    /// Packets that were checked.
    pub packets: u64,
}

/// What an audit came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The end of every chain when the audit began: what to sign and keep.
    pub heads: Vec<Head>,
    /// What was checked.
    pub checked: Progress,
    /// What is wrong, in the order in which it was found; the first of them.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub faults_in_all: u64,
    /// Parts of chains that could not be checked, as entries lie in detached months.
    pub unverified: Vec<Unverified>,
    /// Books whose totals could not be compared, as they were written to all the while.
    pub totals_moving: Vec<(Book, Box<str>)>,
}

/// A part of a chain that could not be checked: the first of its entries lies in a detached month, and what comes
/// after cannot be tied to what came before. That nothing else is missing in it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// In which history.
    pub book: Book,
    /// Whose.
    pub mch_id: MchId,
    /// The first entry that lies in a detached month.
    pub from: u64,
    /// The last one that was not checked: the end of the chain, or an earlier head from which it is
    /// followed again.
    pub to: u64,
    /// The tables that hold the detached months.
    pub months: Box<str>,
}

impl Report {
    /// Whether nothing is wrong in what was checked; see [`Report::unverified`] for what was not.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.faults_in_all == 0
    }

    fn add(&mut self, listed: usize, fault: Fault) {
        self.faults_in_all += 1;
        if self.faults.len() < listed {
            self.faults.push(fault);
        }
    }
}

impl Audit {
    /// An audit of everything that lists the first [`FAULTS_LISTED`] faults.
    #[must_use]
    pub const fn new() -> Self {
        Self { earlier: Vec::new(), faults_listed: FAULTS_LISTED }
    }

    /// Checks too that each chain passes through these heads, which were kept elsewhere: that
    /// the end of a chain was cut off, or all of it written anew, shows by nothing else.
    #[must_use]
    pub fn against(self, earlier: Vec<Head>) -> Self {
        Self { earlier, ..self }
    }

    /// Lists at most so many faults; all are counted.
    #[must_use]
    pub fn listing(self, faults: usize) -> Self {
        Self { faults_listed: faults, ..self }
    }

    /// Does it. `tell` is told how far it has come, after every page.
    ///
    /// # Errors
    /// That the store cannot be read. What it holds that cannot be is a fault, not an error.
    pub async fn run(
        &self,
        store: &dyn Store,
        tell: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Report, LedgerError> {
        let mut ends = store.each_head().await?;
        let heads: Vec<Head> =
            ends.iter().filter_map(|(_, _, head)| head.as_ref().ok()).cloned().collect();
        let mut report = Report { heads, ..Report::default() };
        report.checked.entries_in_all =
            report.heads.iter().fold(0, |sum, head| sum.saturating_add(head.position));
        for Head { book, mch_id, .. } in &self.earlier {
            if !ends.iter().any(|end| (end.0, &end.1) == (*book, mch_id)) {
                ends.push((*book, mch_id.clone(), Ok(Head::empty(*book, mch_id.clone()))));
            }
        }
        for (book, mch_id, head) in ends {
            let mut walk = walk::Walk::new(self, store, (book, mch_id), &mut report, tell);
            walk.chain(head).await?;
            walk.packets().await?;
            walk.totals().await?;
        }
        Ok(report)
    }
}
