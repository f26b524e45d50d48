//! Rooms, their members, and who may do what in them.

use super::{
    FileId, LogId, Message, RoomId, RoomPreferences, Seq, Timestamp, User, UserId, files::NewImage,
    users::AccountRole,
};
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomKind {
    /// Listed in the directory; anyone may join.
    Public,
    /// Known to its members only, who add others.
    Private,
    /// Of two people, the smaller id first, or of one who keeps notes.
    Direct { a: UserId, b: UserId },
}

/// What those who join see of what was posted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    #[default]
    FromStart,
    FromJoining,
}

/// How much of a room's log a member may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleRange {
    pub reader: UserId,
    pub head: Seq,
    /// Messages up to here are kept from the member, and what becomes of them.
    pub floor: Seq,
}

impl VisibleRange {
    #[must_use]
    pub fn shows(self, message: &Message) -> bool {
        message.visible_from() > self.floor
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub log: LogId,
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    pub history: History,
    /// `None` for the rooms that a new server comes with.
    pub creator: Option<UserId>,
    pub created_at: Timestamp,
    /// Since when nothing may be written in it.
    pub archived_at: Option<Timestamp>,
    pub member_count: i64,
    pub picture: Option<FileId>,
    /// Whoever makes an account is a member from the start.
    pub join_new_accounts: bool,
    /// Position of the last change of the settings above.
    pub changed_seq: Seq,
    pub head_seq: Seq,
}

/// Where to begin anew with a room: how it is for the reader, and its newest page.
#[derive(Debug)]
pub struct RoomReset {
    pub summary: RoomSummary,
    pub messages: Vec<Message>,
}

/// One of the caller's rooms, with what the caller has not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    pub room: Room,
    pub role: MemberRole,
    /// See [`VisibleRange`].
    pub floor: Seq,
    /// Until when they may not post.
    pub muted_until: Option<Timestamp>,
    pub read_seq: Seq,
    /// Up to `limits::UNREAD_COUNT`.
    pub unread: i64,
    /// There are more, or may be.
    pub unread_more: bool,
    /// Unread messages that mention the caller; up to `limits::UNREAD_COUNT`.
    pub unread_mentions: i64,
    /// Followed threads with unread answers.
    pub unread_threads: i64,
    pub last_message: Option<Message>,
    /// From where on the caller has flagged the room as unread.
    pub unread_from: Option<Seq>,
    pub settings: RoomPreferences,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberRole {
    Member,
    Admin,
    Owner,
}

impl MemberRole {
    /// As system messages name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    Joined,
    /// The row stays, so that "left" is part of what changed.
    Left,
    /// Not in the room, and may not join it.
    Banned,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: MemberRole,
    pub state: MemberState,
    pub joined_at: Timestamp,
    /// May not post before this.
    pub muted_until: Option<Timestamp>,
    pub changed_seq: Seq,
}

/// Something that a member may or may not do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Reading the log and the members, marking, watching.
    Read,
    /// Posting, editing, deleting one's own, reacting, typing.
    Post,
    Pin,
    /// Mentioning all, or all who are there.
    MentionAll,
    DeleteOthers,
    ChangeSettings,
    AddMembers,
    /// Removing, banning, muting those of a lower role.
    ManageMembers,
    SetRoles,
    Archive,
    /// Saying whether those who make an account join the room.
    ChooseForNewAccounts,
}

