//! How bad it gets: half the seeds are calm.

use crate::chance::Chance;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How often each trouble happens while the storm lasts, in a thousand. After it, none does.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// How long it lasts.
    pub(crate) lasts: Duration,
    /// The request never arrives.
    pub(crate) lost_before: u32,
    /// The request arrives hours later.
    pub(crate) late: u32,
    /// The reply never arrives.
    pub(crate) lost_after: u32,
    /// The reply comes after every patience.
    pub(crate) slow: u32,
    /// The request arrives a second time, later.
    pub(crate) doubled: u32,
    /// The reply breaks off.
    pub(crate) cut: u32,
    /// The reply is not the payer's.
    pub(crate) forged: u32,
    /// The reply is an older one.
    pub(crate) stale: u32,
    /// A front end answers: 502, 503, 400.
    pub(crate) html: u32,
    /// A host goes away for a while.
    pub(crate) outage: u32,
    /// FREQ_LIMIT.
    pub(crate) too_fast: u32,
    /// The merchant's ledger fails, before or after it stored.
    pub(crate) storage: u32,
    /// A person at the payer moves a packet, an hour.
    pub(crate) hand: u32,
    /// How likely each fault of the issuer's own is.
    pub(crate) issuer_faults: u32,
    /// After how many polls a process dies, at most; 0: never.
    pub(crate) polls_max: u64,
    /// How far the merchant's clocks step at most.
    pub(crate) clock_step: Duration,
}

impl Weather {
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed, "weather");
        let is_calm = seed.is_multiple_of(2);
        let mut often = || {
            let (share, most) = if is_calm { (200, 10) } else { (600, 200) };
            if chance.hits(share) { chance.magnitude(1..most).try_into().unwrap_or(0) } else { 0 }
        };
        Self {
            lost_before: often(),
            late: often(),
            lost_after: often(),
            slow: often() * 2,
            doubled: often(),
            cut: often(),
            forged: often(),
            stale: often() * 2,
            html: often(),
            outage: often() / 10,
            too_fast: often(),
            storage: often() / 4,
            hand: often(),
            issuer_faults: often() / 2,
            lasts: if is_calm {
                chance.wait(HOUR, 4 * HOUR)
            } else {
                chance.wait(10 * MINUTE, 30 * HOUR)
            },
            polls_max: match (is_calm, chance.hits(700)) {
                (false, true) => chance.magnitude(10..5_000),
                (true, false) => 20_000,
                _ => 0,
            },
            clock_step: if chance.hits(if is_calm { 100 } else { 500 }) {
                chance.wait(MINUTE, 6 * HOUR)
            } else {
                Duration::ZERO
            },
        }
    }
}
