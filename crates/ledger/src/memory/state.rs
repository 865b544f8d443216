//! What the store in memory holds, and each operation on it.

mod archive;

use super::chains::Chains;
use crate::book::Book;
use crate::budget::{Standing, veil};
use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::Lease;
use crate::ledger::{Budget, Commit, Filter};
use crate::merchant::Merchant;
use crate::record::{Key, Record, Told};
use crate::time::whole;
use bytes::Bytes;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};

/// A packet with what is kept beside its record.
struct Kept {
    record: Record,
    reply: Option<Bytes>,
    /// Positions of its entries in the chain.
    history: Vec<u64>,
    lease: Option<Lease>,
}

/// Merchant, first and second number: what a finding is of. A pair is found once.
type Pair = (Box<str>, Box<str>, Box<str>);

/// A day's use of a limit.
#[derive(Clone, Copy, Default)]
struct Usage {
    packets: u32,
    amount: Fen,
}

/// Everything that the store holds. Merchant numbers lead every key.
pub(super) struct State {
    pub(super) chains: Chains,
    packets: BTreeMap<Box<str>, BTreeMap<Box<str>, Kept>>,
    merchants: BTreeMap<Box<str>, Merchant>,
    merchants_version: u64,
    /// By merchant, day and receiver; the merchant's total under the receiver ``.
    usage: HashMap<(Box<str>, Date, Box<str>), Usage>,
    findings: BTreeMap<Pair, Finding>,
    settings: HashMap<String, String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            chains: Chains::new(Book::Records),
            packets: BTreeMap::new(),
            merchants: BTreeMap::new(),
            merchants_version: 0,
            usage: HashMap::new(),
            findings: BTreeMap::new(),
            settings: HashMap::new(),
        }
    }
}

impl State {
    fn kept(&self, mch_id: &str, mch_billno: &str) -> Option<&Kept> {
        self.packets.get(mch_id)?.get(mch_billno)
    }

    pub(super) fn find(&self, key: &Key) -> Option<Record> {
        self.kept(key.mch_id.as_str(), key.mch_billno.as_str()).map(|kept| kept.record.clone())
    }

    pub(super) fn reply(&self, mch_id: &str, mch_billno: &str) -> Option<Bytes> {
        self.kept(mch_id, mch_billno)?.reply.clone()
    }

    pub(super) fn history(&self, key: &Key) -> Vec<Entry> {
        self.kept(key.mch_id.as_str(), key.mch_billno.as_str())
            .map(|kept| self.chains.entries(key.mch_id.as_str(), &kept.history))
            .unwrap_or_default()
    }

