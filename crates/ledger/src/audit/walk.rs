//! The walk over one book of one merchant.

use super::{Audit, Fault, Progress, Report, Unverified, Wrong};
use crate::book::Book;
use crate::chain::{Flaw, Head, Link};
use crate::error::LedgerError;
use crate::inquiry::InquiryFilter;
use crate::ledger::Filter;
use crate::store::Store;
use crate::total::{Sum, Total, TotalKey};
use hongbao_wire::MchId;
use std::collections::BTreeMap;

/// Entries and packets of a page.
const PAGE: u32 = 1_000;
/// How often totals are counted where they change meanwhile.
const COUNTS_MAX: u32 = 3;

pub(super) struct Walk<'a> {
    audit: &'a Audit,
    store: &'a dyn Store,
    book: Book,
    mch_id: MchId,
    /// Whether entries are detached: a packet without one may have them there.
    is_partial: bool,
    report: &'a mut Report,
    tell: &'a mut (dyn FnMut(Progress) + Send),
}

/// How far a chain can be followed.
struct Thread {
    /// The hash of what was read last, as it is now.
    head: Head,
    /// Entries in a row that do not follow, up to the last.
    strays: u64,
    /// Whether what comes next cannot be told from what was written.
    is_lost: bool,
    /// Whether that is so as entries lie in detached months: up to the next head that was kept elsewhere.
    is_apart: bool,
}

impl Thread {
    fn from(head: Head) -> Self {
        Self { head, strays: 0, is_lost: false, is_apart: false }
    }
}

