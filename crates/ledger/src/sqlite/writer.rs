//! The one thread that writes. Changes that wait at the same time share one
//! transaction, so that one write to disk makes all of them durable; each has a
//! savepoint of its own and fails alone.

use super::archive::{self, Care};
use super::fault::fault;
use super::group::Group;
use super::inquiries::{commit as inquiry_commit, runs};
use super::leases::{self, Leasing};
use super::ready::Ready;
use super::{commit, merchants, settings};
use crate::archive::Forgotten;
use crate::error::LedgerError;
use crate::inquiry::{Inquiry, InquiryCommit, Sighting};
use crate::lease::Claim;
use crate::ledger::Commit;
use crate::merchant::Merchant;
use crate::record::Record;
use crate::seal::SealKey;
use hongbao_wire::Fen;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// What can be changed.
pub(super) enum Change {
    Commit(Box<Ready<Commit>>),
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
    Replace {
        name: Box<str>,
        was: Option<Box<str>>,
        value: Box<str>,
    },
    CommitInquiry(Box<Ready<InquiryCommit>>),
    BeginRun {
        mch_id: Box<str>,
        run: Box<str>,
        now: Timestamp,
    },
    Sight {
        mch_id: Box<str>,
        run: Box<str>,
        rows: Vec<Sighting>,
    },
    EndRun {
        mch_id: Box<str>,
        run: Box<str>,
    },
    /// Some rows of a run that has ended.
    ForgetRows {
        mch_id: Box<str>,
        run: Box<str>,
    },
    Lease(Leasing),
    Care(Box<Care>),
    /// Nothing: it only takes the right to write and gives it back.
    Probe,
}

/// What a change answers with.
#[derive(Default)]
pub(super) struct Answer {
    /// The version of a commit, the balance after a top-up, the millisecond in which a run
    /// began, how many rows of it were forgotten, the slice of a pace, how many messages were
    /// removed; else 0.
    pub(super) number: u64,
    /// For each row of a run, the line on which its number was noted first.
    pub(super) lines: Vec<u64>,
    /// The records that were leased.
    pub(super) records: Vec<Record>,
    /// The inquiries that were leased.
    pub(super) inquiries: Vec<Inquiry>,
    /// What forgetting a receiver changed.
    pub(super) forgotten: Forgotten,
    /// What came of leasing one.
    pub(super) claim: Option<Claim>,
}

impl From<u64> for Answer {
    fn from(number: u64) -> Self {
        Self { number, ..Self::default() }
    }
}

type Outcome = Result<Answer, LedgerError>;

struct Job {
    change: Change,
    answer: oneshot::Sender<Outcome>,
}

impl Job {
    fn tell(self, outcome: Outcome) {
        // Nobody may wait any more.
        let _ = self.answer.send(outcome);
    }
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
    pub(super) async fn write(&self, change: Change) -> Result<Answer, LedgerError> {
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

    /// Writes a group and answers it.
    fn answer(&self, group: Vec<Job>) {
        if let Err(error) = self.begin() {
            // None of them is to blame: each alone would wait as long and in vain.
            return group.into_iter().for_each(|job| job.tell(Err(error.clone())));
        }
        match self.transaction(&group) {
            Ok(outcomes) => {
                group.into_iter().zip(outcomes).for_each(|(job, outcome)| job.tell(outcome));
            }
            // Each is tried alone: one that fills the disk does not take others with it.
            Err(_) if group.len() > 1 => group.into_iter().for_each(|job| self.answer(vec![job])),
            Err(error) => group.into_iter().for_each(|job| job.tell(Err(error.clone()))),
        }
    }

    /// Begins, on nothing that an earlier failure left open.
    fn begin(&self) -> Result<(), LedgerError> {
        self.roll_back()?;
        self.execute("BEGIN IMMEDIATE")
    }

    /// Makes the changes, each alone, and commits: outcomes count only once the
    /// transaction is durable. An error means that nothing of it stays.
    fn transaction(&self, group: &[Job]) -> Result<Vec<Outcome>, LedgerError> {
        let mut shared = Group::default();
        let alone = group.iter().map(|job| self.alone(&job.change, &mut shared));
        let outcomes: Result<Vec<_>, _> = alone.collect();
        let done = outcomes.and_then(|outcomes| {
            shared.write(&self.connection)?;
            self.execute("COMMIT").map(|()| outcomes)
        });
        if done.is_err() {
            self.roll_back()?;
        }
        done
    }

    /// What came of one change; what failed is undone. An error means that the whole
    /// transaction is lost: SQLite undid it (a full disk, an I/O error), or it could not
    /// be told from what failed.
    fn alone(&self, change: &Change, shared: &mut Group) -> Result<Outcome, LedgerError> {
        self.execute("SAVEPOINT one")?;
        let outcome = self.apply(change, shared);
        match &outcome {
            Err(error) if self.connection.is_autocommit() => return Err(error.clone()),
            Err(_) => self.execute("ROLLBACK TO one")?,
            Ok(_) => {}
        }
        self.execute("RELEASE one")?;
        Ok(outcome)
    }

    fn roll_back(&self) -> Result<(), LedgerError> {
        if self.connection.is_autocommit() { Ok(()) } else { self.execute("ROLLBACK") }
    }

    fn apply(&self, change: &Change, group: &mut Group) -> Outcome {
        let connection = &self.connection;
        match change {
            Change::Commit(commit) => commit::apply(connection, group, commit).map(Answer::from),
            Change::AddMerchant(merchant) => {
                merchants::add(connection, &self.key, merchant).map(|()| Answer::default())
            }
            Change::UpdateMerchant(merchant) => {
                merchants::update(connection, &self.key, merchant).map(|()| Answer::default())
            }
            Change::TopUp { mch_id, amount } => {
                merchants::top_up(connection, mch_id, *amount).map(|fen| fen.get().into())
            }
            Change::Set { name, value } => connection
                .prepare_cached(
                    "INSERT INTO settings (name, value) VALUES (?1, ?2) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )
                .and_then(|mut s| s.execute(params![name, value]))
                .map(|_| Answer::default())
                .map_err(fault),
            Change::Replace { name, was, value } => {
                settings::replace(connection, name, was.as_deref(), value)
                    .map(|()| Answer::default())
            }
            Change::CommitInquiry(commit) => {
                inquiry_commit::apply(connection, group, commit).map(Answer::from)
            }
            Change::BeginRun { mch_id, run, now } => {
                runs::begin(connection, mch_id, run, *now).map(Answer::from)
            }
            Change::Sight { mch_id, run, rows } => {
                let lines = runs::sight(connection, mch_id, run, rows)?;
                Ok(Answer { lines, ..Answer::default() })
            }
            Change::EndRun { mch_id, run } => {
                runs::end(connection, mch_id, run).map(|()| Answer::default())
            }
            Change::ForgetRows { mch_id, run } => {
                runs::forget(connection, mch_id, run).map(Answer::from)
            }
            Change::Lease(leasing) => leases::apply(connection, leasing),
            Change::Care(care) => archive::apply(connection, &self.key, group, care),
            Change::Probe => Ok(Answer::default()),
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
