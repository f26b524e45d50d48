//! From rooms to the streams on this node.
//!
//! A room's part of a commit is encoded once, and the same bytes go to the
//! bounded queue of every stream that is subscribed. A stream whose queue is
//! full is cut off from live events and catches up from the store.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use tokio::sync::{Notify, mpsc, watch};

use super::{
    change_batch::{ChangeBatch, MAX_BATCH_BYTES},
    registry::{ConnectionEntry, Registry, remove_from},
    subscriber::{
        Control, QueuedEvent, StopReason, StreamLimits, Subscriber, Subscription, UNKNOWN, YES,
        known,
    },
    typing::Typist,
};
use crate::{
    model::{
        Caller, ConnectionId, MarkersMoved, MemberState, PresenceChoice, ReadMarkers, RoomCommit,
        RoomId, RoomPreferences, Seq, SessionId, UserId,
    },
    transport::ResponseRegistry,
    wire::{
        events::{self, Kind},
        marks::{receipt, room_preferences},
    },
};

/// The streams of this node by user and room.
#[derive(Debug)]
pub struct Hub {
    /// Counts the bytes that wait in the queues; those of one event once.
    responses: Arc<ResponseRegistry>,
    /// Held only to change or walk the lists, never across an await.
    registry: RwLock<Registry>,
}

impl Hub {
    #[must_use]
    pub fn new(responses: Arc<ResponseRegistry>) -> Self {
        Self { responses, registry: RwLock::default() }
    }

    /// Adds a stream. It gets its user's joins and leaves from now on, and the
    /// events of the rooms that it subscribes to. `None`: the user has too many.
    #[must_use]
    pub fn open(self: &Arc<Self>, caller: Caller, bounds: StreamLimits) -> Subscription {
        let Caller { user, session, expires_at: token_expires_at } = caller;
        let (sender, queue) = mpsc::channel(bounds.queue);
        let mut registry = self.write();
        let ending = registry.ending;
        let (control_sender, control) = watch::channel(Control { ending, token_expires_at });
        let subscriber = Arc::new(Subscriber {
            connection: ConnectionId::new(),
            user,
            session,
            queue: sender,
            lagging: AtomicBool::new(false),
            lagged: Notify::new(),
            sees_reads: AtomicU8::new(bounds.sees_reads.map_or(UNKNOWN, known)),
            control: control_sender,
        });
        registry.users.entry(user).or_default().push(subscriber.clone());
        registry.connections.insert(
            subscriber.connection,
            ConnectionEntry {
                subscriber: subscriber.clone(),
                rooms: HashSet::new(),
                watching: HashMap::new(),
            },
        );
        Subscription { subscriber, queue, control, hub: self.clone() }
    }

    pub(super) fn close(&self, connection: ConnectionId) {
        let mut registry = self.write();
        let Some(entry) = registry.connections.remove(&connection) else { return };
        for room in &entry.rooms {
            remove_from(&mut registry.rooms, room, |subscriber| {
                subscriber.connection == connection
            });
        }
        for room in entry.watching.keys() {
            remove_from(&mut registry.watchers, room, |(subscriber, _)| {
                subscriber.connection == connection
            });
        }
        remove_from(&mut registry.users, &entry.subscriber.user, |subscriber| {
            subscriber.connection == connection
        });
    }

    /// A stream of this user, by its connection id.
    #[must_use]
    pub fn connection(&self, connection: ConnectionId, user: UserId) -> Option<Arc<Subscriber>> {
        let registry = self.read();
        let entry = registry.connections.get(&connection)?;
        (entry.subscriber.user == user).then(|| entry.subscriber.clone())
    }

    /// Lets a stream have the events of these rooms from now on.
    pub fn subscribe(&self, connection: ConnectionId, rooms: impl IntoIterator<Item = RoomId>) {
        let mut registry = self.write();
        for room in rooms {
            registry.subscribe(connection, room);
        }
    }

    /// Takes a room's events away from a stream.
    pub fn unsubscribe(&self, connection: ConnectionId, room: RoomId) {
        self.write().unsubscribe(connection, room);
    }

