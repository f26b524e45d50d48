//! Whose turn it is to catch up. After a restart everybody comes back at once: a few
//! at a time are served whole, the others wait, and what they have in common is read
//! for many of them in one statement.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    error::{Error, Result},
    model::{
        UserId,
        resume::{RoomStates, StreamUser},
    },
    store::Store,
};

/// Users of whom one statement reads: their names, and their rooms, of which each
/// may have thousands.
const USERS_AT_ONCE: usize = 64;
const STATES_AT_ONCE: usize = 8;

pub struct CatchUps {
    store: Store,
    queue: Arc<Mutex<Queue>>,
    users: Shared<StreamUser>,
    states: Shared<RoomStates>,
}

impl CatchUps {
    /// Lets so many streams catch up at once.
    #[must_use]
    pub fn new(store: Store, at_once: usize) -> Self {
        let of_one_user = (at_once / 4).max(1);
        let queue = Queue { free: at_once, of_one_user, ..Queue::default() };
        let queue = Arc::new(Mutex::new(queue));
        Self {
            store,
            queue,
            users: Shared::new(USERS_AT_ONCE),
            states: Shared::new(STATES_AT_ONCE),
        }
    }

    /// Waits until a stream of this user may catch up. Users take turns, and one has a
    /// quarter of them at most, so that many streams of one, or streams that do not read,
    /// do not hold up those of others.
    pub async fn turn(&self, user: UserId) -> Turn {
        let (sender, granted) = oneshot::channel();
        lock(&self.queue).add(user, sender);
        let _place = Place { queue: &self.queue, user };
        grant(&self.queue);
        granted.await.expect("who waits is forgotten only once it does not")
    }

    /// Who opens a stream, as it is from here on; `None`: there is no such user.
    pub async fn user(&self, user: UserId) -> Result<Option<StreamUser>> {
        let read = |users: Vec<UserId>| {
            let store = self.store.clone();
            async move { store.stream_users(&users).await }.boxed()
        };
        self.users.read(user, read).await
    }

    /// How a user's rooms stand, as it is from here on.
    pub async fn room_states(&self, user: UserId) -> Result<RoomStates> {
        let read = |users: Vec<UserId>| {
            let store = self.store.clone();
            async move { store.room_states(&users).await }.boxed()
        };
        self.states.read(user, read).await.map(Option::unwrap_or_default)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // It is whole after every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Waiter = oneshot::Sender<Turn>;

#[derive(Default)]
struct Queue {
    /// How many more may catch up.
    free: usize,
    /// How many may at once that are of one user.
    of_one_user: usize,
    /// How many do.
    running: HashMap<UserId, usize>,
    waiting: HashMap<UserId, VecDeque<Waiter>>,
    /// Whose turn is next: each user of whom a stream waits, once.
    users: VecDeque<UserId>,
}

impl Queue {
    fn add(&mut self, user: UserId, waiter: Waiter) {
        let waiting = self.waiting.entry(user).or_default();
        if waiting.is_empty() {
            self.users.push_back(user);
        }
        waiting.push_back(waiter);
    }

    /// Takes who is next, if one more may catch up.
    fn next(&mut self) -> Option<(UserId, Waiter)> {
        if self.free == 0 {
            return None;
        }
        let may = |user: &UserId| self.running.get(user).is_none_or(|n| *n < self.of_one_user);
        let user = self.users.remove(self.users.iter().position(may)?)?;
        let waiting = self.waiting.get_mut(&user)?;
        let waiter = waiting.pop_front()?;
        if waiting.is_empty() {
            self.waiting.remove(&user);
        } else {
            self.users.push_back(user);
        }
        self.free -= 1;
        *self.running.entry(user).or_default() += 1;
        Some((user, waiter))
    }

    fn end(&mut self, user: UserId) {
        self.free += 1;
        if let Entry::Occupied(mut running) = self.running.entry(user) {
            *running.get_mut() -= 1;
            if *running.get() == 0 {
                running.remove();
            }
        }
    }

    /// Forgets those of a user who do not wait any more.
    fn forget_gone(&mut self, user: UserId) {
        let Some(waiting) = self.waiting.get_mut(&user) else { return };
        waiting.retain(|waiter| !waiter.is_closed());
        if waiting.is_empty() {
            self.waiting.remove(&user);
            self.users.retain(|other| *other != user);
        }
    }
}

/// Lets in whoever may be let in.
fn grant(queue: &Arc<Mutex<Queue>>) {
    loop {
        let Some((user, waiter)) = lock(queue).next() else { return };
        if let Err(mut turn) = waiter.send(Turn { user, queue: Some(queue.clone()) }) {
            // They have just gone; the loop goes on to the next.
            turn.queue = None;
            lock(queue).end(user);
        }
    }
}

/// A stream may catch up while it has this.
pub struct Turn {
    user: UserId,
    queue: Option<Arc<Mutex<Queue>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            lock(&queue).end(self.user);
            grant(&queue);
        }
    }
}

