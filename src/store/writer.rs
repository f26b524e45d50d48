//! Group commit: many changes of rooms, one transaction.
//!
//! A lane takes what has queued up while its last transaction ran: no delay is
//! added when idle, and one flush to disk serves hundreds of messages under
//! load. All changes of a room pass through the same lane, so they are handed
//! on in the order of their positions.
//!
//! A lane has a thread and a database connection of its own: its next step must
//! not wait behind the thousand deliveries that its last commit has caused.
//!
//! A room that somebody else has locked must not stop the other rooms of its lane.
//! It is skipped, and what is to be done in it waits for the next round
//! ([`WaitingRooms`]); if it stays locked, it is waited for on a second connection
//! ([`StuckRoom`]).

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    task::LocalSet,
    time::sleep,
};

use super::{
    Store, batch,
    committer::{Commit, Committer, Part},
    dialect::{Dialect, Pools, is_deadlock, is_unavailable},
    faults::Faults,
    marker::Marker,
    stuck_room::StuckRoom,
    waiting::WaitingRooms,
};
use crate::{
    error::{Error, Result},
    model::{MarkersMoved, OpResult, ReadMarkers, RoomCommit, RoomId, RoomOp, Seq},
};

/// Operations that may wait for a lane; one more is refused as overload.
const QUEUE: usize = 4_096;
/// Operations in one transaction.
const BATCH: usize = 256;
/// Commits that may wait to be told; then the lane waits too.
const OUTCOMES: usize = 8;
/// What a lane tells after a commit, or when it learns that a room moved
/// without it.
#[derive(Debug, Default)]
pub struct Committed {
    /// Rooms whose log went on beyond what this lane has handed on, by another
    /// node's commit or by one whose outcome was unknown. Comes before `rooms`.
    pub moved: Vec<(RoomId, Seq)>,
    pub rooms: Vec<RoomCommit>,
    pub marks: Vec<MarkersMoved>,
}

/// Called for each commit, in order, before the senders get their answers.
pub type OnCommit = Arc<dyn Fn(Committed) + Send + Sync>;

/// A change, and where its answer goes.
pub(super) struct Job {
    pub(super) op: RoomOp,
    pub(super) reply: oneshot::Sender<Result<OpResult>>,
    pub(super) since: Instant,
}

/// The lanes. They end when this is dropped and their queues are empty.
pub struct Writer {
    lanes: Vec<mpsc::Sender<Job>>,
    hasher: RandomState,
}

/// The answer of a lane, once the change is stored.
pub struct Pending(oneshot::Receiver<Result<OpResult>>);

impl Pending {
    pub async fn done(self) -> Result<OpResult> {
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

    /// Whether every lane runs. One ends early only by a fault of the program.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.lanes.iter().all(|lane| !lane.is_closed())
    }

    /// Queues a change, without waiting. Changes that one task submits for a
    /// room are carried out in that order.
    pub fn submit(&self, op: RoomOp) -> Result<Pending> {
        let lane = self.hasher.hash_one(op.room()) % self.lanes.len() as u64;
        let (reply, pending) = oneshot::channel();
        self.lanes[usize::try_from(lane).unwrap_or(0)]
            .try_send(Job { op, reply, since: Instant::now() })
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
        committer: Committer::new(store),
        stuck: StuckRoom::new(store),
        waiting: WaitingRooms::default(),
        faults: store.faults.clone(),
        marker: match &store.pools {
            Pools::Sqlite { marker, .. } => Some(marker.clone()),
            Pools::MySql { .. } => None,
        },
        outcomes,
        published_up_to: HashMap::new(),
    };
    std::thread::Builder::new()
        .name("causerie-lane".into())
        .spawn(move || LocalSet::new().block_on(&runtime, lane.run(jobs)))
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

type Answers = Vec<(oneshot::Sender<Result<OpResult>>, Result<OpResult>)>;

/// What one transaction has come to.
struct Outcome {
    committed: Committed,
    answers: Answers,
}

struct Lane {
    committer: Committer,
    /// A room that is waited for while the lane goes on.
    stuck: StuckRoom,
    /// Jobs in rooms that another transaction had locked.
    waiting: WaitingRooms,
    faults: Arc<Faults>,
    /// Says how far a SQLite database has come.
    marker: Option<Arc<Marker>>,
    outcomes: mpsc::Sender<Outcome>,
    /// Up to where each room's changes were handed on.
    published_up_to: HashMap<RoomId, Seq>,
}

/// Beyond this many rooms `handed_on` is begun anew, to bound its memory.
const REMEMBERED_ROOMS: usize = 100_000;

impl Lane {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut received = Vec::with_capacity(BATCH);
        loop {
            let pause = self.waiting.pause();
            tokio::select! {
                count = jobs.recv_many(&mut received, BATCH) => {
                    if count == 0 {
                        return self.end().await;
                    }
                    self.round(std::mem::take(&mut received)).await;
                }
                (room, commit) = self.stuck.done() => self.settle_stuck(room, commit).await,
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => {
                    self.round(Vec::new()).await;
                }
                () = sleep(Duration::from_secs(1)), if self.committer.has_doubts() => {
                    let mut parts = Vec::new();
                    if let Err(error) = self.committer.resolve_unknown_commits(&mut parts).await {
                        tracing::debug!(%error, "a commit's outcome is still unknown");
                    }
                    self.settle(parts).await;
                }
            }
        }
    }

