//! Group commit: many changes of rooms, one transaction.
//!
//! A lane takes what has queued up while its last transaction ran: no delay is
//! added when idle, and one flush to disk serves hundreds of messages under
//! load. All changes of a room pass through the same lane, so they are handed
//! on in the order of their positions.
//!
//! A lane has a thread and a database connection of its own: its next step must
//! not wait behind the thousand deliveries that its last commit has caused.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use tokio::{
    runtime,
    sync::{mpsc, oneshot},
};

use super::{
    Store, batch,
    dialect::{Dialect, LaneConnection, Pools, is_away, is_conflict},
    faults::Faults,
    marker::Marker,
};
use crate::{
    error::{Error, Result},
    model::{Done, Marks, MovedMarks, Op, RoomCommit, RoomId, Seq},
};

/// Operations that may wait for a lane; one more is refused as overload.
const QUEUE: usize = 4_096;
/// Operations in one transaction.
const BATCH: usize = 256;
/// Commits that may wait to be told; then the lane waits too.
const OUTCOMES: usize = 8;
/// A transaction that lost a deadlock is run again this many times.
const CONFLICT_RETRIES: u32 = 8;

/// What a lane tells after a commit, or when it learns that a room moved
/// without it.
#[derive(Debug, Default)]
pub struct Committed {
    /// Rooms whose log went on beyond what this lane has handed on, by another
    /// node's commit or by one whose outcome was unknown. Comes before `rooms`.
    pub moved: Vec<(RoomId, Seq)>,
    pub rooms: Vec<RoomCommit>,
    pub marks: Vec<MovedMarks>,
}

/// Called for each commit, in order, before the senders get their answers.
pub type OnCommit = Arc<dyn Fn(Committed) + Send + Sync>;

struct Job {
    op: Op,
    reply: oneshot::Sender<Result<Done>>,
}

/// The lanes. They end when this is dropped and their queues are empty.
pub struct Writer {
    lanes: Vec<mpsc::Sender<Job>>,
    hasher: RandomState,
}

/// The answer of a lane, once the change is stored.
pub struct Pending(oneshot::Receiver<Result<Done>>);

impl Pending {
    pub async fn done(self) -> Result<Done> {
        // A lane drops a reply only when it dies, which is a bug.
        self.0.await.unwrap_or_else(|_| Err(Error::internal("a lane ended without an answer")))
    }
}

impl Writer {
    /// Starts the lanes: as many as asked for on MySQL, one on SQLite.
    pub fn start(store: &Store, lanes: usize, on_commit: &OnCommit) -> Result<Self> {
        let lanes = match store.pools.dialect() {
            Dialect::MySql => lanes,
            Dialect::Sqlite => 1,
        };
        let lanes = (0..lanes).map(|_| start_lane(store, on_commit)).collect::<Result<_>>()?;
        Ok(Self { lanes, hasher: RandomState::new() })
    }

    /// Queues a change, without waiting. Changes that one task submits for a
    /// room are carried out in that order.
    pub fn submit(&self, op: Op) -> Result<Pending> {
        let lane = self.hasher.hash_one(op.room()) % self.lanes.len() as u64;
        let (reply, pending) = oneshot::channel();
        self.lanes[usize::try_from(lane).unwrap_or(0)]
            .try_send(Job { op, reply })
            .map_err(|_| Error::Overloaded)?;
        Ok(Pending(pending))
    }
}

/// Starts one lane and the task that tells what it has done.
fn start_lane(store: &Store, on_commit: &OnCommit) -> Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let (outcomes, told) = mpsc::channel(OUTCOMES);
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let lane = Lane {
        connection: LaneConnection::new(&store.pools),
        faults: store.faults.clone(),
        marker: match &store.pools {
            Pools::Sqlite { marker, .. } => Some(marker.clone()),
            Pools::MySql { .. } => None,
        },
        outcomes,
        handed_on: HashMap::new(),
        doubts: Vec::new(),
    };
    std::thread::Builder::new()
        .name("causerie-lane".into())
        .spawn(move || runtime.block_on(lane.run(jobs)))
        .map_err(Error::internal)?;
    tokio::spawn(tell(told, on_commit.clone()));
    Ok(sender)
}

/// Tells the sessions first and the askers then, in the order of the commits.
async fn tell(mut outcomes: mpsc::Receiver<Outcome>, on_commit: OnCommit) {
    while let Some(Outcome { committed, answers }) = outcomes.recv().await {
        on_commit(committed);
        for (reply, result) in answers {
            // The asker may be gone; the change stands all the same.
            let _ = reply.send(result);
        }
    }
}

/// What one transaction has come to.
struct Outcome {
    committed: Committed,
    answers: Vec<(oneshot::Sender<Result<Done>>, Result<Done>)>,
}

struct Lane {
    connection: LaneConnection,
    faults: Arc<Faults>,
    /// Says how far a SQLite database has come.
    marker: Option<Arc<Marker>>,
    outcomes: mpsc::Sender<Outcome>,
    /// Up to where each room's changes were handed on.
    handed_on: HashMap<RoomId, Seq>,
    /// Commits whose outcome is unknown, of which nobody has been told. Nothing
    /// else is done before they are cleared up.
    doubts: Vec<batch::Outcome>,
}

