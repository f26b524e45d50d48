//! Carries out jobs on one connection of a lane: a transaction for all of them, or
//! several if it cannot be one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Store, batch,
    dialect::{LaneConnection, is_deadlock, is_locked, is_unavailable},
    writer::Job,
};
use crate::model::{RoomId, RoomOp};

/// A transaction that lost a deadlock is run again this many times.
const CONFLICT_RETRIES: u32 = 8;

/// Jobs, and what the transaction of them has come to. Its results are those of
/// the jobs, in their order.
pub struct Part {
    pub jobs: Vec<Job>,
    pub result: Result<batch::Outcome, sqlx::Error>,
}

/// What a call of [`Committer::commit`] has come to.
#[derive(Default)]
pub struct Commit {
    /// In the order in which they were committed.
    pub parts: Vec<Part>,
    /// Jobs in rooms that another transaction had locked, in the order given.
    pub waiting: Vec<Job>,
    /// Those of these rooms whose own row was free: another one that their jobs
    /// need was locked, such as a member's.
    pub with_locked_rows: BTreeSet<RoomId>,
}

/// Transactions of one call that may wait in vain for locked rows. Each costs a
/// second; if there are more, the jobs are left to another round.
const MAX_LOCK_WAITS: u32 = 3;

/// A connection, and what is unknown of it.
pub struct Committer {
    store: Store,
    connection: LaneConnection,
    /// Commits whose outcome is unknown, of which nobody has been told. Nothing
    /// else is done before they are cleared up.
    unknown_commits: Vec<batch::Outcome>,
}

impl Committer {
    pub fn new(store: &Store) -> Self {
        let connection = LaneConnection::new(&store.pools);
        Self { store: store.clone(), connection, unknown_commits: Vec::new() }
    }

    pub fn has_doubts(&self) -> bool {
        !self.unknown_commits.is_empty()
    }

    pub fn take_doubts(&mut self) -> Vec<batch::Outcome> {
        std::mem::take(&mut self.unknown_commits)
    }

    pub fn add_doubts(&mut self, unknown_commits: Vec<batch::Outcome>) {
        self.unknown_commits.extend(unknown_commits);
    }

    pub async fn close(&mut self) {
        self.connection.close().await;
    }

    /// Carries out the jobs. If one of them makes the transaction fail, the jobs are
    /// halved until it stands alone: it fails, and the others do not. If one needs a
    /// row that another transaction has locked, it waits, and so does what comes
    /// after it in its room. Jobs of one room keep their order throughout.
    pub async fn commit(&mut self, jobs: Vec<Job>, wait_for_rooms: bool) -> Commit {
        let mut commit = Commit::default();
        let mut locked = BTreeSet::<RoomId>::new();
        let mut lock_waits = 0;
        // The first of them is the last in this list.
        let mut halves = vec![jobs];
        while let Some(jobs) = halves.pop() {
            // A room that was locked for the first half may be free now, but those
            // who wait must not be overtaken.
            let mut jobs = split_off(jobs, &locked, &mut commit.waiting);
            if jobs.is_empty() {
                continue;
            }
            if lock_waits >= MAX_LOCK_WAITS {
                locked.extend(jobs.iter().map(|job| job.op.room()));
                commit.waiting.extend(jobs);
                continue;
            }
            let ops: Vec<&RoomOp> = jobs.iter().map(|job| &job.op).collect();
            let result = match self.resolve_unknown_commits(&mut commit.parts).await {
                Ok(()) => self.transact(&ops, wait_for_rooms).await,
                Err(error) => Err(error),
            };
            match result {
                Ok(outcome) => {
                    locked.extend(&outcome.locked);
                    let jobs = split_off(jobs, &outcome.locked, &mut commit.waiting);
                    commit.parts.push(Part { jobs, result: Ok(outcome) });
                }
                Err(error) if is_locked(&error) && !self.has_doubts() => {
                    lock_waits += 1;
                    let rooms: BTreeSet<RoomId> = jobs.iter().map(|job| job.op.room()).collect();
                    if rooms.len() > 1 {
                        // By rooms, and not by halves: each wait costs a second.
                        halves.extend(by_room(jobs).into_iter().rev());
                    } else if wait_for_rooms && jobs.len() > 1 {
                        halves.push(jobs.split_off(jobs.len() / 2));
                        halves.push(jobs);
                    } else {
                        commit.with_locked_rows.extend(&rooms);
                        locked.extend(rooms);
                        commit.waiting.extend(jobs);
                    }
                }
                Err(error)
                    if jobs.len() > 1
                        && !is_unavailable(&error)
                        && !is_deadlock(&error)
                        && !self.has_doubts() =>
                {
                    tracing::warn!(%error, jobs = jobs.len(), "a batch failed and is halved");
                    halves.push(jobs.split_off(jobs.len() / 2));
                    halves.push(jobs);
                }
                Err(error) => commit.parts.push(Part { jobs, result: Err(error) }),
            }
        }
        commit
    }

