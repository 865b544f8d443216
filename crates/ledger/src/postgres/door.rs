//! The door to the database: the pool, TLS, and what every connection is held to.

use super::durability::{self, PostgresDurability};
use super::fault::{Fault, Kind, Outcome, SILENT};
use super::options::PostgresOptions;
use crate::error::LedgerError;
use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::BuilderVerifierExt;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// So many statements of a transaction are sent at once, writes and commit, at most.
const SENT_AT_ONCE_MAX: u32 = 10;

/// A value on its way into a statement.
pub(super) type Value<'v> = &'v (dyn ToSql + Sync);

/// Connections, each held to what durability needs when it is made.
pub(super) struct Door {
    pool: Pool,
    lanes: Lanes,
    patience: Duration,
    age_max: Duration,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

impl Door {
    /// Connects nothing yet.
    pub(super) fn new(options: &PostgresOptions) -> Result<Self, LedgerError> {
        let tls = MakeRustlsConnect::new(tls(options.root_ca.as_deref())?);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(options.config()?, tls, recycling);
        let session = Arc::new(session(options));
        let is_unsafe_allowed = options.allow_unsafe_durability;
        let (patience, age_max) = (options.patience(), options.connection_age_max);
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(2))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.connect_timeout))
            .create_timeout(Some(options.connect_timeout.saturating_mul(2)))
            .pre_recycle(Hook::sync_fn(move |_, metrics| match metrics.age() < age_max {
                true => Ok(()),
                false => Err(HookError::message("it is too old")),
            }))
            .post_create(Hook::async_fn(move |client, _| {
                let session = Arc::clone(&session);
                Box::pin(async move {
                    let greeted = greet(client, &session, is_unsafe_allowed);
                    let silent = |_| HookError::message(SILENT);
                    timeout(patience, greeted).await.map_err(silent)?
                })
            }))
            .build()
            .map_err(|e| LedgerError::Storage(e.to_string()))?;
        Ok(Self { pool, lanes: Lanes::new(options.connections / 4), patience, age_max })
    }

    /// A connection as the pool has it, for opening the ledger.
    pub(super) async fn object(&self) -> Outcome<Object> {
        Ok(self.pool.get().await?)
    }

    /// A connection, for as long as it is held.
    pub(super) async fn connection(&self) -> Outcome<Connection> {
        let object = self.pool.get().await?;
        let until = Object::metrics(&object).created.checked_add(self.age_max);
        let is_held = AtomicBool::new(false);
        Ok(Connection { object: Some(object), patience: self.patience, until, is_held })
    }

    /// Every row of a query, read. A query changes nothing: where the connection breaks, it is
    /// asked once more on another.
    pub(super) async fn all<T>(
        &self,
        query: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let rows = match self.ask(query, values).await {
            Err(Fault { kind: Kind::Broken, .. }) => self.ask(query, values).await,
            asked => asked,
        };
        rows?.iter().map(read).collect()
    }

    async fn ask(&self, query: &str, values: &[Value<'_>]) -> Outcome<Vec<Row>> {
        let connection = self.connection().await?;
        let rows = connection.rows(query, values).await;
        if rows.as_ref().is_err_and(|fault| fault.kind.is_refusal()) {
            connection.give_back();
            return rows;
        }
        let rows = rows?;
        connection.give_back();
        Ok(rows)
    }

    /// A connection on which every query sees one and the same state, until it is dropped or given back
    /// after a `COMMIT`.
    pub(super) async fn snapshot(&self) -> Outcome<Connection> {
        let connection = self.connection().await?;
        connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(connection)
    }

    /// The only row of a lookup by primary key, where there is one. Lookups share connections, each sent
    /// without waiting for the one before it: never for what takes long.
    pub(super) async fn lookup<T>(
        &self,
        query: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row) -> Result<T, LedgerError>,
    ) -> Result<Option<T>, LedgerError> {
        let lane = self.lanes.next();
        let row = match self.ask_in(lane, query, values).await {
            Err(Fault { kind: Kind::Broken, .. }) => self.ask_in(lane, query, values).await,
            asked => asked,
        };
        row?.as_ref().map(read).transpose()
    }

    async fn ask_in(&self, lane: &Lane, query: &str, values: &[Value<'_>]) -> Outcome<Option<Row>> {
        let connection = match lane.connection() {
            Some(connection) => connection,
            None => lane.open(self.connection().await?),
        };
        let asked = connection.row(query, values).await;
        if asked.as_ref().is_err_and(|fault| !fault.kind.is_refusal()) {
            lane.close(&connection);
        }
        asked
    }

    /// The only row of a query, where there is one.
    pub(super) async fn one<T>(
        &self,
        query: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row) -> Result<T, LedgerError>,
    ) -> Result<Option<T>, LedgerError> {
        Ok(self.all(query, values, read).await?.pop())
    }

    /// Makes a change of one statement, which is its own transaction; returns how many rows it changed.
    /// A clash is tried again.
    pub(super) async fn change(&self, statement: &str, values: &[Value<'_>]) -> Outcome<u64> {
        let mut tries = super::retry::Tries::default();
        loop {
            let connection = self.connection().await?;
            let changed = connection.execute(statement, values).await;
            match changed {
                Err(fault) if fault.kind == Kind::Clash && tries.again().await => {}
                Err(fault) => return Err(fault),
                Ok(rows) => {
                    connection.give_back();
                    return Ok(rows);
                }
            }
        }
    }
}

