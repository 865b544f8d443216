//! P5 and P7 on PostgreSQL, against tokio-postgres alone: prepared, pipelined, on the same tables of
//! the same server.

mod bare;

use crate::table::{Row, median};
use crate::year::{self, Book, Year};
use bare::Bare;
use futures_util::StreamExt;
use hongbao_ledger::{Commit, Key, Ledger, LedgerError, PostgresLedger, PostgresOptions, SealKey};
use hongbao_postgres_test::{Settings, TestServer};
use std::io::Error;
use std::sync::Arc;
use std::time::Instant;

/// Lookups and commits under way at once, ours and the driver's.
const AT_ONCE: usize = 512;
const LEAST: f64 = 0.8;
/// What a lookup may cost over the driver's.
const LOOKUP_LEAST: f64 = 1.0 / 1.2;

/// What is measured, and how much of it.
pub struct Plan<'p> {
    /// The packets of the ledger that is looked up.
    pub year: &'p Arc<Year>,
    pub rounds: usize,
    /// Lookups a round.
    pub lookups: usize,
    /// New packets a round.
    pub many: u64,
    /// Whether lookups are wanted, and whether writes are.
    pub wants: (bool, bool),
}

/// A rate, and what it cost in processor time, microseconds each.
#[derive(Clone, Copy)]
struct Pace {
    rate: f64,
    server_micros: f64,
    own_micros: f64,
}

/// Measures on a server of this run's own; nothing where PostgreSQL is not installed.
pub fn measure(plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let Some(server) = start() else {
        eprintln!("PostgreSQL is not installed: P5 and P7 go without it");
        return Ok(Vec::new());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut rows = Vec::new();
    if plan.wants.0 {
        rows.extend(runtime.block_on(lookups(&server, plan)).map_err(Error::other)?);
    }
    if plan.wants.1 {
        rows.extend(runtime.block_on(writes(&server, plan)).map_err(Error::other)?);
    }
    Ok(rows)
}

/// A server as a machine that keeps a database would have it; durability stays as it comes.
fn start() -> Option<TestServer> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let configuration = vec![set("shared_buffers", "1GB"), set("max_wal_size", "4GB")];
    TestServer::start_with(Settings { configuration, certificate: None })
}

/// The processor time of the server and all its connections so far.
fn cpu_seconds(server: &TestServer) -> f64 {
    let file = server.as_ref().join("data/postmaster.pid");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    pid.map_or(0.0, crate::server::cpu_seconds_of)
}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

async fn open(address: &str) -> Result<Arc<PostgresLedger>, LedgerError> {
    let key = SealKey::generate();
    PostgresLedger::open(&PostgresOptions::new(address)?, key).await.map(Arc::new)
}

/// Times `work`, which does `count` things.
async fn paced(
    server: &TestServer,
    count: usize,
    work: impl Future<Output = Outcome<()>>,
) -> Outcome<Pace> {
    let (spent, own, began) =
        (cpu_seconds(server), crate::server::own_cpu_seconds(), Instant::now());
    work.await?;
    let each = 1e6 / count.max(1) as f64;
    Ok(Pace {
        rate: count as f64 / began.elapsed().as_secs_f64(),
        server_micros: (cpu_seconds(server) - spent) * each,
        own_micros: (crate::server::own_cpu_seconds() - own) * each,
    })
}

fn median_of(paces: &[Pace]) -> Pace {
    let of = |figure: fn(&Pace) -> f64| median(paces.iter().map(figure).collect());
    Pace {
        rate: of(|pace| pace.rate),
        server_micros: of(|pace| pace.server_micros),
        own_micros: of(|pace| pace.own_micros),
    }
}

fn row(goal: &'static str, what: String, ours: &[Pace], theirs: &[Pace], least: f64) -> Row {
    let (ours, theirs) = (median_of(ours), median_of(theirs));
    let said = |pace: Pace| {
        format!(
            "{:.0}/s, CPU {:.1} µs + {:.1} µs in the server",
            pace.rate, pace.own_micros, pace.server_micros
        )
    };
    Row {
        goal,
        what: format!("PostgreSQL: {what}"),
        ours: said(ours),
        baseline: format!("tokio-postgres, pipelined: {}", said(theirs)),
        ratio: Some(ours.rate / theirs.rate),
        asked: if goal == "P5" { "≥ 1 / 1.2" } else { "≥ 0.8" },
        reached: Some(ours.rate / theirs.rate >= least),
    }
}

