//! Where a stream is in each of its rooms: a pure machine.
//!
//! Given any interleaving of lost, repeated and reordered changes it lets each
//! position through once and in order. A hole is named, and filled from the
//! store.

use std::collections::{HashMap, HashSet};

use crate::model::{RoomId, Seq};

/// What to do with changes that arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They follow on what was delivered: deliver them.
    Deliver,
    /// They were delivered before: drop them.
    Repeat,
    /// Something before them is missing: read the store from the position that
    /// the cursor has, and drop them.
    Gap,
    /// The stream is not in this room: drop them.
    UnknownRoom,
}

/// The position up to which each room was delivered.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    rooms: HashMap<RoomId, Seq>,
    /// Rooms that moved since the last heartbeat.
    moved: HashSet<RoomId>,
}

impl Cursor {
    #[must_use]
    pub fn new(rooms: HashMap<RoomId, Seq>) -> Self {
        Self { rooms, moved: HashSet::new() }
    }

    /// Judges changes that cover the positions after `after` up to `seq`, and
    /// moves if they are to be delivered.
    pub fn accept(&mut self, room: RoomId, after: Seq, seq: Seq) -> Verdict {
        match self.rooms.get(&room) {
            None => Verdict::UnknownRoom,
            Some(at) if seq <= *at => Verdict::Repeat,
            Some(at) if after == *at => {
                self.advance(room, seq);
                Verdict::Deliver
            }
            Some(_) => Verdict::Gap,
        }
    }

    /// Whether the stream is in the room and has not come so far.
    #[must_use]
    pub fn is_behind(&self, room: RoomId, seq: Seq) -> bool {
        self.rooms.get(&room).is_some_and(|at| *at < seq)
    }

    /// Moves to a position that was delivered from the store, or takes up a room.
    pub fn advance(&mut self, room: RoomId, seq: Seq) {
        if self.rooms.insert(room, seq) != Some(seq) {
            self.moved.insert(room);
        }
    }

    /// Gives a room up; whether the stream was in it.
    pub fn forget(&mut self, room: RoomId) -> bool {
        self.moved.remove(&room);
        self.rooms.remove(&room).is_some()
    }

    #[must_use]
    pub fn position(&self, room: RoomId) -> Option<Seq> {
        self.rooms.get(&room).copied()
    }

    #[must_use]
    pub fn rooms(&self) -> Vec<RoomId> {
        self.rooms.keys().copied().collect()
    }

    /// The positions of rooms that moved since this was called last.
    pub fn take_moved(&mut self) -> Vec<(RoomId, Seq)> {
        let moved = std::mem::take(&mut self.moved);
        moved.into_iter().filter_map(|room| Some((room, self.position(room)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const ROOM: RoomId = RoomId(Uuid::nil());

    proptest! {
        /// However commits are lost, repeated and reordered on the way: what is
        /// delivered, live or from the store, is each position once, in order,
        /// and everything up to the last position heard of.
        #[test]
        fn each_position_once_and_in_order(
            start in 0i64..20,
            sizes in proptest::collection::vec(1i64..5, 1..20),
            arrivals in proptest::collection::vec(0usize..20, 0..100),
        ) {
            let mut commits = vec![];
            let mut head = 0;
            for size in sizes {
                commits.push((Seq(head), Seq(head + size)));
                head += size;
            }
            let start = Seq(start.min(head));
            let mut cursor = Cursor::new(HashMap::from([(ROOM, start)]));
            let mut delivered = vec![];
            let mut heard = start;
            for arrival in arrivals {
                let Some((after, seq)) = commits.get(arrival).copied() else { continue };
                heard = heard.max(seq);
                match cursor.accept(ROOM, after, seq) {
                    Verdict::Deliver => delivered.extend(after.0 + 1..=seq.0),
                    Verdict::Repeat => prop_assert!(cursor.position(ROOM) >= Some(seq)),
                    Verdict::Gap => {
                        // The store has all up to its head.
                        let from = cursor.position(ROOM).unwrap_or_default();
                        delivered.extend(from.0 + 1..=seq.0);
                        cursor.advance(ROOM, seq);
                    }
                    Verdict::UnknownRoom => prop_assert!(false, "the room is known"),
                }
            }
            let expected: Vec<i64> = (start.0 + 1..=heard.0).collect();
            prop_assert_eq!(delivered, expected);
        }
    }

    #[test]
    fn only_rooms_that_moved_are_in_the_heartbeat() {
        let other = RoomId(Uuid::from_u128(1));
        let mut cursor = Cursor::new(HashMap::from([(ROOM, Seq(1)), (other, Seq(1))]));
        assert!(cursor.take_moved().is_empty());
        assert_eq!(cursor.accept(ROOM, Seq(1), Seq(3)), Verdict::Deliver);
        assert_eq!(cursor.take_moved(), [(ROOM, Seq(3))]);
        assert!(cursor.take_moved().is_empty());
        assert!(cursor.forget(other) && !cursor.forget(other));
        assert_eq!(cursor.accept(other, Seq(1), Seq(2)), Verdict::UnknownRoom);
    }
}
