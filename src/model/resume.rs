//! What it takes to tell a stream what was missed.

use std::collections::BTreeSet;

use super::{
    LogId, MovedMarks, PresenceChoice, RoomId, RoomSettings, Seq, Timestamp, User, UserId, View,
};

/// Rooms of which one statement reads what changed.
pub const ROOMS_AT_ONCE: usize = 32;

/// A room of which it is read what changed.
#[derive(Debug, Clone, Copy)]
pub struct Behind {
    pub room: RoomId,
    /// Up to where it is known.
    pub after: Seq,
    /// `head` was read before: rows that changed again since are beyond it and come
    /// with a later change. What the reader may not see leaves empty positions.
    pub view: View,
    /// No member has changed after this, and the settings have not after that; the head
    /// if it is not known.
    pub members_seq: Seq,
    pub settings_seq: Seq,
}

impl Behind {
    /// Of a room of which nothing else is known.
    #[must_use]
    pub fn new(room: RoomId, after: Seq, view: View) -> Self {
        Self { room, after, view, members_seq: view.head, settings_seq: view.head }
    }
}

/// Who opens a stream.
#[derive(Debug, Clone)]
pub struct StreamUser {
    pub user: User,
    /// Whether they tell others what they have read.
    pub sends_receipts: bool,
    pub choice: PresenceChoice,
    /// With whom they have a block, whoever of the two has made it.
    pub blocks: BTreeSet<UserId>,
}

/// How a user's rooms stand.
#[derive(Debug, Clone, Default)]
pub struct RoomStates {
    pub rooms: Vec<RoomState>,
    /// How far the user has read the threads that they follow, as far as these are
    /// counted.
    pub threads: Vec<MovedMarks>,
}

#[derive(Debug, Clone)]
pub struct RoomState {
    pub room: RoomId,
    pub log: LogId,
    pub view: View,
    /// Where its settings and any of its members changed last.
    pub settings_seq: Seq,
    pub members_seq: Seq,
    /// When the newest message was posted.
    pub active_at: Timestamp,
    /// `None`: the user has said nothing yet.
    pub marks: Option<MovedMarks>,
    pub settings: Option<RoomSettings>,
}