    /// Sets the rooms that a stream watches, each with whether the presence of
    /// its members is told.
    pub fn watch(&self, connection: ConnectionId, rooms: HashMap<RoomId, bool>) {
        let mut registry = self.write();
        let Some(entry) = registry.connections.get_mut(&connection) else { return };
        let subscriber = entry.subscriber.clone();
        let before = std::mem::replace(&mut entry.watching, rooms.clone());
        for room in before.keys() {
            remove_from(&mut registry.watchers, room, |(subscriber, _)| {
                subscriber.connection == connection
            });
        }
        for (room, presence) in rooms {
            registry.watchers.entry(room).or_default().push((subscriber.clone(), presence));
        }
    }

    /// The rooms whose watchers are told presence.
    #[must_use]
    pub fn rooms_with_presence(&self) -> Vec<RoomId> {
        let registry = self.read();
        let told = registry.watchers.iter().filter(|(_, list)| list.iter().any(|(_, told)| *told));
        told.map(|(room, _)| *room).collect()
    }

    /// Hands what a commit changed in a room to its subscribers, and lets those
    /// who joined or left in it begin or stop exactly there. Called in the
    /// order of the room's positions.
    pub fn dispatch(&self, commit: RoomCommit) {
        let RoomCommit { room, changes } = commit;
        let mut batch = ChangeBatch::default();
        for change in changes {
            let membership = change.membership();
            if let Some((user, MemberState::Joined)) = membership {
                self.send(room, &mut batch);
                self.add(room, user);
            }
            batch.append(change);
            if let Some((user, MemberState::Left | MemberState::Banned)) = membership {
                self.send(room, &mut batch);
                self.remove(room, user);
            } else if batch.bytes.len() > MAX_BATCH_BYTES {
                self.send(room, &mut batch);
            }
        }
        self.send(room, &mut batch);
    }

    /// Tells a room's subscribers that the log went on up to `seq`.
    pub fn advanced(&self, room: RoomId, seq: Seq) {
        for subscriber in self.read().rooms.get(&room).into_iter().flatten() {
            subscriber.try_enqueue(QueuedEvent::Advanced { room, seq });
        }
    }

    /// Tells all streams of the user how far they have read, and those who watch
    /// the room how far its messages have reached, unless the user is invisible.
    pub fn marks(&self, moved: MarkersMoved) {
        self.tell_user(moved.user, || events::read_marker(moved));
        if moved.thread_of.is_none() && !moved.marks.hidden {
            self.receipt(moved);
        }
    }

    /// Tells the others who watch the room how far its messages have reached.
    pub fn receipt(&self, moved: MarkersMoved) {
        let registry = self.read();
        let Some(watchers) = registry.watchers.get(&moved.room) else { return };
        // In two forms: for who may see what was read, and for who may not.
        let mut forms = [None, None];
        for (subscriber, told) in watchers {
            if *told && subscriber.user != moved.user {
                let sees = subscriber.sees_reads.load(Ordering::Relaxed) == YES;
                let open = sees && !moved.marks.secret;
                let bytes = forms[usize::from(open)].get_or_insert_with(|| {
                    let marks = ReadMarkers { secret: !open, ..moved.marks };
                    events::encode_event(Kind::Receipt(receipt(moved.room, moved.user, marks)))
                });
                subscriber.try_enqueue(QueuedEvent::State(bytes.clone()));
            }
        }
    }

    /// Tells all streams of the user what they have set in a room.
    pub fn room_preferences(&self, user: UserId, room: RoomId, settings: RoomPreferences) {
        self.tell_user(user, || Kind::RoomPreferences(room_preferences(room, settings)));
    }

    /// Tells the streams of a user how the user has chosen to be seen.
    pub fn presence_choice(&self, user: UserId, choice: PresenceChoice) {
        self.tell_user(user, || events::presence_choice(choice));
    }

    /// Tells the streams of a user with whom the user has a block.
    pub fn blocks(&self, user: UserId, with: &BTreeSet<UserId>) {
        self.tell_user(user, || Kind::Blocks(events::blocks(with)));
    }