impl Right {
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Post,
        Self::Pin,
        Self::MentionAll,
        Self::DeleteOthers,
        Self::ChangeSettings,
        Self::AddMembers,
        Self::ManageMembers,
        Self::SetRoles,
        Self::Archive,
        Self::ChooseForNewAccounts,
    ];

    /// The table of who may do what: the least role in the room for it. `None`: no
    /// role in the room is enough.
    #[must_use]
    pub fn least_role(self) -> Option<MemberRole> {
        Some(match self {
            Self::Read | Self::Post => MemberRole::Member,
            Self::Pin
            | Self::MentionAll
            | Self::DeleteOthers
            | Self::ChangeSettings
            | Self::AddMembers
            | Self::ManageMembers => MemberRole::Admin,
            Self::SetRoles | Self::Archive => MemberRole::Owner,
            Self::ChooseForNewAccounts => return None,
        })
    }

    /// The same for public rooms and those who keep order on the server: the least
    /// role on it. `None`: no role on the server is enough.
    #[must_use]
    pub fn least_staff(self) -> Option<AccountRole> {
        match self {
            Self::Pin | Self::DeleteOthers | Self::ManageMembers => Some(AccountRole::Moderator),
            Self::ChangeSettings | Self::Archive | Self::ChooseForNewAccounts => {
                Some(AccountRole::Admin)
            }
            Self::Read | Self::Post | Self::MentionAll | Self::AddMembers | Self::SetRoles => None,
        }
    }

    /// In a direct room both are equal, and nobody else comes.
    #[must_use]
    pub fn exists_in_direct_rooms(self) -> bool {
        matches!(self, Self::Read | Self::Post | Self::Pin | Self::MentionAll)
    }

    /// An archived room is read, and perhaps taken from the archive.
    #[must_use]
    pub fn exists_in_archived_rooms(self) -> bool {
        matches!(self, Self::Read | Self::Archive)
    }
}

/// By what somebody may do something in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// By their role in the room.
    Member(MemberRole),
    /// By their role on the server. What is done so is told in the room's log as
    /// such.
    Staff(AccountRole),
}

/// How a user stands to a room. The one place that says what they may do.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    pub kind: RoomKind,
    pub archived: bool,
    /// `None`: never a member.
    pub membership: Option<(MemberRole, MemberState)>,
    pub muted: bool,
    /// What the user is on the server. Asked only for what a role there lets one do.
    pub staff: AccountRole,
}

impl Access {
    /// By what the user may do it, if they may.
    pub fn may(self, right: Right) -> Result<Authority> {
        match self.may_as_member(right) {
            Ok(role) => Ok(Authority::Member(role)),
            Err(refusal) => self.may_as_staff(right).unwrap_or(Err(refusal)),
        }
    }

    /// The same by the user's role on the server alone; `None` if that does not
    /// matter.
    #[must_use]
    pub fn may_as_staff(self, right: Right) -> Option<Result<Authority>> {
        let least = right.least_staff().filter(|_| self.kind == RoomKind::Public)?;
        if self.staff < least {
            return None;
        }
        let archived = self.archived && !right.exists_in_archived_rooms();
        Some(if archived { Err(Error::RoomArchived) } else { Ok(Authority::Staff(self.staff)) })
    }

    fn may_as_member(self, right: Right) -> Result<MemberRole> {
        let role = match (self.membership, self.kind) {
            (Some((role, MemberState::Joined)), _) => role,
            (Some((_, MemberState::Banned)), RoomKind::Public) => return Err(Error::Banned),
            (_, RoomKind::Public) => return Err(Error::NotMember),
            // The same as if there were no such room.
            _ => return Err(Error::RoomNotFound),
        };
        if matches!(self.kind, RoomKind::Direct { .. }) {
            if !right.exists_in_direct_rooms() {
                return Err(Error::DirectRoom);
            }
        } else {
            match right.least_role() {
                None => return Err(Error::NotServerAdmin),
                Some(MemberRole::Owner) if role < MemberRole::Owner => return Err(Error::NotOwner),
                Some(least) if role < least => return Err(Error::NotAdmin),
                Some(_) => {}
            }
        }
        if self.archived && !right.exists_in_archived_rooms() {
            return Err(Error::RoomArchived);
        }
        if self.muted && right == Right::Post {
            return Err(Error::Muted);
        }
        Ok(role)
    }

    /// The user's role in the room, if they are in it.
    #[must_use]
    pub fn role(self) -> Option<MemberRole> {
        self.membership.filter(|(_, state)| *state == MemberState::Joined).map(|(role, _)| role)
    }

    /// Whether the user may know that the room exists.
    #[must_use]
    pub fn may_know(self) -> bool {
        self.kind == RoomKind::Public || self.is_member()
    }

