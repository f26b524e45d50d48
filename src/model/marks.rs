//! What has arrived at users, what they have read, and what they want to hear.

use super::{RoomId, Seq, Timestamp, UserId};

/// The marks of one user in one room. Apart from the flag they never move back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    pub read: Seq,
    /// Never before what was read.
    pub delivered: Seq,
    /// From where on the user has flagged the room as unread.
    pub unread_from: Option<Seq>,
    /// The user does not tell others what they have read.
    pub secret: bool,
    /// The user is invisible: others are not told that they move.
    pub hidden: bool,
}

/// What a user says about a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Read(Seq),
    ThreadRead { root: Seq, seq: Seq },
    Delivered(Seq),
    Unread(Option<Seq>),
}

/// Marks that moved, of a room or of a thread in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedMarks {
    pub room: RoomId,
    pub user: UserId,
    /// The thread that was read, and not the room.
    pub thread_of: Option<Seq>,
    pub marks: Marks,
}

/// Whom a message has reached.
#[derive(Debug, Default)]
pub struct Receipts {
    /// Up to one more than `limits::RECEIPT_COUNT`, as the other.
    pub read: i64,
    pub delivered: i64,
    /// Of few members.
    pub members: Vec<(UserId, Marks)>,
}

/// What a user wants to hear of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    #[default]
    All,
    Mentions,
    Nothing,
}

/// What a user has set for themselves in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomSettings {
    pub level: Level,
    pub muted_until: Option<Timestamp>,
    pub starred: bool,
}

/// Changes to these settings; what is `None` stays.
#[derive(Debug, Clone, Copy)]
pub struct SettingsChange {
    pub level: Option<Level>,
    /// `Some(None)`: not muted any more.
    pub muted_until: Option<Option<Timestamp>>,
    pub starred: Option<bool>,
}

impl RoomSettings {
    #[must_use]
    pub fn changed(self, change: SettingsChange) -> Self {
        Self {
            level: change.level.unwrap_or(self.level),
            muted_until: change.muted_until.unwrap_or(self.muted_until),
            starred: change.starred.unwrap_or(self.starred),
        }
    }
}