/// Beyond this many rooms `handed_on` is begun anew, to bound its memory.
const REMEMBERED_ROOMS: usize = 100_000;

impl Lane {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut waiting = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                taken = jobs.recv_many(&mut waiting, BATCH) => {
                    if taken == 0 {
                        return self.connection.close().await;
                    }
                    let outcome = self.commit(std::mem::take(&mut waiting)).await;
                    self.hand_over(outcome).await;
                }
                () = tokio::time::sleep(Duration::from_secs(1)), if !self.doubts.is_empty() => {
                    if let Err(error) = self.clear_doubts().await {
                        tracing::debug!(%error, "a commit's outcome is still unknown");
                    }
                }
            }
        }
    }

    async fn commit(&mut self, jobs: Vec<Job>) -> Outcome {
        let ops: Vec<&Op> = jobs.iter().map(|job| &job.op).collect();
        match self.transact(&ops).await {
            Ok(batch::Outcome { logs, results }) => {
                let answers = jobs.into_iter().map(|job| job.reply).zip(results).collect();
                Outcome { committed: self.committed(logs), answers }
            }
            Err(error) => {
                self.faults.report(&error);
                let away = is_away(&error) || is_conflict(&error);
                if away {
                    tracing::warn!(%error, jobs = jobs.len(), "the database does not take a batch");
                } else {
                    tracing::error!(%error, "a batch failed");
                }
                let answer = || {
                    if away {
                        Error::DatabaseUnavailable
                    } else {
                        Error::internal("the batch of this change failed")
                    }
                };
                let answers = jobs.into_iter().map(|job| (job.reply, Err(answer()))).collect();
                Outcome { committed: Committed::default(), answers }
            }
        }
    }

    async fn hand_over(&self, outcome: Outcome) {
        // Who listens ends only with the runtime, and then nobody waits.
        let _ = self.outcomes.send(outcome).await;
    }

    /// Runs the batch's transaction, again where that is right: after a lost
    /// deadlock, and once after a broken connection, if it is certain that the
    /// first try has not happened.
    async fn transact(&mut self, ops: &[&Op]) -> Result<batch::Outcome, sqlx::Error> {
        self.clear_doubts().await?;
        let mut conflicts = 0;
        let mut reconnected = false;
        let mut look_for_repeats = false;
        loop {
            let failed = match batch::run(&mut self.connection, ops, look_for_repeats).await {
                Ok(outcome) => return Ok(outcome),
                Err(failed) => failed,
            };
            let batch::Failed { cause, in_doubt, repeated } = failed;
            if let Some(outcome) = in_doubt {
                match batch::has_happened(&mut self.connection, &outcome).await {
                    Ok(true) => return Ok(outcome),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a commit's outcome is unknown");
                        self.doubts.push(outcome);
                        return Err(cause);
                    }
                }
            }
            if repeated && !look_for_repeats {
                look_for_repeats = true;
            } else if is_conflict(&cause) && conflicts < CONFLICT_RETRIES {
                conflicts += 1;
            } else if is_away(&cause) && !reconnected {
                reconnected = true;
            } else {
                return Err(cause);
            }
        }
    }

    /// Finds out about the commits whose outcome is unknown, and tells of those
    /// that have happened: what was answered as a failure is there all the same.
    async fn clear_doubts(&mut self) -> Result<(), sqlx::Error> {
        while let Some(outcome) = self.doubts.first() {
            let happened = batch::has_happened(&mut self.connection, outcome).await?;
            let batch::Outcome { logs, .. } = self.doubts.remove(0);
            if happened {
                let committed = self.committed(logs);
                self.hand_over(Outcome { committed, answers: Vec::new() }).await;
            }
        }
        Ok(())
    }

    fn committed(&mut self, logs: Vec<crate::model::RoomLog>) -> Committed {
        if self.handed_on.len() > REMEMBERED_ROOMS {
            self.handed_on.clear();
        }
        let positions = logs.iter().map(|log| log.changes.len()).sum();
        if let Some(marker) = self.marker.as_ref().filter(|_| positions > 0) {
            marker.advance(positions);
        }
        let mut committed = Committed::default();
        for log in logs {
            let head = log.room.head_seq;
            let before = log.changes.first().map_or(head, |change| change.after);
            let known = self.handed_on.insert(log.room.id, head);
            if known != Some(before) && !log.created {
                committed.moved.push((log.room.id, before));
            }
            let room = log.room.id;
            committed.marks.extend(log.moved_marks.iter().filter_map(|user| {
                let marks = *log.marks.get(user)?;
                Some(MovedMarks { room, user: *user, thread_of: None, marks })
            }));
            committed.marks.extend(log.touched.thread_reads.iter().filter_map(|key| {
                let read = log.thread_marks.get(key)?.read_seq;
                let marks = Marks { read, ..Marks::default() };
                Some(MovedMarks { room, user: key.1, thread_of: Some(key.0), marks })
            }));
            if !log.changes.is_empty() {
                committed.rooms.push(RoomCommit { room: log.room.id, changes: log.changes });
            }
        }
        committed
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
