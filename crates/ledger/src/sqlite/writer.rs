//! The one thread that writes. Changes that wait at the same time share one
//! transaction, so that one write to disk makes all of them durable; each has a
//! savepoint of its own and fails alone.

use super::fault::fault;
use super::{commit, merchants};
use crate::error::LedgerError;
use crate::ledger::Commit;
use crate::merchant::Merchant;
use crate::seal::SealKey;
use hongbao_wire::Fen;
use rusqlite::{Connection, params};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// What can be changed. Each answers with a number: the version of a commit, the
/// balance after a top-up, else 0.
pub(super) enum Change {
    Commit(Box<Commit>),
    AddMerchant(Box<Merchant>),
    UpdateMerchant(Box<Merchant>),
    TopUp {
        mch_id: Box<str>,
        amount: Fen,
    },
    Set {
        name: Box<str>,
        value: Box<str>,
    },
    /// Nothing: it only takes the right to write and gives it back.
    Probe,
}

type Outcome = Result<u64, LedgerError>;

struct Job {
    change: Change,
    answer: oneshot::Sender<Outcome>,
}

/// The door to the thread; dropping it finishes what waits and ends the thread.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(
        connection: Connection,
        key: SealKey,
        group_max: usize,
    ) -> Result<Self, LedgerError> {
        let (jobs, waiting) = channel();
        let desk = Desk { connection, key, group_max: group_max.max(1) };
        let thread = std::thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || desk.run(&waiting))
            .map_err(|e| LedgerError::Storage(e.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Makes the change; returns once it is durable. A caller that stops waiting
    /// does not undo it.
    pub(super) async fn write(&self, change: Change) -> Outcome {
        let stopped = || LedgerError::Storage("the writer has stopped".to_owned());
        let (answer, outcome) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Job { change, answer }).map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been answered to the callers as a stopped writer.
            let _ = thread.join();
        }
    }
}

struct Desk {
    connection: Connection,
    key: SealKey,
    group_max: usize,
}

impl Desk {
    fn run(self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let mut group = vec![first];
            while group.len() < self.group_max {
                match waiting.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            self.answer(group);
        }
    }

    /// Writes a group and answers it. Where the transaction as a whole fails,
    /// each is tried alone: one that fills the disk does not take others with it.
    fn answer(&self, mut group: Vec<Job>) {
        match self.transaction(&group) {
            Ok(outcomes) => {
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    // Nobody may wait any more.
                    let _ = job.answer.send(outcome);
                }
            }
            Err(error) if group.len() == 1 => {
                if let Some(job) = group.pop() {
                    let _ = job.answer.send(Err(error));
                }
            }
            Err(_) => group.into_iter().for_each(|job| self.answer(vec![job])),
        }
    }

    /// Outcomes count only once the transaction is durable.
    fn transaction(&self, group: &[Job]) -> Result<Vec<Outcome>, LedgerError> {
        self.execute("BEGIN IMMEDIATE")?;
        let mut outcomes = Vec::with_capacity(group.len());
        for job in group {
            match self.alone(&job.change) {
                // SQLite has undone the whole transaction: a full disk, an I/O error.
                Err(error) if self.connection.is_autocommit() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        let committed = self.execute("COMMIT");
        if committed.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        committed.map(|()| outcomes)
    }

    fn alone(&self, change: &Change) -> Outcome {
        self.execute("SAVEPOINT one")?;
        let outcome = self.apply(change);
        if outcome.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK TO one")?;
        }
        if !self.connection.is_autocommit() {
            self.execute("RELEASE one")?;
        }
        outcome
    }

    fn apply(&self, change: &Change) -> Outcome {
        let connection = &self.connection;
        match change {
            Change::Commit(commit) => commit::apply(connection, commit),
            Change::AddMerchant(merchant) => {
                merchants::add(connection, &self.key, merchant).map(|()| 0)
            }
            Change::UpdateMerchant(merchant) => {
                merchants::update(connection, &self.key, merchant).map(|()| 0)
            }
            Change::TopUp { mch_id, amount } => {
                merchants::top_up(connection, mch_id, *amount).map(Fen::get)
            }
            Change::Set { name, value } => connection
                .prepare_cached(
                    "INSERT INTO settings (name, value) VALUES (?1, ?2) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )
                .and_then(|mut s| s.execute(params![name, value]))
                .map(|_| 0)
                .map_err(fault),
            Change::Probe => Ok(0),
        }
    }

    fn execute(&self, statement: &str) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(statement)
            .and_then(|mut s| s.execute([]))
            .map(drop)
            .map_err(fault)
    }
}
