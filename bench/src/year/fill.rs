//! A ledger filled with a year, once; a fill that was stopped goes on where it was.

use super::{Asked, Year};
use crate::server::Server;
use hongbao_ledger::{Inquiries, Ledger, LedgerError, SealKey, SqliteLedger, SqliteOptions};
use std::io::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// So many commits are under way at once, so that they share transactions.
const COMMITS_AT_ONCE: usize = 2_048;
/// A stopped fill may lack any of so many packets before the first that it lacks for certain.
const OVERLAP: u64 = 4 * COMMITS_AT_ONCE as u64;

/// Which of the two books is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    Records,
    Inquiries,
}

/// The folder of a ledger with so many packets in one book, under `dir`; filled, unless it is
/// there from an earlier run. That of records is a server's, made by the release binary.
pub fn prepare(
    binary: &Path,
    dir: &Path,
    year: &Arc<Year>,
    book: Book,
) -> std::io::Result<PathBuf> {
    let name = match book {
        Book::Records => "year",
        Book::Inquiries => "asked",
    };
    let folder = dir.join(format!("{name}-{}", year.records));
    let marker = folder.join("filled");
    if marker.is_file() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    if book == Book::Records && !folder.join("ledger.key").is_file() {
        drop(Server::hongbao(binary, &folder)?);
    }
    let seal = SealKey::load_or_create(folder.join("ledger.key")).map_err(Error::other)?;
    let options = SqliteOptions {
        group_max: COMMITS_AT_ONCE,
        cache_kib: 262_144,
        ..SqliteOptions::default()
    };
    let ledger = SqliteLedger::open_with(folder.join("ledger.sqlite"), seal, options);
    let ledger = Arc::new(ledger.map_err(Error::other)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(fill(ledger, year, book)).map_err(Error::other)?;
    std::fs::write(marker, "")?;
    Ok(folder)
}

/// Commits what is missing.
pub async fn fill<L: Ledger + Inquiries + 'static>(
    ledger: Arc<L>,
    year: &Arc<Year>,
    book: Book,
) -> Result<(), LedgerError> {
    for merchant in year.merchants() {
        match ledger.add_merchant(merchant.clone()).await {
            Ok(()) | Err(LedgerError::MerchantExists(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let mut next = first_missing(&*ledger, year, book).await?.saturating_sub(OVERLAP);
    let (from, began) = (next, Instant::now());
    let mut running = JoinSet::new();
    while next < year.records || !running.is_empty() {
        while next < year.records && running.len() < COMMITS_AT_ONCE {
            let (ledger, of_year, n) = (Arc::clone(&ledger), Arc::clone(year), next);
            running.spawn(async move {
                match book {
                    Book::Records => ledger.commit(of_year.commit(n)).await,
                    Book::Inquiries => ledger.commit_inquiry(Asked(&of_year).commit(n)).await,
                }
            });
            next += 1;
            if next % 100_000 == 0 {
                let rate = (next - from) as f64 / began.elapsed().as_secs_f64();
                eprintln!("filled {next} of {} {book:?}, {rate:.0}/s", year.records);
            }
        }
        match running.join_next().await.transpose().expect("a commit does not panic") {
            // From before the fill was stopped.
            None | Some(Ok(_) | Err(LedgerError::Conflict)) => {}
            Some(Err(error)) => return Err(error),
        }
    }
    Ok(())
}

/// The first packet that is not there, but for those that were under way when a fill was stopped.
async fn first_missing<L: Ledger + Inquiries>(
    ledger: &L,
    year: &Year,
    book: Book,
) -> Result<u64, LedgerError> {
    let (mut there, mut missing) = (0, year.records);
    while there < missing {
        let middle = there + (missing - there) / 2;
        let key = year.key(middle);
        let is_there = match book {
            Book::Records => ledger.find(&key).await?.is_some(),
            Book::Inquiries => ledger.inquiry(&key).await?.is_some(),
        };
        if is_there { there = middle + 1 } else { missing = middle }
    }
    Ok(there)
}