    /// Tells the streams of a user whom the user has blocked, or unblocked.
    pub fn block_changed(&self, user: UserId, other: UserId, blocked: bool) {
        self.tell_user(user, || events::block_changed(other, blocked));
    }

    fn tell_user(&self, user: UserId, event: impl FnOnce() -> Kind) {
        let registry = self.read();
        let Some(subscribers) = registry.users.get(&user) else { return };
        let bytes = events::encode_event(event());
        for subscriber in subscribers {
            subscriber.try_enqueue(QueuedEvent::OwnState(bytes.clone()));
        }
    }

    /// Whether the streams of a user are told what others have read.
    pub fn set_sees_reads(&self, user: UserId, sees: bool) {
        for subscriber in self.read().users.get(&user).into_iter().flatten() {
            subscriber.sees_reads.store(known(sees), Ordering::Relaxed);
        }
    }

    /// Tells those others who watch the room that someone types or stopped.
    pub fn typing(&self, typist: &Typist, typing: bool) {
        let Typist { room, user, .. } = typist;
        if !typist.in_large_room {
            let others = |watcher, _| typist.is_shown_to(watcher);
            self.tell_watchers(*room, others, || events::typing(*room, *user, typing));
        }
    }

    /// Tells everyone who watches one of the rooms a user's presence, the user
    /// too: their streams might have asked before it was stored.
    pub fn presence(&self, rooms: &[RoomId], presence: crate::model::Presence) {
        // Who watches several of the rooms hears it several times; the newest
        // state wins, so that does no harm.
        for room in rooms {
            self.tell_watchers(*room, |_, told| told, || events::presence(presence));
        }
    }

    pub(super) fn tell_watchers(
        &self,
        room: RoomId,
        wanted: impl Fn(UserId, bool) -> bool,
        event: impl Fn() -> Kind,
    ) {
        let registry = self.read();
        let Some(watchers) = registry.watchers.get(&room) else { return };
        let mut bytes = None;
        for (subscriber, presence) in watchers {
            if wanted(subscriber.user, *presence) {
                let bytes = bytes.get_or_insert_with(|| events::encode_event(event()));
                subscriber.try_enqueue(QueuedEvent::State(bytes.clone()));
            }
        }
    }

    /// Ends the streams of a session that was revoked.
    pub fn end_session(&self, session: SessionId) {
        for entry in self.read().connections.values() {
            if entry.subscriber.session == session {
                entry.subscriber.end(StopReason::Revoked);
            }
        }
    }

    /// Ends every stream, also those that are opened from now on.
    pub fn end_all(&self) {
        let mut registry = self.write();
        let ending = StopReason::ShuttingDown { streams: registry.connections.len() };
        registry.ending = Some(ending);
        for entry in registry.connections.values() {
            entry.subscriber.end(ending);
        }
    }

    fn send(&self, room: RoomId, batch: &mut ChangeBatch) {
        let ChangeBatch { after, seq, oldest, bytes } = std::mem::take(batch);
        if bytes.is_empty() {
            return;
        }
        let bytes = self.responses.share(bytes.freeze());
        let item = QueuedEvent::Log { room, after, seq, oldest, bytes };
        for subscriber in self.read().rooms.get(&room).into_iter().flatten() {
            subscriber.try_enqueue(item.clone());
        }
    }

    fn add(&self, room: RoomId, user: UserId) {
        let mut registry = self.write();
        if registry.watchers.get(&room).is_some_and(|list| list.iter().any(|(_, told)| *told)) {
            registry.grown.insert(room);
        }
        let subscribers = registry.users.get(&user).cloned().unwrap_or_default();
        for subscriber in subscribers {
            subscriber.try_enqueue(QueuedEvent::Added(room));
            registry.subscribe(subscriber.connection, room);
        }
    }

    fn remove(&self, room: RoomId, user: UserId) {
        let mut registry = self.write();
        let subscribers = registry.users.get(&user).cloned().unwrap_or_default();
        for subscriber in subscribers {
            registry.unsubscribe(subscriber.connection, room);
            subscriber.try_enqueue(QueuedEvent::Removed(room));
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Registry> {
        // The lists are whole after every step, so a panic elsewhere while
        // they were held does not spoil them.
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