    #[must_use]
    pub fn is_member(self) -> bool {
        self.role().is_some()
    }
}

/// What is done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    Remove,
    Ban,
    Unban,
    Role(MemberRole),
    /// Until then; `None` lets them post again.
    Mute(Option<Timestamp>),
}

impl MemberChange {
    /// What one must be allowed to do for it.
    #[must_use]
    pub fn right(self) -> Right {
        match self {
            Self::Role(_) => Right::SetRoles,
            Self::Remove | Self::Ban | Self::Unban | Self::Mute(_) => Right::ManageMembers,
        }
    }
}

/// A member, and what is to be done to them.
pub struct MemberUpdate {
    pub room: RoomId,
    pub user: UserId,
    pub change: MemberChange,
}

/// A room to be made.
pub struct NewRoom {
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    pub history: History,
}

/// Changes to a room's settings; what is `None` stays.
pub struct RoomUpdate {
    pub room: RoomId,
    pub name: Option<String>,
    pub topic: Option<String>,
    pub history: Option<History>,
    /// Of the file that it is made of, and then of the one that was made.
    pub picture: Option<NewImage>,
    pub join_new_accounts: Option<bool>,
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

/// A room in the directory.
pub struct DirectoryEntry {
    pub room: Room,
    /// Whether the one who asks is a member.
    pub joined: bool,
    /// Its folded name as it is stored, by which the directory is in order: after an
    /// upgrade it may be folded by an older rule for a while.
    pub key: String,
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
        let staff = AccountRole::User;
        Access { kind: RoomKind::Public, archived: false, membership, muted: false, staff }
    }

    /// Who may do what, as people can read it.
    #[test]
    fn the_table_of_rights() {
        use std::fmt::Write as _;
        let direct = RoomKind::Direct { a: UserId::new(), b: UserId::new() };
        let user = |kind, membership| Access { kind, ..access(membership) };
        let staff = |kind, staff, membership| Access { kind, staff, ..access(membership) };
        let joined = |role| Some((role, MemberState::Joined));
        let member = joined(MemberRole::Member);
        let columns = [
            ("stranger", access(None)),
            ("banned", access(Some((MemberRole::Member, MemberState::Banned)))),
            ("member", access(member)),
            ("muted", Access { muted: true, ..access(member) }),
            ("admin", access(joined(MemberRole::Admin))),
            ("owner", access(joined(MemberRole::Owner))),
            ("owner, archived", Access { archived: true, ..access(joined(MemberRole::Owner)) }),
            ("private: stranger", user(RoomKind::Private, None)),
            (
                "private: left",
                user(RoomKind::Private, Some((MemberRole::Owner, MemberState::Left))),
            ),
            ("direct: one of two", user(direct, member)),
            ("server moderator", staff(RoomKind::Public, AccountRole::Moderator, None)),
            ("moderator, member", staff(RoomKind::Public, AccountRole::Moderator, member)),
            ("server admin", staff(RoomKind::Public, AccountRole::Admin, None)),
            ("admin, banned", {
                let banned = Some((MemberRole::Member, MemberState::Banned));
                staff(RoomKind::Public, AccountRole::Admin, banned)
            }),
            ("admin, archived", {
                let access = staff(RoomKind::Public, AccountRole::Admin, None);
                Access { archived: true, ..access }
            }),
            ("private: admin", staff(RoomKind::Private, AccountRole::Admin, None)),
            ("private: member", staff(RoomKind::Private, AccountRole::Admin, member)),
            ("direct: admin", staff(direct, AccountRole::Admin, member)),
        ];
        let mut table = String::new();
        for (name, access) in columns {
            for right in Right::ALL {
                let answer = match access.may(right) {
                    Ok(Authority::Member(_)) => "yes".to_owned(),
                    Ok(Authority::Staff(_)) => "yes, as staff".to_owned(),
                    Err(error) => format!("no: {error}"),
                };
                let _ = writeln!(table, "{name:20}{:22}{answer}", format!("{right:?} "));
            }
        }
        insta::assert_snapshot!(table);
    }
}
