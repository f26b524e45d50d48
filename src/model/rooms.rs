//! Rooms, their members, and who may do what in them.

use super::{Message, RoomId, Seq, Timestamp, User, UserId};
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomKind {
    /// Listed in the directory; anyone may join.
    Public,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    /// `None` for the rooms that a new server comes with.
    pub creator: Option<UserId>,
    pub created_at: Timestamp,
    pub member_count: i64,
    /// Position of the last change of name or topic.
    pub changed_seq: Seq,
    pub head_seq: Seq,
}

/// One of the caller's rooms, with what the caller has not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    pub room: Room,
    pub role: MemberRole,
    pub read_seq: Seq,
    /// Up to `limits::UNREAD_COUNT`.
    pub unread: i64,
    /// There are more, or may be.
    pub unread_more: bool,
    pub last_message: Option<Message>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberRole {
    Member,
    Admin,
    Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    Joined,
    /// The row stays, so that "left" is part of what changed.
    Left,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: MemberRole,
    pub state: MemberState,
    pub joined_at: Timestamp,
    pub changed_seq: Seq,
}

/// What a user may do in a room, from the room's kind and their membership
/// (`None`: never a member). The one place that answers it.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    pub kind: RoomKind,
    pub membership: Option<(MemberRole, MemberState)>,
}

impl Access {
    /// Reading the log, posting, typing, marking.
    pub fn may_take_part(self) -> Result<MemberRole> {
        match (self.membership, self.kind) {
            (Some((role, MemberState::Joined)), _) => Ok(role),
            (_, RoomKind::Public) => Err(Error::NotMember),
        }
    }

    /// Changing name and topic.
    pub fn may_change_settings(self) -> Result<()> {
        if self.may_take_part()? >= MemberRole::Admin { Ok(()) } else { Err(Error::NotAdmin) }
    }

    #[must_use]
    pub fn is_member(self) -> bool {
        matches!(self.membership, Some((_, MemberState::Joined)))
    }
}

/// Changes to a room's settings; what is `None` stays.
pub struct Settings {
    pub room: RoomId,
    pub name: Option<String>,
    pub topic: Option<String>,
}

/// A page of the caller's rooms.
pub struct RoomPage {
    pub after: Option<uuid::Uuid>,
    pub limit: usize,
}

/// A search in the directory.
pub struct DirectorySearch {
    pub query: String,
    /// Folded name and id of the last room of the page before.
    pub after: Option<(String, uuid::Uuid)>,
    pub limit: usize,
}

/// A search among a room's members.
pub struct MemberSearch {
    pub room: RoomId,
    pub prefix: String,
    pub after: Option<String>,
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(membership: Option<(MemberRole, MemberState)>) -> Access {
        Access { kind: RoomKind::Public, membership }
    }

    #[test]
    fn only_members_take_part_and_only_admins_change_settings() {
        use MemberRole::{Admin, Member, Owner};
        use MemberState::{Joined, Left};
        for role in [Member, Admin, Owner] {
            assert!(access(Some((role, Joined))).may_take_part().is_ok());
            assert!(matches!(access(Some((role, Left))).may_take_part(), Err(Error::NotMember)));
            assert_eq!(access(Some((role, Joined))).may_change_settings().is_ok(), role != Member);
        }
        assert!(matches!(access(None).may_change_settings(), Err(Error::NotMember)));
    }
}
