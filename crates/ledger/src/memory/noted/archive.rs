//! What those who look after a ledger do with the merchant's side in memory.

use super::{Kept, Noted};
use crate::archive::{Forgotten, Shipment, Standing};
use crate::error::LedgerError;
use crate::history::Entry;
use crate::inquiry::Inquiry;
use hongbao_wire::{MchId, OpenId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::ops::Bound;

impl Noted {
    pub(in crate::memory) fn standings(
        &self,
        mch_id: &str,
        after_billno: &str,
        limit: usize,
    ) -> Vec<Standing> {
        let Some(packets) = self.packets.get(mch_id) else { return Vec::new() };
        let later = packets.range::<str, _>((Bound::Excluded(after_billno), Bound::Unbounded));
        let standing = |kept: &Kept| Standing {
            mch_billno: kept.inquiry.key.mch_billno.clone(),
            chained: self.chains.state(mch_id, &kept.history),
            found: Some(kept.inquiry.state_digest()),
        };
        later.take(limit).map(|(_, kept)| standing(kept)).collect()
    }

    /// The packets in which the receiver stands; an error where one of them can still change.
    pub(in crate::memory) fn of_receiver(
        &self,
        mch_id: &str,
        openid: &OpenId,
        at: Timestamp,
    ) -> Result<Vec<Inquiry>, LedgerError> {
        let found: Vec<Inquiry> =
            self.of(mch_id).filter(|inquiry| inquiry.names(openid)).cloned().collect();
        match found.iter().find(|inquiry| inquiry.can_still_change(at)) {
            Some(open) => Err(LedgerError::StillOpen(open.key.mch_billno.to_string())),
            None => Ok(found),
        }
    }

    /// Whether packets name the alias that it was not put into.
    pub(in crate::memory) fn is_alias_used(&self, mch_id: &str, alias: &OpenId) -> bool {
        let named = self.of(mch_id).find(|inquiry| inquiry.names(alias));
        named.and_then(|inquiry| self.kept(&inquiry.key)).is_some_and(|kept| {
            !self.chains.entries(mch_id, &kept.history).iter().any(Entry::is_forgotten)
        })
    }

    pub(in crate::memory) fn forget(
        &mut self,
        mch_id: &str,
        found: Vec<Inquiry>,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Forgotten {
        let mut forgotten = Forgotten::default();
        for inquiry in found {
            let Some(kept) = self.kept(&inquiry.key) else { continue };
            let history = kept.history.clone();
            let replies = [&inquiry.reply, &inquiry.send_reply].into_iter().flatten().count();
            forgotten.packets += 1;
            forgotten.messages += replies as u64 + self.chains.strip(mch_id, &history);
            let version = inquiry.version.saturating_add(1);
            let inquiry = Inquiry { version, ..inquiry.renamed(openid, alias) };
            self.put(inquiry, &[Entry::forgotten(at)]);
        }
        forgotten
    }

    /// Checks everything, then takes everything in.
    pub(in crate::memory) fn receive(&mut self, shipment: &Shipment) -> Result<(), LedgerError> {
        let news = self.chains.news(shipment)?;
        let mut totals = BTreeMap::new();
        let mut received = Vec::new();
        for inquiry in &shipment.inquiries {
            let old = self.kept(&inquiry.key);
            if old.is_some_and(|old| old.inquiry.version >= inquiry.version) {
                continue;
            }
            let inquiry = inquiry.clone().in_whole_ms();
            let old = old.map(|old| old.inquiry.total());
            self.chains.shift(&mut totals, &shipment.mch_id, old, inquiry.total())?;
            received.push(inquiry);
        }
        let mch_id = MchId::from(&*shipment.mch_id);
        self.chains.set_totals(&mch_id, totals.into_values().collect());
        self.chains.extend(&mch_id, news);
        let packets = self.packets.entry(shipment.mch_id.clone()).or_default();
        for inquiry in received {
            let billno: Box<str> = inquiry.key.mch_billno.as_str().into();
            let history = packets.remove(&billno).map(|kept| kept.history).unwrap_or_default();
            packets.insert(billno, Kept { inquiry, history, lease: None });
        }
        for link in news {
            if let Some(kept) = packets.get_mut(link.mch_billno.as_str()) {
                kept.history.push(link.position);
                if link.entry.is_forgotten() {
                    // An earlier part brought messages that the source has not any more.
                    self.chains.strip(&shipment.mch_id, &kept.history);
                }
            }
        }
        Ok(())
    }
}
