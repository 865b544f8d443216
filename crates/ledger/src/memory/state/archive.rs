//! What those who look after a ledger do with the paying side in memory.

use super::{Kept, State, Usage};
use crate::archive::{self, Estate, Forgotten, Shipment, Standing};
use crate::budget::in_place_of;
use crate::error::LedgerError;
use crate::history::Entry;
use crate::record::{Key, Record};
use crate::time::whole;
use bytes::Bytes;
use hongbao_wire::{Fen, MchId, OpenId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Bound;

impl State {
    pub(in crate::memory) fn standings(
        &self,
        mch_id: &str,
        after_billno: &str,
        limit: usize,
    ) -> Vec<Standing> {
        let Some(packets) = self.packets.get(mch_id) else { return Vec::new() };
        let later = packets.range::<str, _>((Bound::Excluded(after_billno), Bound::Unbounded));
        let standing = |kept: &Kept| Standing {
            mch_billno: kept.record.key.mch_billno.clone(),
            chained: self.chains.state(mch_id, &kept.history),
            found: Some(kept.record.state_digest()),
        };
        later.take(limit).map(|(_, kept)| standing(kept)).collect()
    }

    /// The packets in which the receiver stands; an error where one of them can still change.
    pub(in crate::memory) fn of_receiver(
        &self,
        mch_id: &str,
        openid: &OpenId,
        at: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        let packets = self.packets.get(mch_id).into_iter().flat_map(BTreeMap::values);
        let found: Vec<Record> = packets
            .map(|kept| &kept.record)
            .filter(|record| record.names(openid))
            .cloned()
            .collect();
        match found.iter().find(|record| record.can_still_change(at)) {
            Some(open) => Err(LedgerError::StillOpen(open.key.mch_billno.to_string())),
            None => Ok(found),
        }
    }

    /// Whether packets name the alias that it was not put into.
    pub(in crate::memory) fn is_alias_used(&self, mch_id: &str, alias: &OpenId) -> bool {
        let mut packets = self.packets.get(mch_id).into_iter().flat_map(BTreeMap::values);
        packets.find(|kept| kept.record.names(alias)).is_some_and(|kept| {
            !self.chains.entries(mch_id, &kept.history).iter().any(Entry::is_forgotten)
        })
    }

    pub(in crate::memory) fn forget(
        &mut self,
        mch_id: &str,
        found: Vec<Record>,
        openid: &OpenId,
        alias: &OpenId,
        at: Timestamp,
    ) -> Forgotten {
        let mut forgotten = Forgotten::default();
        for record in found {
            let Some(kept) = self.kept(mch_id, record.key.mch_billno.as_str()) else { continue };
            let replies = u64::from(kept.reply.is_some());
            forgotten.packets += 1;
            forgotten.messages += replies + self.chains.strip(mch_id, &kept.history.clone());
            let version = record.version.saturating_add(1);
            let record = Record { version, ..record.renamed(openid, alias) };
            self.put(record, None, &[Entry::forgotten(at)]);
        }
        if let Some(merchant) = self.merchants.get_mut(mch_id).filter(|_| forgotten.packets > 0) {
            merchant.version += 1;
            self.merchants_version += 1;
        }
        self.rename_beside(mch_id, openid, alias, at);
        forgotten
    }

    /// In the use of the limits and in what the watch found.
    fn rename_beside(&mut self, mch_id: &str, openid: &OpenId, alias: &OpenId, at: Timestamp) {
        let is_named = |of: &str, to: &str| of == mch_id && to == openid.as_str();
        let old: Vec<_> =
            self.usage.keys().filter(|(of, _, to)| is_named(of, to)).cloned().collect();
        for key in old {
            let Some(used) = self.usage.remove(&key) else { continue };
            let name = in_place_of((mch_id, openid), alias, key.1, at);
            let sum = self.usage.entry((key.0, key.1, name)).or_default();
            sum.packets = sum.packets.saturating_add(used.packets);
            sum.amount = sum.amount.checked_add(used.amount).unwrap_or(Fen::MAX);
        }
        let findings = self.findings.values_mut();
        findings
            .filter(|finding| is_named(finding.mch_id.as_str(), finding.re_openid.as_str()))
            .for_each(|finding| finding.re_openid = alias.clone());
    }

    /// Checks everything, then takes everything in.
    pub(in crate::memory) fn receive(&mut self, shipment: &Shipment) -> Result<(), LedgerError> {
        if !self.merchants.contains_key(&shipment.mch_id) {
            return Err(LedgerError::NoMerchant(shipment.mch_id.to_string()));
        }
        let news = self.chains.news(shipment)?;
        let mut totals = BTreeMap::new();
        let mut received = Vec::new();
        for (record, reply) in &shipment.records {
            let old = self.kept(&shipment.mch_id, record.key.mch_billno.as_str());
            if old.is_some_and(|old| old.record.version >= record.version) {
                continue;
            }
            let record = record.clone().in_whole_ms();
            let old = old.map(|old| old.record.total());
            self.chains.shift(&mut totals, &shipment.mch_id, old, record.total())?;
            received.push((record, reply.clone()));
        }
        let mch_id = MchId::from(&*shipment.mch_id);
        self.chains.set_totals(&mch_id, totals.into_values().collect());
        self.chains.extend(&mch_id, news);
        let packets = self.packets.entry(shipment.mch_id.clone()).or_default();
        for (record, reply) in received {
            let billno: Box<str> = record.key.mch_billno.as_str().into();
            let history = packets.remove(&billno).map(|kept| kept.history).unwrap_or_default();
            packets.insert(billno, Kept { record, reply, history, lease: None });
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

    pub(in crate::memory) fn estate(&self, mch_id: &str, from: Date) -> Estate {
        let used = self.usage.iter().filter(|((of, day, _), _)| &**of == mch_id && *day >= from);
        let mut usage: Vec<archive::Usage> = used
            .map(|((_, day, openid), used)| archive::Usage {
                day: *day,
                openid: openid.clone(),
                packets: used.packets,
                amount: used.amount,
            })
            .collect();
        usage.sort_by(|a, b| (a.day, &a.openid).cmp(&(b.day, &b.openid)));
        Estate { merchant: self.merchant(mch_id), usage, findings: self.findings(Some(mch_id)) }
    }

    pub(in crate::memory) fn receive_estate(
        &mut self,
        mch_id: &str,
        estate: Estate,
    ) -> Result<(), LedgerError> {
        if let Some(mut merchant) = estate.merchant {
            merchant.added_at = whole(merchant.added_at);
            self.merchants.insert(mch_id.into(), merchant);
            self.merchants_version += 1;
        } else if !self.merchants.contains_key(mch_id) {
            // What is beside packets belongs to a merchant that is listed.
            return Ok(());
        }
        self.usage.retain(|(of, _, _), _| &**of != mch_id);
        for used in estate.usage {
            let usage = Usage { packets: used.packets, amount: used.amount };
            self.usage.insert((mch_id.into(), used.day, used.openid), usage);
        }
        self.findings.retain(|(of, _, _), _| &**of != mch_id);
        estate.findings.into_iter().for_each(|finding| self.add_finding(finding));
        Ok(())
    }

    pub(in crate::memory) fn settings(&self) -> Vec<(String, String)> {
        let mut settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        settings.sort();
        settings
    }

    /// Puts a record in the place of what is there, and its entries after those that are.
    pub(super) fn put(&mut self, record: Record, reply: Option<Bytes>, entries: &[Entry]) {
        let Key { mch_id, mch_billno } = &record.key;
        let state = record.state_digest();
        let positions = self.chains.append(mch_id, mch_billno, entries, state);
        let packets = self.packets.entry(mch_id.as_str().into()).or_default();
        let billno: Box<str> = mch_billno.as_str().into();
        let mut history = packets.remove(&billno).map(|kept| kept.history).unwrap_or_default();
        history.extend(positions);
        packets.insert(billno, Kept { record, reply, history, lease: None });
    }
}
