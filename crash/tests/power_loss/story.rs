//! What happened to a ledger while its disk was watched, and what it must hold at each moment.

use crate::state::{State, stored, told};
use crate::workload::{Act, Step};
use futures_util::future::join_all;
use hongbao_crash::{Event, Shim};
use hongbao_ledger::{SealKey, SqliteLedger, SqliteOptions};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

/// What a ledger is called in its folder.
pub const FILE: &str = "ledger.sqlite";

/// A ledger's life.
pub struct Story {
    /// What reached the file system, in order.
    pub events: Vec<Event>,
    /// What the ledger holds after so many steps, each written alone by another ledger on a good disk.
    pub states: Vec<State>,
    /// For each step, how much had happened when it was begun, and when it was acknowledged.
    pub steps: Vec<Span>,
    /// Its key file.
    pub key: SealKey,
}

/// When a step was under way.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub begun: usize,
    /// `usize::MAX`: never.
    pub acknowledged: usize,
    pub is_gradual: bool,
}

/// A folder in memory where there is one: nothing in it must survive, and syncs cost nothing.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

pub fn options(shim: Option<Shim>) -> SqliteOptions {
    let vfs = shim.map(|shim| shim.name().into());
    SqliteOptions { readers: 1, vfs, ..SqliteOptions::default() }
}

impl Story {
    pub fn live(acts: &[Act]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let key = SealKey::generate();
        let states = runtime.block_on(states(acts, &key));
        let mut life = Life::begin(&key);
        for act in acts {
            runtime.block_on(life.act(act));
        }
        drop(life.ledger.take());
        let steps = life.steps.into_inner().unwrap();
        assert_eq!(steps.len() + 1, states.len());
        Self { events: life.shim.journal(), states, steps, key }
    }

    /// How many steps are there at least after so many events, and how many may be.
    pub fn bounds(&self, point: usize) -> (usize, usize) {
        let last =
            |is: &dyn Fn(&Span) -> bool| self.steps.iter().rposition(is).map_or(0, |n| n + 1);
        (last(&|step| step.acknowledged <= point), last(&|step| step.begun <= point))
    }
}

async fn state(ledger: &SqliteLedger, path: &Path) -> State {
    let mut state = stored(path).unwrap();
    state.insert("(told)".to_owned(), told(ledger).await.unwrap());
    state
}

/// What a ledger holds after each step.
async fn states(acts: &[Act], key: &SealKey) -> Vec<State> {
    let folder = folder();
    let path = folder.path().join(FILE);
    let ledger = SqliteLedger::open_with(&path, key.clone(), options(None)).unwrap();
    let mut states = vec![state(&ledger, &path).await];
    for act in acts {
        let steps = match act {
            Act::One(step) => std::slice::from_ref(step),
            Act::Together(steps) => steps,
            Act::Checkpoint(_) | Act::Reopen => &[],
        };
        for step in steps {
            let _ = step.play(&ledger).await;
            states.push(state(&ledger, &path).await);
        }
    }
    states
}

/// A ledger on a watched disk.
struct Life {
    folder: TempDir,
    shim: Shim,
    key: SealKey,
    ledger: Option<SqliteLedger>,
    steps: Mutex<Vec<Span>>,
}

impl Life {
    fn begin(key: &SealKey) -> Self {
        let (folder, shim) = (folder(), Shim::register());
        let mut life =
            Self { folder, shim, key: key.clone(), ledger: None, steps: Mutex::default() };
        life.open();
        life
    }

    fn open(&mut self) {
        let path = self.folder.path().join(FILE);
        let options = options(Some(self.shim));
        self.ledger = Some(SqliteLedger::open_with(path, self.key.clone(), options).unwrap());
        // The ledger does that itself, beside SQLite, before it says that it is open.
        self.shim.note(Event::SyncFolder);
    }

    async fn act(&mut self, act: &Act) {
        match act {
            Act::One(step) => self.step(step).await,
            Act::Together(steps) => self.together(steps).await,
            Act::Checkpoint(mode) => self.checkpoint(mode),
            Act::Reopen => {
                drop(self.ledger.take());
                self.open();
            }
        }
    }

    async fn step(&self, step: &Step) {
        let ledger = self.ledger.as_ref().unwrap();
        let number = {
            let mut steps = self.steps.lock().unwrap();
            let begun = self.shim.position();
            let is_gradual = step.is_gradual();
            steps.push(Span { begun, acknowledged: usize::MAX, is_gradual });
            steps.len() - 1
        };
        // One that is refused is acknowledged too: nothing of it may be there.
        let _ = step.play(ledger).await;
        self.steps.lock().unwrap()[number].acknowledged = self.shim.position();
    }

    /// The first is written; the others wait for it, and for each other.
    async fn together(&self, steps: &[Step]) {
        self.shim.hold();
        let all = steps.iter().enumerate().map(async |(number, step)| {
            if number == 1 {
                self.shim.wait_held();
            }
            self.step(step).await;
        });
        tokio::join!(join_all(all), async { self.shim.let_go() });
    }

    fn checkpoint(&self, mode: &str) {
        let path = self.folder.path().join(FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection =
            Connection::open_with_flags_and_vfs(path, flags, self.shim.name()).unwrap();
        let is_busy: i64 = connection
            .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(0))
            .unwrap();
        assert_eq!(is_busy, 0, "{mode}");
    }
}
