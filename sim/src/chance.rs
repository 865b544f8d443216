//! Randomness of the world: a stream for everyone who needs one, all from the seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::ops::Range;
use std::time::Duration;

/// A stream of randomness.
#[derive(Debug)]
pub(crate) struct Chance(StdRng);

impl Chance {
    /// The stream of `name` under `seed`: streams do not disturb each other.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        // FNV-1a: the same on every machine
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
        Self(StdRng::seed_from_u64(seed ^ hash.rotate_left(17)))
    }

    /// Whether something happens that happens `permille` times in a thousand.
    pub(crate) fn hits(&mut self, permille: u32) -> bool {
        permille > 0 && self.0.random_range(0..1000) < permille
    }

    pub(crate) fn number(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// A number whose magnitude is as likely as any other.
    pub(crate) fn magnitude(&mut self, range: Range<u64>) -> u64 {
        let low = range.start.max(1);
        let bits = (range.end / low).max(2).ilog2();
        let high = (low << self.0.random_range(1..=bits)).min(range.end);
        self.0.random_range(low..high.max(low + 1))
    }

    /// A time between two, the magnitude as likely as any other.
    pub(crate) fn wait(&mut self, from: Duration, to: Duration) -> Duration {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.magnitude(ms(from)..ms(to)))
    }

    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.0.random_range(0..of.len())]
    }
}
