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

/// A piece is closed when it has grown this large, so that no response comes
/// near the 4 MiB that gRPC clients accept by default.
const PIECE_BYTES: usize = 256 * 1024;

/// What waits in a session's queue.
#[derive(Debug, Clone)]
pub enum Item {
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
    Mark(Bytes),
    /// A room's log went on without its events coming through here.
    Moved { room: RoomId, seq: Seq },
    /// The user is in the room now; its events follow.
    Added(RoomId),
    /// The user is not in the room any more.
    Removed(RoomId),
}

/// How much a stream may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
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
pub struct Outlet {
    pub connection: ConnectionId,
    pub user: UserId,
    pub session: SessionId,
    queue: mpsc::Sender<Item>,
    /// Set when the queue was full: live events stop until the session has
    /// caught up from the store.
    lagging: AtomicBool,
    lagged: Notify,
    /// The user tells what they have read, and so sees it of others. One of the three
    /// values below.
    sees_reads: AtomicU8,
    control: watch::Sender<Control>,
}

impl Outlet {
    pub(super) fn offer(&self, item: Item) {
        if self.lagging.load(Ordering::Acquire) {
            return;
        }
        // States never take the room that the log needs.
        let crowded = self.queue.capacity() <= self.queue.max_capacity() / 2;
        if crowded && matches!(item, Item::State(_)) {
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
pub struct Inlet {
    pub outlet: Arc<Outlet>,
    pub queue: mpsc::Receiver<Item>,
    pub control: watch::Receiver<Control>,
    hub: Arc<Hub>,
}

impl Inlet {
    /// Whether the queue has overflowed. Live events flow again from here on:
    /// what is read from the store after this call is complete.
    #[must_use]
    pub fn take_lagging(&mut self) -> bool {
        if !self.outlet.lagging.load(Ordering::Acquire) {
            return false;
        }
        // What is left in the queue is older than what will be read.
        while self.queue.try_recv().is_ok() {}
        self.outlet.lagging.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.hub.close(self.outlet.connection);
    }
}

/// A stream in the hub's lists.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) outlet: Arc<Outlet>,
    rooms: HashSet<RoomId>,
    /// Watched rooms, and whether their members' presence is told.
    watching: HashMap<RoomId, bool>,
}

#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) connections: HashMap<ConnectionId, Entry>,
    pub(super) users: HashMap<UserId, Vec<Arc<Outlet>>>,
    pub(super) rooms: HashMap<RoomId, Vec<Arc<Outlet>>>,
    pub(super) watchers: HashMap<RoomId, Vec<(Arc<Outlet>, bool)>>,
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
    lists: RwLock<Lists>,
}

impl Hub {
    #[must_use]
    pub fn new(responses: Arc<ResponseRegistry>) -> Self {
        Self { responses, lists: RwLock::default() }
    }

    /// Adds a stream. It gets its user's joins and leaves from now on, and the
    /// events of the rooms that it subscribes to. `None`: the user has too many.
    #[must_use]
    pub fn open(self: &Arc<Self>, caller: Caller, bounds: Bounds) -> Inlet {
        let Caller { user, session, expires_at: token_expires_at } = caller;
        let (sender, queue) = mpsc::channel(bounds.queue);
        let mut lists = self.write();
        let ending = lists.ending;
        let (control_sender, control) = watch::channel(Control { ending, token_expires_at });
        let outlet = Arc::new(Outlet {
            connection: ConnectionId::new(),
            user,
            session,
            queue: sender,
            lagging: AtomicBool::new(false),
            lagged: Notify::new(),
            sees_reads: AtomicU8::new(bounds.sees_reads.map_or(UNKNOWN, known)),
            control: control_sender,
        });
        lists.users.entry(user).or_default().push(outlet.clone());
        lists.connections.insert(
            outlet.connection,
            Entry { outlet: outlet.clone(), rooms: HashSet::new(), watching: HashMap::new() },
        );
        Inlet { outlet, queue, control, hub: self.clone() }
    }