    /// Runs the batch's transaction, again where that is right: after a lost
    /// deadlock, and once after a broken connection, if it is certain that the
    /// first try has not happened.
    async fn transact(
        &mut self,
        ops: &[&RoomOp],
        wait_for_rooms: bool,
    ) -> Result<batch::Outcome, sqlx::Error> {
        let mut conflicts = 0;
        let mut reconnected = false;
        let mut look_for_repeats = false;
        loop {
            let changes_at = self.store.changes_at();
            let mode = batch::Mode { wait_for_rooms, look_for_repeats, changes_at };
            let failed = match batch::run(&mut self.connection, ops, mode).await {
                Ok(outcome) => return Ok(outcome),
                Err(failed) => failed,
            };
            let batch::Failed { cause, in_doubt, repeated } = failed;
            if let Some(outcome) = in_doubt {
                match batch::was_committed(&mut self.connection, &outcome).await {
                    Ok(true) => return Ok(outcome),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a commit's outcome is unknown");
                        self.unknown_commits.push(outcome);
                        return Err(cause);
                    }
                }
            }
            if repeated && !look_for_repeats {
                look_for_repeats = true;
            } else if is_deadlock(&cause) && !is_locked(&cause) && conflicts < CONFLICT_RETRIES {
                conflicts += 1;
            } else if is_unavailable(&cause) && !reconnected {
                reconnected = true;
            } else {
                return Err(cause);
            }
        }
    }

    /// Finds out about the commits whose outcome is unknown, and adds those that
    /// have happened: what was answered as a failure is there all the same.
    pub async fn resolve_unknown_commits(
        &mut self,
        parts: &mut Vec<Part>,
    ) -> Result<(), sqlx::Error> {
        while let Some(outcome) = self.unknown_commits.first() {
            let happened = batch::was_committed(&mut self.connection, outcome).await?;
            let outcome = self.unknown_commits.remove(0);
            if happened {
                // Its askers have had their answers.
                parts.push(Part { jobs: Vec::new(), result: Ok(outcome) });
            }
        }
        Ok(())
    }
}

/// Moves the jobs of these rooms to the end of `waiting` and returns the others.
fn split_off(jobs: Vec<Job>, rooms: &BTreeSet<RoomId>, waiting: &mut Vec<Job>) -> Vec<Job> {
    if rooms.is_empty() {
        return jobs;
    }
    let (of_rooms, others) = jobs.into_iter().partition(|job| rooms.contains(&job.op.room()));
    waiting.extend::<Vec<Job>>(of_rooms);
    others
}

/// The jobs of each room, in their order.
fn by_room(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut groups = BTreeMap::<RoomId, Vec<Job>>::new();
    for job in jobs {
        groups.entry(job.op.room()).or_default().push(job);
    }
    groups.into_values().collect()
}
