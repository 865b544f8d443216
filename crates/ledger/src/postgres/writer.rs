//! Commits that wait at the same time share one transaction, as far as they are of one merchant and
//! one book; each is decided here and fails alone.
//!
//! A transaction takes two round trips: begin, lock and read; write and commit. The lock is the
//! row of the merchant's chain: whoever holds it sees everything of the merchant in that book as it is,
//! and nobody changes it meanwhile, in this process or another.

use super::chains;
use super::door::{Connection, Door};
use super::fault::{Fault, Kind, Outcome};
use super::retry::Tries;
use super::rows::signed;
use super::text::Text;
use crate::book::Book;
use crate::chain::{Head, Mark};
use crate::error::LedgerError;
use futures_util::TryFutureExt;
use futures_util::future::try_join;
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long it is tried to find out whether a transaction was committed whose connection broke.
const DOUBT_FOR: Duration = Duration::from_secs(30);

/// How long a change waits for a connection.
const AWAY_FOR: Duration = Duration::from_secs(10);
/// How long it is tried again after connections that broke, and clashes.
const TRIED_FOR: Duration = Duration::from_secs(60);
/// How many groups of a merchant's changes may wait.
const GROUPS_WAITING_MAX: usize = 64;

/// What a group of commits is decided on: everything of it that is stored, and what becomes of it.
pub(super) trait Desk: Sized + Send + Sync {
    /// One change of one packet.
    type Commit: Send + Sync + 'static;
    /// Of which book it is.
    const BOOK: Book;

    /// What is executed, so that it can be prepared before.
    fn statements() -> Vec<&'static str>;

    /// Reads what the commits need. Its queries are sent when it is first polled.
    fn read(
        connection: &Connection,
        mch_id: &str,
        commits: &[&Self::Commit],
    ) -> impl Future<Output = Outcome<Self>> + Send;

    /// Reads what could only be known to be needed after [`Desk::read`].
    fn read_more(&mut self, connection: &Connection) -> impl Future<Output = Outcome<()>> + Send;

    /// Decides one commit: changes everything or nothing. Returns the new version.
    fn apply(&mut self, head: &mut Head, commit: &Self::Commit) -> Result<u64, LedgerError>;

    /// The mark of the newest entry that was decided.
    fn last_mark(&self) -> Option<Mark>;

    /// Writes what was decided: each statement is sent when it is first polled, and no more is once one
    /// could not be.
    fn write(&self, connection: &Connection) -> impl Future<Output = Outcome<()>> + Send;

    /// Whether a chain may be begun: for the paying side, whether the merchant is there.
    fn may_begin(&self) -> bool;
}

type Answer = Result<u64, LedgerError>;

struct Job<C> {
    commit: C,
    answer: oneshot::Sender<Answer>,
    since: Instant,
}

/// The commits of one book that wait, by merchant. A merchant is in the map while a task works on it.
pub(super) struct Writer<D: Desk> {
    shared: Arc<Shared<D>>,
}

/// By merchant.
type Queues<C> = HashMap<Box<str>, VecDeque<Job<C>>>;

struct Shared<D: Desk> {
    door: Arc<Door>,
    group_max: usize,
    queues: Mutex<Queues<D::Commit>>,
}

impl<D: Desk + 'static> Writer<D> {
    pub(super) fn new(door: Arc<Door>, group_max: usize) -> Self {
        let queues = Mutex::default();
        Self { shared: Arc::new(Shared { door, group_max: group_max.max(1), queues }) }
    }

    /// Makes the change; returns once it is durable. A caller that stops waiting does not
    /// undo it.
    pub(super) async fn write(&self, mch_id: &str, commit: D::Commit) -> Answer {
        let (answer, outcome) = oneshot::channel();
        let job = Job { commit, answer, since: Instant::now() };
        let leads = {
            let mut queues = self.shared.queues();
            let leads = !queues.contains_key(mch_id);
            let queue = queues.entry(mch_id.into()).or_default();
            if queue.len() >= self.shared.group_max.saturating_mul(GROUPS_WAITING_MAX) {
                return Err(LedgerError::Storage("too many changes wait already".to_owned()));
            }
            queue.push_back(job);
            leads
        };
        if leads {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(Turn { shared, mch_id: mch_id.into(), is_over: false }.run());
        }
        let stopped = |_| LedgerError::Unreachable("the writer has stopped".to_owned());
        outcome.await.map_err(stopped)?
    }
}

