//! Up to where each room is known: a pure machine. Whatever is lost, repeated or
//! reordered, each position is let through once and in order.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What to do with a change that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows on what is known.
    Deliver,
    /// It is known.
    Repeat,
    /// Something before it is missing: ask from the position that is known.
    Gap,
    /// Not a room that the stream has told of.
    Stray,
}

/// Up to where a room is known, and of which log that is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub seq: i64,
    pub log_id: String,
}

/// Positions by room id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    rooms: HashMap<String, Position>,
}

impl Cursor {
    #[must_use]
    pub fn new(rooms: HashMap<String, Position>) -> Self {
        Self { rooms }
    }

    /// Judges a change that covers the positions after `after_seq` up to `seq`,
    /// and moves if it is to be delivered. One that overlaps what is known is
    /// delivered too: it is state, and applying it twice does no harm.
    pub fn accept(&mut self, room_id: &str, after_seq: i64, seq: i64) -> Verdict {
        match self.rooms.get_mut(room_id) {
            None => Verdict::Stray,
            Some(at) if seq <= at.seq => Verdict::Repeat,
            Some(at) if after_seq <= at.seq => {
                at.seq = seq;
                Verdict::Deliver
            }
            Some(_) => Verdict::Gap,
        }
    }

    /// Begins a room at a position: it was added, or reset.
    pub fn begin(&mut self, room_id: &str, position: Position) {
        self.rooms.insert(room_id.to_owned(), position);
    }

    /// The room is gone.
    pub fn forget(&mut self, room_id: &str) {
        self.rooms.remove(room_id);
    }

    #[must_use]
    pub fn position(&self, room_id: &str) -> Option<&Position> {
        self.rooms.get(room_id)
    }

    /// All positions, for the next stream.
    #[must_use]
    pub fn positions(&self) -> &HashMap<String, Position> {
        &self.rooms
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seq: i64) -> Position {
        Position { seq, log_id: "log".into() }
    }

    proptest! {
        #[test]
        fn each_position_once_and_in_order(
            start in 0i64..10,
            arrivals in proptest::collection::vec((0i64..30, 1i64..4), 0..120),
        ) {
            let mut cursor = Cursor::default();
            cursor.begin("r", at(start));
            let mut known = start;
            for (after, size) in arrivals {
                let seq = after + size;
                match cursor.accept("r", after, seq) {
                    Verdict::Deliver => {
                        prop_assert!(after <= known && seq > known);
                        known = seq;
                    }
                    Verdict::Repeat => prop_assert!(seq <= known),
                    Verdict::Gap => {
                        prop_assert!(after > known);
                        // SyncRoom answers with what comes after the position.
                        prop_assert_eq!(cursor.accept("r", known, seq), Verdict::Deliver);
                        known = seq;
                    }
                    Verdict::Stray => prop_assert!(false),
                }
                prop_assert_eq!(cursor.position("r"), Some(&at(known)));
            }
        }
    }

    #[test]
    fn a_room_that_is_gone_is_a_stray() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.accept("r", 0, 1), Verdict::Stray);
        cursor.begin("r", at(4));
        assert_eq!(cursor.accept("r", 4, 5), Verdict::Deliver);
        cursor.forget("r");
        assert_eq!(cursor.accept("r", 5, 6), Verdict::Stray);
    }
}
