//! How far users have read, until it is stored: accepted at once, merged, and
//! written a little later, outside of the rooms' logs and locks. So however many marks
//! move, no message waits for them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

use super::Chat;
use crate::{
    error::{Error, Result},
    model::{Mark, MarksChange, RoomId, Seq, UserId},
    store::marks_changes::MAX_CHANGES,
};

/// How long marks are merged before they are written and told.
const MERGE_FOR: Duration = Duration::from_millis(400);
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Marks of different users or rooms that wait at most.
const MAX_PENDING: usize = 100_000;

/// A room, or a thread in it.
type Place = (RoomId, Option<Seq>);

#[derive(Debug, Default)]
pub struct PendingMarks {
    pending: Mutex<BTreeMap<UserId, BTreeMap<Place, MarksChange>>>,
    /// Wakes who writes them.
    added: Notify,
    /// Held while some of them are written.
    writing: tokio::sync::Mutex<()>,
}

/// Some that are taken to be written.
type Taken = Vec<(UserId, Place, MarksChange)>;

impl PendingMarks {
    /// Adds what a user says, and returns how far it goes together with what waits.
    pub(super) fn add(&self, user: UserId, room: RoomId, mark: Mark) -> Result<MarksChange> {
        let (place, mark) = match mark {
            Mark::ThreadRead { root, seq } => ((room, Some(root)), Mark::Read(seq)),
            other => ((room, None), other),
        };
        let mut pending = self.lock();
        if pending.len() >= MAX_PENDING && !pending.contains_key(&user) {
            return Err(Error::Overloaded);
        }
        let change = pending.entry(user).or_default().entry(place).or_default();
        *change = change.then(mark);
        let change = *change;
        drop(pending);
        self.added.notify_one();
        Ok(change)
    }

    /// Takes some of a user's, or of anybody's.
    fn take(&self, user: Option<UserId>) -> Taken {
        let mut pending = self.lock();
        let mut taken = Taken::new();
        while taken.len() < MAX_CHANGES
            && let Some(user) = user.or_else(|| pending.keys().next().copied())
            && let Some(places) = pending.get_mut(&user)
        {
            while taken.len() < MAX_CHANGES
                && let Some((place, change)) = places.pop_first()
            {
                taken.push((user, place, change));
            }
            if places.is_empty() {
                pending.remove(&user);
            }
        }
        taken
    }

    /// Puts back what could not be written, before what has come since.
    fn put_back(&self, taken: Taken) {
        let mut pending = self.lock();
        for (user, place, change) in taken {
            let newer = pending.entry(user).or_default().entry(place).or_default();
            *newer = change.followed_by(*newer);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<UserId, BTreeMap<Place, MarksChange>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chat {
    /// Stores what waits of a user, before an answer that depends on it.
    pub async fn store_marks_of(&self, user: UserId) -> Result<()> {
        self.store_some_marks(Some(user)).await
    }

    /// Stores all that waits.
    pub async fn store_marks(&self) -> Result<()> {
        self.store_some_marks(None).await
    }

    async fn store_some_marks(&self, user: Option<UserId>) -> Result<()> {
        loop {
            // Also waits for those that somebody else is writing.
            let _writing = self.pending_marks.writing.lock().await;
            let taken = self.pending_marks.take(user);
            if taken.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.write_marks(&taken).await {
                self.pending_marks.put_back(taken);
                return Err(error);
            }
        }
    }

    async fn write_marks(&self, taken: &Taken) -> Result<()> {
        let of_rooms: Vec<_> = taken
            .iter()
            .filter(|(_, (_, thread), _)| thread.is_none())
            .map(|(user, (room, _), change)| (*room, *user, *change))
            .collect();
        let of_threads: Vec<_> = taken
            .iter()
            .filter_map(|(user, (room, thread), change)| {
                Some((*room, (*thread)?, *user, change.read))
            })
            .collect();
        let mut moved = self.store.change_marks(&of_rooms).await?;
        moved.extend(self.store.raise_thread_marks(&of_threads).await?);
        for moved in moved {
            self.hub.marks(moved);
        }
        Ok(())
    }

    /// Writes marks a little after they have come, as long as the server runs.
    pub async fn keep_marks(self: Arc<Self>) {
        loop {
            self.pending_marks.added.notified().await;
            sleep(MERGE_FOR).await;
            while let Err(error) = self.store_marks().await {
                tracing::debug!(%error, "marks could not be written");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn marks_are_merged_and_come_back_after_a_failure_behind_newer_ones() {
        let marks = PendingMarks::default();
        let (ada, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let room = RoomId(Uuid::from_u128(3));
        let add = |user, mark| marks.add(user, room, mark).expect("there is space");
        assert_eq!(add(ada, Mark::Read(Seq(5))).read, Seq(5));
        assert_eq!(add(ada, Mark::Read(Seq(4))).read, Seq(5));
        add(ada, Mark::ThreadRead { root: Seq(1), seq: Seq(2) });
        add(bob, Mark::Delivered(Seq(3)));
        assert_eq!(marks.take(Some(bob)).len(), 1);
        let taken = marks.take(None);
        assert_eq!(taken.len(), 2, "of the room and of the thread");
        assert!(marks.take(None).is_empty());
        add(ada, Mark::Unread(Some(Seq(2))));
        marks.put_back(taken);
        let (_, _, change) = marks.take(Some(ada))[0];
        assert_eq!((change.read, change.unread_from), (Seq(5), Some(Some(Seq(2)))));
    }

    #[test]
    fn no_more_are_taken_at_once_than_a_transaction_writes() {
        let marks = PendingMarks::default();
        for n in 0..MAX_CHANGES + 10 {
            let room = RoomId(Uuid::from_u128(n as u128));
            marks.add(UserId(Uuid::nil()), room, Mark::Read(Seq(1))).expect("there is space");
        }
        assert_eq!((marks.take(None).len(), marks.take(None).len()), (MAX_CHANGES, 10));
    }
}
