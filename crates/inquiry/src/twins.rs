//! Twins in flight: the same question asked by several at once is asked once.

use crate::error::InquiryError;
use crate::outcome::Asked;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

type Flight = Arc<OnceCell<Asked>>;

/// The questions that are on their way, by bill number.
#[derive(Debug, Default)]
pub(crate) struct Twins {
    flights: Mutex<HashMap<Box<str>, Flight>>,
}

impl Twins {
    /// Runs `ask`, or waits for the twin that is on its way. Where that one is given up
    /// half-way or fails, the next one asks.
    pub(crate) async fn share<F: Future<Output = Result<Asked, InquiryError>>>(
        &self,
        mch_billno: &str,
        ask: impl FnOnce() -> F,
    ) -> Result<Asked, InquiryError> {
        let flight = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.entry(mch_billno.into()).or_default().clone()
        };
        let seat = Seat { twins: self, mch_billno, flight };
        seat.flight.get_or_try_init(ask).await.cloned()
    }
}

/// One who waits; the last to leave takes the flight away, also when it is dropped.
struct Seat<'t> {
    twins: &'t Twins,
    mch_billno: &'t str,
    flight: Flight,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut flights = self.twins.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // landed, or nobody else waits: whoever asks from now on asks anew
        let last = self.flight.initialized() || Arc::strong_count(&self.flight) <= 2;
        if last && flights.get(self.mch_billno).is_some_and(|f| Arc::ptr_eq(f, &self.flight)) {
            flights.remove(self.mch_billno);
        }
    }
}
