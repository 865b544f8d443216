//! Randomness, behind one small type, so that a simulation can replay it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The length of a `nonce_str`, characters (`protocol.md` §1.1).
const NONCE_CHARS: usize = 32;

/// A source of randomness. Clones share one sequence.
#[derive(Clone)]
pub struct Dice {
    rng: Arc<Mutex<StdRng>>,
}

impl Dice {
    /// Dice that nobody can foretell, seeded by the operating system.
    #[must_use]
    pub fn random() -> Self {
        Self::of(StdRng::from_rng(&mut rand::rng()))
    }

    /// Dice that fall the same way each time: for tests and simulations. The sequence may
    /// change with the version of this crate.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::of(StdRng::seed_from_u64(seed))
    }

    fn of(rng: StdRng) -> Self {
        Self { rng: Arc::new(Mutex::new(rng)) }
    }

    /// A duration from zero to `max`, both included, each as likely: full jitter.
    #[must_use]
    pub fn below(&self, max: Duration) -> Duration {
        let max_ns = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.roll(|rng| rng.random_range(0..=max_ns)))
    }

    /// A fresh `nonce_str`: 32 of `0-9 A-Z`.
    #[must_use]
    pub fn nonce_str(&self) -> String {
        self.roll(|rng| {
            let mut character = || ALPHANUMERIC[rng.random_range(0..ALPHANUMERIC.len())];
            (0..NONCE_CHARS).map(|_| char::from(character())).collect()
        })
    }

    /// `count` random decimal digits.
    #[must_use]
    pub fn digits(&self, count: usize) -> String {
        self.roll(|rng| (0..count).map(|_| char::from(rng.random_range(b'0'..=b'9'))).collect())
    }

    fn roll<T>(&self, take: impl FnOnce(&mut StdRng) -> T) -> T {
        // dice have no state that a panic elsewhere could spoil
        take(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // what falls next is nobody's business
        f.write_str("Dice")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_and_clones_share_one_sequence() {
        let (one, other) = (Dice::seeded(7), Dice::seeded(7));
        let shared = other.clone();
        let first = one.nonce_str();
        assert_eq!(first, other.nonce_str());
        let second = one.nonce_str();
        assert_ne!(first, second);
        assert_eq!(second, shared.nonce_str());
        assert_ne!(Dice::random().nonce_str(), Dice::random().nonce_str());
    }

    #[test]
    fn a_nonce_is_32_of_digits_and_capitals() {
        let nonce = Dice::seeded(1).nonce_str();
        assert_eq!(nonce.len(), 32);
        assert!(nonce.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()), "{nonce}");
    }

    #[test]
    fn jitter_is_full_and_never_above_its_bound() {
        let (dice, max) = (Dice::seeded(2), Duration::from_millis(100));
        let rolls: Vec<Duration> = (0..1000).map(|_| dice.below(max)).collect();
        assert!(rolls.iter().all(|roll| *roll <= max));
        assert!(rolls.iter().any(|roll| *roll < max / 20), "never near zero");
        assert!(rolls.iter().any(|roll| *roll > max / 20 * 19), "never near the bound");
        assert_eq!(dice.below(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn debug_shows_no_state() {
        assert_eq!(format!("{:?}", Dice::seeded(3)), "Dice");
    }
}
