//! Copying a ledger into another store, while the one that it comes from is in use.
//!
//! The chain drives it: what the destination's head has not reached yet is read from the source,
//! entries and the newest state of every packet that they name, and taken in. So it goes on where
//! it broke off, and a source that is in use is caught up with, round by round.

use crate::archive::{Estate, Shipment};
use crate::book::Book;
use crate::chain::{Head, Link};
use crate::digest::Digest;
use crate::error::LedgerError;
use crate::record::Key;
use crate::store::Store;
use futures_util::{StreamExt, TryStreamExt, stream};
use hongbao_wire::{MchBillno, MchId};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How many entries are taken in with one transaction.
const BATCH: u32 = 500;
/// How many packets are read at once: a store on another machine answers them together.
const READS: usize = 32;
/// How many times a source that goes on changing is caught up with.
const ROUNDS_MAX: u32 = 16;
/// How many packets are compared at once.
const PAGE: u32 = 1000;

/// How a ledger is copied.
#[derive(Clone, Copy, Debug)]
pub struct CopyOptions {
    /// The first day whose use of the limits is copied: yesterday, as none before it counts any more.
    pub usage_from: Date,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Entries of the destination, and how many the source has.
    Entries {
        /// There.
        done: u64,
        /// To be there.
        total: u64,
    },
    /// Packets that were compared with their chain.
    Compared {
        /// So many.
        packets: u64,
    },
}

/// What a copy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Merchants, with keys, limits and balance.
    pub merchants: u64,
    /// Entries that were brought now.
    pub brought: u64,
    /// Entries that the source has more, as it went on changing: with 0 nothing is missing, and the
    /// destination was compared. 1 too where only balances or settings never rested.
    pub behind: u64,
    /// The ends of the destination's chains.
    pub heads: Vec<Head>,
    /// Packets of the destination, each as its chain says.
    pub packets: u64,
    /// The SHA-256 over the ends of the chains: equal for equal ledgers.
    pub chains_hash: Digest,
    /// The SHA-256 over what is known of every packet; `None` where the source is ahead.
    pub packets_hash: Option<Digest>,
}

/// Why a ledger was not copied. What was taken in stays, and counts when it is begun again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CopyError {
    /// The ledger that is read.
    #[error("the source: {0}")]
    Source(#[source] LedgerError),
    /// The ledger that is written.
    #[error("the destination: {0}")]
    Destination(#[source] LedgerError),
    /// The destination holds entries that the source does not.
    #[error("the destination's {} of `{mch_id}` are not the source's", book.as_str())]
    Different {
        /// Which history.
        book: Book,
        /// Whose.
        mch_id: String,
    },
    /// What arrived is not what the chain says.
    #[error("the {} of `{mch_id}` differ from their chain, first in `{mch_billno}`", book.as_str())]
    Unclean {
        /// Which history.
        book: Book,
        /// Whose.
        mch_id: String,
        /// The first packet that differs.
        mch_billno: String,
    },
    /// The sums of the destination are not those of the source.
    #[error("the totals of the {} of `{mch_id}` differ", book.as_str())]
    TotalsDiffer {
        /// Which history.
        book: Book,
        /// Whose.
        mch_id: String,
    },
}

type Chains = BTreeMap<(Book, MchId), Head>;

/// Copies `from` into `to`: chains, packets, merchants, findings and settings, and compares.
///
/// Stopped at any time (the future may be dropped), it goes on where it was when it is called again.
/// A destination that holds the beginning of the source, or nothing, is taken; no other.
///
/// # Errors
/// [`CopyError`].
pub async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    options: CopyOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Copied, CopyError> {
    let mut target = chains(to).await.map_err(CopyError::Destination)?;
    let mut source = chains(from).await.map_err(CopyError::Source)?;
    same_beginning(from, &source, &target).await?;
    let mut brought = 0;
    let mut known = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        // a store takes no packet of a merchant that it does not list
        estates(from, to, &source, options.usage_from, &mut known).await?;
        let mut done: u64 = target.values().map(|head| head.position).sum();
        let total = source.values().map(|head| head.position).sum();
        progress(Progress::Entries { done, total });
        let before = brought;
        for end in source.values() {
            let after = position(&target, end);
            brought += chain(from, to, end, after, &mut |count| {
                done += count;
                progress(Progress::Entries { done, total: total.max(done) });
            })
            .await?;
        }
        target = chains(to).await.map_err(CopyError::Destination)?;
        source = chains(from).await.map_err(CopyError::Source)?;
        if brought == before || behind(&source, &target) == 0 {
            break;
        }
    }
    let mut copied = Copied {
        merchants: 0,
        brought,
        behind: behind(&source, &target),
        chains_hash: hash_of_chains(target.values()),
        heads: target.values().cloned().collect(),
        packets: 0,
        packets_hash: None,
    };
    // and once more, with what the balances came to meanwhile
    copied.merchants = beside(from, to, &source, options.usage_from).await?;
    for _ in 0..ROUNDS_MAX {
        if copied.behind > 0 {
            break;
        }
        compare(from, to, &mut copied, progress).await?;
        if copied.behind > 0 || is_same_beside(from, to, options.usage_from).await? {
            return Ok(copied);
        }
        // A balance or a setting changed while packets were compared.
        copied.merchants = beside(from, to, &source, options.usage_from).await?;
        copied.packets = 0;
    }
    if copied.behind == 0 {
        copied.behind = 1;
        copied.packets_hash = None;
    }
    Ok(copied)
}