impl<D: Desk> Shared<D> {
    fn queues(&self) -> MutexGuard<'_, Queues<D::Commit>> {
        // Each change of the map is one call.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task's turn at a merchant. Should it end early, those who wait are told, and the next one begins anew.
struct Turn<D: Desk> {
    shared: Arc<Shared<D>>,
    mch_id: Box<str>,
    /// Whether it is in the map no more.
    is_over: bool,
}

impl<D: Desk> Drop for Turn<D> {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.queues().remove(&self.mch_id);
        }
    }
}

/// A transaction of which it is not known whether it was committed.
struct Doubt {
    head: Head,
    mark: Mark,
    answers: Vec<Answer>,
}

impl<D: Desk> Turn<D> {
    async fn run(mut self) {
        while !self.ends() {
            // Whoever comes while it waits for a connection shares the transaction.
            let connection = self.shared.door.connection().await;
            let group = self.next();
            self.answer(group, connection).await;
        }
    }

    /// Whether nothing waits; then the turn is over.
    fn ends(&mut self) -> bool {
        let mut queues = self.shared.queues();
        // Under the same lock: who comes later leads anew.
        self.is_over = queues.get(&self.mch_id).is_none_or(VecDeque::is_empty);
        if self.is_over {
            queues.remove(&self.mch_id);
        }
        self.is_over
    }

    /// What waits, as much as fits into one transaction.
    fn next(&self) -> Vec<Job<D::Commit>> {
        let mut queues = self.shared.queues();
        let Some(queue) = queues.get_mut(&self.mch_id) else { return Vec::new() };
        let count = queue.len().min(self.shared.group_max);
        queue.drain(..count).collect()
    }

    /// Commits a group, at first on this connection, and answers it.
    async fn answer(&self, group: Vec<Job<D::Commit>>, connection: Outcome<Connection>) {
        let Some(since) = group.first().map(|oldest| oldest.since) else { return };
        let commits: Vec<&D::Commit> = group.iter().map(|job| &job.commit).collect();
        match self.commit(&commits, since, Some(connection)).await {
            Ok(answers) => tell(group, answers),
            // Each is tried alone: one that the database refuses does not take others with it.
            Err(Fault { kind: Kind::Final, .. }) if group.len() > 1 => {
                for job in group {
                    let answer = self.commit(&[&job.commit], job.since, None).await;
                    tell(vec![job], answer.unwrap_or_else(|fault| vec![Err(fault.error)]));
                }
            }
            Err(fault) => {
                let answers = group.iter().map(|_| Err(fault.error.clone())).collect();
                tell(group, answers);
                if fault.kind == Kind::Away {
                    self.refuse_overdue(&fault.error);
                }
            }
        }
    }

    /// Refuses those that have waited for a connection long enough, so that they need not take turns at it.
    fn refuse_overdue(&self, error: &LedgerError) {
        let overdue: Vec<Job<D::Commit>> = {
            let mut queues = self.shared.queues();
            let Some(queue) = queues.get_mut(&self.mch_id) else { return };
            let count = queue.iter().take_while(|job| job.since.elapsed() > AWAY_FOR).count();
            queue.drain(..count).collect()
        };
        let answers = overdue.iter().map(|_| Err(error.clone())).collect();
        tell(overdue, answers);
    }

    /// Commits a group; tried again where that helps. An error means that nothing of it is there,
    /// but for [`LedgerError::Unreachable`], after which nobody knows.
    async fn commit(
        &self,
        commits: &[&D::Commit],
        since: Instant,
        mut connection: Option<Outcome<Connection>>,
    ) -> Outcome<Vec<Answer>> {
        let mut tries = Tries::default();
        let mut doubt = None;
        let mut doubted_since = None;
        loop {
            let on = match connection.take() {
                Some(connection) => connection,
                None => self.shared.door.connection().await,
            };
            let done = match on {
                Ok(connection) => self.transaction(connection, commits, &mut doubt).await,
                Err(fault) => Err(fault),
            };
            let fault = match done {
                Ok(answers) => return Ok(answers),
                Err(fault) => fault,
            };
            if doubt.is_some() {
                let doubted: Instant = *doubted_since.get_or_insert_with(Instant::now);
                if doubted.elapsed() > DOUBT_FOR {
                    return Err(Fault {
                        error: LedgerError::Unreachable(fault.error.to_string()),
                        kind: Kind::Broken,
                    });
                }
                tries.pause().await;
                continue;
            }
            doubted_since = None;
            match fault.kind {
                Kind::Away if since.elapsed() < AWAY_FOR => tries.pause().await,
                Kind::Broken | Kind::Clash
                    if since.elapsed() < TRIED_FOR && tries.again().await => {}
                _ => return Err(fault),
            }
        }
    }

