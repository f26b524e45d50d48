//! The part of a room's log that is about the room and its members.

use super::super::{
    Change, Content, History, Member, MemberRole, MemberState, OpResult, RoomKind, RoomLog, Seq,
    SystemKind, Timestamp, User, UserId,
    files::NewImage,
    room_log::Membership,
    rooms::{Access, Authority, MemberChange, Right},
    users::AccountRole,
};
use crate::error::{Error, Result};

/// What a system message tells: who has done it, what, its detail, and to whom.
type Deed<'a> = (UserId, SystemKind, &'a str, Option<UserId>);

const AS_MEMBER: Authority = Authority::Member(MemberRole::Member);

impl RoomLog {
    pub(super) fn create(&mut self, members: &[(User, MemberRole)]) -> Result<OpResult> {
        // Found instead of made: by an earlier try of this same operation whose
        // answer was lost on the way, or, a direct room, by the other of the two.
        if self.created && self.changes.is_empty() {
            if self.is_blocked() {
                return Err(Error::Blocked);
            }
            for (at, (user, role)) in members.iter().enumerate() {
                self.outsiders.insert(user.id, user.version);
                if at == 0 && !matches!(self.room.kind, RoomKind::Direct { .. }) {
                    self.tell(user.id, SystemKind::RoomCreated, "");
                } else {
                    self.step();
                }
                self.set_member(user, *role, MemberState::Joined);
                if at == 0 {
                    self.set_settings();
                }
            }
        }
        Ok(OpResult::Room(self.room.clone()))
    }

    pub(super) fn join(&mut self, user: &User) -> Result<OpResult> {
        let access = self.access(user.id);
        match access.may(Right::Read) {
            Ok(_) => return Ok(OpResult::Room(self.room.clone())),
            Err(Error::NotMember) if access.archived => return Err(Error::RoomArchived),
            // The one thing in the way is what joining changes.
            Err(Error::NotMember) => {}
            Err(error) => return Err(error),
        }
        self.come_in(user);
        Ok(OpResult::Room(self.room.clone()))
    }

    /// Joins by an invite. Also a private room; that is what it is for.
    pub(super) fn redeem(&mut self, user: &User, code: &str, creator: UserId) -> Result<OpResult> {
        let held = self.members.get(&user.id).map(|held| held.state);
        if held == Some(MemberState::Joined) {
            return Ok(OpResult::Room(self.room.clone()));
        }
        let key = (code.to_owned(), user.id);
        let access = self.access(creator);
        let invite = self.invites.get_mut(code).ok_or(Error::InviteNotFound)?;
        // Whoever has made an account by it is counted, and has not come in yet.
        invite.check(self.now, access, held.is_none() && self.invited.contains(&key))?;
        if held == Some(MemberState::Banned) {
            return Err(Error::Banned);
        }
        if self.room.archived_at.is_some() {
            return Err(Error::RoomArchived);
        }
        // Who comes in again by the same invite is counted once.
        if self.invited.insert(key.clone()) {
            invite.uses += 1;
            self.message_changes.invited.push(key);
        }
        self.come_in(user);
        Ok(OpResult::Room(self.room.clone()))
    }

    pub(super) fn leave(&mut self, user: &User) -> Result<OpResult> {
        let access = self.access(user.id);
        let Some(role) = access.role() else {
            return if access.may_know() { Ok(OpResult::Left) } else { Err(Error::RoomNotFound) };
        };
        if matches!(self.room.kind, RoomKind::Direct { .. }) {
            return Err(Error::DirectRoom);
        }
        if self.is_last_owner(role) && self.room.member_count > 1 {
            return Err(Error::LastOwner);
        }
        // In an archived room nothing is written any more.
        if self.room.archived_at.is_some() {
            self.step();
        } else {
            self.tell(user.id, SystemKind::MemberLeft, "");
        }
        self.set_member(user, role, MemberState::Left);
        Ok(OpResult::Left)
    }

