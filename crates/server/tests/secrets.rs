//! What the log never says, whatever happens: keys, secrets, openids, bodies.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_issuer::{Fault, FaultRule, On};
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use std::io::Write;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};
use support::client::post_bytes;
use support::gateway::Pair;
use support::pki::PKI;
use support::store::GatedLedger;
use support::{MCH, OPENID, OTHER, Setup, api_key, query_body, query_body_by, send_body};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Captured {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// One test in this file: the log is the process's.
#[tokio::test]
async fn no_secret_and_no_openid_is_ever_logged() {
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();
    let ledger = Arc::new(GatedLedger::default());
    let world = Setup { ledger: ledger.clone(), ..Setup::default() }.start().await;

    // Successes and every kind of failure, on both listeners.
    world.sent("1").await;
    let mut connection = world.connect().await;
    for body in [query_body(MCH, "1"), query_body(OTHER, "1"), query_body(MCH, "none")] {
        connection.post(QUERY_PATH, &body).await;
    }
    connection.post(QUERY_PATH, &query_body_by(MCH, "1", &api_key(OTHER))).await;
    connection.post(SEND_PATH, &send_body(MCH, "2")[1..]).await;
    let broken = post_bytes(SEND_PATH, &send_body(MCH, "3"));
    world.connect().await.write(&broken[..broken.len() - 9]).await;
    world.connect_with(None).await.post(SEND_PATH, &send_body(MCH, "4")).await;
    world.connect_with(Some(&PKI.foreign)).await.post(SEND_PATH, &send_body(MCH, "4")).await;
    let mut desk = world.desk().await;
    for path in ["/packets/10000098/1", "/packets/10000098", "/merchants", "/sandbox/findings"] {
        assert_eq!(desk.json("GET", path, "").await.status, 200);
    }
    desk.json("POST", "/packets/10000098/1/receive", "").await;
    world.issuer.add_fault(FaultRule::new(Fault::ResetAfter)).await.unwrap();
    connection.write(&post_bytes(SEND_PATH, &send_body(MCH, "5"))).await;
    assert!(connection.response().await.is_none());
    world.issuer.clear_faults(None).await.unwrap();
    ledger.fails.store(true, SeqCst);
    world.post_query(&query_body(MCH, "1")).await;
    world.post_send(&send_body(MCH, "6")).await;
    world.running.stop().await;
    through_a_gateway().await;

    let log = captured.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    // It does say what an operator needs.
    let words =
        ["mode=\"sandbox\"", "mch_id=\"10000098\"", "err_code=SIGN_ERROR", "request=", "TRACE"];
    let of_gateway = ["mode=\"gateway\"", "origin=\"upstream\"", "origin=\"ledger\""];
    for word in words.into_iter().chain(of_gateway) {
        assert!(log.contains(word), "{word} is not in the log");
    }
    // On either listener a request has a name.
    for listener in ["call=", "path="] {
        let mut lines = log.lines().filter(|line| line.contains(listener)).peekable();
        assert!(lines.peek().is_some(), "nothing of `{listener}` is in the log");
        assert!(lines.all(|line| line.contains("request=")), "a request has no name");
    }
    // Neither as text nor as bytes written out in decimals.
    let decimals = |text: &str| {
        let bytes: Vec<String> = text.bytes().take(12).map(|byte| byte.to_string()).collect();
        bytes.join(", ")
    };
    for word in ["MARKERapikey", "MARKERsecret", OPENID, "<xml>", "新年", "BEGIN PRIVATE"] {
        for word in [word.to_owned(), decimals(word)] {
            let at = line_with(&log, &word);
            assert_eq!(at, None, "`{word}` is in the log");
        }
    }
}

/// Successes and failures of the payer, through a gateway: its client logs too.
async fn through_a_gateway() {
    let pair = Pair::start().await;
    pair.send("1").await;
    pair.query("1").await;
    pair.query("1").await;
    for fault in Fault::ALL {
        let rule = FaultRule { delay_ms: Some(1), ..FaultRule::new(fault) };
        let on = if fault.queries_only() { On::Query } else { On::Both };
        pair.fault(
            FaultRule { delay_ms: rule.delay_ms.filter(|_| fault == Fault::Delay), ..rule },
            on,
        )
        .await;
        pair.grow_old();
        pair.query("1").await;
        pair.send("1").await;
        pair.upstream.issuer.clear_faults(None).await.unwrap();
    }
    pair.stop().await;
}

/// The beginning of the first line that holds the word.
fn line_with(log: &str, word: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains(word))?;
    Some(line.chars().take(300).collect())
}
