//! What happened to a ledger while its disk was watched, and what it must hold at each moment.

use crate::state::{State, stored, told};
use crate::workload::{Act, Step};
use futures_util::future::join_all;
use hongbao_crash::{Event, Fault, Image, Shim};
use hongbao_ledger::{LedgerError, SealKey, SqliteLedger, SqliteOptions};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

/// What a ledger is called in its folder.
pub const FILE: &str = "ledger.sqlite";

/// A ledger's life.
pub struct Story {
    /// What was in the folder before.
    pub begins_with: Image,
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

fn folder_with(image: &Image) -> TempDir {
    let folder = folder();
    for (name, bytes) in image {
        std::fs::write(folder.path().join(&**name), bytes).unwrap();
    }
    folder
}

pub fn options(shim: Option<Shim>) -> SqliteOptions {
    let vfs = shim.map(|shim| shim.name().into());
    SqliteOptions { readers: 1, vfs, ..SqliteOptions::default() }
}

impl Story {
    pub fn live(acts: &[Act]) -> Self {
        Self::live_on(Image::new(), SealKey::generate(), acts)
    }

    /// The same, on what is in the folder already.
    pub fn live_on(begins_with: Image, key: SealKey, acts: &[Act]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let states = runtime.block_on(states_on(&begins_with, acts, &key));
        let mut life = Life::begin(&begins_with, &key);
        for act in acts {
            runtime.block_on(life.act(act));
        }
        let (events, steps) = life.end();
        assert_eq!(steps.len() + 1, states.len());
        Self { begins_with, events, states, steps, key }
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

/// What a new ledger holds after each step.
pub async fn states(acts: &[Act], key: &SealKey) -> Vec<State> {
    states_on(&Image::new(), acts, key).await
}

async fn states_on(begins_with: &Image, acts: &[Act], key: &SealKey) -> Vec<State> {
    let folder = folder_with(begins_with);
    let path = folder.path().join(FILE);
    let ledger = SqliteLedger::open_with(&path, key.clone(), options(None)).unwrap();
    let mut states = vec![state(&ledger, &path).await];
    for act in acts {
        for step in act.steps() {
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
    /// What had happened when the process was last killed.
    before: Vec<Event>,
    key: SealKey,
    ledger: Option<SqliteLedger>,
    steps: Mutex<Vec<Span>>,
}

impl Life {
    fn begin(image: &Image, key: &SealKey) -> Self {
        let mut life = Self {
            folder: folder_with(image),
            shim: Shim::register_over(image.keys().map(|name| &**name)),
            before: Vec::new(),
            key: key.clone(),
            ledger: None,
            steps: Mutex::default(),
        };
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

    /// Ends in the midst of it: what is in the files now is found by the next process.
    fn kill(&mut self) {
        let folder = folder();
        let mut files = Vec::new();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            std::fs::copy(self.folder.path().join(&name), folder.path().join(&name)).unwrap();
            files.push(name);
        }
        self.before.extend(self.shim.journal());
        drop(self.ledger.take()); // In the old folder, unwatched.
        self.folder = folder;
        self.shim = Shim::register_over(files.iter().map(String::as_str));
        self.note_leftover();
        self.open();
    }

    /// What the ledger does with a log that it finds, beside SQLite and before everything else; that it does,
    /// `a_log_that_was_left_is_written_again` says.
    fn note_leftover(&self) {
        let file: Box<str> = format!("{FILE}-wal").into();
        let bytes = std::fs::read(self.folder.path().join(&*file)).unwrap();
        self.shim.note(Event::Write { file: file.clone(), at: 0, bytes: bytes.into() });
        self.shim.note(Event::Sync { file, with_folder: false });
    }

    fn end(mut self) -> (Vec<Event>, Vec<Span>) {
        drop(self.ledger.take());
        self.before.extend(self.shim.journal());
        (self.before, self.steps.into_inner().unwrap())
    }

    fn position(&self) -> usize {
        self.before.len() + self.shim.position()
    }

    async fn act(&mut self, act: &Act) {
        match act {
            Act::One(step) => self.step(step).await,
            Act::Together(steps) => self.together(steps).await,
            Act::Struck { step, fault, is_killed } => {
                let number = self.begin_step(step);
                self.shim.fail(fault.clone());
                let outcome = step.play(self.ledger.as_ref().unwrap()).await;
                assert!(matches!(outcome, Err(LedgerError::Storage(_))), "{outcome:?}");
                self.shim.lift();
                if *is_killed {
                    self.kill();
                }
                self.end_step(step, number).await;
            }
            Act::Checkpoint(mode, fault) => self.checkpoint(mode, fault.as_ref()),
            Act::Reopen => {
                drop(self.ledger.take());
                self.open();
            }
            Act::Kill => self.kill(),
        }
    }

    async fn step(&self, step: &Step) {
        let number = self.begin_step(step);
        self.end_step(step, number).await;
    }

    fn begin_step(&self, step: &Step) -> usize {
        let mut steps = self.steps.lock().unwrap();
        let (begun, is_gradual) = (self.position(), step.is_gradual());
        steps.push(Span { begun, acknowledged: usize::MAX, is_gradual });
        steps.len() - 1
    }

    /// One that is refused is acknowledged too: nothing of it may be there.
    async fn end_step(&self, step: &Step, number: usize) {
        let outcome = step.play(self.ledger.as_ref().unwrap()).await;
        assert!(!matches!(outcome, Err(LedgerError::Storage(_))), "{outcome:?}");
        self.steps.lock().unwrap()[number].acknowledged = self.position();
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

    fn checkpoint(&self, mode: &str, fault: Option<&Fault>) {
        let path = self.folder.path().join(FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection =
            Connection::open_with_flags_and_vfs(path, flags, self.shim.name()).unwrap();
        fault.into_iter().for_each(|fault| self.shim.fail(fault.clone()));
        let is_busy: rusqlite::Result<i64> =
            connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(0));
        assert_eq!(is_busy.ok(), fault.is_none().then_some(0), "{mode} {fault:?}");
        assert_eq!(self.shim.lift(), u64::from(fault.is_some()));
    }
}
