//! Keeps the search index behind the rooms' logs, so that sends do not pay for
//! it.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use super::Services;
use crate::model::RoomId;

/// What a burst of commits changed is indexed together.
const GATHER: Duration = Duration::from_millis(100);
/// How often is looked for what no commit of this node has told: other nodes'
/// changes, and what was left when a node ended.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_FOR: usize = 10_000;
/// Rooms in one step.
const ROOMS: usize = 64;
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Rooms that the index has to look at, each once, in turn.
#[derive(Default)]
pub struct IndexQueue {
    rooms: Mutex<(VecDeque<RoomId>, HashSet<RoomId>)>,
    wake: Notify,
}

impl IndexQueue {
    pub fn add(&self, rooms: impl IntoIterator<Item = RoomId>) {
        let mut guard = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let (queue, queued) = &mut *guard;
        queue.extend(rooms.into_iter().filter(|room| queued.insert(*room)));
        if !queue.is_empty() {
            self.wake.notify_one();
        }
    }

    fn take(&self, most: usize) -> Vec<RoomId> {
        let mut guard = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let (queue, queued) = &mut *guard;
        let taken: Vec<RoomId> = queue.drain(..most.min(queue.len())).collect();
        for room in &taken {
            queued.remove(room);
        }
        taken
    }
}

impl Services {
    /// Indexes what changes. Runs as long as the server.
    pub async fn run_indexer(self: Arc<Self>) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.index_queue.wake.notified() => sleep(GATHER).await,
                _ = look.tick() => match self.store.rooms_behind(LOOK_FOR).await {
                    Ok(rooms) => self.index_queue.add(rooms),
                    Err(error) => tracing::debug!(%error, "the index waits for the database"),
                },
            }
            self.index_all().await;
        }
    }

    async fn index_all(&self) {
        loop {
            let rooms = self.index_queue.take(ROOMS);
            if rooms.is_empty() {
                return;
            }
            let began = Instant::now();
            match self.store.index(&rooms).await {
                Ok(unfinished) => {
                    self.index_queue.add(unfinished);
                    // The lanes write at least as long as the index: SQLite has
                    // one writer.
                    sleep(began.elapsed()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the index could not go on");
                    self.index_queue.add(rooms);
                    sleep(AFTER_FAILURE).await;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_waits_once_and_comes_in_turn() {
        let rooms: Vec<RoomId> = (0..3).map(|_| RoomId::new()).collect();
        let index_queue = IndexQueue::default();
        index_queue.add([rooms[0], rooms[1], rooms[0]]);
        assert_eq!(index_queue.take(1), [rooms[0]]);
        index_queue.add([rooms[1], rooms[2], rooms[0]]);
        assert_eq!(index_queue.take(9), [rooms[1], rooms[2], rooms[0]]);
        assert!(index_queue.take(9).is_empty());
    }
}
