//! Which streams are open on this node, by user, room and watched room.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::subscriber::{StopReason, Subscriber};
use crate::model::{ConnectionId, RoomId, UserId};

/// A stream in the registry.
#[derive(Debug)]
pub(super) struct ConnectionEntry {
    pub(super) subscriber: Arc<Subscriber>,
    pub(super) rooms: HashSet<RoomId>,
    /// Watched rooms, and whether their members' presence is told.
    pub(super) watching: HashMap<RoomId, bool>,
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
    pub(super) ending: Option<StopReason>,
}

impl Registry {
    pub(super) fn subscribe(&mut self, connection: ConnectionId, room: RoomId) {
        let Some(entry) = self.connections.get_mut(&connection) else { return };
        if entry.rooms.insert(room) {
            self.rooms.entry(room).or_default().push(entry.subscriber.clone());
        }
    }

    /// Also takes it from what the stream watches.
    pub(super) fn unsubscribe(&mut self, connection: ConnectionId, room: RoomId) {
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
pub(super) fn remove_from<K: Eq + std::hash::Hash, T>(
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
