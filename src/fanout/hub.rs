//! Rooms → sessions on this node.
//!
//! A room's part of a commit is encoded once, and the same bytes go to the
//! bounded queue of every session that is subscribed. A session whose queue is
//! full is cut off from live events and catches up from the store.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, mpsc, watch};

use super::typing::Typist;
use crate::{
    model::{
        Caller, Change, ConnectionId, MarkersMoved, MemberState, Message, PresenceChoice,
        ReadMarkers, RoomCommit, RoomId, RoomPreferences, Seq, SessionId, Timestamp, UserId,
    },
    transport::ResponseRegistry,
    wire::{
        events::{self, Kind},
        marks::{receipt, room_preferences},
    },
};

/// A batch is closed when it has grown this large, so that no response comes
/// near the 4 MiB that gRPC clients accept by default.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// What waits in a session's queue.
#[derive(Debug, Clone)]
pub enum QueuedEvent {
    /// Consecutive changes of a room, encoded.
    Log {
        room: RoomId,
        after: Seq,
        seq: Seq,
        /// The oldest message of which they tell something anew: of itself, or an
        /// answer in its thread.
        oldest: Option<Seq>,
        bytes: Bytes,
    },
    /// Typing or presence. May be dropped.
    State(Bytes),
    /// A read mark or setting. What catches up gets them as they are.
    OwnState(Bytes),
    /// A room's log went on without its events coming through here.
    Advanced { room: RoomId, seq: Seq },
    /// The user is in the room now; its events follow.
    Added(RoomId),
    /// The user is not in the room any more.
    Removed(RoomId),
}

/// How much a stream may take.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// Events that may wait in its queue.
    pub queue: usize,
    /// See [`Outlet`]; `None` until it is known.
    pub sees_reads: Option<bool>,
}

/// Why the server ends a stream from outside its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    Revoked,
    /// With so many streams at once.
    ShuttingDown {
        streams: usize,
    },
}

/// What is known of whether a user sees what others have read.
const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

fn known(sees_reads: bool) -> u8 {
    if sees_reads { YES } else { NO }
}

/// What others tell a session beside its events.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    pub ending: Option<StopReason>,
    pub token_expires_at: Timestamp,
}

/// The hub's side of one connected stream. Shared by the hub's lists and the
/// session; it is out of the lists once the session's [`Inlet`] is dropped.
#[derive(Debug)]
pub struct Subscriber {
    pub connection: ConnectionId,
    pub user: UserId,
    pub session: SessionId,
    queue: mpsc::Sender<QueuedEvent>,
    /// Set when the queue was full: live events stop until the session has
    /// caught up from the store.
    lagging: AtomicBool,
    lagged: Notify,
    /// The user tells what they have read, and so sees it of others. One of the three
    /// values below.
    sees_reads: AtomicU8,
    control: watch::Sender<Control>,
}

impl Subscriber {
    pub(super) fn try_enqueue(&self, item: QueuedEvent) {
        if self.lagging.load(Ordering::Acquire) {
            return;
        }
        // States never take the room that the log needs.
        let crowded = self.queue.capacity() <= self.queue.max_capacity() / 2;
        if crowded && matches!(item, QueuedEvent::State(_)) {
            return;
        }
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(item) {
            self.lagging.store(true, Ordering::Release);
            self.lagged.notify_one();
        }
    }

    /// Gives the stream a later end of its token.
    pub fn renew(&self, token_expires_at: Timestamp) {
        self.control.send_modify(|control| control.token_expires_at = token_expires_at);
    }

    /// Says whether the user sees what others have read, as it was when the stream had
    /// opened. What has been said since is newer, and stands.
    pub fn first_sees_reads(&self, sees: bool) {
        let (set, read) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.sees_reads.compare_exchange(UNKNOWN, known(sees), set, read);
    }

    /// Waits until the queue has overflowed.
    pub async fn lagged(&self) {
        self.lagged.notified().await;
    }

    fn end(&self, ending: StopReason) {
        self.control.send_modify(|control| {
            control.ending.get_or_insert(ending);
        });
    }
}

/// The session's side. Dropping it takes the stream out of the hub.
pub struct Subscription {
    pub subscriber: Arc<Subscriber>,
    pub queue: mpsc::Receiver<QueuedEvent>,
    pub control: watch::Receiver<Control>,
    hub: Arc<Hub>,
}

impl Subscription {
    /// Whether the queue has overflowed. Live events flow again from here on:
    /// what is read from the store after this call is complete.
    #[must_use]
    pub fn take_lagging(&mut self) -> bool {
        if !self.subscriber.lagging.load(Ordering::Acquire) {
            return false;
        }
        // What is left in the queue is older than what will be read.
        while self.queue.try_recv().is_ok() {}
        self.subscriber.lagging.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.close(self.subscriber.connection);
    }
}

/// A stream in the hub's lists.
#[derive(Debug)]
pub(super) struct ConnectionEntry {
    pub(super) subscriber: Arc<Subscriber>,
    rooms: HashSet<RoomId>,
    /// Watched rooms, and whether their members' presence is told.
    watching: HashMap<RoomId, bool>,
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) connections: HashMap<ConnectionId, ConnectionEntry>,
    pub(super) users: HashMap<UserId, Vec<Arc<Subscriber>>>,
    pub(super) rooms: HashMap<RoomId, Vec<Arc<Subscriber>>>,
    pub(super) watchers: HashMap<RoomId, Vec<(Arc<Subscriber>, bool)>>,
    /// See [`Hub::take_grown`].
    pub(super) grown: HashSet<RoomId>,
    /// How streams end that are opened from now on, once all are to end.
    ending: Option<StopReason>,
}

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

    fn close(&self, connection: ConnectionId) {
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

impl Registry {
    fn subscribe(&mut self, connection: ConnectionId, room: RoomId) {
        let Some(entry) = self.connections.get_mut(&connection) else { return };
        if entry.rooms.insert(room) {
            self.rooms.entry(room).or_default().push(entry.subscriber.clone());
        }
    }

    /// Also takes it from what the stream watches.
    fn unsubscribe(&mut self, connection: ConnectionId, room: RoomId) {
        let Some(entry) = self.connections.get_mut(&connection) else { return };
        if entry.rooms.remove(&room) {
            remove_from(&mut self.rooms, &room, |subscriber| subscriber.connection == connection);
        }
        if entry.watching.remove(&room).is_some() {
            remove_from(&mut self.watchers, &room, |(subscriber, _)| {
                subscriber.connection == connection
            });
        }
    }
}

/// Removes one element of a list, and the list with its last.
fn remove_from<K: Eq + std::hash::Hash, T>(
    registry: &mut HashMap<K, Vec<T>>,
    key: &K,
    is_it: impl FnMut(&T) -> bool,
) {
    if let Some(list) = registry.get_mut(key) {
        if let Some(at) = list.iter().position(is_it) {
            list.swap_remove(at);
        }
        if list.is_empty() {
            registry.remove(key);
        }
    }
}

/// Consecutive changes of one room, being encoded.
#[derive(Default)]
struct ChangeBatch {
    after: Seq,
    seq: Seq,
    oldest: Option<Seq>,
    bytes: BytesMut,
}

impl ChangeBatch {
    fn append(&mut self, change: Change) {
        if self.bytes.is_empty() {
            self.after = change.after;
        }
        self.seq = change.seq;
        let shows_from = change.message.as_ref().map(Message::visible_from);
        let retold = shows_from.filter(|seq| *seq < change.seq);
        self.oldest = self.oldest.into_iter().chain(retold).min();
        events::append(&mut self.bytes, Kind::Change(events::live_change(change)));
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