    pub(super) fn add(&mut self, by: UserId, users: &[User]) -> Result<OpResult> {
        self.access(by).may(Right::AddMembers)?;
        // Of the one who adds alone: what is between others is not for them to know.
        if users.iter().any(|user| self.has_block(by, user.id)) {
            return Err(Error::Blocked);
        }
        let state = |user: &User| self.members.get(&user.id).map(|held| held.state);
        if users.iter().any(|user| state(user) == Some(MemberState::Banned)) {
            return Err(Error::MemberBanned);
        }
        for user in users {
            if !self.access(user.id).is_member() {
                self.tell_about(by, SystemKind::MemberAdded, "", user.id);
                self.enter(user, MemberRole::Member);
            }
        }
        Ok(OpResult::Room(self.room.clone()))
    }

    pub(super) fn set(
        &mut self,
        by: UserId,
        user: &User,
        change: MemberChange,
    ) -> Result<OpResult> {
        let right = change.right();
        let access = self.access(by);
        let mut authority = access.may(right)?;
        let held = self.members.get(&user.id).copied();
        let is_member = held.is_some_and(|held| held.state == MemberState::Joined);
        let is_banned = held.is_some_and(|held| held.state == MemberState::Banned);
        let role = held.filter(|_| is_member).map_or(MemberRole::Member, |held| held.role);
        let counts_rank = right == Right::ManageMembers;
        if let Authority::Member(own) = authority
            && is_member
            && counts_rank
            && role >= own
        {
            authority = access.may_as_staff(right).unwrap_or(Err(Error::MemberRank))?;
        }
        if let Authority::Staff(own) = authority {
            // What was taken from one of them may be given back by any of them.
            let gives_back = matches!(change, MemberChange::Unban | MemberChange::Mute(None));
            if !gives_back && self.staff_role(user.id) >= own {
                return Err(Error::MemberRank);
            }
            // Nobody else of the room could put it in order again.
            let leaves = matches!(change, MemberChange::Remove | MemberChange::Ban);
            if leaves && self.is_last_owner(role) && self.room.member_count > 1 {
                return Err(Error::LastOwner);
            }
        }
        let told = |kind| (by, kind, "", Some(user.id));
        match change {
            MemberChange::Ban if is_banned => {}
            MemberChange::Ban => {
                self.tell_as(authority, told(SystemKind::MemberBanned));
                self.set_member(user, MemberRole::Member, MemberState::Banned);
            }
            MemberChange::Unban if is_banned => {
                self.step_as(authority, told(SystemKind::MemberUnbanned));
                self.set_member(user, MemberRole::Member, MemberState::Left);
            }
            MemberChange::Unban => {}
            _ if !is_member => return Err(Error::MemberNotFound),
            MemberChange::Remove => {
                self.tell_as(authority, told(SystemKind::MemberRemoved));
                // Unlike who leaves as an owner, nobody is one again by coming back.
                self.set_member(user, MemberRole::Member, MemberState::Left);
            }
            MemberChange::Role(new) if new == role => {}
            MemberChange::Role(_) if self.is_last_owner(role) => return Err(Error::LastOwner),
            MemberChange::Role(new) => {
                self.tell_about(by, SystemKind::RoleChanged, new.name(), user.id);
                self.set_member(user, new, MemberState::Joined);
            }
            MemberChange::Mute(until) if held.is_some_and(|held| held.muted_until == until) => {}
            MemberChange::Mute(until) => {
                let muted = until.is_some();
                let kind = if muted { SystemKind::MemberMuted } else { SystemKind::MemberUnmuted };
                self.step_as(authority, told(kind));
                self.set_member(user, role, MemberState::Joined);
                self.mute(user, until);
            }
        }
        Ok(OpResult::Member(self.member(user)))
    }

