//! The store on disk: SQLite, one file beside its write-ahead log.

mod archive;
mod backup;
mod commit;
mod fault;
mod group;
mod held;
mod inquiries;
mod leases;
mod leftover;
mod lock;
mod merchants;
mod migrations;
mod open;
mod reader;
mod readers;
mod ready;
mod room;
mod rows;
mod settings;
mod writer;

use crate::error::LedgerError;
use crate::finding::Finding;
use crate::history::Entry;
use crate::lease::Lease;
use crate::ledger::{Commit, Filter, Ledger};
use crate::merchant::Merchant;
use crate::record::{Key, Record};
use crate::seal::SealKey;
use async_trait::async_trait;
use bytes::Bytes;
use held::Held;
use hongbao_wire::{Fen, OpenId};
use jiff::Timestamp;
use leases::Leasing;
use lock::Lock;
pub use migrations::{Migrating, OnMigration};
use readers::Readers;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::{Change, Writer};

/// How a ledger on disk uses the machine. The defaults suit a server.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Connections that read, at least 1; default: one a core, at most 16.
    pub readers: usize,
    /// How much of the file may be mapped into memory, bytes; default 256 GiB. What is mapped and not used
    /// lately the system takes back. An SQLite not built for more maps 2 GiB (`.cargo/config.toml`).
    pub mmap_bytes: u64,
    /// Pages kept by each connection beside the map, KiB; default 2,000.
    pub cache_kib: u32,
    /// How long to wait for another process that writes; default 5 s.
    pub busy_timeout: Duration,
    /// The most changes that share one transaction; default 256.
    pub group_max: usize,
    /// The most pages (of 4 KiB) that the file may grow to; default: SQLite's own limit.
    pub pages_max: Option<u32>,
    /// The name of the SQLite VFS, the layer between SQLite and the disk, registered before; default: SQLite's
    /// own for the platform. Another one cuts the power and fills the disk in tests.
    pub vfs: Option<Box<str>>,
    /// Whether this process alone commits records to the file, which is refused while another does and
    /// keeps others from it; default: no. The lookup of a kept reply then costs about half.
    pub alone: bool,
    /// Who is told while a ledger of an earlier version is brought forward; default: nobody.
    pub on_migration: Option<OnMigration>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            readers: cores.clamp(1, 16),
            mmap_bytes: 256 << 30,
            cache_kib: 2_000,
            busy_timeout: Duration::from_secs(5),
            group_max: 256,
            pages_max: None,
            vfs: None,
            alone: false,
            on_migration: None,
        }
    }
}

/// What durability rests on, as read back from the connection that writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// `journal_mode`, such as `wal`.
    pub journal_mode: String,
    /// `synchronous`, such as 2, which is FULL.
    pub synchronous: i64,
}

/// A ledger in one SQLite file: WAL, `synchronous=FULL`.
///
/// Several processes may have it open at once. Reads run on the caller's thread
/// and see every change that was acknowledged before; changes go to one thread,
/// which is joined on drop after it has finished what waits.
pub struct SqliteLedger {
    path: PathBuf,
    key: SealKey,
    readers: Arc<Readers>,
    writer: Writer,
    durability: Durability,
    lock: Lock,
    /// The last to be dropped: the connections are closed then.
    _held: Held,
}

impl SqliteLedger {
    /// The version of the tables of every ledger that this program opened.
    pub const SCHEMA_VERSION: i64 = migrations::NEWEST;

    /// Opens or makes the ledger at `path`, its schema brought forward.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for a file that is damaged or no ledger,
    /// [`LedgerError::NewerVersion`] for a newer schema, [`LedgerError::Unsealable`] for
    /// another key file, [`LedgerError::NotDurable`] where WAL cannot be had,
    /// [`LedgerError::InUse`] where it would be alone and another process commits records,
    /// [`LedgerError::Storage`] for a path that cannot be written.
    pub fn open(path: impl AsRef<Path>, key: SealKey) -> Result<Self, LedgerError> {
        Self::open_with(path, key, SqliteOptions::default())
    }

