//! What `hongbao merchant set` makes of a merchant.

use crate::args::MerchantChanges;
use crate::exit::Failure;
use crate::say;
use hongbao_ledger::{Limits, Merchant};
use hongbao_wire::AppId;

/// Puts into `merchant` what `changes` names; everything else stays, and the balance too,
/// which the ledger alone counts.
///
/// # Errors
/// `USAGE`: no amount would be between the least and the greatest.
pub(super) fn apply(changes: &MerchantChanges, merchant: &mut Merchant) -> Result<(), Failure> {
    set(&mut merchant.product_enabled, changes.product);
    set(&mut merchant.api_send_enabled, changes.api_send);
    if changes.allow_any || !changes.allow.is_empty() {
        merchant.address_whitelist = changes.allow.iter().map(|at| at.as_str().into()).collect();
    }
    if !changes.appid.is_empty() {
        merchant.appids = changes.appid.iter().map(|appid| AppId::new(appid.as_str())).collect();
    }
    set(&mut merchant.name, changes.name.as_deref().map(Box::from));
    limit(changes, &mut merchant.limits)
}

fn limit(changes: &MerchantChanges, limits: &mut Limits) -> Result<(), Failure> {
    set(&mut limits.packet_min, changes.packet_min);
    set(&mut limits.packet_max, changes.packet_max);
    set(&mut limits.packet_max_with_scene, changes.packet_max_with_scene);
    set(&mut limits.user_packets_per_day, changes.user_packets_per_day);
    set(&mut limits.user_amount_per_day, changes.user_amount_per_day);
    set(&mut limits.merchant_amount_per_day, changes.merchant_amount_per_day);
    set(&mut limits.queries_per_second, changes.queries_per_second);
    set(&mut limits.sends_per_minute, changes.sends_per_minute);
    if limits.packet_min <= limits.packet_max {
        return Ok(());
    }
    let (min, max) = (limits.packet_min.to_yuan(), limits.packet_max.to_yuan());
    let message = say!("merchant-limits-crossed", min = min, max = max);
    Err(Failure::usage("USAGE", message).hint(say!("merchant-limits-crossed-hint")))
}

fn set<T>(into: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *into = value;
    }
}
