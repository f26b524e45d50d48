//! What has arrived at users, what they have read, and what they want to hear.

use super::{RoomId, Seq, Timestamp, UserId};

/// The marks of one user in one room. Apart from the flag they never move back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadMarkers {
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
pub enum ReadMarker {
    Read(Seq),
    ThreadRead { root: Seq, seq: Seq },
    Delivered(Seq),
    Unread(Option<Seq>),
}

impl ReadMarker {
    /// The position that it names, if it names one.
    #[must_use]
    pub fn seq(self) -> Option<Seq> {
        match self {
            Self::Read(seq) | Self::ThreadRead { seq, .. } | Self::Delivered(seq) => Some(seq),
            Self::Unread(from) => from,
        }
    }
}

/// What a user has said about a room, as far as it is not stored yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadMarkersChange {
    pub read: Seq,
    pub delivered: Seq,
    /// `None` leaves the flag as it is.
    pub unread_from: Option<Option<Seq>>,
}

impl ReadMarkersChange {
    /// Adds what the user says next.
    #[must_use]
    pub fn then(self, mark: ReadMarker) -> Self {
        match mark {
            ReadMarker::Read(seq) => Self {
                read: self.read.max(seq),
                delivered: self.delivered.max(seq),
                unread_from: Some(None),
            },
            ReadMarker::Delivered(seq) => Self { delivered: self.delivered.max(seq), ..self },
            ReadMarker::Unread(from) => Self { unread_from: Some(from), ..self },
            // Of the thread alone.
            ReadMarker::ThreadRead { .. } => self,
        }
    }

    /// What `self` and then `later` come to.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        Self {
            read: self.read.max(later.read),
            delivered: self.delivered.max(later.delivered),
            unread_from: later.unread_from.or(self.unread_from),
        }
    }

    /// The marks with this change.
    #[must_use]
    pub fn applied_to(self, marks: ReadMarkers) -> ReadMarkers {
        ReadMarkers {
            read: marks.read.max(self.read),
            delivered: marks.delivered.max(self.delivered),
            unread_from: self.unread_from.unwrap_or(marks.unread_from),
            ..marks
        }
    }
}

/// Marks that moved, of a room or of a thread in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkersMoved {
    pub room: RoomId,
    pub user: UserId,
    /// The thread that was read, and not the room.
    pub thread_of: Option<Seq>,
    pub marks: ReadMarkers,
}

/// Whom a message has reached.
#[derive(Debug, Default)]
pub struct Receipts {
    /// Up to one more than `limits::RECEIPT_COUNT`, as the other.
    pub read: i64,
    pub delivered: i64,
    /// Of few members.
    pub members: Vec<(UserId, ReadMarkers)>,
}

/// What a user wants to hear of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotificationLevel {
    #[default]
    All,
    Mentions,
    Nothing,
}

/// What a user has set for themselves in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomPreferences {
    pub level: NotificationLevel,
    pub muted_until: Option<Timestamp>,
    pub starred: bool,
}

/// Changes to these settings; what is `None` stays.
#[derive(Debug, Clone, Copy)]
pub struct SettingsChange {
    pub level: Option<NotificationLevel>,
    /// `Some(None)`: not muted any more.
    pub muted_until: Option<Option<Timestamp>>,
    pub starred: Option<bool>,
}

impl RoomPreferences {
    #[must_use]
    pub fn changed(self, change: SettingsChange) -> Self {
        Self {
            level: change.level.unwrap_or(self.level),
            muted_until: change.muted_until.unwrap_or(self.muted_until),
            starred: change.starred.unwrap_or(self.starred),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_never_move_back_and_the_last_flag_stands() {
        let change = ReadMarkersChange::default()
            .then(ReadMarker::Read(Seq(5)))
            .then(ReadMarker::Delivered(Seq(3)));
        let expected =
            ReadMarkersChange { read: Seq(5), delivered: Seq(5), unread_from: Some(None) };
        assert_eq!(change, expected);
        let flagged = change.then(ReadMarker::Unread(Some(Seq(2))));
        assert_eq!(flagged.unread_from, Some(Some(Seq(2))));
        assert_eq!(flagged.then(ReadMarker::Read(Seq(1))).unread_from, Some(None));
        let delivered = ReadMarkersChange::default().then(ReadMarker::Delivered(Seq(9)));
        let together = flagged.followed_by(delivered);
        let marks =
            ReadMarkers { read: Seq(7), delivered: Seq(7), secret: true, ..ReadMarkers::default() };
        let expected = ReadMarkers { delivered: Seq(9), unread_from: Some(Seq(2)), ..marks };
        assert_eq!(together.applied_to(marks), expected);
        assert_eq!(ReadMarkersChange::default().applied_to(marks), marks);
    }
}