    /// The same, tuned.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`].
    pub fn open_with(
        path: impl AsRef<Path>,
        key: SealKey,
        options: SqliteOptions,
    ) -> Result<Self, LedgerError> {
        let path = &open::named_once(path.as_ref(), &options);
        let lock = Lock::of(path, &options)?;
        let (connection, held) = open::open_writer(path, &key, &options)?;
        let durability = open::durability(&connection)?;
        let readers: Result<Vec<_>, _> =
            (0..options.readers.max(1)).map(|_| open::open_reader(path, &options)).collect();
        let readers = Arc::new(Readers::new(readers?, options.alone));
        let writer =
            Writer::start(connection, key.clone(), Arc::clone(&readers), options.group_max)?;
        Ok(Self { path: path.to_owned(), key, readers, writer, durability, lock, _held: held })
    }

    /// Commits records from now on: until the ledger is closed no other process can be alone with the file. The
    /// first commit does it where nobody did before; a server does it before it accepts anything.
    ///
    /// # Errors
    /// [`LedgerError::InUse`] where another process is alone with it.
    pub fn join(&self) -> Result<(), LedgerError> {
        self.lock.join()
    }

    /// What its durability rests on, as it was when it was opened.
    #[must_use]
    pub const fn durability(&self) -> &Durability {
        &self.durability
    }
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn find(&self, key: &Key) -> Result<Option<Record>, LedgerError> {
        self.readers.with(|c| reader::find(c, key))
    }

    async fn reply(&self, mch_id: &str, mch_billno: &str) -> Result<Option<Bytes>, LedgerError> {
        self.readers.with_kept(|c| reader::reply(c, mch_id, mch_billno))
    }

    async fn commit(&self, commit: Commit) -> Result<u64, LedgerError> {
        self.join()?;
        self.writer.write(Change::Commit(Box::new(commit.into()))).await.map(|answer| answer.number)
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, LedgerError> {
        self.readers.with(|c| reader::history(c, key))
    }

    async fn records(&self, mch_id: &str, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        self.readers.with(|c| reader::records(c, mch_id, filter))
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Record>, LedgerError> {
        self.readers.with(|c| reader::due(c, now, limit))
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        limit: u32,
    ) -> Result<Vec<Record>, LedgerError> {
        // Where nothing is due, no other process needs to wait for that to be found.
        if self.readers.with(|c| reader::claimable(c, now, &lease.holder, 1))?.is_empty() {
            return Ok(Vec::new());
        }
        let change = Change::Lease(Leasing::Due { now, lease: lease.clone(), limit });
        self.writer.write(change).await.map(|answer| answer.records)
    }

    async fn unclear(
        &self,
        mch_id: &str,
        re_openid: &OpenId,
        total_amount: Fen,
        since: Timestamp,
    ) -> Result<Vec<Record>, LedgerError> {
        self.readers.with(|c| reader::unclear(c, mch_id, re_openid, total_amount, since))
    }

    async fn findings(&self, mch_id: Option<&str>) -> Result<Vec<Finding>, LedgerError> {
        self.readers.with(|c| reader::findings(c, mch_id))
    }

    async fn merchants(&self) -> Result<Vec<Merchant>, LedgerError> {
        self.readers.with(|c| merchants::all(c, &self.key))
    }

    async fn merchant(&self, mch_id: &str) -> Result<Option<Merchant>, LedgerError> {
        self.readers.with(|c| merchants::one(c, &self.key, mch_id))
    }

    async fn add_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.writer.write(Change::AddMerchant(Box::new(merchant))).await.map(drop)
    }

    async fn update_merchant(&self, merchant: Merchant) -> Result<(), LedgerError> {
        self.writer.write(Change::UpdateMerchant(Box::new(merchant))).await.map(drop)
    }

    async fn top_up(&self, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
        let change = Change::TopUp { mch_id: mch_id.into(), amount };
        let answer = self.writer.write(change).await?;
        Fen::new(answer.number).ok_or(LedgerError::Overflow)
    }

    async fn merchants_version(&self) -> Result<u64, LedgerError> {
        // Whoever asks looks for what other processes did: no view is older than the answer, and
        // their log is not held back either.
        self.readers.begin_anew();
        self.readers.with(merchants::version)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.readers.with(|c| reader::setting(c, name))
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.writer.write(Change::Set { name: name.into(), value: value.into() }).await.map(drop)
    }

    async fn replace_setting(
        &self,
        name: &str,
        was: Option<&str>,
        value: &str,
    ) -> Result<(), LedgerError> {
        let (name, was, value) = (name.into(), was.map(Into::into), value.into());
        self.writer.write(Change::Replace { name, was, value }).await.map(drop)
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.readers.with(merchants::version)?;
        self.writer.write(Change::Probe).await.map(drop)
    }
}