/// A stream's place in the queue, given up with it.
struct Place<'a> {
    queue: &'a Mutex<Queue>,
    user: UserId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.queue).forget_gone(self.user);
    }
}

/// Reads for many users at once: while one statement is under way, those who come wait
/// for the next. What is read is never older than the call.
struct Shared<T> {
    at_once: usize,
    waiting: Mutex<Vec<Asker<T>>>,
    reading: Semaphore,
}

/// For whom, and where to.
type Asker<T> = (UserId, oneshot::Sender<Result<Option<T>>>);

/// Statements that read for many at once.
const STATEMENTS_AT_ONCE: usize = 2;

impl<T: Clone> Shared<T> {
    fn new(at_once: usize) -> Self {
        let reading = Semaphore::new(STATEMENTS_AT_ONCE);
        Self { at_once, waiting: Mutex::default(), reading }
    }

    async fn read<'a>(
        &self,
        user: UserId,
        read: impl Fn(Vec<UserId>) -> BoxFuture<'a, Result<HashMap<UserId, T>>>,
    ) -> Result<Option<T>> {
        loop {
            let (sender, mut answer) = oneshot::channel();
            lock(&self.waiting).push((user, sender));
            loop {
                let permit = tokio::select! {
                    biased;
                    answer = &mut answer => match answer {
                        Ok(answer) => return answer,
                        // Who read it was given up: once more.
                        Err(_) => break,
                    },
                    permit = self.reading.acquire() => permit,
                };
                let askers = self.take();
                let mut users: Vec<UserId> = askers.iter().map(|(user, _)| *user).collect();
                users.sort_unstable();
                users.dedup();
                if users.is_empty() {
                    // Somebody else reads it.
                    drop(permit);
                    match answer.await {
                        Ok(answer) => return answer,
                        Err(_) => break,
                    }
                }
                let found = read(users).await;
                drop(permit);
                for (user, asker) in askers {
                    let answer = match &found {
                        Ok(found) => Ok(found.get(&user).cloned()),
                        Err(error) => Err(same_failure(error)),
                    };
                    // Whoever asked may have gone.
                    let _ = asker.send(answer);
                }
            }
        }
    }

    /// Those who have waited for longest.
    fn take(&self) -> Vec<Asker<T>> {
        let mut waiting = lock(&self.waiting);
        waiting.retain(|(_, asker)| !asker.is_closed());
        let count = waiting.len().min(self.at_once);
        waiting.drain(..count).collect()
    }
}

/// What failed for one has failed for all who wait for it: each trying once more would
/// take the longer the more there are.
fn same_failure(error: &Error) -> Error {
    match error {
        Error::DatabaseUnavailable => Error::DatabaseUnavailable,
        other => Error::internal(other.to_string()),
    }
}

#[cfg(test)]
#[path = "catch_ups_tests.rs"]
mod tests;