/// Connections that lookups share.
struct Lanes {
    lanes: Box<[Lane]>,
    next: AtomicUsize,
}

impl Lanes {
    fn new(count: usize) -> Self {
        let lanes = (0..count.clamp(1, 4)).map(|_| Lane::default()).collect();
        Self { lanes, next: AtomicUsize::new(0) }
    }

    /// They take turns.
    fn next(&self) -> &Lane {
        &self.lanes[self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len()]
    }
}

/// A connection that lookups share, once one was needed.
#[derive(Default)]
struct Lane(Mutex<Option<Arc<Connection>>>);

impl Lane {
    fn held(&self) -> MutexGuard<'_, Option<Arc<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> Option<Arc<Connection>> {
        self.held().as_ref().filter(|connection| connection.is_fit()).cloned()
    }

    /// Of two that open it at one time, the first one's is shared.
    fn open(&self, connection: Connection) -> Arc<Connection> {
        let mut held = self.held();
        if let Some(there) = held.as_ref().filter(|there| there.is_fit()) {
            connection.give_back();
            return Arc::clone(there);
        }
        let connection = Arc::new(connection);
        *held = Some(Arc::clone(&connection));
        connection
    }

    /// Forgets a connection that broke.
    fn close(&self, broken: &Arc<Connection>) {
        let mut held = self.held();
        if held.as_ref().is_some_and(|there| Arc::ptr_eq(there, broken)) {
            *held = None;
        }
    }
}

/// A connection that is closed unless it is given back: whatever was begun on it ends with it.
pub(super) struct Connection {
    object: Option<Object>,
    /// A server that says nothing for longer is taken for gone.
    patience: Duration,
    /// Until when it may be shared; `None`: for ever.
    until: Option<Instant>,
    /// Whether what was not prepared before is refused.
    is_held: AtomicBool,
}

impl Connection {
    fn client(&self) -> &ClientWrapper {
        // Only `drop` and `give_back` take it, and both end `self`.
        self.object.as_ref().expect("it is there until it is given back")
    }

    /// Whether one more may use it.
    fn is_fit(&self) -> bool {
        !self.client().is_closed() && self.until.is_none_or(|until| Instant::now() < until)
    }

    /// What the server says, within its time.
    async fn heard<T>(&self, said: impl Future<Output = Result<T, Error>>) -> Outcome<T> {
        Ok(timeout(self.patience(), said).await.map_err(|_| Fault::silent())??)
    }

    /// How long an answer may take. Behind a transaction's writes, which are sent at once, it is waited for all of them.
    fn patience(&self) -> Duration {
        let ahead = if self.is_held.load(Ordering::Relaxed) { SENT_AT_ONCE_MAX } else { 1 };
        self.patience.saturating_mul(ahead)
    }

