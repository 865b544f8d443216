//! Hands from outside: a person at the payer who moves packets, and those who set clocks.

use crate::chance::Chance;
use crate::world::{MCH, World};
use hongbao_issuer::Trigger;
use hongbao_ledger::Filter;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);

/// Moves packets by hand while the storm lasts.
pub(crate) async fn payer(world: Arc<World>) {
    let mut chance = Chance::new(world.seed, "hand");
    if world.weather.hand == 0 {
        return;
    }
    loop {
        sleep(chance.wait(MINUTE, 120 * MINUTE)).await;
        if world.is_calm() {
            return;
        }
        let filter = Filter { limit: 1_000, ..Filter::default() };
        let Ok(records) = world.issuer.records(MCH, &filter).await else { continue };
        if records.is_empty() || !chance.hits(500) {
            continue;
        }
        let record = chance.pick(&records);
        let reason = Some("风险拦截".into());
        let trigger = match chance.number(0..6) {
            0 => Trigger::Deliver,
            1 => Trigger::Receive,
            2 => Trigger::Refuse { reason: "风险拦截".into() },
            3 => Trigger::Expire,
            _ => Trigger::Fail { reason },
        };
        let moved = world.issuer.trigger(&record.key, trigger.clone()).await.is_ok();
        world.note(format_args!("hand {} {}: {moved}", trigger.as_str(), record.key.mch_billno));
    }
}

/// Sets the merchant's clocks forth and back while the storm lasts.
pub(crate) async fn clocks(world: Arc<World>) {
    let mut chance = Chance::new(world.seed, "clocks");
    let most = i64::try_from(world.weather.clock_step.as_millis()).unwrap_or(0);
    if most == 0 {
        return;
    }
    loop {
        sleep(chance.wait(5 * MINUTE, 300 * MINUTE)).await;
        if world.is_calm() {
            return;
        }
        let machine = chance.pick(&world.clocks);
        let offset = i64::try_from(chance.number(0..most.unsigned_abs() * 2)).unwrap_or(0) - most;
        machine.set(offset);
        world.note(format_args!("a clock is {offset} ms off"));
    }
}
