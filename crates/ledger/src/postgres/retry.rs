//! How often, and how long apart, a transaction is tried again.

use rand::RngExt;
use std::time::Duration;

const TRIES_MAX: u32 = 10;
const FIRST_MS: u64 = 4;
const LONGEST_MS: u64 = 1_000;

/// The tries of one transaction.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Waits for the next try, twice as long each time, and by chance so that those who clashed do not
    /// meet again; false: it was tried often enough.
    pub(super) async fn again(&mut self) -> bool {
        if self.0 >= TRIES_MAX {
            return false;
        }
        self.pause().await;
        true
    }

    /// The same without an end: for what must be found out.
    pub(super) async fn pause(&mut self) {
        let longest = (FIRST_MS << self.0.min(16)).min(LONGEST_MS);
        self.0 = self.0.saturating_add(1);
        let ms = rand::rng().random_range(longest / 2..=longest);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