    pub(super) fn archive(&mut self, by: UserId, archived: bool) -> Result<OpResult> {
        let authority = self.access(by).may(Right::Archive)?;
        if archived != self.room.archived_at.is_some() {
            self.room.archived_at = archived.then_some(self.now);
            let kind = if archived { SystemKind::RoomArchived } else { SystemKind::RoomUnarchived };
            self.tell_as(authority, (by, kind, "", None));
            self.set_settings();
        }
        Ok(OpResult::Room(self.room.clone()))
    }

    pub(super) fn update(
        &mut self,
        user: UserId,
        (name, topic): (Option<&str>, Option<&str>),
        (history, picture, join_new_accounts): (Option<History>, Option<NewImage>, Option<bool>),
    ) -> Result<OpResult> {
        let access = self.access(user);
        let authority = access.may(Right::ChangeSettings)?;
        if let Some(join) = join_new_accounts {
            self.choose_for_new_accounts(user, access, join)?;
        }
        if let Some(name) = name.filter(|name| *name != self.room.name) {
            name.clone_into(&mut self.room.name);
            self.tell_as(authority, (user, SystemKind::RoomRenamed, name, None));
            self.set_settings();
        }
        if let Some(topic) = topic.filter(|topic| *topic != self.room.topic) {
            topic.clone_into(&mut self.room.topic);
            self.tell_as(authority, (user, SystemKind::TopicChanged, topic, None));
            self.set_settings();
        }
        let history = history.unwrap_or(self.room.history);
        let picture = picture.map_or(self.room.picture, NewImage::file);
        if history != self.room.history {
            self.room.history = history;
            self.step_as(authority, (user, SystemKind::SettingsChanged, "history", None));
            self.set_settings();
        }
        if picture != self.room.picture {
            self.room.picture = picture;
            self.step_as(authority, (user, SystemKind::SettingsChanged, "avatar", None));
            self.set_settings();
        }
        Ok(OpResult::Room(self.room.clone()))
    }

    fn choose_for_new_accounts(&mut self, by: UserId, access: Access, join: bool) -> Result<()> {
        if self.room.kind != RoomKind::Public {
            let rule = "must be left out for a room that is not public";
            return Err(Error::invalid("join_new_accounts", rule));
        }
        let authority = access.may(Right::ChooseForNewAccounts)?;
        if join != self.room.join_new_accounts {
            self.room.join_new_accounts = join;
            let kind = SystemKind::SettingsChanged;
            self.tell_as(authority, (by, kind, "join_new_accounts", None));
            self.set_settings();
        }
        Ok(())
    }

    /// Makes a user the first owner of a room that the server comes with.
    pub(super) fn appoint(&mut self, user: &User) -> OpResult {
        if self.room.creator.is_none() && self.owners == 0 {
            if self.access(user.id).is_member() {
                let role = MemberRole::Owner;
                self.tell_about(user.id, SystemKind::RoleChanged, role.name(), user.id);
                self.set_member(user, role, MemberState::Joined);
            } else {
                self.outsiders.insert(user.id, user.version);
                self.tell(user.id, SystemKind::MemberJoined, "");
                self.enter(user, MemberRole::Owner);
            }
        }
        OpResult::Room(self.room.clone())
    }

    fn is_last_owner(&self, role: MemberRole) -> bool {
        role == MemberRole::Owner && self.owners == 1
    }

    /// A room that somebody has made and that everyone left belongs to whoever comes
    /// back first. Any room without an owner belongs again to who left as its owner.
    fn come_in(&mut self, user: &User) {
        let is_empty = self.room.member_count == 0 && self.room.creator.is_some();
        let left_as = self.members.get(&user.id).map(|held| held.role);
        let was_owner = self.owners == 0 && left_as == Some(MemberRole::Owner);
        let role = if is_empty || was_owner { MemberRole::Owner } else { MemberRole::Member };
        self.outsiders.insert(user.id, user.version);
        self.tell(user.id, SystemKind::MemberJoined, "");
        self.enter(user, role);
    }