    /// Waits for all that is still to be done.
    async fn end(mut self) {
        while !self.stuck.is_free() || self.waiting.len() > 0 {
            let pause = self.waiting.pause();
            tokio::select! {
                (room, commit) = self.stuck.done() => self.settle_stuck(room, commit).await,
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => {
                    self.round(Vec::new()).await;
                }
            }
        }
        self.stuck.close().await;
        self.committer.close().await;
    }

    /// Carries out some of what has waited, and what is new, except in locked rooms.
    async fn round(&mut self, new: Vec<Job>) {
        let mut jobs = self.waiting.take_for_round();
        // A room's new jobs must not overtake its others: those that were just
        // taken, or that wait.
        for job in new {
            let Some(job) = self.waiting.line_up(job) else { continue };
            jobs.push(job);
        }
        if jobs.is_empty() {
            return self.wait_for_stuck();
        }
        let rooms: BTreeSet<RoomId> = jobs.iter().map(|job| job.op.room()).collect();
        let Commit { parts, waiting, with_locked_rows } = self.committer.commit(jobs, false).await;
        self.settle(parts).await;
        self.waiting.put_back(waiting, &rooms, &with_locked_rows);
        self.wait_for_stuck();
    }

    async fn settle_stuck(&mut self, room: RoomId, commit: Commit) {
        let Commit { parts, waiting, with_locked_rows } = commit;
        self.committer.add_doubts(self.stuck.take_doubts());
        self.settle(parts).await;
        self.waiting.put_back(waiting, &BTreeSet::from([room]), &with_locked_rows);
        self.wait_for_stuck();
    }

    /// Lets the next room that is locked for long be waited for, and refuses what
    /// has waited for too long or is too much.
    fn wait_for_stuck(&mut self) {
        for job in self.waiting.take_expired(Instant::now()) {
            tracing::warn!(room = %job.op.room(), "a room was locked for too long");
            let _ = job.reply.send(Err(Error::DatabaseUnavailable));
        }
        for job in self.waiting.take_surplus(QUEUE) {
            let _ = job.reply.send(Err(Error::Overloaded));
        }
        if self.stuck.is_free()
            && let Some((room, jobs)) = self.waiting.take_stuck()
        {
            self.stuck.wait_for(room, jobs);
        }
    }

    /// Hands on what was committed, and answers.
    async fn settle(&mut self, parts: Vec<Part>) {
        for Part { jobs, result } in parts {
            let outcome = match result {
                Ok(batch::Outcome { logs, results, .. }) => {
                    let answers = jobs.into_iter().map(|job| job.reply).zip(results).collect();
                    Outcome { committed: self.committed(logs), answers }
                }
                Err(error) => {
                    Outcome { committed: Committed::default(), answers: self.failed(&error, jobs) }
                }
            };
            // Who listens ends only with the runtime, and then nobody waits.
            let _ = self.outcomes.send(outcome).await;
        }
    }

    fn failed(&self, error: &sqlx::Error, jobs: Vec<Job>) -> Answers {
        self.faults.report(error);
        let away = is_unavailable(error) || is_deadlock(error);
        if away {
            tracing::warn!(%error, jobs = jobs.len(), "the database does not take a batch");
        } else {
            tracing::error!(%error, "a change failed");
        }
        let answer = || {
            if away {
                Error::DatabaseUnavailable
            } else {
                Error::internal("the transaction of this change failed")
            }
        };
        jobs.into_iter().map(|job| (job.reply, Err(answer()))).collect()
    }

    fn committed(&mut self, logs: Vec<crate::model::RoomLog>) -> Committed {
        if self.published_up_to.len() > REMEMBERED_ROOMS {
            self.published_up_to.clear();
        }
        let positions = logs.iter().map(|log| log.changes.len()).sum();
        if let Some(marker) = self.marker.as_ref().filter(|_| positions > 0) {
            marker.advance(positions);
        }
        let mut committed = Committed::default();
        for log in logs {
            let head = log.room.head_seq;
            let before = log.changes.first().map_or(head, |change| change.after);
            let known = self.published_up_to.insert(log.room.id, head);
            if known != Some(before) && !log.created {
                committed.moved.push((log.room.id, before));
            }
            let room = log.room.id;
            committed.marks.extend(log.entered.iter().map(|(user, at)| {
                // Nobody has read anything by coming in.
                let marks = ReadMarkers {
                    read: *at,
                    delivered: *at,
                    secret: true,
                    ..ReadMarkers::default()
                };
                MarkersMoved { room, user: *user, thread_of: None, marks }
            }));
            committed.marks.extend(log.message_changes.thread_reads.iter().filter_map(|key| {
                let read = log.thread_marks.get(key)?.read_seq;
                let marks = ReadMarkers { read, ..ReadMarkers::default() };
                Some(MarkersMoved { room, user: key.1, thread_of: Some(key.0), marks })
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
