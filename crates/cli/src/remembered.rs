//! What is remembered of a merchant's packets, for who only looks: it needs no certificate and asks
//! nobody.

use crate::args::LedgerOf;
use crate::exit::Failure;
use crate::ledger_place::{LedgerPlace, OpenLedger};
use crate::profile::ProfileFile;
use crate::say;
use crate::upstream;
use crate::workdir::WorkDir;
use hongbao_inquiry::{Account, Asked, Clock, Origin, Schedule, SystemClock};
use hongbao_ledger::{Inquiry, Key, LedgerError, Merchant, Store};
use hongbao_wire::AppId;
use hongbao_wire::sign::Policy;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// A ledger of inquiries that is there, and whose packets of it are meant.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// As whom it was asked; its keys prove what is kept.
    pub account: Account,
    /// What is remembered.
    pub ledger: Arc<dyn Store>,
    /// When a person is called.
    schedule: Schedule,
    /// Where it is, for what goes wrong with it.
    pub place: LedgerPlace,
}

impl Remembered {
    /// Opens the ledger of a profile, or that of a gateway's folder; it must be there.
    ///
    /// # Errors
    /// As [`Remembered::of_profile`]; of a folder `DIR_NOT_OURS`, `NOT_A_GATEWAY`, `NO_MERCHANT`, and
    /// `USAGE` where it has several merchants and none is named.
    pub async fn open(whose: &LedgerOf, policy: Option<Policy>) -> Result<Self, Failure> {
        let place = whose.at.place();
        match (&whose.profile, &whose.dir) {
            (_, Some(dir)) => Self::of_folder(dir, place, whose.merchant.as_deref(), policy).await,
            (profile, None) => {
                let profile = profile.as_deref().expect("the parser demands one of the two");
                Self::of_profile(profile, place, policy).await
            }
        }
    }

    /// Opens the ledger of a profile, which must be there; `policy` goes before the profile's, and
    /// `ledger` before its place.
    ///
    /// # Errors
    /// `LEDGER_MISSING`; [`Failure`], exit 9, where profile or ledger cannot be used.
    pub async fn of_profile(
        profile: &Path,
        ledger: Option<&str>,
        policy: Option<Policy>,
    ) -> Result<Self, Failure> {
        let file = ProfileFile::load(profile)?;
        let OpenLedger { store, place, .. } = file.ledger(profile, ledger)?.open().await?;
        let (account, schedule) = (file.account(profile, policy)?, file.schedule());
        Ok(Self { account, ledger: store, schedule, place })
    }

    async fn of_folder(
        dir: &Path,
        ledger: Option<&str>,
        mch_id: Option<&str>,
        policy: Option<Policy>,
    ) -> Result<Self, Failure> {
        let dir = WorkDir::open(dir)?;
        let ledger = dir.ledger_at(ledger)?.open().await?;
        if !upstream::is_a_gateways(&ledger).await? {
            let message = say!("records-no-gateway", dir = dir.as_path().display());
            let failure = Failure::config("NOT_A_GATEWAY", message);
            return Err(failure.hint(say!("records-no-gateway-hint")));
        }
        let OpenLedger { store, place, .. } = ledger;
        let merchants = store.merchants().await.map_err(|error| place.failure(&error))?;
        let (account, schedule) = asked_as(&dir, &one(merchants, mch_id)?, policy)?;
        Ok(Self { account, ledger: store, schedule, place })
    }

    /// The key of one of the merchant's packets.
    #[must_use]
    pub fn key(&self, mch_billno: &str) -> Key {
        Key::new(self.account.mch_id.clone(), mch_billno)
    }

    /// What is known of a packet; `None` where the ledger does not know it.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn recall(&self, mch_billno: &str) -> Result<Option<Asked>, Failure> {
        let known = self.ledger.inquiry(&self.key(mch_billno)).await;
        Ok(known.map_err(|error| self.failure(&error))?.map(|inquiry| {
            let verdict = self.account.verdict_of(&inquiry, SystemClock.now());
            let origin = Origin::Ledger { asked_at: inquiry.asked_at };
            Asked { inquiry, verdict, origin }
        }))
    }

    /// The inquiry as it stands at `now`: whether a person is needed is judged anew, as nobody
    /// may have followed it. What nobody asks about any more stays as it was put down: a person
    /// may have looked at it.
    #[must_use]
    pub fn judged(&self, mut inquiry: Inquiry, now: Timestamp) -> Inquiry {
        let attention = self.account.attention_of(&inquiry, &self.schedule, now).map(Into::into);
        inquiry.attention = attention;
        inquiry
    }

    /// What the ledger said, with what to do.
    #[must_use]
    pub fn failure(&self, error: &LedgerError) -> Failure {
        self.place.failure(error)
    }
}

/// The merchant that is named, or the only one.
///
/// # Errors
/// `NO_MERCHANT`; `USAGE` where there are several and none is named.
pub fn one(mut merchants: Vec<Merchant>, mch_id: Option<&str>) -> Result<Merchant, Failure> {
    if let Some(mch_id) = mch_id {
        let found = merchants.into_iter().find(|merchant| merchant.mch_id.as_str() == mch_id);
        return found.ok_or_else(|| {
            let message = say!("merchant-none", mch_id = mch_id);
            Failure::config("NO_MERCHANT", message).hint(say!("merchant-none-hint"))
        });
    }
    match (merchants.pop(), merchants.is_empty()) {
        (Some(merchant), true) => Ok(merchant),
        _ => Err(Failure::usage("USAGE", say!("records-merchant-needed"))
            .hint(say!("merchant-none-hint"))),
    }
}

/// The paying side's own ledger of a server's folder, and the merchant that is meant.
///
/// # Errors
/// `DIR_NOT_OURS`, `NO_MERCHANT`; `USAGE` where there are several merchants and none is named; what
/// the ledger says.
pub async fn payers(dir: &Path, whose: &LedgerOf) -> Result<(OpenLedger, String), Failure> {
    let opened = WorkDir::open(dir)?.ledger_at(whose.at.place())?.open().await?;
    let merchants = opened.store.merchants().await;
    let merchants = merchants.map_err(|error| opened.place.failure(&error))?;
    let merchant = one(merchants, whose.merchant.as_deref())?;
    Ok((opened, merchant.mch_id.to_string()))
}

/// As whom the gateway of the folder asks, and when it calls a person: its profile says it, where
/// the folder names that.
fn asked_as(
    dir: &WorkDir,
    merchant: &Merchant,
    policy: Option<Policy>,
) -> Result<(Account, Schedule), Failure> {
    for path in upstream::of_config(dir, &dir.config()?) {
        let file = ProfileFile::load(&path)?;
        if file.mch_id == merchant.mch_id.as_str() {
            return Ok((file.account(&path, policy)?, file.schedule()));
        }
    }
    let account = Account {
        mch_id: merchant.mch_id.clone(),
        appid: merchant.appids.first().cloned().unwrap_or_else(|| AppId::new("")),
        api_key: merchant.api_key.clone(),
        former_api_keys: Vec::new(),
        workwx_secret: None,
        policy: policy.unwrap_or(Policy::Require),
    };
    Ok((account, Schedule::default()))
}