    /// Makes a user a member at the position that was just taken.
    fn enter(&mut self, user: &User, role: MemberRole) {
        self.set_member(user, role, MemberState::Joined);
        self.entered.insert(user.id, self.room.head_seq);
    }

    fn tell(&mut self, who: UserId, kind: SystemKind, detail: &str) {
        self.tell_as(AS_MEMBER, (who, kind, detail, None));
    }

    fn tell_about(&mut self, who: UserId, kind: SystemKind, detail: &str, about: UserId) {
        self.tell_as(AS_MEMBER, (who, kind, detail, Some(about)));
    }

    /// Tells who has done what to whom, and by what they may.
    pub(super) fn tell_as(&mut self, authority: Authority, (who, kind, detail, about): Deed<'_>) {
        let staff = match authority {
            Authority::Member(_) => AccountRole::User,
            Authority::Staff(role) => role,
        };
        let content = Content::System { kind, detail: detail.to_owned(), about, staff };
        self.post(who, content, |_| {});
    }

    /// Takes a position for something that is told only of the server's staff.
    fn step_as(&mut self, authority: Authority, deed: Deed<'_>) {
        match authority {
            Authority::Member(_) => self.step(),
            Authority::Staff(_) => self.tell_as(authority, deed),
        }
    }

    /// Takes a position at which no message stands.
    fn step(&mut self) {
        let seq = self.next();
        self.changes.push(Change::at(self.room.id, seq));
    }

    /// Changes a membership at the position that was just taken.
    fn set_member(&mut self, user: &User, role: MemberRole, state: MemberState) {
        let before = self.members.get(&user.id).copied();
        let was_in = before.is_some_and(|before| before.state == MemberState::Joined);
        let is_in = state == MemberState::Joined;
        let owned = |inside, role| i64::from(inside && role == MemberRole::Owner);
        self.room.member_count += i64::from(is_in) - i64::from(was_in);
        self.owners += owned(is_in, role) - before.map_or(0, |before| owned(was_in, before.role));
        let joined_at = match before {
            Some(before) if was_in || !is_in => before.joined_at,
            _ => self.now,
        };
        // Leaving and coming back does not end a mute.
        let muted_until = before.and_then(|before| before.muted_until);
        let changed_seq = self.room.head_seq;
        let floor = match (before, self.room.history) {
            (Some(before), _) if was_in || !is_in => before.floor,
            (_, History::FromStart) => Seq::ZERO,
            (_, History::FromJoining) => changed_seq.before(),
        };
        let user_version = user.version;
        let held =
            Membership { role, state, joined_at, muted_until, floor, changed_seq, user_version };
        self.members.insert(user.id, held);
        self.tell_member(user);
    }

    fn mute(&mut self, user: &User, until: Option<Timestamp>) {
        if let Some(held) = self.members.get_mut(&user.id) {
            held.muted_until = until;
        }
        self.tell_member(user);
    }

    fn tell_member(&mut self, user: &User) {
        let member = self.member(user);
        if let Some(change) = self.changes.last_mut() {
            change.member = Some(member);
        }
    }

    fn member(&self, user: &User) -> Member {
        let held = self.members.get(&user.id);
        Member {
            user: user.clone(),
            role: held.map_or(MemberRole::Member, |held| held.role),
            state: held.map_or(MemberState::Left, |held| held.state),
            joined_at: held.map_or(self.now, |held| held.joined_at),
            muted_until: held.and_then(|held| held.muted_until),
            changed_seq: held.map_or(Seq::ZERO, |held| held.changed_seq),
        }
    }

    /// Marks the settings as changed at the position that was just taken.
    fn set_settings(&mut self) {
        self.room.changed_seq = self.room.head_seq;
        if let Some(change) = self.changes.last_mut() {
            change.settings = Some(self.room.clone());
        }
    }
}