    async fn transaction(
        &self,
        connection: Connection,
        commits: &[&D::Commit],
        doubt: &mut Option<Doubt>,
    ) -> Outcome<Vec<Answer>> {
        let mch_id = &*self.mch_id;
        connection.prepare(&[chains::LOCK, chains::MOVE, chains::append_to(D::BOOK)]).await?;
        connection.prepare(&D::statements()).await?;
        // Polled, and so sent, in this order.
        let ((), (head, mut desk)) = try_join(
            connection.run("BEGIN"),
            try_join(
                chains::lock(&connection, D::BOOK, mch_id),
                D::read(&connection, mch_id, commits),
            ),
        )
        .await?;
        let mut head = match head {
            Some(head) => head,
            None if desk.may_begin() => {
                let head = chains::lock_or_begin(&connection, D::BOOK, mch_id).await?;
                // What was read was read without the lock.
                desk = D::read(&connection, mch_id, commits).await?;
                head
            }
            None => Head::empty(D::BOOK, mch_id.into()),
        };
        if let Some(answers) = was_committed(&connection, &head, doubt).await? {
            connection.roll_back().await;
            return Ok(answers);
        }
        desk.read_more(&connection).await?;
        let decide = |commit: &&D::Commit| desk.apply(&mut head, commit);
        let answers: Vec<Answer> = commits.iter().map(decide).collect();
        let Some(mark) = desk.last_mark() else {
            connection.roll_back().await;
            return Ok(answers);
        };
        *doubt = Some(Doubt { head: head.clone(), mark, answers });
        connection.hold_to_prepared();
        // The commit is sent behind the writes without waiting for them: where the server refuses one of
        // them, it undoes the transaction instead. Where one cannot even be sent, this ends before the commit is.
        let writes = try_join(desk.write(&connection), chains::write_head(&connection, &head))
            .map_err(|fault| (fault.kind != Kind::Broken, fault));
        let commit = connection.run("COMMIT").map_err(|fault| (false, fault));
        if let Err((is_undone, fault)) = try_join(writes, commit).await {
            if is_undone {
                *doubt = None;
            }
            return Err(fault);
        }
        connection.give_back();
        Ok(doubt.take().map(|doubt| doubt.answers).unwrap_or_default())
    }
}

/// The answers of a transaction that was in doubt, where it was committed; else nothing is in doubt
/// any more. The lock is held: whatever that transaction was doing, it has ended.
async fn was_committed(
    connection: &Connection,
    head: &Head,
    doubt: &mut Option<Doubt>,
) -> Outcome<Option<Vec<Answer>>> {
    let Some(ours) = doubt.as_ref() else { return Ok(None) };
    let is_there = match head.position.cmp(&ours.head.position) {
        Ordering::Less => false,
        Ordering::Equal => head.hash == ours.head.hash,
        Ordering::Greater => {
            let query = chains::select_links(ours.head.book, "WHERE mch_id = $1 AND position = $2");
            let position = signed(ours.head.position)?;
            let found =
                connection.row(&query, &[&Text(ours.head.mch_id.as_str()), &position]).await?;
            let link = found.as_ref().map(chains::link).transpose()?;
            link.is_some_and(|link| link.mark == ours.mark)
        }
    };
    Ok(doubt.take().filter(|_| is_there).map(|ours| ours.answers))
}

fn tell<C>(group: Vec<Job<C>>, answers: Vec<Answer>) {
    for (job, answer) in group.into_iter().zip(answers) {
        // Nobody may wait any more.
        let _ = job.answer.send(answer);
    }
}
