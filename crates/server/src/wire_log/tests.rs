//! What is in the log at the level that a server runs at.
#![allow(clippy::unwrap_used)]

use super::*;
use bytes::Bytes;
use hongbao_issuer::Delivery;
use std::io::{Result, Write};
use std::sync::{Arc, Mutex};
use tracing::Level;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What the log says of a success at the level INFO.
fn of_success(origin: Origin) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let id = RequestId { connection: 1, nth: 1 };
        let (call, mch_id, started) = (Call::Query, Some("10000098"), Instant::now());
        let log = Log { id, call, mch_id, bytes: 1, started };
        let answer = Answer { body: Bytes::new(), delivery: Delivery::Plain, err_code: None };
        log.answered(&answer, origin);
    });
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn where_a_gateways_successes_come_from_is_in_the_log() {
    for origin in [Origin::Ledger, Origin::LedgerStale, Origin::Upstream] {
        let line = of_success(origin);
        assert!(line.contains(&format!("origin=\"{}\"", origin.as_str())), "{line}");
    }
    assert_eq!(of_success(Origin::Issuer), "", "a sandbox's successes are many, and all alike");
}
