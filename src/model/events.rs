//! What a commit changed, as the fan-out and the replay carry it.

use super::{Member, MemberState, Message, Room, RoomId, Seq, UserId};

/// What changed in a room in the positions after `after` up to `seq`, as it is
/// now. State, not an operation: applying it twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub room: RoomId,
    pub after: Seq,
    pub seq: Seq,
    pub message: Option<Message>,
    /// What of the message has changed, if live streams are told that alone.
    pub delta: Option<Delta>,
    pub member: Option<Member>,
    pub settings: Option<Room>,
}

/// A change of what hangs on a message. Its result is in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    Reaction { emoji: String, user: UserId, added: bool },
    Pin { user: UserId },
    Thread,
}

impl Change {
    /// An empty change of one position.
    #[must_use]
    pub fn at(room: RoomId, seq: Seq) -> Self {
        Self {
            room,
            after: seq.before(),
            seq,
            message: None,
            delta: None,
            member: None,
            settings: None,
        }
    }

    /// Who becomes or stops being a member by this change.
    #[must_use]
    pub fn membership(&self) -> Option<(UserId, MemberState)> {
        self.member.as_ref().map(|m| (m.user.id, m.state))
    }
}

/// What one commit changed in one room: consecutive positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomCommit {
    pub room: RoomId,
    pub changes: Vec<Change>,
}
