//! Whose profile has changed: merged for a while, and told to each stream at a
//! limited rate. What waits here is who, never what: a profile is read when it is
//! told, so that the newest is.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use tokio::{sync::Notify, time::sleep_until};

use super::{hub::Hub, subscriber::QueuedEvent};
use crate::{
    model::{
        ConnectionId, RoomId, User, UserId,
        limits::{USER_CHANGES_MERGED_FOR, USER_CHANGES_PER_SECOND, USER_CHANGES_WAITING},
    },
    wire::events,
};

/// How long what was sent counts for the rate of a stream.
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// Where a user is shown, beside on their own streams.
#[derive(Debug, Clone, Default)]
pub struct ShownIn {
    /// Watched rooms whose members are told of each other.
    pub watched: Vec<RoomId>,
    /// With whom they have a direct room.
    pub partners: Vec<UserId>,
}

/// Shared by the calls that change profiles and by the task that tells of them.
#[derive(Debug, Default)]
pub struct UserUpdates {
    state: Mutex<State>,
    /// Wakes who tells of them.
    added: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When the changes of a user have been merged for long enough.
    merged_until: HashMap<UserId, Instant>,
    streams: HashMap<ConnectionId, StreamUpdates>,
}

/// What a stream is still to be told, and how much it was told lately.
#[derive(Debug, Default)]
struct StreamUpdates {
    /// Each user once, who has waited for longest first.
    waiting: VecDeque<UserId>,
    is_waiting: HashSet<UserId>,
    /// How many went out when, within the last second.
    sent: VecDeque<(Instant, usize)>,
}

impl StreamUpdates {
    fn add(&mut self, user: UserId) {
        if self.waiting.len() < USER_CHANGES_WAITING && self.is_waiting.insert(user) {
            self.waiting.push_back(user);
        }
    }

    /// Takes as many as may go out now.
    fn take(&mut self, now: Instant) -> Vec<UserId> {
        while self.sent.front().is_some_and(|(at, _)| now.duration_since(*at) >= SECOND) {
            self.sent.pop_front();
        }
        let recent: usize = self.sent.iter().map(|(_, count)| count).sum();
        let free = USER_CHANGES_PER_SECOND.saturating_sub(recent).min(self.waiting.len());
        if free > 0 {
            self.sent.push_back((now, free));
        }
        let users: Vec<UserId> = self.waiting.drain(..free).collect();
        for user in &users {
            self.is_waiting.remove(user);
        }
        users
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_empty()
    }
}

impl UserUpdates {
    /// Notes that a user's profile has changed. The first change begins the time for
    /// which others are merged with it.
    pub fn add(&self, user: UserId, now: Instant) {
        self.lock().merged_until.entry(user).or_insert(now + USER_CHANGES_MERGED_FOR);
        self.added.notify_one();
    }

    /// Takes out whose changes have been merged for long enough.
    pub fn take_merged(&self, now: Instant) -> Vec<UserId> {
        let mut state = self.lock();
        state.merged_until.extract_if(|_, until| *until <= now).map(|(user, _)| user).collect()
    }

    /// Lets streams be told of a user.
    pub fn enqueue(&self, streams: impl IntoIterator<Item = ConnectionId>, user: UserId) {
        let mut state = self.lock();
        for stream in streams {
            state.streams.entry(stream).or_default().add(user);
        }
    }

    /// Takes out what each stream may be told now.
    pub fn take_sendable(&self, now: Instant) -> Vec<(ConnectionId, Vec<UserId>)> {
        let mut state = self.lock();
        let mut sendable = Vec::new();
        state.streams.retain(|stream, updates| {
            let users = updates.take(now);
            if !users.is_empty() {
                sendable.push((*stream, users));
            }
            !updates.is_idle()
        });
        sendable
    }

    /// Puts back what could not be told.
    pub fn put_back(&self, sendable: Vec<(ConnectionId, Vec<UserId>)>) {
        let mut state = self.lock();
        for (stream, users) in sendable {
            let updates = state.streams.entry(stream).or_default();
            for user in users {
                updates.add(user);
            }
        }
    }

    /// Nothing is kept of a stream that has ended.
    pub fn forget(&self, stream: ConnectionId) {
        self.lock().streams.remove(&stream);
    }

    /// When there is something to do next.
    fn due_at(&self) -> Option<Instant> {
        let state = self.lock();
        let merged = state.merged_until.values().copied();
        let sent = state.streams.values().filter_map(|updates| updates.sent.front());
        merged.chain(sent.map(|(at, _)| *at + SECOND)).min()
    }

    /// Waits until there is something to do.
    pub async fn due(&self) {
        loop {
            let Some(at) = self.due_at() else {
                self.added.notified().await;
                continue;
            };
            if at <= Instant::now() {
                return;
            }
            tokio::select! {
                () = self.added.notified() => {}
                () = sleep_until(at.into()) => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// The streams that show a user: each once, however many rooms they have in common.
    #[must_use]
    pub fn streams_showing(&self, user: UserId, shown_in: &ShownIn) -> HashSet<ConnectionId> {
        let registry = self.read();
        let own = registry.users.get(&user).into_iter().flatten();
        // By user: streams are among those of a room while they only say that they know it.
        let partners =
            shown_in.partners.iter().filter_map(|user| registry.users.get(user)).flatten();
        let watchers = shown_in.watched.iter().filter_map(|room| registry.watchers.get(room));
        let watchers =
            watchers.flatten().filter(|(_, told)| *told).map(|(subscriber, _)| subscriber);
        own.chain(partners).chain(watchers).map(|subscriber| subscriber.connection).collect()
    }

    /// Tells streams of changed users; each is encoded once for all of them. Returns the
    /// streams that there are not any more.
    pub fn tell_users(
        &self,
        sendable: Vec<(ConnectionId, Vec<UserId>)>,
        users: Vec<User>,
    ) -> Vec<ConnectionId> {
        let event = |user: User| (user.id, events::encode_event(events::user_changed(user)));
        let events: HashMap<UserId, Bytes> = users.into_iter().map(event).collect();
        let registry = self.read();
        let mut gone = Vec::new();
        for (stream, users) in sendable {
            let Some(entry) = registry.connections.get(&stream) else {
                gone.push(stream);
                continue;
            };
            for event in users.iter().filter_map(|user| events.get(user)) {
                entry.subscriber.try_enqueue(QueuedEvent::OwnState(event.clone()));
            }
        }
        gone
    }
}

#[cfg(test)]
#[path = "users_tests.rs"]
mod tests;
