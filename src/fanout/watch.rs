//! Watched rooms that have become so large that their members are not told of each
//! other any more. How many members a room has says the store: here it is only noted
//! that somebody joined.

use super::hub::Hub;
use crate::model::RoomId;

impl Hub {
    /// Takes out the rooms that somebody has joined while those who watch them are told
    /// of their members.
    #[must_use]
    pub fn take_grown(&self) -> Vec<RoomId> {
        self.write().grown.drain().collect()
    }

    /// They may have grown without this having been noted.
    pub fn may_have_grown(&self, rooms: impl IntoIterator<Item = RoomId>) {
        self.write().grown.extend(rooms);
    }

    /// Those who watch the room are told of its members no more, until they watch it anew.
    pub fn end_telling(&self, room: RoomId) {
        for (_, told) in self.write().watchers.get_mut(&room).into_iter().flatten() {
            *told = false;
        }
    }
}
