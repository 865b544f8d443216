//! The chains and totals of one book, in memory.

use crate::archive::{Shipment, names};
use crate::book::Book;
use crate::chain::{Flaw, Head, Link, Raw};
use crate::digest::StateDigest;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::time::whole;
use crate::total::{Sum, Total, TotalKey, shifted};
use hongbao_wire::{MchBillno, MchId, OpenId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A merchant's chain, and the totals of its packets.
pub(super) struct Chain {
    head: Head,
    /// The entry at position n is the one at n - 1.
    links: Vec<Link>,
    totals: BTreeMap<TotalKey, Sum>,
}

/// Those of every merchant.
pub(super) struct Chains {
    book: Book,
    of: BTreeMap<Box<str>, Chain>,
}

impl Chains {
    pub(super) const fn new(book: Book) -> Self {
        Self { book, of: BTreeMap::new() }
    }

    fn chain(&mut self, mch_id: &MchId) -> &mut Chain {
        let book = self.book;
        self.of.entry(mch_id.as_str().into()).or_insert_with(|| Chain {
            head: Head::empty(book, mch_id.clone()),
            links: Vec::new(),
            totals: BTreeMap::new(),
        })
    }

    /// What the totals are once a packet counts as `new` and no longer as `old`.
    pub(super) fn shifted(
        &self,
        mch_id: &str,
        old: Option<Total>,
        new: Total,
    ) -> Result<Vec<Total>, LedgerError> {
        let totals = self.of.get(mch_id).map(|chain| &chain.totals);
        shifted(old, new, |key| {
            Ok(totals.and_then(|totals| totals.get(key)).copied().unwrap_or_default())
        })
    }

    /// The same for one packet of several, whose changed totals are gathered in `changed`.
    pub(super) fn shift(
        &self,
        changed: &mut BTreeMap<TotalKey, Total>,
        mch_id: &str,
        old: Option<Total>,
        new: Total,
    ) -> Result<(), LedgerError> {
        let totals = self.of.get(mch_id).map(|chain| &chain.totals);
        let stored = |key: &TotalKey| match changed.get(key) {
            Some(total) => Ok(total.sum),
            None => Ok(totals.and_then(|totals| totals.get(key)).copied().unwrap_or_default()),
        };
        for total in shifted(old, new, stored)? {
            changed.insert(total.key.clone(), total);
        }
        Ok(())
    }

    pub(super) fn set_totals(&mut self, mch_id: &MchId, totals: Vec<Total>) {
        let kept = &mut self.chain(mch_id).totals;
        for Total { key, sum } in totals {
            if sum.packets == 0 {
                kept.remove(&key)
            } else {
                kept.insert(key, sum)
            };
        }
    }

    /// Appends the entries of a commit; returns their positions.
    pub(super) fn append(
        &mut self,
        mch_id: &MchId,
        mch_billno: &MchBillno,
        entries: &[Entry],
        state: StateDigest,
    ) -> Vec<u64> {
        let entries: Vec<Entry> =
            entries.iter().map(|entry| Entry { at: whole(entry.at), ..entry.clone() }).collect();
        let chain = self.chain(mch_id);
        let links = chain.head.append(mch_billno, &entries, state);
        let positions = links.iter().map(|link| link.position).collect();
        chain.links.extend(links);
        positions
    }

    pub(super) fn entries(&self, mch_id: &str, positions: &[u64]) -> Vec<Entry> {
        let Some(chain) = self.of.get(mch_id) else { return Vec::new() };
        let links = positions.iter().filter_map(|position| chain.links.get(index(*position)));
        links.map(entry_of).collect()
    }

    /// What the newest of these entries that has a digest says was known.
    pub(super) fn state(&self, mch_id: &str, positions: &[u64]) -> Option<StateDigest> {
        let chain = self.of.get(mch_id)?;
        positions.iter().rev().find_map(|position| chain.links.get(index(*position))?.state)
    }

    pub(super) fn heads(&self) -> Vec<Head> {
        let heads = self.of.values().map(|chain| &chain.head);
        heads.filter(|head| head.position > 0).cloned().collect()
    }

    pub(super) fn links(&self, mch_id: &str, after: u64, limit: usize) -> Vec<Link> {
        let links = self.of.get(mch_id).map(|chain| &chain.links[..]).unwrap_or_default();
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        links.iter().skip(skip).take(limit).cloned().collect()
    }

    pub(super) fn totals(&self, mch_id: &str, from: Option<Date>, to: Option<Date>) -> Vec<Total> {
        let totals = self.of.get(mch_id).into_iter().flat_map(|chain| &chain.totals);
        totals
            .filter(|(key, _)| from.is_none_or(|from| key.day >= from))
            .filter(|(key, _)| to.is_none_or(|to| key.day <= to))
            .map(|(key, sum)| Total { key: key.clone(), sum: *sum })
            .collect()
    }

    /// Removes the raw messages of these entries; returns how many there were.
    pub(super) fn strip(&mut self, mch_id: &str, positions: &[u64]) -> u64 {
        let Some(chain) = self.of.get_mut(mch_id) else { return 0 };
        let strip = |position: &u64| chain.links.get_mut(index(*position)).map_or(0, strip);
        positions.iter().map(strip).sum()
    }

    /// Removes the raw messages that name a receiver, of whichever packet; returns how many.
    pub(super) fn strip_naming(&mut self, mch_id: &str, openid: &OpenId) -> u64 {
        let Some(chain) = self.of.get_mut(mch_id) else { return 0 };
        let is_named = |link: &&mut Link| match &link.raw {
            Raw::Kept(raw) => names(raw, openid),
            Raw::Absent | Raw::Removed(_) => false,
        };
        chain.links.iter_mut().filter(is_named).map(strip).sum()
    }

    pub(super) fn trim(&mut self, mch_id: &str, before: Timestamp, limit: u32) -> u64 {
        let Some(chain) = self.of.get_mut(mch_id) else { return 0 };
        let mut old: Vec<&mut Link> = chain
            .links
            .iter_mut()
            .filter(|link| link.entry.at < before && matches!(link.raw, Raw::Kept(_)))
            .collect();
        // Stable: equal times stay in the order of the chain.
        old.sort_by_key(|link| link.entry.at);
        old.into_iter().take(limit as usize).map(strip).sum()
    }

    /// The links of a shipment that are new here; an error where they do not follow.
    pub(super) fn news<'s>(&self, shipment: &'s Shipment) -> Result<&'s [Link], LedgerError> {
        let mch_id = MchId::from(&*shipment.mch_id);
        let chain = self.of.get(&shipment.mch_id);
        let links = chain.map(|chain| &chain.links[..]).unwrap_or_default();
        let broken = |flaw| LedgerError::ChainBroken { mch_id: shipment.mch_id.to_string(), flaw };
        let mut head =
            chain.map_or_else(|| Head::empty(self.book, mch_id), |chain| chain.head.clone());
        let mut known = 0;
        for link in &shipment.links {
            match link.position.checked_sub(1).and_then(|_| links.get(index(link.position))) {
                Some(kept) if kept.mark == link.mark => known += 1,
                Some(_) => return Err(broken(Flaw::Changed { position: link.position })),
                None => head.follow(link).map_err(broken)?,
            }
        }
        Ok(shipment.links.get(known..).unwrap_or_default())
    }

    /// Goes on by links that [`Chains::news`] has checked.
    pub(super) fn extend(&mut self, mch_id: &MchId, links: &[Link]) {
        let chain = self.chain(mch_id);
        for link in links {
            let (raw, state) = (link.raw.digest(), link.state.as_ref());
            chain.head.push(link.mch_billno.as_str(), &link.entry, raw.as_ref(), state);
            chain.links.push(link.clone());
        }
    }
}

fn index(position: u64) -> usize {
    usize::try_from(position.wrapping_sub(1)).unwrap_or(usize::MAX)
}

fn entry_of(link: &Link) -> Entry {
    let raw = match &link.raw {
        Raw::Kept(raw) => Some(raw.clone()),
        Raw::Absent | Raw::Removed(_) => None,
    };
    Entry { raw, ..link.entry.clone() }
}

fn strip(link: &mut Link) -> u64 {
    match (&link.raw, link.raw.digest()) {
        (Raw::Kept(_), Some(digest)) => {
            link.raw = Raw::Removed(digest);
            1
        }
        _ => 0,
    }
}
