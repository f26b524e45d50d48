//! Invitations into rooms.

use uuid::Uuid;

use super::{
    Room, RoomId, Timestamp, User, UserId,
    rooms::{Access, Right},
};
use crate::error::{Error, Result};

/// A link into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Names it without its code. Unset: it was made before there were such ids.
    pub id: Option<Uuid>,
    /// Whoever knows it can join.
    pub code: String,
    pub room: RoomId,
    pub creator: UserId,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// 0: any number.
    pub max_uses: i64,
    pub uses: i64,
    pub revoked: bool,
}

impl Invite {
    /// Whether someone may still come in by it, who is counted already or not. It is as
    /// good as revoked once its creator, who stands so to the room, may not invite any
    /// more.
    pub fn check(&self, now: Timestamp, creator: Access, is_counted: bool) -> Result<()> {
        let may_invite = Access { archived: false, ..creator }.may(Right::AddMembers).is_ok();
        if may_invite { self.check_uses(now, is_counted) } else { Err(Error::InviteNotFound) }
    }

    /// The same, whatever its creator may do.
    pub fn check_uses(&self, now: Timestamp, is_counted: bool) -> Result<()> {
        if self.revoked {
            return Err(Error::InviteNotFound);
        }
        let over = self.expires_at.is_some_and(|at| at <= now);
        let used_up = !is_counted && self.max_uses > 0 && self.uses >= self.max_uses;
        if over || used_up { Err(Error::InviteExpired) } else { Ok(()) }
    }
}

/// An invite to be made.
pub struct NewInvite {
    pub room: RoomId,
    pub expires_at: Option<Timestamp>,
    pub max_uses: i64,
}

/// What an invite shows before one joins.
pub struct InvitePreview {
    pub invite: Invite,
    pub room: Room,
    pub creator: Option<User>,
    pub joined: bool,
}
