//! Retention: raw messages that are older than some days are removed, once a day, beside a running
//! server. Their hashes stay, and so do the chains.

use crate::ledger_place::OpenLedger;
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_ledger::{Archive, Book, LedgerError, Store};
use jiff::{SignedDuration, Timestamp};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often a running server trims.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many messages are removed in one transaction: others write in between.
const BATCH: u32 = 1000;

/// The daily trimming of a running server.
#[derive(Debug)]
pub struct Retention(JoinHandle<()>);

impl Retention {
    /// Begins at once, and again every day; `None` where `days` is 0: everything is kept.
    #[must_use]
    pub fn start(ledger: &OpenLedger, days: u32) -> Option<Self> {
        let days = NonZeroU32::new(days)?;
        let store = Arc::clone(&ledger.store);
        let daily = async move {
            loop {
                let before = before(SystemClock.now(), days);
                match trim(&*store, before, &mut |_| {}).await {
                    Ok(0) => {}
                    Ok(removed) => tracing::info!(removed, %before, "raw messages trimmed"),
                    Err(error) => {
                        tracing::error!(code = error.code(), why = %error, "raw messages not trimmed");
                    }
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        Some(Self(tokio::spawn(daily)))
    }

    /// Ends it; what was removed stays so, and the rest comes with the next start.
    pub async fn stop(self) {
        self.0.abort();
        // that it was aborted is what was asked
        let _ = self.0.await;
    }
}

/// From when on raw messages are kept.
#[must_use]
pub fn before(now: Timestamp, days: NonZeroU32) -> Timestamp {
    let kept = SignedDuration::from_hours(24 * i64::from(days.get()));
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}

/// Removes the raw messages of entries before `before`, of every merchant; returns how many.
/// `removed` is told of each batch.
///
/// # Errors
/// What the ledger says; what was removed before that stays so.
pub async fn trim(
    store: &dyn Store,
    before: Timestamp,
    removed: &mut (dyn FnMut(u64) + Send),
) -> Result<u64, LedgerError> {
    let mut sum = 0;
    for head in store.heads().await? {
        let (book, mch_id): (Book, &str) = (head.book, head.mch_id.as_str());
        loop {
            let count = Archive::trim(store, book, mch_id, before, BATCH).await?;
            if count == 0 {
                break;
            }
            sum += count;
            removed(count);
        }
    }
    Ok(sum)
}