    /// Checks everything, then changes everything.
    pub(super) fn commit(&mut self, commit: Commit) -> Result<u64, LedgerError> {
        if commit.entries.is_empty() {
            return Err(LedgerError::NoEntries);
        }
        let mch_id = commit.record.key.mch_id.as_str();
        let merchant =
            self.merchants.get(mch_id).ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))?;
        let stored = self.kept(mch_id, commit.record.key.mch_billno.as_str());
        let version = commit.expect.next_version(stored.map(|kept| kept.record.version))?;
        let mut standing = self.standing(&commit, merchant.balance);
        if let Some(budget) = &commit.budget {
            standing = budget.spend(standing)?;
        }
        if let Some(refund) = commit.refund {
            standing.balance = standing.balance.checked_add(refund).ok_or(LedgerError::Overflow)?;
        }
        let old = stored.map(|kept| kept.record.total());
        let record = Record { version, ..commit.record.clone() }.in_whole_ms();
        let totals = self.chains.shifted(mch_id, old, record.total())?;
        self.chains.set_totals(&record.key.mch_id, totals);
        self.apply(Commit { record, ..commit }, standing);
        Ok(version)
    }

    fn standing(&self, commit: &Commit, balance: Fen) -> Standing {
        let mch_id = commit.record.key.mch_id.as_str();
        let of = |openid: &str| {
            let day = commit.budget.as_ref().map(|budget| budget.day);
            day.and_then(|day| self.usage.get(&(mch_id.into(), day, openid.into())))
                .copied()
                .unwrap_or_default()
        };
        let name = commit.budget.as_ref().map(|budget| self.user(mch_id, budget));
        let user = of(name.as_deref().unwrap_or_default());
        let merchant = of("");
        Standing {
            user_packets: user.packets,
            user_amount: user.amount,
            merchant_packets: merchant.packets,
            merchant_amount: merchant.amount,
            balance,
        }
    }

    /// Under what the receiver's use of the day is counted: under its veil, where it was forgotten that day.
    fn user(&self, mch_id: &str, budget: &Budget) -> Box<str> {
        let veiled = veil(mch_id, budget.day, &budget.re_openid);
        let key = (mch_id.into(), budget.day, veiled);
        if self.usage.contains_key(&key) { key.2 } else { budget.re_openid.as_str().into() }
    }

    fn apply(&mut self, commit: Commit, after: Standing) {
        let mch_id: Box<str> = commit.record.key.mch_id.as_str().into();
        if let Some(merchant) = self.merchants.get_mut(&mch_id) {
            merchant.balance = after.balance;
        }
        if let Some(budget) = commit.budget {
            let user = Usage { packets: after.user_packets, amount: after.user_amount };
            let total = Usage { packets: after.merchant_packets, amount: after.merchant_amount };
            let name = self.user(&mch_id, &budget);
            self.usage.insert((mch_id.clone(), budget.day, name), user);
            self.usage.insert((mch_id.clone(), budget.day, "".into()), total);
        }
        commit.findings.into_iter().for_each(|finding| self.add_finding(finding));
        self.put(commit.record, commit.reply, &commit.entries);
    }

    fn add_finding(&mut self, mut finding: Finding) {
        finding.at = whole(finding.at);
        let key = (
            finding.mch_id.as_str().into(),
            finding.first_billno.as_str().into(),
            finding.second_billno.as_str().into(),
        );
        self.findings.entry(key).or_insert(finding);
    }

    pub(super) fn records(&self, mch_id: &str, filter: &Filter) -> Vec<Record> {
        let Some(packets) = self.packets.get(mch_id) else { return Vec::new() };
        let after = filter.after_billno.as_deref();
        let holds = |record: &Record| {
            let status = record.status.as_ref().map(|status| status.as_str());
            filter.status.as_deref().is_none_or(|wanted| status == Some(wanted))
                && filter.re_openid.as_ref().is_none_or(|to| *to == record.order.re_openid)
        };
        packets
            .values()
            .map(|kept| &kept.record)
            .filter(|record| after.is_none_or(|after| record.key.mch_billno.as_str() > after))
            .filter(|record| holds(record))
            .take(filter.rows_max())
            .cloned()
            .collect()
    }

    pub(super) fn due(&self, now: Timestamp, limit: u32) -> Vec<Record> {
        let mut due: Vec<&Record> =
            self.all().filter(|record| record.due_at.is_some_and(|at| at <= now)).collect();
        due.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
        due.into_iter().take(limit as usize).cloned().collect()
    }

    pub(super) fn claim_due(&mut self, now: Timestamp, lease: &Lease, limit: u32) -> Vec<Record> {
        let kept = self.packets.values_mut().flat_map(BTreeMap::values_mut);
        let is_free = |kept: &&mut Kept| {
            kept.record.due_at.is_some_and(|at| at <= now)
                && kept.lease.as_ref().is_none_or(|held| !held.keeps_off(&lease.holder, now))
        };
        let mut due: Vec<&mut Kept> = kept.filter(is_free).collect();
        due.sort_by(|a, b| (a.record.due_at, &a.record.key).cmp(&(b.record.due_at, &b.record.key)));
        let claim = |kept: &mut Kept| {
            kept.lease = Some(lease.clone());
            kept.record.clone()
        };
        due.into_iter().take(limit as usize).map(claim).collect()
    }

    pub(super) fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Vec<Record> {
        let since = whole(since);
        let of_merchant = self.packets.get(mch_id).into_iter().flat_map(BTreeMap::values);
        let mut unclear: Vec<Record> = of_merchant
            .map(|kept| &kept.record)
            .filter(|record| record.told == Told::Unclear && record.sent_at >= since)
            .filter(|record| record.order.re_openid == *re_openid)
            .filter(|record| record.order.total_amount == total_amount)
            .cloned()
            .collect();
        unclear.sort_by(|a, b| (a.sent_at, &a.key).cmp(&(b.sent_at, &b.key)));
        unclear
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.packets.values().flat_map(BTreeMap::values).map(|kept| &kept.record)
    }

    pub(super) fn findings(&self, mch_id: Option<&str>) -> Vec<Finding> {
        let wanted = |finding: &&Finding| mch_id.is_none_or(|id| id == finding.mch_id.as_str());
        let mut findings: Vec<Finding> = self.findings.values().filter(wanted).cloned().collect();
        // Stable: equal times stay in the order of the key.
        findings.sort_by_key(|finding| finding.at);
        findings
    }

    pub(super) fn merchants(&self) -> Vec<Merchant> {
        self.merchants.values().cloned().collect()
    }

    pub(super) fn merchant(&self, mch_id: &str) -> Option<Merchant> {
        self.merchants.get(mch_id).cloned()
    }

    pub(super) fn add_merchant(&mut self, mut merchant: Merchant) -> Result<(), LedgerError> {
        let mch_id = merchant.mch_id.as_str();
        if self.merchants.contains_key(mch_id) {
            return Err(LedgerError::MerchantExists(mch_id.to_owned()));
        }
        merchant.added_at = whole(merchant.added_at);
        merchant.version = 1;
        self.merchants.insert(mch_id.into(), merchant);
        self.merchants_version += 1;
        Ok(())
    }

    pub(super) fn update_merchant(&mut self, merchant: Merchant) -> Result<(), LedgerError> {
        let mch_id = merchant.mch_id.as_str();
        let stored = self
            .merchants
            .get_mut(mch_id)
            .ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))?;
        if stored.version != merchant.version {
            return Err(LedgerError::Conflict);
        }
        *stored = Merchant {
            balance: stored.balance,
            added_at: stored.added_at,
            version: merchant.version.saturating_add(1),
            ..merchant
        };
        self.merchants_version += 1;
        Ok(())
    }

    pub(super) fn top_up(&mut self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        let merchant = self
            .merchants
            .get_mut(mch_id)
            .ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))?;
        merchant.balance = merchant.balance.checked_add(amount).ok_or(LedgerError::Overflow)?;
        Ok(merchant.balance)
    }

    pub(super) const fn merchants_version(&self) -> u64 {
        self.merchants_version
    }

    pub(super) fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name).cloned()
    }

    pub(super) fn replace_setting(
        &mut self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        if self.settings.get(name).map(String::as_str) != was {
            return Err(LedgerError::Conflict);
        }
        self.set_setting(name, value);
        Ok(())
    }

    pub(super) fn set_setting(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }
}
