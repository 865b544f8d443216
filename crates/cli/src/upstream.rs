//! The upstreams of a gateway: a merchant's real profile on one side, on the other the merchant
//! of the folder that asks here.
//!
//! The real certificate never leaves the gateway. What the merchant's SDK shows here is a
//! certificate of this folder's own CA; API key and WeCom secret are the real ones, so that
//! signatures hold from end to end.

use crate::config::ServeConfig;
use crate::exit::Failure;
use crate::files;
use crate::ledger_place::OpenLedger;
use crate::merchant_folder::{NewMerchant, Secrets};
use crate::merchant_side::client_failure;
use crate::profile::Profile;
use crate::say;
use crate::workdir::{FIRST_URL, WorkDir};
use hongbao_client::HttpTransport;
use hongbao_inquiry::SystemClock;
use hongbao_issuer::{Clock, SystemClock as IssuerClock};
use hongbao_ledger::{Inquiries, LedgerError, Merchant};
use hongbao_server::{Gateway, GatewayOptions, Upstream};
use hongbao_wire::{AppId, Fen};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The setting of a ledger whose folder is a gateway's.
const GATEWAY_SETTING: &str = "gateway";

/// Opens the gateway of a folder: every profile gets its merchant there, as it now is.
///
/// # Errors
/// What a profile or its credentials say; `UPSTREAM_TWICE`, `UPSTREAM_IS_ITSELF`; what the CA or
/// the ledger says.
pub async fn open(
    dir: &WorkDir,
    profiles: &[PathBuf],
    ledger: &OpenLedger,
    options: GatewayOptions,
) -> Result<Arc<Gateway>, Failure> {
    let mut seen = BTreeSet::new();
    let mut upstreams = Vec::with_capacity(profiles.len());
    for path in profiles {
        not_itself(dir, path)?;
        let profile = profile(path)?;
        if !seen.insert(profile.mch_id.clone()) {
            let message = say!("upstream-twice", mch_id = profile.mch_id);
            return Err(
                Failure::config("UPSTREAM_TWICE", message).hint(say!("upstream-twice-hint"))
            );
        }
        adopt(dir, ledger, &profile).await?;
        upstreams.push(upstream(&profile)?);
    }
    let marked = ledger.store.set_setting(GATEWAY_SETTING, "1").await;
    marked.map_err(|error| ledger.place.failure(&error))?;
    let inquiries: Arc<dyn Inquiries> = ledger.store.clone();
    let clock: Arc<dyn hongbao_inquiry::Clock> = Arc::new(SystemClock);
    Ok(Arc::new(Gateway::new(upstreams, &inquiries, &clock, options)))
}

/// Refuses to play or to pay in a folder that was a gateway's: its merchants would take what a
/// sandbox says for WeChat Pay's word.
///
/// # Errors
/// `GATEWAY_FOLDER`; what the ledger says.
pub async fn not_a_gateways(dir: &WorkDir, ledger: &OpenLedger) -> Result<(), Failure> {
    if !is_a_gateways(ledger).await? {
        return Ok(());
    }
    let message = say!("gateway-folder", dir = dir.as_path().display());
    Err(Failure::config("GATEWAY_FOLDER", message).hint(say!("gateway-folder-hint")))
}

/// Whether a gateway ever ran in the folder of the ledger.
///
/// # Errors
/// What the ledger says.
pub async fn is_a_gateways(ledger: &OpenLedger) -> Result<bool, Failure> {
    let setting = ledger.store.setting(GATEWAY_SETTING).await;
    Ok(setting.map_err(|error| ledger.place.failure(&error))?.is_some())
}

/// The profiles of the folder's file, from the folder.
pub fn of_config(dir: &WorkDir, config: &ServeConfig) -> Vec<PathBuf> {
    config.upstream.profiles.iter().map(|path| dir.as_path().join(path)).collect()
}

/// The profiles of the command line, so that they mean the same from anywhere.
///
/// # Errors
/// `FILE_MISSING`, `FILE_UNREADABLE`.
pub fn of_flags(profiles: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    profiles.iter().map(|path| files::whole_path(path)).collect()
}

