//! How far users have read, until it is stored: accepted at once, merged, and
//! written a little later, outside of the rooms' logs and locks. So however many marks
//! move, no message waits for them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use crate::{
    error::{Error, Result},
    fanout::hub::Hub,
    model::{ReadMarker, ReadMarkersChange, RoomId, Seq, UserId},
    store::{Store, marks_changes::MAX_CHANGES},
};

/// How long marks are merged before they are written and told.
const MERGE_FOR: Duration = Duration::from_millis(400);
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long an answer waits for marks to be written that it would count.
const ANSWER_WAITS_FOR: Duration = Duration::from_secs(1);
/// Marks that wait at most: of all users, and of one.
const MAX_PENDING: usize = 100_000;
const MAX_PENDING_OF_USER: usize = 2_000;

/// A room, or a thread in it.
type Place = (RoomId, Option<Seq>);
type ReadMarkers = BTreeMap<Place, ReadMarkersChange>;

pub struct PendingMarks {
    store: Store,
    hub: Arc<Hub>,
    queue: Mutex<Queue>,
    /// Wakes who writes them.
    added: Notify,
    /// Held while some of them are written.
    writing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<UserId, ReadMarkers>,
    /// How many wait, of all users.
    count: usize,
    /// Those that are being written.
    in_flight: BTreeMap<UserId, ReadMarkers>,
    /// A write has failed: it may have happened all the same, and nobody was told. Until
    /// nothing waits any more all that is written is told, moved or not.
    is_untold: bool,
}

impl Queue {
    fn add(&mut self, user: UserId, place: Place, mark: ReadMarker) -> Result<ReadMarkersChange> {
        let marks = self.waiting.entry(user).or_default();
        let is_full = self.count >= MAX_PENDING || marks.len() >= MAX_PENDING_OF_USER;
        let waiting = match marks.entry(place) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) if is_full => return Err(Error::Overloaded),
            Entry::Vacant(entry) => {
                self.count += 1;
                entry.insert(ReadMarkersChange::default())
            }
        };
        *waiting = waiting.then(mark);
        let in_flight = self.in_flight.get(&user).and_then(|marks| marks.get(&place));
        Ok(in_flight.copied().unwrap_or_default().followed_by(*waiting))
    }

    /// What waits now: of a user, or of all.
    fn keys(&self, user: Option<UserId>) -> Vec<(UserId, Place)> {
        let of = |(user, marks): (&UserId, &ReadMarkers)| {
            let user = *user;
            marks.keys().map(move |place| (user, *place)).collect::<Vec<_>>()
        };
        match user {
            Some(user) => self.waiting.get_key_value(&user).map(of).unwrap_or_default(),
            None => self.waiting.iter().flat_map(of).collect(),
        }
    }

    /// Takes those of these that still wait, and others as long as a transaction has
    /// space for them.
    fn take(&mut self, keys: &[(UserId, Place)]) {
        for (user, place) in keys {
            self.take_one(*user, Some(*place));
        }
        while self.in_flight_count() < MAX_CHANGES
            && let Some(user) = self.waiting.keys().next().copied()
        {
            self.take_one(user, None);
        }
    }

    fn take_one(&mut self, user: UserId, place: Option<Place>) {
        let Some(marks) = self.waiting.get_mut(&user) else { return };
        let taken = match place {
            Some(place) => marks.remove_entry(&place),
            None => marks.pop_first(),
        };
        if marks.is_empty() {
            self.waiting.remove(&user);
        }
        if let Some((place, change)) = taken {
            self.count -= 1;
            self.in_flight.entry(user).or_default().insert(place, change);
        }
    }

    fn in_flight_count(&self) -> usize {
        self.in_flight.values().map(BTreeMap::len).sum()
    }

    /// Puts back what could not be written, before what has come since.
    fn put_back(&mut self) {
        self.is_untold = true;
        for (user, marks) in std::mem::take(&mut self.in_flight) {
            for (place, change) in marks {
                match self.waiting.entry(user).or_default().entry(place) {
                    Entry::Occupied(mut newer) => {
                        let change = change.followed_by(*newer.get());
                        newer.insert(change);
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(change);
                        self.count += 1;
                    }
                }
            }
        }
    }
}

impl PendingMarks {
    #[must_use]
    pub fn new(store: Store, hub: Arc<Hub>) -> Arc<Self> {
        let (queue, added, writing) = Default::default();
        Arc::new(Self { store, hub, queue, added, writing })
    }

    /// Adds what a user says about a room that they may read, and returns it together
    /// with what is not stored yet.
    pub fn add(&self, user: UserId, room: RoomId, mark: ReadMarker) -> Result<ReadMarkersChange> {
        let (thread, mark) = match mark {
            ReadMarker::ThreadRead { root, seq } => (Some(root), ReadMarker::Read(seq)),
            other => (None, other),
        };
        let change = self.queue().add(user, (room, thread), mark)?;
        self.added.notify_one();
        Ok(change)
    }

    /// Stores what waits of a user, or of all of them.
    pub async fn store(self: &Arc<Self>, user: Option<UserId>) -> Result<()> {
        let keys = self.queue().keys(user);
        if keys.is_empty() && user.is_some_and(|user| !self.queue().in_flight.contains_key(&user)) {
            return Ok(());
        }
        for keys in keys.chunks(MAX_CHANGES) {
            self.write(keys.to_vec()).await?;
        }
        if !keys.is_empty() {
            return Ok(());
        }
        // Somebody else writes them; what comes back has failed.
        drop(self.writing.lock().await);
        let keys = self.queue().keys(user);
        for keys in keys.chunks(MAX_CHANGES) {
            self.write(keys.to_vec()).await?;
        }
        Ok(())
    }