/// Whether the chain can be followed further.
enum Followed {
    On,
    End,
    /// What comes next cannot be read, which was noted.
    Unknown,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        audit: &'a Audit,
        store: &'a dyn Store,
        (book, mch_id): (Book, MchId),
        report: &'a mut Report,
        tell: &'a mut (dyn FnMut(Progress) + Send),
    ) -> Self {
        Self { audit, store, book, mch_id, is_partial: false, report, tell }
    }

    fn add(&mut self, wrong: Wrong) {
        let fault = Fault { book: self.book, mch_id: self.mch_id.clone(), wrong };
        self.report.add(self.audit.faults_listed, fault);
    }

    /// What was read, or `None` for what cannot be read, which is a fault.
    fn read<T>(
        &mut self,
        read: Result<T, LedgerError>,
        after: &str,
    ) -> Result<Option<T>, LedgerError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(LedgerError::Damaged(why)) => {
                self.add(Wrong::Unreadable { after: after.into(), why: why.into() });
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Follows the chain to its head, and past the heads that were kept elsewhere.
    pub(super) async fn chain(
        &mut self,
        end: Result<Head, LedgerError>,
    ) -> Result<(), LedgerError> {
        let end = self.read(end, "head")?;
        let mut thread = Thread::from(Head::empty(self.book, self.mch_id.clone()));
        let mut earlier: Vec<Head> = self.audit.earlier.clone();
        earlier.retain(|head| (head.book, &head.mch_id) == (self.book, &self.mch_id));
        earlier.retain(|head| head.position > 0);
        // Without a readable head, to the last entry that is there.
        let last = end.as_ref().map_or(i64::MAX.unsigned_abs(), |end| end.position);
        while thread.head.position < last {
            match self.page_of_links(&mut thread, last, &mut earlier).await? {
                Followed::On => {}
                Followed::End => break,
                Followed::Unknown => {
                    self.end_apart(&thread);
                    return Ok(());
                }
            }
        }
        self.end_apart(&thread);
        let reached = thread.head.position;
        for head in earlier.iter().filter(|head| head.position > reached) {
            self.add(Wrong::EarlierHeadMissing { position: head.position });
        }
        let Some(end) = end else { return Ok(()) };
        if reached < end.position {
            self.add(Wrong::EntriesCut { last: reached, head: end.position });
        } else if !thread.is_lost && thread.head.hash != end.hash {
            self.add(Wrong::HeadChanged { position: end.position });
        }
        self.beyond(&end).await
    }

    /// Follows the entries of the next page, up to the one at `last`.
    async fn page_of_links(
        &mut self,
        thread: &mut Thread,
        last: u64,
        earlier: &mut Vec<Head>,
    ) -> Result<Followed, LedgerError> {
        let after = thread.head.position;
        let limit = u32::try_from(last - after).unwrap_or(PAGE).min(PAGE);
        let page = self.store.links(self.book, self.mch_id.as_str(), after, limit).await;
        if let Err(LedgerError::Detached { position, last: to, months, .. }) = page {
            if position > last {
                return Ok(Followed::End);
            }
            self.pass_over(thread, (position, to.min(last)), &months, earlier);
            return Ok(Followed::On);
        }
        let Some(page) = self.read(page, &after.to_string())? else {
            return Ok(Followed::Unknown);
        };
        for link in page.iter().take_while(|link| link.position <= last) {
            self.step(thread, link);
            self.report.checked.entries += u64::from(!thread.is_apart);
            self.pass(thread, earlier);
        }
        (self.tell)(self.report.checked);
        let is_over = page.is_empty() || page.iter().any(|link| link.position > last);
        Ok(if is_over { Followed::End } else { Followed::On })
    }

    /// Passes over entries that lie in detached months. What follows is only counted, up to an earlier head.
    fn pass_over(
        &mut self,
        thread: &mut Thread,
        (from, to): (u64, u64),
        months: &str,
        earlier: &mut Vec<Head>,
    ) {
        let due = thread.head.position.saturating_add(1);
        if due < from {
            self.add(Wrong::EntriesMissing { from: due, next: from });
        }
        match self.report.unverified.last_mut() {
            Some(part) if thread.is_apart && part.months.ends_with(months) => {}
            Some(part) if thread.is_apart => {
                part.months = format!("{}, {months}", part.months).into();
            }
            _ => {
                let (book, mch_id) = (self.book, self.mch_id.clone());
                self.report.unverified.push(Unverified {
                    book,
                    mch_id,
                    from,
                    to,
                    months: months.into(),
                });
            }
        }
        self.is_partial = true;
        // Those in between are neither confirmed nor denied.
        earlier.retain(|head| !(from..to).contains(&head.position));
        thread.head.position = to;
        thread.strays = 0;
        thread.is_lost = true;
        thread.is_apart = true;
        self.pass(thread, earlier);
    }

    /// Says up to where a part was not verified, once that is known.
    fn end_apart(&mut self, thread: &Thread) {
        if let Some(part) = self.report.unverified.last_mut().filter(|_| thread.is_apart) {
            part.to = thread.head.position;
        }
    }

    fn step(&mut self, thread: &mut Thread, link: &Link) {
        if thread.is_lost {
            let expected = thread.head.position.saturating_add(1);
            if link.position != expected {
                self.add(Wrong::EntriesMissing { from: expected, next: link.position });
            }
            thread.head.position = link.position;
            return;
        }
        match thread.head.follow(link) {
            Ok(()) => thread.strays = 0,
            Err(Flaw::Place { expected, found }) => {
                self.add(Wrong::EntriesMissing { from: expected, next: found });
                thread.head.position = link.position;
                thread.is_lost = true;
            }
            Err(Flaw::Changed { position }) => {
                // Where only the mark was changed, the next entry follows on this one as it is.
                thread.strays += 1;
                if thread.strays == 1 {
                    let mch_billno = link.mch_billno.clone();
                    self.add(Wrong::EntryChanged { position, mch_billno });
                }
                let raw = link.raw.digest();
                let state = link.state.as_ref();
                thread.head.push(link.mch_billno.as_str(), &link.entry, raw.as_ref(), state);
                thread.is_lost = thread.strays > 1;
            }
        }
    }

    /// Compares with the earlier heads at this position.
    fn pass(&mut self, thread: &mut Thread, earlier: &mut Vec<Head>) {
        let position = thread.head.position;
        if let Some(head) = earlier.iter().find(|h| thread.is_apart && h.position == position) {
            self.end_apart(thread);
            *thread = Thread::from(head.clone());
        }
        let is_lost = thread.is_lost || thread.strays > 0;
        for head in earlier.iter().filter(|head| head.position == position) {
            if is_lost || head.hash != thread.head.hash {
                self.add(Wrong::EarlierHeadDiffers { position });
            }
        }
        earlier.retain(|head| head.position != position);
    }

    /// Entries after the head are wrong unless the head has gone on meanwhile.
    async fn beyond(&mut self, end: &Head) -> Result<(), LedgerError> {
        let mch_id = self.mch_id.clone();
        let more = self.store.links(self.book, mch_id.as_str(), end.position, 1).await;
        let first = match more {
            Err(LedgerError::Detached { position, .. }) => Some(position),
            more => {
                let more = self.read(more, &end.position.to_string())?.unwrap_or_default();
                more.first().map(|link| link.position)
            }
        };
        let Some(position) = first else { return Ok(()) };
        let heads = self.store.each_head().await?;
        let now = heads.into_iter().find(|head| (head.0, &head.1) == (self.book, &mch_id));
        let now = now.and_then(|(_, _, head)| head.ok());
        if now.is_none_or(|now| now.position <= end.position) {
            self.add(Wrong::EntriesBeyondHead { position });
        }
        Ok(())
    }

    /// Compares every packet with what its newest entry says.
    pub(super) async fn packets(&mut self) -> Result<(), LedgerError> {
        let mut after = String::new();
        loop {
            let mch_id = self.mch_id.as_str();
            let page = self.store.standings(self.book, mch_id, &after, PAGE).await;
            let Some(page) = self.read(page, &after)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = last.mch_billno.as_str().to_owned();
            self.report.checked.packets += page.len() as u64;
            for standing in page {
                let mch_billno = standing.mch_billno;
                match (standing.chained, standing.found) {
                    (Some(chained), Some(found)) if chained == found => {}
                    (Some(_), Some(_)) => self.add(Wrong::PacketChanged { mch_billno }),
                    (_, None) => self.add(Wrong::PacketMissing { mch_billno }),
                    (None, Some(_)) if self.is_partial => {}
                    (None, Some(_)) => self.add(Wrong::PacketUnchained { mch_billno }),
                }
            }
            (self.tell)(self.report.checked);
        }
    }

    /// Counts the totals anew, once more where somebody writes meanwhile.
    pub(super) async fn totals(&mut self) -> Result<(), LedgerError> {
        for _ in 0..COUNTS_MAX {
            let Some(before) = self.kept().await? else { return Ok(()) };
            let Some(counted) = self.count().await? else { return Ok(()) };
            let Some(after) = self.kept().await? else { return Ok(()) };
            if before == after {
                self.compare(before, counted);
                return Ok(());
            }
        }
        self.report.totals_moving.push((self.book, self.mch_id.as_str().into()));
        Ok(())
    }

    async fn kept(&mut self) -> Result<Option<BTreeMap<TotalKey, Sum>>, LedgerError> {
        let totals = self.store.totals(self.book, self.mch_id.as_str(), None, None).await;
        let totals = self.read(totals, "totals")?;
        Ok(totals.map(|totals| totals.into_iter().map(|t| (t.key, t.sum)).collect()))
    }

    /// What the packets come to: `None` for a sum that is too large.
    async fn count(&mut self) -> Result<Option<BTreeMap<TotalKey, Option<Sum>>>, LedgerError> {
        let mut counted: BTreeMap<TotalKey, Option<Sum>> = BTreeMap::new();
        let mut after: Option<Box<str>> = None;
        loop {
            let page = self.page(after.clone()).await;
            let Some(page) = self.read(page, after.as_deref().unwrap_or(""))? else {
                return Ok(None);
            };
            let Some((last, _)) = page.last() else { return Ok(Some(counted)) };
            after = Some(last.clone());
            for (_, total) in page {
                let sum = counted.entry(total.key).or_insert(Some(Sum::default()));
                *sum = sum.and_then(|sum| sum.checked_add(total.sum));
            }
        }
    }

    /// What each packet of a page adds.
    async fn page(&self, after_billno: Option<Box<str>>) -> Result<Page, LedgerError> {
        let mch_id = self.mch_id.as_str();
        Ok(match self.book {
            Book::Records => {
                let filter = Filter { after_billno, limit: PAGE, ..Filter::default() };
                let page = self.store.records(mch_id, &filter).await?;
                page.iter().map(|r| (r.key.mch_billno.as_str().into(), r.total())).collect()
            }
            Book::Inquiries => {
                let filter =
                    InquiryFilter { after_billno, limit: PAGE, ..InquiryFilter::default() };
                let page = self.store.inquiries(mch_id, &filter).await?;
                page.iter().map(|i| (i.key.mch_billno.as_str().into(), i.total())).collect()
            }
        })
    }

    fn compare(
        &mut self,
        mut kept: BTreeMap<TotalKey, Sum>,
        counted: BTreeMap<TotalKey, Option<Sum>>,
    ) {
        for (key, counted) in counted {
            let kept = kept.remove(&key).unwrap_or_default();
            let key = Box::new(key);
            match counted {
                None => self.add(Wrong::TotalOverflows { key }),
                Some(counted) if counted != kept => {
                    self.add(Wrong::TotalDiffers { key, kept, counted });
                }
                Some(_) => {}
            }
        }
        for (key, kept) in kept {
            let (key, counted) = (Box::new(key), Sum::default());
            self.add(Wrong::TotalDiffers { key, kept, counted });
        }
    }
}

/// Packets by their numbers.
type Page = Vec<(Box<str>, Total)>;