/// A profile that a folder of merchants holds asks this very gateway.
///
/// # Errors
/// `UPSTREAM_IS_ITSELF`; `FILE_MISSING`, `FILE_UNREADABLE`.
pub fn not_itself(dir: &WorkDir, profile: &Path) -> Result<(), Failure> {
    let profile = files::whole_path(profile)?;
    let own = files::whole_path(dir.as_path())?.join("merchants");
    if !profile.starts_with(own) {
        return Ok(());
    }
    let message = say!("upstream-itself", file = profile.display());
    Err(Failure::config("UPSTREAM_IS_ITSELF", message).hint(say!("upstream-itself-hint")))
}

/// Makes the profile's merchant in the folder, or changes what differs.
async fn adopt(dir: &WorkDir, ledger: &OpenLedger, profile: &Profile) -> Result<(), Failure> {
    let failed = |error: LedgerError| ledger.place.failure(&error);
    let known = ledger.store.merchant(&profile.mch_id).await.map_err(failed)?;
    let folder = dir.merchant(&profile.mch_id);
    let is_there = known.as_ref().is_some_and(|known| is_current(known, profile));
    if is_there && folder.profile_path().exists() {
        return Ok(());
    }
    let new = NewMerchant {
        mch_id: &profile.mch_id,
        appids: std::slice::from_ref(&profile.appid),
        company: &profile.mch_id,
        balance: Fen::ZERO,
        base_url: FIRST_URL,
        secrets: secrets(known.as_ref(), profile),
    };
    // the folder first: where this breaks off, the ledger still differs, and it is done again
    let Some(known) = known else {
        let merchant = folder.make(&dir.authority()?, &new, IssuerClock.now())?;
        return match ledger.store.add_merchant(merchant).await {
            Err(error @ LedgerError::MerchantExists(_)) => {
                let there = ledger.store.merchant(&profile.mch_id).await.map_err(failed)?;
                let Some(there) = there.filter(|there| is_current(there, profile)) else {
                    return Err(failed(error));
                };
                // another server adopted it at the same time: what that one made counts
                let secrets = secrets(Some(&there), profile);
                folder.replace_profile(&NewMerchant { secrets, ..new })
            }
            added => added.map_err(failed),
        };
    };
    if folder.profile_path().exists() {
        folder.replace_profile(&new)?;
    } else {
        folder.make(&dir.authority()?, &new, IssuerClock.now())?;
    }
    let merchant = Merchant {
        appids: vec![AppId::new(profile.appid.as_str())],
        api_key: new.secrets.api_key,
        workwx_secret: new.secrets.workwx_secret,
        key_version: known.key_version.saturating_add(1),
        ..known
    };
    ledger.store.update_merchant(merchant).await.map_err(failed)
}

/// Whether the folder's merchant signs as the profile does.
fn is_current(known: &Merchant, profile: &Profile) -> bool {
    let secret = profile.workwx_secret.as_ref();
    known.appids.iter().any(|appid| appid.as_str() == profile.appid)
        && known.api_key.expose() == profile.api_key.expose()
        && secret.is_none_or(|secret| known.workwx_secret.expose() == secret.expose())
}

/// The profile's keys. A profile without a WeCom secret cannot send: the merchant of the folder
/// then has one that nobody knows.
fn secrets(known: Option<&Merchant>, profile: &Profile) -> Secrets {
    let kept = || known.map(|known| known.workwx_secret.clone());
    let workwx_secret = profile.workwx_secret.clone().or_else(kept);
    Secrets {
        api_key: profile.api_key.clone(),
        workwx_secret: workwx_secret.unwrap_or_else(|| Secrets::random().workwx_secret),
    }
}

/// A profile. One merchant's certificate that is out of its time stops no other merchant, and
/// not its own memory: what is asked of WeChat Pay then comes to nothing, until it is renewed.
fn profile(path: &Path) -> Result<Profile, Failure> {
    let (profile, out_of_time) = Profile::load_out_of_time(path)?;
    if let Some(out_of_time) = out_of_time {
        tracing::error!(
            mch_id = profile.mch_id,
            code = out_of_time.code,
            why = out_of_time.message,
            "the ledger alone answers for this merchant"
        );
    }
    Ok(profile)
}

fn upstream(profile: &Profile) -> Result<Upstream, Failure> {
    for warning in &profile.warnings {
        tracing::warn!(mch_id = profile.mch_id, code = warning.code(), %warning, "a certificate");
    }
    let config = profile.client_config();
    let transport = HttpTransport::new(&config).map_err(|error| client_failure(&error))?;
    Ok(Upstream {
        account: profile.account(None),
        transport: Arc::new(transport),
        client: config.options(),
        schedule: profile.schedule,
    })
}
