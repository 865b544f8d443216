//! The merchants in memory: a snapshot that readers never wait for.

use crate::certificate::normal_serial;
use crate::pace::{PaceKeeper, Share};
use arc_swap::{ArcSwap, Guard};
use hongbao_ledger::{Ledger, LedgerError, Merchant};
use ipnet::IpNet;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Mutex;

/// A merchant, ready for use.
#[derive(Debug)]
pub(crate) struct Member {
    /// As the ledger has it, but for its balance, which may be older.
    pub(crate) merchant: Merchant,
    /// How often it may ask: queries a second.
    pub(crate) queries: Arc<PaceKeeper>,
    /// How often it may send: sends a minute.
    pub(crate) sends: Arc<PaceKeeper>,
    networks: Vec<IpNet>,
    revoked: HashSet<Box<str>>,
}

impl Member {
    fn new(merchant: Merchant, before: Option<&Arc<Self>>, share: &Arc<Share>) -> Self {
        let limits = &merchant.limits;
        let kept = before.map(|member| (&member.merchant.limits, member));
        // A limit that did not change goes on counting where it was.
        let queries = match kept {
            Some((was, member)) if was.queries_per_second == limits.queries_per_second => {
                member.queries.clone()
            }
            _ => Arc::new(PaceKeeper::per_second(limits.queries_per_second, share.clone())),
        };
        let sends = match kept {
            Some((was, member)) if was.sends_per_minute == limits.sends_per_minute => {
                member.sends.clone()
            }
            _ => Arc::new(PaceKeeper::per_minute(limits.sends_per_minute, share.clone())),
        };
        let networks = networks(&merchant);
        let revoked = merchant.revoked_serials.iter().map(|serial| normal_serial(serial)).collect();
        Self { merchant, queries, sends, networks, revoked }
    }

    /// Whether the certificate with this serial number was revoked.
    pub(crate) fn has_revoked(&self, serial: &str) -> bool {
        self.revoked.contains(serial)
    }

    /// Whether it may call from this address. An empty list permits all; one whose
    /// entries cannot be read permits none.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.merchant.address_whitelist.is_empty()
            || self.networks.iter().any(|network| network.contains(&address))
    }
}

fn networks(merchant: &Merchant) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for entry in &merchant.address_whitelist {
        let network = entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
        match network {
            Ok(network) => networks.push(network),
            Err(_) => tracing::warn!(
                mch_id = %merchant.mch_id,
                "an entry of the address whitelist is neither an address nor a network"
            ),
        }
    }
    networks
}

/// All merchants, by number.
pub(crate) type Roster = HashMap<Box<str>, Arc<Member>>;

/// The newest [`Roster`].
#[derive(Debug)]
pub(crate) struct RosterKeeper {
    ledger: Arc<dyn Ledger>,
    /// What this process may give of every merchant's limits.
    share: Arc<Share>,
    newest: ArcSwap<Roster>,
    /// The version that `newest` has at least; held while it is read anew.
    version: Mutex<u64>,
}

impl RosterKeeper {
    /// Reads the merchants for the first time.
    ///
    /// # Errors
    /// The ledger failed.
    pub(crate) async fn open(
        ledger: Arc<dyn Ledger>,
        share: Arc<Share>,
    ) -> Result<Self, LedgerError> {
        let version = ledger.merchants_version().await?;
        let keeper = Self {
            ledger,
            share,
            newest: ArcSwap::from_pointee(Roster::new()),
            version: Mutex::new(version),
        };
        keeper.read().await?;
        Ok(keeper)
    }

    /// The merchants as they were read last; to be held for a turn, not for long.
    pub(crate) fn newest(&self) -> Guard<Arc<Roster>> {
        self.newest.load()
    }

    /// Reads the merchants anew, where one changed, and says so in the log.
    ///
    /// # Errors
    /// The ledger failed; the merchants stay as they were.
    pub(crate) async fn refresh(&self) -> Result<(), LedgerError> {
        let mut version = self.version.lock().await;
        // Asked before reading: a change in between is read twice, never missed.
        let newest = self.ledger.merchants_version().await?;
        if newest != *version {
            self.read().await?;
            *version = newest;
            tracing::info!(version = newest, "merchants changed");
        }
        Ok(())
    }

    async fn read(&self) -> Result<(), LedgerError> {
        let merchants = self.ledger.merchants().await?;
        let before = self.newest.load();
        let roster = merchants.into_iter().map(|merchant| {
            let mch_id: Box<str> = merchant.mch_id.as_str().into();
            let member = Member::new(merchant, before.get(&mch_id), &self.share);
            (mch_id, Arc::new(member))
        });
        let roster: Roster = roster.collect();
        self.newest.store(Arc::new(roster));
        Ok(())
    }
}
