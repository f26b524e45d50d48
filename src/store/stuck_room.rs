//! A room that another transaction keeps locked, or rows of it: its jobs wait on a
//! connection of their own, so that the lane's other rooms go on.

use tokio::task::JoinHandle;

use super::{
    Store, batch,
    committer::{Commit, Committer},
    writer::Job,
};
use crate::model::RoomId;

/// A lane's second connection. It has at most one room at a time.
pub struct StuckRoom {
    /// `None` while it waits for a room.
    committer: Option<Committer>,
    task: Option<(RoomId, JoinHandle<(Committer, Commit)>)>,
    store: Store,
}

impl StuckRoom {
    pub fn new(store: &Store) -> Self {
        Self { committer: Some(Committer::new(store)), task: None, store: store.clone() }
    }

    pub fn is_free(&self) -> bool {
        self.task.is_none()
    }

    /// Carries out jobs once their room is free, within the database's time limit
    /// for locks. Only if [`Self::is_free`], and on a lane's thread.
    pub fn wait_for(&mut self, room: RoomId, jobs: Vec<Job>) {
        let mut committer = self.committer.take().unwrap_or_else(|| Committer::new(&self.store));
        let task = tokio::task::spawn_local(async move {
            let commit = committer.commit(jobs, true).await;
            (committer, commit)
        });
        self.task = Some((room, task));
    }

    /// Waits until the room's jobs are done, or cannot be done yet; for ever if
    /// there are none.
    pub async fn done(&mut self) -> (RoomId, Commit) {
        let Some((room, task)) = &mut self.task else { return std::future::pending().await };
        let (room, done) = (*room, task.await);
        self.task = None;
        match done {
            Ok((committer, commit)) => {
                self.committer = Some(committer);
                (room, commit)
            }
            // It panicked. Its jobs have lost their replies, which says so.
            Err(_) => (room, Commit::default()),
        }
    }

    /// Commits of unknown outcome, which the lane has to clear up from now on.
    pub fn take_doubts(&mut self) -> Vec<batch::Outcome> {
        self.committer.as_mut().map(Committer::take_doubts).unwrap_or_default()
    }

    pub async fn close(&mut self) {
        if let Some(committer) = &mut self.committer {
            committer.close().await;
        }
    }
}