    fn close(&self, connection: ConnectionId) {
        let mut lists = self.write();
        let Some(entry) = lists.connections.remove(&connection) else { return };
        for room in &entry.rooms {
            remove_from(&mut lists.rooms, room, |outlet| outlet.connection == connection);
        }
        for room in entry.watching.keys() {
            remove_from(&mut lists.watchers, room, |(outlet, _)| outlet.connection == connection);
        }
        remove_from(&mut lists.users, &entry.outlet.user, |outlet| outlet.connection == connection);
    }

    /// A stream of this user, by its connection id.
    #[must_use]
    pub fn connection(&self, connection: ConnectionId, user: UserId) -> Option<Arc<Outlet>> {
        let lists = self.read();
        let entry = lists.connections.get(&connection)?;
        (entry.outlet.user == user).then(|| entry.outlet.clone())
    }

    /// Lets a stream have the events of these rooms from now on.
    pub fn subscribe(&self, connection: ConnectionId, rooms: impl IntoIterator<Item = RoomId>) {
        let mut lists = self.write();
        for room in rooms {
            lists.subscribe(connection, room);
        }
    }

    /// Takes a room's events away from a stream.
    pub fn unsubscribe(&self, connection: ConnectionId, room: RoomId) {
        self.write().unsubscribe(connection, room);
    }

    /// Sets the rooms that a stream watches, each with whether the presence of
    /// its members is told.
    pub fn watch(&self, connection: ConnectionId, rooms: HashMap<RoomId, bool>) {
        let mut lists = self.write();
        let Some(entry) = lists.connections.get_mut(&connection) else { return };
        let outlet = entry.outlet.clone();
        let before = std::mem::replace(&mut entry.watching, rooms.clone());
        for room in before.keys() {
            remove_from(&mut lists.watchers, room, |(outlet, _)| outlet.connection == connection);
        }
        for (room, presence) in rooms {
            lists.watchers.entry(room).or_default().push((outlet.clone(), presence));
        }
    }

    /// The rooms whose watchers are told presence.
    #[must_use]
    pub fn rooms_with_presence(&self) -> Vec<RoomId> {
        let lists = self.read();
        let told = lists.watchers.iter().filter(|(_, list)| list.iter().any(|(_, told)| *told));
        told.map(|(room, _)| *room).collect()
    }

    /// Hands what a commit changed in a room to its subscribers, and lets those
    /// who joined or left in it begin or stop exactly there. Called in the
    /// order of the room's positions.
    pub fn dispatch(&self, commit: RoomCommit) {
        let RoomCommit { room, changes } = commit;
        let mut piece = Piece::default();
        for change in changes {
            let membership = change.membership();
            if let Some((user, MemberState::Joined)) = membership {
                self.send(room, &mut piece);
                self.add(room, user);
            }
            piece.append(change);
            if let Some((user, MemberState::Left | MemberState::Banned)) = membership {
                self.send(room, &mut piece);
                self.remove(room, user);
            } else if piece.bytes.len() > PIECE_BYTES {
                self.send(room, &mut piece);
            }
        }
        self.send(room, &mut piece);
    }