async fn lookups(server: &TestServer, plan: &Plan<'_>) -> Outcome<Vec<Row>> {
    let address = server.database().socket_url;
    let ledger = open(&address).await?;
    year::fill(Arc::clone(&ledger), plan.year, Book::Records).await?;
    let bare = Bare::connect(&address).await?;
    let bytes = bare.bytes().await? as f64 / plan.year.records as f64;
    let keys = plan.year.keys(plan.lookups);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        eprintln!("P5 PostgreSQL round {round}/{}", plan.rounds);
        let of_driver = paced(server, keys.len(), bare.lookups(&keys, AT_ONCE)).await?;
        let of_ledger = paced(server, keys.len(), replies(&ledger, &keys)).await?;
        // The first round warms up and does not count.
        if round > 0 {
            ours.push(of_ledger);
            theirs.push(of_driver);
        }
    }
    let what = format!("kept replies, {AT_ONCE} at once, uniform of {} records", plan.year.records);
    Ok(vec![
        row("P5", what, &ours, &theirs, LOOKUP_LEAST),
        Row {
            goal: "P5",
            what: format!("PostgreSQL: bytes on disk a record, of {}", plan.year.records),
            ours: format!("{bytes:.0}"),
            baseline: "–".to_owned(),
            ratio: None,
            asked: "–",
            reached: None,
        },
    ])
}

async fn replies(ledger: &PostgresLedger, keys: &[Key]) -> Outcome<()> {
    let lookups = keys.iter().map(|key| ledger.reply(key.mch_id.as_str(), key.mch_billno.as_str()));
    let mut replies = futures_util::stream::iter(lookups).buffer_unordered(AT_ONCE);
    while let Some(reply) = replies.next().await {
        std::hint::black_box(reply?);
    }
    Ok(())
}

async fn writes(server: &TestServer, plan: &Plan<'_>) -> Outcome<Vec<Row>> {
    let year = Year::new(2_025, 1_000_000);
    let all: Vec<Commit> = (0..plan.many).map(|n| year.commit(n)).collect();
    // The packets of the largest merchant alone, whose chain's end is one row.
    let hottest = &year.merchants()[0].mch_id;
    let of_one: Vec<Commit> = (0..)
        .map(|n| year.commit(n))
        .filter(|commit| commit.record.key.mch_id == *hottest)
        .take(usize::try_from(plan.many)?)
        .collect();
    let mut paces: [Vec<Pace>; 4] = Default::default();
    for round in 0..plan.rounds {
        eprintln!("P7 PostgreSQL round {}/{}", round + 1, plan.rounds);
        for (at, commits) in [&all, &of_one].into_iter().enumerate() {
            let (ours, theirs) = (server.database(), server.database());
            let ledger = open(&ours.socket_url).await?;
            for merchant in year.merchants() {
                ledger.add_merchant(merchant.clone()).await?;
            }
            // The driver's connections are open before, and so are ours.
            let (first, rest) = commits.split_at(AT_ONCE.min(commits.len() / 2));
            written(&ledger, first.to_vec()).await?;
            let work = written(&ledger, rest.to_vec());
            paces[2 * at].push(paced(server, rest.len(), work).await?);
            drop(ledger);
            // Ours makes the tables and indexes.
            let maker = open(&theirs.socket_url).await?;
            for merchant in year.merchants() {
                maker.add_merchant(merchant.clone()).await?;
            }
            drop(maker);
            let rows = Bare::connect(&ours.socket_url).await?.rows().await?;
            let bare = Bare::connect(&theirs.socket_url).await?;
            paces[2 * at + 1].push(paced(server, commits.len(), bare.write(rows)).await?);
            drop(bare);
            for database in [ours, theirs] {
                let drop = format!("DROP DATABASE {} WITH (FORCE)", database.name);
                server.sql("postgres", &drop);
            }
        }
    }
    let many = format!("new packets written durably, {AT_ONCE} at once");
    let [ours, theirs, ours_of_one, theirs_of_one] = paces;
    Ok(vec![
        row(
            "P7",
            format!("{many}, of {} merchants", year.merchants().len()),
            &ours,
            &theirs,
            LEAST,
        ),
        row("P7", format!("{many}, all of one merchant"), &ours_of_one, &theirs_of_one, LEAST),
    ])
}

async fn written(ledger: &Arc<PostgresLedger>, commits: Vec<Commit>) -> Outcome<()> {
    let commits = commits.into_iter().map(|commit| {
        let ledger = Arc::clone(ledger);
        async move { tokio::spawn(async move { ledger.commit(commit).await }).await }
    });
    let mut done = futures_util::stream::iter(commits).buffer_unordered(AT_ONCE);
    while let Some(done) = done.next().await {
        done??;
    }
    Ok(())
}
