//! Two processes on one file: `follow` beside `query`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod given;

use given::MCH_ID;
use given::inquiries::{asked, noted, ordered};
use hongbao_ledger::{Inquiries, InquiryCommit, Key, LedgerError, SealKey, SqliteLedger};
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "HONGBAO_TEST_FOLDER";
const NAME: &str = "HONGBAO_TEST_NAME";
const ROUNDS: u64 = 100;

fn open(folder: &Path) -> SqliteLedger {
    let key = SealKey::load_or_create(folder.join("ledger.key")).unwrap();
    SqliteLedger::open(folder.join("ledger.sqlite"), key).unwrap()
}

/// Not a test by itself: one of two processes that want the same references and that ask
/// about the same number. It says which references it got and how often it asked.
#[tokio::test]
async fn want_every_reference() {
    let (Ok(folder), Ok(name)) = (std::env::var(FOLDER), std::env::var(NAME)) else { return };
    let ledger = open(Path::new(&folder));
    println!(); // Ends the line that the test harness has begun.
    let shared = Key::new(MCH_ID, "shared");
    let mut asks = 0;
    for round in 0..ROUNDS {
        let inquiry = ordered(MCH_ID, &format!("{round}x{name}"), &format!("ref{round}"));
        let commit = InquiryCommit { numbers_of_ref: Some(0), ..noted(inquiry) };
        match ledger.commit_inquiry(commit).await {
            Ok(version) => println!("got {round} {version}"),
            Err(LedgerError::Conflict) => {}
            Err(other) => panic!("round {round}: {other}"),
        }
        let mut inquiry = ledger.inquiry(&shared).await.unwrap().unwrap();
        inquiry.asks += 1;
        let version = inquiry.version;
        match ledger.commit_inquiry(asked(inquiry, version)).await {
            Ok(_) => asks += 1,
            Err(LedgerError::Conflict) => {}
            Err(other) => panic!("round {round}: {other}"),
        }
    }
    println!("asked {asks}");
}

#[tokio::test]
async fn two_processes_never_both_find_a_reference_free() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.commit_inquiry(noted(ordered(MCH_ID, "shared", "shared"))).await.unwrap();
    let children = ["a", "b"].map(|name| {
        Command::new(std::env::current_exe().unwrap())
            .args(["want_every_reference", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(NAME, name)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let (mut got, mut asks) = (Vec::new(), 0);
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        for line in said.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["got", round, "1"] => got.push(round.parse::<u64>().unwrap()),
                ["asked", count] => asks += count.parse::<u32>().unwrap(),
                _ => {} // The test harness speaks too.
            }
        }
    }
    got.sort_unstable();
    assert_eq!(got, (0..ROUNDS).collect::<Vec<_>>(), "each reference once");
    for round in 0..ROUNDS {
        let found = ledger.inquiries_of_ref(MCH_ID, &format!("ref{round}")).await.unwrap();
        assert_eq!(found.len(), 1, "round {round}");
    }
    let shared = ledger.inquiry(&Key::new(MCH_ID, "shared")).await.unwrap().unwrap();
    assert!(asks > 0);
    assert_eq!((shared.asks, shared.version), (asks, u64::from(asks) + 1), "no ask was lost");
}