    /// Tells a room's subscribers that the log went on up to `seq`.
    pub fn moved(&self, room: RoomId, seq: Seq) {
        for outlet in self.read().rooms.get(&room).into_iter().flatten() {
            outlet.offer(Item::Moved { room, seq });
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
        let lists = self.read();
        let Some(watchers) = lists.watchers.get(&moved.room) else { return };
        // In two forms: for who may see what was read, and for who may not.
        let mut forms = [None, None];
        for (outlet, told) in watchers {
            if *told && outlet.user != moved.user {
                let sees = outlet.sees_reads.load(Ordering::Relaxed) == YES;
                let open = sees && !moved.marks.secret;
                let bytes = forms[usize::from(open)].get_or_insert_with(|| {
                    let marks = ReadMarkers { secret: !open, ..moved.marks };
                    events::encode_event(Kind::Receipt(receipt(moved.room, moved.user, marks)))
                });
                outlet.offer(Item::State(bytes.clone()));
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
        let lists = self.read();
        let Some(outlets) = lists.users.get(&user) else { return };
        let bytes = events::encode_event(event());
        for outlet in outlets {
            outlet.offer(Item::Mark(bytes.clone()));
        }
    }

    /// Whether the streams of a user are told what others have read.
    pub fn set_sees_reads(&self, user: UserId, sees: bool) {
        for outlet in self.read().users.get(&user).into_iter().flatten() {
            outlet.sees_reads.store(known(sees), Ordering::Relaxed);
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
        let lists = self.read();
        let Some(watchers) = lists.watchers.get(&room) else { return };
        let mut bytes = None;
        for (outlet, presence) in watchers {
            if wanted(outlet.user, *presence) {
                let bytes = bytes.get_or_insert_with(|| events::encode_event(event()));
                outlet.offer(Item::State(bytes.clone()));
            }
        }
    }

    /// Ends the streams of a session that was revoked.
    pub fn end_session(&self, session: SessionId) {
        for entry in self.read().connections.values() {
            if entry.outlet.session == session {
                entry.outlet.end(StopReason::Revoked);
            }
        }
    }

    /// Ends every stream, also those that are opened from now on.
    pub fn end_all(&self) {
        let mut lists = self.write();
        let ending = StopReason::ShuttingDown { streams: lists.connections.len() };
        lists.ending = Some(ending);
        for entry in lists.connections.values() {
            entry.outlet.end(ending);
        }
    }

    fn send(&self, room: RoomId, piece: &mut Piece) {
        let Piece { after, seq, oldest, bytes } = std::mem::take(piece);
        if bytes.is_empty() {
            return;
        }
        let bytes = self.responses.share(bytes.freeze());
        let item = Item::Log { room, after, seq, oldest, bytes };
        for outlet in self.read().rooms.get(&room).into_iter().flatten() {
            outlet.offer(item.clone());
        }
    }

    fn add(&self, room: RoomId, user: UserId) {
        let mut lists = self.write();
        if lists.watchers.get(&room).is_some_and(|list| list.iter().any(|(_, told)| *told)) {
            lists.grown.insert(room);
        }
        let outlets = lists.users.get(&user).cloned().unwrap_or_default();
        for outlet in outlets {
            outlet.offer(Item::Added(room));
            lists.subscribe(outlet.connection, room);
        }
    }

    fn remove(&self, room: RoomId, user: UserId) {
        let mut lists = self.write();
        let outlets = lists.users.get(&user).cloned().unwrap_or_default();
        for outlet in outlets {
            lists.unsubscribe(outlet.connection, room);
            outlet.offer(Item::Removed(room));
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Lists> {
        // The lists are whole after every step, so a panic elsewhere while
        // they were held does not spoil them.
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.lists.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    fn subscribe(&mut self, connection: ConnectionId, room: RoomId) {
        let Some(entry) = self.connections.get_mut(&connection) else { return };
        if entry.rooms.insert(room) {
            self.rooms.entry(room).or_default().push(entry.outlet.clone());
        }
    }

    /// Also takes it from what the stream watches.
    fn unsubscribe(&mut self, connection: ConnectionId, room: RoomId) {
        let Some(entry) = self.connections.get_mut(&connection) else { return };
        if entry.rooms.remove(&room) {
            remove_from(&mut self.rooms, &room, |outlet| outlet.connection == connection);
        }
        if entry.watching.remove(&room).is_some() {
            remove_from(&mut self.watchers, &room, |(outlet, _)| outlet.connection == connection);
        }
    }
}

/// Removes one element of a list, and the list with its last.
fn remove_from<K: Eq + std::hash::Hash, T>(
    lists: &mut HashMap<K, Vec<T>>,
    key: &K,
    is_it: impl FnMut(&T) -> bool,
) {
    if let Some(list) = lists.get_mut(key) {
        if let Some(at) = list.iter().position(is_it) {
            list.swap_remove(at);
        }
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

/// Consecutive changes of one room, being encoded.
#[derive(Default)]
struct Piece {
    after: Seq,
    seq: Seq,
    oldest: Option<Seq>,
    bytes: BytesMut,
}

impl Piece {
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