async fn chains(store: &dyn Store) -> Result<Chains, LedgerError> {
    let heads = store.heads().await?.into_iter();
    Ok(heads.map(|head| ((head.book, head.mch_id.clone()), head)).collect())
}

fn position(chains: &Chains, end: &Head) -> u64 {
    chains.get(&(end.book, end.mch_id.clone())).map_or(0, |head| head.position)
}

/// How many entries the destination has not.
fn behind(source: &Chains, target: &Chains) -> u64 {
    source.values().map(|end| end.position.saturating_sub(position(target, end))).sum()
}

/// The SHA-256 over the ends of chains, in their order.
pub fn hash_of_chains<'h>(heads: impl Iterator<Item = &'h Head>) -> Digest {
    let mut hash = Sha256::new();
    for head in heads {
        hash.update([head.book.tag()]);
        hash.update((head.mch_id.as_str().len() as u64).to_be_bytes());
        hash.update(head.mch_id.as_str());
        hash.update(head.position.to_be_bytes());
        hash.update(head.hash);
    }
    hash.finalize().into()
}

/// Refuses a destination that is not the beginning of the source.
async fn same_beginning(
    from: &dyn Store,
    source: &Chains,
    target: &Chains,
) -> Result<(), CopyError> {
    for (key, head) in target {
        let is_longer = source.get(key).is_none_or(|end| end.position < head.position);
        let mark = match (is_longer, head.position.checked_sub(1)) {
            (false, Some(before)) => {
                let links = from.links(head.book, head.mch_id.as_str(), before, 1).await;
                links.map_err(CopyError::Source)?.first().map(|link| link.mark)
            }
            // a chain without entries follows on nothing
            (false, None) => continue,
            (true, _) => None,
        };
        if mark.as_ref() != head.hash.first_chunk() {
            let (book, mch_id) = (head.book, head.mch_id.to_string());
            return Err(CopyError::Different { book, mch_id });
        }
    }
    Ok(())
}

/// Brings the entries of one chain after a position, up to `end`; returns how many.
async fn chain(
    from: &dyn Store,
    to: &dyn Store,
    end: &Head,
    mut after: u64,
    count: &mut (dyn FnMut(u64) + Send),
) -> Result<u64, CopyError> {
    let (book, mch_id) = (end.book, end.mch_id.as_str());
    let mut brought = 0;
    while after < end.position {
        let links = from.links(book, mch_id, after, BATCH).await.map_err(CopyError::Source)?;
        let Some(last) = links.last() else { break };
        let links_count = links.len() as u64;
        after = last.position;
        let shipment = shipment(from, book, mch_id, links).await.map_err(CopyError::Source)?;
        to.receive(shipment).await.map_err(CopyError::Destination)?;
        brought += links_count;
        count(links_count);
    }
    Ok(brought)
}

/// The entries with the newest state of every packet that they name.
async fn shipment(
    from: &dyn Store,
    book: Book,
    mch_id: &str,
    links: Vec<Link>,
) -> Result<Shipment, LedgerError> {
    let named: BTreeSet<MchBillno> = links.iter().map(|link| link.mch_billno.clone()).collect();
    let keys = named.into_iter().map(|mch_billno| Key::new(mch_id, mch_billno));
    let keys = stream::iter(keys.collect::<Vec<_>>());
    let (mut records, mut inquiries) = (Vec::new(), Vec::new());
    match book {
        Book::Records => {
            let states = keys.map(|key| async move {
                let Some(record) = from.find(&key).await? else { return Ok(None) };
                let reply = from.reply(key.mch_id.as_str(), key.mch_billno.as_str()).await?;
                Ok::<_, LedgerError>(Some((record, reply)))
            });
            let states: Vec<_> = states.buffered(READS).try_collect().await?;
            records = states.into_iter().flatten().collect();
        }
        Book::Inquiries => {
            let states = keys.map(|key| async move { from.inquiry(&key).await });
            let states: Vec<_> = states.buffered(READS).try_collect().await?;
            inquiries = states.into_iter().flatten().collect();
        }
    }
    Ok(Shipment { book, mch_id: mch_id.into(), links, records, inquiries })
}

/// Brings merchants that are not `known` yet, their use of the limits, and findings; returns how many
/// merchants the source lists.
async fn estates(
    from: &dyn Store,
    to: &dyn Store,
    source: &Chains,
    usage_from: Date,
    known: &mut BTreeSet<MchId>,
) -> Result<u64, CopyError> {
    let merchants = from.merchants().await.map_err(CopyError::Source)?;
    let count = merchants.len() as u64;
    let listed = merchants.into_iter().map(|merchant| merchant.mch_id);
    let all: BTreeSet<MchId> = source.keys().map(|key| key.1.clone()).chain(listed).collect();
    for mch_id in all {
        if !known.insert(mch_id.clone()) {
            continue;
        }
        let estate = from.estate(mch_id.as_str(), usage_from).await.map_err(CopyError::Source)?;
        let received = to.receive_estate(mch_id.as_str(), estate).await;
        received.map_err(CopyError::Destination)?;
    }
    Ok(count)
}

