//! A server whose disk is full, may only be read or fails: it answers what it can, refuses the rest in a way on
//! which nobody pays twice, says that it is not ready, and comes back by itself.

#![allow(clippy::unwrap_used)]

mod support;

use hongbao_crash::{Fault, Shim};
use hongbao_ledger::{SealKey, SqliteLedger, SqliteOptions};
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use std::sync::Arc;
use support::{MCH, Setup, World, query_body, send_body};
use tempfile::TempDir;

/// A server on a ledger whose disk fails when it is told to; packet `1` was sent and asked about,
/// packet `2` only sent.
async fn world() -> (World, Shim, TempDir) {
    let (folder, shim) = (tempfile::tempdir().unwrap(), Shim::register());
    let options = SqliteOptions {
        mmap_bytes: 0,
        cache_kib: 0,
        vfs: Some(shim.name().into()),
        ..SqliteOptions::default()
    };
    let path = folder.path().join("ledger.sqlite");
    let ledger = SqliteLedger::open_with(path, SealKey::generate(), options).unwrap();
    let world = Setup { ledger: Arc::new(ledger), ..Setup::default() }.start().await;
    for mch_billno in ["1", "2"] {
        world.sent(mch_billno).await;
    }
    assert!(status(&world, "1").await.is_some());
    (world, shim, folder)
}

/// A field of the reply to a body.
async fn said(world: &World, path: &str, body: &[u8], field: &str) -> Option<String> {
    let text = world.connect().await.post(path, body).await.text().to_owned();
    let rest = text.split(&format!("<{field}><![CDATA[")).nth(1)?;
    Some(rest.split("]]>").next()?.to_owned())
}

/// The status that the server tells of a packet.
async fn status(world: &World, mch_billno: &str) -> Option<String> {
    said(world, QUERY_PATH, &query_body(MCH, mch_billno), "status").await
}

/// Why a call failed; a success says `SUCCESS` there, or nothing.
async fn err_code(world: &World, path: &str, body: &[u8]) -> Option<String> {
    said(world, path, body, "err_code").await.filter(|code| code != "SUCCESS")
}

async fn send_error(world: &World, mch_billno: &str) -> Option<String> {
    err_code(world, SEND_PATH, &send_body(MCH, mch_billno)).await
}

async fn query_error(world: &World, mch_billno: &str) -> Option<String> {
    err_code(world, QUERY_PATH, &query_body(MCH, mch_billno)).await
}

async fn ready(world: &World) -> (u16, bool) {
    let reply = world.desk().await.json("GET", "/ready", "").await;
    (reply.status, reply.text().contains("NOT_READY"))
}

#[tokio::test]
async fn a_disk_that_takes_nothing_stops_sends_and_nothing_else() {
    for fault in [Fault::full(), Fault::read_only(), Fault::writes(), Fault::syncs()] {
        let (world, shim, _folder) = world().await;
        shim.fail(fault.clone());
        assert_eq!(send_error(&world, "3").await.as_deref(), Some("SYSTEMERROR"), "{fault:?}");
        assert_eq!(ready(&world).await, (503, true), "{fault:?}");
        for known in ["1", "2"] {
            assert!(status(&world, known).await.is_some(), "{known}: {fault:?}");
        }
        // The same number again, as the merchant is told to do: still nothing is paid.
        assert_eq!(send_error(&world, "3").await.as_deref(), Some("SYSTEMERROR"), "{fault:?}");
        shim.lift();
        assert_eq!(ready(&world).await, (200, false), "{fault:?}");
        assert_eq!(send_error(&world, "3").await, None, "{fault:?}");
        for known in ["1", "2", "3"] {
            assert!(status(&world, known).await.is_some(), "{known}: {fault:?}");
        }
        world.running.stop().await;
    }
}

/// An error of the disk is no word on the packet: never NOT_FOUND.
#[tokio::test]
async fn a_disk_that_cannot_be_read_is_a_system_error_and_not_an_absent_packet() {
    let (world, shim, _folder) = world().await;
    shim.fail(Fault::reads());
    for unread in ["2", "neversent"] {
        let said = query_error(&world, unread).await;
        assert_eq!(said.as_deref(), Some("SYSTEMERROR"), "{unread}");
    }
    assert_eq!(send_error(&world, "3").await.as_deref(), Some("SYSTEMERROR"));
    assert_eq!(ready(&world).await, (503, true));
    shim.lift();
    assert_eq!(ready(&world).await, (200, false));
    assert!(status(&world, "2").await.is_some());
    assert_eq!(query_error(&world, "neversent").await.as_deref(), Some("NOT_FOUND"));
    assert_eq!(send_error(&world, "3").await, None);
    world.running.stop().await;
}