    /// The rows of a query, prepared once.
    pub(super) async fn rows(&self, query: &str, values: &[Value<'_>]) -> Outcome<Vec<Row>> {
        let statement = self.statement(query).await?;
        self.heard(self.client().query(&statement, values)).await
    }

    /// The first row of a query, where there is one.
    pub(super) async fn row(&self, query: &str, values: &[Value<'_>]) -> Outcome<Option<Row>> {
        Ok(self.rows(query, values).await?.into_iter().next())
    }

    /// Executes a statement, prepared once; returns how many rows it changed.
    pub(super) async fn execute(&self, statement: &str, values: &[Value<'_>]) -> Outcome<u64> {
        let statement = self.statement(statement).await?;
        self.heard(self.client().execute(&statement, values)).await
    }

    /// A statement, prepared once.
    async fn statement(&self, query: &str) -> Outcome<Statement> {
        let prepared = self.client().prepare_cached(query);
        if !self.is_held.load(Ordering::Relaxed) {
            return self.heard(prepared).await;
        }
        let unprepared = || LedgerError::Storage(format!("it was not prepared: {query}"));
        Ok(prepared.now_or_never().ok_or_else(unprepared)??)
    }

    /// From now on refuses at once what is not prepared: preparing waits for an answer, and so what is sent next
    /// would overtake it.
    pub(super) fn hold_to_prepared(&self) {
        self.is_held.store(true, Ordering::Relaxed);
    }

    /// Prepares statements, those that are not yet, in one round trip: what is prepared is sent the moment it
    /// is first polled.
    pub(super) async fn prepare(&self, statements: &[&str]) -> Outcome<()> {
        let client = self.client();
        let prepared = statements.iter().map(|query| self.heard(client.prepare_cached(query)));
        try_join_all(prepared).await.map(drop)
    }

    /// Executes statements without values.
    pub(super) async fn run(&self, statements: &str) -> Outcome<()> {
        self.try_run(statements).await?.map_err(Fault::from)
    }

    /// The same, with what the server refuses in its own words.
    pub(super) async fn try_run(&self, statements: &str) -> Outcome<Result<(), Error>> {
        let said = timeout(self.patience(), self.client().batch_execute(statements)).await;
        said.map_err(|_| Fault::silent())
    }

    /// Undoes what was begun. Where that fails the connection is closed, which undoes it, too: what is known
    /// already stays known.
    pub(super) async fn roll_back(self) {
        if self.run("ROLLBACK").await.is_ok() {
            self.give_back();
        }
    }

    /// Gives it back: nothing is open on it.
    pub(super) fn give_back(mut self) {
        drop(self.object.take());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

/// What every session is told.
fn session(options: &PostgresOptions) -> String {
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; \
         SET idle_in_transaction_session_timeout = {}; SET client_encoding = 'UTF8'; \
         SET default_transaction_isolation = 'read committed'",
        options.statement_timeout.as_millis(),
        options.lock_timeout.as_millis(),
        options.idle_in_transaction_timeout.as_millis(),
    )
}

/// Sets a new connection up, and refuses one that is not durable: a setting can change while a
/// program runs.
async fn greet(
    client: &ClientWrapper,
    session: &str,
    is_unsafe_allowed: bool,
) -> Result<(), HookError> {
    client.batch_execute(session).await.map_err(HookError::Backend)?;
    let row = client.query_one(durability::QUERY, &[]).await.map_err(HookError::Backend)?;
    let found = PostgresDurability::read(&row).map_err(HookError::Backend)?;
    match found.unsafe_settings() {
        Some(settings) if !is_unsafe_allowed => Err(HookError::message(settings)),
        _ => Ok(()),
    }
}

/// TLS 1.2 and 1.3 to servers that the roots vouch for, by the name in the address.
fn tls(root_ca: Option<&Path>) -> Result<ClientConfig, LedgerError> {
    let failed = |e: &dyn fmt::Display| LedgerError::Address(format!("no TLS: {e}"));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(&e))?;
    let builder = match root_ca {
        None => builder.with_platform_verifier().map_err(|e| failed(&e))?,
        Some(path) => builder.with_webpki_verifier(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                .build()
                .map_err(|e| failed(&e))?,
        ),
    };
    Ok(builder.with_no_client_auth())
}

fn roots(path: &Path) -> Result<RootCertStore, LedgerError> {
    let failed = |why: &dyn fmt::Display| {
        LedgerError::Address(format!("the CA file `{}` cannot be used: {why}", path.display()))
    };
    let pem = std::fs::read(path).map_err(|e| failed(&e))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
    }
    match roots.is_empty() {
        true => Err(failed(&"there is no certificate in it")),
        false => Ok(roots),
    }
}