/// Brings merchants, use of the limits, findings and settings as they are now; returns how many
/// merchants the source lists.
async fn beside(
    from: &dyn Store,
    to: &dyn Store,
    source: &Chains,
    usage_from: Date,
) -> Result<u64, CopyError> {
    let merchants = estates(from, to, source, usage_from, &mut BTreeSet::new()).await?;
    settings(from, to).await?;
    Ok(merchants)
}

/// Whether the destination has what the source has now beside packets: merchants with their balances,
/// use of the limits, findings and settings.
async fn is_same_beside(
    from: &dyn Store,
    to: &dyn Store,
    usage_from: Date,
) -> Result<bool, CopyError> {
    for merchant in from.merchants().await.map_err(CopyError::Source)? {
        let mch_id = merchant.mch_id.as_str();
        let theirs = from.estate(mch_id, usage_from).await.map_err(CopyError::Source)?;
        let ours = to.estate(mch_id, usage_from).await.map_err(CopyError::Destination)?;
        let standing = |estate: &Estate| estate.merchant.as_ref().map(|m| (m.version, m.balance));
        let is_same = standing(&theirs) == standing(&ours)
            && (theirs.usage, theirs.findings) == (ours.usage, ours.findings);
        if !is_same {
            return Ok(false);
        }
    }
    let there = to.settings().await.map_err(CopyError::Destination)?;
    let settings = from.settings().await.map_err(CopyError::Source)?;
    Ok(settings.iter().all(|setting| there.contains(setting)))
}

async fn settings(from: &dyn Store, to: &dyn Store) -> Result<(), CopyError> {
    let there = to.settings().await.map_err(CopyError::Destination)?;
    for (name, value) in from.settings().await.map_err(CopyError::Source)? {
        if !there.contains(&(name.clone(), value.clone())) {
            to.set_setting(&name, &value).await.map_err(CopyError::Destination)?;
        }
    }
    Ok(())
}

/// Compares both ledgers: the ends of the chains, the totals, and every packet of the destination
/// with its chain. Should the source change meanwhile, that is counted instead.
async fn compare(
    from: &dyn Store,
    to: &dyn Store,
    copied: &mut Copied,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), CopyError> {
    let target: Chains =
        copied.heads.iter().map(|head| ((head.book, head.mch_id.clone()), head.clone())).collect();
    let mut differing = None;
    let mut hash = Sha256::new();
    for head in &copied.heads {
        let (book, mch_id) = (head.book, head.mch_id.as_str());
        let ours = to.totals(book, mch_id, None, None).await.map_err(CopyError::Destination)?;
        let theirs = from.totals(book, mch_id, None, None).await.map_err(CopyError::Source)?;
        if ours != theirs {
            differing.get_or_insert((book, mch_id.to_owned()));
        }
        copied.packets += packets(to, head, &mut hash, copied.packets, progress).await?;
    }
    let source = chains(from).await.map_err(CopyError::Source)?;
    copied.behind = behind(&source, &target);
    if copied.behind > 0 {
        return Ok(());
    }
    if let Some((_, head)) = source.iter().find(|(key, head)| target.get(key) != Some(head)) {
        let (book, mch_id) = (head.book, head.mch_id.to_string());
        return Err(CopyError::Different { book, mch_id });
    }
    if let Some((book, mch_id)) = differing {
        return Err(CopyError::TotalsDiffer { book, mch_id });
    }
    copied.packets_hash = Some(hash.finalize().into());
    Ok(())
}

/// Compares every packet of a chain with what the chain says; returns how many there are.
async fn packets(
    to: &dyn Store,
    head: &Head,
    hash: &mut Sha256,
    before: u64,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64, CopyError> {
    let (book, mch_id) = (head.book, head.mch_id.as_str());
    let mut after = String::new();
    let mut count = 0;
    loop {
        let page = to.standings(book, mch_id, &after, PAGE).await;
        let page = page.map_err(CopyError::Destination)?;
        let Some(last) = page.last() else { return Ok(count) };
        last.mch_billno.as_str().clone_into(&mut after);
        for standing in page {
            let mch_billno = standing.mch_billno.as_str();
            let is_clean = standing.chained.is_none_or(|state| standing.found == Some(state));
            if !is_clean {
                let (mch_id, mch_billno) = (mch_id.to_owned(), mch_billno.to_owned());
                return Err(CopyError::Unclean { book, mch_id, mch_billno });
            }
            hash.update([book.tag()]);
            hash.update((mch_billno.len() as u64).to_be_bytes());
            hash.update(mch_billno);
            hash.update(standing.found.unwrap_or_default());
            count += 1;
        }
        progress(Progress::Compared { packets: before + count });
    }
}