    /// The same before an answer that only counts them. It is given anyway: while the
    /// database takes no writes one can still read.
    pub async fn store_before_answer(self: &Arc<Self>, user: Option<UserId>) {
        match timeout(ANSWER_WAITS_FOR, self.store(user)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an answer does not count the newest marks"),
            Err(_) => tracing::debug!("an answer does not wait for marks"),
        }
    }

    /// Goes on if the caller goes away: what was taken must not be lost.
    async fn write(self: &Arc<Self>, keys: Vec<(UserId, Place)>) -> Result<()> {
        let marks = self.clone();
        let write = async move {
            let _writing = marks.writing.clone().lock_owned().await;
            marks.write_some(&keys).await
        };
        tokio::spawn(write).await.map_err(Error::internal)?
    }

    async fn write_some(&self, keys: &[(UserId, Place)]) -> Result<()> {
        let (mut of_rooms, mut of_threads) = (Vec::new(), Vec::new());
        let tell_all = {
            let mut queue = self.queue();
            queue.take(keys);
            for (user, marks) in &queue.in_flight {
                for ((room, thread), change) in marks {
                    match thread {
                        Some(root) => of_threads.push((*room, *root, *user, change.read)),
                        None => of_rooms.push((*room, *user, *change)),
                    }
                }
            }
            queue.is_untold
        };
        let write = async {
            for moved in self.store.change_marks(&of_rooms, tell_all).await? {
                self.hub.marks(moved);
            }
            for moved in self.store.raise_thread_marks(&of_threads, tell_all).await? {
                self.hub.marks(moved);
            }
            Ok(())
        };
        let outcome = write.await;
        let mut queue = self.queue();
        if outcome.is_ok() {
            queue.in_flight.clear();
            // Those that came back may be any of those that wait.
            queue.is_untold &= !queue.waiting.is_empty();
        } else {
            queue.put_back();
            // Whoever keeps them may have found none to write meanwhile.
            self.added.notify_one();
        }
        outcome
    }

    /// Writes marks a little after they have come, as long as the server runs.
    pub async fn keep(self: Arc<Self>) {
        loop {
            self.added.notified().await;
            sleep(MERGE_FOR).await;
            while let Err(error) = self.store(None).await {
                tracing::debug!(%error, "marks could not be written");
                sleep(AFTER_FAILURE).await;
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn place(n: u128) -> Place {
        (RoomId(Uuid::from_u128(n)), None)
    }

    #[test]
    fn marks_are_merged_and_come_back_after_a_failure_behind_newer_ones() {
        let mut queue = Queue::default();
        let (ada, bob) = (user(1), user(2));
        assert_eq!(queue.add(ada, place(1), ReadMarker::Read(Seq(5))).expect("space").read, Seq(5));
        assert_eq!(queue.add(ada, place(1), ReadMarker::Read(Seq(4))).expect("space").read, Seq(5));
        queue.add(bob, place(1), ReadMarker::Delivered(Seq(3))).expect("space");
        queue.take(&queue.keys(Some(ada)));
        assert_eq!((queue.in_flight_count(), queue.count), (2, 0), "others fill the transaction");
        // What is being written counts in the answers meanwhile.
        let change = queue.add(ada, place(1), ReadMarker::Unread(Some(Seq(2)))).expect("space");
        assert_eq!((change.read, change.unread_from), (Seq(5), Some(Some(Seq(2)))));
        queue.put_back();
        assert_eq!((queue.in_flight_count(), queue.count, queue.is_untold), (0, 2, true));
        let change = queue.waiting[&ada][&place(1)];
        assert_eq!((change.read, change.unread_from), (Seq(5), Some(Some(Seq(2)))));
        assert_eq!(queue.waiting[&bob][&place(1)].delivered, Seq(3));
    }

    #[test]
    fn no_more_are_taken_at_once_than_a_transaction_writes() {
        let mut queue = Queue::default();
        for n in 0..MAX_CHANGES as u128 + 10 {
            queue.add(user(n % 7), place(n), ReadMarker::Read(Seq(1))).expect("space");
        }
        queue.take(&[]);
        assert_eq!((queue.in_flight_count(), queue.count), (MAX_CHANGES, 10));
        queue.in_flight.clear();
        let keys = queue.keys(None);
        assert_eq!(keys.len(), 10);
        queue.take(&keys);
        assert_eq!((queue.in_flight_count(), queue.count), (10, 0));
        assert!(queue.waiting.is_empty());
    }

    #[test]
    fn nobody_fills_the_memory() {
        let mut queue = Queue::default();
        for n in 0..MAX_PENDING_OF_USER as u128 {
            queue.add(user(1), place(n), ReadMarker::Read(Seq(1))).expect("space");
        }
        let refused = queue.add(user(1), place(u128::MAX), ReadMarker::Read(Seq(1)));
        assert!(matches!(refused, Err(Error::Overloaded)));
        queue.add(user(1), place(0), ReadMarker::Read(Seq(2))).expect("it is there already");
        queue.add(user(2), place(0), ReadMarker::Read(Seq(2))).expect("another's");
    }
}
